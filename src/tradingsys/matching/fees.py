"""What an execution costs."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

from msgspec import Struct

from tradingsys.core.enums import Side

__all__ = ["FeeSchedule", "SpotFees"]

_CENT = Decimal("0.00000001")


class FeeSchedule(Struct, frozen=True):
    """Rates of the notional value; a negative rate is a rebate."""

    maker: Decimal = Decimal("0.0002")
    taker: Decimal = Decimal("0.0005")

    def fee(self, notional: Decimal, *, is_maker: bool) -> Decimal:
        """The fee in the settlement asset, to eight decimals."""
        return (notional * (self.maker if is_maker else self.taker)).quantize(_CENT, ROUND_HALF_EVEN)


class SpotFees(Struct, frozen=True):
    """Rates of what is received, or of the value when paid in another asset."""

    maker: Decimal = Decimal("0.00100000")
    taker: Decimal = Decimal("0.00100000")
    buyer: Decimal = Decimal("0.00000000")
    seller: Decimal = Decimal("0.00000000")
    """Buyer's and seller's rates come on top of maker's and taker's."""
    discount: Decimal = Decimal("0.75000000")
    """A fee paid in the discount asset is this part of the whole."""
    discount_asset: str = "BNB"

    def rate(self, side: Side, *, is_maker: bool) -> Decimal:
        """What an execution costs, as a part of it."""
        return (self.maker if is_maker else self.taker) + (self.buyer if side is Side.BUY else self.seller)
