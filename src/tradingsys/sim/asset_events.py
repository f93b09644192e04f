"""What happens where assets are traded, beside what happens everywhere: balances, debts, order lists, triggers."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from tradingsys.sim.order_lists import NewOrderList, OrderListRecord
from tradingsys.sim.order_records import OrderRecord, PreventedMatch
from tradingsys.sim.refusals import Refusal

__all__ = [
    "AssetBalance",
    "BalanceMoved",
    "BalancesChanged",
    "LiabilityChanged",
    "LiabilityKind",
    "ListChanged",
    "ListRejected",
    "MarginLevelChanged",
    "MarginStatus",
    "Prevented",
    "Triggered",
]


class AssetBalance(Struct, frozen=True):
    """What an account has of an asset."""

    asset: str
    free: Decimal
    locked: Decimal


class BalancesChanged(Struct, frozen=True):
    """Balances after an execution, a lock or its release, or a movement: of the assets that may have changed."""

    account: str
    balances: tuple[AssetBalance, ...]
    ts_ns: int


class BalanceMoved(Struct, frozen=True):
    """An asset came, or left (negative), without a trade: a deposit, a withdrawal, a transfer between wallets."""

    account: str
    asset: str
    delta: Decimal
    ts_ns: int


class LiabilityKind(StrEnum):
    """Why a debt changed."""

    BORROW = "BORROW"
    REPAY = "REPAY"
    INTEREST = "INTEREST"


class LiabilityChanged(Struct, frozen=True):
    """What a margin account owes of an asset now."""

    account: str
    asset: str
    kind: LiabilityKind
    principal: Decimal
    interest: Decimal
    """Owed beside ``principal``."""
    ts_ns: int


class MarginStatus(StrEnum):
    """What a margin level means."""

    EXCESSIVE = "EXCESSIVE"
    NORMAL = "NORMAL"
    MARGIN_CALL = "MARGIN_CALL"
    FORCE_LIQUIDATION = "FORCE_LIQUIDATION"


class MarginLevelChanged(Struct, frozen=True):
    """A margin account's level has another meaning now."""

    account: str
    level: Decimal
    status: MarginStatus
    ts_ns: int


class ListChanged(Struct, frozen=True):
    """An order list began, changed or ended."""

    record: OrderListRecord


class ListRejected(Struct, frozen=True):
    """Refused: neither the list nor any of its orders came to be."""

    request: NewOrderList
    refusal: Refusal
    leg: int
    """The order that was the reason; 0 when it was the list itself."""


class Triggered(Struct, frozen=True):
    """An order that waited takes part in trading from now on, under the id it had: what it trades follows."""

    order: OrderRecord


class Prevented(Struct, frozen=True):
    """Self-trade prevention took ``last_qty`` from an order, which may have ended by it."""

    order: OrderRecord
    match: PreventedMatch
    last_qty: Decimal
