"""What the exchange refuses to tell stays open, and nothing else waits for it: executions, funding, starts, gaps."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import apsw
import pytest
from msgspec import structs

from tests.unit.gateway.scene import SETTINGS, Scene
from tests.unit.gateway.scripted_venue import SYMBOL
from tests.unit.gateway.spot_venue import SpotVenue, bought, spot_scene
from tests.unit.gateway.test_conditional_orders import STOP
from tests.unit.gateway.test_taken_off import GONE, UNKNOWN, loses_a_gap
from tradingsys.core.commands import (
    AmendmentsQuery,
    ConditionalOrdersQuery,
    Income,
    IncomeQuery,
    OpenOrdersQuery,
    OrderQuery,
    PositionsQuery,
    TradesQuery,
)
from tradingsys.core.enums import Side
from tradingsys.core.errors import VenueError
from tradingsys.core.ids import EXTERNAL
from tradingsys.core.order import Fill, Order
from tradingsys.core.reports import OrderChanged
from tradingsys.core.venue_clock import VenueClock
from tradingsys.gateway.configuration.products import ProductName
from tradingsys.oms.funding import FUNDING

D = Decimal
REFUSED = VenueError(-4108, "no")
RETRIED_S = 700
"""Until all that was put aside was asked for again."""


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path, structs.replace(SETTINGS, symbols=(SYMBOL, GONE), watch_ms=30_000)).ready()


def executes(scene: Scene, symbol: str, venue_order_id: str, *, qty: str = "1", side: Side = Side.BUY) -> Order:
    """An execution in the account and in history; returns what history shows."""
    fill = Fill("77", symbol, venue_order_id, side, D("0.6"), D(qty), scene.now_ms(), True, D(0), "USDT")
    row, told = Order((), venue_order_id, fills={"77": fill}), tuple(scene.venue.fills)
    scene.venue.executed(fill)
    scene.venue.answers[TradesQuery] = lambda query: (row,) if query.symbol == symbol else told
    return row


def has_no_owner(scene: Scene) -> None:
    """Something executes on a symbol, and the exchange refuses to tell whose it is."""
    row = executes(scene, GONE, "5555")
    scene.venue.answers[OrderQuery] = lambda query: UNKNOWN if query.symbol == GONE else None
    scene.says(OrderChanged(row, GONE, scene.now_ms()))


def pays(scene: Scene, *amounts: tuple[str, str], kind: str = FUNDING) -> None:
    """The exchange pays so much now, of the symbol of each."""
    now_ms = scene.now_ms()
    rows = tuple(Income(kind, symbol, "USDT", D(amount), f"e-{symbol}", now_ms) for symbol, amount in amounts)
    scene.venue.answers[IncomeQuery] = lambda query: rows if query.start_ms <= now_ms else ()


def restarts(scene: Scene, *, loses_orders: bool = False) -> None:
    """Begins to start again, after a power cut if it loses what it knew of orders."""
    scene.gateway.stop()
    scene.venue.clock = VenueClock()
    if loses_orders:
        for lost in ((scene.folder / "pos.db.journal"), *(scene.folder / "shm").iterdir()):
            lost.unlink()
        conn = apsw.Connection(str(scene.folder / "pos.db"))
        conn.execute("DELETE FROM orders")
        conn.close()
    scene.start()


def asked(scene: Scene, kind: type) -> int:
    return sum(isinstance(query, kind) for query in scene.venue.asked)


def test_an_execution_without_an_owner_holds_up_its_own_funding_alone(scene: Scene) -> None:
    scene.holder(1, "30")
    has_no_owner(scene)
    scene.run(120)
    pays(scene, (SYMBOL, "-3"), (GONE, "-1"))
    before = asked(scene, PositionsQuery)
    scene.run(600)
    book = scene.gateway.book
    assert asked(scene, PositionsQuery) >= before + 10, "the account is checked on"
    assert book.position(1, SYMBOL).funding == {"USDT": -3}
    assert not book.cash.totals.get((EXTERNAL, "USDT"))
    scene.venue.answers[OrderQuery] = lambda _: Order(("web_1",), "5555", accepted=True)
    scene.run(RETRIED_S)
    assert book.net(EXTERNAL, GONE) == 1
    assert book.cash.totals[EXTERNAL, "USDT"] == -1


def test_gaps_are_read_on_while_an_execution_has_no_owner(tmp_path: Path) -> None:
    scene = Scene(tmp_path, structs.replace(SETTINGS, symbols=(SYMBOL, GONE))).ready()
    scene.holder(1, "30")
    has_no_owner(scene)
    scene.run(120)
    pays(scene, (GONE, "-1"))
    for _ in range(2):
        before = asked(scene, OpenOrdersQuery)
        loses_a_gap(scene)
        scene.run(20)
        assert asked(scene, OpenOrdersQuery) >= before + 2
        assert not scene.gateway.recovery.is_catching_up
    desk = scene.operator()
    desk.result("op.flatten", {"session_id": 1, "reason": "test"})
    scene.run(2)
    assert scene.venue.placed()[-1].terms.symbol == SYMBOL


def test_a_start_does_not_wait_for_whose_an_execution_is_that_is_not_told(scene: Scene) -> None:
    has_no_owner(scene)
    restarts(scene)
    scene.run(120)
    assert scene.gateway.is_ready
    assert not scene.gateway.book.net(EXTERNAL, GONE)
    scene.venue.answers[OrderQuery] = lambda _: Order(("web_1",), "5555", accepted=True)
    scene.run(RETRIED_S)
    assert scene.gateway.book.net(EXTERNAL, GONE) == 1


def test_funding_is_not_shared_before_history_tells_who_held_what(scene: Scene) -> None:
    scene.holder(1, "30")
    missed = scene.client(2).order()
    number = scene.accepts(missed).venue_order_id
    assert number is not None
    history = executes(scene, SYMBOL, number, qty="30")
    scene.venue.answers[TradesQuery] = lambda _: REFUSED
    scene.run(200)
    pays(scene, (SYMBOL, "-10"))
    scene.run(200)
    book = scene.gateway.book
    assert not book.position(1, SYMBOL).funding
    scene.venue.answers[TradesQuery] = lambda _: (*scene.venue.fills, history)
    scene.run(RETRIED_S)
    assert [book.position(session, SYMBOL).funding for session in (1, 2)] == [{"USDT": -5}, {"USDT": -5}]


def test_interest_that_is_not_shared_yet_is_no_difference(tmp_path: Path) -> None:
    venue = SpotVenue(is_margin=True)
    settings = structs.replace(SETTINGS, product=ProductName.MARGIN, symbols=(SYMBOL, GONE), watch_ms=30_000)
    scene = Scene(tmp_path, settings, venue=venue).ready()
    client = scene.client(1)
    bought(scene, client, "30")
    resting = scene.accepts(client.order(symbol="btcusdt", price="5", quantity="30"))
    venue.answers[OpenOrdersQuery] = lambda _: (resting,)
    scene.run(10)
    venue.answers[TradesQuery] = lambda query: REFUSED if query.symbol == GONE else tuple(venue.fills)
    scene.run(300)
    venue.moves("USDT", "-0.5")
    pays(scene, ("", "-0.5"), kind="INTEREST")
    scene.run(600)
    book = scene.gateway.book
    assert (1, "USDT") not in book.cash.totals
    assert not book.differences
    assert not len(book.halts)
    venue.answers[TradesQuery] = lambda query: () if query.symbol == GONE else tuple(venue.fills)
    scene.run(RETRIED_S)
    assert book.cash.totals[1, "USDT"] == D("-0.5")
    assert not book.differences


def test_what_a_lost_order_executed_is_nobodys_before_its_symbol_is_told_of(scene: Scene) -> None:
    stop = scene.client(1).order(**STOP, stop_price="0.5")
    waiting = scene.accepts(stop)
    row = executes(scene, SYMBOL, "9999", qty="4", side=Side.SELL)
    answers = scene.venue.answers
    answers[OrderQuery] = lambda _: Order(("x1",), "9999", accepted=True, venue_cum_qty=D(4))
    answers[ConditionalOrdersQuery] = lambda query: REFUSED if query.symbol == SYMBOL else ()
    restarts(scene, loses_orders=True)
    scene.run(120)
    book = scene.gateway.book
    assert scene.gateway.is_ready
    assert not book.net(1, SYMBOL) and not book.net(EXTERNAL, SYMBOL)
    assert not book.missing.lacks_orders(GONE)
    became = structs.replace(waiting, venue_order_id=row.venue_order_id)
    answers[ConditionalOrdersQuery] = lambda query: (became,) if query.symbol == SYMBOL else ()
    scene.run(RETRIED_S)
    assert book.net(1, SYMBOL) == -4 and not book.net(EXTERNAL, SYMBOL)


def test_a_start_does_not_wait_for_who_amended_an_open_order(tmp_path: Path) -> None:
    scene, venue = spot_scene(tmp_path)
    scene.settings = structs.replace(scene.settings, watch_ms=30_000)
    resting = scene.accepts(scene.client(1).order(price="0.5"))
    renamed = structs.replace(resting, client_order_ids=("web_1",))
    venue.answers[OpenOrdersQuery] = lambda _: (renamed,)
    venue.answers[AmendmentsQuery] = lambda _: REFUSED
    venue.answers[ConditionalOrdersQuery] = lambda _: ()
    restarts(scene, loses_orders=True)
    scene.run(30)
    assert scene.gateway.text == "asking for orders that the journal may have lost"
    scene.run(90)
    assert scene.gateway.is_ready
    assert not scene.gateway.book.open_orders(1)
    venue.answers[AmendmentsQuery] = lambda _: resting.client_order_ids
    scene.run(RETRIED_S)
    assert [order.facts.venue_order_id for order in scene.gateway.book.open_orders(1)] == [resting.venue_order_id]


def test_many_orders_that_are_refused_are_waited_for_once(scene: Scene) -> None:
    client = scene.client(1)
    for symbol in ("btcusdt", "btcusdt", "btcusdt", "dogeusdt", "dogeusdt"):
        scene.accepts(client.order(symbol=symbol, price="5", quantity="10"))
    scene.venue.answers[OrderQuery] = lambda _: REFUSED
    loses_a_gap(scene)
    scene.run(90)
    assert not scene.gateway.recovery.is_catching_up
    assert len(scene.gateway.book.open_orders()) == 5
    assert sum("refuses to answer OrderQuery" in line for line in scene.logged) == 2, "once for each symbol"


def test_a_symbol_to_scan_is_read_from_the_beginning_when_the_exchange_tells(tmp_path: Path) -> None:
    scene = Scene(tmp_path, structs.replace(SETTINGS, watch_ms=30_000)).ready()
    executes(scene, GONE, "5555")
    told = scene.venue.answers[TradesQuery]
    scene.venue.answers[TradesQuery] = lambda query: REFUSED if query.symbol == GONE else told(query)
    scene.venue.answers[ConditionalOrdersQuery] = lambda _: ()
    scene.settings = structs.replace(scene.settings, scan=(GONE,))
    restarts(scene)
    scene.run(120)
    assert scene.gateway.is_ready
    assert GONE not in scene.gateway.book.symbols
    scene.venue.answers[TradesQuery] = told
    scene.run(RETRIED_S)
    assert scene.gateway.book.symbols[GONE] == 77
