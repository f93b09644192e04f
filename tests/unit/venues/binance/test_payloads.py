"""Every recorded payload and every example of the exchange's documents: what is read of it is written again alike."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.shared_data import SHARED, requires_shared
from tradingsys.venues.binance import decode
from tradingsys.venues.binance import messages as m

BINANCE = SHARED / "data" / "binance"
PAYLOADS = BINANCE / "payloads" / "futures"
PREFIX = "derivatives_trading_usds_futures."

# How each is read. REST examples are named by method and path, all others by the file or the example's own name.
REST: dict[str, Any] = {
    "GET /fapi/v1/accountConfig": m.AccountConfig,
    "GET /fapi/v1/adlQuantile": list[m.AdlQuantile],
    "GET /fapi/v1/aggTrades": list[m.AggTradeRow],
    "GET /fapi/v1/algoOrder": m.AlgoOrder,
    "GET /fapi/v1/allAlgoOrders": list[m.AlgoOrder],
    "GET /fapi/v1/allOrders": list[m.OrderReply],
    "GET /fapi/v1/assetIndex": m.AssetIndex,
    "GET /fapi/v1/commissionRate": m.CommissionRate,
    "GET /fapi/v1/depth": m.DepthSnapshot,
    "GET /fapi/v1/exchangeInfo": m.ExchangeInfo,
    "GET /fapi/v1/feeBurn": m.FeeBurn,
    "GET /fapi/v1/forceOrders": list[m.OrderReply],
    "GET /fapi/v1/fundingInfo": list[m.FundingInfo],
    "GET /fapi/v1/fundingRate": list[m.FundingRate],
    "GET /fapi/v1/historicalTrades": list[m.PublicTrade],
    "GET /fapi/v1/income": list[m.IncomeRow],
    "GET /fapi/v1/indexInfo": list[m.CompositeIndexInfo],
    "GET /fapi/v1/leverageBracket": list[m.LeverageBrackets],
    "GET /fapi/v1/multiAssetsMargin": m.MultiAssetsMode,
    "GET /fapi/v1/openAlgoOrders": list[m.AlgoOrder],
    "GET /fapi/v1/openInterest": m.OpenInterest,
    "GET /fapi/v1/openOrder": m.OrderReply,
    "GET /fapi/v1/openOrders": list[m.OrderReply],
    "GET /fapi/v1/order": m.OrderReply,
    "GET /fapi/v1/orderAmendment": list[m.OrderAmendment],
    "GET /fapi/v1/positionMargin/history": list[m.PositionMarginChange],
    "GET /fapi/v1/positionSide/dual": m.PositionMode,
    "GET /fapi/v1/premiumIndex": m.PremiumIndex,
    "GET /fapi/v1/rateLimit/order": list[m.RateLimitRule],
    "GET /fapi/v1/rpiDepth": m.DepthSnapshot,
    "GET /fapi/v1/symbolConfig": list[m.SymbolConfig],
    "GET /fapi/v1/ticker/24hr": m.Ticker24h,
    "GET /fapi/v1/ticker/bookTicker": m.BookTickerRow,
    "GET /fapi/v1/ticker/price": m.PriceTicker,
    "GET /fapi/v1/time": m.ServerTime,
    "GET /fapi/v1/trades": list[m.PublicTrade],
    "GET /fapi/v1/userTrades": list[m.UserTrade],
    "GET /fapi/v2/account": m.AccountInformation,
    "GET /fapi/v2/balance": list[m.Balance],
    "GET /fapi/v2/positionRisk": list[m.PositionRisk],
    "GET /fapi/v2/ticker/price": m.PriceTicker,
    "GET /fapi/v3/account": m.AccountInformation,
    "GET /fapi/v3/balance": list[m.Balance],
    "GET /fapi/v3/positionRisk": list[m.PositionRisk],
    "DELETE /fapi/v1/algoOpenOrders": m.Done,
    "DELETE /fapi/v1/algoOrder": m.AlgoCanceled,
    "DELETE /fapi/v1/allOpenOrders": m.Done,
    "DELETE /fapi/v1/batchOrders": list[m.OrderReply],
    "DELETE /fapi/v1/order": m.OrderReply,
    "POST /fapi/v1/algoOrder": m.AlgoOrder,
    "POST /fapi/v1/batchOrders": list[m.OrderReply],
    "POST /fapi/v1/countdownCancelAll": m.CountdownCancelAll,
    "POST /fapi/v1/feeBurn": m.Done,
    "POST /fapi/v1/leverage": m.Leverage,
    "POST /fapi/v1/listenKey": m.ListenKey,
    "POST /fapi/v1/marginType": m.Done,
    "POST /fapi/v1/multiAssetsMargin": m.Done,
    "POST /fapi/v1/order": m.OrderReply,
    "POST /fapi/v1/order/test": m.OrderReply,
    "POST /fapi/v1/positionMargin": m.PositionMarginAdjusted,
    "POST /fapi/v1/positionSide/dual": m.Done,
    "PUT /fapi/v1/batchOrders": list[m.OrderReply],
    "PUT /fapi/v1/listenKey": m.ListenKey,
    "PUT /fapi/v1/order": m.OrderReply,
}
WS_API: dict[str, Any] = {
    "account_information": m.AccountInformation,
    "account_information_v2": m.AccountInformation,
    "cancel_algo_order": m.AlgoCanceled,
    "cancel_order": m.OrderReply,
    "close_user_data_stream": dict[str, int],
    "futures_account_balance": list[m.Balance],
    "futures_account_balance_v2": list[m.Balance],
    "keepalive_user_data_stream": m.ListenKey,
    "modify_order": m.OrderReply,
    "new_algo_order": m.AlgoOrder,
    "new_order": m.OrderReply,
    "position_information": list[m.PositionRisk],
    "position_information_v2": list[m.PositionRisk],
    "query_order": m.OrderReply,
    "start_user_data_stream": m.ListenKey,
    "symbol_order_book_ticker": m.BookTickerRow,
    "symbol_price_ticker": m.PriceTicker,
}
STREAMS: dict[str, Any] = {
    "aggregate_trade_streams": m.AggTrade,
    "all_book_tickers_stream": m.BookTicker,
    "all_market_liquidation_order_streams": m.ForceOrder,
    "all_market_mini_tickers_stream": list[m.MiniTicker],
    "all_market_tickers_streams": list[m.Ticker],
    "asset_index": list[m.AssetIndexUpdate],
    "composite_index_symbol_information_streams": m.CompositeIndex,
    "continuous_contract_kline_candlestick_streams": m.ContinuousKline,
    "contract_info_stream": m.ContractInfo,
    "diff_book_depth_streams": m.DepthUpdate,
    "individual_symbol_book_ticker_streams": m.BookTicker,
    "individual_symbol_mini_ticker_stream": m.MiniTicker,
    "individual_symbol_ticker_streams": m.Ticker,
    "kline_candlestick_streams": m.KlineUpdate,
    "liquidation_order_streams": m.ForceOrder,
    "mark_price_stream": m.MarkPriceUpdate,
    "mark_price_stream_for_all_market": list[m.MarkPriceUpdate],
    "rpi_diff_book_depth_streams": m.DepthUpdate,
    "trading_session_stream": m.TradingSession,
}
FILES: dict[str, Any] = {
    "http_json/account_info_v2.json": m.AccountInformation,
    "http_json/balance.json": list[m.Balance],
    "http_json/open_algo_orders.json": list[m.AlgoOrder],
    "http_json/order_response.json": m.OrderReply,
    "http_json/position_risk.json": list[m.PositionRisk],
    "market_data_json/agg_trade_stream.json": m.AggTrade,
    "market_data_json/book_ticker_stream.json": m.BookTicker,
    "market_data_json/depth_update_stream.json": m.DepthUpdate,
    "market_data_json/kline_stream_closed.json": m.KlineUpdate,
    "market_data_json/kline_stream_open.json": m.KlineUpdate,
    "market_data_json/liquidation_stream.json": m.ForceOrder,
    "market_data_json/mark_price_stream.json": m.MarkPriceUpdate,
    "market_data_json/ticker_stream.json": m.Ticker,
    "market_data_json/trade_stream.json": m.TradeTick,
    **{
        f"user_data_json/{name}.json": m.UserEvent
        for name in (
            "account_update",
            "account_update_bnfcr",
            "algo_update_canceled",
            "algo_update_new",
            "order_update_adl",
            "order_update_calculated",
            "order_update_calculated_pending",
            "order_update_delivery",
            "order_update_insurance",
            "order_update_new",
            "order_update_settlement",
            "order_update_trade",
            "order_update_trade_partial",
            "trade_lite",
        )
    },
}
READ = {**REST, **WS_API, **STREAMS, **FILES}

_DOWNLOAD = "a file for a person, prepared for hours; `GET /income` and `GET /userTrades` tell the same at once"
_STATISTICS = "a statistic of all accounts; no order, position or price depends on it"
_CONVERT = "exchanging assets at a quoted price is no order on a market"
NOT_READ = {
    "GET /fapi/v1/apiTradingStatus": "who breaks these rules is told so by -4400 when ordering",
    "GET /fapi/v1/constituents": _STATISTICS,
    "GET /fapi/v1/convert/exchangeInfo": _CONVERT,
    "GET /fapi/v1/convert/orderStatus": _CONVERT,
    "POST /fapi/v1/convert/acceptQuote": _CONVERT,
    "POST /fapi/v1/convert/getQuote": _CONVERT,
    "GET /fapi/v1/income/asyn": _DOWNLOAD,
    "GET /fapi/v1/income/asyn/id": _DOWNLOAD,
    "GET /fapi/v1/order/asyn": _DOWNLOAD,
    "GET /fapi/v1/order/asyn/id": _DOWNLOAD,
    "GET /fapi/v1/trade/asyn": _DOWNLOAD,
    "GET /fapi/v1/trade/asyn/id": _DOWNLOAD,
    "GET /fapi/v1/insuranceBalance": _STATISTICS,
    "GET /fapi/v1/pmAccountInfo": "portfolio margin is another kind of account",
    "GET /fapi/v1/symbolAdlRisk": _STATISTICS,
    "GET /fapi/v1/tradingSchedule": "hours of stock markets; the stream `tradingSession` is read",
    "POST /fapi/v1/stock/contract": "signing an agreement is for a person",
    "GET /futures/data/basis": _STATISTICS,
    "GET /futures/data/delivery-price": _STATISTICS,
    "GET /futures/data/globalLongShortAccountRatio": _STATISTICS,
    "GET /futures/data/openInterestHist": _STATISTICS,
    "GET /futures/data/takerlongshortRatio": _STATISTICS,
    "GET /futures/data/topLongShortAccountRatio": _STATISTICS,
    "GET /futures/data/topLongShortPositionRatio": _STATISTICS,
}

_FIRST_CELL = "the example keeps the first cell of each row only; a whole row is the example of KlineRow"
_FIRST_LEVEL = "the example keeps the first cell of each level only"
CUT_SHORT: dict[str, tuple[Any, str]] = {
    "GET /fapi/v1/continuousKlines": (list[m.KlineRow], _FIRST_CELL),
    "GET /fapi/v1/indexPriceKlines": (list[m.KlineRow], _FIRST_CELL),
    "GET /fapi/v1/klines": (list[m.KlineRow], _FIRST_CELL),
    "GET /fapi/v1/markPriceKlines": (list[m.KlineRow], _FIRST_CELL),
    "GET /fapi/v1/premiumIndexKlines": (list[m.KlineRow], _FIRST_CELL),
    "order_book": (m.DepthSnapshot, "the example has the levels beside the result instead of in it"),
    "partial_book_depth_streams": (m.DepthUpdate, _FIRST_LEVEL),
}

_TWO_IN_ONE = "the example shows an order and an error in one object; they come as two, each read as what it is"
DROPPED = {
    ("DELETE /fapi/v1/batchOrders", "[].code"): _TWO_IN_ONE,
    ("DELETE /fapi/v1/batchOrders", "[].msg"): _TWO_IN_ONE,
    ("POST /fapi/v1/batchOrders", "[].code"): _TWO_IN_ONE,
    ("POST /fapi/v1/batchOrders", "[].msg"): _TWO_IN_ONE,
    ("PUT /fapi/v1/batchOrders", "[].code"): _TWO_IN_ONE,
    ("PUT /fapi/v1/batchOrders", "[].msg"): _TWO_IN_ONE,
}


def examples() -> list[tuple[str, Any]]:
    """(name, payload) of everything recorded; of an example with several tellings, all."""
    found = [
        (path.relative_to(PAYLOADS).as_posix(), json.loads(path.read_bytes())) for path in PAYLOADS.rglob("*.json")
    ]
    for api in ("rest_api", "websocket_api", "websocket_streams"):
        for line in Path(BINANCE, "docs_examples", f"{PREFIX}{api}.jsonl").read_text("utf-8").splitlines():
            row = json.loads(line)
            name = f"{row['http']} {row['path']}" if api == "rest_api" else example_name(row["test"])
            found.append((name, row["expected_response"]))
    return found


def example_name(test: str) -> str:
    name = test.removeprefix("test_")
    for end in ("_success_with_optional_params", "_success", "_subscription"):
        name = name.removesuffix(end)
    return name


def recoded(name: str, payload: Any) -> Any:
    data = json.dumps(payload).encode()
    if name not in WS_API:
        return json.loads(msgspec.json.encode(msgspec.json.decode(data, type=READ[name])))
    reply = msgspec.json.decode(data, type=m.WsApiReply)
    assert isinstance(reply.result, msgspec.Raw)
    result = msgspec.json.encode(msgspec.json.decode(reply.result, type=WS_API[name]))
    return json.loads(msgspec.json.encode(msgspec.structs.replace(reply, result=msgspec.Raw(result))))


def lost(original: Any, copy: Any, where: str = "") -> Iterator[str]:
    """Paths of keys that only one of the two has; elements of lists are compared pair by pair."""
    if isinstance(original, dict) and isinstance(copy, dict):
        yield from (f"{where}.{key}".removeprefix(".") for key in original.keys() ^ copy.keys())
        for key in original.keys() & copy.keys():
            yield from lost(original[key], copy[key], f"{where}.{key}".removeprefix("."))
    elif isinstance(original, list) and isinstance(copy, list) and len(original) == len(copy):
        for mine, theirs in zip(original, copy, strict=True):
            yield from lost(mine, theirs, f"{where}[]")
    elif original != copy:
        yield f"{where}: {original!r} became {copy!r}"


EXAMPLES = examples() if SHARED.is_dir() else []


@requires_shared
def test_every_payload_is_either_read_or_explained_and_every_explanation_is_of_one() -> None:
    explained = [*READ, *NOT_READ, *CUT_SHORT]
    assert len(set(explained)) == len(explained), "read and explained away at once"
    assert {name for name, _ in EXAMPLES} == set(explained)
    assert all(reason for reason in [*NOT_READ.values(), *DROPPED.values()])


@requires_shared
@pytest.mark.parametrize(("name", "payload"), [(name, payload) for name, payload in EXAMPLES if name in READ])
def test_what_is_read_is_written_again_with_the_same_keys_and_values(name: str, payload: Any) -> None:
    allowed = {path for endpoint, path in DROPPED if endpoint == name}
    assert set(lost(payload, recoded(name, payload))) == allowed


@requires_shared
@pytest.mark.parametrize(("name", "payload"), [(name, payload) for name, payload in EXAMPLES if name in CUT_SHORT])
def test_examples_that_were_cut_short_cannot_be_read(name: str, payload: Any) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(json.dumps(payload), type=CUT_SHORT[name][0])


@requires_shared
def test_what_is_dropped_is_of_something_that_is_read() -> None:
    assert {endpoint for endpoint, _ in DROPPED} <= READ.keys()


def test_a_lost_key_is_found_however_deep() -> None:
    original = {"a": [{"b": 1, "c": [{"d": 2}]}]}
    assert set(lost(original, {"a": [{"b": 1, "c": [{}]}]})) == {"a[].c[].d"}
    assert set(lost(original, {"a": [{"c": [{"d": 3}]}], "x": 1})) == {"a[].b", "x", "a[].c[].d: 2 became 3"}
    assert not set(lost(original, original))


def test_a_whole_row_of_a_bar_is_read_and_written_alike() -> None:
    row = [1, "2", "3", "1", "2", "10", 59_999, "20", 4, "5", "10", "0"]
    assert json.loads(msgspec.json.encode(msgspec.json.decode(json.dumps(row), type=m.KlineRow))) == row


def test_an_element_of_a_batch_is_an_order_or_an_error() -> None:
    order = {
        "orderId": 7, "symbol": "AUSDT", "status": "NEW", "clientOrderId": "x", "price": "2", "origQty": "1",
        "executedQty": "0", "type": "LIMIT", "side": "BUY", "updateTime": 5,
    }  # fmt: skip
    error = {"code": -2022, "msg": "ReduceOnly Order is rejected."}
    told = decode.batch(json.dumps([order, error]).encode())
    assert [type(one) for one in told] == [m.OrderReply, m.ErrorBody]
    assert json.loads(msgspec.json.encode(told)) == [order, error]
