"""ccxt asks for money, positions, margin and their settings, and changes them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import ccxt
import pytest

from tests.judges.box import Box, exactly
from tests.judges.ccxt_client import by_ed25519, symbol_of

MARKET = "XRPUSDT"
SYMBOL = symbol_of(MARKET)

pytestmark = pytest.mark.usefixtures("flat")

_CENT = Decimal("0.00000001")


async def test_balance(box: Box, trader: Any) -> None:
    await trader.create_order(SYMBOL, "market", "buy", 50)
    await trader.create_order(SYMBOL, "market", "sell", 50)
    truth, told = box.balance(), await trader.fetch_balance()
    assert told["USDT"] == {
        "total": exactly(truth["wallet"]),
        "free": exactly(truth["available"]),
        "used": pytest.approx(0.0),
    }
    assert Decimal(told["info"]["totalWalletBalance"]) == Decimal(truth["wallet"])
    assert Decimal(truth["wallet"]) == 100_000 + sum(
        Decimal(row["realized_pnl"]) - Decimal(row["fee"]) for row in box.executions()
    )
    over_websocket = await trader.fetch_balance_ws()
    assert over_websocket["USDT"]["total"] == exactly(truth["wallet"])


@pytest.mark.parametrize("side", ["buy", "sell"])
async def test_position(box: Box, trader: Any, side: str) -> None:
    for qty in (40, 25):
        await trader.create_order(SYMBOL, "market", side, qty)
    truth = box.position(MARKET)
    asked: list[Callable[[], Awaitable[Any]]] = [
        trader.fetch_positions,
        trader.fetch_positions_risk,
        lambda: trader.fetch_positions_ws([SYMBOL]),
    ]
    leverage = (await trader.fetch_leverage(SYMBOL))["longLeverage"]
    for ask in asked:
        (told,) = await ask()
        assert told["symbol"] == SYMBOL
        assert told["contracts"] == 65 == abs(Decimal(truth["net"]))
        assert told["side"] == {"buy": "long", "sell": "short"}[side]
        assert abs(Decimal(told["info"]["entryPrice"]) - Decimal(truth["entry_px"])) <= _CENT
        mark, net = Decimal(told["info"]["markPrice"]), Decimal(truth["net"])
        assert abs(Decimal(told["info"]["unRealizedProfit"]) - net * (mark - Decimal(truth["entry_px"]))) <= 2 * _CENT
        assert told["notional"] == pytest.approx(float(abs(net) * mark), abs=1e-7)
        assert told["initialMargin"] == pytest.approx(float(abs(net) * mark) / leverage, rel=1e-6)
        assert told["marginMode"] == "cross"
        assert told["hedged"] is False
    other = {"buy": "sell", "sell": "buy"}[side]
    await trader.create_order(SYMBOL, "market", other, 65, None, {"reduceOnly": True})
    assert await trader.fetch_positions() == []


async def test_tiers_are_told_by_every_call_that_knows_them(trader: Any) -> None:
    tiers = await trader.fetch_leverage_tiers()
    assert set(tiers) == set(trader.markets)
    for symbol, rows in tiers.items():
        assert [row["tier"] for row in rows] == list(range(1, len(rows) + 1))
        for row, following in pairwise(rows):
            assert row["maxNotional"] == following["minNotional"]
            assert row["maintenanceMarginRate"] < following["maintenanceMarginRate"]
            assert row["maxLeverage"] > following["maxLeverage"]
        alone = await trader.fetch_market_leverage_tiers(symbol)
        assert alone == rows
        config = trader.index_by(await trader.fapiPrivateGetSymbolConfig(), "symbol")[trader.market(symbol)["id"]]
        allowed = max(row["maxNotional"] for row in rows if row["maxLeverage"] >= int(config["leverage"]))
        assert float(config["maxNotionalValue"]) == allowed


async def test_leverage(trader: Any, box: Box) -> None:
    reply = await trader.set_leverage(7, SYMBOL)
    assert (int(reply["leverage"]), reply["symbol"]) == (7, MARKET)
    told = await trader.fetch_leverage(SYMBOL)
    assert (told["longLeverage"], told["shortLeverage"], told["marginMode"]) == (7, 7, "cross")
    order = await trader.create_order(SYMBOL, "limit", "buy", 100, 2.0)
    held = (await trader.fetch_balance())["info"]
    assert Decimal(held["totalOpenOrderInitialMargin"]) == pytest.approx(Decimal(200) / 7, abs=Decimal("0.00000001"))
    assert abs(Decimal(held["availableBalance"]) - Decimal(box.balance()["available"])) <= _CENT
    await trader.cancel_order(order["id"], SYMBOL)
    await trader.set_leverage(20, SYMBOL)
    with pytest.raises(ccxt.BadRequest, match="-4028"):
        await trader.set_leverage(125, symbol_of("ADAUSDT"))


async def test_margin_mode(trader: Any, box: Box) -> None:
    assert (await trader.fetch_margin_mode(SYMBOL))["marginMode"] == "cross"
    await trader.set_margin_mode("isolated", SYMBOL)
    assert (await trader.fetch_margin_mode(SYMBOL))["marginMode"] == "isolated"
    await trader.create_order(SYMBOL, "market", "buy", 50)
    (told,) = await trader.fetch_positions()
    assert told["marginMode"] == "isolated"
    before = Decimal(told["info"]["isolatedMargin"])
    added = await trader.add_margin(SYMBOL, 5)
    assert (added["amount"], added["type"]) == (5.0, "add")
    (told,) = await trader.fetch_positions()
    assert Decimal(told["info"]["isolatedMargin"]) - before == pytest.approx(Decimal(5), abs=Decimal("0.2"))
    reduced = await trader.reduce_margin(SYMBOL, 2)
    assert (reduced["amount"], reduced["type"]) == (2.0, "reduce")
    history = await trader.fetch_margin_adjustment_history(SYMBOL)
    assert [(row["type"], abs(row["amount"])) for row in history][-2:] == [("add", 5.0), ("reduce", 2.0)]
    with pytest.raises(ccxt.OperationRejected, match="-4048"):
        await trader.set_margin_mode("cross", SYMBOL)
    await trader.create_order(SYMBOL, "market", "sell", 50, None, {"reduceOnly": True})
    await trader.set_margin_mode("cross", SYMBOL)
    with pytest.raises(ccxt.MarginModeAlreadySet, match="-4046"):
        await trader.set_margin_mode("cross", SYMBOL)


async def test_funding(tmp_path: Path) -> None:
    """What was paid and received every eight hours, by a clock that is ahead of the client's."""
    with Box.running(tmp_path) as box:
        async with by_ed25519(box) as client:
            await client.create_order(SYMBOL, "market", "buy", 5000)
            for _ in range(2):
                box.admin("advance", {"seconds": 8 * 3600})
            await client.load_time_difference()
            told = await client.fetch_funding_history(SYMBOL)
            rates = {row["timestamp"]: row for row in await client.fetch_funding_rate_history(SYMBOL)}
            ledger = await client.fetch_ledger("USDT", params={"incomeType": "FUNDING_FEE"})
            balance = await client.fetch_balance()
        paid = [row for row in box.admin("income") if row["kind"] == "FUNDING_FEE"]
        assert len(paid) == 2
        assert [(row["id"], row["symbol"], row["timestamp"]) for row in told] == [
            (str(row["id"]), SYMBOL, row["ts_ms"]) for row in paid
        ]
        settled = {row["ts_ms"]: row for row in box.admin(f"funding?symbol={MARKET}")}
        for one, entry, fact in zip(told, ledger, paid, strict=True):
            assert abs(Decimal(one["info"]["income"]) - Decimal(fact["amount"])) <= _CENT
            assert entry["direction"] == ("out" if Decimal(fact["amount"]) < 0 else "in")
            rate = settled[fact["ts_ms"]]
            assert rates[fact["ts_ms"]]["fundingRate"] == exactly(rate["rate"])
            assert abs(Decimal(fact["amount"]) + 5000 * Decimal(rate["rate"]) * Decimal(rate["mark_px"])) <= _CENT
        moved = sum(Decimal(row["amount"]) for row in box.admin("income"))
        assert abs(Decimal(balance["info"]["totalWalletBalance"]) - moved) <= _CENT


async def test_position_mode(trader: Any) -> None:
    assert (await trader.fetch_position_mode(SYMBOL))["hedged"] is False
    with pytest.raises(ccxt.OperationRejected, match="-4059"):
        await trader.set_position_mode(False)


async def test_fees_are_those_that_are_charged(trader: Any, box: Box) -> None:
    told = await trader.fetch_trading_fee(SYMBOL)
    order = await trader.create_order(SYMBOL, "market", "buy", 100)
    for row in box.executions(MARKET, order_id=order["id"]):
        assert Decimal(row["fee"]) == pytest.approx(
            Decimal(row["px"]) * Decimal(row["qty"]) * Decimal(str(told["taker"])), abs=_CENT
        )


async def test_money_is_accounted_for(trader: Any, box: Box) -> None:
    """Every fee and every profit of the ledger is an entry of the account's income."""
    await trader.create_order(SYMBOL, "market", "buy", 100)
    await trader.create_order(SYMBOL, "market", "sell", 100)
    truth = box.executions(MARKET)
    entries = await trader.fetch_ledger("USDT", limit=1000, params={"symbol": MARKET})
    fees = [row for row in entries if row["info"]["incomeType"] == "COMMISSION"]
    assert {row["referenceId"]: (row["direction"], row["amount"], row["timestamp"]) for row in fees} == {
        str(row["exec_id"]): ("out", exactly(row["fee"]), row["ts_ms"]) for row in truth
    }
    profits = [row for row in entries if row["info"]["incomeType"] == "REALIZED_PNL"]
    assert {row["referenceId"]: Decimal(row["info"]["income"]) for row in profits} == {
        str(row["exec_id"]): Decimal(row["realized_pnl"]) for row in truth if Decimal(row["realized_pnl"])
    }
    assert len({(row["id"], row["info"]["incomeType"]) for row in entries}) == len(entries)
