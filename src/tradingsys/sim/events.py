"""What happens in the exchange, in plain words; faces turn it into a venue's messages."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from tradingsys.core.enums import MarginType
from tradingsys.core.position import Position
from tradingsys.sim.asset_events import (
    BalanceMoved,
    BalancesChanged,
    LiabilityChanged,
    ListChanged,
    ListRejected,
    MarginLevelChanged,
    Prevented,
    Triggered,
)
from tradingsys.sim.conditions import Condition
from tradingsys.sim.money import FundingRecord
from tradingsys.sim.order_records import Amendment, Execution, ExpiryReason, NewAmend, NewOrder, OrderRecord
from tradingsys.sim.refusals import Refusal

__all__ = [
    "Accepted",
    "AccountChanged",
    "Amended",
    "Amendment",
    "AssetModeChanged",
    "BookChanged",
    "CancelRefused",
    "Canceled",
    "ChangeRefused",
    "ConditionChanged",
    "ExchangeEvent",
    "Executed",
    "Execution",
    "Expired",
    "ExpiryReason",
    "FundingSettled",
    "LeverageChanged",
    "MarginCalled",
    "NewAmend",
    "NewOrder",
    "OrderRecord",
    "Refusal",
    "Rejected",
    "Traded",
]


class Accepted(Struct, frozen=True):
    """The order is known from now on, and may trade; told again when an order that was PENDING_NEW is NEW."""

    order: OrderRecord


class Executed(Struct, frozen=True):
    """One side of a trade, and its order right after."""

    order: OrderRecord
    execution: Execution


class Amended(Struct, frozen=True):
    """Changed on request. Of contracts: behind all others of its price now. Of assets: it kept its place."""

    order: OrderRecord
    amendment: Amendment | None = None
    """None for the house's."""


class Canceled(Struct, frozen=True):
    """Ended on request."""

    order: OrderRecord


class Expired(Struct, frozen=True):
    """Ended by the exchange, see ``order.expiry``."""

    order: OrderRecord


class Rejected(Struct, frozen=True):
    """Refused: no order came to be."""

    request: NewOrder
    refusal: Refusal


class CancelRefused(Struct, frozen=True):
    """There was nothing to cancel."""

    account: str
    symbol: str
    refusal: Refusal = Refusal.UNKNOWN_ORDER


class ChangeRefused(Struct, frozen=True):
    """Nothing was changed: an order, a conditional order, a setting."""

    account: str
    symbol: str
    refusal: Refusal


class AccountChanged(Struct, frozen=True):
    """A balance and a position after an execution, or after what ``reason`` says."""

    account: str
    asset: str
    wallet: Decimal
    symbol: str
    """Empty when no symbol has to do with it."""
    position: Position | None
    """None when only the balance changed."""
    ts_ns: int
    reason: str = "ORDER"
    cross_wallet: Decimal = Decimal(0)
    change: Decimal = Decimal(0)
    """Of the balance, without profit and fees."""
    isolated_wallet: Decimal | None = None
    """None for crossed positions."""
    break_even_px: Decimal = Decimal(0)


class ConditionChanged(Struct, frozen=True):
    """A conditional order is in a new state."""

    condition: Condition


class LeverageChanged(Struct, frozen=True):
    """An account trades a symbol with another leverage."""

    account: str
    symbol: str
    leverage: int
    ts_ns: int


class AssetModeChanged(Struct, frozen=True):
    """Whether all assets of an account are margin together."""

    account: str
    multi_assets: bool
    ts_ns: int


class MarginCalled(Struct, frozen=True):
    """Positions are close to liquidation."""

    account: str
    asset: str
    margin_type: MarginType
    symbols: tuple[str, ...]
    ts_ns: int


class FundingSettled(Struct, frozen=True):
    """A symbol's positions paid each other."""

    record: FundingRecord


class Traded(Struct, frozen=True):
    """The public print of a trade; ``ticks`` and ``lots`` are the same price and quantity as integers."""

    symbol: str
    trade_id: int
    px: Decimal
    qty: Decimal
    ticks: int
    lots: int
    buyer_is_maker: bool
    ts_ns: int


class BookChanged(Struct, frozen=True):
    """Price levels and their quantity now, in ticks and lots; zero means gone. Ids grow, of contracts with gaps."""

    symbol: str
    update_id: int
    bids: list[tuple[int, int]]
    asks: list[tuple[int, int]]
    best_bid: tuple[int, int] | None
    best_ask: tuple[int, int] | None
    ts_ns: int
    first_update_id: int = 0
    """Of assets, where ids grow without gaps: one more than the ``update_id`` before."""


ExchangeEvent = (
    Accepted
    | Amended
    | Executed
    | Canceled
    | Expired
    | Rejected
    | CancelRefused
    | ChangeRefused
    | AccountChanged
    | ConditionChanged
    | LeverageChanged
    | AssetModeChanged
    | MarginCalled
    | FundingSettled
    | Traded
    | BookChanged
    | BalancesChanged
    | BalanceMoved
    | LiabilityChanged
    | MarginLevelChanged
    | ListChanged
    | ListRejected
    | Triggered
    | Prevented
)
