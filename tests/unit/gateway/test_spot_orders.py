"""Orders on assets: amounts of the quote asset, icebergs, reducing, amends, and orders that depend on each other."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from msgspec import structs

from tests.unit.gateway.scene import Scene
from tests.unit.gateway.spot_venue import MARKET, SpotVenue, bought, followed, refusal
from tradingsys.core.commands import PlaceOrder, ReplaceOrder
from tradingsys.core.enums import SelfTradePrevention, SideEffect
from tradingsys.core.order import Order
from tradingsys.core.reports import OrderChanged, OrderRequest, Outcome
from tradingsys.wire.messages import ErrorCode


def test_a_market_order_can_be_for_an_amount_of_the_quote_asset(spot: tuple[Scene, SpotVenue]) -> None:
    scene, venue = spot
    client = scene.client()
    client_order_id = client.order(**MARKET, quantity="0", quote_quantity="25")
    (command,) = venue.sent(PlaceOrder)
    assert (command.terms.order_qty, command.terms.quote_order_qty) == (0, Decimal(25))
    assert command.terms.self_trade_prevention is SelfTradePrevention.EXPIRE_TAKER
    scene.accepts(client_order_id)
    assert client.last_order()["quote_quantity"] == "25" and client.last_order()["quantity"] == "0"


def test_such_an_order_counts_what_it_comes_to_at_the_lowest_price_that_is_known(spot: tuple[Scene, SpotVenue]) -> None:
    scene, _ = spot
    client = scene.client()
    scene.wall_off_ms = 7_000
    followed(scene, client, bid="0.4999", ask="0.5")
    push = client.pushes("depth")[-1]
    assert push["asks"] == [["0.5", "10"]]
    # The exchange puts no time on it: the gateway's, by the exchange's clock, and not by this machine's.
    assert push["ts_venue_ms"] == scene.now_ms() != push["ts_gateway_in_ns"] // 1_000_000
    client_order_id = client.order(**MARKET, quantity="0", quote_quantity="25")
    assert scene.tracked(client_order_id).worst_leaves_qty == Decimal("50.0050005001"), "25 / 0.49995, and no less"
    seller = client.order(**MARKET, quantity="0", quote_quantity="4.999", side="SELL")
    assert scene.tracked(seller).worst_leaves_qty == 10


def test_until_it_is_known_what_such_a_sale_comes_to_it_may_be_all_that_is_held(spot: tuple[Scene, SpotVenue]) -> None:
    scene, _ = spot
    client = scene.client()
    bought(scene, client, "100")
    seller = client.order(**MARKET, quantity="0", quote_quantity="5", side="SELL")
    assert scene.tracked(seller).worst_leaves_qty == 100
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
    paid = Decimal("8.33333333334")
    assert scene.tracked(buyer).worst_leaves_qty == paid, "5 / 0.6, as was paid: nobody told a price"


def test_what_such_an_order_counted_leaves_nothing_behind(spot: tuple[Scene, SpotVenue]) -> None:
    scene, _ = spot
    client = scene.client()
    bought(scene, client, "22")
    client.order(quantity="44", price="0.5")
    buyer = client.order(**MARKET, quantity="0", quote_quantity="5")
    line = scene.gateway.book.exposure.line(1, "DOGEUSDT")
    assert line.buys == 44 + Decimal("8.33333333334")
    scene.ends(buyer, OrderRequest.PLACE, Outcome.REFUSED)
    assert line.buys == 44, "or whoever sells all that he holds would be said to do more than that"


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
