"""Which call under `/sapi/v1/margin` is answered by what, and what it costs.

What weighs by account is counted as the part of its limit that it takes: a 15th, in the units of an address.
"""

from __future__ import annotations

from collections.abc import Callable

from tradingsys.sim.faces.binance.faults import NO_CODE, Fault
from tradingsys.sim.faces.binance.figures import ms
from tradingsys.sim.faces.binance.params import Params
from tradingsys.sim.faces.binance.routes import Route, Routes, Security, keyed, signed
from tradingsys.sim.faces.binance_margin import account, market, orders
from tradingsys.sim.faces.binance_margin.risk_streams import RiskStreams
from tradingsys.sim.faces.binance_spot import account_reads, order_lists, order_reads
from tradingsys.sim.faces.binance_spot.call import Call, State
from tradingsys.sim.faces.binance_spot.user_streams import UserStreams
from tradingsys.venues.binance.messages import margin

__all__ = ["margin_routes"]

_M = "/sapi/v1/margin"
_NS_PER_MS = 1_000_000
_DAY_MS = 24 * 3_600_000


def _order_weight(params: Params) -> int:
    return 100 if orders.borrows(params) else 1


def _placing(answer: Callable[[Call], object]) -> Route[State]:
    return Route(orders.as_margin(answer), Security.SIGNED, _order_weight, is_order=True)


def _gone(_call: Call) -> object:
    raise Fault(410, NO_CODE, "Gone")


def margin_routes(users: UserStreams, risk: RiskStreams) -> Routes[State]:
    """Everything of cross margin."""

    def listen_token(call: Call) -> margin.ListenToken:
        """`POST /sapi/v1/userListenToken`: for so long as is asked, 24 hours at most."""
        validity_ms = min(_DAY_MS, call.params.optional_integer("validity", _DAY_MS))
        text, expires_ns = users.make_token(call.account, validity_ms * _NS_PER_MS, call.now_ns)
        return margin.ListenToken(token=text, expiration_time=ms(expires_ns))

    def asked(answer: Callable[[Call], object], weight: int) -> Route[State]:
        return signed(orders.as_margin(answer), weight)

    return {
        # Orders
        ("POST", f"{_M}/order"): _placing(orders.place),
        ("POST", f"{_M}/order/oco"): _placing(orders.place_list(order_lists.place_older_oco)),
        ("POST", f"{_M}/order/oto"): _placing(orders.place_list(order_lists.place_oto)),
        ("POST", f"{_M}/order/otoco"): _placing(orders.place_list(order_lists.place_otoco)),
        ("DELETE", f"{_M}/order"): asked(orders.cancel, 10),
        ("DELETE", f"{_M}/openOrders"): asked(orders.cancel_all, 1),
        ("DELETE", f"{_M}/orderList"): asked(orders.cancel_list, 1),
        ("GET", f"{_M}/order"): asked(orders.query, 10),
        ("GET", f"{_M}/openOrders"): asked(orders.open_orders, 10),
        ("GET", f"{_M}/allOrders"): asked(orders.all_orders, 200),
        ("GET", f"{_M}/orderList"): asked(orders.list_of, 10),
        ("GET", f"{_M}/allOrderList"): asked(orders.lists_of(order_lists.all_lists), 200),
        ("GET", f"{_M}/openOrderList"): asked(orders.lists_of(order_lists.open_lists), 10),
        ("GET", f"{_M}/myTrades"): asked(orders.my_trades, 10),
        ("GET", f"{_M}/myPreventedMatches"): asked(order_reads.prevented, 10),
        ("GET", f"{_M}/rateLimit/order"): asked(account_reads.order_rate_limits, 20),
        # Account
        ("GET", f"{_M}/account"): asked(account.account, 10),
        ("POST", f"{_M}/borrow-repay"): asked(account.borrow_repay, 100),
        ("GET", f"{_M}/borrow-repay"): asked(account.loans, 10),
        ("GET", f"{_M}/maxBorrowable"): asked(account.borrowable, 50),
        ("GET", f"{_M}/maxTransferable"): asked(account.transferable, 50),
        ("GET", f"{_M}/interestHistory"): asked(account.interest, 1),
        ("GET", f"{_M}/tradeCoeff"): asked(account.coefficients, 10),
        ("GET", f"{_M}/forceLiquidationRec"): asked(market.forced_orders, 1),
        # What there is
        ("GET", f"{_M}/allPairs"): keyed(market.all_pairs, 1),
        ("GET", f"{_M}/allAssets"): keyed(market.all_assets, 1),
        ("GET", f"{_M}/priceIndex"): keyed(market.price_index, 10),
        ("GET", f"{_M}/limit-price-pairs"): keyed(market.priced_pairs, 1),
        ("GET", f"{_M}/delist-schedule"): keyed(market.nothing, 100),
        ("GET", f"{_M}/next-hourly-interest-rate"): signed(market.next_rates, 100),
        ("GET", f"{_M}/crossMarginData"): signed(market.cross_data, 5),
        ("GET", f"{_M}/isolated/allPairs"): keyed(market.nothing, 1),
        ("GET", f"{_M}/isolated/account"): signed(market.isolated_account, 10),
        # Streams
        ("POST", "/sapi/v1/userListenToken"): Route(orders.as_margin(listen_token), Security.KEY, lambda _params: 1),
        ("POST", f"{_M}/listen-key"): Route(orders.as_margin(risk.start), Security.KEY, lambda _params: 1),
        ("PUT", f"{_M}/listen-key"): Route(orders.as_margin(risk.keep_alive), Security.KEY, lambda _params: 1),
        ("DELETE", f"{_M}/listen-key"): Route(orders.as_margin(risk.close), Security.KEY, lambda _params: 1),
        ("POST", "/sapi/v1/userDataStream"): keyed(_gone, 1),
        ("PUT", "/sapi/v1/userDataStream"): keyed(_gone, 1),
        ("DELETE", "/sapi/v1/userDataStream"): keyed(_gone, 1),
    }
