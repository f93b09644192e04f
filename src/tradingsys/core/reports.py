"""What a venue tells the gateway."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from tradingsys.core.errors import TradingError
from tradingsys.core.order import Order

__all__ = [
    "TOLD_AGAIN_MS",
    "AccountChanged",
    "Answer",
    "AssetMoved",
    "EventMissed",
    "LimitsSeen",
    "MarginCall",
    "MarginLevel",
    "Oddity",
    "OrderChanged",
    "OrderRequest",
    "Outcome",
    "Report",
    "RequestDone",
    "RiskStreamState",
    "SettingsChanged",
    "TradingState",
    "UserStreamState",
]


class OrderChanged(Struct, frozen=True):
    """Facts about one order, from whatever source, to be merged into what is known of it."""

    order: Order
    symbol: str
    ts_event_ms: int


class OrderRequest(StrEnum):
    """The kinds of request about one order."""

    PLACE = "PLACE"
    REPLACE = "REPLACE"
    CANCEL = "CANCEL"


class Outcome(StrEnum):
    """How a request about an order ended."""

    ACCEPTED = "ACCEPTED"
    REFUSED = "REFUSED"
    """The venue proved that it did not act on the request."""
    NOT_SENT = "NOT_SENT"
    """Provably no byte left this machine."""
    IN_DOUBT = "IN_DOUBT"
    """No answer, or one that proves nothing."""


class RequestDone(Struct, frozen=True):
    """A place, replace or cancel request ended, one way or the other. Facts in its reply come as `OrderChanged`."""

    client_order_id: str
    request: OrderRequest
    outcome: Outcome
    error: TradingError | None = None
    revision: int = 0
    """Of a replace, which one: when its reply comes late, another may be under way."""


class AccountChanged(Struct, frozen=True):
    """Absolute balances and signed positions that changed."""

    reason: str
    """The venue's word, such as ORDER or FUNDING_FEE."""
    ts_event_ms: int
    balances: Mapping[str, Decimal]
    positions: Mapping[str, Decimal]
    available: Mapping[str, Decimal] = {}
    """Of those balances what no open order locks, where the venue tells it."""


class SettingsChanged(Struct, frozen=True):
    """The leverage of a symbol was changed, by whomever."""

    symbol: str
    leverage: int


class MarginCall(Struct, frozen=True):
    """The account is close to liquidation on these symbols."""

    symbols: tuple[str, ...]
    ts_event_ms: int


class MarginLevel(Struct, frozen=True):
    """A margin account's level changed its meaning: the venue warns, or all is well again."""

    level: Decimal
    status: str
    """The venue's word."""
    ts_event_ms: int


class AssetMoved(Struct, frozen=True):
    """An asset came to the account, or left it (negative), without a trade: a deposit, a withdrawal, a transfer."""

    asset: str
    delta: Decimal
    ext_id: str
    """The same whenever this movement is told again."""
    ts_event_ms: int
    repeat: int = 0
    """So often the same was told before in one and the same way: another movement of this amount at this moment, or the
    last one once more. Whoever told does not say which."""


TOLD_AGAIN_MS = 24 * 3_600_000
"""A second subscription tells `AssetMoved` again, moments later: a day is on the safe side, of a wrong clock too."""


class UserStreamState(Struct, frozen=True):
    """Whether the account's events reach us. After every rise, what happened meanwhile must be asked for."""

    is_up: bool
    reason: str = ""


class RiskStreamState(Struct, frozen=True):
    """Whether the venue's own warnings of a margin account's risk reach us: `MarginLevel`. It can be asked for too."""

    is_up: bool
    reason: str = ""


class TradingState(Struct, frozen=True):
    """Whether orders can be sent, and by which way."""

    is_up: bool
    via: str = ""
    """``ws-api`` or ``rest``."""
    reason: str = ""


class LimitsSeen(Struct, frozen=True):
    """The venue's own count of what we used: (kind, window_ms) → count, as in `RateLimit`."""

    used: Mapping[tuple[str, int], int]
    retry_after_ms: int | None = None
    """Set on 429 and 418: send nothing for so long."""
    is_of_orders: bool = False
    """Too many orders of the account were that, and not too much that this machine's address asked."""


class Answer(Struct, frozen=True):
    """The answer to an `Ask`: a value of the query's type, or the error that prevented one."""

    token: int
    value: object = None
    error: TradingError | None = None


class Oddity(Struct, frozen=True):
    """Something a venue did that nobody planned for, and that changes nothing: worth a line in the log."""

    text: str


class EventMissed(Struct, frozen=True):
    """The venue told something of this account that could not be read: what happened must be asked for."""


Report = (
    OrderChanged
    | RequestDone
    | AccountChanged
    | SettingsChanged
    | MarginCall
    | MarginLevel
    | AssetMoved
    | UserStreamState
    | RiskStreamState
    | TradingState
    | LimitsSeen
    | Answer
    | Oddity
    | EventMissed
)
