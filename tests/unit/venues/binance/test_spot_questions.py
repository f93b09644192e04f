"""What is asked about spot and margin accounts, and what the answers mean."""

from typing import Any

import pytest

from tests.unit.venues.binance.exchange_double import (
    SERVER_MS,
    World,
    limit_order,
)
from tests.unit.venues.binance.spot_account import BOTH, DAY_MS, HOUR_MS, D, asked, reply, world_of
from tradingsys.core.commands import (
    AccountMode,
    AccountModeQuery,
    AmendmentsQuery,
    Ask,
    Balance,
    BalancesQuery,
    Borrow,
    Borrowable,
    BorrowableQuery,
    ConditionalOrdersQuery,
    IncomeQuery,
    InstrumentsQuery,
    MarginState,
    MarginStateQuery,
    OpenOrdersQuery,
    OrderQuery,
    Permissions,
    PermissionsQuery,
    PositionsQuery,
    Price,
    PriceQuery,
    Query,
    RateLimit,
    Repay,
    SetLeverage,
    SymbolSettingsQuery,
    TradesQuery,
    VenueRules,
)
from tradingsys.core.enums import OrderStatus, OrderType
from tradingsys.core.errors import TransportError, VenueError
from tradingsys.core.instrument import Instrument
from tradingsys.core.order import Order
from tradingsys.venues.binance.product import Product
from tradingsys.venues.binance.products import MARGIN, SPOT, USDM
from tradingsys.venues.protocol import Cost


@BOTH
def test_an_order_is_asked_for_by_either_id(product: Product) -> None:
    world = world_of(product)
    beside = {"isIsolated": "FALSE"} if product is MARGIN else {}
    for is_conditional in (False, True):
        world.ask(OrderQuery("ETHUSDT", "c-1", is_conditional=is_conditional))
        path = "/api/v3/order" if product is SPOT else "/sapi/v1/margin/order"
        expected = {"symbol": "ETHUSDT", **beside, "origClientOrderId": "c-1"}
        assert asked(world.requests[0]) == ("GET", path, expected)
        world.reply_http(reply())
        told = world.answer().value
        assert isinstance(told, Order) and told.status is OrderStatus.NEW and told.algo_id is None
    world.ask(OrderQuery("ETHUSDT", "c-1", "42"))
    assert asked(world.requests[0])[2]["orderId"] == "42"
    world.reply_http({"code": -2013, "msg": "Order does not exist."}, 400)
    assert world.answer().value is None


def test_an_archived_order_ended_without_an_execution() -> None:
    world = world_of(SPOT)
    world.ask(OrderQuery("ETHUSDT", "c-1"))
    world.reply_http({"code": -2026, "msg": "Order was canceled or expired."}, 400)
    told = world.answer().value
    assert isinstance(told, Order)
    assert (told.client_order_ids, told.status, told.cum_qty) == (("c-1",), OrderStatus.CANCELED, D(0))


@BOTH
def test_a_price_is_the_middle_of_the_book_when_it_was_asked_for(product: Product) -> None:
    world = world_of(product)
    for bid, px in (("3010.1", D("3010.15")), ("0.00000000", None)):
        world.ask(PriceQuery("ETHUSDT"))
        assert asked(world.requests[0]) == ("GET", "/api/v3/ticker/bookTicker", {"symbol": "ETHUSDT"})
        world.reply_http({"symbol": "ETHUSDT", "bidPrice": bid, "bidQty": "1", "askPrice": "3010.2", "askQty": "1"})
        assert world.answer().value == Price(px, SERVER_MS)


@BOTH
def test_open_orders_are_all_in_one_place(product: Product) -> None:
    world = world_of(product)
    world.ask(OpenOrdersQuery("ETHUSDT"))
    assert asked(world.requests[0])[2].get("isIsolated") == (None if product is SPOT else "FALSE")
    stop = reply("c-2", 43, type="STOP_LOSS", stopPrice="9", price="0", isWorking=False)
    world.reply_http([reply(), stop])
    told: Any = world.answer().value
    first, second = told
    assert (first.terms.order_type, second.terms.order_type) == (OrderType.LIMIT, OrderType.STOP_MARKET)
    for query in (ConditionalOrdersQuery("ETHUSDT"), PositionsQuery()):
        world.ask(query)
        assert world.answer().value in ((), {})
    assert not world.requests


def trade(trade_id: int, time_ms: int) -> dict[str, Any]:
    return {
        "symbol": "ETHUSDT", "id": trade_id, "orderId": 42, "price": "3000", "qty": "0.1", "commission": "0.0001",
        "commissionAsset": "ETH", "time": time_ms, "isBuyer": True, "isMaker": False, "isBestMatch": True,
    }  # fmt: skip


class History:
    """An account's trades, answering as the exchange does."""

    def __init__(self, *trades: dict[str, Any]) -> None:
        self.trades = list(trades)
        self.calls = 0

    def answer(self, world: World) -> list[str]:
        while world.requests:
            self.calls += 1
            params = asked(world.requests[0])[2]
            start, end = int(params.get("startTime", 0)), int(params.get("endTime", 10**15))
            assert "endTime" not in params or end - start < DAY_MS
            assert not ("fromId" in params and "startTime" in params)
            first = int(params.get("fromId", 0))
            rows = [row for row in self.trades if row["id"] >= first and start <= row["time"] <= end]
            world.reply_http(rows[: int(params["limit"])])
        told = world.answer().value
        assert isinstance(told, tuple)
        return [exec_id for order in told for exec_id in order.fills]


@BOTH
def test_trades_by_id_and_of_the_last_days(product: Product) -> None:
    world = world_of(product)
    history = History(trade(5, SERVER_MS - 3 * DAY_MS), trade(9, SERVER_MS - HOUR_MS))
    world.ask(TradesQuery("ETHUSDT", from_id=6))
    assert asked(world.requests[0])[2]["fromId"] == "6"
    assert history.answer(world) == ["9"]
    world.ask(TradesQuery("ETHUSDT", start_ms=SERVER_MS - 5 * DAY_MS))
    assert history.answer(world) == ["5", "9"]
    world.ask(TradesQuery("ETHUSDT", start_ms=SERVER_MS - HOUR_MS - 1))
    assert history.answer(world) == ["9"]
    assert history.calls <= 1 + 4 + 1


@pytest.mark.parametrize("days", [20, 400, 3000])
@pytest.mark.parametrize("count", [0, 3, 50])
def test_trades_since_long_ago_take_a_bounded_number_of_questions(days: int, count: int) -> None:
    world = world_of(SPOT)
    rows = [trade(10**9 + 7919 * n, SERVER_MS - 500 * DAY_MS + n * 10 * DAY_MS) for n in range(count)]
    history = History(*rows)
    start_ms = SERVER_MS - days * DAY_MS
    world.ask(TradesQuery("ETHUSDT", start_ms=start_ms, limit=10))
    wanted = [str(row["id"]) for row in rows if row["time"] >= start_ms]
    assert history.answer(world) == wanted[:10]
    assert history.calls < 50


def test_a_spot_account() -> None:
    world = world_of(SPOT)
    account = {
        "canTrade": True, "uid": 77,
        "balances": [{"asset": "BTC", "free": "1.5", "locked": "0.5"}],
    }  # fmt: skip
    world.ask(BalancesQuery())
    assert asked(world.requests[0]) == ("GET", "/api/v3/account", {"omitZeroBalances": "true"})
    world.reply_http(account)
    assert world.answer().value == (Balance("BTC", D(2), D("1.5")),)
    world.ask(AccountModeQuery())
    world.reply_http(account)
    assert world.answer().value == AccountMode(False, False, True, "77")
    world.ask(PermissionsQuery())
    world.reply_http(account)
    assert asked(world.requests[0])[1] == "/sapi/v1/account/apiRestrictions"
    world.reply_http({"ipRestrict": True, "enableWithdrawals": False, "enableSpotAndMarginTrading": False})
    assert world.answer().value == Permissions(False, False, False, True)


MARGIN_ACCOUNT = {
    "marginLevel": "11.6", "totalAssetOfBtc": "6.8", "totalLiabilityOfBtc": "0.5", "totalNetAssetOfBtc": "6.3",
    "tradeEnabled": True,
    "userAssets": [
        {"asset": "BTC", "borrowed": "0.5", "free": "1", "interest": "0.01", "locked": "1", "netAsset": "1.49"},
        {"asset": "XRP", "borrowed": "0", "free": "0.0", "interest": "0", "locked": "0", "netAsset": "0"},
    ],
}  # fmt: skip


def test_a_margin_account() -> None:
    world = world_of(MARGIN)
    world.ask(BalancesQuery())
    assert asked(world.requests[0]) == ("GET", "/sapi/v1/margin/account", {})
    world.reply_http(MARGIN_ACCOUNT)
    told: Any = world.answer().value
    (balance,) = told
    assert balance == Balance("BTC", D(2), D(1), D("0.5"), D("0.01"))
    assert balance.net == D("1.49")
    for owner, name in (({"uid": 77}, "77"), ({}, "")):
        world.ask(AccountModeQuery())
        world.reply_http(MARGIN_ACCOUNT)
        assert asked(world.requests[0]) == ("GET", "/api/v3/account", {"omitZeroBalances": "true"})
        world.reply_http({"canTrade": True, "balances": [], **owner})
        assert world.answer().value == AccountMode(False, False, True, name)
    world.ask(MarginStateQuery())
    world.reply_http(MARGIN_ACCOUNT)
    assert asked(world.requests[0])[1] == "/sapi/v1/margin/tradeCoeff"
    world.reply_http({"normalBar": "2", "marginCallBar": "1.3", "forceLiquidationBar": "1.1"})
    assert world.answer().value == MarginState(D("11.6"), D(2), D("1.3"), D("1.1"), D("6.8"), D("0.5"))
    world.ask(BorrowableQuery("BTC"))
    assert asked(world.requests[0]) == ("GET", "/sapi/v1/margin/maxBorrowable", {"asset": "BTC"})
    world.reply_http({"amount": "1.6", "borrowLimit": "60"})
    assert world.answer().value == Borrowable(D("1.6"), D(60))
    world.ask(PermissionsQuery())
    world.reply_http(MARGIN_ACCOUNT)
    rights = {"enableSpotAndMarginTrading": True, "enableMargin": False, "ipRestrict": False}
    world.reply_http({**rights, "enableWithdrawals": False})
    assert world.answer().value == Permissions(False, False, False, False)


@pytest.mark.parametrize(("query", "kind"), [(Borrow("BTC", D("1E-3")), "BORROW"), (Repay("BTC", D("0.001")), "REPAY")])
def test_loans_are_asked_for_once_whatever_comes_of_it(query: Query[str], kind: str) -> None:
    world = world_of(MARGIN)
    world.ask(query)
    expected = {"asset": "BTC", "isIsolated": "FALSE", "amount": "0.001", "type": kind}
    assert asked(world.requests[0]) == ("POST", "/sapi/v1/margin/borrow-repay", expected)
    world.reply_http({"tranId": 100000001})
    assert world.answer().value == "100000001"
    for status, code in ((503, -1000), (400, -1007), (400, -3000), (400, -3044)):
        world.ask(query)
        world.reply_http({"code": code, "msg": "?"}, status)
        error = world.answer().error
        assert error is not None and error.in_doubt
    world.ask(query)
    world.fail_http(sent=True)
    error = world.answer().error
    assert isinstance(error, TransportError) and error.in_doubt
    world.ask(query)
    world.reply_http({"code": -3006, "msg": "Your borrow amount has exceed maximum borrow amount."}, 400)
    error = world.answer().error
    assert isinstance(error, VenueError) and not error.in_doubt
    assert not world.requests


def charge(tx_id: int, time_ms: int) -> dict[str, Any]:
    return {
        "txId": tx_id, "interestAccuredTime": time_ms, "asset": "USDT", "principal": "45", "interest": "0.25",
        "interestRate": "0.0001", "type": "PERIODIC",
    }  # fmt: skip


def test_interest_is_told_whole_oldest_first() -> None:
    world = world_of(MARGIN)
    charges = [charge(n, SERVER_MS - 40 * DAY_MS + n * HOUR_MS) for n in range(250)]
    world.ask(IncomeQuery("INTEREST", charges[3]["interestAccuredTime"], 1000))
    calls = 0
    while world.requests:
        calls += 1
        params = asked(world.requests[0])[2]
        start, end, page = int(params["startTime"]), int(params["endTime"]), int(params["current"])
        assert end - start < 30 * DAY_MS
        rows = [row for row in charges if start <= row["interestAccuredTime"] <= end][::-1]
        size = int(params["size"])
        world.reply_http({"rows": rows[(page - 1) * size : page * size], "total": len(rows)})
    told = world.answer().value
    assert isinstance(told, tuple)
    assert [row.ts_ms for row in told] == [row["interestAccuredTime"] for row in charges[3:]]
    assert (told[0].kind, told[0].asset, told[0].amount) == ("INTEREST", "USDT", D("-0.25"))
    assert calls == 3 + 1
    world.ask(IncomeQuery("FUNDING_FEE", 0))
    assert "INTEREST" in str(world.answer().error)


@pytest.mark.parametrize(
    ("product", "query", "words"),
    [
        (SPOT, SetLeverage("ETHUSDT", 3), "leverage"),
        (SPOT, SymbolSettingsQuery("ETHUSDT"), "leverage"),
        (SPOT, Borrow("BTC", D(1)), "margin account"),
        (SPOT, MarginStateQuery(), "owes nothing"),
        (SPOT, IncomeQuery("INTEREST", 0), "no cash history"),
        (MARGIN, SetLeverage("ETHUSDT", 3), "leverage"),
        (USDM, Borrow("BTC", D(1)), "borrow nothing"),
        (USDM, MarginStateQuery(), "liquidation prices"),
    ],
)
def test_what_an_account_lacks_is_said(product: Product, query: Query[Any], words: str) -> None:
    world = world_of(product)
    world.ask(query)
    error = world.answer().error
    assert isinstance(error, VenueError)
    assert words in str(error)
    assert not world.requests


SYMBOL: dict[str, Any] = {
    "symbol": "ETHUSDT", "status": "TRADING", "baseAsset": "ETH", "baseAssetPrecision": 8, "quoteAsset": "USDT",
    "quotePrecision": 8, "quoteAssetPrecision": 8,
    "orderTypes": ["LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT"],
    "icebergAllowed": True, "ocoAllowed": True, "otoAllowed": True, "quoteOrderQtyMarketAllowed": True,
    "allowTrailingStop": True, "amendAllowed": True, "isSpotTradingAllowed": True, "isMarginTradingAllowed": False,
    "filters": [
        {"filterType": "PRICE_FILTER", "minPrice": "0.01", "maxPrice": "100000", "tickSize": "0.01"},
        {"filterType": "LOT_SIZE", "minQty": "0.0001", "maxQty": "9000", "stepSize": "0.0001"},
    ],
}  # fmt: skip


@BOTH
def test_only_pairs_of_margin_trade_on_margin_and_its_limit_is_its_own(product: Product) -> None:
    world = World(product=product)
    world.ask(InstrumentsQuery())
    limits = [
        {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 6000},
        {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 100},
        {"rateLimitType": "RAW_REQUESTS", "interval": "MINUTE", "intervalNum": 5, "limit": 300000},
    ]
    both = {**SYMBOL, "symbol": "BTCUSDT", "isMarginTradingAllowed": True}
    world.reply_http({"rateLimits": limits, "symbols": [SYMBOL, both]})
    rules = world.answer().value
    assert isinstance(rules, VenueRules)
    eth, btc = rules.instruments
    assert (eth.is_trading, btc.is_trading) == (product is SPOT, True)
    assert btc.spot is not None
    assert (btc.spot.margin, btc.spot.amend) == (product is MARGIN, product is SPOT)
    weight = RateLimit("weight", 60_000, 6000 if product is SPOT else 180_000)
    assert rules.rate_limits == (weight, RateLimit("orders", 10_000, 100))
    if product is MARGIN:
        refused = world.protocol.refusal(limit_order().terms, eth, None)
        assert "not on this kind of account" in str(refused)


@BOTH
def test_a_symbol_of_which_the_text_is_as_before_is_not_read_again(product: Product) -> None:
    world = World(product=product)
    first, second, third = ({**SYMBOL, "symbol": name} for name in ("AUSDT", "BUSDT", "CUSDT"))
    told: list[tuple[Instrument, ...]] = []
    halted = {**second, "status": "HALT"}
    for symbols in ([first, second, third], [third, first, halted], [first, second]):
        world.ask(InstrumentsQuery())
        # What nobody reads is left out: it would be two thirds of the answer.
        assert asked(world.requests[0])[1:] == ("/api/v3/exchangeInfo", {"showPermissionSets": "false"})
        world.reply_http({"rateLimits": [], "symbols": symbols})
        rules = world.answer().value
        assert isinstance(rules, VenueRules)
        told.append(rules.instruments)
    names = [[(each.symbol, each.status) for each in instruments] for instruments in told]
    a, b, c = (("AUSDT", "TRADING"), ("BUSDT", "TRADING"), ("CUSDT", "TRADING"))
    assert names == [[a, b, c], [c, a, ("BUSDT", "HALT")], [a, b]]
    assert told[0][0] is told[1][1] is told[2][0] and told[0][2] is told[1][0]
    assert told[2][1] is not told[0][1], "what is not told any more is forgotten"


def test_what_is_new_in_a_symbol_of_spot_does_not_drop_it() -> None:
    strange = {
        **SYMBOL,
        "symbol": "BTCUSDT",
        "permissions": {"a": 1},
        "opoAllowed": "perhaps",
        "allowedSelfTradePreventionModes": "ALL",
        "filters": [*SYMBOL["filters"], {"filterType": "T_PLUS_SELL", "limit": {"a": 1}, "endTime": []}],
    }
    world = World(product=SPOT)
    world.ask(InstrumentsQuery())
    world.reply_http({"rateLimits": [], "symbols": [SYMBOL, strange]})
    rules = world.answer().value
    assert isinstance(rules, VenueRules)
    assert [each.symbol for each in rules.instruments] == ["ETHUSDT", "BTCUSDT"]


def test_under_which_names_an_order_was_known() -> None:
    world = world_of(SPOT)
    world.ask(AmendmentsQuery("ETHUSDT", "42"))
    assert asked(world.requests[0]) == ("GET", "/api/v3/order/amendments", {"symbol": "ETHUSDT", "orderId": "42"})
    row = {"symbol": "ETHUSDT", "orderId": 42, "origQty": "3", "newQty": "2", "time": SERVER_MS}
    chain = (("c-1", "web_1"), ("web_1", "web_2"))
    world.reply_http(
        [{**row, "executionId": 7, "origClientOrderId": old, "newClientOrderId": new} for old, new in chain]
    )
    assert world.answer().value == ("c-1", "web_1", "web_2")
    world.ask(AmendmentsQuery("ETHUSDT", "43"))
    world.reply_http([])
    assert world.answer().value == ()
    world.ask(AmendmentsQuery("ETHUSDT", "44"))
    world.reply_http({"code": -2013, "msg": "Order does not exist."}, 400)
    assert world.answer().value == ()


def test_orders_of_a_margin_account_keep_their_names_and_nobody_asks() -> None:
    world = world_of(MARGIN)
    world.ask(AmendmentsQuery("ETHUSDT", "42"))
    assert world.answer().value == () and not world.requests
    assert world.protocol.cost(Ask(1, AmendmentsQuery("ETHUSDT", "42"))) == Cost(0, 0)
    assert world_of(SPOT).protocol.cost(Ask(1, AmendmentsQuery("ETHUSDT", "42"))) == Cost(4, 0)
