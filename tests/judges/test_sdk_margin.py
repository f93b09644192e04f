"""Binance's SDK borrows and trades on margin: every reply fills its model, and every value is the ledger's."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from binance_common.errors import BadRequestError

from tests.judges.box import Box, Row, eventually
from tests.judges.ccxt_spot_words import assert_same_list
from tests.judges.sdk_client import assert_complete, by_ed25519, by_hmac, flattened
from tests.judges.test_ccxt_margin import owed, whole_lots
from tests.judges.test_ccxt_spot_orders import at

pytestmark = pytest.mark.usefixtures("no_debts", "no_complaints")

MARKET = "DOGEUSDT"
BUY = {"symbol": MARKET, "side": "BUY", "type": "LIMIT", "time_in_force": "GTC", "quantity": 100}
LISTED = {".marginBuyBorrowAmount", ".marginBuyBorrowAsset"}
"""Of what borrowed."""
REPORTS = {f".orderReports[].{name}" for name in ("stopPrice", "icebergQty", "trailingDelta", "trailingTime")}


@pytest.fixture(params=[by_ed25519, by_hmac], ids=["ed25519", "hmac"])
def api(margin: Box, request: pytest.FixtureRequest) -> Any:
    make: Callable[[Box], Any] = request.param
    return make(margin).rest_api


@pytest.fixture
def api_with_debts(margin: Box) -> Any:
    return by_hmac(margin).rest_api


def assert_same_order(told: Any, truth: Row) -> None:
    assert (told.symbol, int(told.order_id), told.side, told.status, told.is_isolated) == (
        truth["symbol"], truth["order_id"], truth["side"], truth["status"], False,
    )  # fmt: skip
    assert [Decimal(text) for text in (told.price, told.orig_qty, told.executed_qty, told.cummulative_quote_qty)] == [
        Decimal(truth[name] or 0) for name in ("price", "qty", "cum_qty", "cum_quote")
    ]


def test_a_resting_order_from_its_birth_to_its_end(margin: Box, api: Any) -> None:
    placed = api.margin_account_new_order(**BUY, price=at(margin, "0.9"), new_client_order_id="judge-m").data()
    assert_complete(placed, without=LISTED)
    assert (placed.client_order_id, placed.fills) == ("judge-m", [])
    by_number = {"symbol": MARKET, "order_id": placed.order_id}
    for told in (
        placed,
        api.query_margin_accounts_order(**by_number).data(),
        api.query_margin_accounts_order(symbol=MARKET, orig_client_order_id="judge-m").data(),
        api.query_margin_accounts_open_orders(symbol=MARKET).data()[0],
        api.query_margin_accounts_open_orders().data()[0],
        api.query_margin_accounts_all_orders(symbol=MARKET).data()[-1],
    ):
        assert_same_order(told, margin.order(MARKET, placed.order_id))
        assert_complete(told, without=LISTED)
    canceled = api.margin_account_cancel_order(**by_number).data()
    assert_complete(canceled, beside={".selfTradePreventionMode"})
    assert_same_order(canceled, margin.order(MARKET, placed.order_id))
    assert (canceled.status, canceled.orig_client_order_id) == ("CANCELED", "judge-m")
    api.margin_account_new_order(**BUY, price=at(margin, "0.9"))
    (ended,) = api.margin_account_cancel_all_open_orders_on_a_symbol(symbol=MARKET).data()
    told = flattened(ended)
    assert (told["status"], told["orderListId"], told["isIsolated"]) == ("CANCELED", -1, False)
    assert margin.order(MARKET, told["orderId"])["status"] == "CANCELED"


def test_executions_and_the_account(margin: Box, api: Any) -> None:
    for side, qty in (("BUY", 4000), ("SELL", 1000)):
        order = api.margin_account_new_order(symbol=MARKET, side=side, type="MARKET", quantity=qty).data()
        assert_complete(order, without=LISTED)
        executions = margin.executions(MARKET, order_id=order.order_id)
        assert_same_order(order, margin.order(MARKET, order.order_id))
        assert [
            (row.trade_id, Decimal(row.price), Decimal(row.qty), Decimal(row.commission)) for row in order.fills
        ] == [(row["exec_id"], Decimal(row["px"]), Decimal(row["qty"]), Decimal(row["fee"])) for row in executions]
    told, truth = api.query_margin_accounts_trade_list(symbol=MARKET, limit=1000).data(), margin.executions(MARKET)
    assert_complete(told)
    assert [
        (row.id, row.order_id, row.is_buyer, row.is_maker, row.time, row.commission_asset, row.is_isolated)
        for row in told
    ] == [
        (
            row["exec_id"], row["order_id"], row["side"] == "BUY", row["is_maker"], row["ts_ms"], row["fee_asset"],
            False,
        )
        for row in truth
    ]  # fmt: skip
    account = api.query_cross_margin_account_details().data()
    # The SDK's model has not heard of the loss that open orders may be.
    assert_complete(account, beside={".totalOpenOrderLossInUSDT"})
    shown = {row.asset: row for row in account.user_assets}
    for asset, row in margin.wallet().items():
        one = shown[asset]
        assert [Decimal(text) for text in (one.free, one.locked, one.borrowed, one.interest, one.net_asset)] == [
            Decimal(row[name]) for name in ("free", "locked", "borrowed", "interest", "net")
        ], asset
    assert Decimal(account.margin_level) == Decimal(account.collateral_margin_level) == margin.level() == 999
    price = Decimal(margin.admin("status")["symbols"]["BTCUSDT"]["last_px"])
    worth = Decimal(account.total_asset_of_btc) * price
    # Both at the prices of one moment, and this one is not long after it.
    assert abs(Decimal(account.total_collateral_value_in_usdt) / worth - 1) < Decimal("0.01")


def test_loans_and_their_records(margin: Box, api: Any) -> None:
    borrow = {"asset": "DOGE", "is_isolated": "FALSE"}
    lent = api.margin_account_borrow_repay(**borrow, amount="1500", type="BORROW").data()
    assert_complete(lent)
    paid = api.margin_account_borrow_repay(**borrow, amount="600", type="REPAY").data()
    assert [row["id"] for row in margin.loans()[-2:]] == [lent.tran_id, paid.tran_id]
    for kind, number in (("BORROW", lent.tran_id), ("REPAY", paid.tran_id)):
        told = api.query_borrow_repay_records_in_margin_account(type=kind, tx_id=number).data()
        assert_complete(told, without={".rows[].isolatedSymbol"})
        (row,) = told.rows
        (truth,) = (fact for fact in margin.loans() if fact["id"] == number)
        assert (row.type, row.status, row.asset, row.timestamp) == ("MANUAL", "CONFIRMED", "DOGE", truth["ts_ms"])
        assert (Decimal(row.principal), Decimal(row.interest)) == (
            Decimal(truth["principal"]),
            Decimal(truth["interest"]),
        )
        assert Decimal(row.amount) == Decimal(row.principal) + Decimal(row.interest)
    history = api.get_interest_history(asset="DOGE", size=100).data()
    assert_complete(history, without={".rows[].isolatedSymbol"})
    assert [(row.tx_id, Decimal(row.interest), Decimal(row.principal)) for row in history.rows] == [
        (row["id"], Decimal(row["interest"]), Decimal(row["principal"])) for row in margin.interest("DOGE")[::-1]
    ]
    (fees,) = api.query_cross_margin_fee_data(coin="DOGE").data()
    for row in history.rows:
        assert Decimal(row.interest_rate) == Decimal(fees.daily_interest)
        assert abs(Decimal(row.principal) * Decimal(row.interest_rate) / 24 - Decimal(row.interest)) < Decimal("1e-8")
    most = api.query_max_borrow(asset="DOGE").data()
    assert_complete(most)
    with pytest.raises(BadRequestError) as refused:
        too_much = min(Decimal(most.amount), Decimal(most.borrow_limit)) * 2
        api.margin_account_borrow_repay(**borrow, amount=f"{too_much:.0f}", type="BORROW")
    assert refused.value.args[0] == -3006
    out = api.query_max_transfer_out_amount(asset="DOGE").data()
    assert_complete(out)
    # All of it: the rest is worth far more than what is owed.
    assert Decimal(out.amount) == Decimal(margin.wallet()["DOGE"]["free"])


def test_an_order_that_borrows(margin: Box, api_with_debts: Any, caplog: pytest.LogCaptureFixture) -> None:
    """The SDK's model takes whole numbers alone for what was borrowed, where the exchange tells text."""
    margin.admin("deposit", {"asset": "DOGE", "amount": "0.95", "margin": True})
    api, qty = api_with_debts, whole_lots(margin, 700)
    sold = api.margin_account_new_order(
        symbol=MARKET, side="SELL", type="MARKET", quantity=qty, side_effect_type="MARGIN_BUY"
    ).data()
    (complaint,) = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert "marginBuyBorrowAmount" in complaint and "1 validation error" in complaint
    caplog.clear()
    # So it gives up, and the answer is as it was on the wire.
    loan = margin.loans()[-1]
    assert (sold["marginBuyBorrowAsset"], loan["order_id"]) == ("DOGE", sold["orderId"])
    assert Decimal(loan["principal"]) == Decimal(sold["marginBuyBorrowAmount"])
    back = api.margin_account_new_order(
        symbol=MARKET, side="BUY", type="MARKET", quantity=710, side_effect_type="AUTO_REPAY"
    ).data()
    assert_complete(back, without=LISTED)
    assert owed(margin, "DOGE") == 0
    flow = api.query_cross_isolated_margin_capital_flow(asset="DOGE", limit=1000).data()
    assert_complete(flow, without={"[].symbol", "[].note"})
    assert {"BORROW", "REPAY"} <= {row.type for row in flow}
    moved = [row for row in margin.admin(f"income?account={margin.account}") if row["asset"] == "DOGE"]
    assert [(row.timestamp, Decimal(row.amount)) for row in flow] == [
        (row["ts_ms"], Decimal(row["amount"])) for row in moved[-1000:]
    ]
    assert sum(Decimal(row["amount"]) for row in moved) == Decimal(margin.wallet()["DOGE"]["total"])


LISTS: dict[str, tuple[str, dict[str, Any], dict[str, str]]] = {
    "oco": ("OCO", {"side": "SELL", "quantity": 40}, {"price": "1.05", "stop_price": "0.95"}),
    "oto": (
        "OTO",
        {
            "working_type": "LIMIT", "working_side": "BUY", "working_time_in_force": "GTC", "working_quantity": 60,
            "working_iceberg_qty": 60, "pending_type": "LIMIT", "pending_side": "SELL", "pending_quantity": 50,
            "pending_time_in_force": "GTC",
        },
        {"working_price": "0.9", "pending_price": "1.1"},
    ),
    "otoco": (
        "OTO",
        {
            "working_type": "LIMIT", "working_side": "BUY", "working_time_in_force": "GTC", "working_quantity": 60,
            "pending_side": "SELL", "pending_quantity": 50, "pending_above_type": "LIMIT_MAKER",
            "pending_below_type": "STOP_LOSS",
        },
        {"working_price": "0.9", "pending_above_price": "1.1", "pending_below_stop_price": "0.8"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", LISTS)
def test_lists(margin: Box, api: Any, kind: str) -> None:
    contingency, wanted, prices = LISTS[kind]
    place = getattr(api, f"margin_account_new_{kind}")
    placed = place(symbol=MARKET, **wanted, **{name: at(margin, factor) for name, factor in prices.items()}).data()
    assert_complete(placed, without=LISTED | REPORTS, beside={".orderReports[].icebergQty"})
    truth = assert_same_list(flattened(placed), margin, contingency)
    assert (placed.is_isolated, truth["status"]) == (False, "EXECUTING")
    assert len(truth["order_ids"]) == (3 if kind == "otoco" else 2)
    number = truth["list_id"]
    for told in (
        api.query_margin_accounts_oco(order_list_id=number).data(),
        api.query_margin_accounts_all_oco().data()[-1],
        api.query_margin_accounts_open_oco().data()[0],
    ):
        assert_complete(told)
        assert_same_list(flattened(told), margin, contingency)
    (ended,) = [api.margin_account_cancel_oco(symbol=MARKET, order_list_id=number).data()]
    assert_complete(ended, without=REPORTS, beside={".orderReports[].icebergQty"})
    assert assert_same_list(flattened(ended), margin, contingency)["status"] == "ALL_DONE"
    assert {margin.order(MARKET, each)["status"] for each in truth["order_ids"]} == {"CANCELED"}
    assert {Decimal(row["locked"]) for row in margin.wallet().values()} == {0}


async def test_what_is_bought_is_sold_again(margin: Box, api_with_debts: Any) -> None:
    """The working order is filled; its pair then locks what it bought, and one of them sells it."""
    contingency, wanted, _ = LISTS["otoco"]
    prices = {
        "working_price": at(margin, "0.99"), "pending_above_price": at(margin, "1.03"),
        "pending_below_stop_price": at(margin, "0.8"),
    }  # fmt: skip
    placed = api_with_debts.margin_account_new_otoco(symbol=MARKET, **wanted, **prices).data()
    truth = assert_same_list(flattened(placed), margin, contingency)

    def done(kind: str) -> bool:
        rows = [margin.order(MARKET, each) for each in truth["order_ids"]]
        return [row["status"] for row in rows if row["side"] == kind].count("FILLED") == 1

    margin.admin("price", {"symbol": MARKET, "price": str(at(margin, "0.985"))})
    await eventually("the working order to be filled", lambda: done("BUY"))
    assert Decimal(margin.wallet()["DOGE"]["locked"]) == 50
    margin.admin("price", {"symbol": MARKET, "price": str(at(margin, "1.07"))})
    await eventually("one of its pair to be filled", lambda: done("SELL"))
    told = api_with_debts.query_margin_accounts_oco(order_list_id=truth["list_id"]).data()
    assert assert_same_list(flattened(told), margin, contingency)["status"] == "ALL_DONE"
    assert Decimal(margin.wallet()["DOGE"]["locked"]) == 0


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"quantity": 8_000_000, "price": 0.6}, -2010),
        ({"quantity": 1}, -1013),
        ({"price": 0.580001}, -1013),
        ({"symbol": "NONEUSDT"}, -1121),
        ({"side_effect_type": "WHATEVER"}, None),
        ({"is_isolated": "TRUE"}, -11001),
        ({"side": "SELL", "quantity": 890_000, "side_effect_type": "MARGIN_BUY"}, -3006),
    ],
)
def test_orders_that_are_refused(margin: Box, api_with_debts: Any, changes: dict[str, Any], code: int | None) -> None:
    before = margin.orders(), margin.wallet(), margin.loans()
    with pytest.raises(BadRequestError) as refused:
        api_with_debts.margin_account_new_order(**{**BUY, "price": at(margin, "0.9"), **changes})
    assert code in (None, refused.value.args[0])
    assert (margin.orders(), margin.wallet(), margin.loans()) == before


def test_what_there_is(margin: Box, api_with_debts: Any) -> None:
    api = api_with_debts
    complete = (
        api.get_limit_price_pairs(), api.get_delist_schedule(), api.get_list_schedule(),
        api.query_cross_margin_fee_data(), api.query_cross_margin_fee_data(coin="DOGE"),
        api.get_future_hourly_interest_rate(assets="DOGE,BTC", is_isolated="FALSE"),
        api.query_margin_interest_rate_history(asset="DOGE"), api.query_current_margin_order_count_usage(),
        api.get_summary_of_margin_account(), api.get_margin_restricted_assets(),
        api.query_margin_available_inventory(type="MARGIN"), api.get_force_liquidation_record(),
        api.get_bnb_burn_status(), api.get_all_isolated_margin_symbol(), api.query_isolated_margin_account_info(),
        api.query_enabled_isolated_margin_account_limit(), api.start_user_data_stream(),
        api.start_user_data_stream_v2(), api.query_prevented_matches(symbol=MARKET, order_id=1),
    )  # fmt: skip
    for answer in complete:
        assert_complete(answer.data())
    pairs, assets = api.get_all_cross_margin_pairs().data(), api.get_all_margin_assets().data()
    assert_complete([*pairs, *assets], without={"[].delistTime"})
    info = margin.public("/api/v3/exchangeInfo")["symbols"]
    assert {row.symbol for row in pairs} == {row["symbol"] for row in info if row["isMarginTradingAllowed"]}
    assert {row.asset_name for row in assets} >= {row.base for row in pairs} | {row.quote for row in pairs}
    with pytest.raises(BadRequestError) as refused:
        api.margin_account_borrow_repay(asset="NONE", amount="1", type="BORROW", is_isolated="FALSE")
    assert refused.value.args[0] == -3027
