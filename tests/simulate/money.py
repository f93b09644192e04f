"""What every session earned, computed from the exchange's ledger alone and in exact fractions.

The rules: an execution counts for whom its order belongs to, fees as the exchange took them; profit by average cost,
each session for itself; of what a session held without a known price nothing is realised until it is flat or turned
over. Funding is shared among those who held the symbol at its instant, in proportion to their nets: each part is cut to
8 decimals, and the largest holder gets what that leaves over.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_DOWN, Decimal
from fractions import Fraction

from msgspec import Struct, field

from tradingsys.core.ids import EXTERNAL
from tradingsys.sim.events import Execution
from tradingsys.sim.money import CashRow

__all__ = ["Earned", "share"]

_STEP = Decimal("0.00000001")


class Earned(Struct):
    """One session on one symbol."""

    net: Decimal = Decimal(0)
    cost: Fraction | None = Fraction(0)
    """Of what is held; None when part of it has no known price."""
    realized: Fraction = Fraction(0)
    fees: dict[str, Decimal] = field(default_factory=dict)
    funding: dict[str, Decimal] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Iterable[Execution], baseline: Decimal = Decimal(0)) -> Earned:
        """From executions, in the order of their ids, on top of something without a price."""
        earned = cls(baseline, None if baseline else Fraction(0))
        for row in sorted(rows, key=lambda row: (row.exec_id, row.order_id)):
            earned._trade(row.qty * row.side.sign, Fraction(row.px))
            earned.fees[row.fee_asset] = earned.fees.get(row.fee_asset, Decimal(0)) + row.fee
        return earned

    @property
    def entry(self) -> Fraction | None:
        """Average cost; None when flat or not known."""
        return self.cost / Fraction(self.net) if self.net and self.cost is not None else None

    def _trade(self, qty: Decimal, px: Fraction) -> None:
        held, self.net = self.net, self.net + qty
        if held * qty >= 0:
            if self.cost is not None:
                self.cost += Fraction(qty) * px
            return
        closed = min(abs(held), abs(qty)) * (1 if held > 0 else -1)
        if self.cost is not None:
            part = self.cost * Fraction(closed) / Fraction(held)
            self.realized += Fraction(closed) * px - part
            self.cost -= part
        if self.net * held <= 0:
            self.cost = Fraction(self.net) * px


def share(row: CashRow, nets: dict[int, Decimal]) -> dict[int, Decimal]:
    """Who of those that held the symbol gets how much; EXTERNAL all of what nobody can be told to have caused."""
    total = sum(nets.values(), Decimal(0))
    if not total:
        return {EXTERNAL: row.amount}
    parts: dict[int, Decimal] = {}
    for session, net in nets.items():
        exact = Fraction(row.amount) * Fraction(net) / Fraction(total)
        cut = Decimal(int(abs(exact) / Fraction(_STEP))) * _STEP  # towards zero
        parts[session] = (cut if exact >= 0 else -cut).quantize(_STEP, ROUND_DOWN)
    most = max(abs(net) for net in nets.values())
    largest = min((session for session, net in nets.items() if abs(net) == most))
    parts[largest] += row.amount - sum(parts.values(), Decimal(0))
    return {session: part for session, part in parts.items() if part}
