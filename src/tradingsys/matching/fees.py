"""What an execution costs."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

from msgspec import Struct

__all__ = ["FeeSchedule"]

_CENT = Decimal("0.00000001")


class FeeSchedule(Struct, frozen=True):
    """Rates of the notional value; a negative rate is a rebate."""

    maker: Decimal = Decimal("0.0002")
    taker: Decimal = Decimal("0.0005")

    def fee(self, notional: Decimal, *, is_maker: bool) -> Decimal:
        """The fee in the settlement asset, to eight decimals."""
        return (notional * (self.maker if is_maker else self.taker)).quantize(_CENT, ROUND_HALF_EVEN)
