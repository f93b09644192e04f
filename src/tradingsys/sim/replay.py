"""A recording as the market: its books and trades, at the pace they came, with our orders among them."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from tradingsys.core.enums import OrderType, Side, TimeInForce
from tradingsys.core.market import Level
from tradingsys.sim.events import ExchangeEvent, NewOrder
from tradingsys.sim.recorded_book import RecordedBook
from tradingsys.sim.recorded_levels import RecordedLevels, tick_of
from tradingsys.sim.recorded_trade import RecordedTrade
from tradingsys.sim.recording import BookChange, BookImage, Entry, Prices, Print, Recording
from tradingsys.sim.segment import Segment
from tradingsys.sim.venue import Venue
from tradingsys.venues.binance.depth import DepthSequencer, DepthState, SequenceRule

__all__ = ["HOUSE", "Replay"]

HOUSE = "house-recording"
"""The account on the other side of all our trades with a recording."""

_MS = 1_000_000
_STANDING_LOTS = 10**18
_EVERY_LEVEL = 1_000_000
_PAUSE_NS = 1_000 * _MS
"""Between a recording's end and its next beginning."""


_Exact = Iterable[tuple[Decimal, Decimal]]
"""Prices and quantities."""


class _Tape:
    """One recorded symbol."""

    def __init__(self, venue: Venue) -> None:
        self.venue = venue
        self.book = RecordedBook(HOUSE)
        venue.book = self.book
        self._is_dense = False
        self.sequencer = DepthSequencer(SequenceRule.FUTURES)
        rules = venue.instrument
        self._bids = RecordedLevels(Side.BUY, rules.tick_size, rules.lot_size)
        self._asks = RecordedLevels(Side.SELL, rules.tick_size, rules.lot_size)
        self.gaps = 0

    def rewind(self) -> None:
        self.sequencer = DepthSequencer(SequenceRule.SPOT if self._is_dense else SequenceRule.FUTURES)
        self.book.rewind()

    def change(self, entry: BookChange) -> None:
        """Changes count even when some before them are missing: the next snapshot puts everything right."""
        if entry.change.previous_id is None and not self._is_dense:
            self._is_dense = True  # ids of spot: each change begins where the one before ended
            self.rewind()
        was_in_step = self.sequencer.state is DepthState.IN_STEP
        last_id = self.sequencer.update_id
        state = self.sequencer.change(entry.change)
        self.gaps += was_in_step and state is DepthState.WAITING
        if state is DepthState.IN_STEP and self.sequencer.update_id == last_id != entry.change.final_id:
            return  # older than the snapshot
        bids = list(self._bids.changed(_decimals(entry.change.bids)))
        asks = list(self._asks.changed(_decimals(entry.change.asks)))
        self.book.change(bids, asks, entry.ts_ms)
        if self.book.is_crossed:
            # What these changes cross is of before something that was missed, or of the round before.
            gone_bids = self._bids.crossed(min((px for px, lots in asks if lots), default=None))
            gone_asks = self._asks.crossed(max((px for px, lots in bids if lots), default=None))
            self.book.change(gone_bids, gone_asks, entry.ts_ms)

    def image(self, entry: BookImage) -> None:
        if entry.source != "snapshot":
            self._replace(_decimals(entry.bids), _decimals(entry.asks), entry.ts_ms)
            return
        sequencer = self.sequencer
        if sequencer.state is DepthState.IN_STEP:
            return
        if sequencer.snapshot(entry.update_id, entry.bids, entry.asks) is DepthState.IN_STEP:
            self._replace(sequencer.book.bids(_EVERY_LEVEL), sequencer.book.asks(_EVERY_LEVEL), entry.ts_ms)

    def _replace(self, bids: _Exact, asks: _Exact, ts_ms: int) -> None:
        self.book.replace(self._bids.replaced(bids), self._asks.replaced(asks), ts_ms)


def _decimals(levels: Iterable[Level]) -> _Exact:
    return ((Decimal(px), Decimal(qty)) for px, qty in levels)


class Replay:
    """Plays a recording into an exchange."""

    def __init__(self, exchange: Segment[Any], recording: Recording, now_ns: int) -> None:
        """It begins now; ``exchange`` lists what `Recording.listed` says."""
        self._exchange = exchange
        self._recording = recording
        self._started_ns = now_ns
        self._rounds = 0
        self._played = 0
        exchange.open_account(HOUSE, {}, is_house=True)
        self._tapes = {symbol: _Tape(venue) for symbol, venue in exchange.venues.items()}
        for tape in self._tapes.values():
            self._stand(tape.venue, now_ns)
        self._entries = recording.entries()
        self._next: tuple[int, Entry] | None = None
        self._shift_ns = 0
        self._begin(now_ns)

    @property
    def next_deadline_ns(self) -> int | None:
        """When the next entry is due."""
        return None if self._next is None else self._next[0]

    @property
    def is_over(self) -> bool:
        """Whether everything has been played."""
        return self._next is None

    def advance(self, now_ns: int) -> list[ExchangeEvent]:
        """Everything recorded until ``now_ns``, each at its own time."""
        events: list[ExchangeEvent] = []
        while self._next is not None and self._next[0] <= now_ns:
            due_ns, entry = self._next
            self._perform(entry, due_ns, events)
            self._played += 1
            self._follow(due_ns)
        return events

    def wait(self, by_ns: int) -> None:
        """The clock jumps: go on after it where the recording is now."""
        self._shift_ns += by_ns
        if self._next is not None:
            self._next = (self._next[0] + by_ns, self._next[1])

    def status(self, now_ns: int) -> dict[str, object]:
        """How far it is."""
        return {
            "file": self._recording.name,
            "played_s": (now_ns - self._started_ns) / 1e9,
            "entries": self._played,
            "rounds": self._rounds,
            "bad_lines": self._recording.bad_lines,
            "gaps": sum(tape.gaps for tape in self._tapes.values()),
            "is_over": self.is_over,
        }

    def value(self, symbol: str) -> float | None:
        """What a symbol is worth now, in its quote asset; None for one that is not recorded."""
        tape = self._tapes.get(symbol)
        mid = None if tape is None else tape.venue.mid
        return None if mid is None else float(mid)

    def _begin(self, at_ns: int) -> None:
        first = next(self._entries, None)
        if first is not None:
            self._rounds += 1
            self._shift_ns = at_ns - first[0]
            self._next = (at_ns, first[1])

    def _follow(self, due_ns: int) -> None:
        entry = next(self._entries, None)
        self._next = None if entry is None else (entry[0] + self._shift_ns, entry[1])
        if entry is None and self._recording.loop:
            for tape in self._tapes.values():
                tape.rewind()
            self._entries = self._recording.entries()
            self._begin(due_ns + _PAUSE_NS)

    def _perform(self, entry: Entry, due_ns: int, events: list[ExchangeEvent]) -> None:
        tape = self._tapes.get(entry.symbol)
        if tape is None:
            return
        match entry:
            case BookChange():
                tape.change(entry)
                events += self._exchange.tick(due_ns)
            case BookImage():
                tape.image(entry)
                events += self._exchange.tick(due_ns)
            case Print():
                self._print(tape, entry, due_ns, events)
            case Prices():
                tape.venue.mark.set(entry.mark_px)
                if entry.index_px is not None:
                    tape.venue.index.set(entry.index_px)

    def _print(self, tape: _Tape, entry: Print, due_ns: int, events: list[ExchangeEvent]) -> None:
        venue = tape.venue
        tick, lot = venue.instrument.tick_size, venue.instrument.lot_size
        maker = Side.BUY if entry.buyer_is_maker else Side.SELL
        ticks, lots = tick_of(entry.px, tick, maker), int(entry.qty / lot)
        if not lots:
            return
        events.append(
            RecordedTrade(
                entry.symbol, venue.trade_id(), ticks * tick, lots * lot, ticks, lots, entry.buyer_is_maker, due_ns
            )
        )
        grants = tape.book.traded(ticks, lots, buyer_is_maker=entry.buyer_is_maker, ts_ms=entry.ts_ms)
        if grants:
            side = Side.SELL if entry.buyer_is_maker else Side.BUY
            worst = min(order.px for order, _ in grants) if entry.buyer_is_maker else max(o.px for o, _ in grants)
            qty = venue.qty(sum(fill for _, fill in grants))
            events += self._exchange.place(self._order(venue, side, qty, worst, TimeInForce.IOC), due_ns)
        events += self._exchange.hear(entry.symbol, ticks * tick, due_ns, lots * lot)

    def _stand(self, venue: Venue, now_ns: int) -> None:
        for side in Side:
            self._exchange.place(self._order(venue, side, venue.qty(_STANDING_LOTS), 1, TimeInForce.GTC), now_ns)

    def _order(self, venue: Venue, side: Side, qty: Decimal, ticks: int, tif: TimeInForce) -> NewOrder:
        return NewOrder(HOUSE, venue.instrument.symbol, side, OrderType.LIMIT, qty, venue.price(ticks), tif)
