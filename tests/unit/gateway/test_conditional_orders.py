"""Orders of every type on their way to the venue and back, and what reduce-only and close-position mean."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from msgspec import structs

from tests.unit.gateway.scene import Scene
from tradingsys.core.commands import PlaceOrder
from tradingsys.core.enums import (
    OrderStatus,
    OrderType,
    PriceMatch,
    SelfTradePrevention,
    Side,
    TimeInForce,
    TriggerPrice,
)
from tradingsys.core.ids import OrderKey, encode_client_order_id
from tradingsys.core.order import Closed, Order, Terms
from tradingsys.core.reports import OrderChanged
from tradingsys.wire.messages import ErrorCode

STOP: dict[str, Any] = {"order_type": "STOP_MARKET", "side": "SELL", "price": None, "time_in_force": None}


def test_every_field_reaches_the_venue_and_comes_back(scene: Scene) -> None:
    client = scene.client()
    asked = {
        "order_type": "STOP_LIMIT",
        "quantity": "30",
        "price": "0.71",
        "time_in_force": "GTD",
        "good_till_ms": scene.now_ms() + 3_600_000,
        "stop_price": "0.7",
        "trigger_price": "MARK",
        "price_protect": True,
    }
    coid = client.order(**asked)
    [command] = scene.venue.sent(PlaceOrder)
    terms = command.terms
    assert (terms.order_type, terms.order_qty, terms.price) == (OrderType.STOP_LIMIT, 30, Decimal("0.71"))
    assert (terms.time_in_force, terms.good_till_ms) == (TimeInForce.GTD, asked["good_till_ms"])
    assert (terms.stop_px, terms.trigger_price, terms.price_protect) == (Decimal("0.7"), TriggerPrice.MARK, True)
    assert terms.self_trade_prevention is SelfTradePrevention.EXPIRE_TAKER
    scene.accepts(coid)
    view = client.last_order()
    assert {key: view.get(key) for key in asked} == asked and view["is_waiting"]
    found = client.result("resolve", {"orders": [client.order_params(client_order_id=coid, **asked)]})["orders"]
    assert {key: found[0].get(key) for key in asked} == asked


def test_a_trailing_stop_and_a_price_from_the_book(scene: Scene) -> None:
    client = scene.client()
    trailing = {"order_type": "TRAILING_STOP_MARKET", "callback_rate": "1.5", "activation_price": "0.8", "side": "SELL"}
    coid = client.order(price=None, time_in_force=None, **trailing)
    matched = client.order(price=None, price_match="QUEUE_5")
    first, second = (command.terms for command in scene.venue.sent(PlaceOrder))
    assert (first.callback_rate, first.activation_px) == (Decimal("1.5"), Decimal("0.8"))
    assert (second.price, second.price_match) == (None, PriceMatch.QUEUE_5)
    scene.accepts(coid)
    assert {key: client.last_order().get(key) for key in trailing} == trailing
    scene.accepts(matched)
    assert client.last_order()["price_match"] == "QUEUE_5" and "is_waiting" not in client.last_order()


def test_after_the_trigger_the_order_is_still_what_was_ordered(scene: Scene) -> None:
    client = scene.client()
    coid = client.order(**STOP, stop_price="0.5")
    waiting = scene.accepts(coid)
    assert waiting.terms is not None
    child = structs.replace(waiting.terms, order_type=OrderType.MARKET, stop_px=None, version_ms=scene.now_ms() + 1)
    scene.says(OrderChanged(Order((coid,), "77", child, accepted=True), "DOGEUSDT", scene.now_ms()))
    view = client.last_order()
    assert (view["order_type"], view["stop_price"], view["venue_order_id"]) == ("STOP_MARKET", "0.5", "77")
    assert "is_waiting" not in view
    scene.fills_order(coid, "30", "0.49")
    assert client.last_order()["status"] == "FILLED"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"stop_price": "NaN"}, "stop_price is not a plain decimal number"),
        ({"stop_price": "Infinity"}, "stop_price"),
        ({"stop_price": "1e999"}, "stop_price"),
        ({"stop_price": "0"}, "stop_price must be above 0"),
        ({"callback_rate": "-1"}, "callback_rate"),
        ({"activation_price": "x"}, "activation_price"),
        ({"close_position": True, "quantity": "5"}, 'quantity must be "0"'),
    ],
)
def test_numbers_that_are_none_are_named(scene: Scene, changes: dict[str, object], told: str) -> None:
    client = scene.client()
    code, text = client.error("order", client.order_params(**(STOP | {"stop_price": "0.5"} | changes)))
    assert code == ErrorCode.INVALID_ORDER and told in text


def test_a_waiting_order_may_not_reduce_more_than_the_session_holds(scene: Scene) -> None:
    client = scene.holder(1, "30")
    stop = STOP | {"stop_price": "0.5", "reduce_only": True}
    code, text = client.error("order", client.order_params(**stop, quantity="31"))
    assert code == ErrorCode.INVALID_ORDER and "the session holds 30, 0 of it" in text and "SELL 30 at most" in text
    code, text = client.error("order", client.order_params(**(stop | {"side": "BUY"}), quantity="1"))
    assert code == ErrorCode.INVALID_ORDER and "a BUY reduces nothing" in text
    client.order(**stop, quantity="30")
    assert scene.venue.sent(PlaceOrder)[-1].terms.reduce_only


def test_the_only_holder_may_have_a_stop_beside_a_take_profit(scene: Scene) -> None:
    client = scene.holder(1, "30")
    both = STOP | {"quantity": "30", "reduce_only": True}
    for coid in (client.order(**both, stop_price="0.5"), client.order(**both, stop_price="0.55")):
        scene.accepts(coid)
    resting = {"side": "SELL", "price": "0.7", "quantity": "30", "reduce_only": True}
    scene.accepts(client.order(**resting))
    assert all(command.terms.reduce_only for command in scene.venue.sent(PlaceOrder)[1:]), "the venue sees to it"
    why = client.error("order", client.order_params(**resting))[1]
    assert "30 of it being reduced already: cancel or amend the orders that do" in why and "other sessions" not in why


@pytest.mark.parametrize("is_first_to_rest", [False, True])
def test_a_stop_beside_a_take_profit_stays_alone(scene: Scene, is_first_to_rest: bool) -> None:
    """A second holder's position would let both of them execute, and the first session turn."""
    client, other = scene.holder(1, "30"), scene.client(2)
    both = STOP | {"quantity": "30", "reduce_only": True}
    stop = client.order(**both, stop_price="0.5")
    scene.accepts(stop)
    if is_first_to_rest:
        scene.accepts(other.order(price="0.3"))
        code, text = client.error("order", client.order_params(**both, stop_price="0.55"))
        assert code == ErrorCode.INVALID_ORDER and "a stop and a target count together" in text
        return
    target = client.order(**both, stop_price="0.55")
    scene.accepts(target)
    code, text = other.error("order", other.order_params())
    assert code == ErrorCode.INVALID_ORDER, text
    assert f"session 1 waits to SELL 60 dogeusdt of the 30 that it holds ({stop}, {target})" in text
    canceled = Order((target,), closed=Closed(OrderStatus.CANCELED, scene.now_ms()))
    scene.says(OrderChanged(canceled, "DOGEUSDT", scene.now_ms()))
    assert other.order()


def test_among_several_holders_every_reducing_order_counts(scene: Scene) -> None:
    client = scene.holder(1, "30")
    scene.holder(2, "20")
    stop = STOP | {"stop_price": "0.5", "reduce_only": True}
    coid = client.order(**stop, quantity="20")
    assert not scene.venue.sent(PlaceOrder)[-1].terms.reduce_only, "at the venue the flag acts on both positions"
    scene.accepts(coid)
    assert client.last_order()["reduce_only"], "it is what was ordered"
    assert "20 of it being reduced" in client.error("order", client.order_params(**stop, quantity="11"))[1]
    client.order(**stop, quantity="10")
    why = client.error("order", client.order_params(**stop, quantity="10"))[1]
    assert "while other sessions hold the symbol too, a stop and a target count together" in why


def test_an_amend_of_a_reducing_order_stays_within_what_is_held(scene: Scene) -> None:
    client = scene.holder(1, "30")
    scene.holder(2, "20")
    coid = client.order(side="SELL", price="0.7", quantity="20", reduce_only=True)
    scene.accepts(coid)
    code, text = client.error("amend", {"client_order_id": coid, "quantity": "31"})
    assert code == ErrorCode.INVALID_ORDER and "the session holds 30, 0 of it" in text
    scene.fills_order(coid, "5", "0.7")
    client.result("amend", {"client_order_id": coid, "quantity": "30"})


def test_close_position_is_for_the_sole_holder(scene: Scene) -> None:
    client = scene.client(1)
    close = STOP | {"stop_price": "0.5", "close_position": True, "quantity": "0"}
    assert "closes nothing" in client.error("order", client.order_params(**close))[1]
    entry = client.order()
    scene.accepts(entry)
    scene.fills_order(entry, "30")
    assert "closes nothing" in client.error("order", client.order_params(**(close | {"side": "BUY"})))[1]
    other = scene.client(2)
    resting = other.order(price="0.5")
    scene.accepts(resting)
    code, text = client.error("order", client.order_params(**close))
    assert code == ErrorCode.INVALID_ORDER and "send reduce_only with a quantity" in text
    scene.fills_order(resting, "30")
    assert "send reduce_only with a quantity" in client.error("order", client.order_params(**close))[1]


def test_while_an_order_waits_to_close_everything_nobody_else_trades_the_symbol(scene: Scene) -> None:
    client = scene.holder(1, "30")
    close = STOP | {"stop_price": "0.5", "close_position": True, "quantity": "0"}
    coid = client.order(**close)
    terms = scene.venue.sent(PlaceOrder)[-1].terms
    assert (terms.close_position, terms.order_qty, terms.reduce_only) == (True, 0, False)
    scene.accepts(coid)
    assert client.last_order()["close_position"] and client.last_order()["quantity"] == "0"
    other = scene.client(2)
    code, text = other.error("order", other.order_params())
    assert code == ErrorCode.INVALID_ORDER and "session 1 has an order that closes" in text and coid in text
    client.order()  # its own session trades on
    facts = scene.tracked(coid).facts
    scene.restart()
    other, client = scene.client(2), scene.client(1)
    assert "session 1 has an order that closes" in other.error("order", other.order_params())[1], "also after a restart"
    closed = structs.replace(facts, closed=Closed(OrderStatus.CANCELED, scene.now_ms()))
    scene.says(OrderChanged(closed, "DOGEUSDT", scene.now_ms()))
    other.order()


def test_an_order_that_memory_does_not_know_has_the_time_at_which_the_exchange_took_it(scene: Scene) -> None:
    taken_ms, book = scene.now_ms() - 60_000, scene.gateway.book
    terms = Terms("DOGEUSDT", Side.SELL, OrderType.STOP_MARKET, Decimal(30), stop_px=Decimal("0.5"), version_ms=1)
    for seq, created_ms in ((1, taken_ms), (2, 0)):
        key = OrderKey(1, book.lineage, scene.gateway.epoch - 1_000, 1, seq)
        waiting = Order((encode_client_order_id(key),), None, terms, True, algo_id=str(seq), created_ms=created_ms)
        scene.says(OrderChanged(waiting, "DOGEUSDT", scene.now_ms()))
    operator = scene.client(None)
    operator.result("operate", {"token": "s3cret"})
    assert [row["order"]["ts_ms"] for row in operator.result("op.orders")] == [taken_ms, 0], "or none"
