"""The gateway as its parts see it, and the conditions that most requests share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

import apsw

from tradingsys.core.errors import LocalProtocolError, StoreError, TradingError
from tradingsys.core.ids import MAX_SESSION
from tradingsys.core.instrument import Instrument
from tradingsys.core.records import SessionRecord
from tradingsys.core.reports import MarginLevel
from tradingsys.gateway.backups import Backups
from tradingsys.gateway.clients.recent_rows import RecentRows
from tradingsys.gateway.clients.sessions import Client, Session, SessionDesk
from tradingsys.gateway.configuration.products import ProductName
from tradingsys.gateway.halting import Halting
from tradingsys.gateway.market.market_data import MarketData
from tradingsys.gateway.ordering.orders import OrderDesk
from tradingsys.gateway.seams import Log, Peer, StoreSeam
from tradingsys.gateway.settings import GatewaySettings
from tradingsys.gateway.venue_link import VenueLink
from tradingsys.oms.procedure import Procedure
from tradingsys.oms.recovery import Recovery
from tradingsys.oms.session_book import SessionBook
from tradingsys.wire.codec import encode_error, encode_reply
from tradingsys.wire.messages import ErrorCode, Request, StatusPush

__all__ = [
    "Host",
    "Method",
    "check_session",
    "known_instrument",
    "look_when_saved",
    "reply",
    "reply_when_saved",
    "require_login",
    "require_ready",
    "require_trading",
]

T = TypeVar("T")


class Host(Protocol):
    """The gateway as its parts see it; with what guards it: `GuardedHost`."""

    book: SessionBook
    market: MarketData
    venue: VenueLink
    recovery: Recovery
    instruments: dict[str, Instrument]
    clients: dict[Peer, Client]
    sessions: SessionDesk | None
    orders: OrderDesk | None
    is_ready: bool
    halting: Halting
    settings: GatewaySettings
    margin: MarginLevel | None
    """What a margin account was warned of; None as long as all is well."""
    text: str
    account: str
    """The venue's name of the account."""
    product: ProductName
    environment: str
    db: str
    session_records: dict[int, SessionRecord]
    """Of sessions of earlier runs, too."""
    recent: RecentRows
    store: StoreSeam
    log: Log
    backups: Backups

    @property
    def epoch(self) -> int:
        """This incarnation's number."""

    @property
    def up_ns(self) -> int:
        """How long this process has been at it."""

    def now_ns(self) -> int:
        """Monotonic time."""

    def status(self) -> StatusPush:
        """The gateway's state as strategies see it."""

    def run(self, procedure: Procedure) -> None:
        """Start a procedure."""

    def flush(self) -> None:
        """Make everything learned so far durable. Raises StoreError."""

    def when_saved(self, then: Callable[[StoreError | None], None]) -> None:
        """Call back when everything learned so far is written to pos.db, or could not be."""

    def session_opened(self, session: Session) -> None:
        """A session has an owner."""

    def fail(self, error: TradingError) -> None:
        """Nothing may be trusted any more: stop."""


Method = Callable[[Client, Request], None]


def look_when_saved(
    gateway: Host, question: Callable[[apsw.Connection], T], told: Callable[[T | StoreError], None]
) -> None:
    """Ask pos.db once everything learned so far is written there, or tell why that could not be."""

    def saved(error: StoreError | None) -> None:
        if error is None:
            gateway.store.look(question, told)
        else:
            told(error)

    gateway.when_saved(saved)


def reply(client: Client, request_id: int, result: object) -> None:
    """Answer later than in the request's own turn, where nobody else would tell that it is too much for one message."""
    try:
        answer = encode_reply(request_id, result)
    except LocalProtocolError as error:
        answer = encode_error(request_id, error.code, str(error))
    client.peer.write(answer)


def reply_when_saved(gateway: Host, client: Client, request_id: int, result: object) -> None:
    """Answer once everything learned so far is written to pos.db, or tell why that could not be; unless it is gone."""

    def saved(error: StoreError | None) -> None:
        if client.peer not in gateway.clients:
            return
        if error is None:
            reply(client, request_id, result)
        else:
            client.peer.write(encode_error(request_id, ErrorCode.UNDEFINED, f"not written to pos.db: {error}"))

    gateway.when_saved(saved)


def require_login(client: Client) -> int:
    """The session this connection named.

    Raises LocalProtocolError (-10001) when it has not logged in.
    """
    session_id = client.session_id
    if session_id is None:
        raise LocalProtocolError("please login first", code=ErrorCode.LOGIN_FIRST)
    return session_id


def require_trading(client: Client, what: str) -> Session:
    """The session that this connection trades in.

    Raises LocalProtocolError: -10001 without a login, -10005 when it was opened without trading.
    """
    if client.session is not None:
        return client.session
    require_login(client)
    raise LocalProtocolError(
        f"this session was opened with trading=False: it cannot {what}", code=ErrorCode.NON_TRADING
    )


def require_ready(gateway: Host) -> None:
    """Raises LocalProtocolError (-10008) as long as the books are not proven."""
    if not gateway.is_ready:
        raise LocalProtocolError(f"not ready: {gateway.text}", code=ErrorCode.NOT_READY)


def check_session(number: int | None) -> None:
    """Raises LocalProtocolError for a number that no session has; None is all of them."""
    if number is not None and not 0 <= number <= MAX_SESSION:
        raise LocalProtocolError(f"session_id must be 0 to {MAX_SESSION}", code=ErrorCode.BAD_REQUEST)


def known_instrument(gateway: Host, symbol: str) -> Instrument:
    """The instrument of a symbol in either case.

    Raises LocalProtocolError (-10003) when the exchange does not list it.
    """
    instrument = gateway.instruments.get(symbol.upper())
    if instrument is None:
        raise LocalProtocolError(
            f"invalid symbol {symbol.lower()[:40]}: the exchange lists none of that name; is it spelled as there?",
            code=ErrorCode.INVALID_SYMBOL,
        )
    return instrument
