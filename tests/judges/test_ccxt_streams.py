"""ccxt's websockets: local books, news of the market and of the account."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.judges.box import Box, Row, eventually, exactly
from tests.judges.ccxt_client import by_ed25519, symbol_of
from tests.judges.ccxt_words import assert_same_order, assert_same_trades
from tests.judges.following import Following

MARKET = "DOGEUSDT"
SYMBOL = symbol_of(MARKET)
_CENT = Decimal("0.00000001")


def levels(rows: list[list[str]]) -> list[list[float | None]]:
    return [[exactly(px), exactly(qty)] for px, qty in rows]


@pytest.mark.parametrize("market", ["BTCUSDT", "ADAUSDT"])
async def test_the_local_book_is_the_exchange_s(box: Box, trader: Any, market: str) -> None:
    """Wherever the client's book and a snapshot are of the same update, they are equal to the last level."""
    books: dict[int, tuple[Any, Any]] = {}

    def keep(book: Any) -> int:
        books[book["nonce"]] = (list(map(list, book["bids"])), list(map(list, book["asks"])))
        return int(book["nonce"])

    snapshots: dict[int, tuple[Any, Any]] = {}
    async with Following(lambda: trader.watch_order_book(symbol_of(market)), keep) as follower:

        def compared() -> bool:
            follower.check()
            truth = box.public("/fapi/v1/depth", symbol=market, limit=1000)
            snapshots[truth["lastUpdateId"]] = (levels(truth["bids"]), levels(truth["asks"]))
            return len(follower.told) >= 15 and len(books.keys() & snapshots.keys()) >= 3

        await eventually("three moments to compare", compared)
    for update in books.keys() & snapshots.keys():
        assert books[update] == snapshots[update]
    assert follower.told == sorted(follower.told)


@pytest.mark.parametrize("kind", ["aggTrade", "trade"])
async def test_trades(box: Box, trader: Any, kind: str) -> None:
    async with Following(lambda: trader.watch_trades(SYMBOL, params={"name": kind})) as follower:

        def enough() -> bool:
            follower.check()
            return len(follower.told) >= 10

        await eventually("ten trades", enough)
    await trader.un_watch_trades(SYMBOL, {"name": kind})
    fetch = {"aggTrade": "fapiPublicGetAggTrades", "trade": "fapiPublicGetTrades"}[kind]
    rows = await trader.fetch_trades(SYMBOL, limit=1000, params={"fetchTradesMethod": fetch})
    truth = {row["id"]: row for row in rows}
    ids = [int(row["id"]) for row in follower.told]
    assert ids == list(range(ids[0], ids[0] + len(ids)))
    for row in follower.told:
        same = truth[row["id"]]
        for name in ("price", "amount", "cost", "side", "timestamp", "symbol"):
            assert row[name] == same[name], name


async def test_best_prices(box: Box, trader: Any) -> None:
    async with Following(lambda: trader.watch_bids_asks([SYMBOL]), lambda news: dict(news[SYMBOL])) as follower:

        def met() -> Any:
            follower.check()
            truth = box.public("/fapi/v1/ticker/bookTicker", symbol=MARKET)
            wanted = tuple(exactly(truth[name]) for name in ("bidPrice", "bidQty", "askPrice", "askQty"))
            return [row for row in follower.told if bests(row) == wanted][:1] and len(follower.told) > 5

        def bests(row: Any) -> tuple[float, ...]:
            return tuple(row[name] for name in ("bid", "bidVolume", "ask", "askVolume"))

        await eventually("the same best prices on both ways", met)
    assert all(row["bid"] < row["ask"] for row in follower.told)


async def test_marks(box: Box, trader: Any) -> None:
    seen: list[Decimal] = []
    async with Following(lambda: trader.watch_mark_prices(), dict) as follower:

        def twice() -> bool:
            follower.check()
            seen.append(Decimal(box.admin("status")["symbols"][MARKET]["mark_px"]))
            return len(follower.told) >= 2

        await eventually("two marks", twice)
    seen.append(Decimal(box.admin("status")["symbols"][MARKET]["mark_px"]))
    # Between two looks it may have been a little elsewhere.
    low, high = min(seen) * Decimal("0.999"), max(seen) * Decimal("1.001")
    for news in follower.told:
        assert news.keys() == trader.markets.keys()
        assert low <= Decimal(str(news[SYMBOL]["markPrice"])) <= high
        assert {row["info"]["e"] for row in news.values()} == {"markPriceUpdate"}


async def test_bars(box: Box, trader: Any) -> None:
    async with Following(lambda: trader.watch_ohlcv(SYMBOL, "1m")) as follower:

        def same() -> bool:
            follower.check()
            bars = box.public("/fapi/v1/klines", symbol=MARKET, interval="1m", limit=2)
            told = [[bar[0], *map(exactly, bar[1:6])] for bar in bars]
            return len(follower.told) >= 3 and follower.told[-1] == told[-1] and told[-1][5]

        await eventually("the same bar on both ways", same)


@pytest.mark.parametrize("every_market", [False, True])
async def test_tickers(box: Box, trader: Any, every_market: bool) -> None:
    """One market by its own stream, all by that of all: both say what the call says."""
    symbol, names = symbol_of("ADAUSDT"), ("last", "open", "high", "low", "baseVolume", "quoteVolume")

    async def same() -> bool:
        told = await (trader.watch_tickers() if every_market else trader.watch_ticker(symbol))
        told = told.get(symbol) if every_market else told
        truth = await trader.fetch_ticker(symbol)
        return told is not None and [told[name] for name in names] == [truth[name] for name in names]

    await eventually("the same ticker on both ways", same)


async def test_the_account_s_own_news(box: Box, flat: None) -> None:
    """Orders, executions, money and positions: the client hears of everything the ledger has."""
    async with (
        by_ed25519(box) as client,
        Following(client.watch_orders) as orders,
        Following(client.watch_my_trades) as trades,
        Following(client.watch_balance) as money,
        Following(client.watch_positions) as positions,
    ):
        followers = (orders, trades, money, positions)
        bid = Decimal(box.admin("status")["symbols"][MARKET]["best_bid"])
        price = float((bid * Decimal("0.96")).quantize(Decimal("0.00001")))

        async def heard() -> bool:
            await client.create_order(SYMBOL, "market", "buy", 20)
            for follower in followers:
                follower.check()
            return all(follower.told for follower in followers)

        await eventually("the first news", heard)
        first, executed = len(box.orders()), len(box.executions())
        await client.create_order(SYMBOL, "market", "buy", 5000)
        box.admin("trade", {"symbol": MARKET, "side": "SELL", "qty": "3000"})
        resting = await client.create_order(SYMBOL, "limit", "buy", 100, price, {"postOnly": True})
        await client.cancel_order(resting["id"], SYMBOL)
        executions = box.executions()[executed:]

        def complete() -> bool:
            for follower in followers:
                follower.check()
            last = [row["status"] for row in orders.told if row["id"] == resting["id"]]
            return last[-1:] == ["canceled"] and executions[-1]["exec_id"] in {int(row["id"]) for row in trades.told}

        await eventually("all news", complete)
        ids = {str(row["exec_id"]) for row in executions}
        assert_same_trades([row for row in trades.told if row["id"] in ids], executions)
        for truth in box.orders()[first:]:
            told = [row for row in orders.told if row["id"] == str(truth["order_id"])]
            assert_same_order(told[-1], truth, lastUpdateTimestamp=told[-1]["info"]["T"])
            parts = [row for row in executions if row["order_id"] == truth["order_id"]]
            if parts:
                cost = sum(Decimal(row["px"]) * Decimal(row["qty"]) for row in parts)
                assert told[-1]["average"] == pytest.approx(float(cost / Decimal(truth["cum_qty"])), abs=1e-7)
        profits = {row["id"]: Decimal(row["info"]["rp"]) for row in trades.told if row["id"] in ids}
        assert profits == {str(row["exec_id"]): Decimal(row["realized_pnl"]) for row in executions}
        assert money.told[-1]["USDT"]["total"] == exactly(box.balance()["wallet"])

        async def same_position() -> Row | None:
            # ccxt keeps one position that nobody took, and no list of them: of many at once some are not told.
            last = [row for row in positions.told if row["symbol"] == SYMBOL][-1]
            held = box.position(MARKET)
            if last["contracts"] == exactly(held["net"]):
                assert (last["side"], last["marginMode"]) == ("long", "cross")
                return held if abs(Decimal(last["info"]["ep"]) - Decimal(held["entry_px"])) <= _CENT else None
            await client.create_order(SYMBOL, "market", "buy", 20)
            return None

        await eventually("the position to be told", same_position)
