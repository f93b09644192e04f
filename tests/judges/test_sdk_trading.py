"""Binance's SDK trades by REST: every reply fills its model, and every value is the ledger's."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from binance_common.errors import BadRequestError, UnauthorizedError

from tests.judges.box import Box, Row
from tests.judges.sdk_client import assert_complete, by_ed25519, by_hmac

pytestmark = pytest.mark.usefixtures("flat", "no_complaints")

MARKET = "DOGEUSDT"
BUY = {"symbol": MARKET, "side": "BUY", "type": "LIMIT", "time_in_force": "GTC", "quantity": 100}

TRAILING_ONLY = ("activatePrice", "priceRate")
"""In the models of plain orders, a memory of when one order service had them all."""


def fields(names: tuple[str, ...], path: str = "") -> set[str]:
    return {f"{path}.{name}" for name in names}


@pytest.fixture(params=[by_ed25519, by_hmac], ids=["ed25519", "hmac"])
def api(box: Box, request: pytest.FixtureRequest) -> Any:
    make: Callable[[Box], Any] = request.param
    return make(box).rest_api


def best(box: Box, side: str) -> Decimal:
    return Decimal(box.admin("status")["symbols"][MARKET][f"best_{side}"])


def far_below(box: Box) -> float:
    """A price at which nobody sells."""
    return float((best(box, "bid") * Decimal("0.96")).quantize(Decimal("0.00001")))


def assert_same_order(told: Any, truth: Row) -> None:
    """What every reply about an order says, in the exchange's words."""
    assert (told.symbol, told.order_id, told.client_order_id) == (
        truth["symbol"], truth["order_id"], truth["client_order_id"],
    )  # fmt: skip
    assert (told.side, told.type, told.status) == (truth["side"], truth["type"], truth["status"])
    assert (Decimal(told.orig_qty), Decimal(told.executed_qty)) == (Decimal(truth["qty"]), Decimal(truth["cum_qty"]))
    assert Decimal(told.price) == Decimal(truth["price"] or 0)
    assert told.update_time == truth["updated_ms"]


def test_a_resting_order_from_its_birth_to_its_end(box: Box, api: Any) -> None:
    price = far_below(box)
    placed = api.new_order(**BUY, price=price, new_client_order_id="judge-1").data()
    assert_complete(placed)
    order_id = placed.order_id
    assert_same_order(placed, box.order(MARKET, order_id))
    assert (placed.client_order_id, placed.status, Decimal(placed.price)) == ("judge-1", "NEW", Decimal(str(price)))
    for asked in (
        api.query_order(symbol=MARKET, order_id=order_id).data(),
        api.query_current_open_order(symbol=MARKET, orig_client_order_id="judge-1").data(),
        api.current_all_open_orders().data()[0],
        api.all_orders(symbol=MARKET).data()[-1],
    ):
        assert_complete(asked, without=fields(TRAILING_ONLY))
        assert_same_order(asked, box.order(MARKET, order_id))
        assert asked.time == box.order(MARKET, order_id)["created_ms"]
    modified = api.modify_order(
        symbol=MARKET, side="BUY", quantity=120, price=price, order_id=order_id, modify_id=7
    ).data()
    assert_complete(modified)
    assert modified.modify_id == 7
    assert_same_order(modified, box.order(MARKET, order_id))
    (change,) = api.get_order_modify_history(symbol=MARKET, order_id=order_id).data()
    assert_complete(change)
    assert (Decimal(change.amendment.orig_qty.before), Decimal(change.amendment.orig_qty.after)) == (
        Decimal(100),
        Decimal(120),
    )
    canceled = api.cancel_order(symbol=MARKET, order_id=order_id).data()
    assert_complete(canceled, without=fields(TRAILING_ONLY))
    assert_same_order(canceled, box.order(MARKET, order_id))
    assert canceled.status == "CANCELED"


def test_executions_and_money(box: Box, api: Any) -> None:
    before = len(box.executions(MARKET))
    for side, amount in (("BUY", 4000.0), ("SELL", 1000)):
        order = api.new_order(
            symbol=MARKET, side=side, type="MARKET", quantity=amount, new_order_resp_type="RESULT"
        ).data()
        assert_complete(order)
        assert_same_order(order, box.order(MARKET, order.order_id))
        assert order.status == "FILLED"
    truth = box.executions(MARKET)
    told = api.account_trade_list(symbol=MARKET, limit=1000).data()
    assert_complete(told)
    assert len(told) == len(truth) > before
    for trade, fact in zip(told, truth, strict=True):
        assert (trade.id, trade.order_id, trade.side, trade.maker, trade.time) == (
            fact["exec_id"], fact["order_id"], fact["side"], fact["is_maker"], fact["ts_ms"],
        )  # fmt: skip
        px, qty = Decimal(fact["px"]), Decimal(fact["qty"])
        assert (Decimal(trade.price), Decimal(trade.qty), Decimal(trade.quote_qty)) == (px, qty, px * qty)
        assert (Decimal(trade.commission), trade.commission_asset) == (Decimal(fact["fee"]), fact["fee_asset"])
        assert Decimal(trade.realized_pnl) == Decimal(fact["realized_pnl"])
    (position,) = api.position_information_v3(symbol=MARKET).data()
    assert_complete(position)
    held = box.position(MARKET)
    assert Decimal(position.position_amt) == Decimal(held["net"]) == 3000
    assert abs(Decimal(position.entry_price) - Decimal(held["entry_px"])) <= Decimal("0.00000001")
    profit = 3000 * (Decimal(position.mark_price) - Decimal(held["entry_px"]))
    assert abs(Decimal(position.un_realized_profit) - profit) <= Decimal("0.00001")
    assert abs(Decimal(position.notional) - 3000 * Decimal(position.mark_price)) <= Decimal("0.00001")
    (balance,) = [row for row in api.futures_account_balance_v3().data() if row.asset == "USDT"]
    assert_complete(balance)
    assert Decimal(balance.balance) == Decimal(box.balance()["wallet"])
    account = api.account_information_v3().data()
    assert_complete(account)
    assert Decimal(account.total_wallet_balance) == Decimal(box.balance()["wallet"])
    assert [(row.symbol, Decimal(row.position_amt)) for row in account.positions] == [(MARKET, Decimal(3000))]


def test_income(box: Box, api: Any) -> None:
    api.new_order(symbol=MARKET, side="BUY", type="MARKET", quantity=100)
    rows = api.get_income_history(symbol=MARKET, income_type="COMMISSION", limit=1000).data()
    assert_complete(rows)
    assert {row.trade_id: -Decimal(row.income) for row in rows} == {
        str(row["exec_id"]): Decimal(row["fee"]) for row in box.executions(MARKET)
    }


@pytest.mark.parametrize("version", [2, 3])
def test_older_and_newer_account_calls_agree(box: Box, api: Any, version: int) -> None:
    api.new_order(symbol=MARKET, side="SELL", type="MARKET", quantity=500)
    account = getattr(api, f"account_information_v{version}")().data()
    balances = getattr(api, f"futures_account_balance_v{version}")().data()
    positions = getattr(api, f"position_information_v{version}")(symbol=MARKET).data()
    for answer in (account, balances, positions):
        assert_complete(answer)
    assert Decimal(account.total_wallet_balance) == Decimal(box.balance()["wallet"])
    assert [Decimal(row.balance) for row in balances if row.asset == "USDT"] == [Decimal(box.balance()["wallet"])]
    assert [Decimal(row.position_amt) for row in positions] == [-500]


def test_several_at_once(box: Box, api: Any) -> None:
    price = str(far_below(box))
    wanted = {
        "symbol": MARKET, "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "100", "price": price,
    }  # fmt: skip
    placed = api.place_multiple_orders(batch_orders=[wanted, wanted, {**wanted, "quantity": "1"}]).data()
    assert [row.code for row in placed] == [None, None, -4164]
    for row in placed[:2]:
        assert_complete(row, without=fields(("code", "msg")))
        assert_same_order(row, box.order(MARKET, row.order_id))
    ids = [row.order_id for row in placed[:2]]
    changed = {"symbol": MARKET, "side": "BUY", "quantity": "150", "price": price, "modifyId": 3}
    modified = api.modify_multiple_orders(batch_orders=[{**changed, "orderId": number} for number in ids]).data()
    for row in modified:
        assert_complete(row, without=fields(("code", "msg")))
        assert_same_order(row, box.order(MARKET, row.order_id))
    canceled = api.cancel_multiple_orders(symbol=MARKET, order_id_list=[*ids, 1]).data()
    assert [row.code for row in canceled] == [None, None, -2011]
    for row in canceled[:2]:
        assert_complete(row, without=fields(("code", "msg", *TRAILING_ONLY)))
        assert_same_order(row, box.order(MARKET, row.order_id))


def test_canceling_everything_now_and_later(box: Box, api: Any) -> None:
    for _ in range(2):
        api.new_order(**BUY, price=far_below(box))
    later = api.auto_cancel_all_open_orders(symbol=MARKET, countdown_time=600_000).data()
    assert_complete(later)
    assert (later.symbol, int(later.countdown_time)) == (MARKET, 600_000)
    api.auto_cancel_all_open_orders(symbol=MARKET, countdown_time=0)
    done = api.cancel_all_open_orders(symbol=MARKET).data()
    assert_complete(done)
    assert done.code == 200
    assert api.current_all_open_orders().data() == []
    assert {row["status"] for row in box.orders(MARKET)[-2:]} == {"CANCELED"}


def test_an_order_that_is_only_tried(box: Box, api: Any) -> None:
    before = box.orders()
    tried = api.test_order(**BUY, price=far_below(box)).data()
    assert (tried.symbol, tried.side, tried.type, tried.status) == (MARKET, "BUY", "LIMIT", "NEW")
    with pytest.raises(BadRequestError) as refused:
        api.test_order(**{**BUY, "quantity": 1}, price=far_below(box))
    assert refused.value.status_code == -4164
    assert box.orders() == before


def test_settings(box: Box, api: Any) -> None:
    leverage = api.change_initial_leverage(symbol=MARKET, leverage=9).data()
    assert_complete(leverage)
    config = {row.symbol: row for row in api.symbol_configuration().data()}
    assert_complete(list(config.values()))
    assert (leverage.leverage, config[MARKET].leverage) == (9, 9)
    assert leverage.max_notional_value == config[MARKET].max_notional_value
    api.change_initial_leverage(symbol=MARKET, leverage=20)
    for kind in ("ISOLATED", "CROSSED"):
        assert_complete(api.change_margin_type(symbol=MARKET, margin_type=kind).data())
        assert api.symbol_configuration(symbol=MARKET).data()[0].margin_type == kind
    for answer in (
        api.futures_account_configuration(),
        api.get_current_position_mode(),
        api.get_current_multi_assets_mode(),
        api.user_commission_rate(symbol=MARKET),
        api.query_user_rate_limit(),
        api.get_bnb_burn_status(),
    ):
        assert_complete(answer.data())
    # The coefficient is sent to those alone whose brackets are not everybody's.
    for brackets in (api.notional_and_leverage_brackets(), api.notional_and_leverage_brackets(symbol=MARKET)):
        assert_complete(brackets.data(), without={"[].notionalCoef", ".notionalCoef"})
    with pytest.raises(BadRequestError) as unchanged:
        api.change_position_mode(dual_side_position="false")
    assert unchanged.value.status_code == -4059
    with pytest.raises(BadRequestError) as unchanged:
        api.change_margin_type(symbol=MARKET, margin_type="CROSSED")
    assert unchanged.value.status_code == -4046


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"quantity": 5_000_000}, -2019),
        ({"quantity": 20_000_000}, -2027),
        ({"quantity": 1}, -4164),
        ({"price": 0.580001}, -4014),
        ({"price": 0.9}, -4016),
        ({"symbol": "NONEUSDT"}, -1121),
        ({"type": "ICEBERG"}, -1116),
        ({"type": "STOP_MARKET"}, -4120),
        ({"new_client_order_id": "x" * 37}, -4015),
        ({"side": "SELL", "reduce_only": "true"}, -2022),
    ],
)
def test_refusals(box: Box, changes: dict[str, Any], code: int) -> None:
    before = box.orders()
    with pytest.raises(BadRequestError) as refused:
        by_hmac(box).rest_api.new_order(**{**BUY, "price": 0.58, **changes})
    assert refused.value.status_code == code
    assert refused.value.error_message
    assert box.orders() == before


def test_orders_that_there_are_not(box: Box, api: Any) -> None:
    calls = ((api.query_order, -2013), (api.cancel_order, -2011), (api.query_current_open_order, -2013))
    for call, code in calls:
        with pytest.raises(BadRequestError) as refused:
            call(symbol=MARKET, order_id=1)
        assert refused.value.status_code == code


@pytest.mark.parametrize(
    ("given", "kind", "code"),
    [({"secret": "wrong"}, BadRequestError, -1022), ({"key": "nobody"}, UnauthorizedError, -2015)],
)
def test_strangers(box: Box, given: dict[str, str], kind: type[Exception], code: int) -> None:
    with pytest.raises(kind) as refused:
        by_hmac(box, **given).rest_api.futures_account_balance_v3()
    assert refused.value.args[0] == code


def test_what_it_costs_is_told(box: Box, api: Any) -> None:
    order = api.new_order(**BUY, price=far_below(box))
    told = {(limit.rateLimitType, limit.intervalNum, limit.interval) for limit in order.rate_limits}
    assert told == {("REQUEST_WEIGHT", 1, "MINUTE"), ("ORDERS", 10, "SECOND"), ("ORDERS", 1, "MINUTE")}
    api.cancel_order(symbol=MARKET, order_id=order.data().order_id)
