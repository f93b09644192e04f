"""What strategies import, and what they print."""

from __future__ import annotations

import pyalgo
from pyalgo import BarSubscription, Event, EventType, Kline, OrderType, Side
from tests.unit.pyalgo.bench import Bench
from tests.unit.pyalgo.pushes import depth, kline
from tradingsys.wire.codec import encode


def test_star_import_brings_the_documented_names() -> None:
    names: dict[str, object] = {}
    exec("from pyalgo import *", names)
    assert set(pyalgo.__all__) <= set(names)
    assert pyalgo.__all__ == sorted(pyalgo.__all__, key=lambda name: (name.islower(), name))


def test_bars() -> None:
    bench = Bench()
    minute = bench.context.open_subscription("dogeusdt", "kline:1m")
    month = bench.context.open_subscription("dogeusdt", "kline:1M")
    assert isinstance(minute, BarSubscription)
    assert (minute.close, minute.time, minute.is_closed, minute.interval) == (0.0, 0, False, "1m")
    bars: list[Kline] = []
    minute.on_data = bars.append
    bench.client.start_delivery()
    bench.settle()
    bench.gateway.send(encode(kline(is_closed=False)))
    bench.gateway.send(encode(kline()))
    bench.gateway.send(encode(kline("1M")))
    bench.settle()
    assert [bar.is_closed for bar in bars] == [False, True]
    assert month.data is not None
    assert (minute.open, minute.high, minute.low, minute.close) == (0.6, 0.7, 0.5, 0.65)
    assert (minute.volume, minute.amount, minute.buy_volume, minute.buy_amount) == (1000.0, 600.0, 400.0, 250.0)
    assert (minute.trade_count, minute.first_trade_id, minute.last_trade_id) == (12, 1, 12)
    assert minute.start_datetime.isoformat() == "2023-11-15T06:13:00+08:00"
    assert minute.datetime.isoformat() == "2023-11-15T06:13:59.999000+08:00"
    assert "2023-11-15 06:13:00 dogeusdt@kline:1m o 0.6 h 0.7 l 0.5 c 0.65 volume 1000.0)" in str(bars[1])
    assert "unfinished" in str(bars[0])


def test_an_order_prints_what_matters() -> None:
    bench = Bench()
    subscription = bench.context.open_subscription("dogeusdt", "depth")
    bench.settle()
    order = subscription.add_order(0.6, 30, Side.BUY, OrderType.LIMIT)
    assert order is not None
    assert str(order) == (f"Order(06:13:20.000000 #{order.id} dogeusdt BUY 30.0 @ 0.6 LIMIT GTC: NEW, filled 0.0)")


def test_every_event_reaches_the_one_hook() -> None:
    bench = Bench()
    events: list[Event] = []
    bench.context.on_event = events.append
    subscription = bench.context.open_subscription("dogeusdt", "depth")
    bench.client.start_delivery()
    bench.settle()
    order = subscription.add_order(0.6, 30, Side.BUY, OrderType.LIMIT)
    assert order is not None
    bench.settle()
    bench.gateway.fill(order.client_order_id, "30")
    bench.gateway.send(encode(depth("dogeusdt", "0.5", "0.6")))
    bench.settle()
    assert [event.event_type for event in events] == [
        EventType.Login,
        EventType.Order,
        EventType.Position,
        EventType.Order,
        EventType.Depth,
    ]
