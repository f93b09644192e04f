"""Orders of spot and margin accounts from command to report, and what is asked about the accounts."""

from decimal import Decimal
from typing import Any

import pytest

from tests.unit.venues.binance.exchange_double import (
    CHANGE,
    SERVER_MS,
    World,
    ed25519,
    hmac,
    limit_order,
    path_and_params,
)
from tradingsys.core.commands import (
    AccountMode,
    AccountModeQuery,
    Ask,
    Balance,
    BalancesQuery,
    Borrow,
    Borrowable,
    BorrowableQuery,
    CancelOrder,
    Command,
    ConditionalOrdersQuery,
    IncomeQuery,
    InstrumentsQuery,
    KlinesQuery,
    MarginState,
    MarginStateQuery,
    OpenOrdersQuery,
    OrderQuery,
    Permissions,
    PermissionsQuery,
    PlaceOrderList,
    PositionsQuery,
    Query,
    RateLimit,
    Repay,
    SetLeverage,
    SymbolSettingsQuery,
    TradesQuery,
    VenueRules,
)
from tradingsys.core.enums import AccountKind, Contingency, OrderStatus, OrderType, Side, SideEffect
from tradingsys.core.errors import AuthError, OrderRejected, RateLimited, TransportError, VenueError
from tradingsys.core.io import HttpRequest, Opened
from tradingsys.core.order import Order
from tradingsys.core.reports import (
    LimitsSeen,
    Oddity,
    OrderChanged,
    OrderRequest,
    Outcome,
    RequestDone,
    TradingState,
)
from tradingsys.venues.binance.product import Product
from tradingsys.venues.binance.products import MARGIN, PRODUCTS, SPOT, USDM, endpoints
from tradingsys.venues.protocol import Cost

D = Decimal
BOTH = pytest.mark.parametrize("product", [SPOT, MARGIN], ids=lambda product: product.name)
HOUR_MS, DAY_MS = 3_600_000, 86_400_000


def reply(client_order_id: str = "c-1", order_id: int = 42, **changes: Any) -> dict[str, Any]:
    return {
        "symbol": "ETHUSDT", "orderId": order_id, "orderListId": -1, "clientOrderId": client_order_id,
        "transactTime": SERVER_MS + 99, "price": "3000.10", "origQty": "0.5", "executedQty": "0",
        "origQuoteOrderQty": "0", "cummulativeQuoteQty": "0", "status": "NEW", "timeInForce": "GTC", "type": "LIMIT",
        "side": "BUY", "selfTradePreventionMode": "EXPIRE_TAKER", "fills": [], **changes,
    }  # fmt: skip


def list_reply(*reports: dict[str, Any]) -> dict[str, Any]:
    return {
        "orderListId": 4, "contingencyType": "OCO", "listStatusType": "EXEC_STARTED", "listOrderStatus": "EXECUTING",
        "listClientOrderId": "x", "transactionTime": SERVER_MS, "symbol": "ETHUSDT",
        "orders": [
            {"symbol": "ETHUSDT", "orderId": each["orderId"], "clientOrderId": each["clientOrderId"]}
            for each in reports
        ],
        "orderReports": list(reports),
    }  # fmt: skip


PAIR = PlaceOrderList(
    Contingency.OCO,
    (
        limit_order("c-take", side=Side.SELL),
        limit_order(
            "c-stop", side=Side.SELL, order_type=OrderType.STOP_MARKET, price=None, stop_px=D(9), time_in_force=None
        ),
    ),
)


def asked(request: HttpRequest) -> tuple[str, str, dict[str, str]]:
    method, path, params = path_and_params(request)
    return method, path, {name: value for name, value in params.items() if name not in ("timestamp", "recvWindow")}


def world_of(product: Product) -> World:
    world = World(product=product)
    world.tell_time()
    world.reports.clear()
    return world


# ---- products


def test_products_by_name_and_where_they_are() -> None:
    assert PRODUCTS == {"usdm": USDM, "spot": SPOT, "margin": MARGIN}
    assert {name: set(product.endpoints) for name, product in PRODUCTS.items()} == {
        "usdm": {"live", "testnet", "demo"}, "spot": {"live", "testnet", "demo"}, "margin": {"live"},
    }  # fmt: skip
    kinds = [World(product=product).protocol.account_kind for product in (USDM, SPOT, MARGIN)]
    assert kinds == [AccountKind.CONTRACTS, AccountKind.ASSETS, AccountKind.ASSETS]
    assert endpoints(MARGIN).risk_streams == "wss://margin-stream.binance.com"
    ours = endpoints(MARGIN, "sim", rest="http://a", ws_api="ws://b", streams="ws://c/")
    assert (ours.risk_streams, ours.sapi) == ("ws://c", "http://a")


def test_spot_has_one_connection_for_all_streams() -> None:
    assert SPOT.route_of("btcusdt@depth20@100ms") == SPOT.route_of("btcusdt@kline_1s") == "market"
    assert SPOT.stream_path("market") == "/stream"
    assert SPOT.route_of("btcusdt@markPrice@1s") is None
    assert USDM.stream_path("public") == "/public/stream"


# ---- orders


@pytest.mark.parametrize("signer", [ed25519, hmac])
def test_spot_orders_go_by_the_ws_api_with_every_kind_of_key(signer: Any) -> None:
    world = World(signer(), SPOT)
    world.tell_time()
    world.take(world.protocol.connect(world.now_ns))
    world.open_trade()
    world.command(limit_order())
    (request,) = world.frames
    assert request.method == "order.place"
    assert isinstance(request.params, dict)
    assert ("signature" in request.params) == (signer is hmac)


def test_margin_orders_go_by_rest_and_no_order_channel_is_opened() -> None:
    world = World(product=MARGIN)
    world.tell_time()
    world.reports.clear()
    world.take(world.protocol.connect(world.now_ns))
    assert world.told(TradingState) == [TradingState(True, "rest")]
    assert [opening.channel for opening in world.opening] == ["user"]
    world.requests.clear()
    world.command(limit_order())
    assert asked(world.requests[0])[:2] == ("POST", "/sapi/v1/margin/order")
    world.reply_http(reply(), headers={"x-sapi-used-uid-weight-1m": "1506", "x-sapi-used-ip-weight-1m": "7"})
    assert world.told(LimitsSeen) == [LimitsSeen({("weight", 60_000): 1506})]
    assert world.done() == RequestDone("c-1", OrderRequest.PLACE, Outcome.ACCEPTED)
    world.event(Opened("trade"))


@BOTH
def test_what_traded_at_once_is_known_with_its_fees(product: Product) -> None:
    world = World(product=product).up()
    world.command(limit_order())
    fill = {"price": "3000", "qty": "0.2", "commission": "0.0002", "commissionAsset": "ETH", "tradeId": 7}
    body = reply(status="PARTIALLY_FILLED", executedQty="0.2", fills=[fill])
    if product is SPOT:
        world.reply_ws(body)
    else:
        world.reply_http(body)
    (changed,) = world.told(OrderChanged)
    assert changed.order.status is OrderStatus.PARTIALLY_FILLED
    (known,) = changed.order.fills.values()
    assert (known.exec_id, known.fee, known.fee_asset) == ("7", D("0.0002"), "ETH")
    assert world.done().outcome is Outcome.ACCEPTED


@BOTH
def test_each_order_of_a_list_ends_once(product: Product) -> None:
    world = World(product=product).up()
    world.command(PAIR)
    body = list_reply(reply("c-take", 1, orderListId=4), reply("c-stop", 2, orderListId=4, type="STOP_LOSS"))
    if product is SPOT:
        assert world.frames[0].method == "orderList.place.oco"
        world.reply_ws(body)
    else:
        assert asked(world.requests[0])[1] == "/sapi/v1/margin/order/oco"
        world.reply_http(body)
    assert {change.order.list_id for change in world.told(OrderChanged)} == {"4"}
    assert world.told(RequestDone) == [
        RequestDone("c-take", OrderRequest.PLACE, Outcome.ACCEPTED),
        RequestDone("c-stop", OrderRequest.PLACE, Outcome.ACCEPTED),
    ]


@pytest.mark.parametrize("body", [list_reply(reply("c-take", 1)), {"orderListId": 4}, []])
def test_a_list_whose_answer_lacks_an_order_is_in_doubt(body: Any) -> None:
    world = World(product=SPOT).up()
    world.command(PAIR)
    world.reply_ws(body)
    assert [done.outcome for done in world.told(RequestDone)] == [Outcome.IN_DOUBT] * 2
    assert world.told(Oddity)


def test_a_list_that_is_refused_or_lost_is_so_as_a_whole() -> None:
    world = World(product=SPOT).up()
    world.command(PAIR)
    world.refuse_ws(-2010, "Account has insufficient balance for requested action.")
    assert [done.outcome for done in world.told(RequestDone)] == [Outcome.REFUSED] * 2
    world.reports.clear()
    world.command(PAIR)
    world.close("trade")
    assert [done.outcome for done in world.told(RequestDone)] == [Outcome.IN_DOUBT] * 2
    world.reports.clear()
    world.command(PAIR)
    world.fail_http(sent=False)
    assert [done.outcome for done in world.told(RequestDone)] == [Outcome.NOT_SENT] * 2


def test_a_late_refusal_of_a_list_names_its_orders() -> None:
    world = World(product=SPOT).up()
    world.command(PAIR)
    world.wait(11)
    world.reports.clear()
    world.refuse_ws(-2010)
    assert "c-take, c-stop" in world.told(Oddity)[0].text


def test_with_one_order_of_a_list_all_are_cancelled() -> None:
    world = World(product=SPOT).up()
    world.command(CancelOrder("c-take", "ETHUSDT", "1"))
    closed = {"status": "CANCELED", "orderListId": 4}
    world.reply_ws(
        list_reply(
            reply("cancel-1", 1, origClientOrderId="c-take", **closed),
            reply("cancel-1", 2, origClientOrderId="c-stop", **closed),
        )
    )
    told = {change.order.client_order_ids: change.order.status for change in world.told(OrderChanged)}
    assert told == {("c-take",): OrderStatus.CANCELED, ("c-stop",): OrderStatus.CANCELED}
    assert world.done() == RequestDone("c-take", OrderRequest.CANCEL, Outcome.ACCEPTED)


def test_an_amend_keeps_the_order_s_id_and_its_place() -> None:
    world = World(product=SPOT).up()
    world.command(CHANGE)
    (request,) = world.frames
    assert request.method == "order.amend.keepPriority"
    world.reply_ws(
        {
            "transactTime": SERVER_MS + 100,
            "executionId": 60,
            "amendedOrder": {
                "symbol": "ETHUSDT", "orderId": 42, "orderListId": -1, "origClientOrderId": "c-1",
                "clientOrderId": "c-1", "price": "3000.10", "qty": "0.4", "executedQty": "0", "preventedQty": "0",
                "cumulativeQuoteQty": "0", "status": "NEW", "timeInForce": "GTC", "type": "LIMIT", "side": "BUY",
            },
        }
    )  # fmt: skip
    (changed,) = world.told(OrderChanged)
    assert changed.order.client_order_ids == ("c-1",)
    assert changed.order.terms is not None
    assert (changed.order.terms.order_qty, changed.order.terms.revision) == (D("0.4"), 2)
    assert world.done() == RequestDone("c-1", OrderRequest.REPLACE, Outcome.ACCEPTED)


@BOTH
@pytest.mark.parametrize(
    ("status", "code", "message", "outcome", "error"),
    [
        (400, -2010, "Account has insufficient balance for requested action.", Outcome.REFUSED, OrderRejected),
        (400, -2010, "Order would immediately match and take.", Outcome.REFUSED, OrderRejected),
        (400, -2010, "Duplicate order sent.", Outcome.IN_DOUBT, None),
        (400, -1013, "Filter failure: LOT_SIZE", Outcome.REFUSED, OrderRejected),
        (400, -1021, "because", Outcome.REFUSED, OrderRejected),
        (400, -2026, "because", Outcome.REFUSED, OrderRejected),
        (401, -2015, "because", Outcome.REFUSED, AuthError),
        (429, -1015, "because", Outcome.REFUSED, RateLimited),
        (409, -2021, "because", Outcome.IN_DOUBT, None),
        (409, -9999, "because", Outcome.IN_DOUBT, None),
        (400, -1000, "because", Outcome.IN_DOUBT, None),
        (400, -1001, "because", Outcome.IN_DOUBT, None),
        (400, -1006, "because", Outcome.IN_DOUBT, None),
        (400, -1007, "because", Outcome.IN_DOUBT, None),
        (503, -1008, "because", Outcome.IN_DOUBT, None),
        (500, -9999, "because", Outcome.IN_DOUBT, None),
        (503, 0, "Service Unavailable.", Outcome.IN_DOUBT, None),
    ],
)
def test_an_error_refuses_only_what_it_proves(
    product: Product, status: int, code: int, message: str, outcome: Outcome, error: type[Exception] | None
) -> None:
    world = World(product=product).up()
    world.command(limit_order())
    if product is SPOT:
        world.refuse_ws(code, message, status)
    else:
        world.reply_http({"code": code, "msg": message}, status)
    done = world.done()
    assert done.outcome is outcome
    assert done.error is not None and done.error.in_doubt is (outcome is Outcome.IN_DOUBT)
    assert error is None or isinstance(done.error, error)


@pytest.mark.parametrize(
    ("product", "command", "cost"),
    [
        (SPOT, limit_order(), Cost(1, 1)),
        (SPOT, PAIR, Cost(1, 2)),
        (SPOT, CHANGE, Cost(4, 0)),
        (SPOT, CancelOrder("c", "ETHUSDT"), Cost(1, 0)),
        (SPOT, Ask(1, OpenOrdersQuery()), Cost(80, 0)),
        (SPOT, Ask(1, OpenOrdersQuery("ETHUSDT")), Cost(6, 0)),
        (SPOT, Ask(1, OrderQuery("ETHUSDT", "c", is_conditional=True)), Cost(4, 0)),
        (SPOT, Ask(1, ConditionalOrdersQuery("ETHUSDT")), Cost(0, 0)),
        (SPOT, Ask(1, KlinesQuery("ETHUSDT", "1s", 1001)), Cost(4, 0)),
        (SPOT, Ask(1, SetLeverage("ETHUSDT", 3)), Cost(0, 0)),
        (MARGIN, limit_order(), Cost(6, 1)),
        (MARGIN, limit_order(side_effect=SideEffect.AUTO_REPAY), Cost(6, 1)),
        (MARGIN, limit_order(side_effect=SideEffect.MARGIN_BUY), Cost(1500, 1)),
        (MARGIN, PAIR, Cost(6, 2)),
        (MARGIN, CancelOrder("c", "ETHUSDT"), Cost(150, 0)),
        (MARGIN, Ask(1, Borrow("BTC", D(1))), Cost(1500, 0)),
        (MARGIN, Ask(1, InstrumentsQuery()), Cost(600, 0)),
    ],
)
def test_costs(product: Product, command: Command, cost: Cost) -> None:
    assert World(product=product).protocol.cost(command) == cost


# ---- questions


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
    for status, code in ((503, -1000), (400, -1007), (400, -3044)):
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


def test_a_list_that_margin_does_not_have_is_known_before_it_is_sent() -> None:
    target = limit_order(
        "c-take",
        side=Side.SELL,
        order_type=OrderType.TAKE_PROFIT_MARKET,
        price=None,
        stop_px=D(9000),
        time_in_force=None,
    )
    pair = PlaceOrderList(Contingency.OCO, (target, PAIR.orders[1]))
    assert world_of(SPOT).protocol.list_refusal(pair) is None
    assert world_of(MARGIN).protocol.list_refusal(PAIR) is None
    assert "make the take-profit a limit order" in str(world_of(MARGIN).protocol.list_refusal(pair))


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
