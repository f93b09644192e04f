"""What becomes of a symbol that the exchange takes off, or refuses to tell of, and of everything else meanwhile."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from msgspec import structs

from tests.unit.gateway.scene import SETTINGS, Scene
from tradingsys.core.commands import InstrumentsQuery, OrderQuery, TradesQuery, VenueRules
from tradingsys.core.enums import OrderStatus, Side
from tradingsys.core.errors import TransportError, UnknownSymbol, VenueError
from tradingsys.core.ids import EXTERNAL
from tradingsys.core.order import Fill, Order
from tradingsys.core.reports import OrderChanged, OrderRequest, Outcome, UserStreamState
from tradingsys.oms.cadence import Cadence

GONE = "BTCUSDT"
UNKNOWN = UnknownSymbol(-1121, "Invalid symbol.")


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """Two symbols, whose histories are read in turns."""
    return Scene(
        tmp_path,
        structs.replace(
            SETTINGS,
            symbols=("DOGEUSDT", GONE),
            watch_ms=30_000,
            cadence=Cadence(first_audit_ms=200_000),
            shows_old_rules=lambda code, _: code == UNKNOWN.code,
        ),
    ).ready()


def take_off(scene: Scene) -> list[str]:
    """From now on nothing is told of it; returns which symbols are asked about."""
    scene.venue.instruments = [each for each in scene.venue.instruments if each.symbol != GONE]
    return refuse(scene)


def refuse(scene: Scene) -> list[str]:
    """The same while the rules name it."""
    asked: list[str] = []

    def trades(query: TradesQuery) -> tuple[Order, ...] | VenueError:
        asked.append(query.symbol)
        return UNKNOWN if query.symbol == GONE else ()

    scene.venue.answers[TradesQuery] = trades
    scene.venue.answers[OrderQuery] = lambda _: UNKNOWN
    return asked


def loses_a_gap(scene: Scene) -> None:
    scene.says(UserStreamState(False, "reset"))
    scene.says(UserStreamState(True))


def test_all_other_symbols_are_read_on(scene: Scene) -> None:
    asked = take_off(scene)
    scene.run(120)  # less than from one reading of the rules to the next
    assert GONE in asked
    asked.clear()
    scene.run(120)
    assert GONE not in asked
    assert asked.count("DOGEUSDT") >= 2


def test_a_gap_is_read_to_its_end(scene: Scene) -> None:
    rules = scene.venue.answers.pop(InstrumentsQuery)
    take_off(scene)
    loses_a_gap(scene)
    scene.run(11)
    assert scene.gateway.recovery.is_catching_up
    scene.answer(InstrumentsQuery, rules(InstrumentsQuery()))
    scene.run(10)
    assert not scene.gateway.recovery.is_catching_up


def test_an_audit_that_was_about_to_read_it_ends_and_finds_nothing(scene: Scene) -> None:
    client = scene.client(1)
    bought = client.order(symbol="btcusdt", price="60000", quantity="1")
    scene.accepts(bought)
    scene.fills_order(bought, "1", "60000")
    scene.run(159)
    assert not any("audited" in line for line in scene.logged)
    take_off(scene)
    scene.run(30)
    assert any("audited" in line for line in scene.logged)
    assert not len(scene.gateway.book.halts)


def test_orders_on_it_that_nobody_can_ask_about_are_over(scene: Scene) -> None:
    client = scene.client(1)
    doubtful, resting = (client.order(symbol="btcusdt", price="60000", quantity="1") for _ in range(2))
    scene.accepts(resting)
    take_off(scene)
    scene.ends(doubtful, OrderRequest.PLACE, Outcome.IN_DOUBT, TransportError("timeout", sent=True))
    assert scene.tracked(doubtful).in_doubt
    scene.run(360)
    assert scene.tracked(doubtful).absent
    assert scene.tracked(resting).status is OrderStatus.EXPIRED
    assert not scene.gateway.book.open_orders()
    desk = scene.operator()
    number = desk.result("op.halt", {})["number"]
    scene.run(1)
    assert desk.result("op.stopping", {"number": number})["confirmed"]


def test_a_symbol_that_the_rules_name_and_the_exchange_refuses_holds_up_nothing_for_long(scene: Scene) -> None:
    client = scene.client(1)
    resting = client.order(symbol="btcusdt", price="60000", quantity="1")
    scene.accepts(resting)
    asked = refuse(scene)
    loses_a_gap(scene)
    scene.run(200)
    assert not scene.gateway.recovery.is_catching_up
    asked.clear()
    scene.run(900)
    assert asked.count("DOGEUSDT") >= 10
    assert 2 <= asked.count(GONE) <= 5
    assert sum("refuses to answer TradesQuery of BTCUSDT" in line for line in scene.logged) == 1
    assert scene.tracked(resting).is_open
    scene.venue.answers[TradesQuery] = lambda _: ()
    scene.run(330)
    assert any("answers TradesQuery of BTCUSDT again" in line for line in scene.logged)


def test_an_order_that_is_asked_about_in_vain_is_not_over_because_the_rules_lack_its_symbol(scene: Scene) -> None:
    doubtful = scene.client(1).order(symbol="btcusdt", price="60000", quantity="1")
    take_off(scene)
    scene.venue.answers[OrderQuery] = lambda _: TransportError("slow", sent=True)
    scene.venue.answers[TradesQuery] = lambda _: ()
    scene.ends(doubtful, OrderRequest.PLACE, Outcome.IN_DOUBT, TransportError("timeout", sent=True))
    scene.run(700)
    assert scene.tracked(doubtful).in_doubt
    assert scene.tracked(doubtful).worst_leaves_qty == 1


def test_an_execution_is_nobodys_only_when_the_exchange_says_that_it_knows_no_such_order(scene: Scene) -> None:
    client = scene.client(1)
    doubtful = client.order(symbol="btcusdt", price="60000", quantity="1")
    scene.venue.answers[OrderQuery] = lambda _: TransportError("slow", sent=True)
    scene.ends(doubtful, OrderRequest.PLACE, Outcome.IN_DOUBT, TransportError("timeout", sent=True))
    fill = Fill("77", GONE, "5555", Side.BUY, Decimal(60000), Decimal(1), scene.now_ms(), True, Decimal(0), "USDT")
    row = Order((), "5555", fills={"77": fill})
    scene.venue.answers[TradesQuery] = lambda query: (row,) if query.symbol == GONE else ()
    scene.says(OrderChanged(row, GONE, fill.ts_event_ms))
    all_rules, scene.venue.instruments = scene.venue.instruments, scene.venue.instruments[:1]
    scene.run(700)
    book = scene.gateway.book
    assert not book.net(1, GONE)
    assert not book.net(EXTERNAL, GONE)
    scene.venue.instruments = all_rules
    scene.venue.answers[OrderQuery] = lambda _: Order((doubtful,), "5555", accepted=True, venue_cum_qty=Decimal(1))
    scene.run(60)
    assert book.net(1, GONE) == 1


def test_a_symbol_with_rules_that_cannot_be_read_is_not_taken_off(scene: Scene) -> None:
    rules, given = VenueRules((scene.venue.instruments[0],), (), (GONE,)), scene.venue.answers
    given[InstrumentsQuery] = lambda _: rules
    resting = scene.client(1).order(symbol="btcusdt", price="60000", quantity="1")
    scene.accepts(resting)
    refuse(scene)
    scene.run(700)
    assert scene.tracked(resting).is_open
    assert not any("took BTCUSDT off" in line for line in scene.logged)
