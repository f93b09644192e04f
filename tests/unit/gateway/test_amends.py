"""Changing resting orders: what is checked, what is sent, and what a strategy is told of the outcome."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.unit.gateway.scene import Scene, SceneClient
from tradingsys.core.commands import CancelOrder, OrderQuery, ReplaceOrder
from tradingsys.core.errors import TradingError, TransportError, VenueError
from tradingsys.core.reports import OrderRequest, Outcome, TradingState
from tradingsys.wire.messages import ErrorCode


def resting(scene: Scene, **changes: object) -> tuple[SceneClient, str]:
    client = scene.client()
    client_order_id = client.order(**changes)
    scene.accepts(client_order_id)
    return client, client_order_id


def test_what_is_left_out_stays_as_it_is(scene: Scene) -> None:
    client, coid = resting(scene)
    venue_order_id = scene.tracked(coid).facts.venue_order_id
    assert client.result("amend", {"client_order_id": coid, "price": "0.59"}) is None
    [command] = scene.venue.sent(ReplaceOrder)
    assert (command.order_qty, command.price) == (Decimal(30), Decimal("0.59"))
    assert (command.venue_order_id, command.side, command.stamp_ms) == (venue_order_id, "BUY", scene.now_ms())
    scene.amends(coid)
    assert (client.last_order()["price"], client.last_order()["quantity"]) == ("0.59", "30")
    client.result("amend", {"client_order_id": coid, "quantity": "40"})
    revision, command = command.revision, scene.venue.sent(ReplaceOrder)[-1]
    assert (command.order_qty, command.price) == (Decimal(40), Decimal("0.59")) and command.revision > revision
    scene.amends(coid)
    assert client.last_order()["quantity"] == "40" and not client.pushes("request_failed")


def test_a_price_may_be_left_to_the_book(scene: Scene) -> None:
    client, coid = resting(scene)
    client.result("amend", {"client_order_id": coid, "price_match": "QUEUE_5"})
    [command] = scene.venue.sent(ReplaceOrder)
    assert (command.price, command.price_match) == (None, "QUEUE_5")


def test_an_amend_is_checked_with_its_new_terms(scene: Scene) -> None:
    client, coid = resting(scene)
    scene.venue.why_not = "-4014: Price not increased by tick size."
    code, text = client.error("amend", {"client_order_id": coid, "price": "0.5900001"})
    assert code == ErrorCode.INVALID_ORDER and "tick size" in text
    assert scene.venue.checked[-1].price == Decimal("0.5900001") and scene.venue.checked[-1].order_qty == 30
    assert not scene.venue.sent(ReplaceOrder) and scene.tracked(coid).replace is None


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({}, "changes nothing"),
        ({"price": "0.6", "quantity": "30"}, "changes nothing"),
        ({"price": "0.6", "price_match": "QUEUE"}, "not both"),
        ({"price": "NaN"}, "price is not a plain decimal"),
        ({"price": "0"}, "above 0"),
        ({"quantity": "-3"}, "quantity is not a plain decimal"),
        ({"quantity": "12"}, "12 are executed already"),
    ],
)
def test_an_amend_that_makes_no_sense_is_refused(scene: Scene, params: dict[str, str], told: str) -> None:
    client, coid = resting(scene)
    scene.fills_order(coid, "12")
    code, text = client.error("amend", {"client_order_id": coid} | params)
    assert code == ErrorCode.INVALID_ORDER and told in text
    assert not scene.venue.sent(ReplaceOrder)


def test_only_a_confirmed_resting_limit_order_can_be_amended(scene: Scene) -> None:
    client = scene.client()
    coid = client.order()
    change = {"client_order_id": coid, "price": "0.59"}
    assert "not confirmed" in client.error("amend", change)[1]
    scene.accepts(coid)
    client.result("amend", change)
    assert "an amend of it is under way" in client.error("amend", change)[1]
    scene.amends(coid)
    client.result("cancel", {"client_order_id": coid})
    assert "a cancel of it is under way" in client.error("amend", change | {"price": "0.58"})[1]
    done = client.order()
    scene.accepts(done)
    scene.fills_order(done, "30")
    assert "FILLED" in client.error("amend", change | {"client_order_id": done})[1]
    market = client.order(order_type="MARKET", price=None, time_in_force=None)
    scene.accepts(market)
    assert "only limit orders" in client.error("amend", {"client_order_id": market, "quantity": "31"})[1]
    waiting = client.order(order_type="STOP_LIMIT", stop_price="0.7", price="0.71")
    scene.accepts(waiting)
    assert "before it is triggered" in client.error("amend", {"client_order_id": waiting, "quantity": "31"})[1]


def test_nobody_amends_the_orders_of_another_session(scene: Scene) -> None:
    _, coid = resting(scene)
    other = scene.client(2)
    assert other.error("amend", {"client_order_id": coid, "price": "0.59"})[0] == ErrorCode.NO_SUCH_ORDER
    assert other.error("amend", {"client_order_id": "nosuch", "price": "0.59"})[0] == ErrorCode.NO_SUCH_ORDER
    watcher = scene.client(1, trading=False)
    assert watcher.error("amend", {"client_order_id": coid, "price": "0.59"})[0] == ErrorCode.NON_TRADING


def test_without_a_connection_nothing_is_amended(scene: Scene) -> None:
    client, coid = resting(scene)
    scene.says(TradingState(False, "", "logon refused"))
    code, text = client.error("amend", {"client_order_id": coid, "price": "0.59"})
    assert code == ErrorCode.DISCONNECTED and "logon refused" in text


def test_a_refused_amend_is_told_and_the_order_is_as_it_was(scene: Scene) -> None:
    client, coid = resting(scene)
    client.result("amend", {"client_order_id": coid, "quantity": "40"})
    scene.venue.answers[OrderQuery] = lambda _: scene.tracked(coid).facts
    refusal = VenueError(-5027, "No need to modify the order.")
    scene.ends(coid, OrderRequest.REPLACE, Outcome.REFUSED, refusal)
    assert client.pushes("request_failed") == [
        {
            "type": "request_failed",
            "client_order_id": coid,
            "method": "amend",
            "code": -5027,
            "reason": "No need to modify the order.",
        }
    ]
    scene.run(5)
    assert scene.tracked(coid).replace is None
    client.result("amend", {"client_order_id": coid, "quantity": "41"})


def test_an_amend_that_never_left_is_told(scene: Scene) -> None:
    client, coid = resting(scene)
    client.result("amend", {"client_order_id": coid, "quantity": "40"})
    scene.ends(coid, OrderRequest.REPLACE, Outcome.NOT_SENT, TransportError("no connection", sent=False))
    [push] = client.pushes("request_failed")
    assert push["method"] == "amend" and "not sent: no connection" in push["reason"]
    assert scene.tracked(coid).replace is None


def test_an_amend_without_an_answer_counts_in_full_until_the_venue_shows_the_order(scene: Scene) -> None:
    client, coid = resting(scene)
    client.result("amend", {"client_order_id": coid, "quantity": "40"})
    scene.ends(coid, OrderRequest.REPLACE, Outcome.IN_DOUBT, TransportError("timeout", sent=True))
    assert scene.tracked(coid).worst_leaves_qty == 40 and not client.pushes("request_failed")
    scene.venue.answers[OrderQuery] = lambda _: scene.tracked(coid).facts
    scene.run(30)
    assert scene.tracked(coid).replace is None and scene.tracked(coid).worst_leaves_qty == 30


@pytest.mark.parametrize(
    ("outcome", "error"),
    [
        (Outcome.ACCEPTED, None),
        (Outcome.REFUSED, VenueError(-2013, "Order does not exist.")),
        (Outcome.IN_DOUBT, TransportError("timeout", sent=True)),
    ],
)
def test_the_late_reply_to_an_amend_does_not_end_the_next_one(
    scene: Scene, outcome: Outcome, error: TradingError | None
) -> None:
    client, coid = resting(scene)
    scene.venue.answers[OrderQuery] = lambda _: scene.tracked(coid).facts
    client.result("amend", {"client_order_id": coid, "quantity": "40"})
    [first] = scene.venue.sent(ReplaceOrder)
    scene.learns_of_amend(coid)  # from the account's stream, before the reply
    assert scene.tracked(coid).replace is None
    client.result("amend", {"client_order_id": coid, "quantity": "50"})
    scene.ends(coid, OrderRequest.REPLACE, outcome, error, first.revision)
    scene.run(1)
    assert scene.tracked(coid).worst_leaves_qty == 50
    scene.amends(coid)
    assert scene.tracked(coid).replace is None and scene.tracked(coid).worst_leaves_qty == 50


def test_amended_terms_survive_the_gateway(scene: Scene) -> None:
    client, coid = resting(scene)
    client.result("amend", {"client_order_id": coid, "quantity": "40"})
    scene.amends(coid)
    facts = scene.tracked(coid).facts
    scene.restart()
    scene.venue.answers[OrderQuery] = lambda _: facts
    client = scene.client()
    [order] = client.login_result["snapshot"]["orders"]
    assert order["quantity"] == "40"
    client.result("amend", {"client_order_id": coid, "quantity": "50"})
    first, second = scene.venue.sent(ReplaceOrder)
    assert first.revision < second.revision


def test_the_number_of_an_amend_that_died_with_the_gateway_is_not_used_again(scene: Scene) -> None:
    client, coid = resting(scene)
    client.result("amend", {"client_order_id": coid, "quantity": "40"})
    facts = scene.tracked(coid).facts
    scene.restart()
    scene.venue.answers[OrderQuery] = lambda _: facts
    scene.client().result("amend", {"client_order_id": coid, "quantity": "50"})
    first, second = scene.venue.sent(ReplaceOrder)
    assert first.revision < second.revision


def test_a_refused_cancel_is_told_when_the_order_is_still_open(scene: Scene) -> None:
    client, coid = resting(scene)
    client.result("cancel", {"client_order_id": coid})
    scene.venue.answers[OrderQuery] = lambda _: scene.tracked(coid).facts
    scene.ends(coid, OrderRequest.CANCEL, Outcome.REFUSED, VenueError(-1008, "Request throttled."))
    scene.run(5)
    [push] = client.pushes("request_failed")
    assert (push["method"], push["code"]) == ("cancel", -1008) and not scene.tracked(coid).cancel_pending


def test_a_refused_cancel_of_an_order_that_ended_is_no_news(scene: Scene) -> None:
    client, coid = resting(scene)
    client.result("cancel", {"client_order_id": coid})
    scene.ends(coid, OrderRequest.CANCEL, Outcome.REFUSED, VenueError(-2011, "Unknown order sent."))
    scene.fills_order(coid, "30")
    scene.run(5)
    assert not client.pushes("request_failed") and client.last_order()["status"] == "FILLED"


def test_a_waiting_order_is_canceled_where_waiting_orders_are(scene: Scene) -> None:
    client = scene.client()
    coid = client.order(order_type="STOP_MARKET", stop_price="0.7", price=None, time_in_force=None)
    scene.accepts(coid)
    assert client.last_order()["is_waiting"]
    client.result("cancel", {"client_order_id": coid})
    [command] = scene.venue.sent(CancelOrder)
    assert command.is_waiting and command.venue_order_id is None


def test_an_amend_that_died_with_the_gateway_counts_until_it_can_no_longer_act(scene: Scene) -> None:
    client, coid = resting(scene)
    client.result("amend", {"client_order_id": coid, "quantity": "40"})
    facts = scene.tracked(coid).facts
    scene.venue.answers[OrderQuery] = lambda _: facts
    scene.gateway.stop()
    scene.start()
    assert scene.tracked(coid).worst_leaves_qty == 40
    scene.restart()
    scene.run(30)
    assert scene.tracked(coid).replace is None and scene.tracked(coid).worst_leaves_qty == 30
    scene.restart()
    assert scene.tracked(coid).replace is None
