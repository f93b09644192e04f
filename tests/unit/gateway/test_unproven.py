"""What a strategy says that it sent, and no journal has: it stops nobody, and keeps neither disk nor exchange busy."""

from __future__ import annotations

from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import structs

from tests.simulate.life import SETTINGS
from tests.simulate.rig import Json, Rig, WireClient
from tests.unit.gateway.scene import Scene
from tests.unit.gateway.test_stopping import confirmed, holder, operator
from tradingsys.core.commands import OrderQuery
from tradingsys.core.enums import OrderType, Side
from tradingsys.core.ids import OrderKey, encode_client_order_id
from tradingsys.core.order import Fill, Order, Terms
from tradingsys.core.records import Intent
from tradingsys.core.reports import OrderChanged
from tradingsys.gateway.configuration.session_config import UNLIMITED
from tradingsys.gateway.requests import order_requests
from tradingsys.gateway.views.views import terms_of
from tradingsys.oms.limits import AccountLimits
from tradingsys.oms.tracked_order import TrackedOrder
from tradingsys.wire.messages import ErrorCode, ResolveItem

_seqs = count(50)


@pytest.fixture
def past(rig: Rig) -> int:
    """An epoch whose journal is not complete: the machine's memory went with it."""
    epoch: int = rig.client().login_result["epoch"]
    rig.gateway.kill("by a power cut")
    for path in (rig.folder / "shm").glob("*"):
        path.unlink()
    rig.start(until_ready=False)
    rig.run(15)
    assert rig.gateway.gateway.is_ready
    return epoch


def made_up(client: WireClient, epoch: int, session: int = 1, **changes: str | None) -> Json:
    key = OrderKey(session, client.login_result["lineage"], epoch, 1, next(_seqs))
    return client.order_params(client_order_id=encode_client_order_id(key), **changes)


def test_an_epoch_before_the_first_was_never_one_of_ours(rig: Rig) -> None:
    client = rig.client()
    [view] = client.ask("resolve", {"orders": [made_up(client, 1, quantity="9999999999")]})["result"]["orders"]
    assert view["status"] == "ABSENT"
    assert not rig.gateway.gateway.book.open_orders()


def test_what_cannot_have_been_is_refused_and_keeps_no_halt_from_being_confirmed(rig: Rig, past: int) -> None:
    client = rig.client()
    for changes, code, words in (
        ({"symbol": "nosuchusdt"}, ErrorCode.NO_SUCH_ORDER, "nor does the exchange list it"),
        ({"quantity": "9999999999"}, ErrorCode.BAD_REQUEST, "no order of that quantity"),
        ({"price": "9999999999"}, ErrorCode.BAD_REQUEST, "no order of that quantity or price"),
    ):
        error = client.ask("resolve", {"orders": [made_up(client, past, 1, **changes)]})["error"]
        assert error["code"] == code and words in error["msg"]
    assert not rig.gateway.gateway.book.open_orders()
    desk = operator(rig)
    assert confirmed(desk, desk.ask("op.halt", {})["result"])["confirmed"]


def test_so_many_are_in_doubt_at_a_time(rig: Rig, past: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order_requests, "_MOST_LOOKED_UP", 100)  # or the first are over before the last
    client = rig.client()
    assert "error" not in client.ask("resolve", {"orders": [made_up(client, past) for _ in range(100)]})
    assert client.error("resolve", {"orders": [made_up(client, past)]}) == ErrorCode.DENIED
    assert client.error("resolve", {"orders": [made_up(client, past) for _ in range(101)]}) == ErrorCode.BAD_REQUEST
    rig.run(40)
    assert not rig.gateway.gateway.book.open_orders(), "the exchange knows none of them"
    assert "error" not in client.ask("resolve", {"orders": [made_up(client, past)]})


@pytest.mark.parametrize("made", [{"price": "0.5"}, {"side": "SELL", "price": "0.7", "quantity": "30"}])
def test_whoever_makes_up_more_and_more_keeps_nothing_from_being_traded_away(
    rig: Rig, past: int, made: dict[str, Any]
) -> None:
    client = holder(rig, 1, 30)
    rig.house(Side.BUY, 100, "0.59")
    desk = operator(rig)

    def make_up() -> None:
        assert "error" not in client.ask("resolve", {"orders": [made_up(client, past, **made)]}, wait_s=0.1)

    make_up()
    view = desk.ask("op.flatten", {"session_id": 1})["result"]
    for _ in range(30):
        make_up()
    assert rig.net(1) == 0
    assert desk.ask("op.stopping", {"number": view["number"]})["result"]["confirmed"]


def test_a_doubt_about_a_symbol_that_there_never_was_ends(rig: Rig, past: int) -> None:
    """As books may have it that an earlier version kept."""
    gateway = rig.gateway.gateway
    client = rig.client()
    item = msgspec.convert(made_up(client, past, symbol="nosuchusdt"), ResolveItem)
    order = gateway.book.track(Intent(item.client_order_id, 1, terms_of(item), 0, 0))
    gateway.book.doubt(order)
    gateway.flush()
    rig.restart()
    [order] = [each for each in rig.gateway.gateway.book.orders.values() if each.symbol == "NOSUCHUSDT"]
    for _ in range(20):
        if not order.absent:
            rig.run(20)
    assert order.absent and not order.is_open


def shown(rig: Rig, item: Json) -> TrackedOrder:
    """The exchange tells of an order that is open there."""
    order = rig.gateway.gateway.book.orders[item["client_order_id"]]
    assert order.terms is not None
    facts = Order((order.client_order_id,), "77", structs.replace(order.terms, version_ms=1), accepted=True)
    rig.gateway.gateway.book.learn(facts, "DOGEUSDT", 1)
    return order


def test_it_counts_for_nothing_until_the_exchange_shows_it(rig: Rig, past: int) -> None:
    book = rig.gateway.gateway.book
    client, other = rig.client(), holder(rig, 2, 30)
    item = made_up(client, past, quantity="1000")
    close = {"order_type": "STOP_MARKET", "stop_price": "0.5", "side": "SELL", "price": None, "time_in_force": None}
    client.ask("resolve", {"orders": [item]}, wait_s=0.1)
    assert book.orders[item["client_order_id"]].is_unproven
    line = book.exposure.line(1, "DOGEUSDT")
    assert line.buys == line.orders == len(line.doubts) == 0
    assert book.exposure.account.orders == 0
    stop = other.ask("order", other.order_params(**close, close_position=True, quantity="0"))
    assert "result" in stop, "the neighbour is the symbol's only holder"
    shown(rig, item)
    line = book.exposure.line(1, "DOGEUSDT")
    assert line.buys == 1000 and line.orders == 1, "it was sent, and the journal had lost it"
    assert book.exposure.account.orders == 2
    again = other.ask("order", other.order_params(**close, close_position=True, quantity="0"))
    assert "not the only holder" in again["error"]["msg"]


def test_who_makes_up_much_has_no_neighbour_denied(rig: Rig, past: int) -> None:
    account = AccountLimits(max_gross_notional=Decimal(1_000), max_open_orders=5)
    rig.settings = structs.replace(SETTINGS, limits=structs.replace(UNLIMITED, account=account))
    rig.restart()
    gateway = rig.gateway.gateway
    gateway.market.prices.read("DOGEUSDT", Decimal("0.6"), gateway.now_ns())
    gateway.book.exposure.value("DOGEUSDT", Decimal("0.6"))
    client, other = rig.client(), rig.client(2, instance="other")
    items = [made_up(client, past, quantity="1000000") for _ in range(10)]
    assert "result" in client.ask("resolve", {"orders": items}, wait_s=0.1)
    assert "result" in other.ask("order", other.order_params(quantity="20"))


@pytest.mark.parametrize("told", ["0", "149"])
def test_one_for_an_amount_counts_what_that_comes_to_when_it_is_shown(rig: Rig, past: int, told: str) -> None:
    """Whether or not the strategy was told, before the power cut, how much it came to."""
    gateway = rig.gateway.gateway
    gateway.market.prices.read("DOGEUSDT", Decimal("0.6"), gateway.now_ns())
    amount: Json = {"order_type": "MARKET", "quantity": told, "quote_quantity": "90", "price": None}
    client = rig.client()
    item = made_up(client, past, **amount, time_in_force=None)
    assert "result" in client.ask("resolve", {"orders": [item]}, wait_s=0.1)
    shown(rig, item)
    assert gateway.book.exposure.line(1, "DOGEUSDT").buys == 150


def test_of_one_with_executions_the_exchange_alone_tells_what_it_is(tmp_path: Path) -> None:
    scene = Scene(tmp_path).ready()
    client = scene.client()
    login = client.login_result
    name = encode_client_order_id(OrderKey(1, login["lineage"], login["epoch"], login["login"], 77))
    fill = Fill(
        "5", "DOGEUSDT", "900", Side.SELL, Decimal("0.6"), Decimal(10), scene.now_ms(), True, Decimal(0), "USDT"
    )
    scene.says(OrderChanged(Order((name,), "900", fills={"5": fill}), "DOGEUSDT", scene.now_ms()))
    terms = Terms("DOGEUSDT", Side.SELL, OrderType.LIMIT, Decimal(30), Decimal("0.6"), version_ms=scene.now_ms())
    del scene.venue.answers[OrderQuery]
    item = client.order_params(client_order_id=name, symbol="nosuchusdt", quantity="9999999999999")
    [view] = client.result("resolve", {"orders": [item]})["orders"]
    assert (view["status"], view["cum_qty"], len(view["fills"])) == ("PARTIALLY_FILLED", "10", 1)
    scene.answer(OrderQuery, Order((name,), "900", terms, accepted=True, venue_cum_qty=Decimal(10)))
    assert client.last_order()["quantity"] == "30"
    record = scene.tracked(name).record()
    assert record is not None and record.intent.terms.symbol == "DOGEUSDT"
    assert scene.gateway.book.exposure.line(1, "DOGEUSDT").sells == 20


def test_one_with_executions_is_asked_about_once_for_all_who_ask(tmp_path: Path) -> None:
    scene = Scene(tmp_path).ready()
    client = scene.client()
    login = client.login_result
    name = encode_client_order_id(OrderKey(1, login["lineage"], login["epoch"], login["login"], 77))
    fill = Fill("9", "DOGEUSDT", "4711", Side.BUY, Decimal("0.6"), Decimal(5), scene.now_ms(), fee=Decimal(0))
    scene.says(OrderChanged(Order((name,), "4711", fills={"9": fill}), "DOGEUSDT", scene.now_ms()))
    questions: list[OrderQuery] = []
    scene.venue.answers[OrderQuery] = questions.append
    for _ in range(2):
        client.result("resolve", {"orders": [client.order_params(client_order_id=name)] * 100})
    scene.run(20)
    assert 1 <= len(questions) <= 5, "by none of the answers it is known, and each was one"


def test_the_disk_is_not_asked_about_what_a_session_cannot_have_sent(rig: Rig, past: int) -> None:
    client, book = rig.client(), rig.gateway.gateway.book
    find, asked = rig.gateway.gateway.store.find_order, list[str]()

    def noted(client_order_id: str) -> object:
        asked.append(client_order_id)
        return find(client_order_id)

    book.recalling._recall = noted  # type: ignore[assignment]
    for order in (made_up(client, past, 2), made_up(client, 1)):
        assert client.error("cancel", {"client_order_id": order["client_order_id"]}) == ErrorCode.NO_SUCH_ORDER
        client.ask("resolve", {"orders": [order]})
        client.ask("amend", {"client_order_id": order["client_order_id"], "quantity": "5"})
    assert not asked
    mine = made_up(client, past)
    assert client.error("cancel", {"client_order_id": mine["client_order_id"]}) == ErrorCode.NO_SUCH_ORDER
    assert asked == [mine["client_order_id"]]


AMOUNT: Json = {"order_type": "MARKET", "quote_quantity": "90", "price": None, "time_in_force": None}
CLOSING: Json = {
    "order_type": "STOP_MARKET",
    "stop_price": "0.5",
    "side": "SELL",
    "close_position": True,
    "price": None,
    "time_in_force": None,
}


@pytest.mark.parametrize("told", ["0", "149"])
def test_one_that_closes_a_position_may_be_told_with_what_that_came_to(rig: Rig, past: int, told: str) -> None:
    client = rig.client()
    item = made_up(client, past, **CLOSING, quantity=told)
    assert "result" in client.ask("resolve", {"orders": [item]}, wait_s=0.1)
    terms = rig.gateway.gateway.book.orders[item["client_order_id"]].known_terms
    assert terms is not None and terms.close_position and not terms.order_qty


@pytest.mark.parametrize("made", [AMOUNT, CLOSING], ids=["for an amount", "closing"])
def test_a_quantity_that_is_no_number_is_refused_where_it_counts_for_nothing_too(
    rig: Rig, past: int, made: Json
) -> None:
    client = rig.client()
    error = client.ask("resolve", {"orders": [made_up(client, past, **made, quantity="abc")]})["error"]
    assert error["code"] == ErrorCode.BAD_REQUEST and "quantity is not a plain decimal number: 'abc'" in error["msg"]
    assert not rig.gateway.gateway.book.open_orders()


def test_one_on_a_symbol_that_is_listed_and_cannot_be_read_is_asked_about(rig: Rig, past: int) -> None:
    client, gateway = rig.client(), rig.gateway.gateway
    gateway.recovery.read_rules(gateway.instruments, ["HALFUSDT"])
    item = made_up(client, past, symbol="halfusdt")
    [view] = client.ask("resolve", {"orders": [item]})["result"]["orders"]
    assert view["in_doubt"] and gateway.book.orders[item["client_order_id"]].symbol == "HALFUSDT"
    refusal = client.ask("resolve", {"orders": [made_up(client, past, symbol="nosuchusdt")]})["error"]
    assert "nor does the exchange list it" in refusal["msg"]
