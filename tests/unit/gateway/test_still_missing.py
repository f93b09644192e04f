"""What was lost and is not told yet: restarts do not forget it, and everybody asks before believing that it is all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from itertools import count
from pathlib import Path

import apsw
import pytest
from msgspec import structs

from tests.unit.gateway.scene import SETTINGS, Scene, SceneClient
from tests.unit.gateway.scripted_venue import SYMBOL, Json
from tests.unit.gateway.spot_venue import SpotVenue, spot_scene
from tests.unit.gateway.test_conditional_orders import STOP
from tests.unit.gateway.test_not_told import REFUSED, RETRIED_S, asked, executes, pays, restarts
from tests.unit.gateway.test_taken_off import GONE, UNKNOWN, loses_a_gap, take_off
from tradingsys.core.commands import (
    AmendmentsQuery,
    CancelOrder,
    ConditionalOrdersQuery,
    OpenOrdersQuery,
    OrderQuery,
    TradesQuery,
)
from tradingsys.core.enums import Side
from tradingsys.core.errors import StoreError, VenueError
from tradingsys.core.ids import EXTERNAL
from tradingsys.core.missing import MissingRecord
from tradingsys.core.order import Fill, Order
from tradingsys.core.records import Record
from tradingsys.core.reports import OrderChanged, OrderRequest, Outcome
from tradingsys.core.venue_clock import VenueClock
from tradingsys.gateway.configuration.products import ProductName
from tradingsys.gateway.stops.flattening import Flattening

D = Decimal
WATCHED = structs.replace(SETTINGS, watch_ms=30_000)


def test_what_a_lost_order_executed_is_nobodys_after_restarts_either(tmp_path: Path) -> None:
    scene = Scene(tmp_path, WATCHED).ready()
    waiting = scene.accepts(scene.client(1).order(**STOP, stop_price="0.5"))
    row = executes(scene, SYMBOL, "9999", qty="4", side=Side.SELL)
    answers = scene.venue.answers
    answers[OrderQuery] = lambda _: Order(("x1",), "9999", accepted=True, venue_cum_qty=D(4))
    answers[ConditionalOrdersQuery] = lambda _: REFUSED
    restarts(scene, loses_orders=True)
    scene.run(120)
    for _ in range(2):
        restarts(scene)
        scene.run(120)
        assert scene.gateway.is_ready
        assert not scene.gateway.book.net(1, SYMBOL) and not scene.gateway.book.net(EXTERNAL, SYMBOL)
    became = structs.replace(waiting, venue_order_id=row.venue_order_id)
    answers[ConditionalOrdersQuery] = lambda _: (became,)
    scene.run(RETRIED_S)
    assert scene.gateway.book.net(1, SYMBOL) == -4 and not scene.gateway.book.net(EXTERNAL, SYMBOL)
    restarts(scene)
    scene.run(10)
    assert scene.gateway.is_ready and scene.gateway.book.missing.has_all_orders


def loses_what_was_renamed(tmp_path: Path) -> tuple[Scene, SpotVenue, Order]:
    """An order of session 1 rests under another name, its journal is lost, and amendments are not told."""
    scene, venue = spot_scene(tmp_path)
    scene.settings = structs.replace(scene.settings, watch_ms=30_000)
    resting = scene.accepts(scene.client(1).order(price="0.5"))
    renamed = structs.replace(resting, client_order_ids=("web_1",))
    venue.answers[OpenOrdersQuery] = lambda _: (renamed,)
    venue.answers[AmendmentsQuery] = lambda _: REFUSED
    venue.answers[OrderQuery] = lambda query: None if query.client_order_id else renamed
    venue.answers[ConditionalOrdersQuery] = lambda _: ()
    restarts(scene, loses_orders=True)
    scene.run(150)
    assert scene.gateway.is_ready
    return scene, venue, resting


@pytest.mark.parametrize("restarts_after_s", [None, 0, 100], ids=["no restart", "before the watch", "after the watch"])
def test_a_renamed_order_that_executes_is_nobodys_before_its_names_are_told(
    tmp_path: Path, restarts_after_s: int | None
) -> None:
    scene, venue, resting = loses_what_was_renamed(tmp_path)
    number = resting.venue_order_id
    assert number is not None and resting.terms is not None
    qty = resting.terms.order_qty
    fill = Fill("77", SYMBOL, number, Side.BUY, D("0.5"), qty, scene.now_ms(), True, D(0), "USDT")
    done = Order(("web_1",), number, resting.terms, accepted=True, fills={"77": fill}, venue_cum_qty=qty)
    venue.executed(fill)
    venue.answers[OpenOrdersQuery] = lambda _: ()
    venue.answers[OrderQuery] = lambda query: None if query.client_order_id else done
    history = Order((), number, fills={"77": fill})
    venue.answers[TradesQuery] = lambda query: (history,) if query.symbol == SYMBOL else ()
    scene.says(OrderChanged(done, SYMBOL, scene.now_ms()))
    scene.run(restarts_after_s or 0)
    if restarts_after_s is not None:
        restarts(scene)
    scene.run(150)
    assert scene.gateway.is_ready
    assert not scene.gateway.book.net(1, SYMBOL) and not scene.gateway.book.net(EXTERNAL, SYMBOL)
    venue.answers[AmendmentsQuery] = lambda _: resting.client_order_ids
    scene.run(RETRIED_S)
    assert scene.gateway.book.net(1, SYMBOL) == qty and not scene.gateway.book.net(EXTERNAL, SYMBOL)


def test_that_something_is_still_not_told_is_written_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scene, venue, resting = loses_what_was_renamed(tmp_path)
    written, commit = list[MissingRecord](), scene.store.commit

    def noted(records: Sequence[Record], done: Callable[[StoreError | None], None]) -> None:
        written.extend(record for record in records if isinstance(record, MissingRecord))
        commit(records, done)

    monkeypatch.setattr(scene.store, "commit", noted)
    since_ms = scene.gateway.book.missing.until_ms
    scene.run(300)
    assert scene.gateway.book.missing.lacks_orders(SYMBOL) and not written
    assert scene.gateway.book.missing.until_ms == since_ms
    venue.answers[AmendmentsQuery] = lambda _: resting.client_order_ids
    told_ms = scene.now_ms()
    scene.run(RETRIED_S)
    [record] = written
    assert not record.orders and record.until_ms > told_ms, "it may have executed until then"


def test_what_only_its_strategy_tells_of_counts_where_it_may_rest_under_another_name(tmp_path: Path) -> None:
    scene, venue, resting = loses_what_was_renamed(tmp_path)
    client, name = scene.client(1), resting.client_order_ids[0]
    client.result("resolve", {"orders": [client.order_params(client_order_id=name, price="0.5")]})
    line = scene.gateway.book.exposure.line(1, SYMBOL)
    assert line.buys == 30 and line.orders == 1
    desk = scene.operator()
    number = desk.result("op.halt", {"session_id": 1, "reason": "test"})["number"]
    scene.run(60)
    told = desk.result("op.stopping", {"number": number})
    assert not told["confirmed"]
    assert [each["order"]["client_order_id"] for each in told["left"]] == [name]
    venue.answers[AmendmentsQuery] = lambda _: resting.client_order_ids
    scene.run(RETRIED_S)
    assert not scene.gateway.book.orders[name].in_doubt
    scene.ends(name, OrderRequest.CANCEL, Outcome.REFUSED, VenueError(-2011, "Unknown order sent."))
    scene.run(20)
    assert scene.venue.sent(CancelOrder)[-1].venue_order_id == resting.venue_order_id


def test_what_only_its_strategy_tells_of_counts_no_more_when_all_is_told(tmp_path: Path) -> None:
    scene, venue, resting = loses_what_was_renamed(tmp_path)
    client = scene.client(1)
    venue.answers[OrderQuery] = lambda _: REFUSED
    client.result("resolve", {"orders": [client.order_params(client_order_id=resting.client_order_ids[0])]})
    assert scene.gateway.book.exposure.line(1, SYMBOL).orders == 1
    venue.answers[AmendmentsQuery] = lambda _: ()
    scene.run(RETRIED_S)
    assert scene.gateway.book.orders[resting.client_order_ids[0]].is_unproven
    assert not scene.gateway.book.exposure.line(1, SYMBOL).orders


def forgets_the_symbol(scene: Scene) -> None:
    """As in a pos.db from before it was traded."""
    conn = apsw.Connection(str(scene.folder / "pos.db"))
    for table in ("symbols", "watermarks", "positions", "positions_basis", "fills", "performance", "adjustments"):
        conn.execute(f"DELETE FROM {table} WHERE upper(symbol) = ?", (GONE,))
    conn.close()


def scans(scene: Scene, *, is_older: bool = False) -> None:
    """Starts with a symbol to be read from the book's beginning on, which the exchange refuses.

    ``is_older``: pos.db is from before the symbol was traded.
    """
    told = scene.venue.answers[TradesQuery]
    scene.venue.answers[TradesQuery] = lambda query: REFUSED if query.symbol == GONE else told(query)
    scene.venue.answers[ConditionalOrdersQuery] = lambda _: ()
    scene.settings = structs.replace(scene.settings, symbols=(SYMBOL,), scan=(GONE,))
    scene.gateway.stop()
    if is_older:
        forgets_the_symbol(scene)
    scene.venue.clock = VenueClock()
    scene.start()
    scene.run(120)
    assert scene.gateway.is_ready and GONE not in scene.gateway.book.symbols
    scene.venue.answers[TradesQuery] = told


def test_a_symbol_to_scan_is_read_from_the_beginning_by_the_next_start_too(tmp_path: Path) -> None:
    scene = Scene(tmp_path, WATCHED).ready()
    executes(scene, GONE, "5555")
    scans(scene)
    assert any("what sessions traded of BTCUSDT is not in the books" in line for line in scene.logged)
    scene.settings = structs.replace(scene.settings, scan=())
    restarts(scene)
    scene.run(120)
    assert scene.gateway.is_ready and scene.gateway.book.symbols[GONE] == 77
    assert not scene.gateway.book.missing.trades


def test_a_symbol_to_scan_is_read_from_the_beginning_for_who_subscribes_to_it_too(tmp_path: Path) -> None:
    scene = Scene(tmp_path, structs.replace(SETTINGS, watch_ms=10_000_000)).ready()
    executes(scene, GONE, "5555")
    scans(scene)
    scene.run(RETRIED_S)
    scene.client(2).request("subscribe", ["btcusdt@depth"])
    scene.run(10)
    assert scene.gateway.book.symbols[GONE] == 77


def test_funding_waits_for_who_held_a_symbol_that_is_not_accounted_for(tmp_path: Path) -> None:
    scene = Scene(tmp_path, structs.replace(WATCHED, symbols=(SYMBOL, GONE))).ready()
    order = scene.client(1).order(symbol="btcusdt", price="5", quantity="10")
    scene.accepts(order)
    scene.fills_order(order, "4", px="5")
    scene.run(5)
    fills = tuple(scene.venue.fills)
    scene.venue.answers[TradesQuery] = lambda query: fills if query.symbol == GONE else ()
    scans(scene, is_older=True)
    told = scene.venue.answers[TradesQuery]
    scene.venue.answers[TradesQuery] = lambda query: REFUSED if query.symbol == GONE else told(query)
    pays(scene, (GONE, "-1"))
    scene.run(120)
    assert not scene.gateway.book.cash.totals
    scene.venue.answers[TradesQuery] = told
    scene.run(RETRIED_S)
    book = scene.gateway.book
    assert book.net(1, GONE) == 4 and book.position(1, GONE).funding == {"USDT": -1}


def test_interest_waits_for_who_traded_a_pair_that_is_not_accounted_for(tmp_path: Path) -> None:
    venue = SpotVenue(is_margin=True)
    scene = Scene(tmp_path, structs.replace(WATCHED, product=ProductName.MARGIN), venue=venue).ready()
    venue.answers[TradesQuery] = lambda _: ()
    scans(scene)
    told = venue.answers[TradesQuery]
    venue.answers[TradesQuery] = lambda query: REFUSED if query.symbol == GONE else told(query)
    venue.moves("USDT", "-0.5")
    pays(scene, ("", "-0.5"), kind="INTEREST")
    scene.run(120)
    book = scene.gateway.book
    assert book.cash.unshared == {"USDT": D("-0.5")} and not book.differences
    venue.answers[TradesQuery] = told
    scene.run(RETRIED_S)
    assert GONE in book.symbols
    assert not book.cash.unshared and not book.differences


def test_a_symbol_that_never_rests_keeps_no_other_from_being_watched(tmp_path: Path) -> None:
    scene = Scene(tmp_path, WATCHED).ready()
    executes(scene, GONE, "5555")
    scans(scene)
    ids = count(78)

    def trades(query: TradesQuery) -> tuple[Order, ...]:
        number = next(ids)
        fill = Fill(str(number), GONE, str(number), Side.BUY, D("0.6"), D(1), scene.now_ms(), True, D(0), "USDT")
        return (Order((), fill.venue_order_id, fills={fill.exec_id: fill}),) if query.symbol == GONE else ()

    scene.venue.answers[TradesQuery] = trades
    scene.run(RETRIED_S)
    assert GONE not in scene.gateway.book.symbols
    before = asked(scene, OpenOrdersQuery)
    scene.run(300)
    assert asked(scene, OpenOrdersQuery) >= before + 5
    loses_a_gap(scene)
    scene.run(60)
    assert not scene.gateway.recovery.is_catching_up


def test_who_lost_a_symbol_is_asked_for_what_waited_there(tmp_path: Path) -> None:
    """What an order that waited became may have an id of the exchange's making: its execution would be nobody's."""
    scene = Scene(tmp_path, structs.replace(WATCHED, symbols=(SYMBOL, GONE))).ready()
    waiting = scene.accepts(scene.client(1).order(**STOP, symbol="btcusdt", stop_price="0.5"))
    row = executes(scene, GONE, "9999", qty="4", side=Side.SELL)
    answers = scene.venue.answers
    triggered = Order(("x1",), "9999", accepted=True, venue_cum_qty=D(4))
    answers[OrderQuery] = lambda query: triggered if query.venue_order_id == "9999" else None
    became = structs.replace(waiting, venue_order_id=row.venue_order_id)
    answers[ConditionalOrdersQuery] = lambda query: (became,) if query.symbol == GONE else ()
    told = answers[TradesQuery]
    answers[TradesQuery] = lambda query: REFUSED if query.symbol == GONE else told(query)
    scene.settings = structs.replace(scene.settings, symbols=(SYMBOL,), scan=(GONE,))
    scene.gateway.stop()
    forgets_the_symbol(scene)
    restarts(scene, loses_orders=True)
    scene.run(150)
    answers[TradesQuery] = told
    scene.run(RETRIED_S)
    assert (scene.gateway.book.net(1, GONE), scene.gateway.book.net(EXTERNAL, GONE)) == (D(-4), D(0))


def holds_and_may_rest(tmp_path: Path, **changes: object) -> tuple[Scene, SceneClient]:
    """Session 1 holds 30. It tells of an order to sell as much, which the journal lost, and which may wait where the
    exchange does not tell of orders.
    """
    scene = Scene(tmp_path, WATCHED).ready()
    client = scene.holder(1, "30")
    [bought] = [order.facts for order in scene.gateway.book.orders.values()]
    terms: Json = {"side": "SELL", "price": "0.7", **changes}
    lost = client.order(**terms)
    scene.venue.answers[ConditionalOrdersQuery] = lambda _: REFUSED
    scene.venue.answers[OrderQuery] = lambda query: REFUSED if query.client_order_id == lost else bought
    restarts(scene, loses_orders=True)
    scene.run(120)
    assert scene.gateway.is_ready
    client = scene.client(1)
    client.result("resolve", {"orders": [client.order_params(client_order_id=lost, **terms)]})
    assert scene.gateway.book.orders[lost].is_unproven
    return scene, client


def is_told_of_all(scene: Scene) -> None:
    """But nothing of the order."""
    scene.venue.answers[ConditionalOrdersQuery] = lambda _: ()
    scene.run(RETRIED_S)
    assert scene.gateway.book.missing.has_all_orders
    assert [order.is_past for order in scene.gateway.book.open_orders()] == [True]


def test_nothing_is_traded_away_beside_an_order_that_may_rest(tmp_path: Path) -> None:
    scene, _ = holds_and_may_rest(tmp_path)
    before = len(scene.venue.placed())
    left = Flattening(scene.gateway).step(1, SYMBOL)
    assert left is not None and "is being asked" in left.why
    assert len(scene.venue.placed()) == before
    is_told_of_all(scene)
    assert Flattening(scene.gateway).step(1, SYMBOL) is not None
    assert len(scene.venue.placed()) == before + 1


def test_an_order_that_may_rest_leaves_less_to_be_reduced(tmp_path: Path) -> None:
    scene, client = holds_and_may_rest(tmp_path)
    reduces: Json = {"side": "SELL", "price": "0.8", "reduce_only": True}
    assert "30 of it being reduced already" in client.error("order", client.order_params(**reduces))[1]
    is_told_of_all(scene)
    client.order(**reduces)


def test_an_order_that_may_rest_is_right_for_the_only_holder_alone(tmp_path: Path) -> None:
    scene, _ = holds_and_may_rest(tmp_path, reduce_only=True)
    other = scene.client(2)
    sells: Json = {"side": "SELL", "price": "0.8"}
    assert "session 1 waits to SELL" in other.error("order", other.order_params(**sells))[1]
    is_told_of_all(scene)
    other.order(**sells)


def test_orders_on_a_symbol_that_was_taken_off_are_missing_no_more(tmp_path: Path) -> None:
    scene = Scene(tmp_path, structs.replace(WATCHED, symbols=(SYMBOL, GONE))).ready()
    scene.venue.answers[ConditionalOrdersQuery] = lambda query: UNKNOWN if query.symbol == GONE else ()
    take_off(scene)
    scene.settings = WATCHED
    restarts(scene, loses_orders=True)
    scene.run(60)
    assert scene.gateway.is_ready and scene.gateway.book.missing.lacks_orders(GONE), "it may only be unknown for now"
    scene.run(600)
    assert scene.gateway.recovery.is_gone(GONE) and scene.gateway.book.missing.has_all_orders
