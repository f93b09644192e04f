"""The exchange wants to be left alone: nothing is sent, whichever clock is wrong, and whoever is started meanwhile."""

import contextlib
from pathlib import Path

from tests.unit.gateway.scene import Scene
from tests.unit.gateway.scripted_venue import START_MS, ScriptedVenue
from tradingsys.core.commands import RateLimit, TimeQuery
from tradingsys.core.errors import TradingError, TransportError
from tradingsys.core.reports import LimitsSeen
from tradingsys.core.venue_clock import VenueClock
from tradingsys.oms.procedure import ask
from tradingsys.wire.messages import ErrorCode

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS


def asleep(scene: Scene, ms: int) -> None:
    """The machine is suspended: its monotonic clock stands still, the time of day goes on."""
    scene.wall_off_ms += ms


async def asking_the_time() -> None:
    with contextlib.suppress(TradingError):
        await ask(TimeQuery())


def begin_again(scene: Scene) -> None:
    """A gateway is started, which knows of the exchange's time nothing."""
    scene.venue.clock = VenueClock()
    scene.start()


def test_a_ban_is_not_over_because_a_clock_that_was_behind_is_set_right(tmp_path: Path) -> None:
    scene = Scene(tmp_path).ready()
    client = scene.client()
    scene.says(LimitsSeen({}, 2_000))
    scene.venue.clock.doubt()
    scene.venue.clock.set(scene.now_ms() + 4_000, scene.now_ns, scene.now_ns)
    code, text = client.error("order", client.order_params())
    assert code == ErrorCode.DENIED and "try again in 2.0 s" in text
    scene.run(1.999)
    assert client.error("order", client.order_params())[0] == ErrorCode.DENIED
    scene.run(0.001)
    assert client.order()


def test_a_ban_that_is_told_before_the_time_is_known_stops_a_start(tmp_path: Path) -> None:
    venue = ScriptedVenue()
    venue.answers[TimeQuery] = lambda _: TransportError("no answer", sent=True)
    scene = Scene(tmp_path, venue=venue)
    scene.says(LimitsSeen({}, 30_000))
    venue.asked.clear()
    del venue.answers[TimeQuery]
    scene.run(29)
    assert not venue.asked
    scene.ready()


def test_a_gateway_that_is_started_during_a_ban_says_so_and_asks_nothing_until_it_is_over(tmp_path: Path) -> None:
    scene = Scene(tmp_path).ready()
    scene.says(LimitsSeen({}, 20 * MINUTE_MS))
    scene.run(60)
    scene.gateway.stop()
    scene.venue.asked.clear()
    begin_again(scene)
    assert "until then the exchange wants to be left alone" in scene.gateway.text
    assert "docs/errors.md" in scene.gateway.text
    assert scene.gateway.venue.left_alone_until_ms == START_MS + scene.now_ns // 10**6 + 19 * MINUTE_MS
    told = len(scene.logged)
    scene.run(19 * 60 - 1)
    assert not scene.venue.asked and len(scene.logged) == told, "it is said once"
    scene.ready()
    assert not scene.gateway.venue.left_alone_until_ms


def test_too_many_orders_keep_nobody_from_starting(tmp_path: Path) -> None:
    scene = Scene(tmp_path).ready()
    scene.says(LimitsSeen({}, 20 * MINUTE_MS, is_of_orders=True))
    client = scene.client()
    assert client.error("order", client.order_params())[0] == ErrorCode.DENIED
    scene.gateway.stop()
    begin_again(scene)
    scene.ready()


def test_a_ban_of_long_ago_as_an_old_copy_of_the_book_has_it_delays_nobody(tmp_path: Path) -> None:
    scene = Scene(tmp_path).ready()
    scene.says(LimitsSeen({}, 20 * MINUTE_MS))
    scene.gateway.stop()
    asleep(scene, 24 * HOUR_MS)
    begin_again(scene)
    scene.ready()


def test_a_start_in_the_time_of_a_ban_that_the_time_of_day_denies_goes_on_when_it_is_begun_again(
    tmp_path: Path,
) -> None:
    scene = Scene(tmp_path).ready()
    scene.says(LimitsSeen({}, 48 * HOUR_MS))
    scene.gateway.stop()
    scene.wall_off_ms = -(40 * 365 * 24 * HOUR_MS)
    begin_again(scene)
    scene.run(3_600)
    assert not scene.gateway.is_ready
    scene.gateway.stop()
    scene.wall_off_ms = 72 * HOUR_MS
    begin_again(scene)
    scene.ready()


def test_neither_a_clock_that_is_set_nor_a_machine_that_slept_ends_a_ban_early(tmp_path: Path) -> None:
    scene = Scene(tmp_path).ready()
    client = scene.client()
    scene.says(LimitsSeen({}, 30 * MINUTE_MS))
    scene.run(60)
    scene.wall_off_ms += 9 * HOUR_MS
    scene.run(28 * 60)
    assert client.error("order", client.order_params())[0] == ErrorCode.DENIED
    scene.run(60)
    assert client.order()


def test_each_ban_is_told_and_kept_for_the_next_gateway(tmp_path: Path) -> None:
    scene = Scene(tmp_path).ready()
    for minutes in (60, 30):
        scene.says(LimitsSeen({}, minutes * MINUTE_MS))
        scene.run(59 * 60 + 60)
    scene.says(LimitsSeen({}, 20 * MINUTE_MS))
    assert sum("wants to be left alone" in line for line in scene.logged) == 3
    scene.gateway.stop()
    begin_again(scene)
    assert scene.gateway.venue.ban_left_ms == 20 * MINUTE_MS


def test_a_ban_that_grows_little_by_little_is_told_once_and_kept_to_its_end(tmp_path: Path) -> None:
    scene = Scene(tmp_path).ready()
    for longer_ms in (0, 4_000, 8_000, 8_500):
        scene.says(LimitsSeen({}, 20 * MINUTE_MS + longer_ms))
    assert sum("wants to be left alone" in line for line in scene.logged) == 1
    scene.gateway.stop()
    begin_again(scene)
    assert scene.gateway.venue.ban_left_ms == 20 * MINUTE_MS + 8_500


def test_a_ban_told_while_a_clock_ran_ahead_delays_one_start_and_no_other(tmp_path: Path) -> None:
    scene = Scene(tmp_path).ready()
    scene.wall_off_ms = 365 * 24 * HOUR_MS
    scene.says(LimitsSeen({}, 2 * MINUTE_MS))
    scene.gateway.stop()
    scene.wall_off_ms = 0
    begin_again(scene)
    scene.run(119)
    assert not scene.gateway.is_ready
    scene.ready()
    scene.gateway.stop()
    begin_again(scene)
    assert not scene.gateway.venue.ban_left_ms
    scene.ready()


def test_too_many_orders_hold_up_no_cancel_and_hide_no_ban(tmp_path: Path) -> None:
    scene = Scene(tmp_path).ready()
    client = scene.client()
    rests = client.order()
    scene.accepts(rests)
    scene.says(LimitsSeen({}, HOUR_MS, is_of_orders=True))
    assert client.error("order", client.order_params())[0] == ErrorCode.DENIED
    client.result("cancel", {"client_order_id": rests})
    assert not scene.gateway.venue.left_alone_until_ms
    scene.says(LimitsSeen({}, MINUTE_MS))
    assert scene.gateway.venue.ban_left_ms == MINUTE_MS
    assert [line for line in scene.logged if "too many orders" in line or "left alone" in line][-2:] == [
        "warning: too many orders for the exchange: no new ones until then {'seconds': 3600}",
        "warning: the exchange wants to be left alone: nothing is sent until then {'seconds': 60}",
    ]


def test_a_ban_is_no_doing_of_whoever_filled_the_rate_limit_before(tmp_path: Path) -> None:
    scene = Scene(tmp_path).ready()
    client, venue = scene.client(1), scene.gateway.venue
    venue.set_limits([RateLimit("orders", MINUTE_MS, 10)])
    for _ in range(9):
        client.order()
    order = scene.venue.commands[-1]
    is_filled_by_it = [venue.is_filled_by(1, order)]
    scene.says(LimitsSeen({}, 50_000))
    is_filled_by_it.append(venue.is_filled_by(1, order))
    assert is_filled_by_it == [True, False]
    refusal = client.ask("order", client.order_params())["error"]
    figures = refusal["limit"], refusal["allowed"], refusal["observed"]
    assert figures == ("exchange: shut out", "0 in 50 s", "1 in 50 s")


def test_what_waits_for_the_end_of_a_ban_is_not_told_to_wait_for_room(tmp_path: Path) -> None:
    scene = Scene(tmp_path).ready()
    scene.says(LimitsSeen({}, MINUTE_MS))
    scene.venue.asked.clear()
    scene.client().request("get_balances")
    scene.gateway.run(asking_the_time())
    scene.run(30)
    assert not scene.venue.asked and not [line for line in scene.logged if "reading waits for room" in line]
    scene.run(31)
    assert TimeQuery() in scene.venue.asked


def test_a_ban_is_told_once_and_shown_to_operators(tmp_path: Path) -> None:
    scene = Scene(tmp_path).ready()
    scene.says(LimitsSeen({}, 20 * MINUTE_MS), LimitsSeen({}, 20 * MINUTE_MS))
    assert sum("wants to be left alone" in line for line in scene.logged) == 1
    until_ms = scene.operator().result("op.status")["left_alone_until_ms"]
    assert until_ms == START_MS + scene.now_ns // 10**6 + 20 * MINUTE_MS
