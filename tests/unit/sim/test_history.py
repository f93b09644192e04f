"""A market's past: the same story at every interval, and the present joins it without a seam."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tradingsys.core.bars import INTERVALS, Bar, BarBuilder, interval_start_ms
from tradingsys.sim.bar_archive import BarArchive
from tradingsys.sim.events import Traded
from tradingsys.sim.history import HISTORY_DAYS, History
from tradingsys.sim.markets import load_markets
from tradingsys.sim.tape import Tape

from .exchange_rig import MS, T0

MARKETS = {market.symbol: market for market in load_markets()}
DAY_MS = 24 * 3_600_000
NOW_MS = T0 // MS + 12_345_678
FIRST_ID = 190_000_000_000


def past(symbol: str = "BTCUSDT", seed: int = 1, now_ms: int = NOW_MS, first_id: int = FIRST_ID) -> History:
    market = MARKETS[symbol]
    return History(market, market.start_price, seed, now_ms, first_id)


def joined(bars: list[Bar], interval: str) -> list[Bar]:
    builder = BarBuilder(interval)
    done = [closed for bar in bars for closed in builder.add_bar(bar)]
    return [*done, builder.current] if builder.current is not None else done


@pytest.mark.parametrize("symbol", list(MARKETS))
def test_minutes_are_seamless_and_sane(symbol: str) -> None:
    history = past(symbol)
    bars = list(history.bars("1m", history.end_ms - DAY_MS))
    assert len(bars) == 1440
    tick, lot = MARKETS[symbol].price.step, MARKETS[symbol].lot.step
    for bar, following in pairwise(bars):
        assert bar.end_ms == following.start_ms
        assert bar.close == following.open
        assert bar.last_trade_id + 1 == following.first_trade_id
    for bar in bars:
        assert bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high
        assert bar.volume >= bar.buy_volume >= 0
        assert bar.trade_count > 0
        assert bar.high % tick == 0
        assert bar.volume % lot == 0
    assert bars[-1].close == MARKETS[symbol].start_price
    assert bars[-1].last_trade_id == FIRST_ID - 1
    assert bars[-1].end_ms == interval_start_ms("1m", NOW_MS)


@pytest.mark.parametrize(("fine", "coarse"), [("1m", "15m"), ("1m", "1h"), ("15m", "4h"), ("1h", "1d"), ("1m", "1d")])
def test_every_interval_tells_the_same(fine: str, coarse: str) -> None:
    history = past()
    start_ms = interval_start_ms("1d", history.end_ms - 2 * DAY_MS)
    finely = joined(list(history.bars(fine, start_ms)), coarse)
    coarsely = joined(list(history.bars(coarse, start_ms)), coarse)
    assert finely == coarsely
    assert len(finely) >= 2


@given(start=st.integers(0, 30 * DAY_MS), length=st.integers(0, 3 * 3_600_000), interval=st.sampled_from(INTERVALS[1:]))
@settings(max_examples=30, deadline=None)
def test_a_part_of_the_past_is_the_same_however_it_is_asked_for(start: int, length: int, interval: str) -> None:
    whole = past()
    from_ms = whole.end_ms - start
    expected = [bar for bar in whole.bars(interval, from_ms - DAY_MS) if from_ms <= bar.start_ms < from_ms + length]
    assert list(past().bars(interval, from_ms, from_ms + length)) == expected


def test_a_seed_is_a_past() -> None:
    bars = [list(past(seed=seed).bars("1h", NOW_MS - DAY_MS)) for seed in (1, 1, 2)]
    assert bars[0] == bars[1] != bars[2]


def test_there_are_days_enough_for_every_client() -> None:
    assert len(list(past().bars("1d", 0))) == HISTORY_DAYS


def test_a_box_at_the_beginning_of_time_has_no_trades_to_tell() -> None:
    history = past(first_id=1, now_ms=HISTORY_DAYS * DAY_MS)
    (day, *_) = history.bars("1d", 0)
    assert (day.trade_count, int(day.volume), day.first_trade_id) == (0, 0, -1)


def trade(number: int, ts_ms: int, px: str = "60000.0", qty: str = "0.5") -> Traded:
    return Traded("BTCUSDT", FIRST_ID + number, Decimal(px), Decimal(qty), 1, 1, number % 2 == 0, ts_ms * MS)


@pytest.mark.parametrize("interval", ["1m", "5m", "1h", "8h", "1d", "1w", "1M"])
def test_past_and_present_are_one(interval: str) -> None:
    tape = Tape("BTCUSDT", Decimal("60000.00"), NOW_MS * MS, past())
    trades = [trade(number, NOW_MS + 30_000 * number) for number in range(500)]
    for each in trades:
        tape.add(each)
    bars = tape.bars.bars(interval, NOW_MS - 40 * DAY_MS)
    for bar, following in pairwise(bars):
        assert bar.end_ms == following.start_ms
        assert following.first_trade_id in (-1, bar.last_trade_id + 1)
    assert bars[-1].last_trade_id == trades[-1].trade_id
    assert tape.bars.builder(interval).current == bars[-1]


def test_an_end_in_the_middle_of_a_bar_does_not_cut_it() -> None:
    tape = Tape("BTCUSDT", Decimal("60000.00"), NOW_MS * MS, past())
    start_ms = interval_start_ms("4h", NOW_MS - 3 * DAY_MS)
    bars = tape.bars.bars("4h", start_ms, start_ms + 5_000_000)
    assert bars == tape.bars.bars("4h", start_ms)[:1]


def test_a_day_is_whole_minutes_and_the_current_one() -> None:
    tape = Tape("BTCUSDT", Decimal("60000.00"), NOW_MS * MS, past())
    for number in range(200):
        tape.add(trade(number, NOW_MS + 1_000 * number))
        day = tape.bars.day()
        minutes = tape.bars.bars("1m", day.start_ms)
        assert len(minutes) == 1440
        assert day.trade_count == sum(bar.trade_count for bar in minutes)
        assert day.volume == sum(bar.volume for bar in minutes)
        assert (day.open, day.close) == (minutes[0].open, minutes[-1].close)
        assert (day.high, day.low) == (max(bar.high for bar in minutes), min(bar.low for bar in minutes))


def test_old_minutes_live_on_as_hours() -> None:
    archive = BarArchive(Decimal(1), 0)
    for minute in range(0, 20 * 1440, 7):
        at_ms, px = minute * 60_000, Decimal(minute % 5 + 1)
        archive.add(Bar(at_ms, at_ms, px, px, px, px, Decimal(1), trade_count=1))
    days = archive.bars("1d")
    assert len(days) == 20
    assert sum(day.trade_count for day in days) == len(range(0, 20 * 1440, 7))
    assert archive.bars("1m")[0].start_ms > 0


@pytest.mark.parametrize(("days", "has_past"), [(0.1, True), (6.99, False), (7.04, False), (7.1, True), (9.3, False)])
def test_a_long_silence_leaves_the_bars_that_many_short_ones_leave(days: float, has_past: bool) -> None:
    at_once, by_the_hour = (BarArchive(Decimal(7), NOW_MS, past() if has_past else None) for _ in range(2))
    over_ms = NOW_MS + int(days * DAY_MS)
    for archive in (at_once, by_the_hour):
        for after_ms, px in ((0, Decimal(5)), (30_000, Decimal(6)), (130_000, Decimal(3)), (4_000_000, Decimal(4))):
            at_ms = NOW_MS + after_ms
            archive.add(Bar(at_ms, at_ms, px, px, px, px, Decimal(1), trade_count=1))
    for now_ms in range(NOW_MS + 4_000_000, over_ms, 1_234_567):
        by_the_hour.advance(now_ms)
    for archive in (at_once, by_the_hour):
        archive.advance(over_ms)
        last = Decimal(9)
        archive.add(Bar(over_ms, over_ms, last, last, last, last, Decimal(1), trade_count=1))
    assert at_once.minute == by_the_hour.minute and at_once.day() == by_the_hour.day()
    for interval in ("1m", "30m", "1h", "1d"):
        assert at_once.bars(interval, NOW_MS - 3_600_000) == by_the_hour.bars(interval, NOW_MS - 3_600_000)
        assert at_once.builder(interval).current == by_the_hour.builder(interval).current
