"""What an order bought for those that wait for it: set aside until they begin."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

from tradingsys.core.enums import OrderType
from tradingsys.core.instrument import SpotRules
from tradingsys.matching.locks import Locks
from tradingsys.matching.wallet import SpotWallet
from tradingsys.sim.events import OrderRecord
from tradingsys.sim.venue import Venue

__all__ = ["Proceeds", "payable_qty"]

_ZERO = Decimal(0)


class Proceeds:
    """Of order lists whose first order pays the others, by list."""

    def __init__(self, locks: Locks, fee_asset: str) -> None:
        """``fee_asset`` is what fees are paid in at a discount."""
        self._locks = locks
        self._fee_asset = fee_asset
        self._held: dict[int, Decimal] = {}

    def expect(self, list_id: int) -> None:
        """What the list's orders buy from now on is for those of them that wait."""
        self._held[list_id] = _ZERO

    def received(self, wallet: SpotWallet, list_id: int, asset: str, qty: Decimal, fee: tuple[Decimal, str]) -> None:
        """An order of a list bought ``qty``, and ``fee``, of an asset, was paid: both are in the wallet already.

        A fee in what was bought comes out of what is free, if there is so much. If not, and always of the asset that
        fees are paid in at a discount, less is set aside.
        """
        held = self._held.get(list_id)
        if held is None:
            return
        amount, fee_asset = fee
        if fee_asset == asset and (asset == self._fee_asset or wallet.free_of(asset) < qty):
            qty -= amount
        self._held[list_id] = held + qty
        key = ("proceeds", list_id)
        if held:
            self._locks.change(key, held + qty)
        else:
            self._locks.open(wallet, key, asset, qty)

    def release(self, list_id: int) -> Decimal:
        """What was set aside is free again; returns how much that is. A second time it is nothing."""
        self._locks.drop(("proceeds", list_id))
        return self._held.pop(list_id, _ZERO)


def payable_qty(venue: Venue, order: OrderRecord, amount: Decimal, average_px: Decimal) -> Decimal | None:
    """How much of an amount of the base asset a waiting order can sell; None when that breaks a rule of the symbol.

    ``average_px`` is what an order without a price is valued with.
    """
    rules, own = venue.instrument, venue.instrument.spot or SpotRules()
    is_market = order.order_type is OrderType.MARKET
    qty = rules.floor_qty(min(amount, rules.max_qty, rules.market_max_qty if is_market else rules.max_qty))
    if qty < max(rules.min_qty, rules.lot_size) or (is_market and qty < rules.market_min_qty):
        return None
    value = qty * (order.px or order.trigger_px or average_px)
    is_small = value < rules.min_notional and (own.min_notional_of_market or not is_market)
    most = own.max_notional if own.max_notional_of_market or not is_market else None
    if is_small or (most is not None and value > most):
        return None
    shown = order.iceberg_qty
    if shown is not None:
        parts = (qty / shown).to_integral_value(ROUND_CEILING)
        if shown > qty or (own.max_iceberg_parts is not None and parts > own.max_iceberg_parts):
            return None
    return qty
