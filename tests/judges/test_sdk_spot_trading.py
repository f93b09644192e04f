"""Binance's SDK trades assets by REST: every reply fills its model, and every value is the ledger's."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from binance_common.errors import BadRequestError, UnauthorizedError

from tests.judges.box import Box, eventually
from tests.judges.ccxt_spot_words import assert_same_list
from tests.judges.sdk_client import assert_complete, by_ed25519, by_hmac, flattened
from tests.judges.sdk_spot_words import assert_same_spot_order, at_times
from tests.judges.test_ccxt_spot_orders import TICK, at, best

pytestmark = pytest.mark.usefixtures("none_open", "no_complaints")

MARKET = "DOGEUSDT"
BUY = {"symbol": MARKET, "side": "BUY", "type": "LIMIT", "time_in_force": "GTC", "quantity": 100}
PLAIN = ("stopPrice", "icebergQty")
"""Answers to placing and cancelling tell these of orders that have them."""


@pytest.fixture(params=[by_ed25519, by_hmac], ids=["ed25519", "hmac"])
def api(spot: Box, request: pytest.FixtureRequest) -> Any:
    make: Callable[[Box], Any] = request.param
    return make(spot).rest_api


def test_a_resting_order_from_its_birth_to_its_end(spot: Box, api: Any) -> None:
    placed = api.new_order(**BUY, price=at(spot, "0.9"), new_client_order_id="judge-1").data()
    assert_complete(placed)
    order_id = placed.order_id
    assert_same_spot_order(placed, spot.order(MARKET, order_id))
    assert (placed.client_order_id, placed.status, placed.fills) == ("judge-1", "NEW", [])
    assert placed.working_time == spot.order(MARKET, order_id)["created_ms"]
    for asked in (
        api.get_order(symbol=MARKET, order_id=order_id).data(),
        api.get_order(symbol=MARKET, orig_client_order_id="judge-1").data(),
        api.get_open_orders(symbol=MARKET).data()[0],
        api.get_open_orders().data()[0],
        api.all_orders(symbol=MARKET).data()[-1],
    ):
        assert_complete(asked, without=at_times())
        assert_same_spot_order(asked, spot.order(MARKET, order_id))
    canceled = api.delete_order(symbol=MARKET, order_id=order_id, new_client_order_id="the-end").data()
    assert_complete(canceled, without=at_times(more=PLAIN))
    assert_same_spot_order(canceled, spot.order(MARKET, order_id), is_cancel=True)
    assert (canceled.status, canceled.client_order_id) == ("CANCELED", "the-end")
    assert api.get_open_orders(symbol=MARKET).data() == []


@pytest.mark.parametrize("kind", ["ACK", "RESULT", "FULL"])
def test_kinds_of_answers(spot: Box, api: Any, kind: str) -> None:
    order = api.new_order(symbol=MARKET, side="BUY", type="MARKET", quantity=3000, new_order_resp_type=kind).data()
    told, truth = flattened(order), spot.order(MARKET, order.order_id)
    if kind == "ACK":
        assert set(told) == {"symbol", "orderId", "orderListId", "clientOrderId", "transactTime"}
        assert told["clientOrderId"] == truth["client_order_id"]
        return
    assert_same_spot_order(order, truth)
    assert ("fills" in told) == (kind == "FULL")
    if kind == "FULL":
        assert_complete(order)
        executions = spot.executions(MARKET, order_id=order.order_id)
        assert [
            (row["tradeId"], *map(Decimal, (row["price"], row["qty"], row["commission"])), row["commissionAsset"])
            for row in told["fills"]
        ] == [
            (row["exec_id"], *map(Decimal, (row["px"], row["qty"], row["fee"])), row["fee_asset"]) for row in executions
        ]
        assert {row["fee_asset"] for row in executions} == {"DOGE"}


def test_making_an_order_smaller(spot: Box, api: Any) -> None:
    """It keeps its place and its number, and gets another name unless its own is said again."""
    order = api.new_order(**BUY, price=at(spot, "0.9"), new_client_order_id="first-name").data()
    amended = api.order_amend_keep_priority(symbol=MARKET, order_id=order.order_id, new_qty=90).data()
    assert_complete(amended, without=at_times(".amendedOrder", more=PLAIN) | {".listStatus"})
    truth, told = spot.order(MARKET, order.order_id), amended.amended_order
    assert (told.order_id, told.client_order_id, told.orig_client_order_id) == (
        order.order_id, truth["client_order_id"], "first-name",
    )  # fmt: skip
    assert truth["client_order_id"] != "first-name"
    assert (Decimal(told.qty), Decimal(truth["qty"])) == (Decimal(90), Decimal(90))
    again = api.order_amend_keep_priority(
        symbol=MARKET, order_id=order.order_id, new_qty=80, new_client_order_id=truth["client_order_id"]
    ).data()
    assert again.amended_order.client_order_id == truth["client_order_id"]
    history = api.order_amendments(symbol=MARKET, order_id=order.order_id).data()
    assert_complete(history)
    known = [row for row in spot.admin("amendments") if row["order_id"] == order.order_id]
    assert [(Decimal(row.orig_qty), Decimal(row.new_qty), row.time) for row in history] == [
        (Decimal(row["qty_before"]), Decimal(row["qty"]), row["ts_ms"]) for row in known
    ]
    assert [Decimal(row["qty"]) for row in known] == [90, 80]
    for qty in (80, 100):
        with pytest.raises(BadRequestError) as refused:
            api.order_amend_keep_priority(symbol=MARKET, order_id=order.order_id, new_qty=qty)
        assert refused.value.args[0] == -2038


def test_cancelling_and_replacing(spot: Box, api: Any) -> None:
    order = api.new_order(**BUY, price=at(spot, "0.9")).data()
    wanted = {**BUY, "price": at(spot, "0.91"), "cancel_replace_mode": "STOP_ON_FAILURE"}
    both = api.order_cancel_replace(**wanted, cancel_order_id=order.order_id).data()
    assert_complete(both, without=at_times(".cancelResponse", ".newOrderResponse", more=PLAIN))
    assert (both.cancel_result, both.new_order_result) == ("SUCCESS", "SUCCESS")
    assert_same_spot_order(both.cancel_response, spot.order(MARKET, order.order_id), is_cancel=True)
    placed = both.new_order_response
    assert_same_spot_order(placed, spot.order(MARKET, placed.order_id))
    with pytest.raises(BadRequestError) as neither:
        api.order_cancel_replace(**wanted, cancel_order_id=1)
    assert neither.value.args[0] == -2022
    assert [row.order_id for row in api.get_open_orders().data()] == [placed.order_id]


def test_executions_and_balances(spot: Box, api: Any) -> None:
    before = len(spot.executions(MARKET))
    for side, given in (("BUY", {"quantity": 4000}), ("SELL", {"quantity": 1000}), ("BUY", {"quote_order_qty": 300})):
        order = api.new_order(symbol=MARKET, side=side, type="MARKET", **given).data()
        assert_complete(order)
        assert_same_spot_order(order, spot.order(MARKET, order.order_id))
        assert order.status == "FILLED"
    truth = spot.executions(MARKET)
    told = api.my_trades(symbol=MARKET, limit=1000).data()
    assert_complete(told)
    assert len(told) == len(truth) > before
    for trade, fact in zip(told, truth, strict=True):
        assert (trade.id, trade.order_id, trade.is_buyer, trade.is_maker, trade.time) == (
            fact["exec_id"], fact["order_id"], fact["side"] == "BUY", fact["is_maker"], fact["ts_ms"],
        )  # fmt: skip
        px, qty = Decimal(fact["px"]), Decimal(fact["qty"])
        assert (Decimal(trade.price), Decimal(trade.qty), Decimal(trade.quote_qty)) == (px, qty, px * qty)
        assert (Decimal(trade.commission), trade.commission_asset) == (Decimal(fact["fee"]), fact["fee_asset"])
    account = api.get_account().data()
    assert_complete(account)
    balances = {row.asset: (Decimal(row.free), Decimal(row.locked)) for row in account.balances}
    for asset, row in spot.wallet().items():
        assert balances[asset] == (Decimal(row["free"]), Decimal(row["locked"])), asset
    some = {row.asset for row in api.get_account(omit_zero_balances=True).data().balances}
    assert some == {asset for asset, row in spot.wallet().items() if Decimal(row["total"])}


def test_conditional_orders(spot: Box, api: Any) -> None:
    stop = {"symbol": MARKET, "side": "SELL", "quantity": 30}
    price = at(spot, "0.9")
    for wanted in (
        {"type": "STOP_LOSS", "stop_price": price},
        {"type": "STOP_LOSS_LIMIT", "stop_price": price, "price": price, "time_in_force": "GTC"},
        {"type": "TAKE_PROFIT", "stop_price": at(spot, "1.1")},
        {"type": "STOP_LOSS", "trailing_delta": 150},
    ):
        names = {"strategy_id": 7, "strategy_type": 1_000_001, "new_order_resp_type": "RESULT"}
        order = api.new_order(**stop, **wanted, **names).data()
        truth = spot.order(MARKET, order.order_id)
        assert_same_spot_order(order, truth)
        asked = api.get_order(symbol=MARKET, order_id=order.order_id).data()
        assert_same_spot_order(asked, truth)
        assert (asked.strategy_id, asked.strategy_type) == (7, 1_000_001)
        assert asked.trailing_delta == truth["trailing_bps"] == wanted.get("trailing_delta")
        api.delete_order(symbol=MARKET, order_id=order.order_id)


OCO = {"symbol": MARKET, "side": "SELL", "quantity": 40, "above_type": "LIMIT_MAKER", "below_type": "STOP_LOSS_LIMIT"}
REPORTS = at_times(".orderReports[]", more=PLAIN)


def pair(spot: Box) -> dict[str, Any]:
    low = at(spot, "0.9")
    return {
        **OCO,
        "above_price": at(spot, "1.1"), "below_stop_price": low, "below_price": low, "below_time_in_force": "GTC",
    }  # fmt: skip


def test_a_pair_of_orders(spot: Box, api: Any) -> None:
    placed = api.order_list_oco(**pair(spot), list_client_order_id="both").data()
    assert_complete(placed, without={f".orderReports[].{name}" for name in PLAIN})
    truth = assert_same_list(flattened(placed), spot, "OCO")
    assert (truth["client_list_id"], len(placed.order_reports)) == ("both", 2)
    for asked in (
        api.get_order_list(order_list_id=placed.order_list_id).data(),
        api.get_order_list(orig_client_order_id="both").data(),
        api.open_order_list().data()[0],
        api.all_order_list().data()[-1],
    ):
        assert_complete(asked)
        assert_same_list(flattened(asked), spot, "OCO")
    # This model has no word for what prevents trades of an account with itself.
    ended = api.delete_order_list(symbol=MARKET, order_list_id=placed.order_list_id).data()
    assert_complete(ended, without=REPORTS, beside={".orderReports[].selfTradePreventionMode"})
    assert_same_list(flattened(ended), spot, "OCO")
    assert (ended.list_order_status, api.open_order_list().data()) == ("ALL_DONE", [])
    assert Decimal(spot.wallet()["DOGE"]["locked"]) == 0


def test_orders_that_follow_another(spot: Box, api: Any) -> None:
    working = {
        "symbol": MARKET, "working_type": "LIMIT", "working_side": "BUY", "working_time_in_force": "GTC",
        "working_price": at(spot, "1.03"), "working_quantity": 60, "pending_side": "SELL", "pending_quantity": 50,
    }  # fmt: skip
    one = {"pending_type": "LIMIT", "pending_price": at(spot, "1.1"), "pending_time_in_force": "GTC"}
    two = {
        "pending_above_type": "LIMIT_MAKER", "pending_above_price": at(spot, "1.1"),
        "pending_below_type": "STOP_LOSS", "pending_below_stop_price": at(spot, "0.9"),
    }  # fmt: skip
    for call, pending in ((api.order_list_oto, one), (api.order_list_otoco, two)):
        placed = call(**working, **pending).data()
        assert_complete(placed, without=REPORTS)
        (truth,) = (row for row in spot.admin("lists") if row["list_id"] == placed.order_list_id)
        bought, *followers = [spot.order(MARKET, each) for each in truth["order_ids"]]
        assert (bought["status"], Decimal(bought["cum_qty"])) == ("FILLED", Decimal(60))
        assert {row["status"] for row in followers} == {"NEW"}
        for row in followers:
            assert_same_spot_order(api.get_order(symbol=MARKET, order_id=row["order_id"]).data(), row)
        assert Decimal(spot.wallet()["DOGE"]["locked"]) == 50
        canceled = api.delete_order(symbol=MARKET, order_id=followers[0]["order_id"]).data()
        assert canceled is not None
        # Whoever cancels one of a list cancels them all.
        assert Decimal(spot.wallet()["DOGE"]["locked"]) == 0
        assert api.get_open_orders().data() == []


async def test_a_pair_of_which_one_trades(spot: Box) -> None:
    api = by_ed25519(spot).rest_api
    given = {**pair(spot), "above_price": at(spot, "1.01")}
    placed = api.order_list_oco(**given).data()
    spot.admin("price", {"symbol": MARKET, "price": str(at(spot, "1.015"))})
    truth = await eventually(
        "the list to be done",
        lambda: next(
            (
                row
                for row in spot.admin("lists")
                if row["list_id"] == placed.order_list_id and row["status"] == "ALL_DONE"
            ),
            None,
        ),
    )
    orders = [api.get_order(symbol=MARKET, order_id=each).data() for each in truth["order_ids"]]
    for order in orders:
        assert_same_spot_order(order, spot.order(MARKET, order.order_id))
    assert sorted((order.type, order.status) for order in orders) == [
        ("LIMIT_MAKER", "FILLED"),
        ("STOP_LOSS_LIMIT", "EXPIRED"),
    ]
    expired = next(order for order in orders if order.status == "EXPIRED")
    assert expired.expiry_reason == "OCO_TRIGGER"


def test_canceling_everything(spot: Box, api: Any) -> None:
    for _ in range(2):
        api.new_order(**BUY, price=at(spot, "0.9"))
    api.order_list_oco(**pair(spot))
    done = api.delete_open_orders(symbol=MARKET).data()
    # The SDK's model is of single orders: of a list it keeps the number alone.
    assert sorted(row.order_id is None for row in done) == [False, False, True]
    assert sum(row.order_list_id != -1 for row in done) == 1
    assert api.get_open_orders().data() == []
    assert {row["status"] for row in spot.orders(MARKET)[-4:]} == {"CANCELED"}


def test_an_order_that_is_only_tried(spot: Box, api: Any) -> None:
    known = spot.orders()
    assert flattened(api.order_test(**BUY, price=at(spot, "0.9")).data()) == {}
    rates = api.order_test(**BUY, price=at(spot, "0.9"), compute_commission_rates=True).data()
    assert_complete(rates)
    assert Decimal(rates.standard_commission_for_order.taker) == Decimal("0.001")
    with pytest.raises(BadRequestError) as refused:
        api.order_test(**{**BUY, "quantity": 1}, price=0.5)
    assert refused.value.args == (-1013, "Filter failure: NOTIONAL")
    assert spot.orders() == known


def test_what_an_account_may(spot: Box, api: Any) -> None:
    commission = api.account_commission(symbol=MARKET).data()
    assert_complete(commission)
    order = api.new_order(symbol=MARKET, side="BUY", type="MARKET", quantity=2000).data()
    for row in spot.executions(MARKET, order_id=order.order_id):
        assert Decimal(row["fee"]) == Decimal(row["qty"]) * Decimal(commission.standard_commission.taker)
    counts = api.rate_limit_order().data()
    assert_complete(counts)
    assert {(row.interval_num, row.interval) for row in counts} == {(10, "SECOND"), (1, "DAY")}
    assert all(row.count > 0 for row in counts if row.interval == "DAY")
    exponents = {f".symbolFilters[].{name}" for name in ("multiplierExponent", "priceExponent", "qtyExponent")}
    assert_complete(api.my_filters(symbol=MARKET).data(), without=exponents | {".rateLimits"})
    assert api.my_allocations(symbol=MARKET).data() == []


async def test_an_account_does_not_trade_with_itself(spot: Box) -> None:
    """Its resting order gives way, as where nobody says otherwise; what was prevented is told."""
    api = by_ed25519(spot).rest_api
    order = {"symbol": MARKET, "type": "LIMIT", "quantity": 100}

    def attempt() -> tuple[Any, Any] | None:
        """Alone at its price between the best ones, it is the first that the other meets."""
        price = best(spot, "bid") + TICK
        if price >= best(spot, "ask"):
            return None
        mine = api.new_order(**order, side="BUY", time_in_force="GTC", price=price).data()
        other = api.new_order(**order, side="SELL", time_in_force="IOC", price=price).data()
        if spot.order(MARKET, mine.order_id)["status"] == "EXPIRED_IN_MATCH":
            return mine, other
        with suppress(BadRequestError):  # when the market took it
            api.delete_order(symbol=MARKET, order_id=mine.order_id)
        return None

    mine, other = await eventually("an order that meets the account's own", attempt)
    asked = api.get_order(symbol=MARKET, order_id=mine.order_id).data()
    assert_same_spot_order(asked, spot.order(MARKET, mine.order_id))
    assert_same_spot_order(other, spot.order(MARKET, other.order_id))
    (prevented,) = api.my_prevented_matches(symbol=MARKET, order_id=mine.order_id).data()
    assert (prevented.maker_order_id, prevented.taker_order_id) == (mine.order_id, other.order_id)
    assert prevented.self_trade_prevention_mode == "EXPIRE_MAKER"
    left = Decimal(asked.orig_qty) - Decimal(asked.executed_qty)
    assert Decimal(prevented.maker_prevented_quantity) == left == Decimal(asked.prevented_quantity)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"quantity": 5_000_000}, (-2010, "Account has insufficient balance for requested action.")),
        ({"quantity": 1}, (-1013, "Filter failure: NOTIONAL")),
        ({"price": 0.580001}, (-1013, "Filter failure: PRICE_FILTER")),
        ({"quantity": 100.5}, (-1013, "Filter failure: LOT_SIZE")),
        ({"price": 20}, (-1013, "Filter failure: PERCENT_PRICE_BY_SIDE")),
        ({"symbol": "NONEUSDT"}, (-1121, "Invalid symbol.")),
        ({"type": "TRAILING"}, (-1116, "Invalid orderType.")),
        ({"time_in_force": "GTX"}, (-1115, "Invalid timeInForce.")),
        ({"stop_price": 0.5}, (-1106, "Parameter 'stopPrice' sent when not required.")),
    ],
)
def test_refusals(spot: Box, changes: dict[str, Any], refusal: tuple[int, str]) -> None:
    known, wallet = spot.orders(), spot.wallet()
    with pytest.raises(BadRequestError) as refused:
        by_hmac(spot).rest_api.new_order(**{**BUY, "price": 0.58, **changes})
    assert refused.value.args == refusal
    assert (spot.orders(), spot.wallet()) == (known, wallet)


def test_orders_that_there_are_not(spot: Box, api: Any) -> None:
    calls: tuple[tuple[Any, dict[str, Any], int], ...] = (
        (api.get_order, {"symbol": MARKET, "order_id": 1}, -2013),
        (api.delete_order, {"symbol": MARKET, "order_id": 1}, -2011),
        (api.order_amend_keep_priority, {"symbol": MARKET, "order_id": 1, "new_qty": 1}, -2013),
        (api.get_order_list, {"order_list_id": 1}, -2018),
        (api.delete_order_list, {"symbol": MARKET, "order_list_id": 1}, -2011),
        (api.delete_open_orders, {"symbol": MARKET}, -2011),
    )
    for call, given, code in calls:
        with pytest.raises(BadRequestError) as refused:
            call(**given)
        assert refused.value.args[0] == code, call


@pytest.mark.parametrize(
    ("given", "kind", "code"),
    [({"secret": "wrong"}, BadRequestError, -1022), ({"key": "nobody"}, UnauthorizedError, -2015)],
)
def test_strangers(spot: Box, given: dict[str, str], kind: type[Exception], code: int) -> None:
    with pytest.raises(kind) as refused:
        by_hmac(spot, **given).rest_api.get_account()
    assert refused.value.args[0] == code


def test_what_it_costs_is_told(spot: Box, api: Any) -> None:
    """Orders weigh nothing when they are accepted, and count."""
    before = api.rate_limit_order()
    order = api.new_order(**BUY, price=at(spot, "0.9"))

    def limits(answer: Any) -> dict[tuple[str, int, str], int]:
        return {(row.rateLimitType, row.intervalNum, row.interval): int(row.count) for row in answer.rate_limits}

    told = limits(order)
    assert set(told) == {("REQUEST_WEIGHT", 1, "MINUTE"), ("ORDERS", 10, "SECOND"), ("ORDERS", 1, "DAY")}
    after = api.rate_limit_order()
    days = [row.count for answer in (before, after) for row in answer.data() if row.interval == "DAY"]
    assert days == [told["ORDERS", 1, "DAY"] - 1, told["ORDERS", 1, "DAY"]]
    weight = ("REQUEST_WEIGHT", 1, "MINUTE")
    assert told[weight] == limits(before)[weight] or told[weight] < 40
