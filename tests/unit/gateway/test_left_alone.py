"""The exchange wants to be left alone: nothing is sent, whichever clock is wrong, and whoever is started meanwhile."""

from pathlib import Path

from tests.unit.gateway.scene import Scene
from tests.unit.gateway.scripted_venue import START_MS, ScriptedVenue
from tradingsys.core.commands import TimeQuery
from tradingsys.core.errors import TransportError
from tradingsys.core.io import BanOver, Input
from tradingsys.core.reports import LimitsSeen
from tradingsys.core.venue_clock import VenueClock
from tradingsys.venues.protocol import Output
from tradingsys.wire.messages import ErrorCode

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS


class ListeningVenue(ScriptedVenue):
    """Remembers what it was told of the world."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[Input] = []

    def handle(self, event: Input, now_ns: int) -> list[Output]:
        self.told.append(event)
        return super().handle(event, now_ns)


def asleep(scene: Scene, ms: int) -> None:
    """The machine is suspended: its monotonic clock stands still, the time of day goes on."""
    scene.wall_off_ms += ms


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


def test_a_start_in_the_time_of_a_ban_that_the_time_of_day_denies_goes_on_when_that_is_set(tmp_path: Path) -> None:
    scene = Scene(tmp_path).ready()
    scene.says(LimitsSeen({}, 48 * HOUR_MS))
    scene.gateway.stop()
    scene.wall_off_ms = -(40 * 365 * 24 * HOUR_MS)
    begin_again(scene)
    scene.run(3_600)
    assert not scene.gateway.is_ready
    scene.wall_off_ms = 72 * HOUR_MS
    scene.ready()


def test_who_slept_through_a_ban_goes_on_and_so_do_connections(tmp_path: Path) -> None:
    venue = ListeningVenue()
    scene = Scene(tmp_path, venue=venue).ready()
    client = scene.client()
    scene.says(LimitsSeen({}, 8 * HOUR_MS))
    scene.run(60)
    assert client.error("order", client.order_params())[0] == ErrorCode.DENIED
    assert not any(isinstance(event, BanOver) for event in venue.told)
    asleep(scene, 9 * HOUR_MS)
    scene.run(60)
    assert any(isinstance(event, BanOver) for event in venue.told)
    assert client.order()


def test_a_ban_is_told_once_and_shown_to_operators(tmp_path: Path) -> None:
    scene = Scene(tmp_path).ready()
    scene.says(LimitsSeen({}, 20 * MINUTE_MS), LimitsSeen({}, 20 * MINUTE_MS))
    assert sum("wants to be left alone" in line for line in scene.logged) == 1
    until_ms = scene.operator().result("op.status")["left_alone_until_ms"]
    assert until_ms == START_MS + scene.now_ns // 10**6 + 20 * MINUTE_MS
