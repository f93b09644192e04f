"""What each session earned: average-cost positions, fees and funding, from its fills and adjustments.

The result is a function of what happened, not of the order in which it was told: fills count in the order of their
trade ids, and one that comes late takes its place and everything after it is folded again. Only fills from the
watermark on are kept for that, folded onto a base: below the watermark the book takes no fill any more, so that
nothing can come late to what is in the base.

An adjustment (baseline, edit, correction) changes the net without a price, between the fills before and after its
instant. What it takes away leaves the average as it was. What it opens or adds has no known cost, so that the average
is unknown until the position is flat, or turned by a fill; profit realised meanwhile cannot be told and is not counted.
What loss limits need is known all the same, as it is only about changes: what such a position earned as if the edit had
been for nothing is kept beside the profit, and what the edit was worth is taken off as soon as somebody tells.

Where assets are traded, a fee in the base asset takes its quantity out of what can be sold. It is a cost, told among
the fees, and no sale: what it takes out of a long position leaves the average as it was and realises nothing; what it
adds to a short one, or takes of an asset that is not held, is priced as the execution that it belongs to. So the
profit of a round trip is what its sale brought less what the quantity sold had cost, and each fee counts once.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from itertools import islice

from msgspec import Struct, structs

from tradingsys.core.order import Fill
from tradingsys.core.position import FLAT, Pair, Position, SessionPosition
from tradingsys.core.records import BASELINE, AdjustmentRecord, FillRecord, PerformanceRecord
from tradingsys.oms.asset_totals import Flow, add, base_fee, quote_flow

__all__ = ["Accounting", "Holding"]

_ZERO = Decimal(0)
_Place = tuple[int, str]


class Holding(Struct, frozen=True):
    """A position, and whether all of it has a price."""

    position: Position = FLAT
    is_priced: bool = True
    uncosted: Decimal = _ZERO
    """As in `SessionPosition`."""

    def after_fill(self, fill: Fill, fee: Decimal = _ZERO) -> Holding:
        """This holding after an execution whose fee took ``fee`` of what is held."""
        holding = self._traded(fill)
        return holding.after_fee(fee, fill.last_px) if fee else holding

    def after_fee(self, qty: Decimal, px: Decimal) -> Holding:
        """This holding after a fee of so much of it, for an execution at ``px``; negative is a rebate."""
        held = self.position.net
        net = held - qty
        if net * held > 0 and (abs(net) <= abs(held) or not self.is_priced):
            # What has no known cost goes at the price of the execution, as the fee itself is counted.
            more = _ZERO if self.is_priced else qty * px
            return self._with(structs.replace(self.position, net=net), self.is_priced, more)
        entry_px = px
        if net * held > 0:
            entry_px = (abs(held) * self.position.entry_px + abs(qty) * px) / abs(net)
        more = _ZERO if self.is_priced else held * px
        return self._with(Position(net, entry_px if net else _ZERO, self.position.realized_pnl), True, more)

    def _traded(self, fill: Fill) -> Holding:
        if self.is_priced:
            return self._with(self.position.after(fill.side, fill.last_qty, fill.last_px), True)
        held = self.position.net
        net = held + fill.signed_qty
        if net * held > 0:
            return self._with(structs.replace(self.position, net=net), False, -fill.signed_qty * fill.last_px)
        ended = Position(net, fill.last_px if net else _ZERO, self.position.realized_pnl)
        return self._with(ended, True, held * fill.last_px)

    def after_adjustment(self, delta: Decimal) -> Holding:
        """This holding after a change that has no price."""
        held, entry_px = self.position.net, self.position.entry_px
        net = held + delta
        if not net:
            return self._with(Position(realized_pnl=self.position.realized_pnl), True, -held * entry_px)
        if net * held > 0 and abs(net) <= abs(held):
            return self._with(structs.replace(self.position, net=net), self.is_priced, delta * entry_px)
        return self._with(Position(net, _ZERO, self.position.realized_pnl), False, -held * entry_px)

    def _with(self, position: Position, is_priced: bool, more: Decimal = _ZERO) -> Holding:
        """What came of it, with so much more that is in no profit."""
        return Holding(position, is_priced, self.uncosted + more)


class Accounting:
    """The accounts of all sessions, EXTERNAL included, by symbol."""

    def __init__(
        self,
        performance: Iterable[PerformanceRecord],
        fills: Iterable[FillRecord],
        adjustments: Iterable[AdjustmentRecord],
        watermarks: Mapping[str, int],
        pairs: Mapping[str, Pair] | None = None,
    ) -> None:
        """``pairs`` are the symbols that trade assets; more may come to be in it.

        ``performance`` must tell what came of every fill below its symbol's watermark that ``fills`` lacks. Of an
        account without a row in ``performance`` all fills are in ``fills``. ``adjustments`` are all there are.
        """
        self._pairs: Mapping[str, Pair] = {} if pairs is None else pairs
        self._accounts: dict[tuple[int, str], _Account] = {}
        for row in performance:
            self._accounts[row.session, row.symbol] = _Account(row, self._pairs.get(row.symbol))
        based = frozenset(self._accounts)
        for record in fills:
            key = (record.session, record.fill.symbol)
            if key not in based or int(record.fill.exec_id) >= watermarks.get(key[1], 0):
                self._account(*key).take(record.fill)
        met: Counter[tuple[int, str]] = Counter()
        for adjustment in adjustments:
            key = (adjustment.session, adjustment.symbol)
            met[key] += 1
            if met[key] > self._account(*key).counted:
                self._account(*key).note(adjustment)
        for (_, symbol), account in self._accounts.items():
            account.settle(watermarks.get(symbol, 0))
            account.fold()

    def position(self, session: int, symbol: str) -> SessionPosition:
        """What a session holds of a symbol, and what it earned there."""
        account = self._accounts.get((session, symbol))
        return SessionPosition() if account is None else account.position()

    def flows(self) -> list[Flow]:
        """What everybody's executions and edits moved on symbols that trade assets."""
        told: list[Flow] = []
        for (session, _), account in self._accounts.items():
            if account.pair is not None:
                held = account.position()
                told.append(Flow(session, account.pair, held.net, account.quote_flow, held.fees))
        return told

    def base(self, session: int, symbol: str) -> PerformanceRecord:
        """The row to keep: what came of everything below the watermark, and all funding."""
        return self._account(session, symbol).record(session, symbol)

    def knows(self, session: int, symbol: str) -> bool:
        """Whether the account exists: its row must be kept before anything is booked to it."""
        return (session, symbol) in self._accounts

    def booked(self, session: int, fill: Fill) -> None:
        """A session executed something that was not known before."""
        self._account(session, fill.symbol).add(fill)

    def joined(self, session: int, before: Fill, after: Fill) -> bool:
        """More is known of an execution; whether that changed the base."""
        return self._account(session, after.symbol).join(before, after)

    def adjusted(self, record: AdjustmentRecord) -> None:
        """A session's net changed without a fill."""
        account = self._account(record.session, record.symbol)
        account.note(record)
        account.fold()
        account.unvalued += record.delta

    def valued(self, session: int, symbol: str, px: Decimal) -> bool:
        """What edits changed without a price was worth this then; whether there was anything."""
        account = self._accounts.get((session, symbol))
        if account is None or not account.unvalued:
            return False
        base = account.base
        account.base = structs.replace(base, uncosted=base.uncosted - account.unvalued * px)
        account.unvalued = _ZERO
        account.fold()
        return True

    def funded(self, session: int, symbol: str, asset: str, amount: Decimal) -> None:
        """A session received (paid: negative) funding."""
        add(self._account(session, symbol).funding, asset, amount)

    def advance(self, symbol: str, watermark: int) -> list[int]:
        """No fill below the watermark can come any more; returns the sessions whose base changed."""
        return [
            session
            for (session, held), account in self._accounts.items()
            if held == symbol and account.settle(watermark)
        ]

    def correct(self, session: int, symbol: str, net: Decimal) -> None:
        """The net is known from elsewhere: whatever these fills and adjustments lack of it has no price."""
        account = self._account(session, symbol)
        missing = net - account.position().net
        if missing:
            account.base = account.base.after_adjustment(missing)
            account.fold()

    def _account(self, session: int, symbol: str) -> _Account:
        account = self._accounts.get((session, symbol))
        if account is None:
            account = self._accounts[session, symbol] = _Account(None, self._pairs.get(symbol))
        return account


class _Account:
    """One session on one symbol: a base, and on top of it what is not settled yet."""

    def __init__(self, row: PerformanceRecord | None, pair: Pair | None) -> None:
        self.pair = pair
        self.base = Holding()
        self.funding: dict[str, Decimal] = {}
        self._base_fees: dict[str, Decimal] = {}
        self.counted = 0
        """So many adjustments are in the base."""
        self.unvalued = _ZERO
        self._base_executed = self._base_quote_flow = _ZERO
        if row is not None:
            is_priced = row.entry_px is not None or not row.net
            self.base = Holding(Position(row.net, row.entry_px or _ZERO, row.realized_pnl), is_priced, row.uncosted)
            self.unvalued = row.unvalued
            self.funding |= row.funding
            self._base_fees |= row.fees
            self.counted = row.adjustments
            self._base_executed, self._base_quote_flow = row.executed, row.quote_flow
        self._fees = dict(self._base_fees)
        self._executed, self.quote_flow = self._base_executed, self._base_quote_flow
        self._places: list[_Place] = []
        self._fills: list[Fill] = []
        self._after: list[Holding] = []
        self._adjustments: list[AdjustmentRecord] = []
        self._now = self.base

    def take(self, fill: Fill) -> int:
        """Put a fill in its place, without folding; returns the place."""
        place = _place(fill)
        at = len(self._places)
        if self._places and place < self._places[-1]:
            at = bisect_left(self._places, place)
        self._places.insert(at, place)
        self._fills.insert(at, fill)
        if self.pair is not None:
            self._executed += fill.signed_qty
            self.quote_flow += quote_flow(fill)
        if fill.charge is not None:
            add(self._fees, *fill.charge)
        return at

    def add(self, fill: Fill) -> None:
        """Book a fill."""
        at = self.take(fill)
        if at == len(self._fills) - 1 and all(_adjusted_ms(row) < fill.ts_event_ms for row in self._adjustments):
            self._now = self._now.after_fill(fill, base_fee(fill, self.pair))
            self._after.append(self._now)
        else:
            self.fold(0 if self._adjustments else at)

    def join(self, before: Fill, after: Fill) -> bool:
        """Put what is known now in the place of what was known; whether that changed the base."""
        charge = after.charge if before.charge is None else None
        taken = base_fee(after, self.pair) if charge is not None else _ZERO
        if charge is not None:
            add(self._fees, *charge)
        place = _place(after)
        at = bisect_left(self._places, place)
        if at < len(self._places) and self._places[at] == place:
            self._fills[at] = after
            if self._adjustments and (taken or before.ts_event_ms != after.ts_event_ms):
                self.fold()
            elif taken:
                self.fold(at)
            return False
        if charge is not None:
            add(self._base_fees, *charge)
        if taken:
            self.base = self.base.after_fee(taken, after.last_px)
            self.fold()
        return charge is not None

    def note(self, record: AdjustmentRecord) -> None:
        """Take an adjustment, without folding."""
        self._adjustments.append(record)

    def fold(self, at: int = 0) -> None:
        """Fold everything from the fill at this place on."""
        del self._after[at:]
        if not self._adjustments:
            holding = self._after[-1] if self._after else self.base
            for fill in self._fills[at:]:
                holding = holding.after_fill(fill, base_fee(fill, self.pair))
                self._after.append(holding)
            self._now = holding
            return
        counted = 0
        self._now = self.base
        self._after.clear()
        for holding, done in self._steps():
            self._after.append(holding)
            self._now, counted = holding, done
        for record in self._adjustments[counted:]:
            self._now = self._now.after_adjustment(record.delta)

    def settle(self, watermark: int) -> bool:
        """Fold everything below the watermark into the base; whether there was anything."""
        count = bisect_left(self._places, (watermark, ""))
        if not count:
            return False
        counted = 0
        for holding, done in islice(self._steps(), count):
            self.base, counted = holding, done
        for fill in self._fills[:count]:
            if self.pair is not None:
                self._base_executed += fill.signed_qty
                self._base_quote_flow += quote_flow(fill)
            if fill.charge is not None:
                add(self._base_fees, *fill.charge)
        del self._places[:count], self._fills[:count], self._after[:count], self._adjustments[:counted]
        self.counted += counted
        return True

    def position(self) -> SessionPosition:
        """As a session sees it."""
        held = self._now.position
        entry_px = held.entry_px if held.net and self._now.is_priced else None
        executed = None if self.pair is None else self._executed
        fees, funding = _told(self._fees), _told(self.funding)
        return SessionPosition(
            held.net, entry_px, held.realized_pnl, fees, funding, executed, self._now.uncosted, self.unvalued
        )

    def record(self, session: int, symbol: str) -> PerformanceRecord:
        """The base as a row."""
        held = self.base.position
        entry_px = held.entry_px if held.net and self.base.is_priced else None
        fees, funding = _told(self._base_fees), _told(self.funding)
        return PerformanceRecord(
            session,
            symbol,
            held.net,
            entry_px,
            held.realized_pnl,
            fees,
            funding,
            self.counted,
            self._base_executed,
            self._base_quote_flow,
            self.base.uncosted,
            self.unvalued,
        )

    def _steps(self) -> Iterator[tuple[Holding, int]]:
        """The holding after each fill, with the number of adjustments that came before it."""
        holding, counted = self.base, 0
        for fill in self._fills:
            while counted < len(self._adjustments) and _adjusted_ms(self._adjustments[counted]) < fill.ts_event_ms:
                holding = holding.after_adjustment(self._adjustments[counted].delta)
                counted += 1
            holding = holding.after_fill(fill, base_fee(fill, self.pair))
            yield holding, counted


def _place(fill: Fill) -> _Place:
    return (int(fill.exec_id), fill.venue_order_id)


def _adjusted_ms(record: AdjustmentRecord) -> int:
    return -1 if record.why == BASELINE else record.ts_ms


def _told(sums: Mapping[str, Decimal]) -> dict[str, Decimal]:
    return {asset: sums[asset] for asset in sorted(sums) if sums[asset]}
