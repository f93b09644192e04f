"""Which HTTP call of spot is answered by what, who may ask, and what it costs."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import structs

from tradingsys.sim.faces.binance.faults import NO_CODE, Fault
from tradingsys.sim.faces.binance.params import Params, check_exact_time
from tradingsys.sim.faces.binance.rest import Manners
from tradingsys.sim.faces.binance.routes import Route, Routes, Security, fixed, keyed, order, per_symbol, public, signed
from tradingsys.sim.faces.binance.troubles import Asked
from tradingsys.sim.faces.binance_spot import (
    account_reads,
    market_reads,
    order_lists,
    order_reads,
    orders,
    replacing,
    tickers,
)
from tradingsys.sim.faces.binance_spot.call import Call, State
from tradingsys.sim.faces.binance_spot.parameters import PARAMETERS
from tradingsys.sim.faces.transport import Request

__all__ = [
    "BY_HTTP",
    "MANNERS",
    "ROUTES",
    "book_weight",
    "day_weight",
    "depth_weight",
    "entering",
    "prevented_weight",
    "refuse_sor",
    "rules_weight",
    "test_weight",
    "trades_weight",
    "window_weight",
]

_MOST_COSTLY = 200
_MOST_RULES = 40


def depth_weight(params: Params) -> int:
    """What a book costs, by its depth."""
    limit = params.optional_integer("limit", 100)
    return 5 if limit <= 100 else 25 if limit <= 500 else 50 if limit <= 1000 else 250


def book_weight(params: Params) -> int:
    """What best prices cost."""
    return 2 if params.get("symbol") else 4


def day_weight(params: Params) -> int:
    """What prices of a day cost, by the number of symbols."""
    if params.get("symbol"):
        return 2
    count = params.get("symbols").count(",") + 1 if params.get("symbols") else 101
    return 2 if count <= 20 else 40 if count <= 100 else 80


def window_weight(params: Params) -> int:
    """What prices of a window cost, by the number of symbols."""
    count = params.get("symbols").count(",") + 1 if params.get("symbols") else 1
    return min(_MOST_COSTLY, 4 * count)


def trades_weight(params: Params) -> int:
    """What executions cost."""
    return 5 if params.get("orderId") else 20


def prevented_weight(params: Params) -> int:
    """What matches that were prevented cost: one, or an order's."""
    return 2 if params.get("preventedMatchId") else 20


def rules_weight(params: Params) -> int:
    """What rules about prices cost, by the number of symbols."""
    if params.get("symbol"):
        return 2
    return min(_MOST_RULES, 2 * (params.get("symbols").count(",") + 1)) if params.get("symbols") else _MOST_RULES


def test_weight(params: Params) -> int:
    """What a test order costs."""
    return 20 if params.get("computeCommissionRates").lower() == "true" else 1


def entering(answer: Callable[[Call], object], weight: int = 1) -> Route[State]:
    """Weighs nothing unless it is refused, and tells the order counts."""
    return structs.replace(order(answer, weight), is_free_when_done=True)


def _cancelling(answer: Callable[[Call], object]) -> Route[State]:
    return Route(answer, Security.SIGNED, fixed(1), is_free_when_done=True)


def refuse_sor(call: Call) -> object:
    """`POST /api/v3/sor/order` and `sor.order.place`: no symbols of the box share their liquidity.

    Raises Fault (-1013).
    """
    call.symbol()
    raise Fault(400, -1013, "This symbol is not supported by SOR.")


def _gone(_call: Call) -> object:
    raise Fault(410, NO_CODE, "Gone")


ROUTES: Routes[State] = {
    # Market
    ("GET", "/api/v3/ping"): public(market_reads.ping, 1),
    ("GET", "/api/v3/time"): public(market_reads.server_time, 1),
    ("GET", "/api/v3/exchangeInfo"): public(market_reads.exchange_info, 20),
    ("GET", "/api/v3/depth"): public(market_reads.depth, depth_weight),
    ("GET", "/api/v3/trades"): public(market_reads.trades, 25),
    ("GET", "/api/v3/historicalTrades"): public(market_reads.historical_trades, 25),
    ("GET", "/api/v3/historicalBlockTrades"): public(market_reads.block_trades, 25),
    ("GET", "/api/v3/aggTrades"): public(market_reads.agg_trades, 4),
    ("GET", "/api/v3/klines"): public(market_reads.klines, 2),
    ("GET", "/api/v3/uiKlines"): public(market_reads.klines, 2),
    ("GET", "/api/v3/avgPrice"): public(market_reads.average_px, 2),
    ("GET", "/api/v3/ticker/24hr"): public(tickers.ticker_24hr, day_weight),
    ("GET", "/api/v3/ticker/tradingDay"): public(tickers.trading_day, window_weight),
    ("GET", "/api/v3/ticker"): public(tickers.ticker, window_weight),
    ("GET", "/api/v3/ticker/price"): public(market_reads.price_ticker, book_weight),
    ("GET", "/api/v3/ticker/bookTicker"): public(market_reads.book_ticker, book_weight),
    ("GET", "/api/v3/executionRules"): public(market_reads.execution_rules, rules_weight),
    ("GET", "/api/v3/referencePrice"): public(market_reads.reference_price, 2),
    ("GET", "/api/v3/referencePrice/calculation"): public(market_reads.reference_calculation, 2),
    # Orders
    ("POST", "/api/v3/order"): entering(orders.place),
    ("POST", "/api/v3/order/test"): signed(orders.place_test, test_weight),
    ("DELETE", "/api/v3/order"): _cancelling(orders.cancel),
    ("DELETE", "/api/v3/openOrders"): _cancelling(orders.cancel_all),
    ("POST", "/api/v3/order/cancelReplace"): entering(replacing.cancel_replace),
    ("PUT", "/api/v3/order/amend/keepPriority"): signed(orders.amend, orders.AMEND_WEIGHT),
    ("POST", "/api/v3/orderList/oco"): entering(order_lists.place_oco),
    ("POST", "/api/v3/orderList/oto"): entering(order_lists.place_oto),
    ("POST", "/api/v3/orderList/otoco"): entering(order_lists.place_otoco),
    ("POST", "/api/v3/orderList/opo"): entering(order_lists.place_opo),
    ("POST", "/api/v3/orderList/opoco"): entering(order_lists.place_opoco),
    ("POST", "/api/v3/order/oco"): entering(order_lists.place_older_oco),
    ("DELETE", "/api/v3/orderList"): _cancelling(order_lists.cancel_list),
    ("POST", "/api/v3/sor/order"): entering(refuse_sor),
    ("POST", "/api/v3/sor/order/test"): signed(refuse_sor, test_weight),
    ("GET", "/api/v3/order"): signed(order_reads.query, 4),
    ("GET", "/api/v3/openOrders"): signed(order_reads.open_orders, per_symbol(6, 80)),
    ("GET", "/api/v3/allOrders"): signed(order_reads.all_orders, 20),
    ("GET", "/api/v3/orderList"): signed(order_lists.query_list, 4),
    ("GET", "/api/v3/allOrderList"): signed(order_lists.all_lists, 20),
    ("GET", "/api/v3/openOrderList"): signed(order_lists.open_lists, 6),
    ("GET", "/api/v3/order/amendments"): signed(order_reads.amendments, 4),
    ("GET", "/api/v3/myTrades"): signed(order_reads.my_trades, trades_weight),
    ("GET", "/api/v3/myPreventedMatches"): signed(order_reads.prevented, prevented_weight),
    ("GET", "/api/v3/myAllocations"): signed(order_reads.my_allocations, 20),
    # Account
    ("GET", "/api/v3/account"): signed(account_reads.account, 20),
    ("GET", "/api/v3/account/commission"): signed(account_reads.commission, 20),
    ("GET", "/api/v3/rateLimit/order"): signed(account_reads.order_rate_limits, 40),
    ("GET", "/api/v3/myFilters"): signed(account_reads.my_filters, 40),
    # Listen keys, which the venue took off on 2026-02-20
    ("POST", "/api/v3/userDataStream"): keyed(_gone, 2),
    ("PUT", "/api/v3/userDataStream"): keyed(_gone, 2),
    ("DELETE", "/api/v3/userDataStream"): keyed(_gone, 2),
}
"""Everything under `/api`."""

BY_HTTP: Routes[State] = {
    place: structs.replace(route, parameters=PARAMETERS.get(place)) for place, route in ROUTES.items()
}
"""The same, and requests have no other parameters than they should. The WS-API is not so strict."""

_PLACING = frozenset(
    {
        "/api/v3/order",
        "/api/v3/order/cancelReplace",
        "/api/v3/order/oco",
        *(f"/api/v3/orderList/{kind}" for kind in ("oco", "oto", "otoco", "opo", "opoco")),
        "/sapi/v1/margin/order",
        *(f"/sapi/v1/margin/order/{kind}" for kind in ("oco", "oto", "otoco")),
    }
)
_CANCELLING = frozenset(
    {
        *(f"/api/v3/{name}" for name in ("order", "openOrders", "orderList")),
        *(f"/sapi/v1/margin/{name}" for name in ("order", "openOrders", "orderList")),
    }
)
_AMENDING = frozenset({"/api/v3/order/amend/keepPriority"})
_ASKED = {
    "POST": (_PLACING, Asked.PLACE),
    "PUT": (_AMENDING, Asked.MODIFY),
    "DELETE": (_CANCELLING, Asked.CANCEL),
}


def _asked(request: Request) -> Asked | None:
    paths, asked = _ASKED.get(request.method, (frozenset[str](), None))
    return asked if request.path in paths else None


def _body(fault: Fault, _request: Request, _now_ms: int) -> object:
    return fault.body() if fault.code != NO_CODE else {"code": 0, "msg": fault.message}


def _no_route(request: Request) -> Fault:
    return Fault(404, -1099, f"Path {request.path}, Method {request.method} is invalid")


MANNERS = Manners(check_exact_time, _asked, _no_route, _body, tells_retry_after=True)
