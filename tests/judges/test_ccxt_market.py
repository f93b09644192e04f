"""ccxt reads the market: rules, book, trades, bars, prices."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from decimal import ROUND_CEILING, Decimal
from typing import Any, TypeVar

import ccxt
import pytest

from tests.judges.box import Box, Row, eventually, exactly
from tests.judges.ccxt_client import symbol_of

QUIET = "ADAUSDT"
"""The market in which least happens."""

T = TypeVar("T")


async def while_nothing_happened(truth: Callable[[], T], ask: Callable[[], Awaitable[Any]]) -> tuple[T, Any]:
    """The exchange's facts and the client's answer of one moment: facts that are the same before and after."""

    async def attempt() -> tuple[T, Any] | None:
        before = truth()
        answer = await ask()
        return (before, answer) if truth() == before else None

    found: tuple[T, Any] = await eventually("the market to hold still", attempt)
    return found


async def agreeing(truth: Callable[[], T], tell: Callable[[], Awaitable[T]]) -> None:
    """The client tells the exchange's facts as soon as both are of one moment; prices may go away and come back."""

    async def attempt() -> bool:
        return await tell() == truth()

    await eventually("the client to tell what is so", attempt)


def filters_of(info: Row) -> dict[str, Row]:
    return {row["filterType"]: row for row in info["filters"]}


async def test_markets_are_the_rules_of_the_exchange(box: Box, trader: Any) -> None:
    listed = box.public("/fapi/v1/exchangeInfo")["symbols"]
    assert set(trader.markets) == {symbol_of(info["symbol"]) for info in listed}
    assert set(box.admin("status")["symbols"]) == {info["symbol"] for info in listed}
    for info in listed:
        market, filters = trader.market(symbol_of(info["symbol"])), filters_of(info)
        price, lot, whole = filters["PRICE_FILTER"], filters["LOT_SIZE"], filters["MARKET_LOT_SIZE"]
        assert (market["id"], market["type"], market["linear"], market["settle"]) == (
            info["symbol"], "swap", True, "USDT",
        )  # fmt: skip
        assert market["active"] and market["contract"] and market["contractSize"] == 1
        assert market["expiry"] is None
        assert market["created"] == info["onboardDate"]
        assert market["precision"]["price"] == exactly(price["tickSize"])
        assert market["precision"]["amount"] == exactly(lot["stepSize"])
        assert market["limits"]["price"] == {"min": exactly(price["minPrice"]), "max": exactly(price["maxPrice"])}
        assert market["limits"]["amount"] == {"min": exactly(lot["minQty"]), "max": exactly(lot["maxQty"])}
        assert market["limits"]["market"] == {
            "min": exactly(whole["minQty"]),
            "max": exactly(whole["maxQty"]),
        }
        assert market["limits"]["cost"]["min"] == exactly(filters["MIN_NOTIONAL"]["notional"])


async def test_time(trader: Any, box: Box) -> None:
    before = box.admin("status")["time_ms"]
    told = await trader.fetch_time()
    assert before <= told <= box.admin("status")["time_ms"]


@pytest.mark.parametrize("limit", [5, 100, 1000])
async def test_book(box: Box, trader: Any, limit: int) -> None:
    truth, book = await while_nothing_happened(
        lambda: {**box.public("/fapi/v1/depth", symbol="BTCUSDT", limit=limit), "E": None, "T": None},
        lambda: trader.fetch_order_book(symbol_of("BTCUSDT"), limit),
    )
    assert book["nonce"] == truth["lastUpdateId"]
    for side in ("bids", "asks"):
        assert truth[side]
        assert book[side] == [[exactly(px), exactly(qty)] for px, qty in truth[side]]
    assert book["bids"][0] < book["asks"][0]


async def test_the_book_is_what_a_taker_gets(box: Box, trader: Any) -> None:
    """Whoever takes the best levels that were told gets each price with its whole quantity."""
    taken = iter(("SELL", "BUY") * 1000)

    async def attempt() -> bool:
        side = next(taken)
        told = await trader.fetch_order_book(symbol_of(QUIET), 5)
        levels = told["bids" if side == "SELL" else "asks"][:3]
        qty = sum(Decimal(str(qty)) for _, qty in levels)
        got: dict[str, Decimal] = {}
        for row in box.admin("trade", {"symbol": QUIET, "side": side, "qty": str(qty)})["executions"]:
            got[row["px"]] = got.get(row["px"], Decimal(0)) + Decimal(row["qty"])
        same: bool = [[exactly(px), exactly(each)] for px, each in got.items()] == levels
        return same

    await eventually("a book that nobody changed before it was taken", attempt)


async def test_the_limits_that_are_told_are_those_that_hold(box: Box, trader: Any) -> None:
    """What is at a limit passes its rule, what is one step beyond does not."""
    for info in box.public("/fapi/v1/exchangeInfo")["symbols"]:
        market = trader.market(symbol_of(info["symbol"]))
        tick, step = (Decimal(str(market["precision"][name])) for name in ("price", "amount"))
        most, whole, least = (
            Decimal(str(value))
            for value in (
                market["limits"]["amount"]["max"], market["limits"]["market"]["max"], market["limits"]["cost"]["min"],
            )
        )  # fmt: skip
        px = (Decimal(box.admin("status")["symbols"][info["symbol"]]["best_bid"]) * Decimal("0.99")).quantize(tick)
        enough = (least / (px * step)).to_integral_value(ROUND_CEILING) * step
        limit = {"symbol": info["symbol"], "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "price": str(px)}
        fine, beyond = {**limit, "quantity": str(enough)}, {**limit, "quantity": str(enough - step)}
        assert await refusal(trader, fine) is None
        assert await refusal(trader, beyond) == (-4164 if enough > step else -4003)
        assert await refusal(trader, {**fine, "price": str(px + tick)}) is None
        assert await refusal(trader, {**fine, "price": str(px + tick / 2)}) in (-4014, -1111)
        assert await refusal(trader, {**fine, "quantity": str(enough + step / 2)}) in (-4023, -1111)
        assert await refusal(trader, {**limit, "quantity": str(most)}) not in (-4004, -4005)
        assert await refusal(trader, {**limit, "quantity": str(most + step)}) == -4005
        market_order = {"symbol": info["symbol"], "side": "BUY", "type": "MARKET"}
        assert await refusal(trader, {**market_order, "quantity": str(whole)}) not in (-4004, -4005)
        assert await refusal(trader, {**market_order, "quantity": str(whole + step)}) == -4005


async def refusal(trader: Any, wanted: Row) -> int | None:
    """The code with which an order is refused that is only tried."""
    try:
        await trader.fapiPrivatePostOrderTest(wanted)
    except ccxt.ExchangeError as error:
        return int(json.loads(str(error).removeprefix("binanceusdm "))["code"])
    return None


async def test_best_prices(box: Box, trader: Any) -> None:
    async def told() -> dict[str, tuple[float | None, float | None]]:
        return {symbol: (row["bid"], row["ask"]) for symbol, row in (await trader.fetch_bids_asks()).items()}

    await agreeing(
        lambda: {
            symbol_of(name): (exactly(row["best_bid"]), exactly(row["best_ask"]))
            for name, row in box.admin("status")["symbols"].items()
        },
        told,
    )


async def test_last_prices(box: Box, trader: Any) -> None:
    async def told() -> dict[str, float | None]:
        return {symbol: row["price"] for symbol, row in (await trader.fetch_last_prices()).items()}

    await agreeing(
        lambda: {symbol_of(name): exactly(row["last_px"]) for name, row in box.admin("status")["symbols"].items()},
        told,
    )


async def test_trades(box: Box, trader: Any) -> None:
    """A trade that the operator made is there, and every other as the exchange tells it."""
    made = box.admin("trade", {"symbol": QUIET, "side": "SELL", "qty": "700"})["executions"]
    assert made
    ours = {str(row["exec_id"]): row for row in made}
    (truth, told) = await while_nothing_happened(
        lambda: box.public("/fapi/v1/trades", symbol=QUIET, limit=1000),
        lambda: trader.fetch_trades(symbol_of(QUIET), limit=1000, params={"fetchTradesMethod": "fapiPublicGetTrades"}),
    )
    assert [row["id"] for row in told] == [str(row["id"]) for row in truth]
    found = {row["id"]: row for row in told if row["id"] in ours}
    assert found.keys() == ours.keys()
    for key, row in found.items():
        assert (row["price"], row["amount"]) == (exactly(ours[key]["px"]), exactly(ours[key]["qty"]))
        assert row["cost"] == exactly(Decimal(ours[key]["px"]) * Decimal(ours[key]["qty"]))
        assert (row["side"], row["timestamp"]) == ("sell", ours[key]["ts_ms"])


async def test_aggregated_trades_are_the_trades(box: Box, trader: Any) -> None:
    """ccxt's default: each aggregate is the sum of its trades."""

    async def both() -> tuple[list[Row], list[Row]] | None:
        before = box.public("/fapi/v1/trades", symbol=QUIET, limit=1000)
        aggregates = await trader.fetch_trades(symbol_of(QUIET), limit=1000)
        same = before and before == box.public("/fapi/v1/trades", symbol=QUIET, limit=1000)
        # The last aggregate is told 100 ms after its first trade.
        return (before, aggregates) if same and aggregates and aggregates[-1]["info"]["l"] == before[-1]["id"] else None

    trades, aggregates = await eventually("all trades to be aggregated", both)
    for row in aggregates:
        parts = [each for each in trades if row["info"]["f"] <= each["id"] <= row["info"]["l"]]
        assert row["amount"] == exactly(sum((Decimal(each["qty"]) for each in parts), Decimal(0)))
        assert {exactly(each["price"]) for each in parts} == {row["price"]}
        assert {"sell" if each["isBuyerMaker"] else "buy" for each in parts} == {row["side"]}


async def test_bars_are_made_of_the_trades(box: Box, trader: Any) -> None:
    def trades() -> list[Row]:
        rows: list[Row] = box.public("/fapi/v1/trades", symbol=QUIET, limit=1000)
        return rows

    box.admin("trade", {"symbol": QUIET, "side": "BUY", "qty": "500"})
    truth, bars = await while_nothing_happened(trades, lambda: trader.fetch_ohlcv(symbol_of(QUIET), "1m"))
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


def marks(box: Box) -> dict[str, Decimal]:
    return {symbol_of(name): Decimal(row["mark_px"]) for name, row in box.admin("status")["symbols"].items()}


def fundings(box: Box) -> dict[str, Decimal]:
    return {symbol_of(name): Decimal(row["funding_rate"]) for name, row in box.admin("status")["symbols"].items()}


_DRIFTED = Decimal("0.00005")
"""How far a funding rate may be from both."""
_WANDERED = Decimal("0.001")
"""How far, of itself, a mark may be from where it was before and is after: between them it need not go straight."""


async def test_marks_and_funding(box: Box, trader: Any) -> None:
    """Marks move all the time: what is told is near what was before and what was after."""
    due = fundings(box)
    before, rates, after = marks(box), await trader.fetch_funding_rates(), marks(box)
    due_after = fundings(box)
    assert rates.keys() == before.keys()
    for symbol, row in rates.items():
        least, most = sorted((due[symbol], due_after[symbol]))
        assert least - _DRIFTED <= Decimal(row["info"]["lastFundingRate"]) <= most + _DRIFTED
        low, high = sorted((before[symbol], after[symbol]))
        assert low * (1 - _WANDERED) <= Decimal(row["info"]["markPrice"]) <= high * (1 + _WANDERED)
        assert row["markPrice"] == exactly(row["info"]["markPrice"])
        assert row["fundingTimestamp"] % (8 * 3_600_000) == 0
        assert 0 < row["fundingTimestamp"] - row["timestamp"] <= 8 * 3_600_000
