"""Which HTTP call is answered by what, who may ask, and what it costs."""

from __future__ import annotations

from tradingsys.core.errors import VenueError
from tradingsys.sim.faces.binance_usdm import kline_reads, market_reads, params, price_reads
from tradingsys.sim.faces.binance_usdm.account_routes import ACCOUNT_ROUTES
from tradingsys.sim.faces.binance_usdm.account_settings import api_restrictions
from tradingsys.sim.faces.binance_usdm.call import Call, State
from tradingsys.sim.faces.binance_usdm.faults import NO_CODE, Fault
from tradingsys.sim.faces.binance_usdm.params import Keyring, Params
from tradingsys.sim.faces.binance_usdm.render import ms
from tradingsys.sim.faces.binance_usdm.routes import Route, Routes, Security, fixed, per_symbol, public, signed
from tradingsys.sim.faces.binance_usdm.statistics import STATISTICS_ROUTES
from tradingsys.sim.faces.binance_usdm.troubles import Asked, Lost
from tradingsys.sim.faces.binance_usdm.user_streams import UserStreams
from tradingsys.sim.faces.transport import NO_ANSWER, Reply, Request
from tradingsys.venues.binance.encode import to_bytes

__all__ = ["Rest", "depth_weight"]

_JSON = {"Content-Type": "application/json"}


def depth_weight(params: Params) -> int:
    """What a book costs, by its depth."""
    limit = params.optional_integer("limit", 500)
    return 2 if limit <= 50 else 5 if limit <= 100 else 10 if limit <= 500 else 20


def _klines_weight(params: Params) -> int:
    limit = params.optional_integer("limit", 500)
    return 1 if limit < 100 else 2 if limit < 500 else 5 if limit <= 1000 else 10


_ROUTES: Routes = {
    ("GET", "/fapi/v1/ping"): public(market_reads.ping, 1),
    ("GET", "/fapi/v1/time"): public(market_reads.server_time, 1),
    ("GET", "/fapi/v1/exchangeInfo"): public(market_reads.exchange_info, 1),
    ("GET", "/fapi/v1/depth"): public(market_reads.depth, depth_weight),
    ("GET", "/fapi/v1/trades"): public(market_reads.trades, 5),
    ("GET", "/fapi/v1/aggTrades"): public(market_reads.agg_trades, 20),
    ("GET", "/fapi/v1/rpiDepth"): public(market_reads.rpi_depth, 20),
    ("GET", "/fapi/v1/historicalTrades"): Route(market_reads.historical_trades, Security.KEY, fixed(200)),
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
_RESTRICTIONS = "/sapi/v1/account/apiRestrictions"


class Rest:
    """Answers HTTP requests."""

    def __init__(self, state: State, keyring: Keyring, users: UserStreams) -> None:
        self._state = state
        self._keyring = keyring
        self._routes = {
            **_ROUTES,
            ("GET", _RESTRICTIONS): signed(lambda call: api_restrictions(keyring.find(call.api_key)), 1),
            ("POST", _LISTEN_KEY): Route(users.start, Security.KEY, fixed(1)),
            ("PUT", _LISTEN_KEY): Route(users.keep_alive, Security.KEY, fixed(1)),
            ("DELETE", _LISTEN_KEY): Route(users.close, Security.KEY, fixed(1)),
        }

    def answer(self, request: Request, now_ns: int) -> Reply:
        """The reply, whatever the request; its effects wait in ``state.happened``."""
        now_ms = ms(now_ns)
        headers: dict[str, str] = {}
        try:
            status, body = 200, to_bytes(self._perform(request, now_ns, headers))
        except Fault as fault:
            status, body = fault.status, to_bytes(_body(fault, request, now_ms))
        except VenueError as refused:
            status, body = 400, to_bytes(Fault(400, refused.code, refused.message).body())
        except Lost:
            return Reply(NO_ANSWER, b"")
        return Reply(status, body, {**_JSON, **self._state.limits.weight_headers(now_ms), **headers})

    def _perform(self, request: Request, now_ns: int, headers: dict[str, str]) -> object:
        route = self._routes.get((request.method, request.path))
        now_ms = ms(now_ns)
        if route is None:
            self._state.limits.spend(1, now_ms)
            raise Fault(404, -5000, f"Path {request.path}, Method {request.method} is invalid")
        given = Params.from_http(request.query, request.body)
        self._state.limits.spend(route.weight(given), now_ms)
        call = Call(self._state, given, now_ns)
        if route.security is not Security.NONE:
            owner = self._keyring.find(request.headers.get("x-mbx-apikey"))
            call = Call(self._state, given, now_ns, owner.account, owner.key)
            if route.security is Security.SIGNED:
                params.check_time(given, now_ms)
                params.check_http_signature(owner, given, request.query, request.body)
        result = self._state.troubles.answer(_asked(request), lambda: route.answer(call), reduces=call.reduces)
        if route.is_order:
            headers.update(self._state.limits.order_headers(call.account, now_ms))
        return result


def _asked(request: Request) -> Asked | None:
    return _ASKED.get(request.method) if request.path in _ORDERS else None


def _body(fault: Fault, request: Request, now_ms: int) -> object:
    """As seen on the exchange (daisy613/LHPControl's issue 16), errors without a code tell time and path."""
    if fault.code != NO_CODE:
        return fault.body()
    return {"timestamp": now_ms, "path": request.path, "msg": fault.message}
