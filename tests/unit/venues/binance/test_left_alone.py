"""Whichever way the exchange says that it wants to be left alone, nothing is sent on any other, or connected."""

from collections.abc import Callable

import pytest

from tests.unit.venues.binance.exchange_double import World, limit_order
from tradingsys.core.commands import OpenOrdersQuery, TimeQuery
from tradingsys.core.errors import Banned, RateLimited
from tradingsys.core.io import Opened
from tradingsys.core.reports import Answer, LimitsSeen
from tradingsys.venues.binance.product import Product
from tradingsys.venues.binance.products import SPOT, USDM

BAN_S = 120
BANNED = {"code": -1003, "msg": "Way too many requests; IP banned."}


def an_answer(world: World) -> None:
    world.ask(OpenOrdersQuery())
    world.reply_http(BANNED, 418, {"retry-after": str(BAN_S)}, world.requests[-1])


def an_order(world: World) -> None:
    world.command(limit_order())
    world.refuse_ws(-1003, status=418, wait_ms=BAN_S * 1_000)


def knocks(world: World) -> int:
    """How often the exchange was asked for anything, or a connection opened, since this was last counted."""
    count = len(world.requests) + len(world.opening) + len(world.frames) + len(world.user_frames)
    for each in (world.requests, world.opening, world.frames, world.user_frames):
        each.clear()
    return count


@pytest.mark.parametrize("product", [USDM, SPOT])
@pytest.mark.parametrize("tells", [an_answer, an_order])
def test_nobody_knocks_during_a_ban_that_another_was_told(tells: Callable[[World], None], product: Product) -> None:
    world = World(product=product).up()
    tells(world)
    for channel in ("trade", "user"):
        world.close(channel)
    knocks(world)
    world.wait(BAN_S - 1)
    assert not knocks(world)
    world.wait(2)
    assert {opening.channel for opening in world.opening} | {"user"} == {"trade", "user"}
    assert knocks(world) >= 2


def test_a_key_is_kept_alive_when_the_ban_is_over() -> None:
    world = World().up()
    world.wait(30 * 60 - 60)
    an_answer(world)
    world.wait(BAN_S - 1)
    assert not knocks(world)
    world.wait(2)
    assert [request.method for request in world.requests] == ["PUT"]


def test_who_comes_up_during_a_ban_connects_when_it_is_over() -> None:
    world = World()
    world.tell_time()
    an_answer(world)
    world.take(world.protocol.connect(world.now_ns))
    world.wait(BAN_S - 1)
    assert not knocks(world)
    world.wait(2)
    assert [opening.channel for opening in world.opening] == ["trade"] and len(world.requests) == 1


def test_a_connection_that_is_there_only_when_a_ban_began_logs_on_when_it_is_over() -> None:
    world = World()
    world.tell_time()
    world.take(world.protocol.connect(world.now_ns))
    an_answer(world)
    knocks(world)
    world.event(Opened("trade"))
    world.wait(BAN_S - 1)
    assert not knocks(world)
    world.wait(2)
    assert world.frames and not world.opening


def test_an_account_with_too_many_orders_may_ask_and_connect() -> None:
    world = World().up()
    world.ask(OpenOrdersQuery())
    world.reply_http({"code": -1015, "msg": "Too many new orders."}, 429, {"retry-after": "60"}, world.requests[-1])
    assert world.told(LimitsSeen) == [LimitsSeen({}, 60_000, is_of_orders=True)]
    world.close("trade")
    world.wait(1)
    assert [opening.channel for opening in world.opening] == ["trade"]


def test_too_many_orders_keep_no_stream_from_coming_back() -> None:
    world = World(product=SPOT)
    world.tell_time()
    world.take(world.protocol.connect(world.now_ns))
    world.event(Opened("user"))
    world.refuse_user(-1015, 429, wait_ms=60_000)
    knocks(world)
    world.ask(OpenOrdersQuery())
    assert knocks(world), "too many are new orders, not questions"


def test_the_second_part_of_a_question_waits_for_the_end_of_a_ban_that_came_after_the_first() -> None:
    world = World().up()
    world.ask(OpenOrdersQuery())
    (first,) = world.requests
    world.ask(TimeQuery(), 2)
    world.reply_http(BANNED, 418, {"retry-after": str(BAN_S)}, world.requests[-1])
    world.reply_http([], request=first)
    assert not knocks(world)
    shut_out, second = world.told(Answer)
    assert isinstance(shut_out.error, Banned) and isinstance(second.error, RateLimited)
    assert second.error.retry_after_ms == BAN_S * 1_000
