"""ccxt trades assets: every order, reply and execution as the exchange's ledger has it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import ccxt
import pytest

from tests.judges.box import Box, Row, eventually, exactly
from tests.judges.ccxt_client import by_hmac, spot_symbol_of
from tests.judges.ccxt_spot_words import assert_same_balance, assert_same_spot_order, assert_same_spot_trades

MARKET = "DOGEUSDT"
SYMBOL = spot_symbol_of(MARKET)
TICK = Decimal("0.00001")
_PATIENCE = 10

pytestmark = pytest.mark.usefixtures("none_open")


def best(spot: Box, side: str, market: str = MARKET) -> Decimal:
    return Decimal(spot.admin("status")["symbols"][market][f"best_{side}"])


def at(spot: Box, factor: str) -> float:
    """A price so many times the best bid."""
    return float((best(spot, "bid") * Decimal(factor)).quantize(TICK))


async def test_a_resting_order_from_its_birth_to_its_end(spot: Box, spot_trader: Any) -> None:
    price = at(spot, "0.9")
    placed = await spot_trader.create_order(SYMBOL, "limit", "buy", 100, price, {"newClientOrderId": "judge-1"})
    truth = spot.order(MARKET, placed["id"])
    assert_same_spot_order(placed, truth, (), timeInForce="GTC", clientOrderId="judge-1", status="open", price=price)
    assert_same_balance(await spot_trader.fetch_balance(), spot.wallet())
    assert Decimal(spot.wallet()["USDT"]["locked"]) == 100 * Decimal(str(price))
    for asked in (
        await spot_trader.fetch_order(placed["id"], SYMBOL),
        (await spot_trader.fetch_open_orders(SYMBOL))[0],
        (await spot_trader.fetch_open_orders())[0],
        (await spot_trader.fetch_orders(SYMBOL))[-1],
        await spot_trader.fetch_order("", SYMBOL, {"origClientOrderId": "judge-1"}),
        await spot_trader.fetch_order_ws(placed["id"], SYMBOL),
    ):
        assert_same_spot_order(asked, truth, timestamp=truth["created_ms"], amount=100.0)
    canceled = await spot_trader.cancel_order(placed["id"], SYMBOL)
    truth = spot.order(MARKET, placed["id"])
    assert_same_spot_order(canceled, truth, is_cancel=True, status="canceled")
    assert await spot_trader.fetch_open_orders(SYMBOL) == []
    assert_same_spot_order(await spot_trader.fetch_order(placed["id"], SYMBOL), truth, status="canceled")
    assert (await spot_trader.fetch_canceled_orders(SYMBOL))[-1]["id"] == placed["id"]
    assert Decimal(spot.wallet()["USDT"]["locked"]) == 0


@pytest.mark.parametrize("side", ["buy", "sell"])
async def test_a_market_order_through_several_levels(spot: Box, spot_trader: Any, side: str) -> None:
    """The fee is taken from what is received: DOGE when buying, USDT when selling."""
    for _ in range(_PATIENCE):  # somebody else may put more at the best price in between
        levels = spot.public("/api/v3/depth", symbol=MARKET, limit=10)["asks" if side == "buy" else "bids"]
        qty = float(sum(Decimal(row[1]) for row in levels[:3]) + 1)
        before = spot.wallet()
        order = await spot_trader.create_order(SYMBOL, "market", side, qty)
        executions, truth = spot.executions(MARKET, order_id=order["id"]), spot.order(MARKET, order["id"])
        if len(executions) >= 2:
            break
    assert len(executions) >= 2
    assert_same_spot_order(order, truth, executions, status="closed", filled=qty)
    assert_same_spot_order(await spot_trader.fetch_order(order["id"], SYMBOL), truth, executions)
    assert (await spot_trader.fetch_closed_orders(SYMBOL))[-1]["id"] == order["id"]
    assert_same_spot_trades(await spot_trader.fetch_my_trades(SYMBOL, params={"orderId": order["id"]}), executions)
    assert_same_spot_trades(await spot_trader.fetch_my_trades(SYMBOL, limit=1000), spot.executions(MARKET))
    fills = [(row["price"], row["amount"], row["fee"]["cost"], row["fee"]["currency"]) for row in order["trades"]]
    received = "DOGE" if side == "buy" else "USDT"
    assert fills == [(*map(exactly, (row["px"], row["qty"], row["fee"])), received) for row in executions]
    balance, after = await spot_trader.fetch_balance(), spot.wallet()
    assert_same_balance(balance, after)
    sign = 1 if side == "buy" else -1
    moved = {asset: Decimal(after[asset]["total"]) - Decimal(before[asset]["total"]) for asset in ("DOGE", "USDT")}
    fees = {received: sum(Decimal(row["fee"]) for row in executions)}
    assert fees[received] > 0
    assert moved["DOGE"] == sign * Decimal(truth["cum_qty"]) - fees.get("DOGE", 0)
    assert moved["USDT"] == -sign * Decimal(truth["cum_quote"]) - fees.get("USDT", 0)


async def test_the_fee_is_the_rate_that_is_told(spot: Box, spot_trader: Any) -> None:
    fee = await spot_trader.fetch_trading_fee(SYMBOL)
    assert (await spot_trader.fetch_trading_fees())[SYMBOL]["taker"] == fee["taker"]
    for side, per in (("buy", "qty"), ("sell", "value")):
        order = await spot_trader.create_order(SYMBOL, "market", side, 1000)
        for row in spot.executions(MARKET, order_id=order["id"]):
            base = Decimal(row["qty"]) * (Decimal(row["px"]) if per == "value" else 1)
            assert Decimal(row["fee"]) == base * Decimal(str(fee["taker"]))


async def test_fees_in_another_asset(spot: Box, spot_trader: Any) -> None:
    """Who has BNB and wants it pays in BNB, and less; what is received is whole."""
    spot.admin("deposit", {"asset": "BNB", "amount": "1"})
    told = await spot_trader.sapiPostBnbBurn({"spotBNBBurn": "true"})
    assert told["spotBNBBurn"] is True
    try:
        for side in ("buy", "sell"):
            before = spot.wallet()
            order = await spot_trader.create_order(SYMBOL, "market", side, 1000)
            truth, executions = spot.order(MARKET, order["id"]), spot.executions(MARKET, order_id=order["id"])
            assert_same_spot_order(order, truth, executions, status="closed")
            assert {row["fee_asset"] for row in executions} == {"BNB"}
            trades = await spot_trader.fetch_my_trades(SYMBOL, params={"orderId": order["id"]})
            assert_same_spot_trades(trades, executions)
            moved = {
                name: Decimal(row["total"]) - Decimal(before[name]["total"]) for name, row in spot.wallet().items()
            }
            fee = sum((Decimal(row["fee"]) for row in executions), Decimal(0))
            assert (abs(moved["DOGE"]), moved["BNB"]) == (Decimal(1000), -fee)
            assert abs(moved["USDT"]) == Decimal(truth["cum_quote"])
            cost = fee * Decimal(spot.admin("status")["symbols"]["BNBUSDT"]["last_px"])
            assert Decimal("0.0007") < cost / Decimal(truth["cum_quote"]) < Decimal("0.0008")
            assert_same_balance(await spot_trader.fetch_balance(), spot.wallet())
    finally:
        await spot_trader.sapiPostBnbBurn({"spotBNBBurn": "false"})


async def test_an_order_for_an_amount(spot: Box, spot_trader: Any) -> None:
    """ccxt's cost is the exchange's quoteOrderQty: as many lots as it buys, and as it needs."""
    for create, side in (
        (spot_trader.create_market_buy_order_with_cost, "buy"),
        (spot_trader.create_market_sell_order_with_cost, "sell"),
    ):
        order = await create(SYMBOL, 250)
        truth, executions = spot.order(MARKET, order["id"]), spot.executions(MARKET, order_id=order["id"])
        assert_same_spot_order(order, truth, executions, status="closed", side=side)
        assert order["info"]["origQuoteOrderQty"] == "250.00000000"
        assert Decimal(truth["quote_qty"]) == 250
        last = max(Decimal(row["px"]) for row in executions)
        assert 250 - last < Decimal(truth["cum_quote"]) <= 250
        asked = await spot_trader.fetch_order(order["id"], SYMBOL)
        assert_same_spot_order(asked, truth, executions)
        assert asked["info"]["origQuoteOrderQty"] == "250.00000000"


async def test_a_maker_is_filled_at_its_price(spot: Box, spot_trader: Any) -> None:
    """Post-only orders at the best prices of busy markets: somebody comes before long."""
    placed = set()
    for market, qty in (("BTCUSDT", 0.002), (MARKET, 50)):
        for side, price in (("buy", "bid"), ("sell", "ask")):
            wanted = exactly(best(spot, price, market))
            try:
                order = await spot_trader.create_order(
                    spot_symbol_of(market), "limit", side, qty, wanted, {"postOnly": True}
                )
            except ccxt.ExchangeError as error:  # the market came nearer in between
                assert "immediately match" in str(error)
                continue
            # What the ledger says of it may be more by now.
            assert (order["info"]["type"], order["postOnly"], order["price"]) == ("LIMIT_MAKER", True, wanted)
            assert (order["status"], order["filled"]) == ("open", 0.0)
            placed.add((market, int(order["id"])))

    def filled() -> Row | None:
        mine = (row for row in spot.orders() if (row["symbol"], row["order_id"]) in placed)
        return next((row for row in mine if row["status"] == "FILLED"), None)

    truth = await eventually("one of the orders at the best prices to be filled", filled)
    symbol, order_id = spot_symbol_of(truth["symbol"]), truth["order_id"]
    executions = spot.executions(truth["symbol"], order_id=order_id)
    told = await spot_trader.fetch_order(str(order_id), symbol)
    assert_same_spot_order(told, truth, executions, status="closed")
    assert {row["px"] for row in executions} == {truth["price"]}
    trades = await spot_trader.fetch_my_trades(symbol, params={"orderId": order_id})
    assert_same_spot_trades(trades, executions)
    assert {row["takerOrMaker"] for row in trades} == {"maker"}


async def test_what_would_take_does_not_rest(spot: Box, spot_trader: Any) -> None:
    executed = len(spot.executions())
    orders = spot.orders()
    with pytest.raises(ccxt.OrderImmediatelyFillable, match="immediately match and take"):
        await spot_trader.create_order(SYMBOL, "limit", "buy", 100, at(spot, "1.05"), {"postOnly": True})
    assert (len(spot.executions()), spot.orders()) == (executed, orders)


async def test_orders_that_do_not_rest(spot: Box, spot_trader: Any) -> None:
    low, high, executed = at(spot, "0.9"), at(spot, "1.05"), len(spot.executions())
    for word in ("IOC", "FOK"):
        order = await spot_trader.create_order(SYMBOL, "limit", "buy", 100, low, {"timeInForce": word})
        truth = spot.order(MARKET, order["id"])
        assert_same_spot_order(order, truth, (), status="expired", timeInForce=word)
        assert_same_spot_order(await spot_trader.fetch_order(order["id"], SYMBOL), truth, status="expired")
    assert len(spot.executions()) == executed
    for word in ("IOC", "FOK"):
        order = await spot_trader.create_order(SYMBOL, "limit", "buy", 100, high, {"timeInForce": word})
        truth = spot.order(MARKET, order["id"])
        executions = spot.executions(MARKET, order_id=order["id"])
        assert_same_spot_order(order, truth, executions, status="closed", timeInForce=word)
    deep = sum(float(row[1]) for row in spot.public("/api/v3/depth", symbol=MARKET, limit=1000)["asks"][:2])
    part = await spot_trader.create_order(SYMBOL, "limit", "buy", 20_000, low, {"timeInForce": "IOC"})
    assert (part["status"], part["filled"]) == ("expired", 0.0)
    price = exactly(best(spot, "ask"))
    qty = round(deep) + 5_000
    part = await spot_trader.create_order(SYMBOL, "limit", "buy", qty, price, {"timeInForce": "IOC"})
    truth, executions = spot.order(MARKET, part["id"]), spot.executions(MARKET, order_id=part["id"])
    assert_same_spot_order(part, truth, executions)


async def test_an_iceberg_shows_a_part(spot: Box, spot_trader: Any) -> None:
    """Alone at its price, the book tells of a hundred of a thousand."""
    price = float(best(spot, "bid") * Decimal("0.8"))
    order = await spot_trader.create_order(SYMBOL, "limit", "buy", 1000, price, {"icebergQty": "100"})
    truth = spot.order(MARKET, order["id"])
    assert_same_spot_order(order, truth, amount=1000.0, status="open")
    assert (order["info"]["icebergQty"], Decimal(truth["iceberg_qty"])) == ("100.00000000", Decimal(100))
    book = dict(spot.public("/api/v3/depth", symbol=MARKET, limit=5000)["bids"])
    assert book[order["info"]["price"]] == "100.00000000"
    with pytest.raises(ccxt.BadRequest, match="ICEBERG_PARTS"):
        await spot_trader.create_order(SYMBOL, "limit", "buy", 1000, price, {"icebergQty": "1"})


@pytest.mark.parametrize("over_websocket", [False, True])
async def test_editing_is_cancelling_and_placing(spot: Box, spot_trader: Any, over_websocket: bool) -> None:
    """ccxt's edit is cancelReplace: another order takes the first one's place."""
    price = at(spot, "0.9")
    edit = spot_trader.edit_order_ws if over_websocket else spot_trader.edit_order
    order = await spot_trader.create_order(SYMBOL, "limit", "buy", 100, price)
    edited = await edit(order["id"], SYMBOL, "limit", "buy", 120, at(spot, "0.91"))
    assert edited["id"] != order["id"]
    assert spot.order(MARKET, order["id"])["status"] == "CANCELED"
    assert_same_spot_order(edited, spot.order(MARKET, edited["id"]), (), status="open", amount=120.0)
    assert [row["id"] for row in await spot_trader.fetch_open_orders(SYMBOL)] == [edited["id"]]
    known = spot.orders()
    # Of both halves nothing is done when the first one fails.
    with pytest.raises(ccxt.ExchangeError, match=r"-2022|-2011"):
        await edit("1", SYMBOL, "limit", "buy", 120, price)
    assert spot.orders() == known


async def test_canceling_everything(spot: Box, spot_trader: Any) -> None:
    other = await spot_trader.create_order("BTC/USDT", "limit", "buy", 0.001, 40_000)
    placed = [await spot_trader.create_order(SYMBOL, "limit", "buy", 100, at(spot, "0.9")) for _ in range(3)]
    told = await spot_trader.cancel_all_orders(SYMBOL)
    assert {row["id"] for row in told} == {row["id"] for row in placed}
    for row in told:
        assert_same_spot_order(row, spot.order(MARKET, row["id"]), is_cancel=True, status="canceled")
    assert [row["id"] for row in await spot_trader.fetch_open_orders()] == [other["id"]]
    with pytest.raises(ccxt.OrderNotFound, match="-2011"):
        await spot_trader.cancel_all_orders(SYMBOL)


@pytest.mark.parametrize("over_websocket", [False, True])
async def test_an_hmac_key_signs_too(spot: Box, over_websocket: bool) -> None:
    async with by_hmac(spot) as client:
        create = client.create_order_ws if over_websocket else client.create_order
        cancel = client.cancel_order_ws if over_websocket else client.cancel_order
        order = await create(SYMBOL, "limit", "buy", 100, at(spot, "0.9"))
        assert_same_spot_order(order, spot.order(MARKET, order["id"]), (), status="open")
        canceled = await cancel(order["id"], SYMBOL)
        assert_same_spot_order(canceled, spot.order(MARKET, order["id"]), is_cancel=True, status="canceled")


async def test_orders_over_the_websocket(spot: Box, spot_trader: Any) -> None:
    order = await spot_trader.create_order_ws(SYMBOL, "limit", "sell", 100, at(spot, "1.1"))
    truth = spot.order(MARKET, order["id"])
    assert_same_spot_order(order, truth, (), status="open")
    assert_same_spot_order(await spot_trader.fetch_order_ws(order["id"], SYMBOL), truth)
    assert [row["id"] for row in await spot_trader.fetch_open_orders_ws(SYMBOL)] == [order["id"]]
    # Over the websocket ccxt forgets which market's balances it reads: they are in what was sent alone.
    told = {row["asset"]: row for row in (await spot_trader.fetch_balance_ws())["info"]["balances"]}
    for asset, row in spot.wallet().items():
        assert [Decimal(told[asset][name]) for name in ("free", "locked")] == [
            Decimal(row[name]) for name in ("free", "locked")
        ]
    canceled = await spot_trader.cancel_order_ws(order["id"], SYMBOL)
    assert_same_spot_order(canceled, spot.order(MARKET, order["id"]), is_cancel=True, status="canceled")
    market = await spot_trader.create_order_ws(SYMBOL, "market", "sell", 100)
    executions = spot.executions(MARKET, order_id=market["id"])
    assert_same_spot_order(market, spot.order(MARKET, market["id"]), executions, status="closed", filled=100.0)
    trades = await spot_trader.fetch_my_trades_ws(SYMBOL, params={"orderId": int(market["id"])})
    assert_same_spot_trades(trades, executions)
