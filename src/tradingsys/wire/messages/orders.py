"""Orders: sending, changing, cancelling and finding them, and how they stand."""

from __future__ import annotations

from msgspec import Struct

from tradingsys.core.enums import (
    Contingency,
    OrderStatus,
    OrderType,
    PriceMatch,
    Side,
    SideEffect,
    TimeInForce,
    TriggerPrice,
)
from tradingsys.wire.messages.envelope import Cursor

__all__ = [
    "AmendParams",
    "CancelParams",
    "FillView",
    "FillsParams",
    "FillsResult",
    "OrderListParams",
    "OrderListResult",
    "OrderParams",
    "OrderPush",
    "OrderResult",
    "OrderTerms",
    "OrderView",
    "RequestFailedPush",
    "ResolveItem",
    "ResolveParams",
    "ResolveResult",
]


class FillView(Struct, frozen=True, omit_defaults=True):
    """One execution."""

    exec_id: str
    px: str
    qty: str
    ts_ms: int
    making: bool | None = None
    fee: str | None = None
    fee_asset: str | None = None


class OrderView(Struct, frozen=True, omit_defaults=True):
    """An order as it stands. In pushes ``fills`` holds what is new, in snapshots and answers all there are."""

    client_order_id: str
    symbol: str
    side: Side
    order_type: OrderType
    quantity: str
    status: OrderStatus
    ts_ms: int
    price: str | None = None
    time_in_force: TimeInForce | None = None
    post_only: bool = False
    reduce_only: bool = False
    in_doubt: bool = False
    """Whether a request about this order is unresolved: count its whole remaining quantity."""
    cum_qty: str = "0"
    avg_px: str | None = None
    venue_order_id: str | None = None
    fills: list[FillView] = []
    code: int = 0
    reason: str = ""
    """Why it was rejected or expired, in the venue's words."""
    stop_price: str | None = None
    callback_rate: str | None = None
    """In percent."""
    activation_price: str | None = None
    close_position: bool = False
    """Close whatever the position is when triggered; ``quantity`` is then ``"0"``."""
    good_till_ms: int | None = None
    price_match: PriceMatch | None = None
    trigger_price: TriggerPrice | None = None
    price_protect: bool = False
    is_waiting: bool = False
    """A conditional order that was not triggered yet."""
    quote_quantity: str | None = None
    """A market order for so much of the quote asset; ``quantity`` is ``"0"`` until all of it was executed."""
    iceberg_quantity: str | None = None
    side_effect: SideEffect | None = None
    list_id: str | None = None
    """The venue's id of the list that the order belongs to."""
    completed_fills: list[FillView] = []
    """In pushes: executions that were told before, of which more is known now, such as the fee."""
    terms_unknown: bool = False
    """Only executions told of it so far: ``order_type`` and ``quantity`` are no more than what they show."""


class OrderTerms(Struct, frozen=True, omit_defaults=True):
    """What is ordered."""

    symbol: str
    side: Side
    order_type: OrderType
    quantity: str
    price: str | None = None
    time_in_force: TimeInForce | None = None
    post_only: bool = False
    reduce_only: bool = False
    stop_price: str | None = None
    callback_rate: str | None = None
    """In percent."""
    activation_price: str | None = None
    close_position: bool = False
    """Close whatever the position is when triggered; ``quantity`` is then ``"0"``."""
    good_till_ms: int | None = None
    price_match: PriceMatch | None = None
    trigger_price: TriggerPrice | None = None
    price_protect: bool = False
    quote_quantity: str | None = None
    """A market order for so much of the quote asset; ``quantity`` is then ``"0"``."""
    iceberg_quantity: str | None = None
    """As much as the book shows of it at a time."""
    side_effect: SideEffect | None = None
    """Of margin accounts; left out, an order neither borrows nor repays."""


class OrderParams(OrderTerms, frozen=True, kw_only=True, omit_defaults=True):
    """``order``: send one new order under the key (session, lineage, epoch, login, seq)."""

    lineage: str
    epoch: int
    login: int
    seq: int


class OrderListParams(Struct, frozen=True):
    """``order_list``: send orders that depend on each other, in one request.

    OCO: two orders of one side, symbol and quantity: a limit order or one that takes profit, and one that stops a loss.
    OTO: the one that works at once, then the one that waits for it. OTOCO: the one that works at once, then the two of
    an OCO. Every order has a key of its own.
    """

    contingency: Contingency
    orders: list[OrderParams]


class OrderListResult(Struct, frozen=True):
    """``order_list`` was written to the venue's connection; one id for each order."""

    client_order_ids: list[str]


class OrderResult(Struct, frozen=True):
    """``order`` was written to the venue's connection; what becomes of it follows as `OrderPush`."""

    client_order_id: str


class CancelParams(Struct, frozen=True):
    """``cancel``: ask the venue to cancel one order of this session, of any epoch."""

    client_order_id: str


class AmendParams(Struct, frozen=True, omit_defaults=True):
    """``amend``: change price and quantity of a resting limit order; what is left out stays as it is."""

    client_order_id: str
    price: str | None = None
    quantity: str | None = None
    """The whole order's new quantity, what was executed already included."""
    price_match: PriceMatch | None = None


class ResolveItem(OrderTerms, frozen=True, kw_only=True, omit_defaults=True):
    """An order whose request got no answer, with the terms it had."""

    client_order_id: str
    terms_unknown: bool = False
    """Whoever asks knows of it from executions alone: but for ``symbol`` and ``side``, nothing of this was ordered."""


class ResolveParams(Struct, frozen=True):
    """``resolve``: what became of these orders? Never sends any of them."""

    orders: list[ResolveItem]


class ResolveResult(Struct, frozen=True):
    """One view per item, from the first one on as far as it goes; about the others, ask again.

    The order as found, ABSENT (never sent), or UNKNOWN (a push follows with the verdict).
    """

    orders: list[OrderView]


class FillsParams(Struct, frozen=True):
    """``get_fills``: what was executed for the session since an event of it, whoever sent the orders?"""

    lineage: str
    """Of the login that told of the event."""
    after: Cursor


class FillsResult(Struct, frozen=True, omit_defaults=True):
    """Executions in the order in which they were booked, each with its order as that stands now."""

    orders: list[OrderView]
    """One after the other of the same order are in one view; an order may be here more than once."""
    next: Cursor | None = None
    """Where to go on; none: these were all."""


class OrderPush(Struct, frozen=True, tag_field="type", tag="order"):
    """Something changed about an order of the session."""

    epoch: int
    n: int
    order: OrderView


class RequestFailedPush(Struct, frozen=True, tag_field="type", tag="request_failed"):
    """The venue refused a cancel or an amend that the gateway had taken: the order is as it was."""

    client_order_id: str
    method: str
    """``cancel`` or ``amend``."""
    code: int
    reason: str
