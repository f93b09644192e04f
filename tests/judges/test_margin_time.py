"""What time does to a margin account, as ccxt sees it: interest every hour, and listen tokens that end."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.judges.box import Box, eventually, exactly
from tests.judges.following import Following
from tests.judges.test_ccxt_margin import CROSS, SYMBOL, assert_same_debts, owed

HOUR_S = 3600


async def test_interest(margin: Box, margin_trader: Any) -> None:
    """At once for the first hour, and then for every hour that begins; the rate is the one that is told."""
    await margin_trader.borrow_cross_margin("BNB", 10)
    margin.admin("advance", {"seconds": 2 * HOUR_S})
    await margin_trader.load_time_difference()
    truth = margin.interest("BNB")
    assert len(truth) == 3
    told = await margin_trader.fetch_borrow_interest("BNB")
    assert [
        (row["interest"], row["amountBorrowed"], row["timestamp"], row["currency"], row["marginMode"]) for row in told
    ] == [(exactly(row["interest"]), exactly(row["principal"]), row["ts_ms"], "BNB", "cross") for row in truth[::-1]]
    assert [row["info"]["type"] for row in told] == ["PERIODIC", "PERIODIC", "ON_BORROW"]
    rate = await margin_trader.fetch_cross_borrow_rate("BNB")
    assert (rate["currency"], rate["period"]) == ("BNB", 86_400_000)
    for row in truth:
        daily = Decimal(row["interest"]) / Decimal(row["principal"]) * 24
        assert abs(daily - Decimal(str(rate["rate"]))) < Decimal("0.0000001")
    assert owed(margin, "BNB") == 10 + sum(Decimal(row["interest"]) for row in truth)
    assert_same_debts(await margin_trader.fetch_balance(), margin)
    assert {row["rate"] for row in await margin_trader.fetch_borrow_rate_history("BNB")} == {rate["rate"]}


async def test_a_token_ends_and_another_begins(margin: Box, margin_trader: Any) -> None:
    """Nothing is told after the end of what nobody renewed, until there is a new token."""
    margin.admin("deposit", {"asset": "USDT", "amount": "1000", "margin": True})
    client = margin_trader
    await client.load_time_difference()
    client.options["margin"] = {}
    await client.ensure_user_data_stream_ws_subscribe_listen_token("margin", {"validity": 10 * 60_000})
    async with Following(client.watch_my_trades) as trades:

        async def told() -> bool:
            trades.check()
            order = await client.create_order(SYMBOL, "market", "buy", 20, None, CROSS)
            ids.append(order["id"])
            return any(row["order"] in ids for row in trades.told)

        ids: list[str] = []
        await eventually("the first news", told)
        margin.admin("advance", {"seconds": 30 * 60})
        await client.load_time_difference()
        silent = await client.create_order(SYMBOL, "market", "buy", 25, None, CROSS)
        client.options["listenTokenRefreshRate"] = -20_000
        await client.renew_listen_token()
        client.options["listenTokenRefreshRate"] = 82_800_000
        ids = []
        await eventually("news again", told)
        assert silent["id"] not in {row["order"] for row in trades.told}
