"""What an account may have open on all symbols together, and how much of an asset one order may be about."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tradingsys.core.enums import Contingency, OrderType, Side
from tradingsys.sim.asset_events import ListRejected
from tradingsys.sim.crowding import ExchangeLimits
from tradingsys.sim.events import NewOrder, Refusal, Rejected
from tradingsys.sim.spot_exchange import SpotExchange

from .spot_face_rig import ORDER, SpotClient
from .spot_rig import BTC, DOGE, SpotRig, only, order

BUY, SELL = Side.BUY, Side.SELL
STOP = OrderType.STOP_MARKET


def limited(**limits: int) -> SpotRig:
    rig = SpotRig()
    funds = {asset: Decimal(amount) for asset, amount in {"USDT": "100000", "DOGE": "100000", "BTC": "10"}.items()}
    rig.exchange = SpotExchange([market.listing for market in rig.markets], limits=ExchangeLimits(**limits))
    for name in ("a", "b"):
        rig.exchange.open_account(name, funds)
    rig.exchange.open_account("house", {}, is_house=True)
    return rig


def refusals(rig: SpotRig, request: NewOrder) -> list[Refusal]:
    return [event.refusal for event in only(rig.place(request), Rejected)]


def test_orders_of_all_symbols_are_counted_together() -> None:
    rig = limited(orders=2)
    rig.rest(order("a", BUY, "10", "0.5"))
    rested = rig.rest(order("a", BUY, "0.1", "50000", symbol=BTC))
    assert refusals(rig, order("a", BUY, "10", "0.4")) == [Refusal.TOO_MANY_ORDERS_OF_ALL]
    assert not refusals(rig, order("b", BUY, "10", "0.4"))
    rig.cancel(rested)
    assert not refusals(rig, order("a", BUY, "10", "0.4"))


@pytest.mark.parametrize(
    ("limits", "more", "refusal"),
    [
        ({"conditional": 1}, {"kind": STOP, "trigger": "0.5"}, Refusal.TOO_MANY_CONDITIONS_OF_ALL),
        ({"icebergs": 1}, {"px": "0.8", "iceberg": "5"}, Refusal.TOO_MANY_ICEBERGS_OF_ALL),
    ],
)
def test_kinds_of_orders_are_counted_by_themselves(
    limits: dict[str, int], more: dict[str, Any], refusal: Refusal
) -> None:
    rig = limited(**limits)
    for _ in range(3):
        rig.rest(order("a", SELL, "10", "0.9"))
    rig.rest(order("a", SELL, "10", **more))
    assert refusals(rig, order("a", SELL, "10", **more)) == [refusal]


def test_lists_of_all_symbols_are_counted_together() -> None:
    rig = limited(lists=1)
    legs = (order("a", BUY, "10", "0.5"), order("a", SELL, "10", "0.9"))
    rig.place_list(Contingency.OTO, *legs)
    others = (order("a", BUY, "0.1", "50000", symbol=BTC), order("a", SELL, "0.1", "90000", symbol=BTC))
    (refused,) = only(rig.place_list(Contingency.OTO, *others), ListRejected)
    assert refused.refusal is Refusal.TOO_MANY_LISTS_OF_ALL


def test_the_venue_tells_its_limits() -> None:
    client = SpotClient()
    told = client.call("GET", "/api/v3/exchangeInfo", sign=False)["exchangeFilters"]
    assert told == [
        {"filterType": "EXCHANGE_MAX_NUM_ORDERS", "maxNumOrders": 1000},
        {"filterType": "EXCHANGE_MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": 200},
        {"filterType": "EXCHANGE_MAX_NUM_ICEBERG_ORDERS", "maxNumIcebergOrders": 10000},
        {"filterType": "EXCHANGE_MAX_NUM_ORDER_LISTS", "maxNumOrderLists": 20},
    ]
    mine = client.call("GET", "/api/v3/myFilters", symbol=DOGE)
    assert (mine["exchangeFilters"], mine["assetFilters"]) == (told, [])


def test_the_venue_s_words() -> None:
    client = SpotClient()
    exchange = client.box.spot_exchange
    exchange._state.limits = ExchangeLimits(orders=1)
    client.call("POST", ORDER, **client.limit())
    assert client.refusal("POST", ORDER, **client.limit()) == (-1013, "Filter failure: EXCHANGE_MAX_NUM_ORDERS")


def test_an_account_s_own_limit_of_an_asset() -> None:
    client = SpotClient()

    def set_limit(**more: Any) -> tuple[int, Any]:
        body = msgspec.json.encode({"product": "spot", "asset": "usdt", **more})
        reply = client.raw("POST", "/admin/limit", body=body)
        return reply.status, msgspec.json.decode(reply.body)

    assert set_limit(limit="30") == (200, {"account": "main", "asset": "USDT", "limit": "30"})
    failure = (-1013, "Filter failure: MAX_ASSET")
    assert client.refusal("POST", ORDER, **client.limit(qty="60", px="0.59")) == failure
    assert client.call("POST", ORDER, **client.limit(qty="50", px="0.59"))["orderId"]
    market: dict[str, Any] = {"symbol": DOGE, "side": "BUY", "type": "MARKET"}
    client.crowd(SELL, "1000", "0.6")
    assert client.refusal("POST", ORDER, **market, quoteOrderQty="31") == failure
    assert client.refusal("POST", ORDER, **market, quantity="60") == failure
    assert client.call("POST", ORDER, **market, quoteOrderQty="29")["status"] == "FILLED"
    told = client.call("GET", "/api/v3/myFilters", symbol=DOGE)["assetFilters"]
    assert told == [{"filterType": "MAX_ASSET", "asset": "USDT", "limit": "30.00000000"}]
    assert client.call("GET", "/api/v3/myFilters", symbol="ETHBTC")["assetFilters"] == []
    assert set_limit() == (200, {"account": "main", "asset": "USDT", "limit": None})
    assert client.call("POST", ORDER, **client.limit(qty="60", px="0.59"))["orderId"]
    assert set_limit(limit="0")[0] == 400
    assert set_limit(limit="1", account="house")[0] == 400
