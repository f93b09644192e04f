"""Orders of spot that depend on each other: one request, names of their own, one fate."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.gateway.scene import Scene, SceneClient
from tests.unit.gateway.spot_venue import MARKET, SpotVenue, bought, refusal
from tradingsys.core.commands import PlaceOrder, PlaceOrderList
from tradingsys.core.enums import Contingency, OrderType
from tradingsys.core.errors import StoreError
from tradingsys.core.records import Intent
from tradingsys.core.reports import OrderRequest, Outcome
from tradingsys.wire.messages import ErrorCode


def oco(client: SceneClient, **changes: object) -> dict[str, Any]:
    common = {"side": "SELL", "quantity": "60"} | changes
    target = client.order_params(**common, price="0.7")
    stop = client.order_params(**common, order_type="STOP_MARKET", price=None, stop_price="0.5", time_in_force=None)
    return {"contingency": "OCO", "orders": [target, stop]}


def otoco(client: SceneClient, **changes: object) -> dict[str, Any]:
    working = client.order_params(quantity="60")
    return {"contingency": "OTOCO", "orders": [working, *oco(client, **changes)["orders"]]}


def test_a_list_is_one_request_of_orders_with_names_of_their_own(spot: tuple[Scene, SpotVenue]) -> None:
    scene, venue = spot
    client = scene.client()
    names = client.result("order_list", otoco(client, reduce_only=True))["client_order_ids"]
    (command,) = venue.sent(PlaceOrderList)
    assert not venue.sent(PlaceOrder) and command.contingency is Contingency.OTOCO
    assert [order.client_order_id for order in command.orders] == names and len(set(names)) == 3
    # What an OCO has at a limit the exchange takes as post-only, and no other way.
    assert [order.terms.post_only for order in command.orders] == [False, True, False]
    assert [order.terms.order_type for order in command.orders][2] is OrderType.STOP_MARKET
    assert len({order.stamp_ms for order in command.orders}) == 1
    for name in names:
        scene.accepts(name)
    assert [push["order"]["client_order_id"] for push in client.pushes("order")] == names
    # All of them are in the journal: they are known after the process died.
    scene.restart()
    assert [order.client_order_id for order in scene.gateway.book.open_orders(1)] == names


def test_of_a_list_in_doubt_every_order_is(spot: tuple[Scene, SpotVenue]) -> None:
    scene, _ = spot
    client = scene.client()
    names = client.result("order_list", oco(client))["client_order_ids"]
    for name in names:
        scene.ends(name, OrderRequest.PLACE, Outcome.IN_DOUBT)
    assert all(scene.tracked(name).in_doubt for name in names)
    assert [push["order"]["in_doubt"] for push in client.pushes("order")] == [True, True]


def test_the_keys_of_a_list_are_used_up_together(spot: tuple[Scene, SpotVenue]) -> None:
    scene, _ = spot
    client = scene.client()
    legs = oco(client)
    client.result("order_list", legs)
    code, told = client.error("order_list", legs)
    assert code == ErrorCode.STALE_KEY and told.startswith("order 1 of 2 (SELL LIMIT): order number")
    assert client.error("order", legs["orders"][1])[0] == ErrorCode.STALE_KEY


def test_two_orders_of_a_list_cannot_have_one_key(spot: tuple[Scene, SpotVenue]) -> None:
    scene, venue = spot
    client = scene.client()
    legs = oco(client)
    legs["orders"][1]["seq"] = legs["orders"][0]["seq"]
    code, told = client.error("order_list", legs)
    assert code == ErrorCode.STALE_KEY and told.startswith("order 2 of 2 (SELL STOP_MARKET)")
    assert not venue.commands and not scene.gateway.book.open_orders()


def change(legs: dict[str, Any], at: int, **changes: object) -> dict[str, Any]:
    legs["orders"][at] |= changes
    return legs


@pytest.mark.parametrize(
    ("at", "changes", "told"),
    [
        (0, {"side": "BUY"}, "same side and the same quantity"),
        (1, {"quantity": "59"}, "same side and the same quantity"),
        (1, {"order_type": "LIMIT", "price": "0.5", "stop_price": None}, "one order takes profit"),
        (1, {"stop_price": "0.8"}, "takes its profit above"),
        (0, {"symbol": "btcusdt"}, "all on one symbol"),
        (0, {"quantity": "x"}, "order 1 of 2 (SELL LIMIT): quantity is not a plain decimal number"),
        (1, {"time_in_force": "GTD"}, "order 2 of 2 (SELL STOP_MARKET): GTD is for futures"),
    ],
)
def test_orders_that_do_not_fit_together_are_refused(
    spot: tuple[Scene, SpotVenue], at: int, changes: dict[str, Any], told: str
) -> None:
    scene, venue = spot
    client = scene.client()
    code, why = client.error("order_list", change(oco(client), at, **changes))
    assert code == ErrorCode.INVALID_ORDER and told in why
    assert not venue.commands and not scene.gateway.book.open_orders()


def test_a_list_has_as_many_orders_as_its_kind(spot: tuple[Scene, SpotVenue]) -> None:
    client = spot[0].client()
    legs = oco(client) | {"contingency": "OTOCO"}
    assert "an OTOCO has 3 orders, not 2" in client.error("order_list", legs)[1]
    working = change(otoco(client), 0, **MARKET)
    assert "works at once, and is a LIMIT order" in client.error("order_list", working)[1]


def test_a_refusal_by_the_symbols_rules_names_the_order(spot: tuple[Scene, SpotVenue]) -> None:
    scene, venue = spot
    client = scene.client()
    venue.why_not = "-1013: Filter failure: NOTIONAL"
    told = client.error("order_list", oco(client))[1]
    assert told == "order 1 of 2 (SELL LIMIT): -1013: Filter failure: NOTIONAL"


def test_a_list_that_the_exchange_does_not_have_is_refused_in_the_venues_words(margin: tuple[Scene, SpotVenue]) -> None:
    scene, venue = margin
    client = scene.client()
    venue.why_no_list = "an OCO of a margin account cannot trail"
    assert client.error("order_list", oco(client)) == (ErrorCode.INVALID_ORDER, venue.why_no_list)
    assert not venue.commands and not scene.gateway.book.open_orders()


def test_what_waits_may_reduce_what_the_first_order_will_have_bought(spot: tuple[Scene, SpotVenue]) -> None:
    client = spot[0].client()
    legs = change(otoco(client, reduce_only=True), 0, quantity="50")
    told = client.error("order_list", legs)[1]
    assert told.startswith("order 2 of 3 (SELL LIMIT): reduce-only") and "SELL 50 at most" in told


def test_futures_have_no_lists(scene: Scene) -> None:
    client = scene.client()
    assert "dogeusdt has no OCO lists: send the orders one by one" in client.error("order_list", oco(client))[1]


def test_nothing_is_sent_of_a_list_that_the_journal_refused(
    spot: tuple[Scene, SpotVenue], monkeypatch: pytest.MonkeyPatch
) -> None:
    scene, venue = spot
    client = scene.client()

    def refuse(*intents: Intent) -> None:
        assert len(intents) == 2
        raise StoreError("no space left on device")

    monkeypatch.setattr(scene.store, "append", refuse)
    assert "not sent: no space left" in client.error("order_list", oco(client))[1]
    assert not venue.commands and not scene.gateway.book.open_orders()


def test_of_the_two_orders_of_an_oco_one_counts(spot: tuple[Scene, SpotVenue]) -> None:
    scene, _ = spot
    client = scene.client()
    bought(scene, client, "100")
    names = client.result("order_list", oco(client, reduce_only=True))["client_order_ids"]
    assert "SELL 40 at most" in refusal(client, side="SELL", quantity="41", reduce_only=True)
    for name in names:
        scene.accepts(name)
    assert "SELL 40 at most" in refusal(client, side="SELL", quantity="41", reduce_only=True)
    scene.restart()
    client = scene.client()
    assert "SELL 40 at most" in refusal(client, side="SELL", quantity="41", reduce_only=True)
    client.order(side="SELL", quantity="40", reduce_only=True)


def test_orders_that_follow_one_another_reduce_no_more_than_there_is(spot: tuple[Scene, SpotVenue]) -> None:
    scene, _ = spot
    client = scene.client()
    bought(scene, client, "100")
    selling = {"side": "SELL", "reduce_only": True}

    def oto(first: str, then: str) -> dict[str, Any]:
        orders = [client.order_params(**selling, quantity=first), client.order_params(**selling, quantity=then)]
        return {"contingency": "OTO", "orders": orders}

    code, told = client.error("order_list", oto("60", "60"))
    assert code == ErrorCode.INVALID_ORDER and told.startswith("order 2 of 2") and "SELL 40 at most" in told
    assert "order 2 of 2" in client.error("order_list", oto("100", "30"))[1]
    pair = change(otoco(client, **selling, quantity="50"), 0, **selling, quantity="60")
    assert "order 2 of 3" in client.error("order_list", pair)[1]
    client.result("order_list", oto("60", "35"))
    assert "SELL 5 at most" in refusal(client, **selling, quantity="6")


def test_of_an_otoco_the_first_and_the_larger_of_the_others_count(spot: tuple[Scene, SpotVenue]) -> None:
    scene, _ = spot
    client = scene.client()
    bought(scene, client, "150")
    selling = {"side": "SELL", "reduce_only": True}
    client.result("order_list", change(otoco(client, **selling, quantity="50"), 0, **selling, quantity="60"))
    assert "SELL 40 at most" in refusal(client, **selling, quantity="41")
