"""Every recorded payload and every example of the exchange's documents: what is read of it is written again alike."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import inspect

from tests.shared_data import SHARED, requires_shared
from tradingsys.venues.binance import decode
from tradingsys.venues.binance import messages as m

BINANCE = SHARED / "data" / "binance"
PAYLOADS = BINANCE / "payloads" / "futures"
PREFIX = "derivatives_trading_usds_futures."

# The type or function that reads each. REST examples are named by method and path, all others by the file or the
# example's own name.
REST: dict[str, Any] = {
    "GET /fapi/v1/accountConfig": m.AccountConfig,
    "GET /fapi/v1/adlQuantile": list[m.AdlQuantile],
    "GET /fapi/v1/aggTrades": list[m.AggTradeRow],
    "GET /fapi/v1/algoOrder": m.AlgoOrder,
    "GET /fapi/v1/allAlgoOrders": list[m.AlgoOrder],
    "GET /fapi/v1/allOrders": list[m.OrderReply],
    "GET /fapi/v1/apiTradingStatus": m.TradingStatus,
    "GET /fapi/v1/assetIndex": m.AssetIndex,
    "GET /fapi/v1/commissionRate": m.CommissionRate,
    "GET /fapi/v1/constituents": m.Constituents,
    "GET /fapi/v1/continuousKlines": list[m.KlineRow],
    "GET /fapi/v1/convert/exchangeInfo": list[m.ConvertPair],
    "GET /fapi/v1/convert/orderStatus": m.ConvertStatus,
    "GET /fapi/v1/depth": m.DepthSnapshot,
    "GET /fapi/v1/exchangeInfo": m.ExchangeInfo,
    "GET /fapi/v1/feeBurn": m.FeeBurn,
    "GET /fapi/v1/forceOrders": list[m.OrderReply],
    "GET /fapi/v1/fundingInfo": list[m.FundingInfo],
    "GET /fapi/v1/fundingRate": list[m.FundingRate],
    "GET /fapi/v1/historicalTrades": list[m.PublicTrade],
    "GET /fapi/v1/income": list[m.IncomeRow],
    "GET /fapi/v1/income/asyn": m.DownloadRequested,
    "GET /fapi/v1/income/asyn/id": m.Download,
    "GET /fapi/v1/indexInfo": list[m.CompositeIndexInfo],
    "GET /fapi/v1/indexPriceKlines": list[m.KlineRow],
    "GET /fapi/v1/insuranceBalance": m.InsuranceFund,
    "GET /fapi/v1/klines": list[m.KlineRow],
    "GET /fapi/v1/leverageBracket": list[m.LeverageBrackets],
    "GET /fapi/v1/markPriceKlines": list[m.KlineRow],
    "GET /fapi/v1/multiAssetsMargin": m.MultiAssetsMode,
    "GET /fapi/v1/openAlgoOrders": list[m.AlgoOrder],
    "GET /fapi/v1/openInterest": m.OpenInterest,
    "GET /fapi/v1/openOrder": m.OrderReply,
    "GET /fapi/v1/openOrders": list[m.OrderReply],
    "GET /fapi/v1/order": m.OrderReply,
    "GET /fapi/v1/order/asyn": m.DownloadRequested,
    "GET /fapi/v1/order/asyn/id": m.Download,
    "GET /fapi/v1/orderAmendment": list[m.OrderAmendment],
    "GET /fapi/v1/pmAccountInfo": m.PortfolioMarginAccount,
    "GET /fapi/v1/positionMargin/history": list[m.PositionMarginChange],
    "GET /fapi/v1/positionSide/dual": m.PositionMode,
    "GET /fapi/v1/premiumIndex": m.PremiumIndex,
    "GET /fapi/v1/premiumIndexKlines": list[m.KlineRow],
    "GET /fapi/v1/rateLimit/order": list[m.RateLimitRule],
    "GET /fapi/v1/rpiDepth": m.DepthSnapshot,
    "GET /fapi/v1/symbolAdlRisk": m.AdlRisk,
    "GET /fapi/v1/symbolConfig": list[m.SymbolConfig],
    "GET /fapi/v1/ticker/24hr": m.Ticker24h,
    "GET /fapi/v1/ticker/bookTicker": m.BookTickerRow,
    "GET /fapi/v1/ticker/price": m.PriceTicker,
    "GET /fapi/v1/time": m.ServerTime,
    "GET /fapi/v1/trade/asyn": m.DownloadRequested,
    "GET /fapi/v1/trade/asyn/id": m.Download,
    "GET /fapi/v1/trades": list[m.PublicTrade],
    "GET /fapi/v1/tradingSchedule": m.TradingSchedule,
    "GET /fapi/v1/userTrades": list[m.UserTrade],
    "GET /fapi/v2/account": m.AccountInformation,
    "GET /fapi/v2/balance": list[m.Balance],
    "GET /fapi/v2/positionRisk": list[m.PositionRisk],
    "GET /fapi/v2/ticker/price": m.PriceTicker,
    "GET /fapi/v3/account": m.AccountInformation,
    "GET /fapi/v3/balance": list[m.Balance],
    "GET /fapi/v3/positionRisk": list[m.PositionRisk],
    "GET /futures/data/basis": list[m.Basis],
    "GET /futures/data/delivery-price": list[m.DeliveryPrice],
    "GET /futures/data/globalLongShortAccountRatio": list[m.LongShortRatio],
    "GET /futures/data/openInterestHist": list[m.OpenInterestRow],
    "GET /futures/data/takerlongshortRatio": list[m.TakerRatio],
    "GET /futures/data/topLongShortAccountRatio": list[m.LongShortRatio],
    "GET /futures/data/topLongShortPositionRatio": list[m.LongShortRatio],
    "DELETE /fapi/v1/algoOpenOrders": m.Done,
    "DELETE /fapi/v1/algoOrder": m.AlgoCanceled,
    "DELETE /fapi/v1/allOpenOrders": m.Done,
    "DELETE /fapi/v1/batchOrders": decode.batch,
    "DELETE /fapi/v1/order": m.OrderReply,
    "POST /fapi/v1/algoOrder": m.AlgoOrder,
    "POST /fapi/v1/batchOrders": decode.batch,
    "POST /fapi/v1/convert/acceptQuote": m.ConvertAccepted,
    "POST /fapi/v1/convert/getQuote": m.ConvertQuote,
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
    "POST /fapi/v1/stock/contract": m.Done,
    "PUT /fapi/v1/batchOrders": decode.batch,
    "PUT /fapi/v1/listenKey": m.ListenKey,
    "PUT /fapi/v1/order": m.OrderReply,
}
WS_API: dict[str, Any] = {
    "account_information": m.AccountInformation,
    "account_information_v2": m.AccountInformation,
    "cancel_algo_order": m.AlgoCanceled,
    "cancel_order": m.OrderReply,
    "close_user_data_stream": m.Nothing,
    "futures_account_balance": list[m.Balance],
    "futures_account_balance_v2": list[m.Balance],
    "keepalive_user_data_stream": m.ListenKey,
    "modify_order": m.OrderReply,
    "new_algo_order": m.AlgoOrder,
    "new_order": m.OrderReply,
    "order_book": m.DepthSnapshot,
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
    "partial_book_depth_streams": m.DepthUpdate,
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

_REST_OF_A_ROW = ["2", "3", "1", "2", "10", 1499644799999, "20", 4, "5", "10", "0"]


def _whole_rows(rows: Any) -> Any:
    """The example keeps the first cell of each row only."""
    assert all(len(row) == 1 for row in rows)
    return [[*row, *_REST_OF_A_ROW] for row in rows]


def _whole_levels(update: Any) -> Any:
    """The example keeps the first cell of each level only."""
    assert all(len(level) == 1 for level in [*update["b"], *update["a"]])
    return {**update, "b": [[*level, "1"] for level in update["b"]], "a": [[*level, "1"] for level in update["a"]]}


def _levels_inside(reply: Any) -> Any:
    """The example has the levels beside the result instead of in it."""
    beside = {key: value for key, value in reply.items() if key not in ("bids", "asks")}
    return {**beside, "result": {**reply["result"], "bids": reply["bids"], "asks": reply["asks"]}}


def _orders_and_errors(elements: Any) -> Any:
    """The example shows what an element may be, an order or an error, in one object."""
    keys = ("code", "msg")
    orders = [{key: value for key, value in each.items() if key not in keys} for each in elements]
    return [
        part for order, each in zip(orders, elements, strict=True) for part in (order, {key: each[key] for key in keys})
    ]


# Examples that no answer can look like, and how to make them answers: nothing is left out.
RESHAPED: dict[str, Callable[[Any], Any]] = {
    "DELETE /fapi/v1/batchOrders": _orders_and_errors,
    "POST /fapi/v1/batchOrders": _orders_and_errors,
    "PUT /fapi/v1/batchOrders": _orders_and_errors,
    "GET /fapi/v1/continuousKlines": _whole_rows,
    "GET /fapi/v1/indexPriceKlines": _whole_rows,
    "GET /fapi/v1/klines": _whole_rows,
    "GET /fapi/v1/markPriceKlines": _whole_rows,
    "GET /fapi/v1/premiumIndexKlines": _whole_rows,
    "order_book": _levels_inside,
    "partial_book_depth_streams": _whole_levels,
}


def examples() -> list[tuple[str, Any]]:
    """(name, payload) of everything recorded; of an example with several tellings, all."""
    found: list[tuple[str, Any]] = [
        (path.relative_to(PAYLOADS).as_posix(), json.loads(path.read_bytes())) for path in PAYLOADS.rglob("*.json")
    ]
    for api in ("rest_api", "websocket_api", "websocket_streams"):
        for line in Path(BINANCE, "docs_examples", f"{PREFIX}{api}.jsonl").read_text("utf-8").splitlines():
            row = json.loads(line)
            name = f"{row['http']} {row['path']}" if api == "rest_api" else example_name(row["test"])
            found.append((name, row["expected_response"]))
    return [(name, RESHAPED[name](payload) if name in RESHAPED else payload) for name, payload in found]


def example_name(test: str) -> str:
    name = test.removeprefix("test_")
    for end in ("_success_with_optional_params", "_success", "_subscription"):
        name = name.removesuffix(end)
    return name


def read(name: str, data: bytes) -> Any:
    reader = READ[name]
    return reader(data) if reader is decode.batch else msgspec.json.decode(data, type=reader)


def recoded(name: str, payload: Any) -> Any:
    data = json.dumps(payload).encode()
    if name not in WS_API:
        return json.loads(msgspec.json.encode(read(name, data)))
    reply = msgspec.json.decode(data, type=m.WsApiReply)
    assert isinstance(reply.result, msgspec.Raw)
    result = msgspec.json.encode(read(name, bytes(reply.result)))
    return json.loads(msgspec.json.encode(msgspec.structs.replace(reply, result=msgspec.Raw(result))))


def lost(original: Any, copy: Any, where: str = "") -> Iterator[str]:
    """Where the two differ: keys that only one has, other values, or the same values as other kinds of JSON."""
    if isinstance(original, dict) and isinstance(copy, dict):
        yield from (f"{where}.{key}".removeprefix(".") for key in original.keys() ^ copy.keys())
        for key in original.keys() & copy.keys():
            yield from lost(original[key], copy[key], f"{where}.{key}".removeprefix("."))
    elif isinstance(original, list) and isinstance(copy, list) and len(original) == len(copy):
        for mine, theirs in zip(original, copy, strict=True):
            yield from lost(mine, theirs, f"{where}[]")
    elif original != copy or type(original) is not type(copy):
        yield f"{where}: {original!r} became {copy!r}"


EXAMPLES = examples() if SHARED.is_dir() else []


@requires_shared
def test_every_payload_is_read_and_nothing_is_read_that_was_not_recorded() -> None:
    assert {name for name, _ in EXAMPLES} == READ.keys()
    assert not any(path.suffix != ".json" for path in PAYLOADS.rglob("*") if path.is_file())


@requires_shared
@pytest.mark.parametrize(("name", "payload"), EXAMPLES, ids=[name for name, _ in EXAMPLES])
def test_what_is_read_is_written_again_with_the_same_keys_and_values(name: str, payload: Any) -> None:
    assert not set(lost(payload, recoded(name, payload)))


def unread(kind: inspect.Type, seen: set[type]) -> Iterator[str]:
    """Parts of a type that would be kept as bytes or as whatever JSON they are."""
    if isinstance(kind, inspect.AnyType | inspect.RawType):
        yield type(kind).__name__
    elif isinstance(kind, inspect.StructType):
        if kind.cls not in seen:
            seen.add(kind.cls)
            for field in kind.fields:
                yield from (f"{kind.cls.__name__}.{field.name}: {part}" for part in unread(field.type, seen))
    elif isinstance(kind, inspect.UnionType):
        for each in kind.types:
            yield from unread(each, seen)
    elif isinstance(kind, inspect.ListType | inspect.VarTupleType):
        yield from unread(kind.item_type, seen)
    elif isinstance(kind, inspect.DictType):
        yield from unread(kind.value_type, seen)


def test_all_of_a_payload_is_read_into_values() -> None:
    kinds = [kind for kind in READ.values() if kind is not decode.batch]
    assert not [part for kind in kinds for part in unread(inspect.type_info(kind), set())]
    assert list(unread(inspect.type_info(m.WsApiReply), set())) == ["WsApiReply.result: RawType"]


def test_a_lost_key_is_found_however_deep() -> None:
    original = {"a": [{"b": 1, "c": [{"d": 2}]}]}
    assert set(lost(original, {"a": [{"b": 1, "c": [{}]}]})) == {"a[].c[].d"}
    assert set(lost(original, {"a": [{"c": [{"d": 3}]}], "x": 1})) == {"a[].b", "x", "a[].c[].d: 2 became 3"}
    assert set(lost({"a": 1, "b": 1}, {"a": 1.0, "b": True})) == {"a: 1 became 1.0", "b: 1 became True"}
    assert not set(lost(original, original))


def test_an_element_of_a_batch_is_an_order_or_an_error() -> None:
    order = {
        "orderId": 7, "symbol": "AUSDT", "status": "NEW", "clientOrderId": "x", "price": "2", "origQty": "1",
        "executedQty": "0", "type": "LIMIT", "side": "BUY", "updateTime": 5,
    }  # fmt: skip
    error = {"code": -2022, "msg": "ReduceOnly Order is rejected."}
    told = decode.batch(json.dumps([order, error]).encode())
    assert [type(one) for one in told] == [m.OrderReply, m.ErrorBody]
    assert json.loads(msgspec.json.encode(told)) == [order, error]
