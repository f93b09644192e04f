"""An edit of ``positions`` whose symbol's executions are not told yet: nobody knows what "net is this now" means."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import apsw
import pytest
from msgspec import structs

from tests.unit.gateway.scene import Scene
from tests.unit.gateway.scripted_venue import SYMBOL
from tests.unit.gateway.test_not_told import REFUSED, RETRIED_S, executes, restarts
from tests.unit.gateway.test_still_missing import WATCHED
from tests.unit.gateway.test_taken_off import GONE, take_off
from tradingsys.core.commands import OrderQuery, TradesQuery
from tradingsys.core.errors import ConfigError
from tradingsys.core.ids import EXTERNAL
from tradingsys.core.order import Order
from tradingsys.core.venue_clock import VenueClock

D = Decimal


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """Session 1 holds 10 of one symbol and 30 of the other."""
    scene = Scene(tmp_path, structs.replace(WATCHED, symbols=(SYMBOL, GONE))).ready()
    client = scene.holder(1, "30")
    order = client.order(symbol="btcusdt", price="5", quantity="10")
    scene.accepts(order)
    scene.fills_order(order, "10", px="5")
    scene.run(10)
    fills = {SYMBOL: scene.venue.fills[:1], GONE: scene.venue.fills[1:]}
    scene.venue.answers[TradesQuery] = lambda query: tuple(fills[query.symbol])
    scene.venue.answers[OrderQuery] = lambda _: None
    return scene


def edits(scene: Scene, *rows: tuple[str, str]) -> None:
    """The gateway stops, and somebody gives session 1 other nets."""
    scene.gateway.stop()
    conn = apsw.Connection(str(scene.folder / "pos.db"))
    for symbol, net in rows:
        conn.execute("UPDATE positions SET net = ? WHERE session_id = 1 AND symbol = ?", (net, symbol.lower()))
    conn.close()


def restarts_with(scene: Scene, *rows: tuple[str, str]) -> None:
    edits(scene, *rows)
    starts(scene)


def starts(scene: Scene) -> None:
    scene.venue.clock = VenueClock()
    scene.start()
    scene.run(120)


def written(scene: Scene, symbol: str = GONE) -> str:
    conn = apsw.Connection(str(scene.folder / "pos.db"))
    found = conn.execute("SELECT net FROM positions WHERE session_id = 1 AND symbol = ?", (symbol.lower(),)).fetchall()
    conn.close()
    [(net,)] = found
    return str(net)


def trades(scene: Scene) -> Callable[[TradesQuery], tuple[Order, ...]]:
    """What the exchange tells of executions by now."""
    told: Callable[[TradesQuery], tuple[Order, ...]] = scene.venue.answers[TradesQuery]  # type: ignore[assignment]
    return told


def refuses(scene: Scene) -> None:
    told = scene.venue.answers[TradesQuery]
    scene.venue.answers[TradesQuery] = lambda query: REFUSED if query.symbol == GONE else told(query)


def starts_with_edits(scene: Scene) -> None:
    """One edit can be taken, and one of a symbol that is not told cannot."""
    restarts_with(scene, (SYMBOL, "7"), (GONE, "7"))
    assert scene.gateway.is_ready
    book = scene.gateway.book
    assert (book.net(1, SYMBOL), book.net(EXTERNAL, SYMBOL)) == (D(7), D(23)), "the other one is taken"
    assert book.net(1, GONE) == 10
    assert written(scene) == "7", "it is the person's until the next start"
    assert any("edit of session 1 btcusdt" in line and "next start" in line for line in scene.logged)


def test_it_waits_for_the_start_that_is_told(scene: Scene) -> None:
    told = scene.venue.answers[TradesQuery]
    refuses(scene)
    starts_with_edits(scene)
    restarts(scene)
    scene.run(120)
    assert scene.gateway.book.net(1, GONE) == 10, "and goes on waiting"
    scene.venue.answers[TradesQuery] = told
    restarts(scene)
    scene.run(120)
    book = scene.gateway.book
    assert (book.net(1, GONE), book.net(EXTERNAL, GONE)) == (D(7), D(3))


def test_it_is_refused_when_what_is_told_later_moved_the_position(scene: Scene) -> None:
    told = trades(scene)
    missed = scene.accepts(scene.client(1).order(symbol="btcusdt", price="5", quantity="5")).venue_order_id
    assert missed is not None
    row = executes(scene, GONE, missed, qty="5")
    refuses(scene)
    starts_with_edits(scene)
    scene.venue.answers[TradesQuery] = lambda query: (*told(query), *((row,) if query.symbol == GONE else ()))
    assert scene.gateway.recovery.lacks_executions(1, GONE)
    scene.run(RETRIED_S)
    assert scene.gateway.book.net(1, GONE) == 15 and not scene.gateway.recovery.lacks_executions(1, GONE)
    restarts(scene)
    scene.run(120)
    [failure] = scene.failures
    assert isinstance(failure, ConfigError) and "its net is 15 now, the edit was not applied" in str(failure)
    assert written(scene) == "15"


def test_it_waits_while_whose_an_execution_is_is_not_told(scene: Scene) -> None:
    told = trades(scene)
    row = executes(scene, GONE, "5555", qty="5")
    scene.venue.answers[TradesQuery] = lambda query: (*told(query), *((row,) if query.symbol == GONE else ()))
    scene.venue.answers[OrderQuery] = lambda _: REFUSED
    starts_with_edits(scene)
    scene.venue.answers[OrderQuery] = lambda _: Order(("web_1",), "5555", accepted=True)
    scene.run(RETRIED_S)
    restarts(scene)
    scene.run(120)
    book = scene.gateway.book
    assert (book.net(1, GONE), book.net(EXTERNAL, GONE)) == (D(7), D(8))


def test_what_the_rules_name_no_more_is_not_waited_for(scene: Scene) -> None:
    take_off(scene)
    scene.settings = WATCHED
    restarts_with(scene, (GONE, "0"))
    book = scene.gateway.book
    assert scene.gateway.is_ready
    assert (book.net(1, GONE), book.net(EXTERNAL, GONE)) == (D(0), D(10))


def test_it_waits_where_the_symbol_is_not_accounted_for_yet(tmp_path: Path) -> None:
    scene = Scene(tmp_path, WATCHED).ready()
    told = scene.venue.answers[TradesQuery]
    refuses(scene)
    scene.gateway.stop()
    conn = apsw.Connection(str(tmp_path / "pos.db"))
    conn.execute("INSERT INTO positions VALUES (1, 'btcusdt', '7')")
    conn.close()
    starts(scene)
    assert scene.gateway.is_ready
    assert not scene.gateway.book.net(1, GONE) and written(scene) == "7"
    scene.venue.answers[TradesQuery] = told
    restarts(scene)
    scene.run(120)
    book = scene.gateway.book
    assert (book.net(1, GONE), book.net(EXTERNAL, GONE)) == (D(7), D(-7))


def test_it_is_a_persons_to_take_back_meanwhile(scene: Scene) -> None:
    refuses(scene)
    starts_with_edits(scene)
    restarts_with(scene, (GONE, "10"))
    assert scene.gateway.is_ready
    assert scene.gateway.book.net(1, GONE) == 10 and written(scene) == "10"


def test_it_is_refused_where_the_position_moved_though_not_all_is_told(scene: Scene) -> None:
    resting = scene.client(1).order(symbol="btcusdt", price="5", quantity="5")
    scene.accepts(resting)
    refuses(scene)
    edits(scene, (GONE, "7"))
    scene.venue.clock = VenueClock()
    scene.start()
    scene.run(20)
    assert not scene.gateway.is_ready
    scene.fills_order(resting, "5", px="5")
    scene.run(100)
    [failure] = scene.failures
    assert isinstance(failure, ConfigError) and "its net is 15 now, the edit was not applied" in str(failure)
    assert written(scene) == "15"
