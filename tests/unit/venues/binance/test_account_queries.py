from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tests.unit.venues.binance.exchange_double import SERVER_MS, World, path_and_params
from tradingsys.core.commands import (
    Balance,
    BalancesQuery,
    Income,
    IncomeQuery,
    InstrumentsQuery,
    KlinesQuery,
    Permissions,
    PermissionsQuery,
    Price,
    PriceQuery,
    RateLimit,
    SetLeverage,
    SetMarginType,
    SymbolSettings,
    SymbolSettingsQuery,
    VenueRules,
)
from tradingsys.core.enums import MarginType
from tradingsys.core.errors import TransportError, VenueError
from tradingsys.core.reports import LimitsSeen, Oddity
from tradingsys.venues.auth import HmacSigner
from tradingsys.venues.binance import encode, messages
from tradingsys.venues.binance.account import BinanceProtocol
from tradingsys.venues.binance.usdm import USDM, endpoints

MINUTE_MS = 60_000
FIRST_MS = SERVER_MS - 24 * 60 * MINUTE_MS
CROSSED = SymbolSettings("ETHUSDT", 7, MarginType.CROSSED)
CONFIG = messages.SymbolConfig(symbol="ETHUSDT", margin_type="CROSSED", leverage=7)


def world_with_time() -> World:
    world = World()
    world.tell_time()
    world.reports.clear()
    return world


def asked(world: World) -> tuple[str, str, dict[str, str]]:
    method, path, params = path_and_params(world.requests[0])
    return method, path, {name: value for name, value in params.items() if name not in ("timestamp", "recvWindow")}


def refuse(world: World, code: int, status: int = 400) -> None:
    world.reply_http(messages.ErrorBody(code=code, msg="no"), status)


def bar(open_ms: int) -> messages.KlineRow:
    return messages.KlineRow(open_ms, "1", "2", "1", "2", "10", open_ms + MINUTE_MS - 1, "15", 3, "4", "6")


def row(hour: int, tran_id: int) -> messages.IncomeRow:
    ts_ms = FIRST_MS + 60 * MINUTE_MS * hour
    return messages.IncomeRow(
        symbol="ETHUSDT", income_type="FUNDING_FEE", income="-0.5", asset="USDT", time=ts_ms, tran_id=tran_id
    )


def funding(hour: int, tran_id: int) -> Income:
    ts_ms = FIRST_MS + 60 * MINUTE_MS * hour
    return Income("FUNDING_FEE", "ETHUSDT", "USDT", Decimal("-0.5"), str(tran_id), ts_ms)


def test_all_assets_of_the_account() -> None:
    world = world_with_time()
    world.ask(BalancesQuery())
    assert asked(world) == ("GET", "/fapi/v3/balance", {})
    world.reply_http([{"asset": "USDT", "balance": "10.5", "availableBalance": "9"}, {"asset": "BNB", "balance": "0"}])
    assert world.answer().value == (Balance("USDT", Decimal("10.5"), Decimal(9)), Balance("BNB", Decimal(0)))


def test_cash_history_is_one_answer_of_the_oldest_rows() -> None:
    world = world_with_time()
    world.ask(IncomeQuery("FUNDING_FEE", FIRST_MS, 3))
    wanted = {"incomeType": "FUNDING_FEE", "startTime": str(FIRST_MS), "page": "1", "limit": "3"}
    assert asked(world) == ("GET", "/fapi/v1/income", wanted)
    world.reply_http([row(2, 3), row(0, 1), row(1, 2)])
    assert world.answer().value == (funding(0, 1), funding(1, 2), funding(2, 3))


def test_cash_history_is_not_asked_for_from_before_what_the_exchange_keeps() -> None:
    world = world_with_time()
    world.ask(IncomeQuery("FUNDING_FEE", 100, 3))
    kept_ms = SERVER_MS - int(asked(world)[2]["startTime"])
    assert abs(kept_ms - 90 * 24 * 60 * MINUTE_MS) < MINUTE_MS


def test_a_page_that_is_all_of_the_first_moment_is_followed_by_the_next() -> None:
    world = world_with_time()
    world.ask(IncomeQuery("FUNDING_FEE", FIRST_MS, 2))
    world.reply_http([row(0, 1), row(0, 2)])
    assert asked(world)[2]["page"] == "2"
    world.reply_http([row(0, 3), row(1, 4)])
    assert world.answer().value == (funding(0, 1), funding(0, 2), funding(0, 3), funding(1, 4))
    world.ask(IncomeQuery("FUNDING_FEE", FIRST_MS, 2))
    world.reply_http([row(0, 1)])
    assert world.answer().value == (funding(0, 1),)


def test_settings_of_a_symbol() -> None:
    world = world_with_time()
    world.ask(SymbolSettingsQuery("ETHUSDT"))
    assert asked(world) == ("GET", "/fapi/v1/symbolConfig", {"symbol": "ETHUSDT"})
    world.reply_http([CONFIG])
    assert world.answer().value == CROSSED
    world.ask(SymbolSettingsQuery("ETHUSDT"))
    world.reply_http([])
    error = world.answer().error
    assert isinstance(error, VenueError)
    assert "ETHUSDT" in str(error)
    world.ask(SymbolSettingsQuery("ETHUSDT"))
    world.reply_http([msgspec.structs.replace(CONFIG, margin_type="SHARED")])
    assert isinstance(world.answer().error, TransportError)


def test_leverage_is_changed_and_read_back() -> None:
    world = world_with_time()
    world.ask(SetLeverage("ETHUSDT", 7))
    assert asked(world) == ("POST", "/fapi/v1/leverage", {"symbol": "ETHUSDT", "leverage": "7"})
    world.reply_http(messages.Leverage(leverage=7, symbol="ETHUSDT"))
    world.reply_http([CONFIG])
    assert world.answer().value == CROSSED
    world.ask(SetLeverage("ETHUSDT", 999))
    refuse(world, -4028)
    error = world.answer().error
    assert isinstance(error, VenueError)
    assert "whole numbers" in str(error)


@pytest.mark.parametrize("code", [None, -4046])
def test_a_margin_type_that_is_so_already_is_set(code: int | None) -> None:
    world = world_with_time()
    world.ask(SetMarginType("ETHUSDT", MarginType.CROSSED))
    assert asked(world) == ("POST", "/fapi/v1/marginType", {"symbol": "ETHUSDT", "marginType": "CROSSED"})
    if code is None:
        world.reply_http(messages.Done(code=200, msg="success"))
    else:
        refuse(world, code)
    world.reply_http([CONFIG])
    assert world.answer().value == CROSSED


def test_a_margin_type_that_cannot_be_set_says_what_to_do_first() -> None:
    world = world_with_time()
    world.ask(SetMarginType("ETHUSDT", MarginType.ISOLATED))
    refuse(world, -4047)
    assert "cancel the symbol's orders first" in str(world.answer().error)


RESTRICTIONS: dict[str, Any] = {
    "ipRestrict": True, "enableWithdrawals": False, "enableInternalTransfer": False, "permitsUniversalTransfer": False,
    "enableFutures": True,
}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "account_trades", "expected"),
    [
        ({}, True, Permissions(True, False, False, True)),
        ({}, False, Permissions(False, False, False, True)),
        ({"enableFutures": False}, True, Permissions(False, False, False, True)),
        ({"enableWithdrawals": True}, True, Permissions(True, True, False, True)),
        ({"permitsUniversalTransfer": True}, True, Permissions(True, False, True, True)),
        ({"enableInternalTransfer": True, "ipRestrict": False}, True, Permissions(True, False, True, False)),
    ],
)
def test_what_the_key_may_do(changes: dict[str, Any], account_trades: bool, expected: Permissions) -> None:
    world = world_with_time()
    world.ask(PermissionsQuery())
    assert asked(world)[:2] == ("GET", "/fapi/v1/accountConfig")
    world.reply_http(messages.AccountConfig(can_trade=account_trades, can_withdraw=True))
    assert asked(world)[:2] == ("GET", "/sapi/v1/account/apiRestrictions")
    world.reply_http({**RESTRICTIONS, **changes})
    assert world.answer().value == expected


def test_where_nobody_tells_of_the_key_its_rights_stay_unknown() -> None:
    world = world_with_time()
    world.ask(PermissionsQuery())
    world.reply_http(messages.AccountConfig(can_trade=True, can_withdraw=True))
    world.reply_http(b"<html>not found</html>", 404)
    assert world.answer().value == Permissions(True)

    world = world_with_time()
    world.protocol = BinanceProtocol(USDM, endpoints("testnet"), "an-api-key", HmacSigner("x"))
    world.signer = HmacSigner("x")
    world.tell_time()
    world.reports.clear()
    world.ask(PermissionsQuery())
    world.reply_http(messages.AccountConfig(can_trade=True, can_withdraw=True))
    assert world.answer().value == Permissions(True)


def test_a_key_that_may_not_ask_is_no_unknown_right() -> None:
    world = world_with_time()
    world.ask(PermissionsQuery())
    world.reply_http(messages.AccountConfig(can_trade=True))
    refuse(world, -2015, 401)
    assert isinstance(world.answer().error, VenueError)


def test_bars_of_the_past_end_before_a_time_and_tell_whether_they_are_closed() -> None:
    world = world_with_time()
    start_ms = SERVER_MS // MINUTE_MS * MINUTE_MS
    world.ask(KlinesQuery("ETHUSDT", "1m", 2))
    assert asked(world) == ("GET", "/fapi/v1/klines", {"symbol": "ETHUSDT", "interval": "1m", "limit": "2"})
    assert not world.requests[0].headers
    world.reply_http([bar(start_ms - MINUTE_MS), bar(start_ms)])
    bars = world.answer().value
    assert isinstance(bars, tuple)
    assert [(one.open_ms, one.is_closed) for one in bars] == [(start_ms - MINUTE_MS, True), (start_ms, False)]
    assert [one.ts_event_ms for one in bars] == [start_ms - 1, SERVER_MS]
    world.ask(KlinesQuery("ETHUSDT", "1m", 2, start_ms))
    assert asked(world)[2]["endTime"] == str(start_ms - 1)


def test_more_bars_than_one_answer_has_are_asked_for_backwards() -> None:
    world = world_with_time()
    start_ms = SERVER_MS // MINUTE_MS * MINUTE_MS
    opens = [start_ms - n * MINUTE_MS for n in range(1600)][::-1]
    world.ask(KlinesQuery("ETHUSDT", "1m", 1600))
    assert asked(world)[2]["limit"] == "1500"
    world.reply_http([bar(open_ms) for open_ms in opens[100:]])
    assert asked(world)[2] == {
        "symbol": "ETHUSDT", "interval": "1m", "limit": "100", "endTime": str(opens[100] - 1)
    }  # fmt: skip
    world.reply_http([bar(open_ms) for open_ms in opens[:100]])
    bars = world.answer().value
    assert isinstance(bars, tuple)
    assert [one.open_ms for one in bars] == opens


def test_a_price_is_the_mark_price_and_says_when_it_was_made() -> None:
    world = world_with_time()
    world.ask(PriceQuery("ETHUSDT"))
    assert asked(world) == ("GET", "/fapi/v1/premiumIndex", {"symbol": "ETHUSDT"})
    world.reply_http(messages.PremiumIndex(symbol="ETHUSDT", mark_price="3010.14", time=SERVER_MS - 40_000))
    assert world.answer().value == Price(Decimal("3010.14"), SERVER_MS - 40_000)


def test_a_young_symbol_has_fewer_bars() -> None:
    world = world_with_time()
    world.ask(KlinesQuery("ETHUSDT", "1m", 1600))
    world.reply_http([bar(SERVER_MS - MINUTE_MS)])
    bars = world.answer().value
    assert isinstance(bars, tuple)
    assert len(bars) == 1


SYMBOL: dict[str, Any] = {
    "symbol": "AUSDT", "status": "TRADING", "baseAsset": "A", "quoteAsset": "USDT", "pricePrecision": 2,
    "quantityPrecision": 1, "orderTypes": ["LIMIT", "TWAP_OF_TOMORROW"], "timeInForce": ["GTC", "GTZ"],
    "filters": [
        {"filterType": "PRICE_FILTER", "minPrice": "1", "maxPrice": "9", "tickSize": "0.1"},
        {"filterType": "LOT_SIZE", "minQty": "1", "maxQty": "9", "stepSize": "1"},
    ],
}  # fmt: skip


def rules_told(*symbols: Any, limits: tuple[Any, ...] = ()) -> tuple[VenueRules, list[Oddity]]:
    world = World()
    world.ask(InstrumentsQuery())
    world.reply_http(encode.to_bytes({"rateLimits": list(limits), "symbols": list(symbols), "new": {}}))
    rules = world.answer().value
    assert isinstance(rules, VenueRules)
    return rules, world.told(Oddity)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"contractType": "PERPETUAL_OF_TOMORROW", "status": "SLEEPING", "new": [1]},
        {"filters": [*SYMBOL["filters"], {"filterType": "TOMORROW", "limit": {"a": 1}, "minPrice": 5, "notional": []}]},
        {"settlePlan": "none", "underlyingSubType": "AI", "permissionSets": {"a": 1}},
        {"deliveryDate": "4133404800000", "pricePrecision": "2"},
    ],
)
def test_what_is_new_in_a_symbol_does_not_drop_it(changes: dict[str, Any]) -> None:
    rules, oddities = rules_told({**SYMBOL, **changes})
    assert [known.symbol for known in rules.instruments] == ["AUSDT"]
    assert rules.instruments[0].price_precision == 2
    assert not oddities


def test_symbols_and_limits_that_cannot_be_read_are_left_out_and_told_together() -> None:
    broken = [{**SYMBOL, "symbol": f"B{n}USDT", "filters": []} for n in range(7)]
    limit = {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 300}
    odd_limit = {"rateLimitType": "ORDERS", "interval": {"s": 10}}
    rules, oddities = rules_told(*broken, SYMBOL, 7, {"x": 1}, limits=(limit, odd_limit, "?"))
    assert [known.symbol for known in rules.instruments] == ["AUSDT"]
    assert rules.unreadable == tuple(f"B{n}USDT" for n in range(7))
    assert rules.rate_limits == (RateLimit("orders", 10_000, 300),)
    texts = [oddity.text for oddity in oddities]
    assert len(texts) == 3
    assert "left out 9 instruments" in texts[0]
    assert "B0USDT" in texts[0]
    assert "and 4 more" in texts[0]


@pytest.mark.parametrize(
    ("status", "code", "headers"),
    [
        (418, -1003, {"retry-after": "86400", "x-mbx-used-weight-1m": "5000"}),
        (429, -1003, {"x-mbx-used-weight-1m": "12001"}),
        (400, -1021, {}),
        (200, 0, {"x-mbx-used-weight-1m": "2399"}),
    ],
)
def test_what_the_spot_host_says_of_itself_stops_no_trading_of_futures(
    status: int, code: int, headers: dict[str, str]
) -> None:
    world = world_with_time()
    world.protocol = BinanceProtocol(USDM, endpoints("live"), "an-api-key", HmacSigner("x"))
    world.signer = HmacSigner("x")
    world.tell_time()
    world.ask(PermissionsQuery())
    world.reply_http(messages.AccountConfig(can_trade=True))
    world.reports.clear()
    world.reply_http(RESTRICTIONS if status == 200 else {"code": code, "msg": "too much"}, status, headers)
    assert (world.answer().error is None) == (status == 200)
    assert not world.told(LimitsSeen) and not world.requests
    assert world.protocol.clock.uncertainty_ms(world.now_ns) < 1_000
    world.ask(PermissionsQuery())
    assert [request.url.partition("?")[0] for request in world.requests] == [
        "https://fapi.binance.com/fapi/v1/accountConfig"
    ]
