"""At which price a position would have cost nothing."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from tradingsys.sim.events import Execution

__all__ = ["BreakEven"]

_ZERO = Decimal(0)


class BreakEven(Struct):
    """What a position took and gave since there was none, with its fees and without funding.

    The venue: (total cost - total gained) / position size (its help page on the break-even price); that fees count
    is seen in its examples of `GET /fapi/v3/positionRisk`.
    """

    net: Decimal = _ZERO
    cost: Decimal = _ZERO

    def add(self, row: Execution) -> None:
        """One more execution; what is beyond flat begins a new position, with its part of the fee."""
        signed = row.qty * row.side.sign
        if self.net * signed < 0 and abs(signed) >= abs(self.net):
            begun = signed + self.net
            self.net, self.cost = begun, begun * row.px + row.fee * abs(begun) / row.qty
        else:
            self.net, self.cost = self.net + signed, self.cost + signed * row.px + row.fee

    @property
    def px(self) -> Decimal:
        """0 without a position, and never below."""
        return max(_ZERO, self.cost / self.net) if self.net else _ZERO
