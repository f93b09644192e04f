"""When the books and the account differ: first only orders that reduce, then none, and all again once they agree."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from msgspec import structs

from tests.unit.gateway.scene import SETTINGS, Scene
from tests.unit.gateway.scripted_venue import Json
from tradingsys.core.commands import OrderQuery
from tradingsys.core.enums import Side, TradingState
from tradingsys.core.errors import TransportError
from tradingsys.core.order import Fill, Order
from tradingsys.core.records import HaltCause
from tradingsys.core.reports import OrderChanged
from tradingsys.store.read import reading
from tradingsys.store.rows import read_adjustments
from tradingsys.wire.messages import ErrorCode

WATCH_S = 30


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path, structs.replace(SETTINGS, watch_ms=WATCH_S * 1_000)).ready()


def differ(scene: Scene, net: str) -> None:
    scene.venue.positions["DOGEUSDT"] = Decimal(net)


def state(scene: Scene) -> TradingState:
    rows = [row for row in scene.gateway.book.halts if row.cause is HaltCause.DIFFERENCE]
    return rows[0].state if rows else TradingState.ACTIVE


def test_a_difference_restricts_its_symbol_more_and_more_until_it_is_gone(scene: Scene) -> None:
    client = scene.holder(1, "30")
    differ(scene, "37")
    while not scene.gateway.book.differences:
        scene.run(1)
    assert scene.gateway.book.differences == {"DOGEUSDT": Decimal(-7)} and state(scene) is TradingState.ACTIVE
    scene.run(12)
    assert state(scene) is TradingState.REDUCING, "found once more, seconds later"
    code, text = client.error("order", client.order_params())
    assert code == ErrorCode.HALTED and "differ from the account in DOGEUSDT by -7" in text
    scene.run(2 * WATCH_S - 15)
    assert state(scene) is TradingState.REDUCING
    scene.run(WATCH_S + 15)
    assert state(scene) is TradingState.HALTED
    assert client.error("order", client.order_params(side="SELL", quantity="1"))[0] == ErrorCode.HALTED
    scene.restart()
    client = scene.client()
    assert client.error("order", client.order_params())[0] == ErrorCode.HALTED, "a restart makes nobody forget"
    differ(scene, "30")
    scene.run(WATCH_S + 5)
    assert state(scene) is TradingState.ACTIVE
    client.order()
    assert any("agree on DOGEUSDT again" in line for line in scene.logged)


def test_a_difference_that_is_gone_at_the_second_look_restricts_nobody(scene: Scene) -> None:
    client = scene.holder(1, "30")
    differ(scene, "37")
    scene.run(WATCH_S + 5)
    differ(scene, "30")
    scene.run(3 * WATCH_S)
    client.order()
    assert state(scene) is TradingState.ACTIVE and not any("HALTED" in line for line in scene.logged)
    differ(scene, "37")
    while not scene.gateway.book.differences:
        scene.run(1)
    assert state(scene) is TradingState.ACTIVE, "another one is believed no sooner"


def test_other_symbols_go_on(scene: Scene) -> None:
    client = scene.holder(1, "30")
    request = client.request("subscribe", ["btcusdt@depth"])
    differ(scene, "37")
    scene.run(4 * WATCH_S)
    assert "error" not in (client.reply_to(request) or {"error": 0})
    assert state(scene) is not TradingState.ACTIVE
    client.order(symbol="btcusdt", price="60000", quantity="1")


def accepted(scene: Scene, symbol: str) -> Json:
    desk = scene.client(None)
    desk.result("operate", {"token": "s3cret"})
    request = desk.request("op.accept", {"asset": symbol})
    scene.run(13)
    reply = desk.reply_to(request)
    assert reply is not None
    return reply


def test_a_person_books_an_execution_that_cannot_be_read(scene: Scene) -> None:
    client = scene.holder(1, "30")
    name = client.order(side="SELL", price="0.59")
    scene.accepts(name)
    told = Order((name,), scene.tracked(name).facts.venue_order_id, accepted=True, venue_cum_qty=Decimal(30))
    scene.says(OrderChanged(told, "DOGEUSDT", scene.now_ms()))
    differ(scene, "0")
    assert accepted(scene, "dogeusdt")["error"]["code"] == ErrorCode.NOT_READY
    scene.run(4 * WATCH_S)
    assert state(scene) is TradingState.HALTED
    assert accepted(scene, "dogeusdt")["result"]["booked"] == "-30"
    scene.run(5)
    assert state(scene) is TradingState.ACTIVE


def test_a_person_books_what_nothing_explains_to_external(scene: Scene) -> None:
    client = scene.holder(1, "30")
    differ(scene, "37")
    scene.run(4 * WATCH_S)
    assert state(scene) is TradingState.HALTED
    differ(scene, "35")
    assert accepted(scene, "dogeusdt")["result"] == {"asset": "dogeusdt", "booked": "5", "external": "5"}, (
        "what it is now, not what it was"
    )
    scene.run(5)
    assert state(scene) is TradingState.ACTIVE and scene.gateway.book.differences == {}
    assert scene.gateway.book.net(1, "DOGEUSDT") == 30, "no session's position changes"
    assert "pos.db.before-pos-accept-1.bak" in [path.name for path in scene.folder.iterdir()]
    scene.restart()
    scene.run(2 * WATCH_S)
    book = scene.gateway.book
    assert [book.net(session, "DOGEUSDT") for session in (-1, 1)] == [5, 30] and book.differences == {}
    with reading(scene.folder / "pos.db") as conn:
        assert [row.why for row in read_adjustments(conn, "WHERE delta = '5'")] == ["ACCEPTED"]
    client = scene.client()
    client.order()


def test_where_books_and_account_agree_nothing_is_accepted(scene: Scene) -> None:
    scene.holder(1, "30")
    assert "agree with the account on DOGEUSDT now" in accepted(scene, "dogeusdt")["error"]["msg"]
    assert scene.gateway.book.net(-1, "DOGEUSDT") == 0


def test_what_an_execution_without_an_owner_may_explain_is_not_accepted(scene: Scene) -> None:
    client = scene.holder(1, "30")
    name = client.order()
    scene.venue.answers[OrderQuery] = lambda _: TransportError("slow", sent=True)
    fill = Fill(
        "77", "DOGEUSDT", "5555", Side.BUY, Decimal("0.6"), Decimal(7), scene.now_ms(), True, Decimal(0), "USDT"
    )
    nobodys = Order((), "5555", fills={"77": fill})
    scene.venue.fills.append(nobodys)
    scene.venue.executed(fill)
    scene.says(OrderChanged(nobodys, "DOGEUSDT", scene.now_ms()))
    scene.run(WATCH_S)
    assert accepted(scene, "dogeusdt")["error"]["code"] == ErrorCode.NOT_READY
    scene.says(OrderChanged(Order((name,), "5555", accepted=True), "DOGEUSDT", scene.now_ms()))
    scene.run(2 * WATCH_S)
    book = scene.gateway.book
    assert [book.net(session, "DOGEUSDT") for session in (-1, 1)] == [0, 37] and not book.differences


def test_what_will_be_booked_yet_is_not_accepted_with_the_rest(scene: Scene) -> None:
    """Somebody sells 10, as a stop of ours would have; and 5 came to the account that nobody tells of."""
    client = scene.holder(1, "30")
    stop = {"order_type": "STOP_MARKET", "price": None, "time_in_force": None, "stop_price": "0.5"}
    waits = scene.accepts(client.order(**stop, side="SELL", quantity="10"))
    scene.venue.answers[OrderQuery] = lambda _: waits
    sold = Fill(
        "77", "DOGEUSDT", "5555", Side.SELL, Decimal("0.6"), Decimal(10), scene.now_ms(), True, Decimal(0), "USDT"
    )
    scene.venue.fills.append(Order((), "5555", fills={"77": sold}))
    scene.says(OrderChanged(Order(("web_1",), "5555", accepted=True, fills={"77": sold}), "DOGEUSDT", scene.now_ms()))
    differ(scene, "25")
    assert accepted(scene, "dogeusdt")["error"]["code"] == ErrorCode.NOT_READY, "it is too young to be surely in it"
    scene.run(20)
    assert accepted(scene, "dogeusdt")["result"]["booked"] == "5"
    assert scene.gateway.book.unattributed
    scene.run(90)
    assert [scene.gateway.book.net(session, "DOGEUSDT") for session in (-1, 1)] == [-5, 30]
    assert scene.gateway.book.differences == {}
