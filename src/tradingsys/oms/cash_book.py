"""Money and assets that moved without a trade: the ledger's rows, once each, and what they come to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable
from decimal import Decimal

from tradingsys.core.commands import Income
from tradingsys.core.ids import EXTERNAL
from tradingsys.core.order import Fill
from tradingsys.core.position import Pair
from tradingsys.core.records import BASELINE, AdjustmentRecord, LedgerKind, LedgerMarkRecord, LedgerRecord, Saved
from tradingsys.core.reports import TOLD_AGAIN_MS, AssetMoved
from tradingsys.oms.asset_totals import add, movements
from tradingsys.oms.effects import Effect, EnterAsset, Save
from tradingsys.oms.funding import Movements

__all__ = ["CashBook"]

_ZERO = Decimal(0)
_MOST_REPEATS = 1_000
_MOST_SUMS = 10_000
"""So many sums of repeated movements are compared with what is missing."""
_OUR_OWN = (LedgerKind.BASELINE, LedgerKind.ACCEPTED)
"""Rows that nobody else tells."""


class CashBook:
    """The ledger, how far each of its kinds was read, and who held what when; what follows goes to ``effects``.

    Of an account that holds assets, an asset is accounted for from its baseline on: what the account held of it then
    is EXTERNAL's, and everything that moved it since must be in the books.
    """

    def __init__(self, saved: Saved, pairs: dict[str, Pair], effects: list[Effect]) -> None:
        self._pairs = pairs
        self._effects = effects
        self.marks: dict[str, int] = {row.kind: row.ts_ms for row in saved.ledger_marks}
        self.totals: dict[tuple[int, str], Decimal] = dict(saved.ledger_totals)
        """Of all rows, by session and asset."""
        self.assets: dict[str, int] = {
            row.asset: row.ts_ms for row in saved.ledger if row.kind == LedgerKind.BASELINE and not row.symbol
        }
        """What is accounted for, each from an instant on (venue time in ms)."""
        self.differences: dict[str, Decimal] = {}
        """Σ sessions + EXTERNAL − account, where it is not zero: by symbol, or by asset where assets are held."""
        self.moved: Counter[str] = Counter()
        """How often an asset moved in the books since they were opened."""
        self.unshared: dict[str, Decimal] = {}
        """What the account is known to have paid or received of each asset, and nobody is known to bear yet."""
        self._repeats: dict[str, AssetMoved] = {}
        """Movements that were told again in one and the same way, by id: the balance tells whether they were others."""
        self.wanted: set[str] = set()
        """What moved and is not accounted for yet."""
        self._known: dict[tuple[str, str], int] = {
            (row.kind, row.ext_id): row.ts_ms for row in saved.ledger if row.kind not in _OUR_OWN
        }
        self._movements = Movements()
        oldest_ms = min(self.marks.values(), default=0)
        for fill_row in saved.fills:
            if fill_row.fill.ts_event_ms > oldest_ms:
                self.note_fill(fill_row.fill, fill_row.session)
        for adjustment in saved.adjustments:
            if adjustment.ts_ms > oldest_ms:
                self.note_adjustment(adjustment)
        for row in saved.ledger:
            if row.ts_ms > oldest_ms:
                self._note_row(row)

    # ---- who held what when

    def note_fill(self, fill: Fill, session: int) -> None:
        """A session executed something."""
        pair = self._pairs.get(fill.symbol)
        if pair is None:
            self._movements.add(fill.symbol, fill.ts_event_ms, session, fill.signed_qty)
            return
        for asset, delta in movements(fill, pair).items():
            self._move(asset, fill.ts_event_ms, session, delta)

    def booked(self, fill: Fill, session: int) -> None:
        """An execution comes into the books, whenever it happened."""
        self.note_fill(fill, session)
        pair = self._pairs.get(fill.symbol)
        if pair is not None:
            for asset, delta in movements(fill, pair).items():
                self._moved(asset, delta, fill, "")

    def fee_known(self, fill: Fill, session: int) -> None:
        """The fee of an execution that is in the books became known."""
        asset, fee = fill.charge or ("", _ZERO)
        if fill.symbol in self._pairs and fee:
            self._move(asset, fill.ts_event_ms, session, -fee)
            self._moved(asset, -fee, fill, " fee")

    def note_adjustment(self, record: AdjustmentRecord) -> None:
        """A session's net changed without a fill."""
        if record.why == BASELINE:  # was there before the first trade
            return
        pair = self._pairs.get(record.symbol)
        if pair is None:
            self._movements.add(record.symbol, record.ts_ms, record.session, record.delta)
        else:
            self._move(pair.base, record.ts_ms, record.session, record.delta)

    def held_at(self, name: str, ts_ms: int, now: dict[int, Decimal]) -> dict[int, Decimal]:
        """What each session held of a symbol (where assets are held: of an asset) right after an instant."""
        return self._movements.nets_at(name, ts_ms, now)

    def sums_between(self, name: str, since_ms: int, until_ms: int, now: Decimal) -> list[Decimal]:
        """What all sessions and EXTERNAL together held at each moment of that span, the latest last."""
        return self._movements.sums_between(name, since_ms, until_ms, now)

    # ---- rows

    def is_known(self, income: Income) -> bool:
        """Whether this row of the account's cash history was told before."""
        return (income.kind, income.ext_id) in self._known

    def know(self, income: Income) -> None:
        """This row is dealt with, however often it is told."""
        self._known[income.kind, income.ext_id] = income.ts_ms

    def leave_open(self, rows: Iterable[Income]) -> None:
        """These alone are not shared yet: the account moved, and no session did."""
        self.unshared.clear()
        for row in rows:
            if row.ts_ms > self.assets.get(row.asset, row.ts_ms):
                add(self.unshared, row.asset, row.amount)

    def book(self, row: LedgerRecord) -> None:
        """Put a row into the ledger."""
        key = (row.session, row.asset)
        self.totals[key] = self.totals.get(key, _ZERO) + row.amount
        self._effects.append(Save(row))
        self._note_row(row)
        self.differences.pop(row.asset, None)  # which this row may explain

    def mark(self, kind: str, ts_ms: int) -> None:
        """Every older row of this kind is in the ledger: cash history need not be read from further back again."""
        if ts_ms > self.marks.get(kind, 0):
            self.marks[kind] = ts_ms
            needed_ms = {kind: ts_ms, LedgerKind.TRANSFER.value: ts_ms - TOLD_AGAIN_MS}
            self._known = {
                key: known_ms for key, known_ms in self._known.items() if known_ms >= needed_ms.get(key[0], 0)
            }
            self._movements.forget_until(ts_ms)
            self._effects.append(Save(LedgerMarkRecord(kind, ts_ms)))

    # ---- assets

    def enter_asset(self, asset: str, amount: Decimal, ts_ms: int) -> None:
        """Account for an asset: ``amount`` is EXTERNAL's, beside what the books have of it already."""
        self.assets[asset] = ts_ms
        self.wanted.discard(asset)
        self.book(LedgerRecord(EXTERNAL, asset, amount, LedgerKind.BASELINE, f"{asset} {ts_ms}", ts_ms))

    def transferred(self, report: AssetMoved) -> None:
        """An asset came or went without a trade, EXTERNAL's: once, and not what is in the asset's baseline."""
        key = (LedgerKind.TRANSFER.value, report.ext_id)
        if key in self._known or report.ts_event_ms <= self.assets.get(report.asset, 0):
            return
        if report.repeat:
            if len(self._repeats) < _MOST_REPEATS:
                self._repeats.setdefault(report.ext_id, report)
            return
        self._transfer(report)

    def count_repeats(self, asset: str, missing: Decimal) -> bool:
        """So much of an asset is missing in the books: book what was told again if that is it; whether it was."""
        taken = _that_come_to(missing, [report for report in self._repeats.values() if report.asset == asset])
        for report in taken:
            del self._repeats[report.ext_id]
            self._transfer(report)
        return bool(taken)

    def forget_repeats(self, wrong: Container[str], before_ms: int) -> None:
        """The account agrees with the books of all assets but those that are ``wrong``: what was told again until then
        were the same movements once more.
        """
        self._repeats = {
            ext_id: report
            for ext_id, report in self._repeats.items()
            if report.asset in wrong or report.ts_event_ms >= before_ms
        }

    def accept(self, asset: str, difference: Decimal, ts_ms: int) -> None:
        """Book a difference (Σ sessions + EXTERNAL − account) to EXTERNAL, so that there is none any more."""
        self.book(LedgerRecord(EXTERNAL, asset, -difference, LedgerKind.ACCEPTED, f"{asset} {ts_ms}", ts_ms))

    def want(self, asset: str) -> None:
        """Something moved an asset: it must be accounted for, if it is not yet."""
        if asset not in self.assets and asset not in self.wanted:
            self.wanted.add(asset)
            self._effects.append(EnterAsset(asset))

    # ---- inside

    def _transfer(self, report: AssetMoved) -> None:
        kind = LedgerKind.TRANSFER.value
        self._known[kind, report.ext_id] = report.ts_event_ms
        self.book(LedgerRecord(EXTERNAL, report.asset, report.delta, kind, report.ext_id, report.ts_event_ms))
        self.want(report.asset)

    def _moved(self, asset: str, delta: Decimal, fill: Fill, what: str) -> None:
        """What an execution from before an asset's baseline moved is in that already: EXTERNAL gives it back."""
        began_ms = self.assets.get(asset)
        if began_ms is None:
            self.want(asset)
        elif delta and fill.ts_event_ms <= began_ms:
            ext_id = f"{asset} {fill.symbol} {fill.exec_id} {fill.venue_order_id}{what}"
            kind, ts_ms = LedgerKind.BASELINE, fill.ts_event_ms
            self.book(LedgerRecord(EXTERNAL, asset, -delta, kind, ext_id, ts_ms, fill.symbol))

    def _note_row(self, row: LedgerRecord) -> None:
        if row.kind in (LedgerKind.TRANSFER, LedgerKind.INTEREST, LedgerKind.ACCEPTED):
            self._movements.add(row.asset, row.ts_ms, row.session, row.amount)
        self.moved[row.asset] += 1

    def _move(self, asset: str, ts_ms: int, session: int, delta: Decimal) -> None:
        self._movements.add(asset, ts_ms, session, delta)
        self.moved[asset] += 1


def _that_come_to(missing: Decimal, reports: Iterable[AssetMoved]) -> tuple[AssetMoved, ...]:
    """Some of these whose sum is what is missing; none when there are no such."""
    by_sum: dict[Decimal, tuple[AssetMoved, ...]] = {_ZERO: ()}
    for report in reports:
        longer = {amount + report.delta: (*taken, report) for amount, taken in by_sum.items()}
        by_sum = longer | by_sum
        if missing in by_sum or len(by_sum) > _MOST_SUMS:
            break
    return by_sum.get(missing, ())
