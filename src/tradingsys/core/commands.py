"""What the gateway asks of a venue."""

from __future__ import annotations

from decimal import Decimal
from typing import Generic, TypeVar

from msgspec import Struct

from tradingsys.core.enums import Contingency, MarginType, PriceMatch, Side
from tradingsys.core.instrument import Instrument
from tradingsys.core.market import Kline
from tradingsys.core.order import Order, Terms

__all__ = [
    "AccountMode",
    "AccountModeQuery",
    "AmendmentsQuery",
    "Ask",
    "Balance",
    "BalancesQuery",
    "Borrow",
    "Borrowable",
    "BorrowableQuery",
    "CancelOrder",
    "Command",
    "Income",
    "IncomeQuery",
    "InstrumentsQuery",
    "KlinesQuery",
    "Loan",
    "MarginState",
    "MarginStateQuery",
    "OpenOrdersQuery",
    "OrderQuery",
    "Permissions",
    "PermissionsQuery",
    "PlaceOrder",
    "PlaceOrderList",
    "PositionsQuery",
    "Price",
    "PriceQuery",
    "Query",
    "RateLimit",
    "Reading",
    "Repay",
    "ReplaceOrder",
    "SetCountdown",
    "SetLeverage",
    "SetMarginType",
    "SymbolSettings",
    "SymbolSettingsQuery",
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


class PlaceOrderList(Struct, frozen=True):
    """Send orders that depend on each other in one request, once. Ends in one `RequestDone` for each of them.

    OCO: two orders of one side, symbol and quantity, in either order: one is a limit order or takes profit, the other
    stops a loss. OTO: the one that works at once, then the one that waits for it. OTOCO: the one that works at once,
    then the two of an OCO.
    """

    contingency: Contingency
    orders: tuple[PlaceOrder, ...]


class CancelOrder(Struct, frozen=True):
    """Cancel by the venue's id when known, else by ours. Of a list, all its orders are cancelled with one of them."""

    client_order_id: str
    symbol: str
    venue_order_id: str | None = None
    is_waiting: bool = False
    """A conditional order that is not known to have been triggered."""


class ReplaceOrder(Struct, frozen=True):
    """Change quantity and price of a resting limit order, once (FIX 35=G). Side and symbol are the order's own."""

    client_order_id: str
    symbol: str
    side: Side
    order_qty: Decimal
    price: Decimal | None
    """None with ``price_match``."""
    revision: int
    """1, 2, …: comes back in the `Terms` that this request makes."""
    stamp_ms: int
    recv_window_ms: int
    venue_order_id: str | None = None
    price_match: PriceMatch | None = None


class Query(Struct, Generic[T_co], frozen=True):
    """Something asked of the venue, or to be done there; ``T_co`` is the type of its answer."""


class Reading(Query[T_co], Generic[T_co], frozen=True):
    """Changes nothing, so that asking again does no harm."""


class TimeQuery(Reading[int], frozen=True):
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
    unreadable: tuple[str, ...] = ()
    """Symbols that the venue has, with rules that this version cannot read."""


class InstrumentsQuery(Reading[VenueRules], frozen=True):
    """All instruments of the venue, and its rate limits."""


class AccountMode(Struct, frozen=True):
    """Settings of the account that decide whether we can trade it."""

    hedge_mode: bool
    multi_asset: bool
    can_trade: bool
    account: str = ""
    """A name for the console; never a key."""


class AccountModeQuery(Reading[AccountMode], frozen=True):
    """The account's settings."""


class OpenOrdersQuery(Reading[tuple[Order, ...]], frozen=True):
    """All open orders of the account, or of one symbol."""

    symbol: str | None = None


class OrderQuery(Reading["Order | None"], frozen=True):
    """One order by our id or the venue's; None means the venue says that it knows no such order."""

    symbol: str
    client_order_id: str | None = None
    venue_order_id: str | None = None
    is_conditional: bool = False
    """Ask where conditional orders are kept (by ``client_order_id``), and for the order it became if it was triggered:
    one answer tells both."""


class AmendmentsQuery(Reading[tuple[str, ...]], frozen=True):
    """The client order ids that amends of an order took from it or gave it; none when it was never amended.

    Where assets are traded, whoever amends an order may give it another client order id.
    """

    symbol: str
    venue_order_id: str


class ConditionalOrdersQuery(Reading[tuple[Order, ...]], frozen=True):
    """The newest conditional orders of a symbol, waiting or not, as far as the venue shows them.

    What a triggered one became is told by its id alone, not what came of that.
    """

    symbol: str


class TradesQuery(Reading[tuple[Order, ...]], frozen=True):
    """Executions of the account, oldest first, as orders with one fill each (client ids may be missing).

    Either from a trade id on (inclusive) or from a time on; at most ``limit`` rows, so fewer mean the end was reached.
    """

    symbol: str
    from_id: int | None = None
    start_ms: int | None = None
    limit: int = 1000


class PositionsQuery(Reading[dict[str, Decimal]], frozen=True):
    """Signed net position by symbol; symbols not named are flat."""


class KlinesQuery(Reading[tuple[Kline, ...]], frozen=True):
    """The newest ``limit`` bars of an interval that began before ``end_ms``, oldest first; the last may be open."""

    symbol: str
    interval: str
    limit: int
    end_ms: int | None = None


class Price(Struct, frozen=True):
    """What a symbol trades at."""

    px: Decimal | None
    """None where there is none: nobody bids, or nobody offers."""
    ts_ms: int
    """When it was so, by the venue's clock."""


class PriceQuery(Reading[Price], frozen=True):
    """What orders on a symbol are measured with: what the venue itself values them with, if it tells that."""

    symbol: str


class Balance(Struct, frozen=True):
    """One asset of the account. ``available`` is None where a message does not tell it."""

    asset: str
    wallet: Decimal
    """All of it, what open orders lock included, and what was borrowed."""
    available: Decimal | None = None
    borrowed: Decimal = Decimal(0)
    interest: Decimal = Decimal(0)
    """Owed, beside what was borrowed."""

    @property
    def net(self) -> Decimal:
        """What is the account's own."""
        return self.wallet - self.borrowed - self.interest


class BalancesQuery(Reading[tuple[Balance, ...]], frozen=True):
    """All assets of the account."""


class Income(Struct, frozen=True):
    """Money that moved: one row of the account's cash history."""

    kind: str
    """The venue's word, such as FUNDING_FEE."""
    symbol: str
    """Empty where the row is about no symbol."""
    asset: str
    amount: Decimal
    """Negative when paid."""
    ext_id: str
    """Unique within its kind."""
    ts_ms: int


class IncomeQuery(Reading[tuple[Income, ...]], frozen=True):
    """Cash history of one kind, oldest first, from ``start_ms`` (inclusive) on; fewer than ``limit`` rows: the end."""

    kind: str
    start_ms: int
    limit: int = 1000


class SymbolSettings(Struct, frozen=True):
    """What the account has set for a symbol."""

    symbol: str
    leverage: int
    margin_type: MarginType


class SymbolSettingsQuery(Reading[SymbolSettings], frozen=True):
    """The account's settings for a symbol."""

    symbol: str


class SetCountdown(Query[int], frozen=True):
    """Let the venue itself cancel all orders on a symbol in ``countdown_ms``, unless it is asked again before; 0 stops
    that. The answer is what is set.
    """

    symbol: str
    countdown_ms: int


class SetLeverage(Query[SymbolSettings], frozen=True):
    """Change the leverage; the answer is what is set afterwards."""

    symbol: str
    leverage: int


class SetMarginType(Query[SymbolSettings], frozen=True):
    """Change the margin type; the answer is what is set afterwards. Setting what is set already succeeds."""

    symbol: str
    margin_type: MarginType


class Permissions(Struct, frozen=True):
    """What the API key may do. None where the venue does not tell."""

    can_trade: bool
    can_withdraw: bool | None = None
    can_transfer: bool | None = None
    is_ip_restricted: bool | None = None


class PermissionsQuery(Reading[Permissions], frozen=True):
    """What the API key may do."""


class Loan(Query[str], frozen=True):
    """Moves money each time that it is asked: so it is asked once, whatever becomes of the answer.

    The answer is the venue's id of the transaction.
    """

    asset: str
    amount: Decimal


class Borrow(Loan, frozen=True):
    """Borrow an asset."""


class Repay(Loan, frozen=True):
    """Pay back what was borrowed of an asset, interest first."""


class Borrowable(Struct, frozen=True):
    """How much more of an asset can be borrowed."""

    amount: Decimal
    """By the account's collateral."""
    limit: Decimal
    """By the venue's own limit."""


class BorrowableQuery(Reading[Borrowable], frozen=True):
    """How much more of an asset can be borrowed."""

    asset: str


class MarginState(Struct, frozen=True):
    """How far a margin account is from liquidation: its level falls with its collateral."""

    level: Decimal
    """Assets / (debts + interest); 999 without debts."""
    normal_bar: Decimal
    """At or below, the venue lends nothing more."""
    margin_call_bar: Decimal
    """At this level the venue calls for more."""
    liquidation_bar: Decimal
    """At this level the venue sells."""
    total_asset_btc: Decimal
    total_liability_btc: Decimal


class MarginStateQuery(Reading[MarginState], frozen=True):
    """How far the account is from liquidation."""


class Ask(Struct, frozen=True):
    """A query under way; its `Answer` carries the same token."""

    token: int
    query: Query[object]


Command = PlaceOrder | PlaceOrderList | ReplaceOrder | CancelOrder | Ask
