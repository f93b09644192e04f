"""Books built from recorded changes equal the exchange's own best bid and offer at the same update id."""

import gzip
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest

from tests.shared_data import SHARED, requires_shared
from tradingsys.venues.binance import messages
from tradingsys.venues.binance.depth import DepthChange, DepthSequencer, DepthState, SequenceRule

RECORDINGS = SHARED / "data" / "binance"
Best = tuple[Decimal, Decimal] | None
Top = tuple[Best, Best]
M = TypeVar("M")

DEPTH = msgspec.json.Decoder(messages.Combined[messages.DepthUpdate])
TICKER = msgspec.json.Decoder(messages.Combined[messages.BookTicker])
SNAPSHOT = msgspec.json.Decoder(messages.DepthSnapshot)


def lines(paths: list[Path]) -> Iterator[bytes]:
    for path in paths:
        with gzip.open(path) as recording:
            for line in recording:
                yield line.partition(b" ")[2]


class Replay:
    def __init__(self, rule: SequenceRule) -> None:
        self.sequencer = DepthSequencer(rule)
        self.tops: dict[int, Top] = {}
        self.tickers: dict[int, Top] = {}
        self.compared = self.differing = self.changes = self.gaps = 0

    def feed(self, line: bytes) -> None:
        if line.startswith(b'{"lastUpdateId"'):
            snapshot = SNAPSHOT.decode(line)
            self.sequencer.snapshot(snapshot.last_update_id, snapshot.bids, snapshot.asks)
            self.remember_top()
        elif b"@depth" in line[:40]:
            self.feed_change(DEPTH.decode(line).data)
        elif b"@bookTicker" in line[:40]:
            ticker = TICKER.decode(line).data
            self.tickers[ticker.update_id] = (
                (Decimal(ticker.bid_px), Decimal(ticker.bid_qty)),
                (Decimal(ticker.ask_px), Decimal(ticker.ask_qty)),
            )
            self.compare(ticker.update_id)

    def feed_change(self, event: messages.DepthUpdate) -> None:
        was_in_step = self.sequencer.state is DepthState.IN_STEP
        previous_id = event.previous_id if isinstance(event.previous_id, int) else None
        state = self.sequencer.change(DepthChange(event.first_id, event.final_id, event.bids, event.asks, previous_id))
        self.changes += 1
        self.gaps += was_in_step and state is DepthState.WAITING
        self.remember_top()

    def remember_top(self) -> None:
        if self.sequencer.state is DepthState.IN_STEP:
            book = self.sequencer.book
            self.tops[self.sequencer.update_id] = (book.best_bid, book.best_ask)
            self.compare(self.sequencer.update_id)

    def compare(self, update_id: int) -> None:
        if update_id in self.tops and update_id in self.tickers:
            self.compared += 1
            self.differing += self.tops[update_id] != self.tickers.pop(update_id)


def replay(rule: SequenceRule, folder: str, lost_change: int | None = None) -> Replay:
    paths = sorted((RECORDINGS / folder).glob("*.gz"))
    assert paths
    result = Replay(rule)
    for line in lines(paths):
        if lost_change is not None and b"@depth" in line[:40] and result.changes == lost_change:
            lost_change = None
        else:
            result.feed(line)
    return result


@requires_shared
def test_spot_books_equal_the_book_ticker() -> None:
    result = replay(SequenceRule.SPOT, "spot_recording")
    counts = f"{result.differing} of {result.compared} differ after {result.changes} changes, {result.gaps} gaps"
    assert result.gaps == 0, counts
    assert result.compared > 1000, counts
    assert result.differing == 0, counts


@requires_shared
def test_futures_books_equal_the_book_ticker() -> None:
    result = replay(SequenceRule.FUTURES, "usdm_recording")
    counts = f"{result.differing} of {result.compared} differ after {result.changes} changes, {result.gaps} gaps"
    assert result.gaps == 0, counts
    assert result.compared > 600, counts
    assert result.differing == 0, counts


@requires_shared
@pytest.mark.parametrize(
    ("rule", "folder"), [(SequenceRule.SPOT, "spot_recording"), (SequenceRule.FUTURES, "usdm_recording")]
)
def test_one_lost_change_is_noticed_at_once(rule: SequenceRule, folder: str) -> None:
    result = replay(rule, folder, lost_change=3000)
    assert result.gaps == 1
    assert result.sequencer.state is DepthState.WAITING
    assert result.differing == 0
