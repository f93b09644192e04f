"""The rules of one symbol, applied to a strategy's floats at the border to exact decimals."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Decimal

from pyalgo.words import OrderType, Tif, fix_order_type
from tradingsys.core import enums as fix
from tradingsys.core.errors import InvalidOrder
from tradingsys.core.instrument import plain, snap
from tradingsys.wire.messages import ErrorCode, ProductView

__all__ = ["Product"]

_NO_STEP = Decimal("1e-8")
"""Stands in for a step that the venue leaves open: nothing trades in finer ones."""


class Product:
    """What may be ordered of one symbol. A bound of 0 is none."""

    def __init__(self, view: ProductView) -> None:
        self.view = view
        self.symbol, self.is_spot = view.symbol, view.is_spot
        self.tick = Decimal(view.price_filter.size) or _NO_STEP
        self.lot = Decimal(view.lot_size.size) or _NO_STEP
        self._min_prc, self._max_prc = Decimal(view.price_filter.min), Decimal(view.price_filter.max)
        self._min_qty, self._max_qty = Decimal(view.lot_size.min), Decimal(view.lot_size.max)
        self._min_notional = Decimal(view.min_notional)

    def round_price(self, price: float, name: str = "price", ticks: int = 0) -> Decimal:
        """The tick nearest to so many ticks above, ties to even. Raises InvalidOrder when it is no number."""
        exact = self._snap(price, self.tick, name)
        return (exact / self.tick + ticks).quantize(Decimal(1), ROUND_HALF_EVEN) * self.tick

    def floor_qty(self, quantity: float) -> Decimal:
        """The largest multiple of the lot that is not above. Raises InvalidOrder when it is no number."""
        exact = self._snap(quantity, self.lot, "quantity")
        return (exact / self.lot).quantize(Decimal(1), ROUND_FLOOR) * self.lot

    def order_support(self, order_type: OrderType) -> bool:
        """Whether orders of this type can be sent; on futures the spot market's words cannot."""
        if order_type is OrderType.LIMIT_MAKER:
            return self.view.post_only
        word = fix_order_type(order_type, is_spot=self.is_spot)
        if self.is_spot and word is fix.OrderType.TRAILING_STOP_MARKET:
            return self.view.trailing
        return word is not None and _listed(word, self.view.order)

    def tif_support(self, tif: Tif) -> bool:
        """Whether orders with this tif can be sent."""
        match tif:
            case Tif.UNDEF:
                return True
            case Tif.GTX:
                return self.view.post_only
            case _:
                return _listed(fix.TimeInForce(tif.value), self.view.tif)

    def price_text(self, price: float, name: str = "price") -> str:
        """A price for the wire. Raises InvalidOrder saying which rule it breaks; ``name`` is what it calls it."""
        exact = self._snap(price, self.tick, name)
        if exact <= 0:
            raise self._invalid(f"{name} {plain(exact)} is not above 0")
        if exact % self.tick:
            raise self._invalid(f"{name} {plain(exact)} is off the tick {plain(self.tick)}: use round_price()")
        if exact < self._min_prc or (self._max_prc and exact > self._max_prc):
            limits = f"{plain(self._min_prc)} to {plain(self._max_prc)}"
            raise self._invalid(f"{name} {plain(exact)} is outside {limits}")
        return plain(exact)

    def quantity_text(self, quantity: float, price: str | None) -> str:
        """A quantity for the wire; with a price, its value is checked too.

        Raises InvalidOrder saying which rule it breaks.
        """
        exact = self._snap(quantity, self.lot, "quantity")
        if exact <= 0:
            raise self._invalid(f"quantity {plain(exact)} is not above 0 (the lot is {plain(self.lot)})")
        if exact % self.lot:
            raise self._invalid(f"quantity {plain(exact)} is off the lot {plain(self.lot)}: use floor_to_lot_size()")
        if exact < self._min_qty or (self._max_qty and exact > self._max_qty):
            limits = f"{plain(self._min_qty)} to {plain(self._max_qty)}"
            raise self._invalid(f"quantity {plain(exact)} is outside {limits}")
        if price is not None and exact * Decimal(price) < self._min_notional:
            worth = f"{plain(exact)} at {price} is worth {plain(exact * Decimal(price))}"
            raise self._invalid(f"{worth}, less than the least order value {plain(self._min_notional)}")
        return plain(exact)

    def iceberg_text(self, iceberg: float, quantity: str) -> str:
        """How much of an order its book shows. Raises InvalidOrder saying which rule it breaks."""
        exact = self._snap(iceberg, self.lot, "iceberg")
        if exact % self.lot or exact <= 0:
            raise self._invalid(f"iceberg {plain(exact)} is no multiple of the lot {plain(self.lot)}")
        if exact >= Decimal(quantity):
            raise self._invalid(f"iceberg {plain(exact)} shows all of the quantity {quantity}: leave it out")
        return plain(exact)

    def amount_text(self, amount: float) -> str:
        """An amount of the quote asset for the wire. Raises InvalidOrder saying which rule it breaks."""
        exact = self._snap(amount, _NO_STEP, "quote_quantity").quantize(_NO_STEP, ROUND_FLOOR)
        if exact <= 0:
            raise self._invalid(f"quote_quantity {plain(exact)} is not above 0")
        if exact < self._min_notional:
            least = plain(self._min_notional)
            raise self._invalid(f"quote_quantity {plain(exact)} is less than the least order value {least}")
        return plain(exact)

    def _snap(self, value: float, step: Decimal, name: str) -> Decimal:
        try:
            return snap(value, step)
        except (TypeError, ValueError):
            raise self._invalid(f"{name} is {value!r}, which is not a number") from None

    def _invalid(self, message: str) -> InvalidOrder:
        return InvalidOrder(f"{self.symbol}: {message}", code=ErrorCode.INVALID_ORDER)


def _listed(word: str, words: Sequence[str]) -> bool:
    """Whether a venue allows something; one that lists nothing forbids nothing."""
    return not words or word in words
