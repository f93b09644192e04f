"""Orders on assets: amounts of the quote asset, icebergs, reducing, amends, and orders that depend on each other."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from tests.unit.gateway.scene import Scene, SceneClient
from tests.unit.gateway.spot_venue import SpotVenue, spot_scene
from tradingsys.core.commands import PlaceOrder, PlaceOrderList, ReplaceOrder
from tradingsys.core.enums import Contingency, OrderType, SelfTradePrevention, SideEffect
from tradingsys.core.errors import StoreError
from tradingsys.core.io import Frame, Opened
from tradingsys.core.order import Order
from tradingsys.core.records import Intent
from tradingsys.core.reports import OrderChanged, OrderRequest, Outcome
from tradingsys.wire.messages import ErrorCode

MARKET = {"order_type": "MARKET", "price": None, "time_in_force": None}


@pytest.fixture
def spot(tmp_path: Path) -> tuple[Scene, SpotVenue]:
    return spot_scene(tmp_path)


@pytest.fixture
def margin(tmp_path: Path) -> tuple[Scene, SpotVenue]:
    return spot_scene(tmp_path, is_margin=True)


def refusal(client: SceneClient, **changes: object) -> str:
    code, told = client.error("order", client.order_params(**changes))
    assert code == ErrorCode.INVALID_ORDER, told
    return told


def followed(scene: Scene, client: SceneClient, *, bid: str, ask: str) -> None:
    """The client follows the book, which stands so."""
    client.result("subscribe", ["dogeusdt@bbo"])
    told = {"u": 1, "s": "DOGEUSDT", "b": bid, "B": "10", "a": ask, "A": "10"}
    scene.gateway.venue_event(Opened("market.market"))
    scene.gateway.venue_event(
        Frame("market.market", json.dumps({"stream": "dogeusdt@bookTicker", "data": told}).encode())
    )


def bought(scene: Scene, client: SceneClient, qty: str, fee: str = "0") -> str:
    client_order_id = client.order(quantity=qty)
    scene.accepts(client_order_id)
    scene.fills_order(client_order_id, qty, fee=fee, fee_asset="DOGE")
    return client_order_id


def test_a_market_order_can_be_for_an_amount_of_the_quote_asset(spot: tuple[Scene, SpotVenue]) -> None:
    scene, venue = spot
    client = scene.client()
    client_order_id = client.order(**MARKET, quantity="0", quote_quantity="25")
    (command,) = venue.sent(PlaceOrder)
    assert (command.terms.order_qty, command.terms.quote_order_qty) == (0, Decimal(25))
    assert command.terms.self_trade_prevention is SelfTradePrevention.EXPIRE_TAKER
    scene.accepts(client_order_id)
    assert client.last_order()["quote_quantity"] == "25" and client.last_order()["quantity"] == "0"


def test_such_an_order_counts_what_it_comes_to_at_the_best_price(spot: tuple[Scene, SpotVenue]) -> None:
    scene, _ = spot
    client = scene.client()
    scene.wall_off_ms = 7_000
    followed(scene, client, bid="0.4999", ask="0.5")
    push = client.pushes("depth")[-1]
    assert push["asks"] == [["0.5", "10"]]
    # The exchange puts no time on it: the gateway's, by the exchange's clock, and not by this machine's.
    assert push["ts_venue_ms"] == scene.now_ms() != push["ts_gateway_in_ns"] // 1_000_000
    client_order_id = client.order(**MARKET, quantity="0", quote_quantity="25")
    assert scene.tracked(client_order_id).worst_leaves_qty == 50
    seller = client.order(**MARKET, quantity="0", quote_quantity="4.999", side="SELL")
    assert scene.tracked(seller).worst_leaves_qty == 10


def test_until_it_is_known_what_such_a_sale_comes_to_it_may_be_all_that_is_held(spot: tuple[Scene, SpotVenue]) -> None:
    scene, _ = spot
    client = scene.client()
    bought(scene, client, "100")
    seller = client.order(**MARKET, quantity="0", quote_quantity="5", side="SELL")
    assert scene.tracked(seller).worst_leaves_qty == 100, "no price is known"
    assert "cancel or amend" in refusal(client, side="SELL", quantity="1", reduce_only=True)
    accepted = scene.accepts(seller)
    assert scene.tracked(seller).worst_leaves_qty == 100
    assert accepted.terms is not None
    told = structs.replace(accepted.terms, order_qty=Decimal(10), version_ms=scene.now_ms() + 1)
    sold = structs.replace(accepted, terms=told, venue_cum_qty=Decimal(10))
    scene.says(OrderChanged(sold, told.symbol, scene.now_ms()))
    scene.fills_order(seller, "10")
    assert "SELL 90 at most" in refusal(client, side="SELL", quantity="91", reduce_only=True)
    buyer = client.order(**MARKET, quantity="0", quote_quantity="5")
    assert scene.tracked(buyer).worst_leaves_qty == 0


def test_a_part_of_an_order_can_be_hidden(spot: tuple[Scene, SpotVenue]) -> None:
    scene, venue = spot
    client = scene.client()
    client_order_id = client.order(quantity="300", iceberg_quantity="30")
    assert venue.sent(PlaceOrder)[0].terms.iceberg_qty == 30
    scene.accepts(client_order_id)
    assert client.last_order()["iceberg_quantity"] == "30"


def test_an_answer_that_leaves_out_what_is_hidden_does_not_show_it(margin: tuple[Scene, SpotVenue]) -> None:
    scene, venue = margin
    client = scene.client()
    client_order_id = client.order(quantity="300", iceberg_quantity="30")
    told = structs.replace(venue.sent(PlaceOrder)[0].terms, iceberg_qty=None, version_ms=scene.now_ms())
    order = Order((client_order_id,), "900", told, accepted=True)
    scene.says(OrderChanged(order, told.symbol, scene.now_ms()))
    assert client.last_order()["iceberg_quantity"] == "30"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"close_position": True, "quantity": "0", "order_type": "STOP_MARKET", "price": None},
            "close_position is for",
        ),
        ({"price": None, "price_match": "QUEUE"}, "price_match is for futures"),
        ({"order_type": "STOP_LIMIT", "stop_price": "0.5", "trigger_price": "MARK"}, "no mark price"),
        ({"order_type": "STOP_LIMIT", "stop_price": "0.5", "price_protect": True}, "price_protect is for futures"),
        ({"time_in_force": "GTD", "good_till_ms": 2_000_000_000_000}, "GTD is for futures"),
        ({"quantity": "0", "quote_quantity": "25"}, "for MARKET orders"),
        (MARKET | {"quote_quantity": "25"}, 'quantity must be "0"'),
        (MARKET | {"quantity": "0", "quote_quantity": "25", "reduce_only": True}, "reduce_only needs a quantity"),
        (MARKET | {"iceberg_quantity": "10"}, "orders at a limit"),
        ({"callback_rate": "1"}, "callback_rate is for stops"),
        ({"side_effect": "MARGIN_BUY"}, "side_effect is for margin accounts"),
    ],
)
def test_what_spot_does_not_have_is_refused_with_what_to_do(
    spot: tuple[Scene, SpotVenue], changes: dict[str, Any], told: str
) -> None:
    scene, venue = spot
    assert told in refusal(scene.client(), **changes)
    assert not venue.commands


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (MARKET | {"quantity": "0", "quote_quantity": "25"}, "quote_quantity is for spot"),
        ({"iceberg_quantity": "10"}, "iceberg_quantity is for spot"),
        ({"side_effect": "AUTO_REPAY"}, "side_effect is for margin accounts"),
    ],
)
def test_what_futures_do_not_have_is_refused_there(scene: Scene, changes: dict[str, Any], told: str) -> None:
    assert told in refusal(scene.client(), **changes)


def test_an_order_of_a_margin_account_may_borrow(margin: tuple[Scene, SpotVenue]) -> None:
    scene, venue = margin
    client = scene.client()
    client_order_id = client.order(side_effect="MARGIN_BUY")
    assert venue.sent(PlaceOrder)[0].terms.side_effect is SideEffect.MARGIN_BUY
    scene.accepts(client_order_id)
    assert client.last_order()["side_effect"] == "MARGIN_BUY"


def test_reduce_only_is_what_the_session_has_and_no_flag_of_the_exchange(spot: tuple[Scene, SpotVenue]) -> None:
    scene, venue = spot
    client = scene.client()
    bought(scene, client, "100", fee="0.1")
    assert "SELL 99.9 at most" in refusal(client, side="SELL", quantity="100", reduce_only=True)
    client.order(side="SELL", quantity="99", reduce_only=True)
    assert not venue.sent(PlaceOrder)[-1].terms.reduce_only
    assert "SELL 0.9 at most" in refusal(client, side="SELL", quantity="1", reduce_only=True)
    # Without it the account's balance is what decides.
    client.order(side="SELL", quantity="400")


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


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"price": "0.61"}, "price of a spot order cannot be changed"),
        ({"quantity": "40"}, "only be made smaller"),
        ({"price_match": "QUEUE"}, "price of a spot order cannot be changed"),
        ({"quantity": "30"}, "changes nothing"),
    ],
)
def test_spot_orders_only_become_smaller(spot: tuple[Scene, SpotVenue], changes: dict[str, Any], told: str) -> None:
    scene, venue = spot
    client = scene.client()
    client_order_id = client.order()
    scene.accepts(client_order_id)
    code, why = client.error("amend", {"client_order_id": client_order_id} | changes)
    assert code == ErrorCode.INVALID_ORDER and told in why
    assert not venue.sent(ReplaceOrder)


def test_a_smaller_order_keeps_its_name(spot: tuple[Scene, SpotVenue]) -> None:
    scene, venue = spot
    client = scene.client()
    client_order_id = client.order()
    scene.accepts(client_order_id)
    client.result("amend", {"client_order_id": client_order_id, "quantity": "20"})
    (command,) = venue.sent(ReplaceOrder)
    assert (command.client_order_id, command.order_qty, command.price) == (client_order_id, 20, Decimal("0.6"))
    scene.amends(client_order_id)
    assert client.last_order()["quantity"] == "20"


def test_margin_accounts_have_no_amends(margin: tuple[Scene, SpotVenue]) -> None:
    scene, _ = margin
    client = scene.client()
    client_order_id = client.order()
    scene.accepts(client_order_id)
    code, why = client.error("amend", {"client_order_id": client_order_id, "quantity": "20"})
    assert code == ErrorCode.INVALID_ORDER and "no amends on this account: cancel it and send another" in why


# ---- lists


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
