"""Binance's words and ours, both ways. A word we do not know maps to None: the venue may invent one any day."""

from __future__ import annotations

import re
from decimal import Decimal

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
    "KLINE_INTERVALS",
    "MARGIN_TYPES",
    "ORDER_TYPES",
    "ORDER_TYPE_WORDS",
    "PRICE_MATCHES",
    "SELF_TRADE_PREVENTIONS",
    "SIDES",
    "SPOT_EXECUTION_TYPES",
    "SPOT_ORDER_TYPES",
    "SPOT_REASONS",
    "SPOT_REASON_WORDS",
    "SPOT_STATUSES",
    "STATUSES",
    "STREAM_ORDER_TYPES",
    "STREAM_STATUSES",
    "WORKING_TYPES",
    "WORKING_TYPE_WORDS",
    "callback_rate",
    "forced_by_id",
    "spot_order_type_word",
    "stream_kind",
    "time_in_force",
    "time_in_force_word",
    "trailing_delta",
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

# Spot calls the same words otherwise: TAKE_PROFIT is at market there, and post-only is a type.
SPOT_ORDER_TYPES = {
    "LIMIT": OrderType.LIMIT,
    "LIMIT_MAKER": OrderType.LIMIT,
    "MARKET": OrderType.MARKET,
    "STOP_LOSS": OrderType.STOP_MARKET,
    "STOP_LOSS_LIMIT": OrderType.STOP_LIMIT,
    "TAKE_PROFIT": OrderType.TAKE_PROFIT_MARKET,
    "TAKE_PROFIT_LIMIT": OrderType.TAKE_PROFIT_LIMIT,
}
_SPOT_ORDER_TYPE_WORDS = {
    **{order_type: word for word, order_type in SPOT_ORDER_TYPES.items() if word != "LIMIT_MAKER"},
    OrderType.TRAILING_STOP_MARKET: "STOP_LOSS",
}

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

# What spot says beside: an order of a list that waits for another, and words of the exchange that came to nothing.
SPOT_STATUSES = frozenset(STATUSES) | {"PENDING_NEW", "PENDING_CANCEL"}
SPOT_EXECUTION_TYPES = frozenset({"NEW", "CANCELED", "REPLACED", "REJECTED", "TRADE", "EXPIRED", "TRADE_PREVENTION"})

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

# Spot's `r` and `eR`.
SPOT_REASONS = {
    "EXCHANGE_CANCELED": "cancelled by the exchange",
    "EXECUTION_RULE_PRICE_RANGE_EXCEEDED": "the next price is out of the range that the exchange allows",
    "INSUFFICIENT_BALANCES": "insufficient balance",
    "INSUFFICIENT_LIQUIDITY": "rest of a market order",
    "OCO_BAD_PRICES": "the prices of the two orders are on the wrong sides of the market",
    "OCO_TRIGGER": "the other order of its list was triggered or filled",
    "OTO_PHASE_ONE_EXPIRED": "the order that it waited for ended",
    "REJECTED": "rejected when triggered",
    "STOP_PRICE_WOULD_TRIGGER_IMMEDIATELY": "it would trigger immediately",
    "UNFILLED_FOK_ORDER_EXPIRED": "an FOK order that could not be filled",
    "UNFILLED_IOC_QUANTITY_EXPIRED": "rest of an IOC order",
    "WOULD_MATCH_IMMEDIATELY": "it would execute immediately",
}
SPOT_REASON_WORDS = {reason: word for word, reason in SPOT_REASONS.items()}

KLINE_INTERVALS = frozenset(
    {"1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "3d", "1w", "1M"}
)
_STREAM = re.compile(r"(?:!|[^@!]+@)?(?P<kind>[a-zA-Z]+)[^@]*(?:@.*)?")

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


def stream_kind(name: str) -> str:
    """What kind of stream a name means, such as ``kline``; empty for what is no name of a stream."""
    found = _STREAM.fullmatch(name)
    return found["kind"] if found else ""


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


def spot_order_type_word(order_type: OrderType, post_only: bool) -> str:
    """The word of spot; a trailing stop is a STOP_LOSS that has a trailing delta."""
    return "LIMIT_MAKER" if post_only and order_type is OrderType.LIMIT else _SPOT_ORDER_TYPE_WORDS[order_type]


def trailing_delta(callback_rate: Decimal) -> int:
    """Percent as the basis points of spot, which must be whole: what is beyond is cut off."""
    return int(callback_rate.scaleb(2))


def callback_rate(trailing_delta: int) -> Decimal:
    """Basis points of spot as percent."""
    return Decimal(trailing_delta).scaleb(-2)
