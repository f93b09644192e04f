"""ccxt's websockets of assets: local books, news of the market and of the account."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.judges.box import Box, Row, eventually, exactly
from tests.judges.ccxt_client import by_ed25519, by_hmac, spot_symbol_of
from tests.judges.ccxt_spot_words import assert_same_balance, assert_same_spot_order, assert_same_spot_trades
from tests.judges.following import Following
from tests.judges.test_ccxt_streams import levels

MARKET = "DOGEUSDT"
SYMBOL = spot_symbol_of(MARKET)
_WALLET = (("free", "free"), ("used", "locked"), ("total", "total"))

pytestmark = pytest.mark.usefixtures("none_open")


@pytest.mark.parametrize("market", ["BTCUSDT", "BNBUSDT"])
async def test_the_local_book_is_the_exchange_s(spot: Box, spot_trader: Any, market: str) -> None:
    """Wherever the client's book and a snapshot are of the same update, they are equal to the last level."""
    books: dict[int, tuple[Any, Any]] = {}

    def keep(book: Any) -> int:
        books[book["nonce"]] = (list(map(list, book["bids"])), list(map(list, book["asks"])))
        return int(book["nonce"])

    snapshots: dict[int, tuple[Any, Any]] = {}
    async with Following(lambda: spot_trader.watch_order_book(spot_symbol_of(market)), keep) as follower:

        def compared() -> bool:
            follower.check()
            truth = spot.public("/api/v3/depth", symbol=market, limit=1000)
            snapshots[truth["lastUpdateId"]] = (levels(truth["bids"]), levels(truth["asks"]))
            return len(follower.told) >= 15 and len(books.keys() & snapshots.keys()) >= 3

        await eventually("three moments to compare", compared)
    for update in books.keys() & snapshots.keys():
        assert books[update] == snapshots[update]
    assert follower.told == sorted(follower.told)


@pytest.mark.parametrize("kind", ["aggTrade", "trade"])
async def test_trades(spot: Box, spot_trader: Any, kind: str) -> None:
    async with Following(lambda: spot_trader.watch_trades(SYMBOL, params={"name": kind})) as follower:

        def enough() -> bool:
            follower.check()
            return len(follower.told) >= 10

        await eventually("ten trades", enough)
    await spot_trader.un_watch_trades(SYMBOL, {"name": kind})
    fetch = {"aggTrade": "publicGetAggTrades", "trade": "publicGetTrades"}[kind]
    rows = await spot_trader.fetch_trades(SYMBOL, limit=1000, params={"fetchTradesMethod": fetch})
    truth = {row["id"]: row for row in rows}
    ids = [int(row["id"]) for row in follower.told]
    assert ids == list(range(ids[0], ids[0] + len(ids)))
    for row in follower.told:
        same = truth[row["id"]]
        for name in ("price", "amount", "cost", "side", "timestamp", "symbol"):
            assert row[name] == same[name], name


async def test_best_prices(spot: Box, spot_trader: Any) -> None:
    async with Following(lambda: spot_trader.watch_bids_asks([SYMBOL]), lambda news: dict(news[SYMBOL])) as follower:

        def met() -> Any:
            follower.check()
            truth = spot.public("/api/v3/ticker/bookTicker", symbol=MARKET)
            wanted = tuple(exactly(truth[name]) for name in ("bidPrice", "bidQty", "askPrice", "askQty"))
            return [row for row in follower.told if bests(row) == wanted][:1] and len(follower.told) > 5

        def bests(row: Any) -> tuple[float, ...]:
            return tuple(row[name] for name in ("bid", "bidVolume", "ask", "askVolume"))

        await eventually("the same best prices on both ways", met)
    assert all(row["bid"] < row["ask"] for row in follower.told)


async def test_bars(spot: Box, spot_trader: Any) -> None:
    async with Following(lambda: spot_trader.watch_ohlcv(SYMBOL, "1m")) as follower:

        def same() -> bool:
            follower.check()
            bars = spot.public("/api/v3/klines", symbol=MARKET, interval="1m", limit=2)
            told = [[bar[0], *map(exactly, bar[1:6])] for bar in bars]
            return len(follower.told) >= 2 and follower.told[-1] in told and follower.told[-1][5] > 0

        await eventually("the same bar on both ways", same)


@pytest.mark.parametrize("name", ["ticker", "miniTicker", "every"])
async def test_tickers(spot: Box, spot_trader: Any, name: str) -> None:
    """One market by its own streams, all by that of all: each says what the call says."""
    symbol, names = spot_symbol_of("BNBUSDT"), ["last", "open", "high", "low", "baseVolume", "quoteVolume"]
    if name == "ticker":
        names += ["vwap", "change", "bid", "ask", "bidVolume", "askVolume"]

    async def same() -> bool:
        if name == "every":
            told = (await spot_trader.watch_tickers()).get(symbol)
        else:
            told = await spot_trader.watch_ticker(symbol, {"name": name})
        truth = await spot_trader.fetch_ticker(symbol)
        return told is not None and [told[each] for each in names] == [truth[each] for each in names]

    await eventually("the same ticker on both ways", same)


@pytest.mark.parametrize("make", [by_ed25519, by_hmac])
async def test_the_account_s_own_news(spot: Box, make: Any) -> None:
    """Orders, executions and balances: the client hears of everything the ledger has, by either kind of key."""
    async with (
        make(spot) as client,
        Following(client.watch_orders) as orders,
        Following(client.watch_my_trades) as trades,
        Following(client.watch_balance) as money,
    ):
        followers = (orders, trades, money)
        price = float((Decimal(spot.admin("status")["symbols"][MARKET]["best_bid"]) * Decimal("0.9")).quantize(
            Decimal("0.00001")
        ))  # fmt: skip

        async def heard() -> bool:
            await client.create_order(SYMBOL, "market", "buy", 20)
            for follower in followers:
                follower.check()
            return all(follower.told for follower in followers)

        await eventually("the first news", heard)
        first, executed = len(spot.orders()), len(spot.executions())
        await client.create_order(SYMBOL, "market", "buy", 5000)
        spot.admin("trade", {"symbol": MARKET, "side": "SELL", "qty": "3000"})
        resting = await client.create_order(SYMBOL, "limit", "buy", 100, price, {"postOnly": True})

        def locked() -> bool:
            money.check()
            truth = spot.wallet()["USDT"]
            assert Decimal(truth["locked"]) == 100 * Decimal(str(price))
            told: Row = money.told[-1].get("USDT", {})
            return told == {name: exactly(truth[key]) for name, key in _WALLET}

        await eventually("what is locked to be told", locked)
        edited = await client.edit_order(resting["id"], SYMBOL, "limit", "buy", 90, price)
        stop = await client.create_order(SYMBOL, "market", "sell", 30, None, {"stopLossPrice": price})
        await client.cancel_order(stop["id"], SYMBOL)
        await client.cancel_order(edited["id"], SYMBOL)
        executions = spot.executions()[executed:]
        wallet = spot.wallet()

        def complete() -> bool:
            for follower in followers:
                follower.check()
            last = [row["status"] for row in orders.told if row["id"] == edited["id"]]
            return (
                last[-1:] == ["canceled"]
                and executions[-1]["exec_id"] in {int(row["id"]) for row in trades.told}
                and money.told[-1].get("USDT", {}).get("used") == exactly(wallet["USDT"]["locked"])
            )

        await eventually("all news", complete)
        ids = {str(row["exec_id"]) for row in executions}
        assert_same_spot_trades([row for row in trades.told if row["id"] in ids], executions)
        for truth in spot.orders()[first:]:
            told = [row for row in orders.told if row["id"] == str(truth["order_id"])]
            assert_same_spot_order(told[-1], truth, timestamp=truth["created_ms"])
        states = [
            [(row["info"]["x"], row["info"]["X"], row["status"]) for row in orders.told if row["id"] == each["id"]]
            for each in (resting, stop)
        ]
        assert states == [[("NEW", "NEW", "open"), ("CANCELED", "CANCELED", "canceled")]] * 2
        assert_same_balance(money.told[-1], wallet, ("USDT", "DOGE"))
        spot.admin("deposit", {"asset": "ETH", "amount": "0.25"})

        def arrived() -> Row | None:
            money.check()
            told: Row = money.told[-1].get("ETH", {})
            return told if told.get("total") == exactly(spot.wallet()["ETH"]["total"]) else None

        await eventually("the deposit to be told", arrived)
