"""Stops on spot: they wait under their one id, and those that trail begin where the exchange would."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec import structs

from tests.unit.gateway.scene import Scene
from tests.unit.gateway.spot_venue import SpotVenue, followed
from tradingsys.core.commands import PlaceOrder
from tradingsys.core.enums import OrderType
from tradingsys.core.reports import OrderChanged


def test_a_stop_waits_under_its_one_id_until_it_stands_in_the_book(spot: tuple[Scene, SpotVenue]) -> None:
    scene, _ = spot
    client = scene.client()
    stop = client.order(order_type="STOP_LIMIT", side="SELL", stop_price="0.5", price="0.49")
    waiting = scene.accepts(stop)
    view = client.last_order()
    assert view["is_waiting"] and view["venue_order_id"] == waiting.venue_order_id
    assert scene.restart().tracked(stop).is_untriggered
    client = scene.client()
    scene.says(OrderChanged(structs.replace(waiting, working=True), "DOGEUSDT", scene.now_ms()))
    assert "is_waiting" not in client.last_order() and client.last_order()["status"] == "NEW"
    heard = len(client.messages)
    scene.says(OrderChanged(waiting, "DOGEUSDT", scene.now_ms()))
    assert len(client.messages) == heard, "what is told late takes nothing back"
    plain = client.order()
    scene.accepts(plain)
    assert "is_waiting" not in client.last_order()


def test_an_execution_proves_that_a_stop_was_triggered(spot: tuple[Scene, SpotVenue]) -> None:
    scene, _ = spot
    client = scene.client()
    stop = client.order(order_type="STOP_MARKET", side="SELL", stop_price="0.5", price=None, time_in_force=None)
    scene.accepts(stop)
    assert client.last_order()["is_waiting"]
    scene.fills_order(stop, "10", "0.49")
    assert "is_waiting" not in client.last_order()


TRAILING = {"order_type": "TRAILING_STOP_MARKET", "callback_rate": "1", "price": None, "time_in_force": None}


@pytest.mark.parametrize(
    ("side", "begin", "order_type"),
    [
        ("SELL", "0.66", OrderType.TAKE_PROFIT_MARKET),
        ("SELL", "0.58", OrderType.TRAILING_STOP_MARKET),
        ("BUY", "0.58", OrderType.TAKE_PROFIT_MARKET),
        ("BUY", "0.66", OrderType.TRAILING_STOP_MARKET),
        ("SELL", "0.605", OrderType.TRAILING_STOP_MARKET),
        ("SELL", None, OrderType.TRAILING_STOP_MARKET),
    ],
)
def test_a_trailing_stop_that_begins_at_a_better_price_is_the_spot_markets_take_profit(
    spot: tuple[Scene, SpotVenue], side: str, begin: str | None, order_type: OrderType
) -> None:
    scene, venue = spot
    client = scene.client()
    followed(scene, client, bid="0.6", ask="0.61")
    asked = TRAILING | {"side": side} | ({} if begin is None else {"activation_price": begin})
    coid = client.order(**asked)
    (command,) = venue.sent(PlaceOrder)
    is_profit = order_type is OrderType.TAKE_PROFIT_MARKET
    told = None if begin is None else Decimal(begin)
    assert (command.terms.order_type, command.terms.callback_rate) == (order_type, 1)
    assert (command.terms.stop_px, command.terms.activation_px) == ((told, None) if is_profit else (None, told))
    assert venue.checked[-1] == command.terms, "the exchange's rules are for what is sent"
    scene.accepts(coid)
    view = client.last_order()
    assert (view["order_type"], view.get("activation_price"), view.get("stop_price")) == (
        "TRAILING_STOP_MARKET",
        begin,
        None,
    ), "it stays what was ordered"
    scene.restart()
    (order,) = scene.client().login_result["snapshot"]["orders"]
    assert (order["order_type"], order.get("activation_price")) == ("TRAILING_STOP_MARKET", begin)


def test_where_no_book_is_followed_a_trailing_stop_is_sent_as_one(spot: tuple[Scene, SpotVenue]) -> None:
    scene, venue = spot
    scene.client().order(**TRAILING, side="SELL", activation_price="0.66")
    assert venue.sent(PlaceOrder)[0].terms.order_type is OrderType.TRAILING_STOP_MARKET
