"""Which HTTP call is answered by what, who may ask, and what it costs."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto

from msgspec import Struct

from tradingsys.core.errors import VenueError
from tradingsys.sim.faces.binance_usdm import account_reads, kline_reads, market_reads, orders, params, price_reads
from tradingsys.sim.faces.binance_usdm.call import Call, State
from tradingsys.sim.faces.binance_usdm.faults import Fault
from tradingsys.sim.faces.binance_usdm.params import Keyring, Params
from tradingsys.sim.faces.binance_usdm.render import ms
from tradingsys.sim.faces.binance_usdm.user_streams import UserStreams
from tradingsys.sim.faces.transport import Reply, Request
from tradingsys.venues.binance.encode import to_bytes

__all__ = ["Rest", "depth_weight"]

_JSON = {"Content-Type": "application/json"}


class _Security(Enum):
    NONE = auto()
    KEY = auto()
    """The API key alone."""
    SIGNED = auto()


class _Route(Struct, frozen=True):
    answer: Callable[[Call], object]
    security: _Security
    weight: Callable[[Params], int]
    is_order: bool = False
    """Whether its reply tells the order counts."""


def _fixed(weight: int) -> Callable[[Params], int]:
    return lambda _params: weight


def _per_symbol(one: int, every: int) -> Callable[[Params], int]:
    return lambda params: one if params.get("symbol") else every


def depth_weight(params: Params) -> int:
    """What a book costs, by its depth."""
    limit = params.optional_integer("limit", 500)
    return 2 if limit <= 50 else 5 if limit <= 100 else 10 if limit <= 500 else 20


def _klines_weight(params: Params) -> int:
    limit = params.optional_integer("limit", 500)
    return 1 if limit < 100 else 2 if limit < 500 else 5 if limit <= 1000 else 10


def _public(answer: Callable[[Call], object], weight: int | Callable[[Params], int]) -> _Route:
    return _Route(answer, _Security.NONE, _fixed(weight) if isinstance(weight, int) else weight)


def _signed(answer: Callable[[Call], object], weight: int | Callable[[Params], int]) -> _Route:
    return _Route(answer, _Security.SIGNED, _fixed(weight) if isinstance(weight, int) else weight)


_ROUTES: dict[tuple[str, str], _Route] = {
    ("GET", "/fapi/v1/ping"): _public(market_reads.ping, 1),
    ("GET", "/fapi/v1/time"): _public(market_reads.server_time, 1),
    ("GET", "/fapi/v1/exchangeInfo"): _public(market_reads.exchange_info, 1),
    ("GET", "/fapi/v1/depth"): _public(market_reads.depth, depth_weight),
    ("GET", "/fapi/v1/trades"): _public(market_reads.trades, 5),
    ("GET", "/fapi/v1/aggTrades"): _public(market_reads.agg_trades, 20),
    ("GET", "/fapi/v1/rpiDepth"): _public(market_reads.rpi_depth, 20),
    ("GET", "/fapi/v1/historicalTrades"): _Route(market_reads.historical_trades, _Security.KEY, _fixed(200)),
    ("GET", "/fapi/v1/klines"): _public(kline_reads.klines, _klines_weight),
    ("GET", "/fapi/v1/continuousKlines"): _public(kline_reads.continuous_klines, _klines_weight),
    ("GET", "/fapi/v1/indexPriceKlines"): _public(kline_reads.index_price_klines, _klines_weight),
    ("GET", "/fapi/v1/markPriceKlines"): _public(kline_reads.mark_price_klines, _klines_weight),
    ("GET", "/fapi/v1/premiumIndexKlines"): _public(kline_reads.premium_index_klines, _klines_weight),
    ("GET", "/fapi/v1/premiumIndex"): _public(price_reads.premium_index, _per_symbol(1, 10)),
    ("GET", "/fapi/v1/fundingRate"): _public(price_reads.funding_rates, 0),
    ("GET", "/fapi/v1/fundingInfo"): _public(price_reads.funding_info, 0),
    ("GET", "/fapi/v1/ticker/24hr"): _public(price_reads.ticker_24hr, _per_symbol(1, 40)),
    ("GET", "/fapi/v1/openInterest"): _public(price_reads.open_interest, 1),
    ("GET", "/fapi/v1/constituents"): _public(price_reads.constituents, 2),
    ("GET", "/fapi/v1/ticker/bookTicker"): _public(market_reads.book_ticker, _per_symbol(2, 5)),
    ("GET", "/fapi/v1/ticker/price"): _public(market_reads.price_ticker, _per_symbol(1, 2)),
    ("GET", "/fapi/v2/ticker/price"): _public(market_reads.price_ticker, _per_symbol(1, 2)),
    ("POST", "/fapi/v1/order"): _Route(orders.place, _Security.SIGNED, _fixed(0), is_order=True),
    ("DELETE", "/fapi/v1/order"): _signed(orders.cancel, 1),
    ("GET", "/fapi/v1/order"): _signed(orders.query, 1),
    ("GET", "/fapi/v1/openOrder"): _signed(orders.open_order, 1),
    ("GET", "/fapi/v1/openOrders"): _signed(orders.open_orders, _per_symbol(1, 40)),
    ("GET", "/fapi/v1/allOrders"): _signed(orders.all_orders, 5),
    ("DELETE", "/fapi/v1/allOpenOrders"): _signed(orders.cancel_all, 1),
    ("GET", "/fapi/v1/userTrades"): _signed(account_reads.user_trades, 5),
    ("GET", "/fapi/v3/positionRisk"): _signed(account_reads.positions, 5),
    ("GET", "/fapi/v3/balance"): _signed(account_reads.balances, 5),
    ("GET", "/fapi/v3/account"): _signed(account_reads.account, 5),
    ("GET", "/fapi/v1/accountConfig"): _signed(account_reads.account_config, 5),
    ("GET", "/fapi/v1/symbolConfig"): _signed(account_reads.symbol_config, 5),
    ("GET", "/fapi/v1/positionSide/dual"): _signed(account_reads.position_mode, 30),
    ("POST", "/fapi/v1/positionSide/dual"): _signed(account_reads.set_position_mode, 1),
    ("GET", "/fapi/v1/multiAssetsMargin"): _signed(account_reads.multi_assets_mode, 30),
    ("POST", "/fapi/v1/leverage"): _signed(account_reads.set_leverage, 1),
    ("GET", "/fapi/v1/commissionRate"): _signed(account_reads.commission_rate, 20),
    ("GET", "/fapi/v1/rateLimit/order"): _signed(account_reads.order_rate_limits, 1),
}

_LISTEN_KEY = "/fapi/v1/listenKey"


class Rest:
    """Answers HTTP requests."""

    def __init__(self, state: State, keyring: Keyring, users: UserStreams) -> None:
        self._state = state
        self._keyring = keyring
        self._routes = {
            **_ROUTES,
            ("POST", _LISTEN_KEY): _Route(users.start, _Security.KEY, _fixed(1)),
            ("PUT", _LISTEN_KEY): _Route(users.keep_alive, _Security.KEY, _fixed(1)),
            ("DELETE", _LISTEN_KEY): _Route(users.close, _Security.KEY, _fixed(1)),
        }

    def answer(self, request: Request, now_ns: int) -> Reply:
        """The reply, whatever the request; its effects wait in ``state.happened``."""
        now_ms = ms(now_ns)
        headers: dict[str, str] = {}
        try:
            status, body = 200, to_bytes(self._perform(request, now_ns, headers))
        except Fault as fault:
            status, body = fault.status, to_bytes(fault.body())
        except VenueError as refused:
            status, body = 400, to_bytes(Fault(400, refused.code, refused.message).body())
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
        if route.security is not _Security.NONE:
            owner = self._keyring.find(request.headers.get("x-mbx-apikey"))
            call = Call(self._state, given, now_ns, owner.account, owner.key)
            if route.security is _Security.SIGNED:
                params.check_time(given, now_ms)
                params.check_http_signature(owner, given, request.query, request.body)
        result = route.answer(call)
        if route.is_order:
            headers.update(self._state.limits.order_headers(call.account, now_ms))
        return result
