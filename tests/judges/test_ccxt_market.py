"""ccxt reads the markets of both exchanges: rules, book, trades, bars, prices, and what an account has."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from decimal import ROUND_CEILING, Decimal
from typing import Any, NamedTuple, TypeVar

import ccxt
import pytest

from tests.judges.box import FUTURES, SPOT, Box, Row, eventually, exactly
from tests.judges.ccxt_client import name_of, symbol_of
from tests.judges.ccxt_spot_words import assert_same_balance

T = TypeVar("T")


class Ways(NamedTuple):
    """What differs between the exchanges."""

    quiet: str
    """A market in which little happens."""
    some: str
    """A quantity there that takes more than one level."""
    deepest: int
    try_order: str
    """ccxt's names of the calls."""
    get_trades: str
    too_cheap: object
    nothing: object
    """How orders are refused, by code or by words: of too little, of nothing at all …"""
    off_tick: tuple[object, ...]
    off_step: tuple[object, ...]
    too_many: tuple[object, ...]
    too_many_at_once: tuple[object, ...]


WAYS = {
    FUTURES: Ways(
        quiet="ADAUSDT",
        some="700",
        deepest=1000,
        try_order="fapiPrivatePostOrderTest",
        get_trades="fapiPublicGetTrades",
        too_cheap=-4164,
        nothing=-4003,
        off_tick=(-4014, -1111),
        off_step=(-4023, -1111),
        too_many=(-4005,),
        too_many_at_once=(-4005,),
    ),
    SPOT: Ways(
        quiet="BNBUSDT",
        some="7",
        deepest=5000,
        try_order="privatePostOrderTest",
        get_trades="publicGetTrades",
        too_cheap="Filter failure: NOTIONAL",
        nothing="Filter failure: LOT_SIZE",
        off_tick=("Filter failure: PRICE_FILTER",),
        off_step=("Filter failure: LOT_SIZE",),
        too_many=("Filter failure: LOT_SIZE",),
        too_many_at_once=("Filter failure: MARKET_LOT_SIZE",),
    ),
}


@pytest.fixture
def ways(exchange: Box, provided: None) -> Ways:
    return WAYS[exchange.product]


@pytest.fixture
def quiet(exchange: Box, ways: Ways) -> str:
    """ccxt's name of the market in which little happens."""
    return name_of(exchange, ways.quiet)


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


def facts(exchange: Box, *names: str) -> dict[str, tuple[float | None, ...]]:
    """What the operator sees of every market, by ccxt's name."""
    symbols = exchange.admin("status")["symbols"]
    return {name_of(exchange, each): tuple(exactly(row[name]) for name in names) for each, row in symbols.items()}


async def test_markets_are_the_rules_of_the_exchange(exchange: Box, client: Any) -> None:
    listed = exchange.market("exchangeInfo")["symbols"]
    assert set(client.markets) == {name_of(exchange, info["symbol"]) for info in listed}
    assert set(exchange.admin("status")["symbols"]) == {info["symbol"] for info in listed}
    for info in listed:
        market, filters = client.market(name_of(exchange, info["symbol"])), filters_of(info)
        price, lot, whole = filters["PRICE_FILTER"], filters["LOT_SIZE"], filters["MARKET_LOT_SIZE"]
        if exchange.product == FUTURES:
            assert (market["type"], market["linear"], market["settle"]) == ("swap", True, "USDT")
            assert market["contract"] and market["contractSize"] == 1
            assert market["expiry"] is None
            assert market["created"] == info["onboardDate"]
            assert market["limits"]["cost"]["min"] == exactly(filters["MIN_NOTIONAL"]["notional"])
        else:
            assert (market["type"], market["spot"], market["contract"]) == ("spot", True, False)
            assert market["margin"] is info["isMarginTradingAllowed"]
            cost = {name: exactly(filters["NOTIONAL"][f"{name}Notional"]) for name in ("min", "max")}
            assert market["limits"]["cost"] == cost
        assert market["active"] and market["id"] == info["symbol"]
        assert (market["base"], market["quote"]) == (info["baseAsset"], info["quoteAsset"])
        assert market["precision"]["price"] == exactly(price["tickSize"])
        assert market["precision"]["amount"] == exactly(lot["stepSize"])
        assert market["limits"]["price"] == {"min": exactly(price["minPrice"]), "max": exactly(price["maxPrice"])}
        assert market["limits"]["amount"] == {"min": exactly(lot["minQty"]), "max": exactly(lot["maxQty"])}
        assert market["limits"]["market"] == {"min": exactly(whole["minQty"]), "max": exactly(whole["maxQty"])}


async def test_the_limits_that_are_told_are_those_that_hold(exchange: Box, client: Any, ways: Ways) -> None:
    """What is at a limit passes its rule, what is one step beyond does not."""
    parted = 0
    for info in exchange.market("exchangeInfo")["symbols"]:
        market = client.market(name_of(exchange, info["symbol"]))
        tick, step = (Decimal(str(market["precision"][name])) for name in ("price", "amount"))
        most, least = (
            Decimal(str(value)) for value in (market["limits"]["amount"]["max"], market["limits"]["cost"]["min"])
        )
        px = (Decimal(exchange.admin("status")["symbols"][info["symbol"]]["best_bid"]) * Decimal("0.99")).quantize(tick)
        enough = max((least / (px * step)).to_integral_value(ROUND_CEILING) * step, step)
        limit = {"symbol": info["symbol"], "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "price": f"{px:f}"}
        at_market = {"symbol": info["symbol"], "side": "BUY", "type": "MARKET"}

        async def tried(order: Row, **changed: Decimal) -> object:
            return await refusal(exchange, client, order | {name: f"{each:f}" for name, each in changed.items()})

        assert await tried(limit, quantity=enough) is None
        assert await tried(limit, quantity=enough - step) == (ways.too_cheap if enough > step else ways.nothing)
        assert await tried(limit, quantity=enough, price=px + tick) is None
        assert await tried(limit, quantity=enough, price=px + tick / 2) in ways.off_tick
        assert await tried(limit, quantity=enough + step / 2) in ways.off_step
        assert await tried(limit, quantity=most) not in ways.too_many
        assert await tried(limit, quantity=most + step) in ways.too_many
        whole = Decimal(filters_of(info)["MARKET_LOT_SIZE"]["maxQty"]) // step * step
        if whole < most:
            parted += 1
            assert await tried(at_market, quantity=whole) not in ways.too_many_at_once
            assert await tried(at_market, quantity=whole + step) in ways.too_many_at_once
    assert parted


async def refusal(exchange: Box, client: Any, wanted: Row) -> object:
    """With what an order is refused that is only tried: the code on futures, the words on spot, where codes are few."""
    try:
        await getattr(client, WAYS[exchange.product].try_order)(wanted)
    except ccxt.BaseError as error:
        told = json.loads(str(error)[str(error).index("{") :])
        return told["code" if exchange.product == FUTURES else "msg"]
    return None


async def test_time(exchange: Box, client: Any) -> None:
    before = exchange.admin("status")["time_ms"]
    told = await client.fetch_time()
    assert before <= told <= exchange.admin("status")["time_ms"]


@pytest.mark.parametrize("limit", [5, 100, 5000])
async def test_book(exchange: Box, client: Any, ways: Ways, quiet: str, limit: int) -> None:
    depth = min(limit, ways.deepest)
    truth, book = await while_nothing_happened(
        lambda: {**exchange.market("depth", symbol=ways.quiet, limit=depth), "E": None, "T": None},
        lambda: client.fetch_order_book(quiet, depth),
    )
    assert book["nonce"] == truth["lastUpdateId"]
    for side in ("bids", "asks"):
        assert truth[side]
        assert book[side] == [[exactly(px), exactly(qty)] for px, qty in truth[side]]
    assert book["bids"][0] < book["asks"][0]


async def test_the_book_is_what_a_taker_gets(exchange: Box, client: Any, ways: Ways, quiet: str) -> None:
    """Whoever takes the best levels that were told gets each price with its whole quantity."""
    taken = iter(("BUY", "SELL") * 1000)

    async def attempt() -> bool:
        side = next(taken)
        told = await client.fetch_order_book(quiet, 5)
        levels = told["bids" if side == "SELL" else "asks"][:2]
        qty = sum(Decimal(str(qty)) for _, qty in levels)
        if side == "SELL" and exchange.product == SPOT and Decimal(exchange.wallet()["BNB"]["free"]) < qty:
            return False
        got: dict[str, Decimal] = {}
        for row in exchange.admin("trade", {"symbol": ways.quiet, "side": side, "qty": str(qty)})["executions"]:
            got[row["px"]] = got.get(row["px"], Decimal(0)) + Decimal(row["qty"])
        same: bool = [[exactly(px), exactly(each)] for px, each in got.items()] == levels
        return same

    await eventually("a book that nobody changed before it was taken", attempt)


async def test_best_prices(exchange: Box, client: Any) -> None:
    async def told() -> dict[str, tuple[float | None, ...]]:
        return {symbol: (row["bid"], row["ask"]) for symbol, row in (await client.fetch_bids_asks()).items()}

    await agreeing(lambda: facts(exchange, "best_bid", "best_ask"), told)


async def test_last_prices(exchange: Box, client: Any) -> None:
    async def told() -> dict[str, tuple[float | None, ...]]:
        return {symbol: (row["price"],) for symbol, row in (await client.fetch_last_prices()).items()}

    await agreeing(lambda: facts(exchange, "last_px"), told)


async def test_trades(exchange: Box, client: Any, ways: Ways, quiet: str) -> None:
    """A trade that the operator made is there, and every other as the exchange tells it."""
    made = exchange.admin("trade", {"symbol": ways.quiet, "side": "BUY", "qty": ways.some})["executions"]
    assert made
    ours = {str(row["exec_id"]): row for row in made}
    (truth, told) = await while_nothing_happened(
        lambda: exchange.market("trades", symbol=ways.quiet, limit=1000),
        lambda: client.fetch_trades(quiet, limit=1000, params={"fetchTradesMethod": ways.get_trades}),
    )
    assert [row["id"] for row in told] == [str(row["id"]) for row in truth]
    found = {row["id"]: row for row in told if row["id"] in ours}
    assert found.keys() == ours.keys()
    for key, row in found.items():
        assert (row["price"], row["amount"]) == (exactly(ours[key]["px"]), exactly(ours[key]["qty"]))
        assert row["cost"] == exactly(Decimal(ours[key]["px"]) * Decimal(ours[key]["qty"]))
        assert (row["side"], row["timestamp"]) == ("buy", ours[key]["ts_ms"])


async def test_aggregated_trades_are_the_trades(exchange: Box, client: Any, ways: Ways, quiet: str) -> None:
    """ccxt's default: each aggregate is what one taker had at one price."""

    async def both() -> tuple[list[Row], list[Row]] | None:
        before = exchange.market("trades", symbol=ways.quiet, limit=1000)
        aggregates = await client.fetch_trades(quiet, limit=1000)
        same = before and before == exchange.market("trades", symbol=ways.quiet, limit=1000)
        # The last aggregate is told 100 ms after its first trade.
        return (before, aggregates) if same and aggregates and aggregates[-1]["info"]["l"] == before[-1]["id"] else None

    exchange.admin("trade", {"symbol": ways.quiet, "side": "SELL", "qty": ways.some})
    trades, aggregates = await eventually("all trades to be aggregated", both)
    for row in aggregates:
        parts = [each for each in trades if row["info"]["f"] <= each["id"] <= row["info"]["l"]]
        assert row["amount"] == exactly(sum((Decimal(each["qty"]) for each in parts), Decimal(0)))
        assert {exactly(each["price"]) for each in parts} == {row["price"]}
        assert {"sell" if each["isBuyerMaker"] else "buy" for each in parts} == {row["side"]}


@pytest.mark.parametrize(
    ("exchange", "call"),
    # Futures have no bars on their WS-API.
    [(FUTURES, "fetch_ohlcv"), (SPOT, "fetch_ohlcv"), (SPOT, "fetch_ohlcv_ws")],
    indirect=["exchange"],
    scope="module",
)
async def test_bars_are_made_of_the_trades(exchange: Box, client: Any, ways: Ways, quiet: str, call: str) -> None:
    def trades() -> list[Row]:
        rows: list[Row] = exchange.market("trades", symbol=ways.quiet, limit=1000)
        return rows

    exchange.admin("trade", {"symbol": ways.quiet, "side": "BUY", "qty": ways.some})
    truth, bars = await while_nothing_happened(trades, lambda: getattr(client, call)(quiet, "1m"))
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


_ROUNDED = 1e-4
"""How far, of itself, an average may be off that is told with the symbol's digits."""


async def test_tickers_are_the_bars_of_a_day(exchange: Box, client: Any, ways: Ways, quiet: str) -> None:
    """What happened in the last 1440 minutes, this one too, and on spot the best prices of now."""

    async def attempt() -> bool:
        before = exchange.market("klines", symbol=ways.quiet, interval="1m", limit=1000)
        until = before[0][0] - 1
        earlier = exchange.market("klines", symbol=ways.quiet, interval="1m", limit=440, endTime=until)
        ticker, every = await client.fetch_ticker(quiet), await client.fetch_tickers()
        status = exchange.admin("status")["symbols"][ways.quiet]
        if exchange.market("klines", symbol=ways.quiet, interval="1m", limit=1000) != before:
            return False
        bars = earlier + before
        assert len(bars) == 1440
        names = ("last", "open", "high", "low", "baseVolume", "quoteVolume", "vwap")
        bests = None if exchange.product == FUTURES else (exactly(status["best_bid"]), exactly(status["best_ask"]))
        same: bool = (
            [every[quiet][name] for name in names] == [ticker[name] for name in names]
            and ticker["open"] == exactly(bars[0][1])
            and ticker["high"] == max(exactly(bar[2]) or 0 for bar in bars)
            and ticker["low"] == min(exactly(bar[3]) or 0 for bar in bars)
            and ticker["last"] == exactly(status["last_px"]) == exactly(bars[-1][4])
            and ticker["baseVolume"] == exactly(sum(Decimal(bar[5]) for bar in bars))
            and ticker["quoteVolume"] == exactly(sum(Decimal(bar[7]) for bar in bars))
            and abs(ticker["vwap"] * ticker["baseVolume"] / ticker["quoteVolume"] - 1) < _ROUNDED
            and bests in (None, (ticker["bid"], ticker["ask"]))
        )
        return same

    await eventually("a ticker of the moment of its bars", attempt)


@pytest.mark.usefixtures("none_open")
async def test_wallet_and_coins(spot: Box, spot_trader: Any) -> None:
    assert_same_balance(await spot_trader.fetch_balance(), spot.wallet())
    coins = await spot_trader.fetch_currencies()
    for asset, row in spot.wallet().items():
        assert Decimal(coins[asset]["info"]["free"]) == Decimal(row["free"])
    spot.admin("deposit", {"asset": "ETH", "amount": "1.5"})
    assert (await spot_trader.fetch_balance())["ETH"]["free"] == exactly(spot.wallet()["ETH"]["free"])
    assert Decimal(spot.wallet()["ETH"]["free"]) >= Decimal("1.5")


@pytest.mark.usefixtures("none_open")
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


def readings(box: Box, name: str) -> dict[str, Decimal]:
    return {symbol_of(each): Decimal(row[name]) for each, row in box.admin("status")["symbols"].items()}


_DRIFTED = Decimal("0.00005")
"""How far a funding rate may be from both."""
_WANDERED = Decimal("0.001")
"""How far, of itself, a mark may be from where it was before and is after: between them it need not go straight."""


async def test_marks_and_funding(box: Box, trader: Any) -> None:
    """Marks move all the time: what is told is near what was before and what was after."""
    due, before = readings(box, "funding_rate"), readings(box, "mark_px")
    rates = await trader.fetch_funding_rates()
    after, due_after = readings(box, "mark_px"), readings(box, "funding_rate")
    assert rates.keys() == before.keys()
    for symbol, row in rates.items():
        least, most = sorted((due[symbol], due_after[symbol]))
        assert least - _DRIFTED <= Decimal(row["info"]["lastFundingRate"]) <= most + _DRIFTED
        low, high = sorted((before[symbol], after[symbol]))
        assert low * (1 - _WANDERED) <= Decimal(row["info"]["markPrice"]) <= high * (1 + _WANDERED)
        assert row["markPrice"] == exactly(row["info"]["markPrice"])
        assert row["fundingTimestamp"] % (8 * 3_600_000) == 0
        assert 0 < row["fundingTimestamp"] - row["timestamp"] <= 8 * 3_600_000
