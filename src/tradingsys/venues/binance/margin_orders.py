"""Orders of a cross-margin account: spot's words, and what else an order does. By REST only, and without amends."""

from __future__ import annotations

from tradingsys.core.commands import CancelOrder, PlaceOrder, PlaceOrderList, ReplaceOrder
from tradingsys.core.enums import SideEffect
from tradingsys.core.errors import InvalidOrder
from tradingsys.core.order import Terms
from tradingsys.venues.binance.margin_requests import CROSS, account_words, margin_list_params
from tradingsys.venues.binance.order_dialect import OrderCommand, OrderDialect, OrderWay
from tradingsys.venues.binance.params import DEFAULT_RECV_WINDOW_MS
from tradingsys.venues.binance.product import Paths, Weights
from tradingsys.venues.binance.requests import cancel_params
from tradingsys.venues.binance.spot_orders import LIST_WORDS, is_plain, order_facts
from tradingsys.venues.binance.spot_requests import as_sent, stp_word, timing
from tradingsys.venues.protocol import Cost

__all__ = ["margin_orders"]


def margin_orders(paths: Paths, weights: Weights) -> OrderDialect:
    """The dialect of cross margin."""
    return OrderDialect(
        way=lambda command, stamp_ms: _way(paths, command, stamp_ms),
        facts=order_facts,
        cost=lambda command, _by_rest: _cost(weights, command),
        is_plain=is_plain,
        by_ws=False,
    )


def _way(paths: Paths, command: OrderCommand, stamp_ms: int) -> OrderWay:
    match command:
        case PlaceOrder(terms=terms):
            params = {"symbol": terms.symbol, **account_words(terms), **as_sent(command)}
            return OrderWay("", "POST", paths.order, {**params, **stp_word(terms), **timing(command)})
        case PlaceOrderList():
            path = f"{paths.order_lists}/{LIST_WORDS[command.contingency]}"
            return OrderWay("", "POST", path, margin_list_params(command))
        case ReplaceOrder():
            raise InvalidOrder("margin orders cannot be amended: cancel it and place another")
        case CancelOrder():
            params = {**cancel_params(command), **CROSS, "recvWindow": DEFAULT_RECV_WINDOW_MS, "timestamp": stamp_ms}
            return OrderWay("", "DELETE", paths.order, params)


def _cost(weights: Weights, command: OrderCommand) -> Cost:
    match command:
        case PlaceOrder(terms=terms):
            return Cost(_place_weight(weights, terms), 1)
        case PlaceOrderList(orders=legs):
            return Cost(_place_weight(weights, legs[0].terms), len(legs))
        case ReplaceOrder():
            return Cost(0, 0)
        case CancelOrder():
            return Cost(weights.cancel, 0)


def _place_weight(weights: Weights, terms: Terms) -> int:
    return weights.place_borrowing if terms.side_effect is SideEffect.MARGIN_BUY else weights.place
