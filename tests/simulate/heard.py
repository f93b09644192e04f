"""What a process of a strategy is told of its executions, held against the exchange's ledger: each once, none else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from tradingsys.core.enums import Side
from tradingsys.sim.events import Execution
from tradingsys.wire.messages import OrderView, PositionView, Snapshot

__all__ = ["Happened", "Heard", "Key", "untrue"]

Key = tuple[str, str]
"""Order and execution: a trade between two orders of one account has two executions."""
Ledger = Mapping[Key, Execution]
Edits = Sequence[tuple[str, int, Decimal]]
"""Symbol, instant and by how much: what is part of a position and was never executed."""
_ZERO = Decimal(0)


class Happened(NamedTuple):
    """An execution, as it was told."""

    symbol: str
    side: Side
    qty: Decimal
    px: Decimal


class Heard:
    """From the process's start to its end, over all its connections."""

    def __init__(self) -> None:
        self.begin: dict[str, Decimal] | None = None
        """What the snapshot it began with says was bought, less what was sold, by symbol."""
        self.began_ns = 0
        self.news: dict[Key, Happened] = {}
        """Executions on top of that."""
        self.found: dict[Key, Happened] = {}
        """Those that a list of all of an order's showed first: news where they are younger than its beginning."""
        self.fees: dict[Key, tuple[Decimal, str]] = {}
        """What each cost, and in which asset, where strategies are told so by itself."""
        self.late = 0
        """Executions that no event told while somebody listened."""
        self.wrong: list[str] = []
        self._part: set[Key] = set()
        """Of what it began with."""
        self._of_epoch: set[Key] = set()
        """What a gateway told that still lives."""
        self._epoch = 0

    # ---- what is told

    def begins(self, positions: Iterable[PositionView], now_ns: int) -> None:
        """Its first snapshot is there; later ones begin nothing."""
        if self.begin is None:
            self.began_ns = now_ns
            self.begin = {view.symbol: Decimal(view.net_executed or view.net) for view in positions}

    def tell(self, key: Key, happened: Happened) -> None:
        """An execution is news."""
        if key in self.news:
            self.wrong.append(f"was told twice of {key}")
        self.news[key] = happened

    def fee(self, key: Key, fee: Decimal, asset: str) -> None:
        """What an execution cost is news."""
        if key in self.fees:
            self.wrong.append(f"was told twice what {key} cost")
        self.fees[key] = fee, asset

    def is_behind(self, view: OrderView) -> bool:
        """Whether more of an order was executed than was told here."""
        told = self.news | self.found
        return sum((each.qty for key, each in told.items() if key[0] == view.client_order_id), _ZERO) < Decimal(
            view.cum_qty
        )

    def push(self, epoch: int, view: OrderView) -> None:
        """The gateway tells of what is new, which a new gateway may tell once more."""
        self._hears(epoch)
        for key, happened in _executions(view):
            if key in self._of_epoch:
                self.wrong.append(f"was told twice of {key} by one gateway")
            self._of_epoch.add(key)
            if key not in self._part:
                self.news.setdefault(key, happened)

    def missed(self, view: OrderView) -> None:
        """The gateway tells of what events told while nobody listened; an earlier one may have told it already."""
        for key, happened in _executions(view):
            self.late += key not in self.news
            if key not in self._part:
                self.news.setdefault(key, happened)

    def snapshot(self, snapshot: Snapshot, now_ns: int) -> None:
        """The gateway tells of what there is, and of all executions of open orders."""
        self._hears(snapshot.epoch)
        told = {key for view in snapshot.orders for key, _ in _executions(view)}
        self._of_epoch |= told
        if self.begin is None:
            self._part = told
        self.begins(snapshot.positions, now_ns)
        for view in snapshot.orders:
            self.listed(view)

    def listed(self, view: OrderView) -> None:
        """All executions there are of an order."""
        for key, happened in _executions(view):
            if key not in self.news:
                self.found[key] = happened

    def _hears(self, epoch: int) -> None:
        if epoch != self._epoch:
            self._epoch = epoch
            self._of_epoch.clear()

    # ---- what was true

    def untrue(self, ledger: Ledger) -> Iterator[str]:
        """What was told and never happened, or not so, or more than once."""
        yield from self.wrong
        for key, happened in (*self.news.items(), *self.found.items()):
            row = ledger.get(key)
            if row is None:
                yield f"was told of {key}, which never happened"
            elif happened != Happened(row.symbol.lower(), row.side, row.qty, row.px):
                yield f"was told of {key} as {happened}; it is {row}"
        for key, fee in self.fees.items():
            if key in ledger and fee != (ledger[key].fee, ledger[key].fee_asset):
                yield f"was told that {key} cost {fee}; it is {ledger[key]}"

    def untold(self, ledger: Ledger, edits: Edits, *, is_hidden: bool, restored_ns: int) -> Iterator[str]:
        """What happened until now, and the process that lives was never told.

        Where orders are hidden beyond all margins (``is_hidden``), nobody may have known what it was to begin with.
        A pos.db that was put back after it began may tell once more of what it began with.
        """
        if self.begin is None:
            yield "never learned where it begins"
            return
        known = self.news | {key: each for key, each in self.found.items() if self._is_news(ledger, key)}
        for key, row in ledger.items():
            if row.ts_ns > self.began_ns and key not in known:
                yield f"was never told of {key}: {row}"
        unclear = {self.found[key].symbol for key in self.found.keys() - known.keys() - self._part}
        if self.began_ns < restored_ns:
            unclear |= {each.symbol for key, each in self.news.items() if not self._is_news(ledger, key)}
        for symbol in {row.symbol.lower() for row in ledger.values()} | self.begin.keys():
            held = self.begin.get(symbol, _ZERO)
            told = sum((each.qty * each.side.sign for each in known.values() if each.symbol == symbol), _ZERO)
            rows = (row for row in ledger.values() if row.symbol.lower() == symbol)
            true = sum((row.qty * row.side.sign for row in rows), _ZERO)
            true += sum((delta for name, at_ns, delta in edits if name == symbol and at_ns <= self.began_ns), _ZERO)
            if held + told != true and symbol not in unclear and not is_hidden:
                yield f"began with {held} {symbol} and was told of {told}; it is {true}"

    def _is_news(self, ledger: Ledger, key: Key) -> bool:
        return key in ledger and ledger[key].ts_ns > self.began_ns


def untrue(
    session: int,
    lives: Sequence[Heard],
    ledger: Ledger,
    edits: Edits = (),
    *,
    is_hidden: bool = False,
    restored_ns: int = 0,
) -> Iterator[str]:
    """What was wrong with what the processes of a session were told; the last of them lives."""
    for number, life in enumerate(lives, 1):
        missed: Iterable[str] = ()
        if life is lives[-1]:
            missed = life.untold(ledger, edits, is_hidden=is_hidden, restored_ns=restored_ns)
        for what in (*life.untrue(ledger), *missed):
            yield f"session {session}: process {number} {what}"


def _executions(view: OrderView) -> Iterator[tuple[Key, Happened]]:
    for fill in view.fills:
        yield (
            (view.client_order_id, fill.exec_id),
            Happened(view.symbol, view.side, Decimal(fill.qty), Decimal(fill.px)),
        )
