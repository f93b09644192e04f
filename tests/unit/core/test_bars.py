from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradingsys.core.bars import INTERVALS, Bar, BarBuilder, interval_end_ms, interval_start_ms

D = Decimal


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1000


@pytest.mark.parametrize(
    ("interval", "start", "end"),
    [
        ("1s", "2026-11-21T13:47:31", "2026-11-21T13:47:32"),
        ("1m", "2026-11-21T13:47:00", "2026-11-21T13:48:00"),
        ("15m", "2026-11-21T13:45:00", "2026-11-21T14:00:00"),
        ("4h", "2026-11-21T12:00:00", "2026-11-21T16:00:00"),
        ("1d", "2026-11-21T00:00:00", "2026-11-22T00:00:00"),
        ("1w", "2026-11-16T00:00:00", "2026-11-23T00:00:00"),
        ("1M", "2026-11-01T00:00:00", "2026-12-01T00:00:00"),
    ],
)
def test_calendar(interval: str, start: str, end: str) -> None:
    moment = ms("2026-11-21T13:47:31") + 250
    assert interval_start_ms(interval, moment) == ms(start)
    assert interval_end_ms(interval, moment) == ms(end)


def test_months_turn_with_the_year() -> None:
    assert interval_end_ms("1M", ms("2026-12-31T23:59:59")) == ms("2027-01-01T00:00:00")
    assert interval_end_ms("1M", ms("2028-02-29T00:00:00")) == ms("2028-03-01T00:00:00")


def test_an_unknown_interval_says_which_exist() -> None:
    with pytest.raises(ValueError, match="1m, 3m, 5m"):
        interval_start_ms("7m", 0)


@given(st.sampled_from(INTERVALS), st.integers(0, 4_000_000_000_000))
def test_every_moment_lies_in_one_interval(interval: str, ts_ms: int) -> None:
    start, end = interval_start_ms(interval, ts_ms), interval_end_ms(interval, ts_ms)
    assert start <= ts_ms < end
    assert interval_start_ms(interval, start) == start
    assert interval_start_ms(interval, end - 1) == start
    assert interval_start_ms(interval, end) == end


def test_a_bar_from_trades() -> None:
    builder = BarBuilder("1m")
    start = ms("2026-11-21T13:47:00")
    assert builder.add_trade(D("10.0"), D("1"), start + 1, 7, buyer_is_maker=False) == []
    assert builder.add_trade(D("12.0"), D("2"), start + 2, 8, buyer_is_maker=True) == []
    assert builder.add_trade(D("11.0"), D("3"), start + 59_999, 9, buyer_is_maker=False) == []
    (bar,) = builder.advance(start + 60_000)
    assert bar == Bar(start, start + 60_000, D(10), D(12), D(10), D(11), D(6), D(67), D(4), D(43), 3, 7, 9)
    kline = bar.kline("X", "1m", start + 60_000, is_closed=True)
    assert (kline.open_ms, kline.close_ms, kline.close, kline.buy_quote_volume) == (
        start, start + 59_999, "11.0", "43.0",
    )  # fmt: skip


def test_silent_intervals_keep_the_last_price() -> None:
    builder = BarBuilder("1m")
    start = ms("2026-11-21T13:47:00")
    builder.add_trade(D("10"), D("1"), start, 7, buyer_is_maker=False)
    closed = builder.add_trade(D("20"), D("1"), start + 3 * 60_000, 8, buyer_is_maker=False)
    assert [(bar.start_ms - start, bar.open, bar.close, bar.trade_count) for bar in closed] == [
        (0, D(10), D(10), 1),
        (60_000, D(10), D(10), 0),
        (120_000, D(10), D(10), 0),
    ]
    assert (closed[1].first_trade_id, closed[1].volume) == (-1, D(0))
    assert builder.current is not None
    assert builder.current.open == 20


trades = st.lists(
    st.tuples(st.integers(0, 400_000), st.integers(1, 50).map(D), st.integers(1, 50).map(D), st.booleans()),
    min_size=1,
    max_size=40,
)


@given(trades, st.sampled_from(["3m", "5m"]))
def test_long_bars_from_short_bars_equal_long_bars_from_trades(
    rows: list[tuple[int, Decimal, Decimal, bool]], interval: str
) -> None:
    start = ms("2026-11-21T13:45:00")
    end = start + 1_200_000
    direct, short, joined = BarBuilder(interval), BarBuilder("1m"), BarBuilder(interval)
    expected: list[Bar] = []
    got: list[Bar] = []
    for trade_id, (offset_ms, px, qty, buyer_is_maker) in enumerate(sorted(rows, key=lambda row: row[0])):
        args = (px, qty, start + offset_ms, trade_id)
        expected += direct.add_trade(*args, buyer_is_maker=buyer_is_maker)
        for bar in short.add_trade(*args, buyer_is_maker=buyer_is_maker):
            got += joined.add_bar(bar)
    expected += direct.advance(end)
    for bar in short.advance(end):
        got += joined.add_bar(bar)
    got += joined.advance(end)
    assert got == expected
    assert all(one.end_ms == two.start_ms for one, two in pairwise(got))
