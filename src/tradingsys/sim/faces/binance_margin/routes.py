"""Which call under `/sapi/v1/margin` is answered by what, and what it costs."""

from __future__ import annotations

from collections.abc import Callable

from tradingsys.sim.faces.binance.faults import NO_CODE, Fault
from tradingsys.sim.faces.binance.figures import ms
from tradingsys.sim.faces.binance.params import Params
from tradingsys.sim.faces.binance.routes import Route, Routes, Security, fixed, keyed, per_symbol, signed
from tradingsys.sim.faces.binance_margin import account, liquidation_loans, market, orders, services
from tradingsys.sim.faces.binance_margin.risk_streams import RiskStreams
from tradingsys.sim.faces.binance_spot import account_reads, order_lists, order_reads
from tradingsys.sim.faces.binance_spot.call import Call, State
from tradingsys.sim.faces.binance_spot.user_streams import UserStreams
from tradingsys.sim.faces.binance_spot.wallets import Wallets
from tradingsys.venues.binance.messages import margin

__all__ = ["margin_routes"]

_M = "/sapi/v1/margin"
_NS_PER_MS = 1_000_000
_DAY_MS = 24 * 3_600_000


def _order_weight(params: Params) -> int:
    return 1500 if orders.borrows(params) else 6


def _cross_weight(params: Params) -> int:
    return 1 if params.get("coin") else 5


def _placing(answer: Callable[[Call], object]) -> Route[State]:
    return Route(orders.as_margin(answer), Security.SIGNED, _order_weight, is_order=True, is_of_account=True)


def _gone(_call: Call) -> object:
    raise Fault(410, NO_CODE, "Gone")


def _asked(answer: Callable[[Call], object], weight: int) -> Route[State]:
    return signed(orders.as_margin(answer), weight)


def _of_account(answer: Callable[[Call], object], weight: int, security: Security = Security.SIGNED) -> Route[State]:
    return Route(orders.as_margin(answer), security, fixed(weight), is_of_account=True)


def _of_both(answer: Callable[[Call], object], weight: int) -> Route[State]:
    """About an account that is meant with its spot wallet."""
    return Route(answer, Security.SIGNED, fixed(weight), is_of_account=True)


_ORDERS: Routes[State] = {
    ("POST", f"{_M}/order"): _placing(orders.place),
    ("POST", f"{_M}/order/oco"): _placing(orders.place_list(order_lists.place_older_oco)),
    ("POST", f"{_M}/order/oto"): _placing(orders.place_list(order_lists.place_oto)),
    ("POST", f"{_M}/order/otoco"): _placing(orders.place_list(order_lists.place_otoco)),
    ("DELETE", f"{_M}/order"): _asked(orders.cancel, 10),
    ("DELETE", f"{_M}/openOrders"): _asked(orders.cancel_all, 1),
    ("DELETE", f"{_M}/orderList"): _of_account(orders.cancel_list, 1),
    ("GET", f"{_M}/order"): _asked(orders.query, 10),
    ("GET", f"{_M}/openOrders"): _asked(orders.open_orders, 10),
    ("GET", f"{_M}/allOrders"): _asked(orders.all_orders, 200),
    ("GET", f"{_M}/orderList"): _asked(orders.list_of, 10),
    ("GET", f"{_M}/allOrderList"): _asked(orders.lists_of(order_lists.all_lists), 200),
    ("GET", f"{_M}/openOrderList"): _asked(orders.lists_of(order_lists.open_lists), 10),
    ("GET", f"{_M}/oto/openOrderList"): _of_account(orders.lists_of(order_lists.open_lists), 10),
    ("GET", f"{_M}/myTrades"): _asked(orders.my_trades, 10),
    ("GET", f"{_M}/myPreventedMatches"): _asked(order_reads.prevented, 10),
    ("GET", f"{_M}/rateLimit/order"): _asked(account_reads.order_rate_limits, 20),
}
_DEBTS: Routes[State] = {
    ("GET", f"{_M}/tradeCoeff"): _asked(account.coefficients, 10),
    ("GET", f"{_M}/forceLiquidationRec"): _asked(market.forced_orders, 1),
    ("GET", f"{_M}/exchange-small-liability"): signed(market.nothing, 100),
    ("GET", f"{_M}/exchange-small-liability-history"): _of_account(services.small_debts, 100),
    ("POST", f"{_M}/exchange-small-liability"): _of_account(services.refuse_nothing_small, 3000),
    ("POST", f"{_M}/manual-liquidation"): _of_account(services.refuse_nothing_small, 3000),
    ("GET", f"{_M}/liquidation-loan"): _of_both(liquidation_loans.loan, 100),
    ("POST", f"{_M}/liquidation-loan/repay"): _of_both(liquidation_loans.repay, 100),
    ("GET", f"{_M}/liquidation-loan/repay-history"): _of_both(liquidation_loans.repayments, 100),
}
"""What is owed, how near that is to a liquidation, and what became of it."""
_KEYS: Routes[State] = {
    ("GET", f"{_M}/api-key-list"): _of_account(market.nothing, 1),
    ("GET", f"{_M}/apiKey"): _of_account(services.refuse_keys, 1),
    ("POST", f"{_M}/apiKey"): _of_account(services.refuse_keys, 1),
    ("DELETE", f"{_M}/apiKey"): _of_account(services.refuse_keys, 1),
    ("PUT", f"{_M}/apiKey/ip"): _of_account(services.refuse_keys, 1),
    ("POST", f"{_M}/exit-special-key-mode"): _of_account(services.refuse_keys, 10),
}
"""Of keys that trade on margin only."""
_MARKET: Routes[State] = {
    ("GET", f"{_M}/allPairs"): keyed(market.all_pairs, 1),
    ("GET", f"{_M}/allAssets"): keyed(market.all_assets, 1),
    ("GET", f"{_M}/priceIndex"): keyed(market.price_index, 10),
    ("GET", f"{_M}/limit-price-pairs"): keyed(market.priced_pairs, 1),
    ("GET", f"{_M}/delist-schedule"): keyed(market.nothing, 100),
    ("GET", f"{_M}/list-schedule"): keyed(market.nothing, 100),
    ("GET", f"{_M}/crossMarginCollateralRatio"): keyed(services.collateral_ratio, 100),
    ("GET", f"{_M}/leverageBracket"): keyed(market.nothing, 1),
    ("GET", f"{_M}/risk-based-liquidation-ratio"): keyed(market.nothing, 1),
    ("GET", f"{_M}/restricted-asset"): keyed(services.restricted, 1),
    ("GET", f"{_M}/available-inventory"): _of_both(services.available, 50),
    ("GET", f"{_M}/interestRateHistory"): signed(services.rate_history, 1),
    ("GET", f"{_M}/next-hourly-interest-rate"): signed(market.next_rates, 100),
    ("GET", f"{_M}/crossMarginData"): signed(market.cross_data, _cross_weight),
}
_ISOLATED: Routes[State] = {
    ("GET", f"{_M}/isolated/allPairs"): keyed(market.nothing, 10),
    ("GET", f"{_M}/isolated/account"): signed(market.isolated_account, 10),
    ("POST", f"{_M}/isolated/account"): _of_account(services.refuse_isolated, 300),
    ("DELETE", f"{_M}/isolated/account"): _of_account(services.refuse_isolated, 300),
    ("GET", f"{_M}/isolated/accountLimit"): signed(services.isolated_limit, 1),
    ("GET", f"{_M}/isolatedMarginData"): signed(market.nothing, per_symbol(1, 10)),
    ("GET", f"{_M}/isolatedMarginTier"): signed(market.nothing, 1),
}


def margin_routes(users: UserStreams, risk: RiskStreams, wallets: Wallets) -> Routes[State]:
    """Everything of cross margin."""
    return {**_ORDERS, **_account(wallets), **_DEBTS, **_KEYS, **_MARKET, **_ISOLATED, **_streams(users, risk)}


def _account(wallets: Wallets) -> Routes[State]:
    return {
        ("GET", f"{_M}/account"): _asked(account.account, 10),
        ("POST", f"{_M}/borrow-repay"): _of_account(account.borrow_repay, 1500),
        ("GET", f"{_M}/borrow-repay"): _asked(account.loans, 10),
        ("GET", f"{_M}/maxBorrowable"): _asked(account.borrowable, 50),
        ("GET", f"{_M}/maxTransferable"): _asked(account.transferable, 50),
        ("GET", f"{_M}/interestHistory"): _asked(account.interest, 1),
        ("GET", f"{_M}/capital-flow"): _asked(services.capital_flow, 100),
        ("GET", f"{_M}/transfer"): _asked(services.transfers(wallets), 1),
        ("POST", f"{_M}/max-leverage"): _of_account(services.max_leverage, 3000),
    }


def _streams(users: UserStreams, risk: RiskStreams) -> Routes[State]:
    def listen_token(call: Call) -> margin.ListenToken:
        """`POST /sapi/v1/userListenToken`: for so long as is asked, 24 hours at most."""
        validity_ms = min(_DAY_MS, call.params.optional_integer("validity", _DAY_MS))
        text, expires_ns = users.make_token(call.account, validity_ms * _NS_PER_MS, call.now_ns)
        return margin.ListenToken(token=text, expiration_time=ms(expires_ns))

    return {
        ("POST", "/sapi/v1/userListenToken"): _of_account(listen_token, 1, Security.KEY),
        ("POST", f"{_M}/listen-key"): _of_account(risk.keys.start, 1, Security.KEY),
        ("PUT", f"{_M}/listen-key"): _of_account(risk.keep_alive, 1, Security.KEY),
        ("DELETE", f"{_M}/listen-key"): _of_account(risk.keys.close, 3000, Security.KEY),
        ("POST", "/sapi/v2/margin/listen-key"): keyed(orders.as_margin(risk.keys.start), 1),
        ("PUT", "/sapi/v2/margin/listen-key"): keyed(orders.as_margin(risk.keep_alive), 1),
        ("DELETE", "/sapi/v2/margin/listen-key"): keyed(orders.as_margin(risk.keys.close), 1),
        ("POST", "/sapi/v1/userDataStream"): keyed(_gone, 1),
        ("PUT", "/sapi/v1/userDataStream"): keyed(_gone, 1),
        ("DELETE", "/sapi/v1/userDataStream"): keyed(_gone, 1),
    }
