"""What the gateway asks of a venue."""

from __future__ import annotations

from decimal import Decimal
from typing import Generic, TypeVar

from msgspec import Struct

from tradingsys.core.instrument import Instrument
from tradingsys.core.order import Order, Terms

__all__ = [
    "AccountMode",
    "AccountModeQuery",
    "Ask",
    "CancelOrder",
    "Command",
    "InstrumentsQuery",
    "OpenOrdersQuery",
    "OrderQuery",
    "PlaceOrder",
    "PositionsQuery",
    "Query",
    "RateLimit",
    "TimeQuery",
    "TradesQuery",
    "VenueRules",
]

T_co = TypeVar("T_co", covariant=True)


class PlaceOrder(Struct, frozen=True):
    """Send one order, once. The request carries ``stamp_ms`` (venue time) as its timestamp, whenever it is written."""

    client_order_id: str
    terms: Terms
    stamp_ms: int
    recv_window_ms: int


class CancelOrder(Struct, frozen=True):
    """Cancel by the venue's id when known, else by ours."""

    client_order_id: str
    symbol: str
    venue_order_id: str | None = None


class Query(Struct, Generic[T_co], frozen=True):
    """A question that changes nothing; ``T_co`` is the type of its answer."""


class TimeQuery(Query[int], frozen=True):
    """The venue's time in ms. Answering it also sets the protocol's `VenueClock`."""


class RateLimit(Struct, frozen=True):
    """At most ``limit`` per fixed window of ``window_ms``; ``kind`` is ``weight`` or ``orders``."""

    kind: str
    window_ms: int
    limit: int


class VenueRules(Struct, frozen=True):
    """Instruments and rate limits as the venue states them now."""

    instruments: tuple[Instrument, ...]
    rate_limits: tuple[RateLimit, ...]


class InstrumentsQuery(Query[VenueRules], frozen=True):
    """All instruments of the venue, and its rate limits."""


class AccountMode(Struct, frozen=True):
    """Settings of the account that decide whether we can trade it."""

    hedge_mode: bool
    multi_asset: bool
    can_trade: bool
    account: str = ""
    """A name for the console; never a key."""


class AccountModeQuery(Query[AccountMode], frozen=True):
    """The account's settings."""


class OpenOrdersQuery(Query[tuple[Order, ...]], frozen=True):
    """All open orders of the account, or of one symbol."""

    symbol: str | None = None


class OrderQuery(Query["Order | None"], frozen=True):
    """One order by our id or the venue's; None means the venue says that it knows no such order."""

    symbol: str
    client_order_id: str | None = None
    venue_order_id: str | None = None


class TradesQuery(Query[tuple[Order, ...]], frozen=True):
    """Executions of the account, oldest first, as orders with one fill each (client ids may be missing).

    Either from a trade id on (inclusive) or from a time on; at most ``limit`` rows, so fewer mean the end was reached.
    """

    symbol: str
    from_id: int | None = None
    start_ms: int | None = None
    limit: int = 1000


class PositionsQuery(Query[dict[str, Decimal]], frozen=True):
    """Signed net position by symbol; symbols not named are flat."""


class Ask(Struct, frozen=True):
    """A query under way; its `Answer` carries the same token."""

    token: int
    query: Query[object]


Command = PlaceOrder | CancelOrder | Ask
