"""Around margin: histories, what can be had, weights of accounts, and what the box has none of."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from .exchange_rig import MS
from .spot_face_rig import SpotClient
from .test_margin_face import M, market

D = Decimal
DAY_MS = 24 * 3_600_000
IP, UID = "X-SAPI-USED-IP-WEIGHT-1M", "X-SAPI-USED-UID-WEIGHT-1M"
LOAN: dict[str, Any] = {"asset": "DOGE", "isIsolated": "FALSE", "amount": "1000"}


def flow(client: SpotClient, **params: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = client.call("GET", f"{M}/capital-flow", **params)
    return rows


def test_every_change_of_a_balance_is_told(spot_client: SpotClient) -> None:
    spot_client.call("POST", f"{M}/borrow-repay", **LOAN, type="BORROW")
    spot_client.call("POST", f"{M}/order", **market("BUY", "100"))
    spot_client.call("POST", f"{M}/order", **market("SELL", "100"))
    rows = flow(spot_client)
    assert [row["type"] for row in rows] == [
        "TRANSFER", "TRANSFER", "BORROW",
        "BUY_INCOME", "BUY_EXPENSE", "TRADING_COMMISSION", "SELL_EXPENSE", "SELL_INCOME", "TRADING_COMMISSION",
    ]  # fmt: skip
    account = {row["asset"]: row for row in spot_client.call("GET", f"{M}/account")["userAssets"]}
    for asset in ("DOGE", "USDT"):
        assert sum(D(row["amount"]) for row in rows if row["asset"] == asset) == D(account[asset]["free"])
    (borrowed,) = flow(spot_client, type="BORROW")
    assert (borrowed["asset"], borrowed["amount"]) == ("DOGE", "1000.00000000")
    assert flow(spot_client, fromId=borrowed["id"], limit=2) == rows[3:5]
    assert flow(spot_client, limit=1) == rows[-1:]
    assert spot_client.error("GET", f"{M}/capital-flow", symbol="DOGEUSDT") == (400, -11001)
    assert spot_client.error("GET", f"{M}/capital-flow", type="GIFT") == (400, -1130)


def test_a_week_at_a_time(spot_client: SpotClient) -> None:
    start: dict[str, Any] = {"startTime": spot_client.now_ms - DAY_MS}
    assert len(flow(spot_client, **start)) == 2
    assert flow(spot_client, startTime=spot_client.now_ms - 8 * DAY_MS) == []
    assert spot_client.error("GET", f"{M}/capital-flow", **start, endTime=spot_client.now_ms + 7 * DAY_MS) == (
        400,
        -4047,
    )


def test_transfers_are_told_by_their_direction(spot_client: SpotClient) -> None:
    for kind in ("MAIN_MARGIN", "MARGIN_MAIN", "MARGIN_UMFUTURE", "MAIN_UMFUTURE"):
        moved: dict[str, Any] = {"type": kind, "asset": "USDT", "amount": "10"}
        spot_client.call("POST", "/sapi/v1/asset/transfer", **moved)
    told = spot_client.call("GET", f"{M}/transfer")
    assert [(row["type"], row["transFrom"], row["transTo"]) for row in told["rows"]] == [
        ("ROLL_OUT", "CROSS_MARGIN", "FUTURE"),
        ("ROLL_OUT", "CROSS_MARGIN", "SPOT"),
        ("ROLL_IN", "SPOT", "CROSS_MARGIN"),
    ]
    assert spot_client.call("GET", f"{M}/transfer", type="ROLL_IN")["total"] == 1
    assert spot_client.error("GET", f"{M}/transfer", type="ROLL_OVER") == (400, -1130)


def test_what_loans_cost(spot_client: SpotClient) -> None:
    rows = spot_client.call("GET", f"{M}/interestRateHistory", asset="DOGE")
    assert len(rows) == 7
    assert {row["dailyInterestRate"] for row in rows} == {"0.00040000"}
    assert rows[0]["timestamp"] - rows[1]["timestamp"] == DAY_MS
    (rate,) = spot_client.call("GET", f"{M}/next-hourly-interest-rate", assets="DOGE", isIsolated="FALSE")
    assert D(rate["nextHourlyInterestRate"]) == D("0.00001667")
    (data,) = spot_client.call("GET", f"{M}/crossMarginData", coin="DOGE")
    assert (data["coin"], data["borrowable"]) == ("DOGE", True)
    inventory = spot_client.call("GET", f"{M}/available-inventory", type="MARGIN")
    assert D(inventory["assets"]["DOGE"]) > 0
    (ratio,) = spot_client.call("GET", f"{M}/crossMarginCollateralRatio", sign=False)
    assert "DOGE" in ratio["assetNames"]


@pytest.mark.parametrize(
    "path",
    [
        "isolated/allPairs", "isolatedMarginData", "isolatedMarginTier", "leverageBracket", "delist-schedule",
        "list-schedule", "risk-based-liquidation-ratio", "exchange-small-liability", "api-key-list",
    ],
)  # fmt: skip
def test_what_there_is_none_of(spot_client: SpotClient, path: str) -> None:
    assert spot_client.call("GET", f"{M}/{path}") == []


def test_pages_without_rows(spot_client: SpotClient) -> None:
    for path in ("exchange-small-liability-history", "forceLiquidationRec"):
        assert spot_client.call("GET", f"{M}/{path}") == {"total": 0, "rows": []}
    assert spot_client.call("GET", f"{M}/isolated/accountLimit") == {"enabledAccount": 0, "maxAccount": 0}
    restricted = spot_client.call("GET", f"{M}/restricted-asset", sign=False)
    assert restricted == {"openLongRestrictedAsset": [], "maxCollateralExceededAsset": []}


@pytest.mark.parametrize(
    ("method", "path", "answer"),
    [
        ("POST", "isolated/account", (400, -11001)),
        ("DELETE", "isolated/account", (400, -11001)),
        ("POST", "apiKey", (401, -2015)),
        ("DELETE", "apiKey", (401, -2015)),
        ("PUT", "apiKey/ip", (401, -2015)),
        ("POST", "exit-special-key-mode", (401, -2015)),
        ("POST", "exchange-small-liability", (400, -3015)),
        ("POST", "manual-liquidation", (400, -3015)),
        ("POST", "max-leverage", (400, -1130)),
    ],
)
def test_what_the_box_refuses(spot_client: SpotClient, method: str, path: str, answer: tuple[int, int]) -> None:
    assert spot_client.error(method, f"{M}/{path}", maxLeverage="10") == answer


def test_the_leverage_is_what_it_is(spot_client: SpotClient) -> None:
    assert spot_client.call("POST", f"{M}/max-leverage", maxLeverage="3") == {"success": True}


def test_what_weighs_on_the_account_has_a_limit_of_its_own(spot_client: SpotClient) -> None:
    plain = spot_client.reply("POST", f"{M}/order", **market("BUY", "10"))
    assert (plain.headers.get(UID), IP in plain.headers) == ("6", False)
    borrowing = spot_client.reply("POST", f"{M}/order", **market("BUY", "10", sideEffectType="MARGIN_BUY"))
    assert (borrowing.status, borrowing.headers.get(UID)) == (200, "1506")
    asked = spot_client.reply("GET", f"{M}/account")
    assert (asked.headers.get(IP), UID in asked.headers) == ("10", False)
    other: dict[str, Any] = {"type": "MAIN_MARGIN", "asset": "USDT", "amount": "1"}
    assert spot_client.reply("POST", "/sapi/v1/asset/transfer", **other).headers.get(UID) == "2406"
    assert "X-MBX-ORDER-COUNT-10S" in borrowing.headers


def test_too_much_weight_of_an_account(spot_client: SpotClient) -> None:
    spot_client.run(60_000 - spot_client.now_ms % 60_000)
    for _ in range(120):
        assert spot_client.reply("POST", f"{M}/borrow-repay", **LOAN, type="NOTHING").status == 400
    late = spot_client.reply("POST", f"{M}/borrow-repay", **LOAN, type="BORROW")
    assert (late.status, 0 < int(late.headers["Retry-After"]) <= 60) == (429, True)
    assert spot_client.call("GET", f"{M}/account")["created"] is True
    spot_client.run(60_000)
    spot_client.call("POST", f"{M}/borrow-repay", **LOAN, type="BORROW")


def test_the_second_version_of_listen_keys(spot_client: SpotClient) -> None:
    first = spot_client.call("POST", f"{M}/listen-key", sign=False)
    assert spot_client.call("POST", "/sapi/v2/margin/listen-key", sign=False) == first
    spot_client.call("PUT", "/sapi/v2/margin/listen-key", sign=False, **first)
    spot_client.call("DELETE", "/sapi/v2/margin/listen-key", sign=False)
    assert spot_client.error("PUT", f"{M}/listen-key", sign=False, **first) == (400, -1125)


def test_interest_is_told_at_one_rate(spot_client: SpotClient) -> None:
    spot_client.call("POST", f"{M}/borrow-repay", asset="USDT", amount="90000", type="BORROW")
    (row,) = spot_client.call("GET", f"{M}/interestHistory", asset="USDT")["rows"]
    (daily, *_) = spot_client.call("GET", f"{M}/interestRateHistory", asset="USDT")
    assert row["interestRate"] == daily["dailyInterestRate"] == "0.00040000"
    assert row["interest"] == "1.50000000"  # of a day's 36


@pytest.mark.parametrize(("is_ban", "status"), [(True, 418), (False, 429)])
def test_whoever_is_shut_out_is_so_on_margin_too(spot_client: SpotClient, is_ban: bool, status: int) -> None:
    order = market("BUY", "100")
    spot_client.box.spot_face.shut_out(spot_client.now_ns + 60_000 * MS, is_ban=is_ban)
    for method, path, given in (("POST", f"{M}/order", order), ("GET", f"{M}/account", {})):
        reply = spot_client.reply(method, path, **given)
        assert (reply.status, int(reply.headers["Retry-After"]) <= 60) == (status, True)
    assert not list(spot_client.box.spot_exchange.ledger.orders("main/margin", "DOGEUSDT"))
    spot_client.run(60_000)
    assert spot_client.call("POST", f"{M}/order", **order)["status"] == "FILLED"
    told = spot_client.reply("POST", "/sapi/v1/userListenToken", sign=False)
    assert (told.headers.get(UID), IP in told.headers) == ("7", False)
