"""The exchange's rules for one symbol, and its own arithmetic for checking an order against them.

Simulator and gateway ask the same function: one answers with it, the other asks before sending. Products differ in how
steps are counted and in what the refusal is called: that is a `FilterDialect`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import Enum, auto

from msgspec import Struct

from tradingsys.core.errors import OrderRejected
from tradingsys.core.instrument import Instrument
from tradingsys.core.order import Terms

__all__ = [
    "KNOWN_FILTERS",
    "Against",
    "Broken",
    "FilterDialect",
    "Rule",
    "Standing",
    "broken_rule",
    "check_order",
    "decimals",
    "offset_remainder",
    "plain_remainder",
    "price_bounds",
    "shows_old_rules",
    "status_refusal",
    "too_many",
    "what_to_do",
]

KNOWN_FILTERS = frozenset(
    {
        "PRICE_FILTER",
        "LOT_SIZE",
        "MARKET_LOT_SIZE",
        "MIN_NOTIONAL",
        "PERCENT_PRICE",
        "MAX_NUM_ORDERS",
        # Spot's own.
        "NOTIONAL",
        "PERCENT_PRICE_BY_SIDE",
        "ICEBERG_PARTS",
        "TRAILING_DELTA",
        "MAX_POSITION",
        "MAX_NUM_ALGO_ORDERS",
        "MAX_NUM_ICEBERG_ORDERS",
        "MAX_NUM_ORDER_AMENDS",
        "MAX_NUM_ORDER_LISTS",
    }
)
"""What an order is checked with; others are the exchange's own affair."""

_ZERO = Decimal(0)


class Rule(Enum):
    """What an order can break."""

    PRECISION = auto()
    SYMBOL_STATUS = auto()
    ORDER_TYPE = auto()
    PRICE_MISSING = auto()
    PRICE_NOT_POSITIVE = auto()
    PRICE_TOO_LOW = auto()
    PRICE_TOO_HIGH = auto()
    PRICE_OFF_TICK = auto()
    QTY_NOT_POSITIVE = auto()
    QTY_TOO_LOW = auto()
    QTY_TOO_HIGH = auto()
    QTY_OFF_STEP = auto()
    PRICE_ABOVE_BAND = auto()
    PRICE_BELOW_BAND = auto()
    MARKET_OUT_OF_BAND = auto()
    NOTIONAL_TOO_LOW = auto()
    NOTIONAL_TOO_HIGH = auto()
    TOO_MANY_OPEN_ORDERS = auto()
    PRICE_MATCH_WITH_PRICE = auto()
    PRICE_MATCH_TYPE = auto()
    GOOD_TILL_MISSING = auto()
    TRIGGER_MISSING = auto()
    TRIGGER_NOT_POSITIVE = auto()
    TRIGGER_TOO_HIGH = auto()
    PRICE_ABOVE_TRIGGER_BAND = auto()
    PRICE_BELOW_TRIGGER_BAND = auto()
    CALLBACK_MISSING = auto()
    CALLBACK_OUT_OF_RANGE = auto()
    ACTIVATION_PRICE = auto()
    CLOSE_POSITION_TYPE = auto()
    CLOSE_POSITION_QTY = auto()
    MARKET_QTY_TOO_LOW = auto()
    MARKET_QTY_TOO_HIGH = auto()
    MARKET_QTY_OFF_STEP = auto()
    PRICE_PRECISION = auto()
    QTY_PRECISION = auto()
    QUOTE_QTY_PRECISION = auto()
    QUOTE_QTY_NOT_ALLOWED = auto()
    ICEBERG_NOT_ALLOWED = auto()
    ICEBERG_QTY = auto()
    ICEBERG_EXCEEDS = auto()
    ICEBERG_PARTS = auto()
    TRAILING_NOT_ALLOWED = auto()
    TRAILING_DELTA = auto()
    MAX_POSITION = auto()
    TOO_MANY_CONDITIONS = auto()
    TOO_MANY_ICEBERGS = auto()
    TOO_MANY_LISTS = auto()


_OF_THE_SYMBOL = frozenset(
    {
        Rule.PRECISION,
        Rule.SYMBOL_STATUS,
        Rule.ORDER_TYPE,
        Rule.PRICE_TOO_LOW,
        Rule.PRICE_TOO_HIGH,
        Rule.PRICE_OFF_TICK,
        Rule.PRICE_PRECISION,
        Rule.QTY_TOO_LOW,
        Rule.QTY_TOO_HIGH,
        Rule.QTY_OFF_STEP,
        Rule.QTY_PRECISION,
        Rule.MARKET_QTY_TOO_LOW,
        Rule.MARKET_QTY_TOO_HIGH,
        Rule.MARKET_QTY_OFF_STEP,
        Rule.QUOTE_QTY_PRECISION,
        Rule.QUOTE_QTY_NOT_ALLOWED,
        Rule.TRIGGER_TOO_HIGH,
        Rule.ICEBERG_NOT_ALLOWED,
        Rule.TRAILING_NOT_ALLOWED,
    }
)
"""What an order and its symbol's rules decide alone. The others depend on the market, or on what the account has."""


class Standing(Struct, frozen=True):
    """What the account has on a symbol already. A number of None is not known: its rule is left to the exchange."""

    open_orders: int | None = None
    """Conditional orders included, where they are ordinary ones."""
    conditional_orders: int | None = None
    iceberg_orders: int | None = None
    order_lists: int | None = None
    position: Decimal | None = None
    """Of the base asset: what there is, and what open buys may add."""


class Against(Struct, frozen=True):
    """What an order is measured with beside its symbol's rules; rules that need what is None are skipped."""

    reference_px: Decimal | None = None
    """Of the price band, and of the value of an order at market."""
    counter_px: Decimal | None = None
    """The best price that a market order would meet."""
    standing: Standing = Standing()


Broken = tuple[Rule, str]
"""A rule, and the bound that an order is beyond."""


class FilterDialect(Struct, frozen=True):
    """What a product does its own way."""

    remainder: Callable[[Decimal, Decimal | None, Decimal], Decimal]
    """(value, minimum, step) → what the value is off the step."""
    checks: tuple[Callable[[FilterDialect, Instrument, Terms, Against], Broken | None], ...]
    """In the order in which the exchange makes them."""
    answers: Mapping[Rule, tuple[int, str]]
    """Code and message by rule; ``{}`` in a message becomes the bound."""
    statuses: Mapping[str, str] = {}
    """What a status other than TRADING means to somebody who wants to trade."""
    synonyms: Mapping[Rule, tuple[tuple[int, str], ...]] = {}
    """Answers that mean the same as those of `answers`."""
    todo: Mapping[Rule, str] = {}
    """What to do where neither the words of `answers` nor what goes for all products tells it; ``{}`` as above."""


def plain_remainder(value: Decimal, _minimum: Decimal | None, step: Decimal) -> Decimal:
    """Spot: steps are counted from zero."""
    return value % step if step else _ZERO


def offset_remainder(value: Decimal, minimum: Decimal | None, step: Decimal) -> Decimal:
    """Futures: steps are counted from the minimum."""
    return (value - (minimum or _ZERO)) % step if step else _ZERO


def broken_rule(
    dialect: FilterDialect,
    rules: Instrument,
    terms: Terms,
    *,
    mark_px: Decimal | None = None,
    counter_px: Decimal | None = None,
    open_orders: int = 0,
    standing: Standing | None = None,
) -> Broken | None:
    """The first rule that an order breaks, and the bound that it is beyond; None when it breaks none.

    ``mark_px`` is the reference of the price band and of a market order's value (spot: the reference price, or the
    average price), ``counter_px`` the best price a market order would meet; rules that need one of them are skipped
    without it. ``standing`` tells more than ``open_orders``, and replaces it.
    """
    against = Against(mark_px, counter_px, standing or Standing(open_orders))
    return next((broken for check in dialect.checks if (broken := check(dialect, rules, terms, against))), None)


def check_order(
    dialect: FilterDialect,
    rules: Instrument,
    terms: Terms,
    *,
    mark_px: Decimal | None = None,
    counter_px: Decimal | None = None,
    open_orders: int = 0,
    standing: Standing | None = None,
) -> OrderRejected | None:
    """The exchange's refusal of an order, in its own words, or None; for the rest see `broken_rule`."""
    broken = broken_rule(
        dialect, rules, terms, mark_px=mark_px, counter_px=counter_px, open_orders=open_orders, standing=standing
    )
    if broken is None:
        return None
    rule, bound = broken
    code, message = dialect.answers[rule]
    return OrderRejected(code, message.replace("{}", bound))


def price_bounds(
    dialect: FilterDialect, rules: Instrument, px: Decimal, too_high: Rule, precision: Rule = Rule.PRECISION
) -> Broken | None:
    """What is wrong with a price as a number."""
    if decimals(px) > rules.price_precision:
        return precision, f"at most {rules.price_precision} decimals in the price"
    if rules.min_price is not None and px < rules.min_price:
        return Rule.PRICE_TOO_LOW, str(rules.min_price)
    if rules.max_price is not None and px > rules.max_price:
        return too_high, str(rules.max_price)
    is_off = dialect.remainder(px, rules.min_price, rules.tick_size)
    return (Rule.PRICE_OFF_TICK, str(rules.tick_size)) if is_off else None


def too_many(rule: Rule, most: int | None, standing: int | None) -> Broken | None:
    """Whether there is no room for one more."""
    return (rule, str(most)) if most is not None and standing is not None and standing >= most else None


_BOUNDS = {
    Rule.PRECISION: "{}: round to sub.tick_size and sub.lot",
    Rule.PRICE_TOO_LOW: "the lowest price is {}",
    Rule.PRICE_TOO_HIGH: "the highest price is {}",
    Rule.PRICE_OFF_TICK: "round the price to the symbol's tick, {}",
    Rule.QTY_TOO_LOW: "the least quantity is {}",
    Rule.QTY_TOO_HIGH: "the largest quantity of one order is {}: split it",
    Rule.QTY_OFF_STEP: "round the quantity to the symbol's lot, {}",
    Rule.TRIGGER_TOO_HIGH: "the highest trigger price is {}",
    Rule.MARKET_QTY_TOO_LOW: "the least quantity at market is {}",
    Rule.MARKET_QTY_TOO_HIGH: "the largest quantity at market is {}: split it",
    Rule.MARKET_QTY_OFF_STEP: "round the quantity to the lot of market orders, {}",
    Rule.PRICE_PRECISION: "{}: round to sub.tick_size and sub.lot",
    Rule.QTY_PRECISION: "{}: round to sub.tick_size and sub.lot",
    Rule.QUOTE_QTY_PRECISION: "{}: round to sub.tick_size and sub.lot",
    Rule.QUOTE_QTY_NOT_ALLOWED: "this symbol takes no orders for an amount of the quote asset: use quantity",
    Rule.ICEBERG_NOT_ALLOWED: "this symbol takes no iceberg orders",
    Rule.ICEBERG_QTY: "what an iceberg shows must be a quantity that could be ordered: {}",
    Rule.ICEBERG_EXCEEDS: "what an iceberg shows is a part of it: no more than {}",
    Rule.ICEBERG_PARTS: "an iceberg has at most {} parts: show more of it",
    Rule.TRAILING_NOT_ALLOWED: "this symbol takes no trailing stops: use a stop at a fixed price",
    Rule.TRAILING_DELTA: "callback_rate must be {} percent",
    Rule.MAX_POSITION: "with what is open, the account would have more than {}",
    Rule.TOO_MANY_CONDITIONS: "cancel one first: {} conditional orders may wait on this symbol",
    Rule.TOO_MANY_ICEBERGS: "cancel one first: {} iceberg orders may be open on this symbol",
    Rule.TOO_MANY_LISTS: "cancel one first: {} lists may be open on this symbol",
}


def what_to_do(dialect: FilterDialect, rule: Rule, bound: str) -> str:
    """What an order must be instead, where that is a matter of numbers; empty elsewhere."""
    return (dialect.todo.get(rule) or _BOUNDS.get(rule, "")).replace("{}", bound)


def status_refusal(dialect: FilterDialect, rules: Instrument) -> OrderRejected:
    """The refusal of any order of a symbol that does not trade, with what its status means."""
    code, message = dialect.answers[Rule.SYMBOL_STATUS]
    meaning = dialect.statuses.get(rules.status, "orders are taken only while it is TRADING")
    return OrderRejected(code, f"{message} {rules.symbol} is {rules.status}: {meaning}")


def shows_old_rules(dialect: FilterDialect, code: int, message: str) -> bool:
    """Whether a refusal by the exchange is one that its rules of the symbol, as we have them, should have foreseen.

    Such an order is not sent as long as they are right. Codes that mean other things too are told by their words.
    """
    of_symbol = [answer for rule, answer in dialect.answers.items() if rule in _OF_THE_SYMBOL]
    shared = {other for rule, (other, _) in dialect.answers.items() if rule not in _OF_THE_SYMBOL}
    return any(code == known and (code not in shared or message.startswith(words)) for known, words in of_symbol)


def decimals(value: Decimal) -> int:
    """Places after the point that are not just zeros."""
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
