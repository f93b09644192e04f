"""Symbols that a start has to find for itself, or that the exchange does not tell of: what becomes of them, and that
everything else goes on.
"""

from __future__ import annotations

from decimal import Decimal
from itertools import count
from pathlib import Path

import pytest
from msgspec import structs

from tests.unit.gateway.scene import Scene
from tests.unit.gateway.scripted_venue import SYMBOL
from tests.unit.gateway.spot_venue import SpotVenue
from tests.unit.gateway.test_conditional_orders import STOP
from tests.unit.gateway.test_not_told import REFUSED, RETRIED_S, executes, pays, restarts
from tests.unit.gateway.test_still_missing import WATCHED, forgets_the_symbol, loses_what_was_renamed, scans
from tests.unit.gateway.test_taken_off import GONE, UNKNOWN
from tradingsys.core.commands import (
    AmendmentsQuery,
    ConditionalOrdersQuery,
    OpenOrdersQuery,
    OrderQuery,
    TradesQuery,
)
from tradingsys.core.enums import Side
from tradingsys.core.errors import Banned, TransportError
from tradingsys.core.ids import EXTERNAL
from tradingsys.core.order import Order
from tradingsys.gateway.configuration.products import ProductName
from tradingsys.wire.messages import ErrorCode

D = Decimal
TWO_SYMBOLS = structs.replace(WATCHED, symbols=(SYMBOL, GONE))
BTC = {"symbol": "btcusdt", "price": "5", "quantity": "10"}


def triggers_meanwhile(scene: Scene) -> Order:
    """A stop of session 1 on a symbol becomes an order with an id of the exchange's making, which executes; then the
    gateway is off, and its pos.db is one from before the symbol was traded. Returns another order that is open there.
    """
    client, answers = scene.client(1), scene.venue.answers
    waiting = scene.accepts(client.order(**STOP, symbol="btcusdt", stop_price="0.5"))
    resting = scene.accepts(client.order(**BTC))
    row = executes(scene, GONE, "9999", qty="4", side=Side.SELL)
    triggered = Order(("x1",), "9999", accepted=True, venue_cum_qty=D(4))
    became = structs.replace(waiting, venue_order_id=row.venue_order_id)
    answers[OrderQuery] = lambda query: triggered if query.venue_order_id == "9999" else None
    answers[ConditionalOrdersQuery] = lambda query: (became,) if query.symbol == GONE else ()
    scene.settings = structs.replace(scene.settings, symbols=(SYMBOL,))
    scene.gateway.stop()
    forgets_the_symbol(scene)
    return resting


def fences(scene: Scene) -> int:
    return sum("until no earlier order can still arrive" in line for line in scene.logged)


def test_what_waited_on_a_symbol_that_only_another_open_order_tells_of_is_asked_for(tmp_path: Path) -> None:
    scene = Scene(tmp_path, TWO_SYMBOLS).ready()
    resting = triggers_meanwhile(scene)
    scene.venue.answers[OpenOrdersQuery] = lambda _: (resting,)
    restarts(scene, loses_orders=True)
    for _ in range(150):
        if not scene.gateway.is_ready:
            scene.run(1)
    book = scene.gateway.book
    assert scene.gateway.is_ready and not book.missing.trades
    assert (book.net(1, GONE), book.net(EXTERNAL, GONE)) == (D(-4), D(0)), "before anybody is told what sessions hold"


def test_who_subscribes_before_a_lost_symbol_is_found_does_not_begin_it_anew(tmp_path: Path) -> None:
    scene = Scene(tmp_path, TWO_SYMBOLS).ready()
    resting = triggers_meanwhile(scene)
    scene.venue.answers[OpenOrdersQuery] = lambda _: (resting,)
    restarts(scene, loses_orders=True)
    client = scene.client(1)
    number = client.request("subscribe", ["btcusdt@depth"])
    scene.run(150)
    assert client.reply_to(number) is not None
    book = scene.gateway.book
    assert (book.net(1, GONE), book.net(EXTERNAL, GONE)) == (D(-4), D(0))


def test_what_waited_on_a_symbol_that_a_later_start_is_told_of_is_asked_for_without_a_fence(tmp_path: Path) -> None:
    scene = Scene(tmp_path, TWO_SYMBOLS).ready()
    triggers_meanwhile(scene)
    held, scene.venue.positions = scene.venue.positions, {}
    restarts(scene, loses_orders=True)
    scene.run(150)
    assert scene.gateway.is_ready and GONE not in scene.gateway.book.symbols
    fenced = fences(scene)
    assert fenced
    scene.venue.positions = held
    scene.settings = structs.replace(scene.settings, scan=(GONE,))
    restarts(scene)
    scene.run(150)
    book = scene.gateway.book
    assert scene.gateway.is_ready
    assert book.missing.has_all_orders
    assert (book.net(1, GONE), book.net(EXTERNAL, GONE)) == (D(-4), D(0))
    assert fences(scene) == fenced, "nothing is on its way that its journal does not have"


def test_what_a_start_reads_of_a_lost_symbol_before_strategies_may_come_is_told_to_those_that_come_back(
    tmp_path: Path,
) -> None:
    """It is an event of this start like all that it reads later."""
    settings, venue = structs.replace(TWO_SYMBOLS, product=ProductName.SPOT), SpotVenue()
    venue.instruments.append(structs.replace(venue.instruments[0], symbol="ETHUSDT", base_asset="ETH"))
    scene = Scene(tmp_path, settings, venue=venue).ready()
    client = scene.client(1)
    after = [client.login_result["epoch"], 0]
    resting = scene.accepts(client.order(**BTC))
    assert resting.venue_order_id is not None
    executes(scene, GONE, resting.venue_order_id, qty="4")
    scene.venue.answers[ConditionalOrdersQuery] = lambda _: ()
    scene.settings = structs.replace(settings, symbols=(SYMBOL,), scan=(GONE, "ETHUSDT"))
    scene.gateway.stop()
    forgets_the_symbol(scene)
    restarts(scene)
    scene.run(60)
    assert scene.gateway.is_ready and scene.gateway.book.net(1, GONE) == D(4)
    client = scene.client(1)
    found = client.result("get_fills", {"lineage": client.login_result["lineage"], "after": after})
    assert [fill["qty"] for view in found["orders"] for fill in view["fills"]] == ["4"]


def test_what_is_refused_when_it_is_subscribed_can_be_traded_as_soon_as_it_is_told(tmp_path: Path) -> None:
    scene = Scene(tmp_path, WATCHED).ready()
    client = scene.client(1)
    told = scene.venue.answers[TradesQuery]
    scene.venue.answers[TradesQuery] = lambda query: REFUSED if query.symbol == GONE else told(query)
    number = client.request("subscribe", ["btcusdt@depth"])
    scene.run(120)
    confirmed = client.reply_to(number)
    assert confirmed is not None and "error" not in confirmed, "its market data come"
    code, why = client.error("order", client.order_params(**BTC))
    assert code == ErrorCode.NOT_READY and "did not tell yet" in why and "btcusdt" in why
    scene.venue.answers[TradesQuery] = told
    scene.run(RETRIED_S)
    scene.accepts(client.order(**BTC))


def test_what_is_configured_and_refused_at_a_start_is_accounted_for_as_soon_as_it_is_told(tmp_path: Path) -> None:
    scene = Scene(tmp_path, TWO_SYMBOLS)
    told = scene.venue.answers[TradesQuery]
    scene.venue.answers[TradesQuery] = lambda query: REFUSED if query.symbol == GONE else told(query)
    scene.run(120)
    assert scene.gateway.is_ready and GONE not in scene.gateway.book.symbols
    scene.venue.answers[TradesQuery] = told
    scene.run(RETRIED_S)
    assert GONE in scene.gateway.book.symbols


def test_a_lost_pair_that_is_not_listed_any_more_is_told_of_and_holds_up_nothing(tmp_path: Path) -> None:
    venue = SpotVenue(is_margin=True)
    scene = Scene(tmp_path, structs.replace(WATCHED, product=ProductName.MARGIN), venue=venue).ready()
    venue.answers[TradesQuery] = lambda _: ()
    scans(scene)
    scene.settings = structs.replace(scene.settings, scan=())
    venue.instruments = [each for each in venue.instruments if each.symbol != GONE]
    venue.answers[TradesQuery] = lambda query: UNKNOWN if query.symbol == GONE else ()
    restarts(scene)
    scene.run(RETRIED_S)
    assert scene.gateway.is_ready
    [told] = [line for line in scene.logged if "BTCUSDT is not in the books: the exchange does not list it" in line]
    assert "pos accept" in told and "warning" in told
    status = scene.operator().result("op.status")
    assert status["ready"] and "btcusdt is not in the books: the exchange does not list it any more" in status["text"]
    venue.moves("USDT", "-0.5")
    pays(scene, ("", "-0.5"), kind="INTEREST")
    scene.run(120)
    book = scene.gateway.book
    assert not book.cash.unshared and not book.differences


def test_what_is_not_told_yet_is_in_the_status_until_it_is(tmp_path: Path) -> None:
    scene = Scene(tmp_path, WATCHED).ready()
    executes(scene, GONE, "5555")
    scans(scene)
    assert "btcusdt is not in the books" in scene.operator().result("op.status")["text"]
    assert scene.gateway.recovery.lacks_executions(1, GONE)
    scene.run(RETRIED_S)
    assert not scene.operator().result("op.status")["text"]
    assert not scene.gateway.recovery.lacks_executions(1, GONE)


@pytest.mark.parametrize(("qty", "subscribes"), [("0", False), ("10", False), ("10", True)])
def test_who_sent_an_order_on_a_symbol_that_the_book_lost_learns_what_became_of_it(
    tmp_path: Path, qty: str, subscribes: bool
) -> None:
    """The account holds nothing of it any more, and nothing is open: only the strategy tells of it."""
    scene = Scene(tmp_path, TWO_SYMBOLS).ready()
    client, answers = scene.client(1), scene.venue.answers
    name = client.order(**BTC)
    taken = scene.accepts(name)
    answers[ConditionalOrdersQuery] = lambda _: ()
    if D(qty):
        assert taken.venue_order_id is not None
        executes(scene, GONE, taken.venue_order_id, qty=qty)
        scene.venue.positions.clear()
        answers[OrderQuery] = lambda _: structs.replace(taken, venue_cum_qty=D(qty))
    else:
        answers[OrderQuery] = lambda _: None
    scene.settings = structs.replace(scene.settings, symbols=(SYMBOL,))
    scene.gateway.stop()
    forgets_the_symbol(scene)
    restarts(scene, loses_orders=True)
    scene.run(40)
    assert scene.gateway.is_ready and GONE not in scene.gateway.book.symbols
    client = scene.client(1)
    if subscribes:  # half-way between two looks at what there is
        scene.run(15)
        client.request("subscribe", ["btcusdt@depth"])
    item = {"client_order_id": name, "side": "BUY", "order_type": "LIMIT", "time_in_force": "GTC"} | BTC
    [view] = client.result("resolve", {"orders": [item]})["orders"]
    assert view["status"] == "UNKNOWN"
    scene.run(90)
    book = scene.gateway.book
    assert client.last_order()["status"] == ("FILLED" if D(qty) else "ABSENT")
    assert book.net(1, GONE) == D(qty) and (GONE in book.symbols) == bool(D(qty)), "a claim alone enters nothing"


@pytest.mark.parametrize(
    ("error", "asks"),
    [(Banned(-1003, "Too many requests", retry_after_ms=30_000), 2), (TransportError("reset", sent=True), 12)],
    ids=["banned", "no answer"],
)
def test_former_names_of_open_orders_are_asked_for_patiently(tmp_path: Path, error: Exception, asks: int) -> None:
    scene, venue, resting = loses_what_was_renamed(tmp_path)
    asked = count()

    def names(_: object) -> object:
        next(asked)
        return error

    venue.answers[AmendmentsQuery] = names
    restarts(scene, loses_orders=True)
    scene.run(40)
    assert 1 <= next(asked) <= asks
    venue.answers[AmendmentsQuery] = lambda _: resting.client_order_ids
    scene.run(60)
    assert [order.facts.venue_order_id for order in scene.gateway.book.open_orders(1)] == [resting.venue_order_id]
