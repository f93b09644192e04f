"""What every session earned, computed from the exchange's ledger alone and in exact fractions.

The rules: an execution counts for whom its order belongs to, fees as the exchange took them; profit by average cost,
each session for itself; of what a session held without a known price nothing is realised until it is flat or turned
over. A fee in the base asset is taken from what is held, at its average; what it takes from who is short is sold short
at the execution's price. An edit realises nothing: what it takes away leaves the average as it was, what it adds has no
known price. Funding is shared among those who held the symbol at its instant, in proportion to their nets: each part is
cut to 8 decimals, and the largest holder gets what that leaves over.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from decimal import ROUND_DOWN, Decimal
from fractions import Fraction

from msgspec import Struct, field

from tradingsys.core.ids import EXTERNAL
from tradingsys.core.position import SessionPosition
from tradingsys.sim.events import Execution
from tradingsys.sim.money import CashRow
from tradingsys.wire.messages import PositionView

__all__ = ["Earned", "differences", "position_of", "share"]

_TOLERANCE = Fraction(1, 10**15)
"""Averages have no end in decimals."""
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
    def of(
        cls, rows: Iterable[Execution], baseline: Decimal = Decimal(0), edits: Iterable[tuple[int, Decimal]] = ()
    ) -> Earned:
        """From executions, in the order of their ids, on top of something without a price; ``edits`` have instants."""
        earned, waiting = cls(baseline, None if baseline else Fraction(0)), deque(edits)
        for row in sorted(rows, key=lambda row: (row.exec_id, row.order_id)):
            while waiting and waiting[0][0] < row.ts_ns // 1_000_000:
                earned._edit(waiting.popleft()[1])
            earned._trade(row.qty * row.side.sign, Fraction(row.px))
            if row.fee and row.fee_asset == row.base_asset:
                earned._take(row.fee, Fraction(row.px))
            earned.fees[row.fee_asset] = earned.fees.get(row.fee_asset, Decimal(0)) + row.fee
        for _, delta in waiting:
            earned._edit(delta)
        return earned

    @property
    def entry(self) -> Fraction | None:
        """Average cost; None when flat or not known."""
        return self.cost / Fraction(self.net) if self.net and self.cost is not None else None

    def _edit(self, delta: Decimal) -> None:
        held, self.net = self.net, self.net + delta
        if not self.net:
            self.cost = Fraction(0)
        elif self.net * held > 0 and abs(self.net) <= abs(held):
            self.cost = None if self.cost is None else self.cost * Fraction(self.net) / Fraction(held)
        else:
            self.cost = None

    def _take(self, qty: Decimal, px: Fraction) -> None:
        held, self.net = self.net, self.net - qty
        if self.net * held <= 0:
            self.cost = Fraction(self.net) * px
        elif self.cost is not None:
            self.cost = self.cost * Fraction(self.net) / Fraction(held) if held > 0 else self.cost - Fraction(qty) * px

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


def position_of(view: PositionView) -> SessionPosition:
    """What a strategy believes."""
    return SessionPosition(
        Decimal(view.net),
        None if view.entry_px is None else Decimal(view.entry_px),
        Decimal(view.realized_pnl),
        {asset: Decimal(amount) for asset, amount in view.fees.items()},
        {asset: Decimal(amount) for asset, amount in view.funding.items()},
    )


def differences(where: str, told: SessionPosition, true: Earned, *, are_late: bool = False) -> Iterator[str]:
    """What is wrong with what is told of a session on one symbol.

    Where executions ``are_late`` beyond all margins, what was settled without one is not told anew: neither the price
    of a position nor whose funding was.
    """
    if told.net != true.net:
        yield f"{where}: net {told.net}, true {true.net}"
    yield from _unlike(f"{where}: fees", told.fees, true.fees)
    if are_late:
        return
    entry = true.entry
    is_known = told.entry_px is not None
    if is_known != (entry is not None) or abs(Fraction(told.entry_px or 0) - (entry or Fraction(0))) > _TOLERANCE:
        yield f"{where}: entry {told.entry_px}, true {None if entry is None else float(entry)}"
    if abs(Fraction(told.realized_pnl) - true.realized) > _TOLERANCE:
        yield f"{where}: realized {told.realized_pnl}, true {float(true.realized)}"
    yield from _unlike(f"{where}: funding", told.funding, true.funding)


def _unlike(what: str, told: Mapping[str, Decimal], true: Mapping[str, Decimal]) -> Iterator[str]:
    if {asset: amount for asset, amount in told.items() if amount} != {
        asset: amount for asset, amount in true.items() if amount
    }:
        yield f"{what} {dict(told)}, true {true}"
