"""An order as a set of facts; its status is derived.

Everything a venue ever says about an order is a partial `Order`. `Order.merge` joins two of them; it is commutative,
associative and idempotent, so that reports which arrive late, twice or in another order converge to one order by
construction. Our own judgement (requests under way, doubts) never mixes with these facts: it lives in `oms`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TypeVar

from msgspec import Struct, structs

from tradingsys.core.enums import (
    OrderStatus,
    OrderType,
    PriceMatch,
    SelfTradePrevention,
    Side,
    SideEffect,
    TimeInForce,
    TriggerPrice,
)
from tradingsys.core.errors import InvariantViolation

__all__ = ["INCOMPLETE_MS", "UNDATED_MS", "Closed", "Fill", "FillKey", "Order", "Terms"]

_ZERO = Decimal(0)
_T = TypeVar("_T")

INCOMPLETE_MS = -1
"""As the version of terms: they lack a part of what was asked for, and the request (version 0) knows more."""
UNDATED_MS = 1
"""As the version of terms: the venue told them without a time; newer than the request, older than any with a time."""

FillKey = tuple[str, str, str]
"""(symbol, exec_id, venue_order_id): a self-trade has one exec_id and two orders."""


class Terms(Struct, frozen=True):
    """What was ordered; a later version (venue time in ms, 0 for our own request) replaces an earlier one."""

    symbol: str
    side: Side
    order_type: OrderType
    order_qty: Decimal
    price: Decimal | None = None
    time_in_force: TimeInForce | None = None
    """None for orders that have none, such as MARKET."""
    post_only: bool = False
    reduce_only: bool = False
    stop_px: Decimal | None = None
    self_trade_prevention: SelfTradePrevention | None = None
    version_ms: int = 0
    close_position: bool = False
    """A conditional order that closes whatever the position then is; its ``order_qty`` is 0."""
    callback_rate: Decimal | None = None
    """How far a trailing stop follows, in percent."""
    activation_px: Decimal | None = None
    """From where on a trailing stop follows."""
    good_till_ms: int | None = None
    """When a GTD order expires (FIX 126)."""
    price_match: PriceMatch | None = None
    trigger_price: TriggerPrice | None = None
    """None is the venue's default."""
    price_protect: bool = False
    """Do not trigger while last and mark price are far apart."""
    revision: int = 0
    """The number of our own replace request that made these terms; tells two versions of one millisecond apart."""
    quote_order_qty: Decimal | None = None
    """A market order for so much of the quote asset; ``order_qty`` is 0 until the venue says what that comes to."""
    iceberg_qty: Decimal | None = None
    """As much as the book shows of it at a time (FIX 1138)."""
    side_effect: SideEffect | None = None

    def join(self, other: Terms) -> Terms:
        """The later version; at equal versions an arbitrary but fixed choice.

        A conditional order's terms are earlier than any of the order that it becomes when triggered.
        """
        return max(self, other, key=Terms._age)

    def _age(self) -> tuple[bool, int, int, Decimal, str]:
        # What a venue does to an order by itself only makes it smaller.
        return (not self.order_type.is_conditional, self.version_ms, self.revision, -self.order_qty, repr(self))


class Fill(Struct, frozen=True):
    """One execution of one order (FIX 31, 32). ``fee`` is None until a report that carries it arrived."""

    exec_id: str
    symbol: str
    venue_order_id: str
    side: Side
    last_px: Decimal
    last_qty: Decimal
    ts_event_ms: int
    is_maker: bool | None = None
    fee: Decimal | None = None
    fee_asset: str | None = None
    realized_pnl: Decimal | None = None

    @property
    def key(self) -> FillKey:
        """What makes this execution unique on one account of one venue."""
        return (self.symbol, self.exec_id, self.venue_order_id)

    @property
    def signed_qty(self) -> Decimal:
        """The change of position: positive for a buy."""
        return self.last_qty * self.side.sign

    @property
    def charge(self) -> tuple[str, Decimal] | None:
        """The fee's asset and amount; None as long as not both are known: no book can take it before."""
        return None if self.fee is None or not self.fee_asset else (self.fee_asset, self.fee)

    def join(self, other: Fill) -> Fill:
        """One execution from two reports of it; the thinner gains what the richer knows.

        Raises InvariantViolation when they contradict each other.
        """
        if (self.key, self.side, self.last_px, self.last_qty) != (
            other.key,
            other.side,
            other.last_px,
            other.last_qty,
        ):
            raise InvariantViolation(f"one execution, two stories: {self} and {other}")
        return Fill(
            self.exec_id,
            self.symbol,
            self.venue_order_id,
            self.side,
            self.last_px,
            self.last_qty,
            min(self.ts_event_ms, other.ts_event_ms),
            self._is_maker(other),
            _agree("fee", self.fee, other.fee),
            self._fee_asset(other),
            _agree("realized_pnl", self.realized_pnl, other.realized_pnl),
        )

    def _is_maker(self, other: Fill) -> bool | None:
        """Some tellings only imply who took; the word that it made the market outweighs them."""
        told = [each for each in (self.is_maker, other.is_maker) if each is not None]
        return any(told) if told else None

    def _fee_asset(self, other: Fill) -> str | None:
        """A fee of nothing may be told in one asset here and in another there."""
        mine, theirs = self.fee_asset, other.fee_asset
        if mine and theirs and not self.fee and not other.fee:
            return min(mine, theirs)
        return _agree("fee_asset", mine, theirs)


class Closed(Struct, frozen=True):
    """The venue's word that nothing more will execute, other than by filling completely."""

    status: OrderStatus
    ts_event_ms: int = 0
    code: int = 0
    reason: str = ""

    def join(self, other: Closed) -> Closed:
        """The weightier word: one about an order that was accepted outweighs a rejection, then the later one."""
        return max(self, other, key=Closed._weight)

    def _weight(self) -> tuple[bool, int, str, int, str]:
        return (self.status is not OrderStatus.REJECTED, self.ts_event_ms, self.status, self.code, self.reason)


class Order(Struct, frozen=True):
    """All facts known of one order, or the part of them that one report carries."""

    client_order_ids: tuple[str, ...] = ()
    """Sorted. An order may own several: a conditional parent and its child, an amended order, a cancel's own id."""
    venue_order_id: str | None = None
    terms: Terms | None = None
    accepted: bool = False
    venue_cum_qty: Decimal = _ZERO
    """The largest cumulative quantity ever reported (FIX 14)."""
    closed: Closed | None = None
    fills: Mapping[str, Fill] = {}
    """By exec_id."""
    algo_id: str | None = None
    """The venue's id of a conditional order; ``venue_order_id`` is that of the order it became when triggered."""
    forced: str = ""
    """Why the venue itself traded for the account: ``liquidation``, ``auto-deleveraging``, ``settlement``; or empty."""
    list_id: str | None = None
    """The venue's id of the list that the order belongs to (FIX 66)."""
    working: bool = False
    """The venue said that it stands in its book, or stood there: where a conditional order keeps its one id, that it
    was triggered."""
    created_ms: int = 0
    """When the venue says that it took the order; 0 when it did not say."""

    def merge(self, other: Order) -> Order:
        """The union of both sets of facts.

        Raises InvariantViolation when they cannot be about one order.
        """
        if self == other:
            return self
        return Order(
            _union(self.client_order_ids, other.client_order_ids),
            _agree("venue_order_id", self.venue_order_id, other.venue_order_id),
            self.terms.join(other.terms) if self.terms and other.terms else self.terms or other.terms,
            self.accepted or other.accepted,
            max(self.venue_cum_qty, other.venue_cum_qty),
            self.closed.join(other.closed) if self.closed and other.closed else self.closed or other.closed,
            _join_fills(self.fills, other.fills),
            _agree("algo_id", self.algo_id, other.algo_id),
            max(self.forced, other.forced),
            _agree("list_id", self.list_id, other.list_id),
            self.working or other.working,
            min(filter(None, (self.created_ms, other.created_ms)), default=0),
        )

    def with_fill(self, fill: Fill) -> Order:
        """This order knowing one more execution."""
        return self.with_fills((fill,))

    def with_fills(self, fills: Iterable[Fill]) -> Order:
        """This order knowing more executions."""
        return structs.replace(self, fills=_join_fills(self.fills, {fill.exec_id: fill for fill in fills}))

    def completed_by(self, told: Order, before: Order) -> tuple[Fill, ...]:
        """Executions that were known before ``told`` was merged, of which only now the fee is known, or who made the
        market.

        All that were known, where executions were missing before: as long as that is so, nobody is told of these.
        """
        if self.fills is before.fills:
            return ()
        known = before.fills
        if before.missing_qty:
            return tuple(self.fills[exec_id] for exec_id in known)
        both = ((self.fills[exec_id], known[exec_id]) for exec_id in told.fills if exec_id in known)
        return tuple(now for now, then in both if (now.fee, now.is_maker) != (then.fee, then.is_maker))

    @property
    def booked_qty(self) -> Decimal:
        """The sum of the executions we know one by one."""
        return sum((fill.last_qty for fill in self.fills.values()), _ZERO)

    @property
    def cum_qty(self) -> Decimal:
        """Executed quantity (FIX 14): the venue's figure or our own sum, whichever is ahead."""
        return max(self.venue_cum_qty, self.booked_qty)

    @property
    def missing_qty(self) -> Decimal:
        """What the venue says was executed beyond the executions we know: ask history for it."""
        return max(_ZERO, self.venue_cum_qty - self.booked_qty)

    @property
    def ended(self) -> Closed | None:
        """How it ended. A rejection is no end against proof that the order was accepted: it may still execute."""
        if self.closed is not None and self.closed.status is OrderStatus.REJECTED and (self.accepted or self.cum_qty):
            return None
        return self.closed

    @property
    def leaves_qty(self) -> Decimal:
        """What may still execute (FIX 151); zero once ended."""
        if self.terms is None or self.ended is not None:
            return _ZERO
        return max(_ZERO, self.terms.order_qty - self.cum_qty)

    @property
    def avg_px(self) -> Decimal | None:
        """The average price of the known executions (FIX 6)."""
        qty = self.booked_qty
        return sum((fill.last_px * fill.last_qty for fill in self.fills.values()), _ZERO) / qty if qty else None

    @property
    def status(self) -> OrderStatus:
        """FIX 39, from the facts alone."""
        return self.status_of(self.terms)

    def status_of(self, terms: Terms | None) -> OrderStatus:
        """The same, if these were its terms.

        More executed than ordered means that the terms are from before an amend: it may execute further.
        """
        cum = self.cum_qty
        if terms is not None and cum == terms.order_qty > 0:
            return OrderStatus.FILLED
        ended = self.ended
        if ended is not None:
            return ended.status
        if cum:
            return OrderStatus.PARTIALLY_FILLED
        return OrderStatus.NEW if self.accepted else OrderStatus.PENDING_NEW


def _union(mine: tuple[str, ...], theirs: tuple[str, ...]) -> tuple[str, ...]:
    return mine if mine == theirs or not theirs else tuple(sorted({*mine, *theirs}))


def _join_fills(mine: Mapping[str, Fill], theirs: Mapping[str, Fill]) -> Mapping[str, Fill]:
    if not theirs or mine is theirs:
        return mine
    if not mine:
        return theirs
    joined = dict(mine)
    for exec_id, fill in theirs.items():
        known = joined.get(exec_id)
        joined[exec_id] = fill if known is None else known.join(fill)
    return joined


def _agree(what: str, mine: _T | None, theirs: _T | None) -> _T | None:
    if mine is None:
        return theirs
    if theirs is None or mine == theirs:
        return mine
    raise InvariantViolation(f"{what}: {mine} and {theirs} about one order")
