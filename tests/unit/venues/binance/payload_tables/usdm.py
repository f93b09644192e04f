"""What reads each payload of USDⓈ-M futures."""

from __future__ import annotations

from typing import Any

from tests.unit.venues.binance.payload_tables.table import Table, as_array, whole_rows
from tradingsys.venues.binance import decode
from tradingsys.venues.binance import messages as m

__all__ = ["USDM"]

_REST: dict[str, Any] = {
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
_WS_API: dict[str, Any] = {
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
_STREAMS: dict[str, Any] = {
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
_FILES: dict[str, Any] = {
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


def _whole_levels(update: Any) -> Any:
    """The example keeps the first cell of each level only."""
    assert all(len(level) == 1 for level in [*update["b"], *update["a"]])
    return {**update, "b": [[*level, "1"] for level in update["b"]], "a": [[*level, "1"] for level in update["a"]]}


def _levels_inside(reply: Any) -> Any:
    """The example has the levels beside the result instead of in it."""
    beside = {key: value for key, value in reply.items() if key not in ("bids", "asks")}
    return {**beside, "result": {**reply["result"], "bids": reply["bids"], "asks": reply["asks"]}}


def _order_and_error(element: Any) -> list[Any]:
    keys = ("code", "msg")
    return [{key: value for key, value in element.items() if key not in keys}, {key: element[key] for key in keys}]


USDM = Table(
    prefix="derivatives_trading_usds_futures",
    folder="futures",
    rest=_REST,
    ws_api=_WS_API,
    streams=_STREAMS,
    files=_FILES,
    reshaped={
        "DELETE /fapi/v1/batchOrders": as_array(_order_and_error),
        "POST /fapi/v1/batchOrders": as_array(_order_and_error),
        "PUT /fapi/v1/batchOrders": as_array(_order_and_error),
        "GET /fapi/v1/continuousKlines": whole_rows,
        "GET /fapi/v1/indexPriceKlines": whole_rows,
        "GET /fapi/v1/klines": whole_rows,
        "GET /fapi/v1/markPriceKlines": whole_rows,
        "GET /fapi/v1/premiumIndexKlines": whole_rows,
        "ws_api order_book": _levels_inside,
        "streams partial_book_depth_streams": _whole_levels,
    },
)
