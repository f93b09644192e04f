from decimal import Decimal

import pytest
from hypothesis import given

from tests.unit.venues.binance import strategies as some
from tests.unit.venues.binance.exchange_double import SERVER_MS, World, path_and_params
from tradingsys.core.enums import OrderStatus
from tradingsys.core.io import Frame, Opened
from tradingsys.core.reports import (
    AccountChanged,
    EventMissed,
    MarginCall,
    Oddity,
    OrderChanged,
    SettingsChanged,
    UserStreamState,
)
from tradingsys.venues.binance import encode, messages

HALF_HOUR = 30 * 60


def user_requests(world: World) -> list[tuple[str, str]]:
    return [path_and_params(request)[:2] for request in world.requests]


def test_the_stream_comes_up_with_a_key_that_needs_no_signature() -> None:
    world = World()
    world.take(world.protocol.connect(world.now_ns))
    (request,) = world.requests
    assert (request.method, request.url) == ("POST", "http://x/fapi/v1/listenKey")
    assert list(request.headers) == ["X-MBX-APIKEY"]
    world.open_user()
    assert world.told(UserStreamState) == [UserStreamState(True)]


@given(some.order_reports())
def test_order_updates_are_told(report: OrderChanged) -> None:
    world = World().up()
    world.event(Frame("user", encode.to_bytes(encode.order_trade_update(report))))
    assert world.reports == [report]


def test_all_other_events_are_told_or_pass() -> None:
    world = World().up()
    changed = AccountChanged("ORDER", SERVER_MS, {"USDT": Decimal("10")}, {"ETHUSDT": Decimal("-1")})
    world.event(Frame("user", encode.to_bytes(encode.account_update(changed))))
    assert world.reports == [changed]
    world.event(Frame("user", b'{"e":"GRID_UPDATE","E":1,"T":1,"gu":{}}'))
    assert world.reports == [changed]
    world.event(Frame("user", b'{"e":"MARGIN_CALL","E":1,"p":[{"s":"ETHUSDT","pa":"1"},{"s":"BTCUSDT","pa":"1"}]}'))
    world.event(Frame("user", b'{"e":"ACCOUNT_CONFIG_UPDATE","E":1,"T":1,"ac":{"s":"ETHUSDT","l":3}}'))
    world.event(Frame("user", b'{"e":"ACCOUNT_CONFIG_UPDATE","E":1,"T":1,"ai":{"j":true}}'))
    world.event(Frame("user", b'{"e":"ACCOUNT_CONFIG_UPDATE","E":1,"T":1,"xx":{"j":true}}'))
    assert world.reports[1:] == [
        MarginCall(("ETHUSDT", "BTCUSDT"), 1),
        SettingsChanged("ETHUSDT", 3),
        Oddity("the account's settings were changed: multi-assets mode is on"),
    ]


@pytest.mark.parametrize(
    "data",
    [
        b'{"e":"ORDER_TRADE_UPDATE","E":1,"T":1,"o":{"s":"ETHUSDT"}}',
        b'{"e":"SOMETHING_OF_TOMORROW","E":1}',
        b'{"e":["?"]}',
        b"[1]",
        b"not json",
    ],
)
def test_an_event_that_cannot_be_read_is_named_once_and_missed_each_time(data: bytes) -> None:
    world = World().up()
    for _ in range(3):
        world.event(Frame("user", data))
    (oddity,) = world.told(Oddity)
    assert len(world.told(EventMissed)) == 3
    assert "cannot be read" in oddity.text


def test_strange_words_and_new_fields_of_an_order_change_nothing_about_its_facts() -> None:
    world = World().up()
    text = (
        b'{"e":"ORDER_TRADE_UPDATE","E":2,"T":1,"new":[{}],"o":{"s":"ETHUSDT","c":"c-1","S":"BUY","o":"ICEBERG","f":"?",'
        b'"q":"1","p":"2","x":"MOVED","X":"DREAMING","i":7,"l":"0","z":"0","L":"0","T":1,"t":0,"new":{"x":1}}}'
    )
    world.event(Frame("user", text))
    world.event(Frame("user", text))
    first, second = world.told(OrderChanged)
    assert first == second
    assert (first.order.venue_order_id, first.order.status) == ("7", OrderStatus.NEW)
    told = "".join(oddity.text for oddity in world.told(Oddity))
    assert len(world.told(Oddity)) == 3
    assert all(word in told for word in ("ICEBERG", "MOVED", "DREAMING"))


def test_the_key_is_kept_alive_every_half_hour() -> None:
    world = World().up()
    for _ in range(3):
        world.wait(HALF_HOUR)
        assert user_requests(world) == [("PUT", "/fapi/v1/listenKey")]
        world.reply_http(messages.ListenKey(listen_key="key-1"))
    assert not world.reports


def test_a_failed_keep_alive_is_tried_again_after_a_minute() -> None:
    world = World().up()
    world.wait(HALF_HOUR)
    world.fail_http(sent=True)
    assert [type(report) for report in world.reports] == [Oddity]
    world.wait(60)
    assert user_requests(world) == [("PUT", "/fapi/v1/listenKey")]


@pytest.mark.parametrize("how", ["-1125", "listenKeyExpired"])
def test_a_lost_key_brings_a_new_key_and_a_new_connection(how: str) -> None:
    world = World().up()
    if how == "-1125":
        world.wait(HALF_HOUR)
        world.reply_http(messages.ErrorBody(code=-1125, msg="This listenKey does not exist."), 400)
    else:
        world.event(Frame("user", encode.to_bytes(encode.listen_key_expired("another-key", SERVER_MS))))
        assert not world.reports
        world.event(Frame("user", encode.to_bytes(encode.listen_key_expired("key-1", SERVER_MS))))
    (state,) = world.told(UserStreamState)
    assert not state.is_up
    assert world.closing == ["user"]
    world.close("user")
    world.wait(0)
    world.open_user("key-2")
    assert [state.is_up for state in world.told(UserStreamState)] == [False, True]


def test_a_lost_connection_comes_back_after_a_pause() -> None:
    world = World().up()
    world.close("user", "reset")
    assert world.told(UserStreamState) == [UserStreamState(False, "reset")]
    assert not world.requests
    world.wait(0.5)
    world.open_user()
    assert world.told(UserStreamState)[-1] == UserStreamState(True)


def test_a_failure_to_come_up_is_told_once_and_tried_again_with_growing_pauses() -> None:
    world = World()
    world.take(world.protocol.connect(world.now_ns))
    for pause in (0.5, 1, 2, 4, 8, 10, 10):
        world.reply_http(messages.ErrorBody(code=-1001, msg="down"), 503)
        world.wait(pause - 0.01)
        assert not world.requests
        world.wait(0.01)
        assert len(world.requests) == 1
    assert world.told(UserStreamState) == [UserStreamState(False, "no listen key: -1001 down")]


def test_an_unreadable_key_is_a_failure_too() -> None:
    world = World()
    world.take(world.protocol.connect(world.now_ns))
    world.reply_http(b"<html>")
    assert world.told(UserStreamState) == [UserStreamState(False, "unreadable answer instead of a listen key")]


def test_the_connection_is_renewed_before_a_day() -> None:
    world = World().up()
    for _ in range(46):
        world.wait(HALF_HOUR)
        for request in list(world.requests):
            world.reply_http(messages.ListenKey(listen_key="key-1"), request=request)
        if "trade" in world.closing:
            world.closing.remove("trade")
            world.close("trade")
    assert not world.closing
    world.wait(HALF_HOUR)
    assert "user" in world.closing


def test_connecting_twice_opens_once() -> None:
    world = World().up()
    world.take(world.protocol.connect(world.now_ns))
    assert not world.opening
    assert not world.requests
    world.event(Opened("market"))
    assert [type(report) for report in world.reports] == [Oddity]
