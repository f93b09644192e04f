"""ccxt's stop, take-profit and trailing orders of assets, and lists of orders by its implicit calls."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import ccxt
import pytest

from tests.judges.box import Box, Row, eventually
from tests.judges.ccxt_client import spot_symbol_of
from tests.judges.ccxt_spot_words import assert_same_list, assert_same_spot_order, assert_same_spot_trades

MARKET = "DOGEUSDT"
SYMBOL = spot_symbol_of(MARKET)

pytestmark = pytest.mark.usefixtures("none_open")


def last(spot: Box) -> Decimal:
    return Decimal(spot.admin("status")["symbols"][MARKET]["last_px"])


def at(spot: Box, factor: str) -> float:
    """A price so many times the last."""
    return float((last(spot) * Decimal(factor)).quantize(Decimal("0.00001")))


def locked(spot: Box) -> dict[str, Decimal]:
    return {asset: Decimal(row["locked"]) for asset, row in spot.wallet().items() if Decimal(row["locked"])}


async def done(spot: Box, order_id: int | str) -> Row:
    truth: Row = await eventually(
        "the order to be filled",
        lambda: found if (found := spot.order(MARKET, order_id))["status"] == "FILLED" else None,
    )
    return truth


KINDS = [
    ("market", "sell", "stopLossPrice", "0.95", "STOP_LOSS"),
    ("limit", "sell", "stopLossPrice", "0.95", "STOP_LOSS_LIMIT"),
    ("market", "sell", "takeProfitPrice", "1.05", "TAKE_PROFIT"),
    ("limit", "sell", "takeProfitPrice", "1.05", "TAKE_PROFIT_LIMIT"),
    ("limit", "buy", "triggerPrice", "1.05", "STOP_LOSS_LIMIT"),
]


@pytest.mark.parametrize(("kind", "side", "name", "factor", "word"), KINDS)
async def test_waiting(spot: Box, spot_trader: Any, kind: str, side: str, name: str, factor: str, word: str) -> None:
    price = at(spot, factor)
    limit = price if kind == "limit" else None
    order = await spot_trader.create_order(SYMBOL, kind, side, 30, limit, {name: price})
    truth = spot.order(MARKET, order["id"])
    told: dict[str, Any] = {
        "status": "open",
        "triggerPrice": price,
        "takeProfitPrice": price if "TAKE" in word else None,
    }
    assert truth["is_working"] is False
    # The answer to placing has no stop price but where it is an order's of a list.
    for asked in (
        await spot_trader.fetch_order(order["id"], SYMBOL),
        (await spot_trader.fetch_open_orders(SYMBOL))[-1],
        (await spot_trader.fetch_orders(SYMBOL))[-1],
    ):
        assert_same_spot_order(asked, truth, **told, timestamp=truth["created_ms"])
        assert asked["info"]["type"] == word
        assert asked["info"]["isWorking"] is False
    assert_same_spot_order(order, truth, (), **told)
    assert spot.executions(MARKET, order_id=order["id"]) == []
    canceled = await spot_trader.cancel_order(order["id"], SYMBOL)
    assert_same_spot_order(canceled, spot.order(MARKET, order["id"]), is_cancel=True, status="canceled")
    assert locked(spot) == {}


@pytest.mark.parametrize("over_websocket", [False, True])
@pytest.mark.parametrize(
    ("name", "trigger", "moved"), [("stopLossPrice", "0.995", "0.99"), ("takeProfitPrice", "1.005", "1.01")]
)
async def test_what_is_reached_trades_under_its_own_id(
    spot: Box, spot_trader: Any, over_websocket: bool, name: str, trigger: str, moved: str
) -> None:
    create = spot_trader.create_order_ws if over_websocket else spot_trader.create_order
    stop = await create(SYMBOL, "market", "sell", 30, None, {name: at(spot, trigger)})
    spot.admin("price", {"symbol": MARKET, "price": str(at(spot, moved))})
    truth = await done(spot, stop["id"])
    executions = spot.executions(MARKET, order_id=stop["id"])
    assert_same_spot_order(await spot_trader.fetch_order(stop["id"], SYMBOL), truth, executions, status="closed")
    assert_same_spot_trades(await spot_trader.fetch_my_trades(SYMBOL, params={"orderId": stop["id"]}), executions)


async def test_a_limit_that_is_reached_rests(spot: Box, spot_trader: Any) -> None:
    order = await spot_trader.create_order(
        SYMBOL, "limit", "sell", 30, at(spot, "1.1"), {"stopLossPrice": at(spot, "0.995")}
    )
    spot.admin("price", {"symbol": MARKET, "price": str(at(spot, "0.99"))})

    async def works() -> bool:
        told = await spot_trader.fetch_order(order["id"], SYMBOL)
        assert_same_spot_order(told, spot.order(MARKET, order["id"]), status="open")
        return bool(told["info"]["isWorking"])

    await eventually("the order to be on the book", works)
    told = await spot_trader.fetch_order(order["id"], SYMBOL)
    assert told["info"]["workingTime"] >= told["info"]["time"]
    book = dict(spot.public("/api/v3/depth", symbol=MARKET, limit=5000)["asks"])
    assert Decimal(book[told["info"]["price"]]) >= 30


async def test_a_trailing_stop_follows_the_price(spot: Box, spot_trader: Any) -> None:
    """A percent is a hundred of the exchange's basis points."""
    order = await spot_trader.create_order(
        SYMBOL, "market", "sell", 40, None, {"trailingPercent": 1, "stopLossOrTakeProfit": "stopLoss"}
    )
    truth = spot.order(MARKET, order["id"])
    assert (truth["type"], truth["trailing_bps"]) == ("STOP_MARKET", 100)
    assert (order["info"]["type"], order["info"]["trailingDelta"]) == ("STOP_LOSS", 100)
    high = at(spot, "1.02")
    spot.admin("price", {"symbol": MARKET, "price": str(high)})
    # Above a hundred basis points below where it began, and below those of where it went.
    spot.admin("price", {"symbol": MARKET, "price": f"{high * 0.994:.5f}"})
    assert spot.order(MARKET, order["id"])["status"] == "NEW"
    spot.admin("price", {"symbol": MARKET, "price": f"{high * 0.987:.5f}"})
    truth = await done(spot, order["id"])
    told = await spot_trader.fetch_order(order["id"], SYMBOL)
    assert_same_spot_order(told, truth, spot.executions(MARKET, order_id=order["id"]), status="closed")


async def test_a_stop_that_would_trigger_at_once(spot: Box, spot_trader: Any) -> None:
    known = spot.orders()
    for create in (spot_trader.create_order, spot_trader.create_order_ws):
        with pytest.raises(ccxt.OrderImmediatelyFillable, match="trigger immediately"):
            await create(SYMBOL, "market", "sell", 30, None, {"stopLossPrice": at(spot, "1.05")})
    assert spot.orders() == known


async def test_more_that_wait_than_may(spot: Box, spot_trader: Any) -> None:
    for _ in range(5):
        await spot_trader.create_order(SYMBOL, "market", "sell", 30, None, {"stopLossPrice": at(spot, "0.9")})
    with pytest.raises(ccxt.ExchangeError, match="MAX_NUM_ALGO_ORDERS"):
        await spot_trader.create_order(SYMBOL, "market", "sell", 30, None, {"stopLossPrice": at(spot, "0.9")})
    await spot_trader.cancel_all_orders(SYMBOL)


@pytest.mark.parametrize(("moved", "winner"), [("1.02", 0), ("0.98", 1)])
async def test_one_cancels_the_other(spot: Box, spot_trader: Any, moved: str, winner: int) -> None:
    wanted = {
        "symbol": MARKET, "side": "SELL", "quantity": "40", "listClientOrderId": f"pair-{winner}-{moved[-1]}",
        "aboveType": "LIMIT_MAKER", "abovePrice": str(at(spot, "1.015")),
        "belowType": "STOP_LOSS", "belowStopPrice": str(at(spot, "0.985")),
    }  # fmt: skip
    told = await spot_trader.privatePostOrderListOco(wanted)
    truth = assert_same_list(told, spot, "OCO")
    assert told["listOrderStatus"] == "EXECUTING"
    assert len(told["orderReports"]) == 2
    assert locked(spot) == {"DOGE": Decimal(40)}
    assert {row["id"] for row in await spot_trader.fetch_open_orders(SYMBOL)} == set(map(str, truth["order_ids"]))
    spot.admin("price", {"symbol": MARKET, "price": str(at(spot, moved))})
    reports = {report["type"]: report["orderId"] for report in told["orderReports"]}
    won, lost = reports["LIMIT_MAKER"], reports["STOP_LOSS"]
    if winner:
        won, lost = lost, won
    filled = await done(spot, won)
    asked = await spot_trader.fetch_order(str(won), SYMBOL)
    assert_same_spot_order(asked, filled, spot.executions(MARKET, order_id=won), status="closed")
    other = await spot_trader.fetch_order(str(lost), SYMBOL)
    assert_same_spot_order(other, spot.order(MARKET, lost), (), status="expired")
    ended = await spot_trader.privateGetOrderList({"orderListId": told["orderListId"]})
    assert_same_list(ended, spot, "OCO")
    assert ended["listOrderStatus"] == "ALL_DONE"
    assert locked(spot) == {}


async def test_one_triggers_the_others(spot: Box, spot_trader: Any) -> None:
    wanted = {
        "symbol": MARKET, "workingType": "LIMIT", "workingSide": "BUY", "workingTimeInForce": "GTC",
        "workingPrice": str(at(spot, "0.95")), "workingQuantity": "60", "pendingSide": "SELL", "pendingQuantity": "50",
        "pendingAboveType": "LIMIT_MAKER", "pendingAbovePrice": str(at(spot, "1.2")),
        "pendingBelowType": "STOP_LOSS_LIMIT", "pendingBelowStopPrice": str(at(spot, "0.8")),
        "pendingBelowPrice": str(at(spot, "0.79")), "pendingBelowTimeInForce": "GTC",
    }  # fmt: skip
    told = await spot_trader.privatePostOrderListOtoco(wanted)
    truth = assert_same_list(told, spot, "OTO")
    assert sorted(report["status"] for report in told["orderReports"]) == ["NEW", "PENDING_NEW", "PENDING_NEW"]
    assert set(locked(spot)) == {"USDT"}
    working = next(report["orderId"] for report in told["orderReports"] if report["status"] == "NEW")
    pending = [order_id for order_id in truth["order_ids"] if order_id != working]
    assert [(await spot_trader.fetch_order(str(each), SYMBOL))["info"]["isWorking"] for each in pending] == [False] * 2
    spot.admin("price", {"symbol": MARKET, "price": str(at(spot, "0.945"))})
    await done(spot, working)
    for each in pending:
        asked = await spot_trader.fetch_order(str(each), SYMBOL)
        assert_same_spot_order(asked, spot.order(MARKET, each), (), status="open")
        assert asked["info"]["status"] == "NEW"
    assert locked(spot) == {"DOGE": Decimal(50)}
    ended = await spot_trader.privateDeleteOrderList({"symbol": MARKET, "orderListId": told["orderListId"]})
    assert_same_list(ended, spot, "OTO")
    assert ended["listOrderStatus"] == "ALL_DONE"
    assert locked(spot) == {}
    assert {spot.order(MARKET, each)["status"] for each in pending} == {"CANCELED"}


async def test_one_triggers_the_other(spot: Box, spot_trader: Any) -> None:
    """A pending order at market follows at once."""
    wanted = {
        "symbol": MARKET, "workingType": "LIMIT", "workingSide": "BUY", "workingTimeInForce": "GTC",
        "workingPrice": str(at(spot, "1.02")), "workingQuantity": "60",
        "pendingType": "MARKET", "pendingSide": "SELL", "pendingQuantity": "50",
    }  # fmt: skip
    told = await spot_trader.privatePostOrderListOto(wanted)
    (truth,) = (row for row in spot.admin("lists") if row["list_id"] == told["orderListId"])
    sold = [await done(spot, each) for each in truth["order_ids"]]
    assert [(row["side"], Decimal(row["cum_qty"])) for row in sold] == [("BUY", Decimal(60)), ("SELL", Decimal(50))]
    trades = await spot_trader.fetch_my_trades(SYMBOL, params={"orderId": sold[1]["order_id"]})
    assert_same_spot_trades(trades, spot.executions(MARKET, order_id=sold[1]["order_id"]))


async def test_prices_that_do_not_make_a_pair(spot: Box, spot_trader: Any) -> None:
    known = spot.orders()
    with pytest.raises(ccxt.ExchangeError, match="relationship of the prices"):
        await spot_trader.privatePostOrderListOco({
            "symbol": MARKET, "side": "SELL", "quantity": "40",
            "aboveType": "LIMIT_MAKER", "abovePrice": str(at(spot, "1.02")),
            "belowType": "STOP_LOSS", "belowStopPrice": str(at(spot, "1.03")),
        })  # fmt: skip
    assert spot.orders() == known
