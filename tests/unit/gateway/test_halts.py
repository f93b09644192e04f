"""When the exchange trades by itself, and when the books may not be the only ones: what stops, and what goes on."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.unit.gateway.scene import Scene
from tests.unit.gateway.scripted_venue import instrument
from tradingsys.core.commands import InstrumentsQuery, PlaceOrder, VenueRules
from tradingsys.core.enums import OrderType, Side
from tradingsys.core.errors import TransportError, VenueError
from tradingsys.core.ids import EXTERNAL
from tradingsys.core.order import Fill, Order, Terms
from tradingsys.core.reports import MarginCall, OrderChanged, OrderRequest, Outcome, SettingsChanged, UserStreamState
from tradingsys.wire.messages import ErrorCode


def liquidate(scene: Scene, qty: str = "30") -> None:
    terms = Terms("DOGEUSDT", Side.SELL, OrderType.LIMIT, Decimal(qty), Decimal("0.5"), version_ms=scene.now_ms())
    fill = Fill("900", "DOGEUSDT", "77", Side.SELL, Decimal("0.5"), Decimal(qty), scene.now_ms(), False)
    order = Order(("autoclose-1",), "77", terms, True, Decimal(qty), None, {"900": fill}, forced="liquidation")
    scene.venue.positions["DOGEUSDT"] = scene.venue.positions.get("DOGEUSDT", Decimal(0)) - Decimal(qty)
    scene.says(OrderChanged(order, "DOGEUSDT", scene.now_ms()))


def test_a_liquidation_halts_its_symbol_until_an_operator_resumes(scene: Scene) -> None:
    client = scene.holder(1, "30")
    resting = client.order(price="0.5")
    scene.accepts(resting)
    liquidate(scene)
    code, text = client.error("order", client.order_params())
    assert code == ErrorCode.HALTED and "resume dogeusdt" in text
    reduce = client.order_params(side="SELL", reduce_only=True, quantity="1")
    assert client.error("order", reduce)[0] == ErrorCode.HALTED
    assert client.error("amend", {"client_order_id": resting, "quantity": "31"})[0] == ErrorCode.HALTED
    assert client.error("amend", {"client_order_id": resting, "quantity": "29"})[0] == ErrorCode.HALTED
    client.result("cancel", {"client_order_id": resting})
    assert "dogeusdt is halted" in client.pushes("status")[-1]["text"] and client.pushes("status")[-1]["ready"]
    assert [scene.gateway.book.net(session, "DOGEUSDT") for session in (1, EXTERNAL)] == [30, -30]
    scene.restart()
    client, operator = scene.client(), scene.client(None)
    assert client.error("order", client.order_params())[0] == ErrorCode.HALTED, "a restart forgets no halt"
    operator.result("operate", {"token": "s3cret"})
    [halt] = operator.result("op.status")["halts"]
    assert halt["symbol"] == "dogeusdt" and "liquidation" in halt["reason"]
    assert operator.result("op.resume", {"symbol": "dogeusdt"}) is None
    client.order()
    assert client.pushes("status")[-1]["text"] == ""
    assert operator.error("op.resume", {"symbol": "dogeusdt"})[1].startswith("dogeusdt is not halted")


def test_other_symbols_go_on(scene: Scene) -> None:
    client = scene.holder(1, "30")
    liquidate(scene)
    request = client.request("subscribe", ["btcusdt@depth"])
    scene.run(10)
    reply = client.reply_to(request)
    assert reply is not None and "error" not in reply
    client.order(symbol="btcusdt", price="60000", quantity="1")


def test_an_operator_lifts_the_halt_of_the_account(scene: Scene) -> None:
    client, operator = scene.client(), scene.client(None)
    operator.result("operate", {"token": "s3cret"})
    coid = client.order()
    scene.accepts(coid)
    wrong = Terms("DOGEUSDT", Side.BUY, OrderType.LIMIT, Decimal(30), Decimal("0.6"), version_ms=scene.now_ms())
    scene.says(OrderChanged(Order((coid,), "9999", wrong), "DOGEUSDT", scene.now_ms()))
    assert client.error("order", client.order_params())[0] == ErrorCode.HALTED
    [halt] = operator.result("op.status")["halts"]
    assert halt["symbol"] == "" and "contradicts itself" in halt["reason"] and halt["ts_ms"]
    assert not client.pushes("status")[-1]["ready"]
    operator.result("op.resume", {"symbol": ""})
    client.order()
    assert client.pushes("status")[-1]["ready"]
    assert "the account is not halted" in operator.error("op.resume", {"symbol": ""})[1]


def test_a_symbol_that_stops_trading_is_refused_with_the_reason(scene: Scene) -> None:
    client = scene.holder(1, "30")
    scene.venue.instruments = [instrument(status="SETTLING"), instrument("BTCUSDT")]
    scene.run(301)
    code, text = client.error("order", client.order_params())
    assert code == ErrorCode.INVALID_ORDER and "SETTLING (being settled" in text
    assert "dogeusdt does not trade: SETTLING" in client.pushes("status")[-1]["text"]
    [product] = client.result("get_products", ["dogeusdt"])
    assert product["status"] == "SETTLING"
    assert any("changed a symbol's status" in line and "SETTLING" in line for line in scene.logged)
    scene.venue.instruments = [instrument(), instrument("BTCUSDT")]
    scene.run(301)
    client.order()
    assert client.pushes("status")[-1]["text"] == ""


@pytest.mark.parametrize("code", [-4140, -2019])
def test_a_refusal_for_the_status_makes_the_rules_be_read(scene: Scene, code: int) -> None:
    client = scene.client()
    scene.run(61)
    before = sum(isinstance(query, InstrumentsQuery) for query in scene.venue.asked)
    coid = client.order()
    scene.venue.instruments[0] = instrument(status="CLOSE")
    scene.ends(coid, OrderRequest.PLACE, Outcome.REFUSED, VenueError(code, "Invalid symbol status."))
    after = sum(isinstance(query, InstrumentsQuery) for query in scene.venue.asked)
    assert (after - before, scene.gateway.instruments["DOGEUSDT"].status) == (
        (1, "CLOSE") if code == -4140 else (0, "TRADING")
    )


def test_the_rules_are_read_after_a_reconnect_but_not_at_every_one(scene: Scene) -> None:
    def readings() -> int:
        return sum(isinstance(query, InstrumentsQuery) for query in scene.venue.asked)

    scene.run(61)
    before = readings()
    for _ in range(5):
        scene.says(UserStreamState(False, "lost"), UserStreamState(True))
    assert readings() == before + 1
    scene.run(60)
    assert readings() == before + 2, "once more for those that came after it"


def test_a_status_that_changes_just_after_a_reading_is_read_when_an_order_is_refused(scene: Scene) -> None:
    client = scene.client()
    scene.says(UserStreamState(False, "lost"), UserStreamState(True))
    scene.venue.instruments[0] = instrument(status="CLOSE")
    refused = VenueError(-4140, "Invalid symbol status for opening position.")
    scene.ends(client.order(), OrderRequest.PLACE, Outcome.REFUSED, refused)
    scene.run(11)
    assert "its status is CLOSE" in client.error("order", client.order_params())[1]


def test_rules_that_cannot_be_read_stay_as_they_are(scene: Scene) -> None:
    client = scene.client()
    scene.venue.answers[InstrumentsQuery] = lambda _: VenueRules((), ())
    scene.run(600)
    scene.venue.answers[InstrumentsQuery] = lambda _: TransportError("no route", sent=False)
    scene.run(900)
    assert any("could not be read anew" in line and "no route" in line for line in scene.logged)
    client.order()
    assert len(scene.venue.sent(PlaceOrder)) == 1


def test_what_happens_to_the_account_is_in_the_log(scene: Scene) -> None:
    scene.says(SettingsChanged("DOGEUSDT", 20), MarginCall(("DOGEUSDT",), scene.now_ms()))
    assert any("leverage" in line and "20" in line for line in scene.logged)
    assert any(line.startswith("error: MARGIN CALL") and "DOGEUSDT" in line for line in scene.logged)
