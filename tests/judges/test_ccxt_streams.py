"""ccxt's websockets at both exchanges: local books, news of the market and of the account."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.judges.box import FUTURES, SPOT, Box, Row, eventually, exactly
from tests.judges.ccxt_client import by_ed25519, by_hmac, name_of, spot_symbol_of, symbol_of
from tests.judges.ccxt_spot_words import assert_same_balance, assert_same_spot_order, assert_same_spot_trades
from tests.judges.ccxt_words import assert_same_order, assert_same_trades
from tests.judges.following import Following

MARKET = "DOGEUSDT"
SYMBOL, SPOT_SYMBOL = symbol_of(MARKET), spot_symbol_of(MARKET)
QUIET = {FUTURES: "ADAUSDT", SPOT: "BNBUSDT"}
"""Where little happens."""
_CENT = Decimal("0.00000001")
_WALLET = (("free", "free"), ("used", "locked"), ("total", "total"))


def levels(rows: list[list[str]]) -> list[list[float | None]]:
    return [[exactly(px), exactly(qty)] for px, qty in rows]


@pytest.mark.parametrize("is_quiet", [False, True])
async def test_the_local_book_is_the_exchange_s(exchange: Box, client: Any, is_quiet: bool) -> None:
    """Wherever the client's book and a snapshot are of the same update, they are equal to the last level."""
    market = QUIET[exchange.product] if is_quiet else "BTCUSDT"
    books: dict[int, tuple[Any, Any]] = {}

    def keep(book: Any) -> int:
        books[book["nonce"]] = (list(map(list, book["bids"])), list(map(list, book["asks"])))
        return int(book["nonce"])

    snapshots: dict[int, tuple[Any, Any]] = {}
    async with Following(lambda: client.watch_order_book(name_of(exchange, market)), keep) as follower:

        def compared() -> bool:
            follower.check()
            truth = exchange.market("depth", symbol=market, limit=1000)
            snapshots[truth["lastUpdateId"]] = (levels(truth["bids"]), levels(truth["asks"]))
            return len(follower.told) >= 15 and len(books.keys() & snapshots.keys()) >= 3

        await eventually("three moments to compare", compared)
    for update in books.keys() & snapshots.keys():
        assert books[update] == snapshots[update]
    assert follower.told == sorted(follower.told)


@pytest.mark.parametrize("kind", ["aggTrade", "trade"])
async def test_trades(exchange: Box, client: Any, kind: str) -> None:
    symbol = name_of(exchange, MARKET)
    async with Following(lambda: client.watch_trades(symbol, params={"name": kind})) as follower:

        def enough() -> bool:
            follower.check()
            return len(follower.told) >= 10

        await eventually("ten trades", enough)
    await client.un_watch_trades(symbol, {"name": kind})
    fetch = "fapiPublicGet" if exchange.product == FUTURES else "publicGet"
    fetch += {"aggTrade": "AggTrades", "trade": "Trades"}[kind]
    rows = await client.fetch_trades(symbol, limit=1000, params={"fetchTradesMethod": fetch})
    truth = {row["id"]: row for row in rows}
    ids = [int(row["id"]) for row in follower.told]
    assert ids == list(range(ids[0], ids[0] + len(ids)))
    for row in follower.told:
        same = truth[row["id"]]
        for name in ("price", "amount", "cost", "side", "timestamp", "symbol"):
            assert row[name] == same[name], name


async def test_best_prices(exchange: Box, client: Any) -> None:
    symbol = name_of(exchange, MARKET)
    async with Following(lambda: client.watch_bids_asks([symbol]), lambda news: dict(news[symbol])) as follower:

        def met() -> Any:
            follower.check()
            truth = exchange.market("ticker/bookTicker", symbol=MARKET)
            wanted = tuple(exactly(truth[name]) for name in ("bidPrice", "bidQty", "askPrice", "askQty"))
            return [row for row in follower.told if bests(row) == wanted][:1] and len(follower.told) > 5

        def bests(row: Any) -> tuple[float, ...]:
            return tuple(row[name] for name in ("bid", "bidVolume", "ask", "askVolume"))

        await eventually("the same best prices on both ways", met)
    assert all(row["bid"] < row["ask"] for row in follower.told)


@pytest.mark.usefixtures("provided")
async def test_bars(exchange: Box, client: Any) -> None:
    market = QUIET[exchange.product]
    async with Following(lambda: client.watch_ohlcv(name_of(exchange, market), "1m")) as follower:

        def same() -> bool:
            follower.check()
            bars = exchange.market("klines", symbol=market, interval="1m", limit=2)
            told = [[bar[0], *map(exactly, bar[1:6])] for bar in bars]
            return len(follower.told) >= 2 and follower.told[-1] in told and follower.told[-1][5] > 0

        await eventually("a bar", lambda: follower.told)
        exchange.admin("trade", {"symbol": market, "side": "BUY", "qty": "10"})
        await eventually("the same bar on both ways", same)


@pytest.mark.parametrize("name", ["ticker", "miniTicker", "every"])
async def test_tickers(exchange: Box, client: Any, name: str) -> None:
    """One market by its own streams, all by that of all: each says what the call says."""
    symbol = name_of(exchange, QUIET[exchange.product])
    names = ["last", "open", "high", "low", "baseVolume", "quoteVolume"]
    if name == "ticker":
        names += ["vwap", "change"]
        names += [] if exchange.product == FUTURES else ["bid", "ask", "bidVolume", "askVolume"]

    async def same() -> bool:
        if name == "every":
            told = (await client.watch_tickers()).get(symbol)
        else:
            told = await client.watch_ticker(symbol, {"name": name})
        truth = await client.fetch_ticker(symbol)
        return told is not None and [told[each] for each in names] == [truth[each] for each in names]

    await eventually("the same ticker on both ways", same)


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


@pytest.mark.usefixtures("none_open")
@pytest.mark.parametrize("make", [by_ed25519, by_hmac])
async def test_the_news_of_an_account_of_assets(spot: Box, make: Any) -> None:
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
            await client.create_order(SPOT_SYMBOL, "market", "buy", 20)
            for follower in followers:
                follower.check()
            return all(follower.told for follower in followers)

        await eventually("the first news", heard)
        first, executed = len(spot.orders()), len(spot.executions())
        await client.create_order(SPOT_SYMBOL, "market", "buy", 5000)
        spot.admin("trade", {"symbol": MARKET, "side": "SELL", "qty": "3000"})
        resting = await client.create_order(SPOT_SYMBOL, "limit", "buy", 100, price, {"postOnly": True})

        def locked() -> bool:
            money.check()
            orders.check()
            truth = spot.wallet()["USDT"]
            assert Decimal(truth["locked"]) == 100 * Decimal(str(price))
            told: Row = money.told[-1].get("USDT", {})
            is_told = any(row["id"] == resting["id"] for row in orders.told)
            return is_told and told == {name: exactly(truth[key]) for name, key in _WALLET}

        await eventually("what is locked to be told", locked)
        edited = await client.edit_order(resting["id"], SPOT_SYMBOL, "limit", "buy", 90, price)
        stop = await client.create_order(SPOT_SYMBOL, "market", "sell", 30, None, {"stopLossPrice": price})

        def placed() -> bool:
            # Of two changes of one order that come at once ccxt tells the newer one.
            orders.check()
            return {edited["id"], stop["id"]} <= {row["id"] for row in orders.told}

        await eventually("both to be told", placed)
        await client.cancel_order(stop["id"], SPOT_SYMBOL)
        await client.cancel_order(edited["id"], SPOT_SYMBOL)
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
