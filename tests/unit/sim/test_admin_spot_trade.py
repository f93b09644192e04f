"""Trades by hand on spot and on margin, with everything that an order of assets can say."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from .face_rig import Client
from .spot_face_rig import SpotClient
from .test_admin import get, post, problem

D = Decimal
SYMBOL: dict[str, Any] = {"symbol": "DOGEUSDT", "product": "spot"}


def test_an_order_by_hand_is_told_to_who_listens(spot_client: SpotClient) -> None:
    user = spot_client.listen()
    told = post(spot_client, "trade", **SYMBOL, side="BUY", qty="100", client_order_id="web_by_hand")
    assert (told["order"]["status"], told["executions"][0]["qty"]) == ("FILLED", "100.00000000")
    reports = [event for event in spot_client.events(user) if event["e"] == "executionReport"]
    assert [(event["x"], event["c"]) for event in reports] == [("NEW", "web_by_hand"), ("TRADE", "web_by_hand")]


def test_for_an_amount(spot_client: SpotClient) -> None:
    told = post(spot_client, "trade", **SYMBOL, side="BUY", quote_qty="60.1")
    assert D(told["order"]["cum_qty"]) == 100


@pytest.mark.parametrize(
    ("order", "shown"),
    [
        ({"side": "SELL", "qty": "10", "type": "STOP_MARKET", "trigger_px": "0.5"}, {"trigger_px": "0.5"}),
        ({"side": "SELL", "qty": "10", "type": "STOP_MARKET", "trailing_bps": 100}, {"trailing_bps": 100}),
        ({"side": "BUY", "qty": "100", "price": "0.59", "iceberg_qty": "10"}, {"iceberg_qty": "10"}),
        ({"side": "BUY", "qty": "100", "price": "0.59", "post_only": True}, {"post_only": True}),
    ],
)
def test_orders_that_wait(spot_client: SpotClient, order: dict[str, Any], shown: dict[str, Any]) -> None:
    post(spot_client, "trade", **SYMBOL, **order)
    (row,) = get(spot_client, "orders", "product=spot")
    assert row["status"] == "NEW"
    assert {name: row[name] for name in shown} == shown


def test_a_margin_account_borrows(spot_client: SpotClient) -> None:
    wish: dict[str, Any] = {"side": "SELL", "qty": "12000", "price": "0.62", "account": "main/margin"}
    assert problem(spot_client, "trade", **SYMBOL, **wish)[0] == 400
    post(spot_client, "trade", **SYMBOL, **wish, side_effect="MARGIN_BUY")
    (row,) = get(spot_client, "orders", "product=spot&account=main/margin")
    assert (row["side_effect"], D(row["borrowed"])) == ("MARGIN_BUY", D(2000))


@pytest.mark.parametrize(
    "wrong",
    [
        {"qty": "0"},
        {"qty": "100", "reduce_only": True},
        {"qty": "100", "trigger_px": "0.5"},
        {"qty": "100", "type": "STOP_MARKET"},
        {"qty": "100", "quote_qty": "60"},
        {"quote_qty": "-1"},
        {"qty": "100", "iceberg_qty": "10"},
        {"qty": "100", "price": "0.5", "iceberg_qty": "200"},
    ],
)
def test_orders_that_make_no_sense(spot_client: SpotClient, wrong: dict[str, Any]) -> None:
    assert problem(spot_client, "trade", **SYMBOL, side="BUY", **wrong)[0] == 400
    assert get(spot_client, "orders", "product=spot") == []


def test_futures_know_nothing_of_it(client: Client) -> None:
    wish: dict[str, Any] = {"symbol": "DOGEUSDT", "side": "BUY"}
    assert problem(client, "trade", **wish, quote_qty="60")[0] == 400
    assert problem(client, "trade", **wish)[0] == 400
