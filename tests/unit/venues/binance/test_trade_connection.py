"""The connection that orders go by: how it opens, logs on, is replaced and given up."""

from typing import Any

import pytest

from tests.unit.venues.binance.exchange_double import (
    API_KEY,
    SECOND_NS,
    SERVER_MS,
    World,
    accepted,
    hmac,
    limit_order,
    path_and_params,
)
from tradingsys.core.io import Frame, Opened
from tradingsys.core.reports import Outcome, RequestDone, TradingState
from tradingsys.venues.binance import encode, messages


def test_a_connection_that_stays_silent_is_replaced() -> None:
    world = World().up()
    world.command(limit_order())
    world.wait(41)
    assert world.closing == ["trade"]
    world.close("trade")
    assert len(world.told(RequestDone)) == 1, "it was reported when it timed out"
    world.wait(1)
    assert [opening.channel for opening in world.opening] == ["trade"]


def test_reconnecting_backs_off_to_ten_seconds_and_begins_anew_after_a_good_connection() -> None:
    world = World()
    world.tell_time()
    world.take(world.protocol.connect(world.now_ns))
    waits = []
    for _ in range(7):
        world.opening.clear()
        world.close("trade", "refused")
        started = world.now_ns
        while not world.opening:
            world.wait(0.1)
        waits.append((world.now_ns - started) / SECOND_NS)
    assert waits == pytest.approx([0.5, 1, 2, 4, 8, 10, 10], abs=0.11)
    world.open_trade()
    world.wait(31)
    world.close("trade")
    world.wait(0.5)
    assert world.opening


def test_the_connection_is_renewed_before_a_day_without_losing_an_answer() -> None:
    world = World().up()
    world.wait(23 * 3600 - 5)
    world.command(limit_order())
    world.wait(6)
    assert not world.closing
    world.command(limit_order("c-2"))
    assert [path_and_params(request)[1] for request in world.requests][-1] == "/fapi/v1/order"
    world.reply_ws(encode.order_reply(accepted(limit_order())))
    assert world.done().outcome is Outcome.ACCEPTED
    world.wait(1)
    assert world.closing == ["trade"]
    world.close("trade")
    world.wait(0)
    assert [opening.channel for opening in world.opening] == ["trade"]


def test_logging_on_waits_for_the_venue_s_time() -> None:
    world = World()
    world.take(world.protocol.connect(world.now_ns))
    world.event(Opened("trade"))
    assert not world.frames
    world.tell_time()
    (logon,) = world.frames
    assert logon.method == "session.logon"
    world.reply_ws(messages.SessionState(api_key=API_KEY, authorized_since=SERVER_MS))
    assert world.told(TradingState) == [TradingState(True, "ws-api")]


def test_a_refused_logon_falls_back_to_rest_unless_the_key_is_bad() -> None:
    for code, state in [
        (-1021, TradingState(True, "rest", "logon refused: -1021 no")),
        (-2015, TradingState(False, "", "logon refused: -2015 no")),
    ]:
        world = World()
        world.tell_time()
        world.take(world.protocol.connect(world.now_ns))
        world.event(Opened("trade"))
        world.refuse_ws(code)
        assert world.told(TradingState) == [state]
        assert world.closing == ["trade"]


def test_a_logon_that_was_one_request_too_many_is_tried_again_when_the_exchange_wants_it() -> None:
    world = World()
    world.tell_time()
    world.take(world.protocol.connect(world.now_ns))
    world.event(Opened("trade"))
    world.refuse_ws(-1003, status=429, wait_ms=40_000)
    world.close("trade")
    world.opening.clear()
    world.wait(39)
    assert not [opening for opening in world.opening if opening.channel == "trade"]
    world.wait(1)
    assert [opening.channel for opening in world.opening if opening.channel == "trade"] == ["trade"]


def test_an_order_too_many_keeps_nobody_from_connecting_again() -> None:
    world = World().up()
    world.command(limit_order())
    world.refuse_ws(-1015, status=429, wait_ms=80_000_000)
    world.close("trade")
    world.wait(1)
    assert [opening.channel for opening in world.opening if opening.channel == "trade"] == ["trade"]


def test_no_answer_to_the_logon_closes_the_connection() -> None:
    world = World()
    world.tell_time()
    world.take(world.protocol.connect(world.now_ns))
    world.event(Opened("trade"))
    world.wait(11)
    assert world.closing == ["trade"]


def test_keys_that_cannot_log_on_sign_every_request() -> None:
    world = World(hmac()).up()
    assert not world.frames
    world.command(limit_order())
    params: Any = world.frames[0].params
    assert params["apiKey"] == API_KEY
    assert "signature" in params


def test_a_session_that_ends_is_replaced() -> None:
    world = World().up()
    body = messages.ErrorBody(code=-2015, msg="Invalid API-key, IP, or permissions for action.")
    world.event(Frame("trade", encode.ws_api_error(None, 401, body)))
    assert world.closing == ["trade"]
    assert world.told(TradingState)[0].via == "rest"
