"""What keeps a gateway from starting, and what it says then."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.simulate import rig as rigs
from tests.simulate.rig import Rig
from tests.simulate.world import s
from tests.unit.gateway.scene import Scene
from tests.unit.gateway.scripted_venue import ScriptedVenue
from tradingsys.core.commands import PlaceOrder, TimeQuery
from tradingsys.core.errors import ConfigError, TransportError
from tradingsys.venues.auth import load_signer


def test_a_book_of_another_account_is_refused(tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    first, second = Rig(tmp_path / "first"), Rig(tmp_path / "second")
    for rig in (first, second):
        rig.gateway.stop()
    # Both worlds begin at the same instant; an exchange that was started later calls its accounts otherwise.
    second.simulator.exchange.first_id += 1
    second.folder = first.folder
    second.start(until_ready=False)
    second.run(6)
    assert isinstance(second.gateway.failure, ConfigError)
    assert "of its own" in str(second.gateway.failure)


def test_a_key_that_the_exchange_refuses_ends_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rig = Rig(tmp_path)
    rig.gateway.stop()
    monkeypatch.setattr(rigs, "signer", lambda: load_signer(secret="another secret"))
    rig.start(until_ready=False)
    rig.run(6)
    assert isinstance(rig.gateway.failure, ConfigError)
    assert "-1022" in str(rig.gateway.failure) and "do apikey and pem" in str(rig.gateway.failure)


def test_a_wrong_clock_is_named_and_does_no_harm(tmp_path: Path) -> None:
    scene = Scene(tmp_path, wall_off_ms=-180_000).ready()
    [line] = [line for line in scene.logged if "clock" in line]
    assert line.startswith("warning: this machine's clock is 180.0 s behind the exchange's") and "NTP" in line
    client = scene.client()
    client.order()
    [command] = scene.venue.sent(PlaceOrder)
    assert command.stamp_ms == scene.now_ms(), "the exchange's time, not ours"


def test_a_clock_that_is_nearly_right_is_not_worth_a_line(tmp_path: Path) -> None:
    assert not any("clock" in line for line in Scene(tmp_path, wall_off_ms=4_900).ready().logged)


def test_an_exchange_that_cannot_be_reached_is_asked_on_and_on(tmp_path: Path) -> None:
    venue = ScriptedVenue()
    venue.answers[TimeQuery] = lambda _: TransportError("Cannot connect to host fapi.example:443", sent=False)
    scene = Scene(tmp_path, venue=venue)
    scene.run(60)
    assert not scene.gateway.is_ready and not scene.failures
    assert any("asking the exchange for its time" in line for line in scene.logged), "what it tries"
    [told] = [line for line in scene.logged if "no answer from the exchange to TimeQuery" in line]
    assert "Cannot connect to host fapi.example:443" in told and "asking on" in told
    assert 10 < len(venue.asked) < 100, "patiently"
    del venue.answers[TimeQuery]
    scene.ready()


def test_only_an_old_book_waits_for_orders_that_may_be_on_their_way(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    assert not any("waiting" in line for line in rig.world.trace), "nobody ever sent an order of a new book"
    rig.gateway.kill("by the test")
    for ticket in (tmp_path / "shm").iterdir():
        ticket.unlink()
    rig.start()
    assert any("until no earlier order can still arrive" in line for line in rig.world.trace)


def test_two_gateways_in_one_directory(scene: Scene) -> None:
    with pytest.raises(ConfigError, match=r"in use by another gateway.*a db and a local of its own"):
        scene.start()


def test_a_machine_that_is_suspended_while_it_boots_boots_all_the_same(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.gateway.kill("by the test")
    incarnation = rig.start(until_ready=False)
    while incarnation.gateway.venue.known_ms() is None:
        rig.run(0.001)
    incarnation.clock.fall_behind(s(4))  # longer than recvWindow: what is asked now is stamped too early
    rig.run(15)
    assert incarnation.gateway.is_ready, incarnation.gateway.text


def test_whoever_starts_while_the_address_is_banned_asks_no_more_than_once(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.gateway.kill("by the test")
    rig.simulator.face.shut_out(rig.world.now_ns + s(9), is_ban=True)
    rig.start(until_ready=False)
    rig.run(8)
    [told] = [line for line in rig.world.trace if "no answer from the exchange to TimeQuery" in line]
    assert "banned until" in told and not rig.venue.sent.unheeded
    rig.run(115)  # nobody knows the exchange's time, so it is taken for a ban of two minutes, the shortest
    assert rig.gateway.gateway.is_ready
