"""Subscriptions to the account's events that end: renewed, refused, terminated, or moved to another connection."""

from decimal import Decimal

import pytest

from tests.unit.venues.binance.exchange_double import SERVER_MS, World, path_and_params
from tests.unit.venues.binance.subscriptions import BOTH, HOUR, MOVED, SHUTDOWN, TERMINATED, connected, states, waiting
from tradingsys.core.io import Opened
from tradingsys.core.reports import (
    AssetMoved,
    LimitsSeen,
    Oddity,
)
from tradingsys.venues.binance.product import Product
from tradingsys.venues.binance.products import MARGIN, SPOT


def test_a_margin_account_subscribes_with_a_token_that_it_asks_for() -> None:
    world = connected(MARGIN)
    world.event(Opened("user"))
    (request,) = waiting(world, "/sapi/v1/userListenToken")
    method, _, params = path_and_params(request)
    assert method == "POST"
    assert "signature=" in request.url
    assert set(params) == {"recvWindow", "timestamp"}
    world.reply_http({"token": "tok", "expirationTime": SERVER_MS + 1}, request=request)
    ((_, subscribe),) = world.user_frames
    assert (subscribe.method, subscribe.params) == ("userDataStream.subscribe.listenToken", {"listenToken": "tok"})
    assert states(world) == []
    world.reply_user({"subscriptionId": 1, "expirationTime": SERVER_MS + 86_400_000})
    assert states(world) == [True]


def test_a_token_is_renewed_on_the_same_connection_well_before_it_ends() -> None:
    world = World(product=MARGIN).up()
    world.wait(22 * HOUR)
    assert not waiting(world, "/sapi/v1/userListenToken")
    world.wait(HOUR)
    world.requests = waiting(world, "/sapi/v1/userListenToken")
    assert len(world.requests) == 1
    world.subscribe(subscriptionId=2, expirationTime=SERVER_MS + 2 * 86_400_000)
    assert states(world) == []
    world.tell(TERMINATED, subscription=0)
    assert states(world) == [], "the end of the older subscription"
    assert not world.closing
    world.tell(MOVED, subscription=2)
    assert len(world.told(AssetMoved)) == 1


def test_a_token_that_could_not_be_renewed_is_tried_again_while_the_old_one_holds() -> None:
    world = World(product=MARGIN).up()
    world.wait(23 * HOUR)
    (request,) = waiting(world, "/sapi/v1/userListenToken")
    world.fail_http(sent=True, request=request)
    assert states(world) == []
    assert any("renewed" in oddity.text for oddity in world.told(Oddity))
    world.wait(61)
    assert len(waiting(world, "/sapi/v1/userListenToken")) == 1


def test_a_token_that_ends_unannounced_while_nothing_could_be_asked_is_a_gap() -> None:
    world = connected(MARGIN)
    world.open_subscribed(expirationTime=SERVER_MS + 2 * HOUR * 1000)
    for minute in range(120):
        for request in waiting(world, "/sapi/v1/userListenToken"):
            world.fail_http(sent=True, request=request)
        assert states(world) == [True], f"it holds after {minute} minutes"
        world.wait(60)
    assert states(world) == [True, False]
    # What happened from now on is asked for after the rise.
    world.subscribe(subscriptionId=3, expirationTime=SERVER_MS + 24 * HOUR * 1000)
    assert states(world) == [True, False, True]


def test_the_end_of_a_token_that_was_renewed_is_none() -> None:
    world = World(product=MARGIN).up()
    world.wait(23 * HOUR)
    world.requests = waiting(world, "/sapi/v1/userListenToken")
    world.subscribe(subscriptionId=2, expirationTime=SERVER_MS + 2 * 86_400_000)
    world.wait(2 * HOUR)
    assert states(world) == []


@BOTH
def test_without_the_venue_s_time_nothing_is_signed(product: Product) -> None:
    world = World(product=product)
    world.take(world.protocol.connect(world.now_ns))
    world.event(Opened("user"))
    assert not world.user_frames
    assert not waiting(world, "/sapi/v1/userListenToken")
    world.tell_time()
    world.subscribe()
    assert states(world)[-1] is True


@BOTH
def test_what_was_subscribed_already_is_subscribed(product: Product) -> None:
    world = connected(product)
    world.event(Opened("user"))
    if product is MARGIN:
        (request,) = waiting(world, "/sapi/v1/userListenToken")
        world.reply_http({"token": "tok", "expirationTime": SERVER_MS + 1}, request=request)
    else:
        world.reply_user({})
    world.refuse_user(-2035)
    assert states(world) == [True]
    world.tell(TERMINATED, subscription=7)
    assert states(world) == [True, False]


@pytest.mark.parametrize("code", [-1193, -2028, -1021, -1209])
def test_a_refused_subscription_is_tried_again_on_another_connection_after_a_pause(code: int) -> None:
    world = connected()
    for pause in (0.5, 1, 2, 4):
        world.opening.clear()
        world.event(Opened("user"))
        world.refuse_user(code)
        assert world.closing == ["user"]
        world.closing.clear()
        world.close("user")
        world.wait(pause - 0.01)
        assert not [opening for opening in world.opening if opening.channel.startswith("user")]
        world.wait(0.01)
        assert [opening.channel for opening in world.opening if opening.channel.startswith("user")] == ["user"]
    assert states(world) == [False]


def knocks(world: World) -> int:
    """How often the exchange was asked for anything since this was last counted."""
    count = len(world.requests) + len(world.opening) + len(world.user_frames)
    world.requests.clear()
    world.opening.clear()
    world.user_frames.clear()
    return count


def test_who_is_banned_does_not_knock_until_the_ban_is_over() -> None:
    world = connected(MARGIN)
    world.event(Opened("user"))
    ban = {"code": -1003, "msg": "Way too many requests; IP banned."}
    for path in ("/sapi/v1/userListenToken", "/sapi/v1/margin/listen-key"):
        (request,) = waiting(world, path)
        world.reply_http(ban, 418, {"retry-after": "120"}, request)
    world.close("user")
    assert knocks(world)
    world.wait(119)
    assert not knocks(world)
    world.wait(1)
    assert {opening.channel for opening in world.opening} == {"user"}
    assert len(waiting(world, "/sapi/v1/margin/listen-key")) == 1


@pytest.mark.parametrize(("status", "code"), [(418, -1003), (429, -1003)])
def test_a_refused_subscription_is_not_tried_again_before_the_exchange_wants_it(status: int, code: int) -> None:
    world = connected()
    world.event(Opened("user"))
    world.refuse_user(code, status, wait_ms=90_000)
    assert [seen.retry_after_ms for seen in world.told(LimitsSeen)] == [90_000], "so that nothing else is asked either"
    world.close("user")
    knocks(world)
    world.wait(89)
    assert not knocks(world)
    world.wait(1)
    assert [opening.channel for opening in world.opening] == ["user"]


def test_a_renewal_waits_for_the_end_of_a_ban_and_so_does_what_ends_meanwhile() -> None:
    world = World(product=MARGIN).up()
    world.wait(23 * HOUR)
    (request,) = waiting(world, "/sapi/v1/userListenToken")
    world.reply_http({"code": -1003, "msg": "no"}, 429, {"retry-after": "300"}, request)
    world.wait(200)
    world.tell(TERMINATED)
    assert states(world) == [False]
    world.wait(99)
    assert not waiting(world, "/sapi/v1/userListenToken")
    world.wait(1)
    world.subscribe(subscriptionId=1)
    assert states(world) == [False, True]


def test_a_subscription_that_is_not_answered_is_given_up() -> None:
    world = connected()
    world.event(Opened("user"))
    world.wait(10)
    assert "user" in world.closing


@BOTH
def test_a_terminated_subscription_is_had_again_on_the_same_connection(product: Product) -> None:
    world = World(product=product).up()
    world.tell(TERMINATED)
    assert states(world) == [False]
    world.subscribe(subscriptionId=1)
    assert states(world) == [False, True]
    assert not world.closing


@pytest.mark.parametrize(("product", "why"), [(SPOT, "shutdown"), (MARGIN, "shutdown"), (SPOT, "age")])
def test_a_connection_that_will_end_is_replaced_while_it_lasts(product: Product, why: str) -> None:
    world = World(product=product).up()
    world.wait(60)
    if why == "shutdown":
        world.tell(SHUTDOWN, subscription=None)
        world.tell(SHUTDOWN, subscription=None)
    else:
        world.wait(23.5 * HOUR)
    assert [opening.channel for opening in world.opening if opening.channel.startswith("user")] == ["user-2"]
    world.tell(MOVED)
    assert len(world.told(AssetMoved)) == 1, "the old one still brings events"
    world.open_subscribed("user-2")
    assert world.closing.count("user") == 1
    world.close("user")
    assert states(world) == []
    world.tell(MOVED, "user-2")
    first, second = world.told(AssetMoved)
    assert first == second == AssetMoved("USDT", Decimal("-100.5"), first.ext_id, 4)


def test_two_equal_movements_of_one_moment_are_two_whichever_subscription_tells_them() -> None:
    world = World(product=SPOT).up()
    world.wait(60)
    world.tell(SHUTDOWN, subscription=None)
    world.event(Opened("user-2"))
    world.tell(MOVED)
    world.tell(MOVED)
    world.subscribe()
    world.tell(MOVED, "user-2")
    world.tell(MOVED, "user-2")
    told = world.told(AssetMoved)
    assert [moved.repeat for moved in told] == [0, 1, 0, 1]
    assert told[0] == told[2] != told[1] == told[3]


def test_a_renewed_subscription_on_the_same_connection_counts_anew() -> None:
    world = World(product=MARGIN).up()
    for subscription in (0, 0, 1, 1):
        world.tell(MOVED, subscription=subscription)
    assert [moved.repeat for moved in world.told(AssetMoved)] == [0, 1, 0, 1]


def test_what_was_told_long_ago_is_not_counted_for_ever() -> None:
    world = World(product=SPOT).up()
    world.tell(MOVED)
    for cleared_ms in range(1_000):
        world.tell(b'{"e":"balanceUpdate","E":5,"a":"USDT","d":"1","T":%d}' % cleared_ms)
    world.tell(MOVED)
    assert {moved.repeat for moved in world.told(AssetMoved)} == {0}


def test_a_connection_that_ends_before_the_other_is_ready_is_a_gap() -> None:
    world = World(product=SPOT).up()
    world.wait(60)
    world.tell(SHUTDOWN, subscription=None)
    world.close("user")
    assert states(world) == [False]
    world.open_subscribed("user-2")
    assert states(world) == [False, True]
    assert not [opening for opening in world.opening if opening.channel == "user"]


def test_a_server_that_shuts_down_again_and_again_is_not_hammered() -> None:
    world = connected()
    world.open_subscribed()
    for _ in range(3):
        world.tell(SHUTDOWN, subscription=None)
    assert not [opening for opening in world.opening if opening.channel.startswith("user")]
    world.wait(0.5)
    assert [opening.channel for opening in world.opening if opening.channel.startswith("user")] == ["user-2"]


def test_while_both_connections_end_nothing_is_due() -> None:
    world = World(product=SPOT).up()
    world.wait(60)
    world.tell(SHUTDOWN, subscription=None)
    world.open_subscribed("user-2")
    assert world.closing == ["user"]
    world.tell(SHUTDOWN, "user-2", subscription=None)
    world.wait(60)
    assert not [opening for opening in world.opening if opening.channel == "user"]
    deadline_ns = world.protocol.next_deadline_ns
    assert deadline_ns is not None and deadline_ns > world.now_ns
    world.close("user")
    world.wait(1)
    world.open_subscribed("user")
    assert states(world) == []


def test_the_end_of_the_order_channel_is_announced_too() -> None:
    world = World(product=SPOT).up()
    world.tell(SHUTDOWN, "trade", subscription=None)
    assert world.closing == ["trade"]
    assert not world.told(Oddity)
