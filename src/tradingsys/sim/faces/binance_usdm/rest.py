"""Which HTTP call of futures is answered by what, who may ask, and what it costs."""

from __future__ import annotations

from tradingsys.sim.faces.binance import params
from tradingsys.sim.faces.binance.faults import NO_CODE, Fault
from tradingsys.sim.faces.binance.params import Params
from tradingsys.sim.faces.binance.rest import Manners
from tradingsys.sim.faces.binance.routes import Routes, keyed, per_symbol, public
from tradingsys.sim.faces.binance.troubles import Asked
from tradingsys.sim.faces.binance_usdm import kline_reads, market_reads, price_reads
from tradingsys.sim.faces.binance_usdm.account_routes import ACCOUNT_ROUTES
from tradingsys.sim.faces.binance_usdm.call import State
from tradingsys.sim.faces.binance_usdm.statistics import STATISTICS_ROUTES
from tradingsys.sim.faces.binance_usdm.user_streams import UserStreams
from tradingsys.sim.faces.transport import Request

__all__ = ["MANNERS", "depth_weight", "routes"]


def depth_weight(params: Params) -> int:
    """What a book costs, by its depth."""
    limit = params.optional_integer("limit", 500)
    return 2 if limit <= 50 else 5 if limit <= 100 else 10 if limit <= 500 else 20


def _klines_weight(params: Params) -> int:
    limit = params.optional_integer("limit", 500)
    return 1 if limit < 100 else 2 if limit < 500 else 5 if limit <= 1000 else 10


_ROUTES: Routes[State] = {
    ("GET", "/fapi/v1/ping"): public(market_reads.ping, 1),
    ("GET", "/fapi/v1/time"): public(market_reads.server_time, 1),
    ("GET", "/fapi/v1/exchangeInfo"): public(market_reads.exchange_info, 1),
    ("GET", "/fapi/v1/depth"): public(market_reads.depth, depth_weight),
    ("GET", "/fapi/v1/trades"): public(market_reads.trades, 5),
    ("GET", "/fapi/v1/aggTrades"): public(market_reads.agg_trades, 20),
    ("GET", "/fapi/v1/rpiDepth"): public(market_reads.rpi_depth, 20),
    ("GET", "/fapi/v1/historicalTrades"): keyed(market_reads.historical_trades, 200),
    ("GET", "/fapi/v1/klines"): public(kline_reads.klines, _klines_weight),
    ("GET", "/fapi/v1/continuousKlines"): public(kline_reads.continuous_klines, _klines_weight),
    ("GET", "/fapi/v1/indexPriceKlines"): public(kline_reads.index_price_klines, _klines_weight),
    ("GET", "/fapi/v1/markPriceKlines"): public(kline_reads.mark_price_klines, _klines_weight),
    ("GET", "/fapi/v1/premiumIndexKlines"): public(kline_reads.premium_index_klines, _klines_weight),
    ("GET", "/fapi/v1/premiumIndex"): public(price_reads.premium_index, per_symbol(1, 10)),
    ("GET", "/fapi/v1/fundingRate"): public(price_reads.funding_rates, 0),
    ("GET", "/fapi/v1/fundingInfo"): public(price_reads.funding_info, 0),
    ("GET", "/fapi/v1/ticker/24hr"): public(price_reads.ticker_24hr, per_symbol(1, 40)),
    ("GET", "/fapi/v1/openInterest"): public(price_reads.open_interest, 1),
    ("GET", "/fapi/v1/constituents"): public(price_reads.constituents, 2),
    ("GET", "/fapi/v1/insuranceBalance"): public(price_reads.insurance_fund, 1),
    ("GET", "/fapi/v1/symbolAdlRisk"): public(price_reads.adl_risk, 1),
    ("GET", "/fapi/v1/assetIndex"): public(price_reads.asset_indices, per_symbol(1, 10)),
    ("GET", "/fapi/v1/indexInfo"): public(price_reads.composite_indices, 1),
    ("GET", "/fapi/v1/tradingSchedule"): public(price_reads.trading_schedule, 5),
    ("GET", "/fapi/v1/ticker/bookTicker"): public(market_reads.book_ticker, per_symbol(2, 5)),
    ("GET", "/fapi/v1/ticker/price"): public(market_reads.price_ticker, per_symbol(1, 2)),
    ("GET", "/fapi/v2/ticker/price"): public(market_reads.price_ticker, per_symbol(1, 2)),
    **STATISTICS_ROUTES,
    **ACCOUNT_ROUTES,
}

_ORDERS = frozenset(
    f"/fapi/v1/{name}" for name in ("order", "batchOrders", "allOpenOrders", "algoOrder", "algoOpenOrders")
)
_ASKED = {"POST": Asked.PLACE, "PUT": Asked.MODIFY, "DELETE": Asked.CANCEL}
_LISTEN_KEY = "/fapi/v1/listenKey"


def routes(users: UserStreams) -> Routes[State]:
    """Everything that can be asked."""
    return {
        **_ROUTES,
        ("POST", _LISTEN_KEY): keyed(users.keys.start, 1),
        ("PUT", _LISTEN_KEY): keyed(users.keys.keep_alive, 1),
        ("DELETE", _LISTEN_KEY): keyed(users.keys.close, 1),
    }


def _asked(request: Request) -> Asked | None:
    return _ASKED.get(request.method) if request.path in _ORDERS else None


def _body(fault: Fault, request: Request, now_ms: int) -> object:
    """As seen on the exchange (daisy613/LHPControl's issue 16), errors without a code tell time and path."""
    if fault.code != NO_CODE:
        return fault.body()
    return {"timestamp": now_ms, "path": request.path, "msg": fault.message}


def _no_route(request: Request) -> Fault:
    return Fault(404, -5000, f"Path {request.path}, Method {request.method} is invalid")


def _check_time(given: Params, now_ms: int) -> None:
    params.check_time(given, now_ms)


MANNERS = Manners(_check_time, _asked, _no_route, _body)
