"""Every name of the original pyalgo, with its attributes and signatures: one by one, from a table.

A parameter that the original had must be there, in its place and under its name; more may follow if they have defaults.
"""

from __future__ import annotations

import datetime as dt
import inspect
from collections.abc import Callable, Iterator

import pytest

import pyalgo
from pyalgo import (
    BarSubscription,
    Context,
    DepthSubscription,
    Engine,
    Event,
    Handle,
    OrderType,
    PremiumIndex,
    Rest,
    Session,
    Side,
    SmartOrder,
    Subscription,
    Tif,
    TradingPhase,
)
from tests.unit.pyalgo.bench import Bench
from tests.unit.pyalgo.pushes import depth, kline
from tradingsys.wire.codec import encode

SIGNATURES: dict[str, tuple[Callable[..., object], str]] = {
    "debug": (pyalgo.debug, "msg"),
    "info": (pyalgo.info, "msg"),
    "warn": (pyalgo.warn, "msg"),
    "error": (pyalgo.error, "msg"),
    "init_logger": (pyalgo.init_logger, "level path"),
    "log_debug": (pyalgo.log_debug, "filename lineno msg"),
    "log_info": (pyalgo.log_info, "filename lineno msg"),
    "log_warn": (pyalgo.log_warn, "filename lineno msg"),
    "log_error": (pyalgo.log_error, "filename lineno msg"),
    "Engine": (Engine, "interval level"),
    "Engine.make_session": (Engine.make_session, "self addr session_id name trading"),
    "Engine.run": (Engine.run, "self"),
    "Engine.start": (Engine.start, "self"),
    "Engine.stop": (Engine.stop, "self _"),
    "Context": (Context, "addr session_id name trading"),
    "Context.connect": (Context.connect, "self"),
    "Context.subscribe": (Context.subscribe, "self symbol stream"),
    "Context.process": (Context.process, "self"),
    "Context.add_order": (Context.add_order, "self symbol price quantity side order_type tif"),
    "Context.cancel": (Context.cancel, "self symbol order_id"),
    "Context.on_market": (Context.on_market, "self data"),
    "Context.on_order": (Context.on_order, "self order"),
    "Session": (Session, "addr session_id name trading"),
    "Session.connect": (Session.connect, "self"),
    "Session.subscribe": (Session.subscribe, "self symbol stream"),
    "Session.process": (Session.process, "self"),
    "Session.add_order": (Session.add_order, "self symbol price quantity side order_type tif"),
    "Session.cancel": (Session.cancel, "self symbol order_id"),
    "Subscription.order_support": (Subscription.order_support, "self order_type"),
    "Subscription.tif_support": (Subscription.tif_support, "self tif"),
    "Subscription.floor_to_lot_size": (Subscription.floor_to_lot_size, "self vol"),
    "Subscription.round_price": (Subscription.round_price, "self price"),
    "Subscription.tick_up": (Subscription.tick_up, "self price n"),
    "Subscription.tick_dn": (Subscription.tick_dn, "self price n"),
    "Subscription.add_phase": (Subscription.add_phase, "self hour minute second phase"),
    "Subscription.determine": (Subscription.determine, "self mills"),
    "DepthSubscription.bid_prc": (DepthSubscription.bid_prc, "self level"),
    "DepthSubscription.bid_vol": (DepthSubscription.bid_vol, "self level"),
    "DepthSubscription.ask_prc": (DepthSubscription.ask_prc, "self level"),
    "DepthSubscription.ask_vol": (DepthSubscription.ask_vol, "self level"),
    "DepthSubscription.add_order": (DepthSubscription.add_order, "self price quantity side order_type tif"),
    "DepthSubscription.cancel": (DepthSubscription.cancel, "self order_id"),
    "BarSubscription.add_order": (BarSubscription.add_order, "self price quantity side order_type tif"),
    "BarSubscription.cancel": (BarSubscription.cancel, "self order_id"),
    "Depth.bid_prc": (pyalgo.Depth.bid_prc, "self level"),
    "Depth.bid_vol": (pyalgo.Depth.bid_vol, "self level"),
    "Depth.ask_prc": (pyalgo.Depth.ask_prc, "self level"),
    "Depth.ask_vol": (pyalgo.Depth.ask_vol, "self level"),
    "SmartOrder": (SmartOrder, "subscription"),
    "SmartOrder.send": (SmartOrder.send, "self price quantity side order_type tif"),
    "SmartOrder.kill": (SmartOrder.kill, "self"),
    "TradingPhase": (TradingPhase, ""),
    "TradingPhase.keys": (TradingPhase.keys, "self"),
    "TradingPhase.vals": (TradingPhase.vals, "self"),
    "TradingPhase.add_phase": (TradingPhase.add_phase, "self hour minute second phase"),
    "TradingPhase.to_second": (TradingPhase.to_second, "self mills"),
    "TradingPhase.determine": (TradingPhase.determine, "self mills"),
    "TradingPhase.to_datetime": (TradingPhase.to_datetime, "self mills"),
    "Rest": (Rest, "base_uri apikey pem recvwindow"),
    "Rest.get": (Rest.get, "self path params authenticate"),
    "Rest.post": (Rest.post, "self path params authenticate"),
    "Rest.put": (Rest.put, "self path params authenticate"),
    "Rest.delete": (Rest.delete, "self path params authenticate"),
    "Rest.patch": (Rest.patch, "self path params authenticate"),
    "Rest.sign": (Rest.sign, "self data"),
    "Rest.get_premium_index": (Rest.get_premium_index, "self"),
}

MEMBERS = {
    "Phase": "AUCTION PRE_OPEN OPEN PRE_CLOSE CLOSE UNDEF",
    "Side": "BUY SELL",
    "OrderType": "LIMIT LIMIT_MAKER MARKET STOP STOP_MARKET STOP_LOSS STOP_LOSS_LIMIT TAKE_PROFIT TAKE_PROFIT_LIMIT "
    "TAKE_PROFIT_MARKET TRAILING_STOP_MARKET",
    "Tif": "GTC IOC FOK GTX GTD UNDEF",
    "State": "NEW PARTIALLY_FILLED FILLED CANCELED REJECTED EXPIRED EXPIRED_IN_MATCH",
    "EventType": "Login Depth Kline Order Position",
}

TRADABLE = {
    "symbol": str,
    "delivery": dt.datetime,
    "onboard": dt.datetime,
    "max_prc": float,
    "min_prc": float,
    "tick_size": float,
    "lot": float,
    "min_notional": float,
    "net": float,
    "time": int,
    "datetime": dt.datetime,
    "phase": pyalgo.Phase,
}

MARKET = {"time": int, "datetime": dt.datetime, "symbol": str, "stream": str}

BAR = {
    "open": float,
    "high": float,
    "low": float,
    "close": float,
    "volume": float,
    "amount": float,
    "start_time": int,
    "start_datetime": dt.datetime,
    "interval": str,
    "first_trade_id": int,
    "last_trade_id": int,
    "trade_count": int,
    "is_closed": bool,
    "buy_volume": float,
    "buy_amount": float,
}

ORDER = {
    "time": int,
    "datetime": dt.datetime,
    "symbol": str,
    "side": Side,
    "state": pyalgo.State,
    "order_type": OrderType,
    "tif": Tif,
    "quantity": float,
    "price": float,
    "id": int,
    "trade_time": int,
    "trade_dt": dt.datetime,
    "trade_price": float,
    "trade_quantity": float,
    "acc": float,
    "making": bool,
    "order_time": int,
    "order_dt": dt.datetime,
    "is_active": bool,
}

ATTRIBUTES: dict[str, dict[str, type]] = {
    "Engine": {"APPNAME": str, "interval": float, "contexts": dict, "active": bool},
    "Context": {
        "id": int,
        "name": str,
        "trading": bool,
        "is_login": bool,
        "session": Session,
        "tradings": dict,
        "subscriptions": dict,
    },
    "Session": {"id": int, "name": str, "trading": bool, "is_login": bool},
    "DepthSubscription": {**TRADABLE, "data": pyalgo.Depth, "bid_level": int, "ask_level": int},
    "BarSubscription": {**TRADABLE, **BAR, "data": pyalgo.Kline},
    "Depth": {**MARKET, "bid_level": int, "ask_level": int},
    "Kline": {**MARKET, **BAR},
    "Order": ORDER,
    "SmartOrder": {
        "order": pyalgo.Order,
        "side": Side,
        "state": pyalgo.State,
        "order_type": OrderType,
        "tif": Tif,
        "quantity": float,
        "price": float,
        "acc": float,
        "making": bool,
        "is_active": bool,
    },
    "Event": {"event_type": pyalgo.EventType, "data": object},
    "PremiumIndex": {
        "time": int,
        "datetime": dt.datetime,
        "symbol": str,
        "mark_price": float,
        "index_price": float,
        "estimated_settle_price": float,
        "last_funding_rate": float,
        "next_funding_time": int,
        "next_funding_dt": dt.datetime,
        "interest_rate": float,
    },
    "Position": {"symbol": str, "net": float},
}


@pytest.fixture(scope="module")
def objects() -> Iterator[dict[str, object]]:
    """One living object of every class that has attributes."""
    bench = Bench()
    events: list[Event] = []
    bench.context.on_event = events.append
    book = bench.context.open_subscription("dogeusdt", "depth")
    bars = bench.context.open_subscription("dogeusdt", "kline:1m")
    bench.client.start_delivery()
    bench.settle()
    smart = SmartOrder(book)
    smart.send(0.6, 30, Side.BUY, OrderType.LIMIT)
    bench.settle()
    assert smart.order is not None
    bench.gateway.fill(smart.order.client_order_id, "10")
    bench.gateway.send(encode(depth("dogeusdt", "0.59", "0.61")))
    bench.gateway.send(encode(kline()))
    bench.settle()
    yield {
        "Engine": Engine(0.001),
        "Context": bench.context,
        "Session": bench.context.session,
        "DepthSubscription": book,
        "BarSubscription": bars,
        "Depth": book.data,
        "Kline": bars.data,
        "Order": smart.order,
        "SmartOrder": smart,
        "Event": events[0],
        "PremiumIndex": PremiumIndex(1, "BTCUSDT", 1.0, 1.0, 1.0, 0.0, 2, 0.0001),
        "Position": book.position,
    }
    pyalgo.log.close()


@pytest.fixture(scope="module", autouse=True)
def own_directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("api"))
        yield


@pytest.mark.parametrize("name", SIGNATURES)
def test_a_function_takes_what_the_originals_took(name: str) -> None:
    function, expected = SIGNATURES[name]
    parameters = list(inspect.signature(function).parameters.values())
    names = expected.split()
    assert [parameter.name for parameter in parameters[: len(names)]] == names
    for more in parameters[len(names) :]:
        assert more.kind is inspect.Parameter.VAR_KEYWORD or more.default is not inspect.Parameter.empty


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in ATTRIBUTES.items() for name in names])
def test_an_attribute_is_there_and_of_the_originals_type(kind: str, name: str, objects: dict[str, object]) -> None:
    value = getattr(objects[kind], name)
    assert isinstance(value, ATTRIBUTES[kind][name])
    if isinstance(value, dt.datetime):
        assert value.utcoffset() == dt.timedelta(hours=8)


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in MEMBERS.items() for name in names.split()])
def test_a_word_is_there(kind: str, name: str) -> None:
    word = getattr(getattr(pyalgo, kind), name)
    assert (word.name, word.value, str(word)) == (name, name, name)


def test_defaults_are_the_originals() -> None:
    assert inspect.signature(Engine.make_session).parameters["trading"].default is False
    assert inspect.signature(SmartOrder.send).parameters["tif"].default is Tif.GTC
    assert inspect.signature(Engine).parameters["level"].default == "info"
    assert Engine.start is Engine.run


def test_every_name_is_exported() -> None:
    classes = {name.partition(".")[0] for name in (*SIGNATURES, *MEMBERS, *ATTRIBUTES)}
    assert classes <= set(pyalgo.__all__)
    assert {"Subscription", "Handle", "TradingPhase", "Rest"} <= set(pyalgo.__all__)
    assert callable(Handle.close)


def test_orders_are_read_only_facts_that_change_in_place(objects: dict[str, object]) -> None:
    order = objects["Order"]
    assert isinstance(order, pyalgo.Order)
    assert (order.acc, order.quantity, order.is_active, order.state) == (10.0, 30.0, True, "PARTIALLY_FILLED")
    assert order.order_time <= order.trade_time
