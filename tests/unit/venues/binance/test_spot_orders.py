"""Orders of spot and margin accounts from command to report."""

from typing import Any

import pytest

from tests.unit.venues.binance.exchange_double import (
    CHANGE,
    SERVER_MS,
    World,
    ed25519,
    hmac,
    limit_order,
)
from tests.unit.venues.binance.spot_account import BOTH, PAIR, D, asked, list_reply, reply, world_of
from tradingsys.core.commands import (
    Ask,
    Borrow,
    CancelOrder,
    Command,
    ConditionalOrdersQuery,
    InstrumentsQuery,
    KlinesQuery,
    OpenOrdersQuery,
    OrderQuery,
    PlaceOrderList,
    PriceQuery,
    SetLeverage,
)
from tradingsys.core.enums import AccountKind, Contingency, OrderStatus, OrderType, Side, SideEffect
from tradingsys.core.errors import AuthError, OrderRejected, RateLimited
from tradingsys.core.io import Opened
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

# ---- products


def test_products_by_name_and_where_they_are() -> None:
    assert PRODUCTS == {"usdm": USDM, "spot": SPOT, "margin": MARGIN}
    assert {name: set(product.endpoints) for name, product in PRODUCTS.items()} == {
        "usdm": {"live", "testnet", "demo"}, "spot": {"live", "testnet", "demo"}, "margin": {"live"},
    }  # fmt: skip
    kinds = [World(product=product).protocol.account_kind for product in (USDM, SPOT, MARGIN)]
    assert kinds == [AccountKind.CONTRACTS, AccountKind.ASSETS, AccountKind.ASSETS]
    assert endpoints(MARGIN).risk_streams == "wss://margin-stream.binance.com"
    other = endpoints(MARGIN, rest="https://api1.binance.com", streams="wss://data-stream.binance.vision")
    assert (other.risk_streams, other.sapi) == ("wss://margin-stream.binance.com", "https://api1.binance.com")
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
    assert world.done() == RequestDone("c-1", OrderRequest.REPLACE, Outcome.ACCEPTED, revision=2)


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
        (SPOT, Ask(1, PriceQuery("ETHUSDT")), Cost(2, 0)),
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
