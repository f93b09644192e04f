"""Trades, mark prices, sampling, and giving subscriptions up."""

from __future__ import annotations

import pytest

from pyalgo import (
    DepthSubscription,
    Event,
    EventType,
    Kline,
    MarkPrice,
    MarkSubscription,
    Side,
    Trade,
    TradeSubscription,
)
from tests.unit.pyalgo.bench import Bench
from tests.unit.pyalgo.pushes import depth, kline, mark, trade
from tradingsys.wire.codec import encode

START_MS = 1_700_000_000_000


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.client.start_delivery()
    bench.settle()
    return bench


def test_trades(bench: Bench) -> None:
    sub = bench.context.open_subscription("DOGEUSDT", "trade")
    assert isinstance(sub, TradeSubscription)
    assert (sub.price, sub.quantity, sub.time) == (0.0, 0.0, 0)
    seen: list[Trade] = []
    sub.on_data = seen.append
    bench.settle()
    bench.gateway.send(encode(trade("0.61", 1)))
    bench.gateway.send(encode(trade("0.62", 2, buyer_is_maker=True)))
    bench.settle()
    assert [(each.id, each.price, each.quantity, each.side) for each in seen] == [
        (1, 0.61, 12.0, Side.BUY),
        (2, 0.62, 12.0, Side.SELL),
    ]
    assert (sub.price, sub.quantity, sub.time) == (0.62, 12.0, START_MS + 2)
    assert str(seen[1]) == "Trade(06:13:20.002000 dogeusdt@trade SELL 12.0 @ 0.62)"


def test_mark_prices(bench: Bench) -> None:
    sub = bench.context.open_subscription("dogeusdt", "mark")
    assert isinstance(sub, MarkSubscription)
    assert (sub.mark_price, sub.index_price, sub.funding_rate, sub.next_funding_time) == (0.0, 0.0, None, 0)
    seen: list[MarkPrice] = []
    sub.on_data = seen.append
    bench.settle()
    bench.gateway.send(encode(mark("0.6000001")))
    bench.gateway.send(encode(mark("0.61", funding_rate="")))
    bench.settle()
    first, second = seen
    assert (first.mark_price, first.index_price, first.estimated_settle_price) == (0.6000001, 0.601, 0.602)
    assert (first.funding_rate, second.funding_rate) == (0.0001, None)
    assert first.next_funding_dt.isoformat() == "2023-11-15T08:00:00+08:00"
    assert str(first) == "MarkPrice(06:13:20.000000 dogeusdt@mark 0.6000001, index 0.601, funding 0.010000% at 08:00)"
    assert (sub.mark_price, sub.index_price, sub.funding_rate) == (0.61, 0.601, None)


def test_the_one_hook_hears_of_them_too(bench: Bench) -> None:
    events: list[Event] = []
    bench.context.on_event = events.append
    bench.context.open_subscription("dogeusdt", "mark")
    bench.context.open_subscription("dogeusdt", "trade")
    bench.settle()
    bench.gateway.send(encode(mark("0.6")))
    bench.gateway.send(encode(trade("0.6")))
    bench.settle()
    assert [event.event_type for event in events] == [EventType.Mark, EventType.Trade]


def test_a_sampled_stream_tells_its_latest_once_a_tick(bench: Bench) -> None:
    sub = bench.context.open_subscription("dogeusdt", "depth", sample=1.0)
    bids: list[float] = []
    sub.on_data = lambda book: bids.append(book.bid_prc(0))
    bench.settle()
    bench.advance(300)
    for bid in ("0.1", "0.2", "0.3"):
        bench.gateway.send(encode(depth("dogeusdt", bid, "0.9")))
    bench.settle()
    assert bids == []
    assert sub.data is None
    assert bench.client.next_deadline_ms == START_MS + 1_000
    bench.advance(699)
    assert bids == []
    bench.advance(1)
    assert bids == [0.3]
    bench.advance(1_000)
    assert bids == [0.3]
    bench.gateway.send(encode(depth("dogeusdt", "0.4", "0.9")))
    bench.settle()
    bench.advance(2_500)
    assert isinstance(sub, DepthSubscription)
    assert (bids, sub.bid_prc(0)) == ([0.3, 0.4], 0.4)
    assert bench.client.next_deadline_ms == START_MS + 5_000


def test_streams_sampled_alike_are_told_at_the_same_moments(bench: Bench) -> None:
    told: list[tuple[str, int]] = []
    first = bench.context.open_subscription("dogeusdt", "depth", sample=0.5)
    bench.advance(333)
    second = bench.context.open_subscription("btcusdt", "trade", sample=0.5)
    first.on_data = second.on_data = lambda data: told.append((data.symbol, bench.now_ms))
    bench.settle()
    for _ in range(3):
        bench.gateway.send(encode(depth("dogeusdt", "0.1", "0.9")))
        bench.gateway.send(encode(trade("0.1", symbol="btcusdt")))
        bench.settle()
        bench.advance(100)
    assert told == [("dogeusdt", START_MS + 533), ("btcusdt", START_MS + 533)]


def test_sampling_loses_no_closed_bar(bench: Bench) -> None:
    sub = bench.context.open_subscription("dogeusdt", "kline:1s", sample=5.0)
    bars: list[Kline] = []
    sub.on_data = bars.append
    bench.settle()
    for start_s in range(3):
        for is_closed in (False, True):
            bench.gateway.send(encode(kline("1s", is_closed, start_ms=START_MS + start_s * 1000)))
    bench.gateway.send(encode(kline("1s", False, start_ms=START_MS + 3000)))
    bench.settle()
    bench.advance(5_000)
    assert [(bar.start_time - START_MS, bar.is_closed) for bar in bars] == [
        (0, True),
        (1000, True),
        (2000, True),
        (3000, False),
    ]


def test_a_sampled_stream_is_kept_like_any_other_before_the_strategy_runs() -> None:
    bench = Bench()
    sub = bench.context.open_subscription("dogeusdt", "depth", sample=1.0)
    bids: list[float] = []
    sub.on_data = lambda book: bids.append(book.bid_prc(0))
    bench.settle()
    for bid in ("0.1", "0.2"):
        bench.gateway.send(encode(depth("dogeusdt", bid, "0.9")))
        bench.settle()
        bench.advance(1_000)
    assert bids == []
    bench.client.start_delivery()
    assert bids == [0.2]


@pytest.mark.parametrize("sample", [0, -1.0, float("nan")])
def test_an_interval_must_be_one(bench: Bench, sample: float) -> None:
    with pytest.raises(ValueError, match="it is in seconds"):
        bench.context.open_subscription("dogeusdt", "depth", sample=sample)


def test_a_subscription_given_up_hears_nothing_more(bench: Bench) -> None:
    told: list[object] = []
    sub = bench.context.open_subscription("dogeusdt", "depth", sample=1.0)
    other = bench.context.open_subscription("dogeusdt", "kline:1m")
    sub.on_data = sub.on_order = told.append
    bench.settle()
    bench.gateway.send(encode(depth("dogeusdt", "0.1", "0.9")))
    bench.settle()
    assert bench.context.tradings["dogeusdt"] is sub
    assert isinstance(sub, DepthSubscription)
    sub.close()
    sub.close()
    bench.gateway.send(encode(depth("dogeusdt", "0.1", "0.9")))
    bench.settle()
    bench.advance(1_000)
    assert told == []
    assert bench.gateway.subscribed == ["dogeusdt@kline:1m"]
    assert list(bench.context.subscriptions) == ["dogeusdt@kline:1m"]
    assert bench.context.tradings["dogeusdt"] is other
    other.unsubscribe()
    bench.settle()
    assert (bench.gateway.subscribed, bench.context.tradings) == ([], {})
    bench.disconnect()
    bench.settle()
    assert bench.gateway.subscribed == []
    again = bench.context.open_subscription("dogeusdt", "depth")
    again.on_data = told.append
    bench.settle()
    bench.gateway.send(encode(depth("dogeusdt", "0.1", "0.9")))
    bench.settle()
    assert len(told) == 1


def test_trades_before_the_strategy_runs_wait_in_order() -> None:
    bench = Bench()
    sub = bench.context.open_subscription("dogeusdt", "trade")
    ids: list[int] = []
    sub.on_data = lambda each: ids.append(each.id)
    bench.settle()
    for trade_id in range(5):
        bench.gateway.send(encode(trade("0.6", trade_id)))
    bench.settle()
    bench.client.start_delivery()
    assert ids == [0, 1, 2, 3, 4]


def test_connections_are_told_when_orders_can_be_sent_and_when_they_are_lost() -> None:
    bench = Bench()
    told: list[str] = []
    bench.context.on_connected = lambda session: told.append(f"connected {session.is_ready}")
    bench.context.on_disconnected = lambda session, reason: told.append(f"{reason} {session.is_ready}")
    bench.gateway.ready = False
    bench.client.start_delivery()
    bench.settle()
    assert told == []
    bench.gateway.become_ready()
    bench.settle()
    assert told == ["connected True"]
    bench.disconnect()
    bench.settle()
    bench.disconnect()
    bench.gateway.restart()
    bench.settle()
    assert told == ["connected True", "lost False", "connected True", "lost False", "connected True"]


def test_a_session_without_trading_is_connected_when_it_is_logged_in() -> None:
    bench = Bench(trading=False)
    told: list[str] = []
    bench.context.on_connected = lambda session: told.append(session.name)
    bench.settle()
    assert told == []
    bench.client.start_delivery()
    assert told == ["test"]


@pytest.mark.parametrize("trading", [True, False])
def test_a_connection_is_told_once_however_often_the_strategy_runs(trading: bool) -> None:
    bench = Bench(trading=trading)
    told: list[str] = []
    logins: list[EventType] = []
    bench.context.on_connected = lambda session: told.append(session.name)
    bench.context.on_event = lambda event: logins.append(event.event_type)
    bench.settle()
    for _ in range(3):
        bench.client.start_delivery()
        bench.client.stop_delivery()
    assert (told, logins) == (["test"], [EventType.Login])
    bench.disconnect()
    bench.settle()
    for _ in range(2):
        bench.client.start_delivery()
        bench.client.stop_delivery()
    assert (told, logins) == (["test"] * 2, [EventType.Login] * 2)
    while bench.context.client.delivery.next():
        pass
    assert (told, logins) == (["test"] * 2, [EventType.Login] * 2)


def test_who_begins_to_listen_later_is_told_of_the_connection_there_is_by_the_next_run() -> None:
    bench = Bench()
    told: list[str] = []
    bench.settle()
    bench.client.start_delivery()
    bench.context.on_connected = lambda session: told.append(session.name)
    bench.client.stop_delivery()
    assert told == []
    for _ in range(2):
        bench.client.start_delivery()
        bench.client.stop_delivery()
    assert told == ["test"]
