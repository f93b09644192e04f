"""A gateway that was away for about as long as the exchange remembers goes on only when a person says so."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest
from msgspec import structs

from tests.unit.gateway.scene import SETTINGS, Scene
from tests.unit.gateway.spot_venue import spot_scene
from tradingsys.core.records import HaltCause, Scope
from tradingsys.gateway.settings import GatewaySettings
from tradingsys.venues.binance.products import PRODUCTS
from tradingsys.wire.messages import ErrorCode

DAY_NS = 86_400 * 10**9
FUTURES = structs.replace(SETTINGS, history_ms=PRODUCTS[SETTINGS.product].history_ms)


def away(scene: Scene, days: float, settings: GatewaySettings | None = None) -> Scene:
    """The gateway is off for so long; its clock and the exchange's go on."""
    scene.gateway.stop()
    scene.now_ns += int(days * DAY_NS)
    scene.settings = settings or scene.settings
    scene.venue.clock = type(scene.venue.clock)()
    scene.start()
    return scene.ready()


def gaps(scene: Scene) -> list[str]:
    return [row.reason for row in scene.gateway.book.halts if (row.scope, row.cause) == (Scope(), HaltCause.GAP)]


def test_after_too_long_nothing_is_traded_until_a_person_has_looked(tmp_path: Path) -> None:
    scene = Scene(tmp_path, FUTURES).ready()
    scene.holder(1, "30")
    scene.run(10)
    away(scene, 73)
    [reason] = gaps(scene)
    assert "73 days ago" in reason and "for 90 days" in reason and "tradingsys resume --account" in reason
    client = scene.client()
    assert client.error("order", client.order_params())[0] == ErrorCode.HALTED
    scene.run(10)
    away(scene, 1)
    assert gaps(scene) == [reason], "to start once more is no decision"
    desk = scene.client(None)
    desk.result("operate", {"token": "s3cret"})
    desk.result("op.resume", {"reason": "compared by hand"})
    away(scene, 1)
    client = scene.client()
    client.order()
    assert gaps(scene) == []


def test_whoever_comes_back_in_time_goes_on(tmp_path: Path) -> None:
    scene = Scene(tmp_path, FUTURES).ready()
    scene.holder(1, "30")
    scene.run(10)
    for _ in range(2):  # what was read in between counts
        away(scene, 71)
        scene.run(10)
        assert gaps(scene) == []


def test_of_a_book_without_marks_the_last_start_is_known(tmp_path: Path) -> None:
    scene = Scene(tmp_path, FUTURES).ready()
    scene.holder(1, "30")
    for days, is_too_long in ((71, False), (71, False), (73, True)):
        scene.run(10)
        conn = apsw.Connection(str(tmp_path / "pos.db"))
        conn.execute("DELETE FROM ledger_marks")
        conn.close()
        away(scene, days)
        assert bool(gaps(scene)) is is_too_long


def test_a_book_that_accounts_for_nothing_has_nothing_to_miss(tmp_path: Path) -> None:
    scene = Scene(tmp_path, structs.replace(FUTURES, symbols=())).ready()
    away(scene, 365)
    assert gaps(scene) == []


@pytest.mark.parametrize(("is_margin", "is_too_long"), [(False, False), (True, True)])
def test_spot_remembers_trades_and_margin_forgets_interest(tmp_path: Path, is_margin: bool, is_too_long: bool) -> None:
    scene, _ = spot_scene(tmp_path, is_margin=is_margin)
    scene.run(10)
    away(scene, 150, structs.replace(scene.settings, history_ms=PRODUCTS[scene.settings.product].history_ms))
    assert bool(gaps(scene)) is is_too_long
