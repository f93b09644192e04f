"""Orders as accounts send them, as the exchange knows them, and what its ledger keeps of them."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from tradingsys.core.enums import (
    OrderStatus,
    OrderType,
    PriceMatch,
    SelfTradePrevention,
    Side,
    SideEffect,
    TimeInForce,
)

__all__ = [
    "Amendment",
    "Execution",
    "ExpiryReason",
    "NewAmend",
    "NewOrder",
    "OrderRecord",
    "PreventedMatch",
]


class NewOrder(Struct, frozen=True):
    """An order as an account sends it. ``px`` is None for MARKET orders."""

    account: str
    symbol: str
    side: Side
    order_type: OrderType
    qty: Decimal
    px: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.GTC
    post_only: bool = False
    reduce_only: bool = False
    client_order_id: str = ""
    """Empty: the exchange makes one."""
    self_trade_prevention: SelfTradePrevention = SelfTradePrevention.NONE
    good_till_ms: int = 0
    price_match: PriceMatch | None = None
    """Without ``px``, the exchange takes the price from the book."""
    algo_id: int = 0
    """The conditional order that became this one."""
    trigger_px: Decimal | None = None
    """Of assets: conditional orders are orders from the first, with the type and the id that they keep."""
    trailing_bps: int | None = None
    """The trigger follows the price at this distance, in basis points; from ``trigger_px`` on if there is one."""
    iceberg_qty: Decimal | None = None
    """As much as the book shows of it at a time."""
    quote_qty: Decimal | None = None
    """A market order for so much of the quote asset; ``qty`` is 0 then."""
    side_effect: SideEffect = SideEffect.NO_SIDE_EFFECT
    """Of margin accounts."""
    repay_at_cancel: bool = True
    """Whether what was borrowed for the order is paid back when it ends unfilled."""
    strategy_id: int | None = None
    strategy_type: int | None = None
    """Kept for whoever sent them."""


class NewAmend(Struct, frozen=True):
    """A change of a resting limit order, named by either id; ``qty`` counts what was executed already."""

    account: str
    symbol: str
    side: Side
    qty: Decimal
    px: Decimal | None
    order_id: int | None = None
    client_order_id: str | None = None
    modify_id: int = 0
    price_match: PriceMatch | None = None
    new_client_order_id: str = ""
    """Of assets, where the change is a smaller quantity and nothing else: the order's client id from then on. Empty:
    the exchange makes one."""


class ExpiryReason(StrEnum):
    """Why an order ended without being filled or canceled."""

    SELF_TRADE = "self-trade prevention"
    SELF_TRADE_IMMEDIATE = "self-trade prevention of an immediate-or-cancel order"
    UNFILLED_IMMEDIATE = "the rest of an immediate-or-cancel order"
    UNFILLED_MARKET = "the rest of a market order"
    REDUCE_ONLY = "nothing left to reduce"
    GOOD_TILL = "its time is over"
    LIQUIDATION = "the account was liquidated"
    DELISTED = "the symbol is delisted"
    UNFILLED_FOK = "a fill-or-kill order cannot be filled at once"
    NO_LIQUIDITY = "nobody takes the rest of a market order"
    OTHER_LEG = "the other order of the pair came first"
    FIRST_PHASE = "the order it waits for was not filled"
    UNPAYABLE = "refused when its turn came"
    PRICE_RANGE = "the next price is out of the range that the exchange allows"
    AMENDED = "the change left nothing to trade"


class OrderRecord(Struct, frozen=True):
    """An order as the exchange knows it at one moment."""

    account: str
    symbol: str
    order_id: int
    client_order_id: str
    side: Side
    order_type: OrderType
    time_in_force: TimeInForce
    post_only: bool
    reduce_only: bool
    qty: Decimal
    px: Decimal | None
    self_trade_prevention: SelfTradePrevention
    good_till_ms: int
    created_ns: int
    updated_ns: int
    status: OrderStatus = OrderStatus.NEW
    cum_qty: Decimal = Decimal(0)
    cum_quote: Decimal = Decimal(0)
    expiry: ExpiryReason | None = None
    price_match: PriceMatch | None = None
    algo_id: int = 0
    modify_id: int = 0
    amends: int = 0
    forced: str = ""
    """``liquidation``, ``auto-deleveraging`` or ``settlement``: the exchange's own order."""
    trigger_px: Decimal | None = None
    trailing_bps: int | None = None
    trailing_ns: int = 0
    """Since when the trigger follows the price; 0 before."""
    iceberg_qty: Decimal | None = None
    quote_qty: Decimal | None = None
    is_working: bool = True
    """Whether it takes part in trading: not before it is triggered, nor while it waits for another order."""
    working_ns: int = 0
    """Since when; 0 before."""
    list_id: int = -1
    """The list it belongs to; -1 for none."""
    prevented_qty: Decimal = Decimal(0)
    """What self-trade prevention took from it without ending it."""
    prevented_id: int = 0
    """The last `PreventedMatch` it took part in; 0 for none."""
    side_effect: SideEffect = SideEffect.NO_SIDE_EFFECT
    repay_at_cancel: bool = True
    borrowed: Decimal = Decimal(0)
    """What was borrowed to place it."""
    borrowed_asset: str = ""
    strategy_id: int | None = None
    strategy_type: int | None = None

    @property
    def leaves(self) -> Decimal:
        """What may still trade."""
        return self.qty - self.cum_qty - self.prevented_qty if self.status.is_open else Decimal(0)

    @property
    def avg_px(self) -> Decimal:
        """The average price of its executions; 0 without any."""
        return self.cum_quote / self.cum_qty if self.cum_qty else Decimal(0)


class Execution(Struct, frozen=True):
    """One row of the ledger: one side of one trade."""

    account: str
    symbol: str
    exec_id: int
    order_id: int
    client_order_id: str
    side: Side
    px: Decimal
    qty: Decimal
    fee: Decimal
    fee_asset: str
    is_maker: bool
    realized_pnl: Decimal
    """Of contracts."""
    ts_ns: int
    quote_qty: Decimal = Decimal(0)
    """Of assets: what was paid or received of the quote asset, before the fee."""
    list_id: int = -1
    base_asset: str = ""
    """Empty of contracts, as ``quote_asset`` is."""
    quote_asset: str = ""


class Amendment(Struct, frozen=True):
    """One change of an order."""

    amendment_id: int
    order_id: int
    client_order_id: str
    account: str
    symbol: str
    px_before: Decimal
    px: Decimal
    qty_before: Decimal
    qty: Decimal
    count: int
    """How often the order was changed, with this time."""
    modify_id: int
    ts_ns: int
    new_client_order_id: str = ""
    """Of assets: ``client_order_id`` is the one before."""


class PreventedMatch(Struct, frozen=True):
    """Two orders of one account met and did not trade."""

    match_id: int
    account: str
    symbol: str
    taker_id: int
    maker_id: int
    px: Decimal
    """The maker's."""
    mode: SelfTradePrevention
    ts_ns: int
    taker_qty: Decimal = Decimal(0)
    """What was taken from the taker."""
    maker_qty: Decimal = Decimal(0)
    qty: Decimal = Decimal(0)
    """What they would have traded."""
