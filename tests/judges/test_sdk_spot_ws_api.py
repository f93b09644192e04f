"""Binance's SDK trades assets over its WS-API connection, and hears there of its account."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import aiohttp
import pytest
from binance_common.constants import TimeUnit

from tests.judges.box import Box, eventually, soon
from tests.judges.ccxt_spot_words import assert_same_list, word_of
from tests.judges.sdk_client import Listening, assert_complete, by_ed25519, by_hmac, flattened, streams, ws_api
from tests.judges.sdk_spot_words import assert_same_spot_order, at_times
from tests.judges.test_ccxt_spot_orders import at
from tests.judges.test_sdk_spot_trading import BUY, MARKET, PLAIN, pair

pytestmark = pytest.mark.usefixtures("none_open")

FITTING = pytest.mark.usefixtures("no_complaints")
"""Of tests in which nothing is refused, which the SDK complains of too."""
RESULT = at_times(".result", more=PLAIN)
LIST = {
    f".result.{name}"
    for name in (
        "contingencyType", "listStatusType", "listOrderStatus", "listClientOrderId", "transactionTime", "orders",
        "orderReports",
    )
}  # fmt: skip
"""Fields of an answer about a list, in models that serve both."""
KEYS = pytest.mark.parametrize("make", [by_ed25519, by_hmac])


@FITTING
@KEYS
async def test_an_order_from_its_birth_to_its_end(spot: Box, make: Any) -> None:
    async with ws_api(make(spot)) as api:
        placed = (await soon(api.order_place(**BUY, price=at(spot, "0.9"), new_client_order_id="by-socket"))).data()
        assert_complete(placed, without=RESULT)
        order_id = placed.result.order_id
        assert_same_spot_order(placed.result, spot.order(MARKET, order_id))
        assert (placed.result.client_order_id, placed.result.status) == ("by-socket", "NEW")
        by_number = {"symbol": MARKET, "order_id": order_id}
        for asked in (
            (await soon(api.order_status(**by_number))).data().result,
            (await soon(api.order_status(symbol=MARKET, orig_client_order_id="by-socket"))).data().result,
            (await soon(api.open_orders_status(symbol=MARKET))).data().result[0],
            (await soon(api.all_orders(symbol=MARKET))).data().result[-1],
        ):
            assert_complete(asked, without=at_times())
            assert_same_spot_order(asked, spot.order(MARKET, order_id))
        amended = (
            await soon(api.order_amend_keep_priority(**by_number, new_qty=90, new_client_order_id="by-socket"))
        ).data()
        told = amended.result.amended_order
        assert (told.order_id, told.client_order_id, Decimal(told.qty)) == (order_id, "by-socket", Decimal(90))
        assert Decimal(spot.order(MARKET, order_id)["qty"]) == 90
        (amendment,) = (await soon(api.order_amendments(**by_number))).data().result
        assert (Decimal(amendment.orig_qty), Decimal(amendment.new_qty)) == (Decimal(100), Decimal(90))
        canceled = (await soon(api.order_cancel(**by_number))).data()
        assert_complete(canceled, without=RESULT | LIST)
        assert_same_spot_order(canceled.result, spot.order(MARKET, order_id), is_cancel=True)
        assert canceled.result.status == "CANCELED"


@FITTING
async def test_replacing(spot: Box) -> None:
    async with ws_api(by_ed25519(spot)) as api:
        first = (await soon(api.order_place(**BUY, price=at(spot, "0.9")))).data().result
        both = (
            await soon(
                api.order_cancel_replace(
                    **BUY, price=at(spot, "0.91"), cancel_replace_mode="STOP_ON_FAILURE", cancel_order_id=first.order_id
                )
            )
        ).data()
        told = both.result
        assert (told.cancel_result, told.new_order_result) == ("SUCCESS", "SUCCESS")
        assert_same_spot_order(told.cancel_response, spot.order(MARKET, first.order_id), is_cancel=True)
        placed = spot.order(MARKET, told.new_order_response.order_id)
        assert_same_spot_order(told.new_order_response, placed)
        assert Decimal(placed["price"]) > Decimal(first.price)
        everything = (await soon(api.open_orders_cancel_all(symbol=MARKET))).data()
        assert [row.order_id for row in everything.result] == [placed["order_id"]]
        assert spot.order(MARKET, placed["order_id"])["status"] == "CANCELED"


@FITTING
async def test_lists(spot: Box) -> None:
    reports = at_times(".result.orderReports[]", more=PLAIN)
    async with ws_api(by_ed25519(spot)) as api:
        placed = (await soon(api.order_list_place_oco(**pair(spot)))).data()
        assert_complete(placed, without=reports)
        truth = assert_same_list(flattened(placed)["result"], spot, "OCO")
        asked = (await soon(api.order_list_status(order_list_id=truth["list_id"]))).data()
        assert_complete(asked)
        assert_same_list(flattened(asked)["result"], spot, "OCO")
        (listed,) = (await soon(api.open_order_lists_status())).data().result
        assert_same_list(flattened(listed), spot, "OCO")
        # Whoever cancels one of its orders here is told of the list.
        canceled = (await soon(api.order_cancel(symbol=MARKET, order_id=truth["order_ids"][0]))).data()
        ended = assert_same_list(flattened(canceled)["result"], spot, "OCO")
        assert ended["status"] == "ALL_DONE"
        working = {
            "symbol": MARKET, "working_type": "LIMIT", "working_side": "BUY", "working_time_in_force": "GTC",
            "working_price": at(spot, "0.9"), "working_quantity": 60, "pending_side": "SELL", "pending_quantity": 50,
        }  # fmt: skip
        later = {"pending_type": "LIMIT", "pending_price": at(spot, "1.1"), "pending_time_in_force": "GTC"}
        oto = (await soon(api.order_list_place_oto(**working, **later))).data()
        assert_complete(oto, without=reports)
        assert_same_list(flattened(oto)["result"], spot, "OTO")
        otoco = (
            await soon(
                api.order_list_place_otoco(
                    **working, pending_above_type="LIMIT_MAKER", pending_above_price=at(spot, "1.1"),
                    pending_below_type="STOP_LOSS", pending_below_stop_price=at(spot, "0.9"),
                )
            )
        ).data()  # fmt: skip
        assert_complete(otoco, without=reports)
        assert len(assert_same_list(flattened(otoco)["result"], spot, "OTO")["order_ids"]) == 3
        for each in (oto, otoco):
            gone = (await soon(api.order_list_cancel(symbol=MARKET, order_list_id=each.result.order_list_id))).data()
            assert assert_same_list(flattened(gone)["result"], spot, "OTO")["status"] == "ALL_DONE"
        assert Decimal(spot.wallet()["USDT"]["locked"]) == 0


@FITTING
@KEYS
async def test_money_and_executions(spot: Box, make: Any) -> None:
    async with ws_api(make(spot)) as api:
        order = (await soon(api.order_place(symbol=MARKET, side="BUY", type="MARKET", quantity=2000))).data().result
        truth = spot.executions(MARKET, order_id=order.order_id)
        assert [(row.trade_id, Decimal(row.commission), row.commission_asset) for row in order.fills] == [
            (row["exec_id"], Decimal(row["fee"]), "DOGE") for row in truth
        ]
        trades = (await soon(api.my_trades(symbol=MARKET, order_id=order.order_id))).data().result
        assert_complete(trades)
        assert [(row.id, Decimal(row.price), Decimal(row.qty), Decimal(row.commission)) for row in trades] == [
            (row["exec_id"], Decimal(row["px"]), Decimal(row["qty"]), Decimal(row["fee"])) for row in truth
        ]
        account = (await soon(api.account_status())).data().result
        assert_complete(account)
        balances = {row.asset: (Decimal(row.free), Decimal(row.locked)) for row in account.balances}
        for asset, row in spot.wallet().items():
            assert balances[asset] == (Decimal(row["free"]), Decimal(row["locked"])), asset
        rates = (await soon(api.account_commission(symbol=MARKET))).data().result
        assert_complete(rates)
        assert {Decimal(row["fee"]) / Decimal(row["qty"]) for row in truth} == {
            Decimal(rates.standard_commission.taker)
        }
        counts = (await soon(api.account_rate_limits_orders())).data().result
        assert [row.interval for row in counts] == ["SECOND", "DAY"]
        tried = (await soon(api.order_test(**BUY, price=at(spot, "0.9"), compute_commission_rates=True))).data().result
        assert_complete(tried)


async def test_a_session(spot: Box) -> None:
    """Logged on, then nothing is signed any more; a subscription belongs to the session and ends with it."""
    async with ws_api(by_ed25519(spot)) as api:
        await soon(api.session_logon())
        status = (await soon(api.session_status())).data()
        assert status.result.api_key == spot.api_key
        assert status.result.authorized_since >= status.result.connected_since
        assert status.result.user_data_stream is False
        listening = Listening(api)
        begun = await soon(api.user_data_stream_subscribe())
        assert flattened(begun.response.data())["result"] == {"subscriptionId": 0}
        begun.stream.on("message", listening.told.append)
        assert (await soon(api.session_status())).data().result.user_data_stream is True
        active = (await soon(api.session_subscriptions())).data().result
        assert [row.subscription_id for row in active] == [0]
        with pytest.raises(ValueError, match="-2035"):
            await soon(api.user_data_stream_subscribe())
        placed = (await soon(api.order_place(**BUY, price=at(spot, "0.9")))).data().result
        assert_same_spot_order(placed, spot.order(MARKET, placed.order_id))
        await listening.until(lambda: len(listening.told) >= 2)
        ended = (await soon(api.session_logout())).data()
        assert ended.result.api_key is None
        await listening.until(lambda: type(listening.told[-1].actual_instance).__name__ == "EventStreamTerminated")
        assert (await soon(api.session_subscriptions())).data().result == []


async def test_an_hmac_key_cannot_log_on(spot: Box) -> None:
    async with ws_api(by_hmac(spot)) as api:
        with pytest.raises(ValueError, match="-1193"):
            await soon(api.user_data_stream_subscribe())


@pytest.fixture(params=["session", "signature by ed25519", "signature by hmac"])
def subscribing(request: pytest.FixtureRequest) -> tuple[Callable[[Box], Any], bool]:
    return (by_hmac if "hmac" in request.param else by_ed25519), request.param == "session"


@FITTING
async def test_the_account_s_own_news(spot: Box, subscribing: tuple[Callable[[Box], Any], bool]) -> None:
    """Every event fills its model; what they say together is what the ledger says."""
    make, by_session = subscribing
    async with ws_api(make(spot)) as api:
        if by_session:
            await soon(api.session_logon())
            begun = await soon(api.user_data_stream_subscribe())
        else:
            begun = await soon(api.user_data_stream_subscribe_signature())
        news = Listening(api)
        begun.stream.on("message", news.told.append)
        executed = len(spot.executions())
        await soon(api.order_place(symbol=MARKET, side="BUY", type="MARKET", quantity=3000))
        await soon(api.order_place(symbol=MARKET, side="SELL", type="MARKET", quote_order_qty=200))
        resting = (await soon(api.order_place(**BUY, price=at(spot, "0.9"), new_client_order_id="mine"))).data().result
        while_it_rests = spot.wallet()["USDT"]
        await soon(api.order_amend_keep_priority(symbol=MARKET, order_id=resting.order_id, new_qty=90))
        named = spot.order(MARKET, resting.order_id)["client_order_id"]
        end = {"symbol": MARKET, "order_id": resting.order_id, "new_client_order_id": "the-end"}
        await soon(api.order_cancel(**end))
        both = (await soon(api.order_list_place_oco(**pair(spot)))).data().result
        await soon(api.order_list_cancel(symbol=MARKET, order_list_id=both.order_list_id))
        maker = (await soon(api.order_place(**BUY, price=at(spot, "0.995")))).data().result
        spot.admin("price", {"symbol": MARKET, "price": str(at(spot, "0.99"))})
        await eventually(
            "the market to come to an order", lambda: spot.order(MARKET, maker.order_id)["status"] == "FILLED"
        )
        spot.admin("deposit", {"asset": "ETH", "amount": "0.75"})

        def told(kind: str) -> list[Any]:
            events = [event.actual_instance for event in news.told]
            return [flattened(event) for event in events if type(event).__name__ == kind]

        await news.until(lambda: told("BalanceUpdate"))
        executions = spot.executions()[executed:]
        await soon(api.user_data_stream_unsubscribe(subscription_id=0))
        await news.until(lambda: told("EventStreamTerminated"))
    reports = told("ExecutionReport")
    trades = [row for row in reports if row["x"] == "TRADE"]
    assert [
        (row["t"], row["i"], *map(Decimal, (row["L"], row["l"], row["Y"], row["n"])), row["N"], row["m"])
        for row in trades
    ] == [
        (
            row["exec_id"], row["order_id"], Decimal(row["px"]), Decimal(row["qty"]),
            Decimal(row["px"]) * Decimal(row["qty"]), Decimal(row["fee"]), row["fee_asset"], row["is_maker"],
        )
        for row in executions
    ]  # fmt: skip
    assert {row["N"] for row in trades} == {"DOGE", "USDT"}
    assert {row["m"] for row in trades} == {True, False}
    states = [(row["x"], row["X"], row["c"], row["C"]) for row in reports if row["i"] == resting.order_id]
    assert states == [
        ("NEW", "NEW", "mine", ""),
        ("REPLACED", "NEW", named, "mine"),
        ("CANCELED", "CANCELED", "the-end", named),
    ]
    last = {row["i"]: row for row in reports}
    for order_id, row in last.items():
        truth = spot.order(MARKET, order_id)
        assert (row["s"], row["S"], row["o"], row["X"]) == (MARKET, truth["side"], word_of(truth), truth["status"])
        assert [Decimal(row[name]) for name in ("q", "z", "Z", "Q")] == [
            Decimal(truth[name] or 0) for name in ("qty", "cum_qty", "cum_quote", "quote_qty")
        ]
        assert (row["O"], row["g"]) == (truth["created_ms"], -1 if truth["list_id"] is None else truth["list_id"])
    lists = told("ListStatus")
    assert [(row["g"], row["c"], row["l"], row["L"]) for row in lists] == [
        (both.order_list_id, "OCO", "EXEC_STARTED", "EXECUTING"),
        (both.order_list_id, "OCO", "ALL_DONE", "ALL_DONE"),
    ]
    moved = told("BalanceUpdate")[-1]
    assert (moved["a"], Decimal(moved["d"])) == ("ETH", Decimal("0.75"))
    balances = [row for event in told("OutboundAccountPosition") for row in event["B"]]
    assert Decimal(while_it_rests["locked"]) == 100 * Decimal(resting.price)
    assert [Decimal(while_it_rests[name]) for name in ("free", "locked")] in [
        [Decimal(row["f"]), Decimal(row["l"])] for row in balances if row["a"] == "USDT"
    ]
    held = {row["a"]: row for row in balances}
    wallet = spot.wallet()
    assert {"USDT", "DOGE"} <= held.keys()
    for asset, row in held.items():
        assert (Decimal(row["f"]), Decimal(row["l"])) == (
            Decimal(wallet[asset]["free"]),
            Decimal(wallet[asset]["locked"]),
        ), asset
    for event in news.told:
        assert_complete(event, without=SOMETIMES)


SOMETIMES = {
    ".v", ".A", ".B", ".u", ".U", ".Cs", ".pl", ".pL", ".pY",  # of orders that met the account's own
    ".d", ".D", ".j", ".J",  # of trailing orders, and of those with a strategy
    ".b", ".a", ".k", ".uS",  # of smart routing
    ".W", ".N",  # of what is on the book, and of what has cost
    ".gP", ".gOT", ".gOV", ".gp",  # of pegs
    ".eR",  # of what expired
}  # fmt: skip


async def test_refusals(spot: Box) -> None:
    known = spot.orders()
    async with ws_api(by_ed25519(spot)) as api:
        for call, given, code in (
            (api.order_place, {**BUY, "price": 0.58, "quantity": 5_000_000}, -2010),
            (api.order_place, {**BUY, "price": 20}, -1013),
            (api.order_place, {**BUY, "price": 0.58, "symbol": "NONEUSDT"}, -1121),
            (api.order_cancel, {"symbol": MARKET, "order_id": 1}, -2011),
            (api.order_status, {"symbol": MARKET, "order_id": 1}, -2013),
            (
                api.order_cancel_replace,
                {**BUY, "price": 0.5, "cancel_replace_mode": "STOP_ON_FAILURE", "cancel_order_id": 1},
                -2022,
            ),
        ):
            refused = (await soon(call(**given))).data()
            assert refused["error"]["code"] == code
    async with ws_api(by_hmac(spot, secret="wrong")) as api:
        refused = (await soon(api.order_place(**BUY, price=0.58))).data()
        assert refused["error"]["code"] == -1022
    async with ws_api(by_hmac(spot, key="nobody")) as api:
        refused = (await soon(api.account_status())).data()
        assert refused["error"]["code"] == -2015
    assert spot.orders() == known


@FITTING
async def test_a_stop_that_is_told_of(spot: Box) -> None:
    """It waits, is triggered and trades under one number, and each step is an event."""
    async with ws_api(by_ed25519(spot)) as api:
        begun = await soon(api.user_data_stream_subscribe_signature())
        news = Listening(api)
        begun.stream.on("message", news.told.append)
        stop = {"symbol": MARKET, "side": "SELL", "type": "STOP_LOSS", "quantity": 30, "stop_price": at(spot, "0.995")}
        placed = (await soon(api.order_place(**stop, new_order_resp_type="RESULT"))).data().result
        assert_same_spot_order(placed, spot.order(MARKET, placed.order_id))
        spot.admin("price", {"symbol": MARKET, "price": str(at(spot, "0.99"))})

        def steps() -> list[tuple[str, str, bool]]:
            events = [flattened(event.actual_instance) for event in news.told]
            return [(row["x"], row["X"], row["w"]) for row in events if row.get("i") == placed.order_id]

        await eventually("the end of it", lambda: [step for step in steps() if step[1] == "FILLED"])
    assert steps()[0] == ("NEW", "NEW", False)
    assert steps()[-1][:2] == ("TRADE", "FILLED")
    truth = spot.order(MARKET, placed.order_id)
    assert (truth["status"], Decimal(truth["cum_qty"])) == ("FILLED", Decimal(30))


async def test_times_in_microseconds(spot: Box) -> None:
    """On every way, if the client wants it."""
    client = by_ed25519(spot, time_unit=TimeUnit.MICROSECOND)
    ms_before = spot.admin("status")["time_ms"]
    times = [client.rest_api.time().data().server_time]
    async with ws_api(client) as api, streams(client) as connection:
        times.append((await soon(api.time())).data().result.server_time)
        trades = await Listening(connection).to("trade", symbol=MARKET)
        begun = await soon(api.user_data_stream_subscribe_signature())
        news = Listening(api)
        begun.stream.on("message", news.told.append)
        order = (await soon(api.order_place(symbol=MARKET, side="BUY", type="MARKET", quantity=100))).data().result
        times.append(order.transact_time)
        await news.until(lambda: news.told)
        times.append(flattened(news.told[0])["E"])
        await trades.until(lambda: trades.told)
        times += [trades.told[0].E, trades.told[0].T]
        asked = client.rest_api.get_order(symbol=MARKET, order_id=order.order_id).data()
        times += [asked.time, asked.update_time]
    assert asked.time // 1000 == spot.order(MARKET, order.order_id)["created_ms"]
    for told in times:
        assert ms_before - 60_000 <= told // 1000 <= spot.admin("status")["time_ms"]


async def placed_over_the_new_one(api: Any, **terms: Any) -> Any:
    """The SDK may still be about to leave the old one, which takes nothing any more."""
    while True:
        with contextlib.suppress(aiohttp.ClientConnectionResetError):
            return await api.order_place(**BUY, **terms)
        await asyncio.sleep(0.01)


async def test_a_server_that_will_stop(spot: Box) -> None:
    """Once it says so, the SDK goes over to another connection by itself, logs on and listens there."""
    async with ws_api(by_ed25519(spot)) as api:
        await soon(api.session_logon())
        begun = await soon(api.user_data_stream_subscribe())
        news = Listening(api)
        begun.stream.on("message", news.told.append)
        (before,) = (row["id"] for row in spot.admin("connections") if row["accounts"])
        assert spot.admin("shutdown", {})["told"] >= 1
        await eventually(
            "another connection that listens",
            lambda: [row for row in spot.admin("connections") if row["accounts"] and row["id"] != before],
        )
        order = (await soon(placed_over_the_new_one(api, price=at(spot, "0.9")))).data().result
        assert_same_spot_order(order, spot.order(MARKET, order.order_id))
        await news.until(
            lambda: [event for event in news.told if flattened(event).get("i") == order.order_id],
            "news over the new one",
        )
