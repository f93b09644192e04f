"""ccxt trades: every order, reply and execution as the exchange's ledger has it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import ccxt
import pytest

from tests.judges.box import Box, Row, eventually, exactly
from tests.judges.ccxt_client import by_hmac, symbol_of
from tests.judges.ccxt_words import assert_same_order, assert_same_trades

MARKET = "DOGEUSDT"
SYMBOL = symbol_of(MARKET)

pytestmark = pytest.mark.usefixtures("flat")


def best(box: Box, side: str) -> Decimal:
    return Decimal(box.admin("status")["symbols"][MARKET][f"best_{side}"])


def far_below(box: Box) -> float:
    """A price at which nobody sells."""
    return float((best(box, "bid") * Decimal("0.96")).quantize(Decimal("0.00001")))


async def test_a_resting_order_from_its_birth_to_its_end(box: Box, trader: Any) -> None:
    price = far_below(box)
    placed = await trader.create_order(SYMBOL, "limit", "buy", 100, price, {"newClientOrderId": "judge-1"})
    kind: Row = {"timeInForce": "GTC", "postOnly": False, "reduceOnly": False, "clientOrderId": "judge-1"}
    assert_same_order(placed, box.order(MARKET, placed["id"]), **kind)
    assert (placed["status"], placed["price"], placed["amount"]) == ("open", price, 100.0)
    for asked in (
        await trader.fetch_order(placed["id"], SYMBOL),
        await trader.fetch_open_order(placed["id"], SYMBOL),
        (await trader.fetch_open_orders(SYMBOL))[0],
        await trader.fetch_order("", SYMBOL, {"origClientOrderId": "judge-1"}),
    ):
        assert_same_order(asked, box.order(MARKET, placed["id"]), executions=[])
    canceled = await trader.cancel_order(placed["id"], SYMBOL)
    assert_same_order(canceled, box.order(MARKET, placed["id"]))
    assert canceled["status"] == "canceled"
    assert await trader.fetch_open_orders(SYMBOL) == []
    assert (await trader.fetch_canceled_orders(SYMBOL))[-1]["id"] == placed["id"]


async def test_a_market_order_through_several_levels(box: Box, trader: Any) -> None:
    asks = box.public("/fapi/v1/depth", symbol=MARKET, limit=50)["asks"]
    qty = sum(float(row[1]) for row in asks[:4])
    order = await trader.create_order(SYMBOL, "market", "buy", qty)
    executions = box.executions(MARKET, order_id=order["id"])
    assert len(executions) >= 2
    truth = box.order(MARKET, order["id"])
    assert_same_order(order, truth, status="closed", filled=qty)
    assert_same_order(await trader.fetch_order(order["id"], SYMBOL), truth, executions=executions)
    assert_same_trades(await trader.fetch_my_trades(SYMBOL, params={"orderId": order["id"]}), executions)
    assert_same_trades(await trader.fetch_my_trades(SYMBOL, limit=1000), box.executions(MARKET))
    profits = [row["info"]["realizedPnl"] for row in await trader.fetch_my_trades(SYMBOL, limit=1000)]
    assert [Decimal(text) for text in profits] == [Decimal(row["realized_pnl"]) for row in box.executions(MARKET)]


async def test_a_maker_is_filled_at_its_price(box: Box, trader: Any) -> None:
    """Bids and offers at the best prices of busy markets: somebody comes before long."""
    placed = set()
    for market, qty in (("BTCUSDT", 0.002), ("ETHUSDT", 0.02), (MARKET, 50)):
        for side, price in (("buy", "bid"), ("sell", "ask")):
            wanted = exactly(box.admin("status")["symbols"][market][f"best_{price}"])
            try:
                order = await trader.create_order(symbol_of(market), "limit", side, qty, wanted, {"postOnly": True})
            except ccxt.InvalidOrder:
                continue  # the market came nearer in between
            assert (order["timeInForce"], order["postOnly"], order["status"]) == ("PO", True, "open")
            placed.add((market, int(order["id"])))

    def filled() -> Row | None:
        mine = (row for row in box.orders() if (row["symbol"], row["order_id"]) in placed)
        return next((row for row in mine if row["status"] == "FILLED"), None)

    truth = await eventually("one of the orders at the best prices to be filled", filled)
    symbol, order_id = symbol_of(truth["symbol"]), truth["order_id"]
    executions = box.executions(truth["symbol"], order_id=order_id)
    assert_same_order(await trader.fetch_order(str(order_id), symbol), truth, executions=executions, status="closed")
    assert {row["px"] for row in executions} == {truth["price"]}
    trades = await trader.fetch_my_trades(symbol, params={"orderId": order_id})
    assert_same_trades(trades, executions)
    assert {row["takerOrMaker"] for row in trades} == {"maker"}
    rate = Decimal(str((await trader.fetch_trading_fee(symbol))["maker"]))
    for row in executions:
        assert abs(Decimal(row["fee"]) - Decimal(row["px"]) * Decimal(row["qty"]) * rate) <= Decimal("0.00000001")


async def test_orders_that_do_not_rest(box: Box, trader: Any) -> None:
    low, executed = far_below(box), len(box.executions())
    ioc = await trader.create_order(SYMBOL, "limit", "buy", 100, low, {"timeInForce": "IOC"})
    assert_same_order(ioc, box.order(MARKET, ioc["id"]), status="expired", timeInForce="IOC")
    assert_same_order((await trader.fetch_orders(SYMBOL))[-1], box.order(MARKET, ioc["id"]), executions=[])
    with pytest.raises(ccxt.InvalidOrder, match="-5021"):
        await trader.create_order(SYMBOL, "limit", "buy", 100, low, {"timeInForce": "FOK"})
    with pytest.raises(ccxt.InvalidOrder, match="-5022"):
        await trader.create_order(SYMBOL, "limit", "buy", 100, float(best(box, "ask")) * 1.01, {"timeInForce": "GTX"})
    assert len(box.executions()) == executed
    fok = await trader.create_order(SYMBOL, "limit", "buy", 20, float(best(box, "ask")) * 1.01, {"timeInForce": "FOK"})
    assert_same_order(fok, box.order(MARKET, fok["id"]), status="closed", timeInForce="FOK")
    assert sum(Decimal(row["qty"]) for row in box.executions(MARKET, order_id=fok["id"])) == 20


async def test_good_till_date(box: Box, trader: Any) -> None:
    until = (box.admin("status")["time_ms"] // 1000 + 3600) * 1000
    order = await trader.create_order(
        SYMBOL, "limit", "buy", 100, far_below(box), {"timeInForce": "GTD", "goodTillDate": until}
    )
    assert_same_order(order, box.order(MARKET, order["id"]), status="open", timeInForce="GTD")
    assert (await trader.fetch_order(order["id"], SYMBOL))["info"]["goodTillDate"] == until


async def test_reduce_only_closes_and_never_opens(box: Box, trader: Any) -> None:
    await trader.create_order(SYMBOL, "market", "buy", 300)
    order = await trader.create_order(SYMBOL, "market", "sell", 100, None, {"reduceOnly": True})
    assert_same_order(order, box.order(MARKET, order["id"]), reduceOnly=True, status="closed", filled=100.0)
    assert Decimal(box.position(MARKET)["net"]) == 200
    await trader.create_order(SYMBOL, "market", "sell", 200, None, {"reduceOnly": True})
    assert Decimal(box.position(MARKET)["net"]) == 0
    with pytest.raises(ccxt.ExchangeError, match="-2022"):
        await trader.create_order(SYMBOL, "market", "sell", 100, None, {"reduceOnly": True})


async def test_modifying(box: Box, trader: Any) -> None:
    price = far_below(box)
    order = await trader.create_order(SYMBOL, "limit", "buy", 100, price)
    for edit in (trader.edit_order, trader.edit_order_ws):
        price = round(price + 0.0001, 5)
        edited = await edit(order["id"], SYMBOL, "limit", "buy", 120, price)
        truth = box.order(MARKET, order["id"])
        assert_same_order(edited, truth, status="open", amount=120.0, price=price, id=order["id"])
        assert_same_order(await trader.fetch_order(order["id"], SYMBOL), truth, executions=[])
    assert [row["id"] for row in await trader.fetch_open_orders(SYMBOL)] == [order["id"]]


async def test_several_at_once(box: Box, trader: Any) -> None:
    price = far_below(box)
    wanted = [
        {"symbol": SYMBOL, "type": "limit", "side": "buy", "amount": amount, "price": price} for amount in (100, 200)
    ]
    too_small = {"symbol": SYMBOL, "type": "limit", "side": "buy", "amount": 1, "price": price}
    answers = await trader.create_orders([*wanted, too_small])
    placed = [row for row in answers if row["status"] != "rejected"]
    (refused,) = (row for row in answers if row not in placed)
    assert refused["info"]["code"] == -4164
    assert [row["amount"] for row in placed] == [100.0, 200.0]
    for row in placed:
        assert_same_order(row, box.order(MARKET, row["id"]), status="open")
    edited = await trader.edit_orders(
        [{**order, "id": row["id"], "amount": 300} for order, row in zip(wanted, placed, strict=True)]
    )
    for row in edited:
        assert_same_order(row, box.order(MARKET, row["id"]), amount=300.0)
    canceled = await trader.cancel_orders([row["id"] for row in placed], SYMBOL)
    for row in canceled:
        assert_same_order(row, box.order(MARKET, row["id"]), status="canceled")
    assert await trader.fetch_open_orders() == []


async def test_canceling_everything(box: Box, trader: Any) -> None:
    for _ in range(3):
        await trader.create_order(SYMBOL, "limit", "buy", 100, far_below(box))
    assert len(await trader.fetch_open_orders()) == 3
    await trader.cancel_all_orders(SYMBOL)
    assert await trader.fetch_open_orders() == []
    assert {row["status"] for row in box.orders(MARKET)[-3:]} == {"CANCELED"}


async def test_the_price_of_the_book(box: Box, trader: Any) -> None:
    order = await trader.create_order(SYMBOL, "limit", "buy", 100, None, {"priceMatch": "QUEUE_5"})
    truth = box.order(MARKET, order["id"])
    assert_same_order(order, truth, status="open", price=exactly(truth["price"]))
    assert best(box, "bid") * Decimal("0.99") < Decimal(truth["price"]) <= best(box, "bid")


@pytest.mark.parametrize("over_websocket", [False, True])
async def test_an_hmac_key_signs_too(box: Box, over_websocket: bool) -> None:
    async with by_hmac(box) as client:
        create = client.create_order_ws if over_websocket else client.create_order
        cancel = client.cancel_order_ws if over_websocket else client.cancel_order
        order = await create(SYMBOL, "limit", "buy", 100, far_below(box))
        assert_same_order(order, box.order(MARKET, order["id"]), status="open")
        assert_same_order(await cancel(order["id"], SYMBOL), box.order(MARKET, order["id"]), status="canceled")


async def test_orders_over_the_websocket(box: Box, trader: Any) -> None:
    order = await trader.create_order_ws(SYMBOL, "limit", "buy", 100, far_below(box))
    assert_same_order(order, box.order(MARKET, order["id"]), status="open")
    assert_same_order(await trader.fetch_order_ws(order["id"], SYMBOL), box.order(MARKET, order["id"]), executions=[])
    assert_same_order(
        await trader.cancel_order_ws(order["id"], SYMBOL), box.order(MARKET, order["id"]), status="canceled"
    )
    market = await trader.create_order_ws(SYMBOL, "market", "sell", 100)
    assert_same_order(market, box.order(MARKET, market["id"]), status="closed", filled=100.0)
