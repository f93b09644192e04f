"""Binance's words and ours, both ways. A word we do not know maps to None: the venue may invent one any day."""

from __future__ import annotations

from tradingsys.core.enums import (
    MarginType,
    OrderStatus,
    OrderType,
    PriceMatch,
    SelfTradePrevention,
    Side,
    TimeInForce,
    TriggerPrice,
)

__all__ = [
    "ALGO_STATUSES",
    "EXECUTION_TYPES",
    "EXPIRY_REASONS",
    "EXPIRY_REASON_CODES",
    "MARGIN_TYPES",
    "ORDER_TYPES",
    "ORDER_TYPE_WORDS",
    "PRICE_MATCHES",
    "SELF_TRADE_PREVENTIONS",
    "SIDES",
    "STATUSES",
    "STREAM_ORDER_TYPES",
    "STREAM_STATUSES",
    "WORKING_TYPES",
    "WORKING_TYPE_WORDS",
    "forced_by_id",
    "time_in_force",
    "time_in_force_word",
]

SIDES = {side.value: side for side in Side}

# Futures call a stop order that becomes a limit order STOP, where FIX says stop limit.
ORDER_TYPES = {
    "LIMIT": OrderType.LIMIT,
    "MARKET": OrderType.MARKET,
    "STOP": OrderType.STOP_LIMIT,
    "STOP_MARKET": OrderType.STOP_MARKET,
    "TAKE_PROFIT": OrderType.TAKE_PROFIT_LIMIT,
    "TAKE_PROFIT_MARKET": OrderType.TAKE_PROFIT_MARKET,
    "TRAILING_STOP_MARKET": OrderType.TRAILING_STOP_MARKET,
}
ORDER_TYPE_WORDS = {order_type: word for word, order_type in ORDER_TYPES.items()}

STATUSES = {
    status.value: status
    for status in (
        OrderStatus.NEW,
        OrderStatus.PARTIALLY_FILLED,
        OrderStatus.FILLED,
        OrderStatus.CANCELED,
        OrderStatus.REJECTED,
        OrderStatus.EXPIRED,
        OrderStatus.EXPIRED_IN_MATCH,
    )
}

# What the account's stream says beyond this: orders of the exchange itself.
STREAM_STATUSES = frozenset(STATUSES) | {"NEW_ADL", "NEW_INSURANCE"}
STREAM_ORDER_TYPES = frozenset(ORDER_TYPES) | {"LIQUIDATION"}
EXECUTION_TYPES = frozenset({"NEW", "CANCELED", "CALCULATED", "EXPIRED", "TRADE", "AMENDMENT"})

ALGO_STATUSES = frozenset({"NEW", "TRIGGERING", "TRIGGERED", "FINISHED", "CANCELED", "REJECTED", "EXPIRED"})

SELF_TRADE_PREVENTIONS = {mode.value: mode for mode in SelfTradePrevention}

PRICE_MATCHES = {match.value: match for match in PriceMatch}
MARGIN_TYPES = {margin_type.value: margin_type for margin_type in MarginType}

WORKING_TYPES = {"CONTRACT_PRICE": TriggerPrice.LAST, "MARK_PRICE": TriggerPrice.MARK}
WORKING_TYPE_WORDS = {trigger: word for word, trigger in WORKING_TYPES.items()}

# Futures' `er`.
EXPIRY_REASONS = {
    "0": "",
    "1": "self-trade prevention",
    "2": "rest of an IOC order",
    "3": "rest of an IOC order, because of self-trade prevention",
    "4": "gave way to a reduce-only or market order of higher priority, or would have reversed the position",
    "5": "liquidation of the account",
    "6": "its condition can no longer be met",
    "7": "delisting",
    "8": "first order of a triggered stop",
    "9": "rest of a market order",
}
EXPIRY_REASON_CODES = {reason: code for code, reason in EXPIRY_REASONS.items()}

# Orders the exchange makes for an account; the last is not in its documents, but was seen.
_FORCED_PREFIXES = {
    "autoclose-": "liquidation",
    "adl_autoclose": "auto-deleveraging",
    "settlement_autoclose-": "settlement",
    "delivery_autoclose-": "settlement",
}

_POST_ONLY_WORDS = frozenset({"GTX", "RPI"})
_TIMES_IN_FORCE = {
    **{value.value: value for value in TimeInForce},
    "GTX": TimeInForce.GTC,
    "RPI": TimeInForce.GTC,
    "GTE_GTC": TimeInForce.GTC,
}


def forced_by_id(client_order_id: str) -> str:
    """Why the exchange itself made an order of this id, as in `Order.forced`; empty for everybody else's orders."""
    for prefix, reason in _FORCED_PREFIXES.items():
        if client_order_id.startswith(prefix):
            return reason
    return ""


def time_in_force(word: str) -> tuple[TimeInForce | None, bool]:
    """(time in force, post-only). Futures spell post-only as the time in force GTX."""
    return _TIMES_IN_FORCE.get(word), word in _POST_ONLY_WORDS


def time_in_force_word(value: TimeInForce | None, post_only: bool) -> str:
    """The futures word; orders without a time in force are shown as GTC."""
    return "GTX" if post_only else (value or TimeInForce.GTC).value
