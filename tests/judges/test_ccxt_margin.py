"""ccxt trades with borrowed assets: orders, debts, interest, levels and refusals, as the exchange's ledger has them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import ccxt
import pytest

from tests.judges.box import Box, Row, eventually, exactly
from tests.judges.ccxt_client import by_hmac, by_stranger, spot_symbol_of
from tests.judges.ccxt_spot_words import (
    assert_same_list,
    assert_same_spot_order,
    assert_same_spot_trades,
)
from tests.judges.test_ccxt_spot_orders import at

MARKET = "DOGEUSDT"
SYMBOL = spot_symbol_of(MARKET)
CROSS = {"marginMode": "cross"}
"""ccxt must be told with every new order."""
BORROWING, REPAYING = {**CROSS, "sideEffectType": "MARGIN_BUY"}, {**CROSS, "sideEffectType": "AUTO_REPAY"}
CANCELED: Any = {"is_cancel": True, "status": "canceled", "lastUpdateTimestamp": None}
"""On margin such an answer says no time."""
MORE_THAN_HELD = 1000

pytestmark = pytest.mark.usefixtures("no_debts")


def owed(margin: Box, asset: str) -> Decimal:
    row = margin.wallet()[asset]
    return Decimal(row["borrowed"]) + Decimal(row["interest"])


def whole_lots(margin: Box, beyond: int) -> int:
    """All DOGE there is, and so much more."""
    return int(Decimal(margin.wallet()["DOGE"]["free"])) + beyond


def assert_same_debts(told: Any, margin: Box) -> None:
    """Balances with what is owed; of coins that never were in the account, nothing."""
    wallet = margin.wallet()
    for asset, row in wallet.items():
        assert told[asset] == {
            "free": exactly(row["free"]),
            "used": exactly(row["locked"]),
            "total": exactly(row["total"]),
            "debt": exactly(owed(margin, asset)),
        }, asset
    named = {row["asset"]: row for row in told["info"]["userAssets"]}
    for asset, row in wallet.items():
        shown = [Decimal(named[asset][name]) for name in ("free", "locked", "borrowed", "interest", "netAsset")]
        assert shown == [Decimal(row[name]) for name in ("free", "locked", "borrowed", "interest", "net")], asset


def assert_same_loan(told: Row, truth: Row) -> None:
    assert (told["txId"], told["asset"], told["timestamp"], told["status"]) == (
        truth["id"], truth["asset"], truth["ts_ms"], "CONFIRMED",
    )  # fmt: skip
    assert told["type"] == ("MANUAL" if truth["order_id"] is None else "AUTO")
    parts = Decimal(truth["principal"]), Decimal(truth["interest"])
    assert (Decimal(told["principal"]), Decimal(told["interest"]), Decimal(told["amount"])) == (*parts, sum(parts))


async def test_a_resting_order_from_its_birth_to_its_end(margin: Box, margin_trader: Any) -> None:
    """It is the margin account's: spot's wallet knows nothing of it."""
    of_spot = margin.spot.orders(), margin.spot.wallet()
    placed = await margin_trader.create_order(
        SYMBOL, "limit", "buy", 100, at(margin, "0.9"), {**CROSS, "postOnly": True}
    )
    truth = margin.order(MARKET, placed["id"])
    assert placed["info"]["isIsolated"] is False
    assert_same_spot_order(placed, truth, (), status="open", amount=100.0)
    assert_same_debts(await margin_trader.fetch_balance(), margin)
    assert Decimal(margin.wallet()["USDT"]["locked"]) == 100 * Decimal(truth["price"])
    for asked in (
        await margin_trader.fetch_order(placed["id"], SYMBOL),
        (await margin_trader.fetch_open_orders(SYMBOL))[0],
        (await margin_trader.fetch_open_orders())[0],
        (await margin_trader.fetch_orders(SYMBOL))[-1],
    ):
        assert asked["info"]["isIsolated"] is False
        assert_same_spot_order(asked, truth, timestamp=truth["created_ms"])
    assert await margin_trader.privateGetOpenOrders({"symbol": MARKET}) == []
    canceled = await margin_trader.cancel_order(placed["id"], SYMBOL)
    assert_same_spot_order(canceled, margin.order(MARKET, placed["id"]), **CANCELED)
    assert await margin_trader.fetch_open_orders(SYMBOL) == []
    assert (margin.spot.orders(), margin.spot.wallet()) == of_spot


async def test_canceling_everything(margin: Box, margin_trader: Any) -> None:
    placed = [await margin_trader.create_order(SYMBOL, "limit", "buy", 100, at(margin, "0.9"), CROSS) for _ in range(2)]
    told = await margin_trader.cancel_all_orders(SYMBOL)
    assert {row["id"] for row in told} == {row["id"] for row in placed}
    for row in told:
        assert_same_spot_order(row, margin.order(MARKET, row["id"]), **CANCELED)


async def test_selling_short_and_buying_back(margin: Box, margin_trader: Any) -> None:
    """What is missing is lent, costs interest at once, and is paid back out of what is bought."""
    sold, known = whole_lots(margin, MORE_THAN_HELD), len(margin.loans())
    held = Decimal(margin.wallet()["DOGE"]["free"])
    order = await margin_trader.create_order(SYMBOL, "market", "sell", sold, None, BORROWING)
    truth, executions = margin.order(MARKET, order["id"]), margin.executions(MARKET, order_id=order["id"])
    assert_same_spot_order(order, truth, executions, status="closed", filled=float(sold))
    assert truth["side_effect"] == "MARGIN_BUY"
    (loan,) = margin.loans()[known:]
    assert (loan["kind"], loan["order_id"], loan["asset"]) == ("BORROW", truth["order_id"], "DOGE")
    told = order["info"]
    assert (Decimal(told["marginBuyBorrowAmount"]), told["marginBuyBorrowAsset"]) == (
        Decimal(loan["principal"]),
        "DOGE",
    )
    assert Decimal(loan["principal"]) == sold - held == Decimal(margin.wallet()["DOGE"]["borrowed"])
    assert_same_debts(await margin_trader.fetch_balance(), margin)
    assert_same_spot_trades(await margin_trader.fetch_my_trades(SYMBOL, params={"orderId": order["id"]}), executions)
    (row,) = [row for row in margin.interest("DOGE") if row["ts_ms"] == loan["ts_ms"]]
    assert Decimal(row["interest"]) == owed(margin, "DOGE") - Decimal(loan["principal"]) > 0
    back = await margin_trader.create_order(SYMBOL, "market", "buy", MORE_THAN_HELD + 10, None, REPAYING)
    truth, executions = margin.order(MARKET, back["id"]), margin.executions(MARKET, order_id=back["id"])
    assert_same_spot_order(back, truth, executions, status="closed")
    assert "marginBuyBorrowAmount" not in back["info"]
    assert owed(margin, "DOGE") == 0
    received = Decimal(truth["cum_qty"]) - sum(Decimal(row["fee"]) for row in executions)
    paid = [row for row in margin.loans()[known:] if row["kind"] == "REPAY"]
    assert {row["order_id"] for row in paid} == {truth["order_id"]}
    assert sum(Decimal(row["principal"]) for row in paid) == Decimal(loan["principal"])
    assert sum(Decimal(row["interest"]) for row in paid) == Decimal(row["interest"])
    rest = received - sum(Decimal(row["principal"]) + Decimal(row["interest"]) for row in paid)
    assert Decimal(margin.wallet()["DOGE"]["free"]) == held - int(held) + rest
    assert_same_debts(await margin_trader.fetch_balance(), margin)
    for kind in ("BORROW", "REPAY"):
        rows = (await margin_trader.sapiGetMarginBorrowRepay({"type": kind, "size": 100}))["rows"]
        facts = [fact for fact in margin.loans() if fact["kind"] == kind][::-1][:100]
        assert len(rows) == len(facts)
        for said, fact in zip(rows, facts, strict=True):
            assert_same_loan(said, fact)


async def test_what_an_order_borrowed_and_did_not_use_is_given_back(margin: Box, margin_trader: Any) -> None:
    qty = whole_lots(margin, MORE_THAN_HELD)
    order = await margin_trader.create_order(SYMBOL, "limit", "sell", qty, at(margin, "1.1"), BORROWING)
    borrowed = Decimal(margin.wallet()["DOGE"]["borrowed"])
    assert borrowed == Decimal(margin.order(MARKET, order["id"])["borrowed"]) > MORE_THAN_HELD - 1
    assert Decimal(margin.wallet()["DOGE"]["locked"]) == qty
    await margin_trader.cancel_order(order["id"], SYMBOL)
    # But for the interest, which was paid out of it.
    assert owed(margin, "DOGE") < borrowed / 1000
    assert_same_debts(await margin_trader.fetch_balance(), margin)


async def test_loans_by_hand(margin: Box, margin_trader: Any) -> None:
    known = len(margin.loans())
    lent = await margin_trader.borrow_cross_margin("DOGE", 2000)
    loan = margin.loans()[-1]
    assert (lent["id"], lent["currency"], lent["amount"]) == (str(loan["id"]), "DOGE", None)
    assert (loan["kind"], Decimal(loan["principal"]), loan["order_id"]) == ("BORROW", Decimal(2000), None)
    assert_same_debts(await margin_trader.fetch_balance(), margin)
    debt = owed(margin, "DOGE")
    paid = await margin_trader.repay_cross_margin("DOGE", 500)
    row = margin.loans()[-1]
    assert (int(paid["id"]), row["kind"], Decimal(row["principal"]) + Decimal(row["interest"])) == (
        row["id"], "REPAY", Decimal(500),
    )  # fmt: skip
    # Interest first.
    assert Decimal(row["interest"]) == debt - 2000
    assert owed(margin, "DOGE") == debt - 500
    assert_same_debts(await margin_trader.fetch_balance(), margin)
    assert [row["kind"] for row in margin.loans()[known:]] == ["BORROW", "REPAY"]


async def test_how_far_it_goes(margin: Box, margin_trader: Any) -> None:
    """What can be borrowed can, what is more cannot; and what is told of the level is so when it is told."""
    most = await margin_trader.sapiGetMarginMaxBorrowable({"asset": "USDT"})
    amount = min(Decimal(most["amount"]), Decimal(most["borrowLimit"]))
    wallet = margin.wallet()
    with pytest.raises(ccxt.ExchangeError, match="-3006"):
        await margin_trader.borrow_cross_margin("USDT", float(round(amount * Decimal("1.05"), 2)))
    assert margin.wallet() == wallet
    await margin_trader.borrow_cross_margin("USDT", float(round(amount * Decimal("0.95"), 2)))
    assert Decimal(margin.wallet()["USDT"]["borrowed"]) > amount * Decimal("0.94")

    async def same() -> bool:
        before = margin.level()
        told = await margin_trader.sapiGetMarginAccount()
        same: bool = before == Decimal(told["marginLevel"]) == margin.level()
        return same

    await eventually("the same level on both ways", same)
    told = await margin_trader.sapiGetMarginAccount()
    worth, debts = Decimal(told["totalAssetOfBtc"]), Decimal(told["totalLiabilityOfBtc"])
    assert abs(worth / debts - Decimal(told["marginLevel"])) < Decimal("0.0001")
    assert abs(worth - debts - Decimal(told["totalNetAssetOfBtc"])) < Decimal("0.0000001")
    bars = await margin_trader.sapiGetMarginTradeCoeff()
    assert 1 < Decimal(bars["forceLiquidationBar"]) < Decimal(bars["marginCallBar"]) < Decimal(told["marginLevel"])
    # Who owes so much takes out nothing but what is beyond twice of it.
    out = await margin_trader.sapiGetMarginMaxTransferable({"asset": "USDT"})
    assert Decimal(out["amount"]) == 0


async def test_assets_that_move_between_the_wallets(margin: Box, margin_trader: Any) -> None:
    before = margin.wallet(), margin.spot.wallet()
    await margin_trader.transfer("USDT", 250, "spot", "cross")
    after = margin.wallet(), margin.spot.wallet()
    moved = [
        Decimal(new["USDT"]["total"]) - Decimal(old["USDT"]["total"]) for old, new in zip(before, after, strict=True)
    ]
    assert moved == [250, -250]
    await margin_trader.transfer("USDT", 250, "cross", "spot")
    assert (margin.wallet(), margin.spot.wallet()) == before


@pytest.mark.parametrize(
    ("kind", "text", "amount", "price", "more"),
    [
        (ccxt.InsufficientFunds, "insufficient balance", 900_000, 0.6, CROSS),
        (ccxt.ExchangeError, "-3006", 8_000_000, 0.6, BORROWING),
        (ccxt.InsufficientFunds, "insufficient balance", 900_000, 0.6, REPAYING),
        (ccxt.BadRequest, "Filter failure: NOTIONAL", 1, 0.6, CROSS),
        (
            ccxt.BadRequest,
            "sideEffectType",
            100,
            0.6,
            {**CROSS, "sideEffectType": "NOTHING"},
        ),
        (ccxt.ExchangeError, "-11001", 100, 0.6, {"marginMode": "isolated"}),
    ],
)
async def test_orders_that_are_refused(
    margin: Box, margin_trader: Any, kind: type[Exception], text: str, amount: float, price: float, more: Row
) -> None:
    """Nothing is borrowed for what does not come."""
    before = margin.orders(), margin.wallet(), margin.loans()
    with pytest.raises(kind, match=text):
        await margin_trader.create_order(SYMBOL, "limit", "sell", amount, price, more)
    assert (margin.orders(), margin.wallet(), margin.loans()) == before


async def test_loans_that_are_refused(margin: Box, margin_trader: Any) -> None:
    before = margin.wallet(), margin.loans()
    with pytest.raises(ccxt.ExchangeError, match="-3015"):
        await margin_trader.repay_cross_margin("DOGE", 10)
    with pytest.raises(ccxt.ExchangeError, match="-3006"):
        await margin_trader.borrow_cross_margin("BTC", 900)
    with pytest.raises(ccxt.ExchangeError, match="-3027"):
        await margin_trader.sapiPostMarginBorrowRepay({"asset": "NONE", "amount": "1", "type": "BORROW"})
    assert (margin.wallet(), margin.loans()) == before


async def test_orders_that_there_are_not(margin_trader: Any) -> None:
    with pytest.raises(ccxt.OrderNotFound, match="-2013"):
        await margin_trader.fetch_order("1", SYMBOL)
    with pytest.raises(ccxt.OrderNotFound, match="-2011"):
        await margin_trader.cancel_order("1", SYMBOL)


@pytest.mark.parametrize(("given", "code"), [({"secret": "wrong"}, -1022), ({"key": "nobody"}, -2015)])
async def test_strangers(margin: Box, given: dict[str, str], code: int) -> None:
    async with by_stranger(margin, **given) as client:
        for call in (client.fetch_balance, client.fetch_open_orders):
            with pytest.raises(ccxt.AuthenticationError, match=f'"code":{code},'):
                await call()


async def test_an_hmac_key_signs_too(margin: Box) -> None:
    async with by_hmac(margin) as client:
        order = await client.create_order(SYMBOL, "limit", "buy", 100, at(margin, "0.9"), CROSS)
        assert_same_spot_order(order, margin.order(MARKET, order["id"]), (), status="open")
        canceled = await client.cancel_order(order["id"], SYMBOL)
        assert_same_spot_order(canceled, margin.order(MARKET, order["id"]), **CANCELED)


async def test_one_cancels_the_other_and_the_debt_is_paid(margin: Box, margin_trader: Any) -> None:
    """A short position whose way back, either way, is one list."""
    held = whole_lots(margin, 0)
    await margin_trader.create_order(SYMBOL, "market", "sell", held + 500, None, BORROWING)
    told = await margin_trader.sapiPostMarginOrderOco({
        "symbol": MARKET, "side": "BUY", "quantity": "510", "price": str(at(margin, "0.985")),
        "stopPrice": str(at(margin, "1.015")), "sideEffectType": "AUTO_REPAY",
    })  # fmt: skip
    assert_same_list(told, margin, "OCO")
    assert (told["isIsolated"], len(told["orderReports"])) == (False, 2)
    reports = {report["type"]: report["orderId"] for report in told["orderReports"]}
    margin.admin("price", {"symbol": MARKET, "price": str(at(margin, "1.02"))})
    stop, limit = reports["STOP_LOSS"], reports["LIMIT_MAKER"]
    filled = await eventually(
        "the stop to be filled",
        lambda: found if (found := margin.order(MARKET, stop))["status"] == "FILLED" else None,
    )
    executions = margin.executions(MARKET, order_id=stop)
    assert_same_spot_order(await margin_trader.fetch_order(str(stop), SYMBOL), filled, executions, status="closed")
    lost = await margin_trader.fetch_order(str(limit), SYMBOL)
    assert_same_spot_order(lost, margin.order(MARKET, limit), (), status="expired")
    assert owed(margin, "DOGE") == 0
    ended = await margin_trader.sapiGetMarginOrderList({"orderListId": told["orderListId"]})
    assert_same_list(ended, margin, "OCO")
    assert ended["listOrderStatus"] == "ALL_DONE"
    assert_same_debts(await margin_trader.fetch_balance(), margin)
