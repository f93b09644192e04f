"""What a margin account hears of itself: orders and balances by ccxt, debts and its level by Binance's SDK."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.judges.box import Box, Row, eventually, exactly
from tests.judges.ccxt_client import by_ed25519, by_hmac, spot_symbol_of
from tests.judges.ccxt_spot_words import assert_same_balance, assert_same_spot_order, assert_same_spot_trades
from tests.judges.following import Following
from tests.judges.sdk_client import Listening, assert_complete, flattened, streams
from tests.judges.sdk_client import by_hmac as sdk_by_hmac
from tests.judges.test_ccxt_margin import BORROWING, CROSS, owed, whole_lots
from tests.judges.test_ccxt_spot_orders import at

MARKET = "DOGEUSDT"
SYMBOL = spot_symbol_of(MARKET)

pytestmark = pytest.mark.usefixtures("no_debts")


@pytest.mark.parametrize(("make", "renewals"), [(by_ed25519, 0), (by_hmac, 2)])
async def test_the_account_s_own_news(margin: Box, make: Any, renewals: int) -> None:
    """A listen token brings them, and a new one before the old one ends changes nothing: each is told once."""
    async with (
        make(margin) as client,
        Following(client.watch_orders) as orders,
        Following(client.watch_my_trades) as trades,
        Following(client.watch_balance) as money,
    ):
        followers = (orders, trades, money)

        async def heard() -> bool:
            await client.create_order(SYMBOL, "market", "buy", 20, None, CROSS)
            for follower in followers:
                follower.check()
            return all(follower.told for follower in followers)

        await eventually("the first news", heard)
        for _ in range(renewals):
            # ccxt asks for no other token within the time that this option names.
            client.options["listenTokenRefreshRate"] = -20_000
            before = client.options["margin"]["listenToken"]
            await client.renew_listen_token()
            assert client.options["margin"]["listenToken"] != before
        client.options["listenTokenRefreshRate"] = 82_800_000
        first, executed = len(margin.orders()), len(margin.executions())
        # Of spot's wallet nothing is told.
        margin.spot.admin("trade", {"symbol": MARKET, "side": "BUY", "qty": "30"})
        sold = await client.create_order(SYMBOL, "market", "sell", whole_lots(margin, 500), None, BORROWING)
        resting = await client.create_order(SYMBOL, "limit", "buy", 100, at(margin, "0.9"), CROSS)
        await client.cancel_order(resting["id"], SYMBOL)
        executions, wallet = margin.executions()[executed:], margin.wallet()

        def complete() -> bool:
            for follower in followers:
                follower.check()
            last = [row["status"] for row in orders.told if row["id"] == resting["id"]]
            return (
                last[-1:] == ["canceled"]
                and executions[-1]["exec_id"] in {int(row["id"]) for row in trades.told}
                and money.told[-1].get("USDT", {}).get("used") == exactly(wallet["USDT"]["locked"])
            )

        await eventually("all news", complete)
        known = {str(row["exec_id"]) for row in margin.executions()}
        assert {row["id"] for row in trades.told} <= known
        ids = {str(row["exec_id"]) for row in executions}
        assert_same_spot_trades([row for row in trades.told if row["id"] in ids], executions)
        for truth in margin.orders()[first:]:
            told = [row for row in orders.told if row["id"] == str(truth["order_id"])]
            assert_same_spot_order(told[-1], truth, timestamp=truth["created_ms"])
        # ccxt keeps one row of an order: who looks late sees the last of its states alone.
        states = [(row["info"]["x"], row["status"]) for row in orders.told if row["id"] == resting["id"]]
        assert states in ([("NEW", "open"), ("CANCELED", "canceled")], [("CANCELED", "canceled")])
        assert sold["id"] in {row["id"] for row in orders.told}
        assert_same_balance(money.told[-1], wallet, ("USDT", "DOGE"))


class Risk:
    """The SDK's stream of an account's risk."""

    def __init__(self, news: Listening) -> None:
        self.news = news

    def told(self, kind: str) -> list[Row]:
        events = [event.actual_instance for event in self.news.told]
        return [flattened(event) for event in events if type(event).__name__ == kind]

    @property
    def debts(self) -> list[tuple[str, str, Decimal, Decimal]]:
        rows = self.told("UserLiabilityChange")
        return [(row["a"], row["t"], Decimal(row["p"]), Decimal(row["i"])) for row in rows]


async def test_debts_are_told(margin: Box, no_complaints: None) -> None:
    """Borrowed and paid back, by hand and by an order: each with what is owed then."""
    client = sdk_by_hmac(margin)
    api = client.rest_api
    async with streams(client) as connection:
        key = api.start_user_data_stream().data().listen_key
        assert api.start_user_data_stream().data().listen_key == key
        api.keepalive_user_data_stream(listen_key=key)
        risk = Risk(await Listening(connection).to("risk_data", listenKey=key))
        loan = {"asset": "DOGE", "is_isolated": "FALSE"}
        expected = []
        for kind, amount in (("BORROW", "1000"), ("BORROW", "500"), ("REPAY", "700")):
            api.margin_account_borrow_repay(**loan, amount=amount, type=kind)
            row = margin.wallet()["DOGE"]
            expected.append(("DOGE", kind, Decimal(row["borrowed"]), Decimal(row["interest"])))
        await risk.news.until(lambda: len(risk.debts) >= len(expected))
        assert risk.debts == expected
        back = {"symbol": MARKET, "side": "BUY", "type": "MARKET", "quantity": 900, "side_effect_type": "AUTO_REPAY"}
        api.margin_account_new_order(**back)
        assert owed(margin, "DOGE") == 0
        await risk.news.until(
            lambda: risk.debts[-1] == ("DOGE", "REPAY", Decimal(0), Decimal(0)), "the end of the debt"
        )
        for event in risk.news.told:
            assert_complete(event)


async def test_levels_are_told(margin: Box, no_complaints: None) -> None:
    """Short with all that can be borrowed, when the price rises: a call, and in the end the exchange buys back."""
    client = sdk_by_hmac(margin)
    api = client.rest_api
    wallet = margin.wallet()
    for asset, row in wallet.items():
        spare = Decimal(row["free"]) - (10_000 if asset == "USDT" else 0)
        if spare > 0:
            margin.admin("deposit", {"asset": asset, "amount": str(-spare), "margin": True})
    async with streams(client) as connection:
        key = api.start_user_data_stream_v2().data().listen_key
        risk = Risk(await Listening(connection).to("risk_data", listenKey=key))
        most = api.query_max_borrow(asset="DOGE").data()
        amount = int(min(Decimal(most.amount), Decimal(most.borrow_limit)) * Decimal("0.95"))
        api.margin_account_borrow_repay(asset="DOGE", is_isolated="FALSE", amount=str(amount), type="BORROW")
        held = int(Decimal(margin.wallet()["DOGE"]["free"]))
        margin.admin("trade", {"account": margin.account, "symbol": MARKET, "side": "SELL", "qty": str(held)})

        def steps() -> list[str]:
            return [row["s"] for row in risk.told("MarginLevelStatusChange")]

        def driven() -> bool:
            """Past the call only when it was made, as the exchange looks at accounts now and then."""
            assert not risk.news.errors
            if margin.level() > Decimal("1.25") or "MARGIN_CALL" in steps():
                margin.admin("price", {"symbol": MARKET, "price": str(at(margin, "1.02"))})
            return "FORCE_LIQUIDATION" in steps()

        await eventually("the account to be liquidated", driven)
        await risk.news.until(lambda: risk.debts[-1][1:3] == ("REPAY", Decimal(0)), "the end of the debt")
        levels = [Decimal(row["l"]) for row in risk.told("MarginLevelStatusChange")]
    bars = api.get_summary_of_margin_account().data()
    assert steps().index("MARGIN_CALL") < steps().index("FORCE_LIQUIDATION")
    for step, level in zip(steps(), levels, strict=True):
        if step == "MARGIN_CALL":
            assert Decimal(bars.force_liquidation_bar) < level <= Decimal(bars.margin_call_bar)
        if step == "FORCE_LIQUIDATION":
            assert level <= Decimal(bars.force_liquidation_bar)
    forced = api.get_force_liquidation_record(size=100).data()
    assert_complete(forced)
    truth = [row for row in margin.orders() if row["forced"]]
    assert {row.order_id for row in forced.rows} == {row["order_id"] for row in truth}
    assert [(row.side, Decimal(row.qty), Decimal(row.executed_qty), row.updated_time) for row in forced.rows] == [
        (row["side"], Decimal(row["qty"]), Decimal(row["cum_qty"]), row["updated_ms"]) for row in truth[::-1]
    ]
    for row, fact in zip(forced.rows, truth[::-1], strict=True):
        assert abs(Decimal(row.avg_price) * Decimal(row.executed_qty) - Decimal(fact["cum_quote"])) < Decimal("0.01")
    for event in risk.news.told:
        assert_complete(event)
