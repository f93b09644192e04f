"""Funding of a symbol of which the exchange never tells who held it: neither other rows nor starts suffer for it."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec import structs

from tests.unit.gateway.scene import Scene
from tests.unit.gateway.scripted_venue import SYMBOL
from tests.unit.gateway.test_not_told import REFUSED, RETRIED_S, executes, pays
from tests.unit.gateway.test_still_missing import WATCHED
from tests.unit.gateway.test_taken_off import GONE, UNKNOWN
from tradingsys.core.commands import OrderQuery, TradesQuery
from tradingsys.core.errors import VenueError
from tradingsys.core.ids import EXTERNAL
from tradingsys.core.order import Order
from tradingsys.oms.funding import FUNDING

DAY_NS = 86_400 * 10**9
SETTINGS = structs.replace(WATCHED, symbols=(SYMBOL, GONE), watch_ms=300_000, history_ms=90 * 86_400_000)


def away(scene: Scene, days: float) -> None:
    """The gateway is off for so long; then it runs for two hours."""
    scene.gateway.stop()
    scene.now_ns += int(days * DAY_NS)
    restarts_now(scene)
    scene.run(7_200)
    assert scene.gateway.is_ready


def restarts_now(scene: Scene) -> None:
    scene.venue.clock = type(scene.venue.clock)()
    scene.start()


def is_refused(scene: Scene, error: VenueError, *, is_listed: bool) -> int:
    """Funding of two symbols, of one of which the exchange does not tell what was executed; returns when."""
    scene.holder(1, "30")
    told = scene.venue.answers[TradesQuery]
    scene.venue.answers[TradesQuery] = lambda query: error if query.symbol == GONE else told(query)
    if not is_listed:
        scene.venue.instruments = [each for each in scene.venue.instruments if each.symbol != GONE]
    scene.run(300)
    pays(scene, (SYMBOL, "-3"), (GONE, "-1"))
    return scene.now_ms()


def test_what_is_refused_for_good_does_not_make_starts_believe_that_they_were_away(tmp_path: Path) -> None:
    scene = Scene(tmp_path, SETTINGS).ready()
    is_refused(scene, UNKNOWN, is_listed=True)
    scene.run(7_200)
    book = scene.gateway.book
    assert book.position(1, SYMBOL).funding == {"USDT": -3}
    assert (EXTERNAL, "USDT") not in book.cash.totals, "who held what may still be told"
    away(scene, 40)
    book = scene.gateway.book
    assert book.cash.totals[EXTERNAL, "USDT"] == -1
    assert any("BTCUSDT" in line and "by what the books have" in line for line in scene.logged)
    away(scene, 40)
    assert not len(scene.gateway.book.halts)


def test_who_comes_back_after_long_first_asks_who_held_what(tmp_path: Path) -> None:
    scene = Scene(tmp_path, SETTINGS).ready()
    is_refused(scene, REFUSED, is_listed=True)
    row = executes(scene, GONE, "5555")
    told = scene.venue.answers[TradesQuery]
    scene.venue.answers[TradesQuery] = lambda query: REFUSED if query.symbol == GONE else told(query)
    scene.gateway.stop()
    scene.now_ns += 40 * DAY_NS
    restarts_now(scene)
    scene.run(1_200)
    assert not scene.gateway.book.cash.totals.get((EXTERNAL, "USDT"))
    scene.venue.answers[TradesQuery] = told
    scene.venue.answers[OrderQuery] = lambda _: Order(("web_1",), "5555", accepted=True)
    scene.run(RETRIED_S)
    assert row.fills and scene.gateway.book.cash.totals[EXTERNAL, "USDT"] == -1
    assert not any("by what the books have" in line for line in scene.logged)


@pytest.mark.parametrize("error", [UNKNOWN, REFUSED], ids=["unknown", "refused otherwise"])
def test_what_the_rules_name_no_more_holds_back_no_mark(tmp_path: Path, error: VenueError) -> None:
    scene = Scene(tmp_path, SETTINGS).ready()
    paid_ms = is_refused(scene, error, is_listed=False)
    scene.run(7_200)
    book = scene.gateway.book
    assert book.ledger_marks[FUNDING] > paid_ms
    assert book.position(1, SYMBOL).funding == {"USDT": -3}
    assert book.cash.totals[EXTERNAL, "USDT"] == -1
