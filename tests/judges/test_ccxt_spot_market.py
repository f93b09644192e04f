"""ccxt reads the markets of assets: rules, book, trades, bars, prices, and what an account has."""

from __future__ import annotations

import json
from decimal import ROUND_CEILING, Decimal
from typing import Any

import ccxt
import pytest

from tests.judges.box import Box, Row, eventually, exactly
from tests.judges.ccxt_client import spot_symbol_of
from tests.judges.ccxt_spot_words import assert_same_balance
from tests.judges.test_ccxt_market import agreeing, filters_of, while_nothing_happened

QUIET = "BNBUSDT"
"""A market in which little happens."""

pytestmark = pytest.mark.usefixtures("none_open")


async def test_markets_are_the_rules_of_the_exchange(spot: Box, spot_trader: Any) -> None:
    listed = spot.public("/api/v3/exchangeInfo")["symbols"]
    assert set(spot_trader.markets) == {spot_symbol_of(info["symbol"]) for info in listed}
    assert set(spot.admin("status")["symbols"]) == {info["symbol"] for info in listed}
    for info in listed:
        market, filters = spot_trader.market(spot_symbol_of(info["symbol"])), filters_of(info)
        price, lot, whole = filters["PRICE_FILTER"], filters["LOT_SIZE"], filters["MARKET_LOT_SIZE"]
        assert (market["id"], market["type"], market["spot"], market["contract"]) == (
            info["symbol"], "spot", True, False,
        )  # fmt: skip
        assert (market["base"], market["quote"]) == (info["baseAsset"], info["quoteAsset"])
        assert market["active"] and market["margin"] is info["isMarginTradingAllowed"]
        assert market["precision"]["price"] == exactly(price["tickSize"])
        assert market["precision"]["amount"] == exactly(lot["stepSize"])
        assert market["limits"]["price"] == {"min": exactly(price["minPrice"]), "max": exactly(price["maxPrice"])}
        assert market["limits"]["amount"] == {"min": exactly(lot["minQty"]), "max": exactly(lot["maxQty"])}
        assert market["limits"]["market"] == {"min": exactly(whole["minQty"]), "max": exactly(whole["maxQty"])}
        assert market["limits"]["cost"] == {
            "min": exactly(filters["NOTIONAL"]["minNotional"]),
            "max": exactly(filters["NOTIONAL"]["maxNotional"]),
        }


async def test_the_limits_that_are_told_are_those_that_hold(spot: Box, spot_trader: Any) -> None:
    """What is at a limit passes its rule, what is one step beyond does not."""
    for info in spot.public("/api/v3/exchangeInfo")["symbols"]:
        market, filters = spot_trader.market(spot_symbol_of(info["symbol"])), filters_of(info)
        tick, step = (Decimal(str(market["precision"][name])) for name in ("price", "amount"))
        most, least = (
            Decimal(str(value)) for value in (market["limits"]["amount"]["max"], market["limits"]["cost"]["min"])
        )
        px = (Decimal(spot.admin("status")["symbols"][info["symbol"]]["best_bid"]) * Decimal("0.9")).quantize(tick)
        enough = max((least / (px * step)).to_integral_value(ROUND_CEILING) * step, step)
        limit = {"symbol": info["symbol"], "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "price": f"{px:f}"}
        fine, beyond = {**limit, "quantity": f"{enough:f}"}, {**limit, "quantity": f"{enough - step:f}"}
        assert await refusal(spot_trader, fine) is None
        assert await refusal(spot_trader, beyond) in ("Filter failure: NOTIONAL", "Filter failure: LOT_SIZE")
        assert await refusal(spot_trader, {**fine, "price": f"{px + tick:f}"}) is None
        assert await refusal(spot_trader, {**fine, "price": f"{px + tick / 2:f}"}) == "Filter failure: PRICE_FILTER"
        assert await refusal(spot_trader, {**fine, "quantity": f"{enough + step / 2:f}"}) == "Filter failure: LOT_SIZE"
        assert await refusal(spot_trader, {**limit, "quantity": f"{most:f}"}) != "Filter failure: LOT_SIZE"
        assert await refusal(spot_trader, {**limit, "quantity": f"{most + step:f}"}) == "Filter failure: LOT_SIZE"
        whole = Decimal(filters["MARKET_LOT_SIZE"]["maxQty"]) // step * step
        market_order = {"symbol": info["symbol"], "side": "BUY", "type": "MARKET"}
        if whole < most:
            inside, outside = (f"{qty:f}" for qty in (whole, whole + step))
            failed = "Filter failure: MARKET_LOT_SIZE"
            assert await refusal(spot_trader, {**market_order, "quantity": inside}) != failed
            assert await refusal(spot_trader, {**market_order, "quantity": outside}) == failed


async def refusal(trader: Any, wanted: Row) -> str | None:
    """The words with which an order is refused that is only tried."""
    try:
        await trader.privatePostOrderTest(wanted)
    except ccxt.BaseError as error:
        text = str(error).removeprefix("binance ")
        return str(json.loads(text[text.index("{") :])["msg"]) if "{" in text else text
    return None


async def test_time(spot_trader: Any, spot: Box) -> None:
    before = spot.admin("status")["time_ms"]
    told = await spot_trader.fetch_time()
    assert before <= told <= spot.admin("status")["time_ms"]


@pytest.mark.parametrize("limit", [5, 100, 5000])
async def test_book(spot: Box, spot_trader: Any, limit: int) -> None:
    truth, book = await while_nothing_happened(
        lambda: spot.public("/api/v3/depth", symbol=QUIET, limit=limit),
        lambda: spot_trader.fetch_order_book(spot_symbol_of(QUIET), limit),
    )
    assert book["nonce"] == truth["lastUpdateId"]
    for side in ("bids", "asks"):
        assert truth[side]
        assert book[side] == [[exactly(px), exactly(qty)] for px, qty in truth[side]]
    assert book["bids"][0] < book["asks"][0]


async def test_the_book_is_what_a_taker_gets(spot: Box, spot_trader: Any) -> None:
    """Whoever takes the best levels that were told gets each price with its whole quantity."""
    taken = iter(("BUY", "SELL") * 1000)

    async def attempt() -> bool:
        side = next(taken)
        told = await spot_trader.fetch_order_book(spot_symbol_of(QUIET), 5)
        levels = told["bids" if side == "SELL" else "asks"][:2]
        qty = sum(Decimal(str(qty)) for _, qty in levels)
        if side == "SELL" and Decimal(spot.wallet()["BNB"]["free"]) < qty:
            return False
        got: dict[str, Decimal] = {}
        for row in spot.admin("trade", {"symbol": QUIET, "side": side, "qty": str(qty)})["executions"]:
            got[row["px"]] = got.get(row["px"], Decimal(0)) + Decimal(row["qty"])
        same: bool = [[exactly(px), exactly(each)] for px, each in got.items()] == levels
        return same

    await eventually("a book that nobody changed before it was taken", attempt)


async def test_best_prices(spot: Box, spot_trader: Any) -> None:
    async def told() -> dict[str, tuple[float | None, float | None]]:
        return {symbol: (row["bid"], row["ask"]) for symbol, row in (await spot_trader.fetch_bids_asks()).items()}

    await agreeing(
        lambda: {
            spot_symbol_of(name): (exactly(row["best_bid"]), exactly(row["best_ask"]))
            for name, row in spot.admin("status")["symbols"].items()
        },
        told,
    )


async def test_last_prices(spot: Box, spot_trader: Any) -> None:
    async def told() -> dict[str, float | None]:
        return {symbol: row["price"] for symbol, row in (await spot_trader.fetch_last_prices()).items()}

    await agreeing(
        lambda: {
            spot_symbol_of(name): exactly(row["last_px"]) for name, row in spot.admin("status")["symbols"].items()
        },
        told,
    )


async def test_tickers_are_the_bars_of_a_day(spot: Box, spot_trader: Any) -> None:
    """What happened in the last 1440 minutes, this one too, and the best prices of now."""

    async def attempt() -> bool:
        before = spot.public("/api/v3/klines", symbol=QUIET, interval="1m", limit=1000)
        earlier = spot.public("/api/v3/klines", symbol=QUIET, interval="1m", limit=440, endTime=before[0][0] - 1)
        ticker = await spot_trader.fetch_ticker(spot_symbol_of(QUIET))
        every = await spot_trader.fetch_tickers()
        status = spot.admin("status")["symbols"][QUIET]
        if spot.public("/api/v3/klines", symbol=QUIET, interval="1m", limit=1000) != before:
            return False
        bars = earlier + before
        assert len(bars) == 1440
        same: bool = (
            all(
                every[spot_symbol_of(QUIET)][name] == ticker[name]
                for name in ("last", "open", "high", "low", "baseVolume", "quoteVolume", "vwap")
            )
            and ticker["open"] == exactly(bars[0][1])
            and ticker["high"] == max(exactly(bar[2]) or 0 for bar in bars)
            and ticker["low"] == min(exactly(bar[3]) or 0 for bar in bars)
            and ticker["last"] == exactly(status["last_px"]) == exactly(bars[-1][4])
            and ticker["baseVolume"] == exactly(sum(Decimal(bar[5]) for bar in bars))
            and ticker["quoteVolume"] == exactly(sum(Decimal(bar[7]) for bar in bars))
            and (ticker["bid"], ticker["ask"]) == (exactly(status["best_bid"]), exactly(status["best_ask"]))
        )
        return same

    await eventually("a ticker of the moment of its bars", attempt)


async def test_trades(spot: Box, spot_trader: Any) -> None:
    """A trade that the operator made is there, and every other as the exchange tells it."""
    made = spot.admin("trade", {"symbol": QUIET, "side": "BUY", "qty": "7"})["executions"]
    assert made
    ours = {str(row["exec_id"]): row for row in made}
    (truth, told) = await while_nothing_happened(
        lambda: spot.public("/api/v3/trades", symbol=QUIET, limit=1000),
        lambda: spot_trader.fetch_trades(
            spot_symbol_of(QUIET), limit=1000, params={"fetchTradesMethod": "publicGetTrades"}
        ),
    )
    assert [row["id"] for row in told] == [str(row["id"]) for row in truth]
    found = {row["id"]: row for row in told if row["id"] in ours}
    assert found.keys() == ours.keys()
    for key, row in found.items():
        assert (row["price"], row["amount"]) == (exactly(ours[key]["px"]), exactly(ours[key]["qty"]))
        assert row["cost"] == exactly(Decimal(ours[key]["px"]) * Decimal(ours[key]["qty"]))
        assert (row["side"], row["timestamp"]) == ("buy", ours[key]["ts_ms"])


async def test_aggregated_trades_are_the_trades(spot: Box, spot_trader: Any) -> None:
    """ccxt's default: each aggregate is what one taker had at one price."""

    async def both() -> tuple[list[Row], list[Row]] | None:
        before = spot.public("/api/v3/trades", symbol=QUIET, limit=1000)
        aggregates = await spot_trader.fetch_trades(spot_symbol_of(QUIET), limit=1000)
        same = before and before == spot.public("/api/v3/trades", symbol=QUIET, limit=1000)
        return (before, aggregates) if same and aggregates and aggregates[-1]["info"]["l"] == before[-1]["id"] else None

    spot.admin("trade", {"symbol": QUIET, "side": "BUY", "qty": "3"})
    trades, aggregates = await eventually("all trades to be aggregated", both)
    for row in aggregates:
        parts = [each for each in trades if row["info"]["f"] <= each["id"] <= row["info"]["l"]]
        assert row["amount"] == exactly(sum((Decimal(each["qty"]) for each in parts), Decimal(0)))
        assert {exactly(each["price"]) for each in parts} == {row["price"]}
        assert {"sell" if each["isBuyerMaker"] else "buy" for each in parts} == {row["side"]}


@pytest.mark.parametrize("over_websocket", [False, True])
async def test_bars_are_made_of_the_trades(spot: Box, spot_trader: Any, over_websocket: bool) -> None:
    def trades() -> list[Row]:
        rows: list[Row] = spot.public("/api/v3/trades", symbol=QUIET, limit=1000)
        return rows

    fetch = spot_trader.fetch_ohlcv_ws if over_websocket else spot_trader.fetch_ohlcv
    spot.admin("trade", {"symbol": QUIET, "side": "BUY", "qty": "5"})
    truth, bars = await while_nothing_happened(trades, lambda: fetch(spot_symbol_of(QUIET), "1m"))
    told_from = 0 if len(truth) < 1000 else truth[0]["time"]
    compared = 0
    for start, opened, high, low, close, volume in bars:
        inside = [row for row in truth if start <= row["time"] < start + 60_000]
        if start < told_from or not inside:
            continue
        prices = [Decimal(row["price"]) for row in inside]
        assert (opened, high, low, close) == tuple(
            exactly(px) for px in (prices[0], max(prices), min(prices), prices[-1])
        )
        assert volume == exactly(sum((Decimal(row["qty"]) for row in inside), Decimal(0)))
        compared += len(inside)
    assert compared == len([row for row in truth if row["time"] >= told_from])


async def test_wallet_and_coins(spot: Box, spot_trader: Any) -> None:
    assert_same_balance(await spot_trader.fetch_balance(), spot.wallet())
    coins = await spot_trader.fetch_currencies()
    for asset, row in spot.wallet().items():
        assert Decimal(coins[asset]["info"]["free"]) == Decimal(row["free"])
    spot.admin("deposit", {"asset": "ETH", "amount": "1.5"})
    assert (await spot_trader.fetch_balance())["ETH"]["free"] == exactly(spot.wallet()["ETH"]["free"])
    assert Decimal(spot.wallet()["ETH"]["free"]) >= Decimal("1.5")


async def test_moving_to_another_wallet(box: Box, spot: Box, spot_trader: Any) -> None:
    """What leaves the spot wallet arrives in that of futures, and comes back."""
    futures, wallet = Decimal(box.balance()["wallet"]), Decimal(spot.wallet()["USDT"]["free"])
    there = await spot_trader.transfer("USDT", 250, "spot", "linear")
    assert Decimal(box.balance()["wallet"]) == futures + 250
    assert Decimal(spot.wallet()["USDT"]["free"]) == wallet - 250
    assert_same_balance(await spot_trader.fetch_balance(), spot.wallet())
    back = await spot_trader.transfer("USDT", 250, "linear", "spot")
    assert (Decimal(box.balance()["wallet"]), Decimal(spot.wallet()["USDT"]["free"])) == (futures, wallet)
    (row,) = await spot_trader.fetch_transfers("USDT", None, 1, {"fromAccount": "spot", "toAccount": "linear"})
    assert (row["id"], row["amount"], row["currency"], row["status"]) == (there["id"], 250.0, "USDT", "ok")
    assert there["id"] != back["id"]
    with pytest.raises(ccxt.BaseError):
        await spot_trader.transfer("USDT", 10_000_000, "spot", "linear")
    assert Decimal(box.balance()["wallet"]) == futures
