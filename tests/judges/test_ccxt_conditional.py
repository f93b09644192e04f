"""ccxt's stop, take-profit and trailing orders, from their placing to the order that they become."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import ccxt
import pytest

from tests.judges.box import Box, Row, eventually, exactly
from tests.judges.ccxt_client import by_ed25519, symbol_of
from tests.judges.ccxt_words import assert_same_order
from tests.judges.following import Following

MARKET = "DOGEUSDT"
SYMBOL = symbol_of(MARKET)
TRIGGER = {"trigger": True}

pytestmark = pytest.mark.usefixtures("flat")


def last(box: Box) -> Decimal:
    return Decimal(box.admin("status")["symbols"][MARKET]["last_px"])


def at(box: Box, factor: str) -> float:
    """A price so many times the last."""
    return float((last(box) * Decimal(factor)).quantize(Decimal("0.00001")))


def condition(box: Box, algo_id: str) -> Row:
    (row,) = (row for row in box.admin(f"algos?symbol={MARKET}") if row["algo_id"] == int(algo_id))
    assert isinstance(row, dict)
    return row


def assert_same_condition(told: Any, truth: Row, **more: object) -> None:
    expected = {
        "id": str(truth["algo_id"]),
        "clientOrderId": truth["client_algo_id"],
        "symbol": SYMBOL,
        "side": truth["side"].lower(),
        "amount": exactly(truth["qty"]),
        "triggerPrice": exactly(truth["trigger_px"]),
        **more,
    }
    assert {name: told[name] for name in expected} == expected
    assert FIX.get(told["info"]["orderType"], told["info"]["orderType"]) == truth["type"]
    assert told["info"]["algoStatus"] == truth["status"]


KINDS = [
    ("market", "sell", "stopLossPrice", "0.97", "STOP_MARKET"),
    ("limit", "sell", "stopLossPrice", "0.97", "STOP"),
    ("market", "sell", "takeProfitPrice", "1.03", "TAKE_PROFIT_MARKET"),
    ("limit", "sell", "takeProfitPrice", "1.03", "TAKE_PROFIT"),
    ("market", "buy", "triggerPrice", "1.03", "STOP_MARKET"),
]
FIX = {"STOP": "STOP_LIMIT", "TAKE_PROFIT": "TAKE_PROFIT_LIMIT"}
"""The operator's words are FIX's: those of the exchange that differ."""


@pytest.mark.parametrize(("kind", "side", "name", "factor", "word"), KINDS)
async def test_waiting(box: Box, trader: Any, kind: str, side: str, name: str, factor: str, word: str) -> None:
    price = at(box, factor)
    limit = price if kind == "limit" else None
    order = await trader.create_order(SYMBOL, kind, side, 30, limit, {name: price})
    truth = condition(box, order["id"])
    assert truth["type"] == FIX.get(word, word)
    assert_same_condition(order, truth, status="open", triggerPrice=price)
    for asked in (
        await trader.fetch_order(order["id"], SYMBOL, TRIGGER),
        (await trader.fetch_open_orders(SYMBOL, params=TRIGGER))[-1],
        (await trader.fetch_orders(SYMBOL, params=TRIGGER))[-1],
    ):
        assert_same_condition(asked, truth, status="open")
        assert asked["timestamp"] == truth["created_ms"]
        assert asked["price"] == limit
    assert await trader.fetch_open_orders(SYMBOL) == []
    await trader.cancel_order(order["id"], SYMBOL, TRIGGER)
    assert_same_condition(
        await trader.fetch_order(order["id"], SYMBOL, TRIGGER), condition(box, order["id"]), status="canceled"
    )
    assert await trader.fetch_open_orders(SYMBOL, params=TRIGGER) == []


async def test_canceling_everything_that_waits(box: Box, trader: Any) -> None:
    resting = await trader.create_order(SYMBOL, "limit", "buy", 30, at(box, "0.97"))
    for _ in range(2):
        await trader.create_order(SYMBOL, "market", "sell", 30, None, {"stopLossPrice": at(box, "0.97")})
    await trader.cancel_all_orders(SYMBOL)
    assert box.order(MARKET, resting["id"])["status"] == "CANCELED"
    assert len(await trader.fetch_open_orders(SYMBOL, params=TRIGGER)) == 2
    await trader.cancel_all_orders(SYMBOL, TRIGGER)
    assert await trader.fetch_open_orders(SYMBOL, params=TRIGGER) == []


@pytest.mark.parametrize("over_websocket", [False, True])
async def test_a_stop_that_is_reached_becomes_an_order(box: Box, over_websocket: bool) -> None:
    async with by_ed25519(box) as client, Following(client.watch_orders) as orders:

        async def heard() -> bool:
            await client.create_order(SYMBOL, "market", "buy", 30)
            orders.check()
            return bool(orders.told)

        await eventually("the first news", heard)
        create = client.create_order_ws if over_websocket else client.create_order
        stop = await create(SYMBOL, "market", "sell", 30, None, {"stopLossPrice": at(box, "0.995"), "reduceOnly": True})
        box.admin("price", {"symbol": MARKET, "price": str(at(box, "0.99"))})
        truth: Row = await eventually(
            "the stop to be done",
            lambda: found if (found := condition(box, stop["id"]))["status"] == "FINISHED" else None,
        )
        child = box.order(MARKET, truth["order_id"])
        assert (child["status"], child["side"], Decimal(child["cum_qty"])) == ("FILLED", "SELL", Decimal(30))
        told = await client.fetch_order(stop["id"], SYMBOL, TRIGGER)
        assert told["info"]["actualOrderId"] == str(child["order_id"])
        assert_same_order(
            await client.fetch_order(str(child["order_id"]), SYMBOL),
            child,
            executions=box.executions(MARKET, order_id=child["order_id"]),
        )

        def complete() -> bool:
            orders.check()
            return any(row["id"] == str(child["order_id"]) and row["status"] == "closed" for row in orders.told)

        await eventually("the news of the order that it became", complete)
        assert [row for row in orders.told if row["id"] == stop["id"] and row["triggerPrice"] == told["triggerPrice"]]


async def test_a_trailing_stop_follows_the_price(box: Box, trader: Any) -> None:
    await trader.create_order(SYMBOL, "market", "buy", 40)
    order = await trader.create_order(SYMBOL, "market", "sell", 40, None, {"trailingPercent": 1, "reduceOnly": True})
    truth = condition(box, order["id"])
    assert (truth["type"], Decimal(truth["callback_rate"])) == ("TRAILING_STOP_MARKET", Decimal(1))
    high = at(box, "1.005")
    box.admin("price", {"symbol": MARKET, "price": str(high)})
    assert condition(box, order["id"])["status"] == "NEW"
    box.admin("price", {"symbol": MARKET, "price": f"{high * 0.985:.5f}"})
    child: Row = await eventually(
        "the trailing stop to be done",
        lambda: found if (found := condition(box, order["id"]))["status"] == "FINISHED" else None,
    )
    assert Decimal(child["cum_qty"]) == 40
    assert Decimal(box.position(MARKET)["net"]) == 0


async def test_a_stop_that_would_trigger_at_once(box: Box, trader: Any) -> None:
    with pytest.raises(ccxt.ExchangeError, match="-2021"):
        await trader.create_order(SYMBOL, "market", "sell", 30, None, {"stopLossPrice": at(box, "1.02")})
    with pytest.raises(ccxt.ExchangeError, match="-2021"):
        await trader.create_order_ws(SYMBOL, "market", "sell", 30, None, {"stopLossPrice": at(box, "1.02")})
