"""The exchange's refusals in spot's words."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tradingsys.sim.faces.binance.faults import NO_CODE, Fault
from tradingsys.sim.faces.binance.troubles import Trouble
from tradingsys.sim.refusals import Refusal

__all__ = ["AMEND_REFUSALS", "FAULTS", "LOAN_REFUSALS", "REFUSALS", "filter_failure", "refused"]


def refused(refusal: Refusal) -> Fault:
    """The exchange refused."""
    code, text = REFUSALS[refusal]
    return Fault(400, code, text)


def filter_failure(name: str) -> Fault:
    """A rule of the symbol is broken."""
    return Fault(400, -1013, f"Filter failure: {name}")


LOAN_REFUSALS: Mapping[Refusal, tuple[int, str]] = MappingProxyType(
    {
        Refusal.BORROW_LIMIT: (-3006, "Your borrow amount has exceed maximum borrow amount."),
        Refusal.NOT_BORROWABLE: (-3008, "Borrow not allowed."),
    }
)
"""What is not lent, whether it is asked for or an order lacks it."""

REFUSALS: Mapping[Refusal, tuple[int, str]] = MappingProxyType(
    {
        Refusal.UNKNOWN_SYMBOL: (-1121, "Invalid symbol."),
        Refusal.OFF_GRID: (-1013, "Filter failure: LOT_SIZE"),
        Refusal.DUPLICATE_CLIENT_ORDER_ID: (-2010, "Duplicate order sent."),
        Refusal.INSUFFICIENT_BALANCE: (-2010, "Account has insufficient balance for requested action."),
        Refusal.INSUFFICIENT_MARGIN: (-2010, "Account has insufficient balance for requested action."),
        Refusal.CROSS_BALANCE: (-2010, "Account has insufficient balance for requested action."),
        Refusal.WOULD_TAKE: (-2010, "Order would immediately match and take."),
        Refusal.WOULD_TRIGGER: (-2010, "Order would trigger immediately."),
        Refusal.TOO_MANY_ORDERS: (-1013, "Filter failure: MAX_NUM_ORDERS"),
        Refusal.TOO_MANY_CONDITIONS: (-1013, "Filter failure: MAX_NUM_ALGO_ORDERS"),
        Refusal.TOO_MANY_ICEBERGS: (-1013, "Filter failure: MAX_NUM_ICEBERG_ORDERS"),
        Refusal.TOO_MANY_LISTS: (-1013, "Filter failure: MAX_NUM_ORDER_LISTS"),
        Refusal.TOO_MANY_ORDERS_OF_ALL: (-1013, "Filter failure: EXCHANGE_MAX_NUM_ORDERS"),
        Refusal.TOO_MANY_CONDITIONS_OF_ALL: (-1013, "Filter failure: EXCHANGE_MAX_NUM_ALGO_ORDERS"),
        Refusal.TOO_MANY_ICEBERGS_OF_ALL: (-1013, "Filter failure: EXCHANGE_MAX_NUM_ICEBERG_ORDERS"),
        Refusal.TOO_MANY_LISTS_OF_ALL: (-1013, "Filter failure: EXCHANGE_MAX_NUM_ORDER_LISTS"),
        Refusal.MAX_POSITION: (-1013, "Filter failure: MAX_POSITION"),
        Refusal.UNKNOWN_ORDER: (-2011, "Unknown order sent."),
        Refusal.UNKNOWN_LIST: (-2011, "Unknown order list sent."),
        Refusal.NOT_TRADING: (-1013, "Market is closed."),
        Refusal.CLOSED: (-1013, "Market is closed."),
        Refusal.CANCEL_ONLY: (-1013, "Market is closed."),
        Refusal.NO_BOOK: (-2010, "Order book liquidity is less than symbol minimum quantity."),
        Refusal.NO_DEPTH: (-1112, "No orders on book for symbol."),
        Refusal.BAD_LIST_PRICES: (
            -2010,
            "The relationship of the prices for the orders is not correct.",
        ),
        Refusal.IN_LIQUIDATION: (-2010, "This account may not place or cancel orders."),
        **LOAN_REFUSALS,
    }
)
"""Code and message."""

AMEND_REFUSALS: Mapping[Refusal, tuple[int, str]] = MappingProxyType(
    {
        Refusal.UNKNOWN_ORDER: (-2013, "Order does not exist."),
        Refusal.NOT_SMALLER: (-2038, "Order amend (quantity increase) is not supported."),
        Refusal.UNCHANGED: (-2038, "The requested action would change no state; rejecting."),
        Refusal.TOO_MANY_AMENDS: (-2038, "Filter failure: MAX_NUM_ORDER_AMENDS"),
        Refusal.CLIENT_ID_IN_USE: (-2038, "Client order ID is in use by another order."),
        Refusal.UNPAID: (-2038, "Order amend (pending OPO order) is not supported."),
        Refusal.NOT_LIMIT: (-2038, "Order amend is not supported for this type of order."),
    }
)
"""Of changes; others are as of orders."""

FAULTS: Mapping[Trouble, tuple[int, int, str]] = MappingProxyType(
    {
        Trouble.TIMEOUT: (
            504,
            -1007,
            "Timeout waiting for response from backend server. Send status unknown; execution status unknown.",
        ),
        Trouble.UNKNOWN: (502, NO_CODE, "Bad Gateway"),
        Trouble.UNAVAILABLE: (503, -1016, "This service is no longer available."),
        Trouble.OVERLOADED: (
            503,
            -1008,
            "Server is currently overloaded with other requests. Please try again in a few minutes.",
        ),
        Trouble.INTERNAL: (500, -1001, "Internal error; unable to process your request. Please try again."),
    }
)
"""How spot says what is not a refusal: HTTP status, code and message. Every 5xx leaves it open what was done."""
