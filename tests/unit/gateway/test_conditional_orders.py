"""Orders of every type on their way to the venue and back."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from msgspec import structs

from tests.unit.gateway.scene import Scene
from tradingsys.core.commands import PlaceOrder
from tradingsys.core.enums import (
    OrderType,
    PriceMatch,
    SelfTradePrevention,
    Side,
    TimeInForce,
    TriggerPrice,
)
from tradingsys.core.ids import OrderKey, encode_client_order_id
from tradingsys.core.order import Order, Terms
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
