"""What a program gets wrong is told with its value and with what belongs there; nothing is sent."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import pyalgo
from pyalgo import Context, Engine, OrderType, Phase, Side, SmartOrder, Tif
from tests.unit.pyalgo.bench import Bench

NAN = math.nan


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.context.open_subscription("btcusdt", "depth")
    bench.settle()
    bench.client.start_delivery()
    return bench


@pytest.fixture(autouse=True)
def own_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    yield
    pyalgo.log.close()


Arguments = tuple[Any, ...]
Options = dict[str, Any]

LIMIT = (100, 1, Side.BUY, OrderType.LIMIT)
GTD = (*LIMIT, Tif.GTD)
TRAILING = (0, 1, Side.BUY, OrderType.TRAILING_STOP_MARKET)

ORDERS: list[tuple[Arguments, Options, str]] = [
    ((100, 1, "buy", OrderType.LIMIT), {}, "side is 'buy', not one of BUY, SELL"),
    ((100, 1, None, OrderType.LIMIT), {}, "side is None, not one of BUY"),
    ((100, 1, OrderType.LIMIT, Side.BUY), {}, "side is <OrderType.LIMIT: 'LIMIT'>, not one of BUY"),
    ((100, 1, Side.BUY, "limit"), {}, "order_type is 'limit', not one of LIMIT, LIMIT_MAKER"),
    ((*LIMIT, "gtc"), {}, "tif is 'gtc', not one of GTC"),
    (("abc", 1, Side.BUY, OrderType.LIMIT), {}, "btcusdt: price is 'abc', which is not a number"),
    ((None, 1, Side.BUY, OrderType.LIMIT), {}, "btcusdt: price is None, which is not a number"),
    ((NAN, 1, Side.BUY, OrderType.LIMIT), {}, "price is nan, which is not a number"),
    ((NAN, 1, Side.BUY, OrderType.MARKET), {}, "price is nan, which is not a number: where none is used, pass 0"),
    ((100, None, Side.BUY, OrderType.LIMIT), {}, "quantity is None, which is not a number"),
    ((100, [1], Side.BUY, OrderType.LIMIT), {}, "quantity is [1], which is not a number"),
    ((100, NAN, Side.BUY, OrderType.MARKET), {}, "quantity is nan, which is not a number"),
    ((100, -1, Side.BUY, OrderType.LIMIT), {}, "quantity -1 is not above 0"),
    ((100, 1, Side.BUY, OrderType.STOP), {}, "STOP needs stop_price=: the price at which it becomes a limit order"),
    ((0, 1, Side.BUY, OrderType.STOP_MARKET), {}, "STOP_MARKET needs stop_price=: the price that triggers it"),
    ((None, 1, Side.BUY, OrderType.TAKE_PROFIT_MARKET), {}, "TAKE_PROFIT_MARKET needs stop_price="),
    ((100, 1, Side.BUY, OrderType.STOP), {"stop_price": "x"}, "stop_price is 'x', which is not a number"),
    ((100, 1, Side.BUY, OrderType.STOP), {"stop_price": NAN}, "stop_price is nan, which is not a number"),
    (TRAILING, {}, "needs callback_rate=, in percent"),
    (TRAILING, {"callback_rate": NAN}, "callback_rate is nan: it is in percent"),
    (TRAILING, {"callback_rate": "much"}, "callback_rate is 'much': it is in percent"),
    (GTD, {}, "Tif.GTD needs good_till="),
    (GTD, {"good_till": 1_700_000_900}, "good_till is 1700000900: it is a datetime with a time zone, or Unix time in"),
    (GTD, {"good_till": "tomorrow"}, "good_till is 'tomorrow': it is a datetime with a time zone"),
    (GTD, {"good_till": dt.timedelta(hours=1)}, "good_till is datetime.timedelta(seconds=3600): it is a datetime"),
    (LIMIT, {"reduce_only": "no"}, "reduce_only is 'no': it is True or False"),
    (LIMIT, {"post_only": 1}, "post_only is 1: it is True or False"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "options", "why"), ORDERS)
@pytest.mark.parametrize("smart", [False, True])
def test_an_order_that_cannot_be_meant_is_refused_and_nothing_is_sent(
    bench: Bench, smart: bool, arguments: Arguments, options: Options, why: str
) -> None:
    subscription = bench.context.subscriptions["btcusdt@depth"]
    if smart:
        order = SmartOrder(subscription)
        order.send(*arguments, **options)
        assert order.order is None
    else:
        assert subscription.add_order(*arguments, **options) is None
    bench.settle()
    (error,) = bench.errors
    assert why in str(error)
    assert "order" not in [request.method for request in bench.gateway.received]


@pytest.mark.parametrize("symbol", ["xrpusdt", "BTC/USDT", "", None, 5])
def test_a_symbol_that_is_not_subscribed_is_refused(bench: Bench, symbol: Any) -> None:
    assert bench.context.add_order(symbol, 100, 1, Side.BUY, OrderType.LIMIT) is None
    assert str(bench.errors[0]).endswith(": subscribe to it first")


@pytest.mark.parametrize("order_id", [None, "abc", 10**9, 1.5, b""])
def test_what_is_no_order_of_this_session_is_neither_cancelled_nor_amended(bench: Bench, order_id: Any) -> None:
    bench.context.cancel("btcusdt", order_id)
    assert bench.context.amend(order_id, 100) is False
    why = f"this session knows no order {order_id!r}: give the id of one of its orders, such as order.id"
    assert [str(error) for error in bench.errors] == [why] * 2


def test_where_a_session_may_not_trade_the_way_to_it_is_told() -> None:
    bench = Bench(trading=False)
    bench.context.open_subscription("btcusdt", "depth")
    bench.settle()
    bench.client.start_delivery()
    assert bench.context.add_order("btcusdt", *LIMIT) is None
    assert "this session does not trade: pass trading=True to make_session" in str(bench.errors[0])
    assert bench.errors[0].code == -10005


def test_without_a_connection_it_is_told_when_to_order_again(bench: Bench) -> None:
    bench.disconnect()
    assert bench.context.add_order("btcusdt", *LIMIT) is None
    why = "not sent: there is no connection to the gateway: it is tried again by itself, and on_connected tells when"
    assert why in str(bench.errors[-1])


def test_an_option_that_does_not_exist_is_told_with_the_one_that_is_like_it(bench: Bench) -> None:
    subscription: Any = bench.context.subscriptions["btcusdt@depth"]
    with pytest.raises(TypeError, match=r"there is no option stopprice: did you mean stop_price\?"):
        subscription.add_order(*LIMIT, stopprice=99)
    with pytest.raises(TypeError, match=r"there is no option x: there are activation_price, .* trigger_by"):
        SmartOrder(subscription).send(*LIMIT, x=99)  # type: ignore[call-arg]


Act = Callable[[Any], object]

CALLS: list[tuple[type[Exception], str, Act]] = [
    (ValueError, "session_id is -1: it is a whole number from 0", lambda s: Context("ws://localhost:1", -1, "a")),
    (ValueError, "session_id is 65536: it is", lambda s: Context("ws://localhost:1", 65536, "a")),
    (ValueError, "session_id is '1': it is", lambda s: Engine().make_session("ws://localhost:1", "1", "a")),  # type: ignore[arg-type]
    (ValueError, "needs TLS, as in wss://192.0.2.2:8111", lambda s: Context("ws://192.0.2.2:1", 1, "")),
    (ValueError, "addr is 'localhost:8111': it looks like ws://localhost", lambda s: Context("localhost:8111", 1, "")),
    (ValueError, "addr is 'http://x:1': it looks like", lambda s: Engine().make_session("http://x:1", 1, "a")),
    (ValueError, "addr is 'ws://localhost:port': it looks like", lambda s: Context("ws://localhost:port", 1, "a")),
    (ValueError, "trading is 'False': it is True or False", lambda s: Context("ws://localhost:1", 1, "a", "False")),  # type: ignore[arg-type]
    (ValueError, "interval is nan: it is in seconds", lambda s: Engine(NAN)),
    (ValueError, "interval is 'fast': it is in seconds", lambda s: Engine("fast")),  # type: ignore[arg-type]
    (ValueError, "level is 'loud': use one of off, error, warn, info", lambda s: Engine(0.1, "loud")),
    (ValueError, "seconds is nan: it must be above 0", lambda s: Engine().every(NAN, print)),
    (TypeError, "action is None: give a function, without calling it", lambda s: Engine().every(1, None)),  # type: ignore[arg-type]
    (ValueError, "seconds is -1: it cannot be negative", lambda s: Engine().run(-1)),
    (ValueError, "symbol is None: it is a text such", lambda s: s._trader.open_subscription(None, "depth")),
    (ValueError, "Unsupported stream 'kline_1m': there are", lambda s: s._trader.open_subscription("a", "kline_1m")),
    (ValueError, "Unsupported stream ['depth']: there are", lambda s: s._trader.open_subscription("a", ["depth"])),
    (ValueError, "Duplicate subscribe btcusdt@depth: session", lambda s: s._trader.subscribe("BTCUSDT", "depth")),
    (ValueError, "sample is 'x': it is in seconds", lambda s: s._trader.open_subscription("btcusdt", "bbo", "x")),
    (ValueError, "sample is inf: it is in seconds", lambda s: s._trader.open_subscription("btcusdt", "bbo", math.inf)),
    (ValueError, "n is 0: ask for at least one bar", lambda s: s._trader.history("btcusdt", "kline:1m", 0)),
    (ValueError, "n is 2.5: ask for at least one bar", lambda s: s._trader.history("btcusdt", "kline:1m", 2.5)),
    (ValueError, "leverage is '5': it is a whole number", lambda s: s._trader.set_leverage("btcusdt", "5")),
    (ValueError, "leverage is 2.5: it is a whole number", lambda s: s._trader.set_leverage("btcusdt", 2.5)),
    (ValueError, "leverage is 0: it is a whole number", lambda s: s._trader.set_leverage("btcusdt", 0)),
    (ValueError, "margin_type is 'isolated', not one of", lambda s: s._trader.set_margin_type("btcusdt", "isolated")),
    (ValueError, "not a time of day: hour 25, minute 0", lambda s: s.add_phase(25, 0, 0, Phase.OPEN)),
    (ValueError, "not a time of day: hour '9', minute 0", lambda s: s.add_phase("9", 0, 0, Phase.OPEN)),
    (ValueError, "phase is 'open', not one of AUCTION", lambda s: s.add_phase(9, 0, 0, "open")),
    (TypeError, "it needs what session.subscribe() returns", lambda s: SmartOrder(s._trader)),
    (AttributeError, "no callback on_dat: did you mean on_data?", lambda s: setattr(s, "on_dat", print)),
    (AttributeError, "no callback on_trade: there are on_data, on_durable,", lambda s: setattr(s, "on_trade", print)),
    (AttributeError, "no callback on_depth: there are on_conn", lambda s: setattr(s._trader, "on_depth", print)),
    (AttributeError, "Engine has no callback on_fil,", lambda s: setattr(Engine(), "on_fil", print)),
    (AttributeError, "set on_fill of what make_session() or", lambda s: setattr(Engine(), "on_fil", print)),
    (AttributeError, "set on_fill of what make_session() or", lambda s: setattr(Engine(), "on_fill", None)),
    (AttributeError, "called: set on_order of the subscription", lambda s: setattr(SmartOrder(s), "on_orders", print)),
    (AttributeError, "set one of on_data, on_durable, on_fee", lambda s: setattr(SmartOrder(s), "on_x", print)),
    (TypeError, "on_order passes on to the subscriptions: set their", lambda s: setattr(s._trader, "on_order", print)),
    (TypeError, "on_data is 5: give it a function, without calling it, or None", lambda s: setattr(s, "on_data", 5)),
    (RuntimeError, "call connect() first, or use open_subscription()", lambda s: s._trader.subscribe("btcusdt", "bbo")),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "why", "act"), CALLS)
def test_a_call_that_cannot_be_meant_says_so_at_once(bench: Bench, kind: type[Exception], why: str, act: Act) -> None:
    bench.settle()
    before = list(bench.gateway.received)
    with pytest.raises(kind) as raised:
        act(bench.context.subscriptions["btcusdt@depth"])
    assert why in str(raised.value)
    bench.settle()
    assert bench.gateway.received == before


def test_a_subclass_of_what_calls_nothing_back_has_names_of_its_own(bench: Bench) -> None:
    class Desk(Engine):
        def __init__(self) -> None:
            super().__init__()
            self.on_done = 4

    class Quote(SmartOrder):
        on_filled = 0

    desk, quote = Desk(), Quote(bench.context.subscriptions["btcusdt@depth"])
    quote.on_filled = 5
    assert (desk.on_done, quote.on_filled) == (4, 5)


def test_callbacks_may_be_taken_away_and_other_attributes_are_the_programs_own(bench: Bench) -> None:
    subscription: Any = bench.context.subscriptions["btcusdt@depth"]
    subscription.on_data = print
    subscription.on_data = None
    subscription.my_own = 5
    assert (subscription.on_data, subscription.my_own) == (None, 5)
