"""The exchange's rules for one symbol, and its own arithmetic for checking an order against them.

Simulator and gateway ask the same function: one answers with it, the other asks before sending. Products differ in how
steps are counted and in what the refusal is called: that is a `FilterDialect`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import Enum, auto

from msgspec import Struct, UnsetType, ValidationError

from tradingsys.core.contract import notional
from tradingsys.core.enums import ContractKind, OrderType, Side, TimeInForce
from tradingsys.core.errors import OrderRejected
from tradingsys.core.instrument import Instrument
from tradingsys.core.order import Terms
from tradingsys.venues.binance import messages, words
from tradingsys.venues.binance.decode import decimal

__all__ = [
    "KNOWN_FILTERS",
    "FilterDialect",
    "Rule",
    "broken_rule",
    "check_order",
    "instrument",
    "offset_remainder",
    "plain_remainder",
    "status_refusal",
    "what_to_do",
]

KNOWN_FILTERS = frozenset(
    {"PRICE_FILTER", "LOT_SIZE", "MARKET_LOT_SIZE", "MIN_NOTIONAL", "PERCENT_PRICE", "MAX_NUM_ORDERS"}
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


class FilterDialect(Struct, frozen=True):
    """What a product does its own way."""

    remainder: Callable[[Decimal, Decimal | None, Decimal], Decimal]
    """(value, minimum, step) → what the value is off the step."""
    answers: Mapping[Rule, tuple[int, str]]
    """Code and message by rule; ``{}`` in a message becomes the bound."""
    statuses: Mapping[str, str] = {}
    """What a status other than TRADING means to somebody who wants to trade."""


def plain_remainder(value: Decimal, _minimum: Decimal | None, step: Decimal) -> Decimal:
    """Spot: steps are counted from zero."""
    return value % step if step else _ZERO


def offset_remainder(value: Decimal, minimum: Decimal | None, step: Decimal) -> Decimal:
    """Futures: steps are counted from the minimum."""
    return (value - (minimum or _ZERO)) % step if step else _ZERO


def instrument(symbol: messages.Symbol) -> Instrument:
    """One symbol of `GET /exchangeInfo`, USDⓈ-M.

    Raises msgspec.ValidationError when a filter that an order needs is missing.
    """
    filters = {rule.filter_type: rule for rule in symbol.filters}
    price, lot = _needed(filters, symbol, "PRICE_FILTER"), _needed(filters, symbol, "LOT_SIZE")
    market_lot = filters.get("MARKET_LOT_SIZE", lot)
    min_notional = filters.get("MIN_NOTIONAL")
    band, max_orders = filters.get("PERCENT_PRICE"), filters.get("MAX_NUM_ORDERS")
    times_in_force = symbol.time_in_force or []
    known_times = (TimeInForce.__members__.get(word) for word in times_in_force)
    known_types = (words.ORDER_TYPES.get(word) for word in symbol.order_types or ())
    return Instrument(
        symbol.symbol,
        ContractKind.LINEAR,
        symbol.base_asset,
        symbol.quote_asset,
        symbol.margin_asset or symbol.quote_asset,
        symbol.status,
        symbol.status == "TRADING",
        _number(price.tick_size),
        _bound(price.min_price),
        _bound(price.max_price),
        _number(lot.step_size),
        _number(lot.min_qty),
        _number(lot.max_qty),
        _bound(market_lot.step_size) or _number(lot.step_size),
        _number(market_lot.min_qty),
        _number(market_lot.max_qty),
        _number(min_notional.notional) if min_notional else _ZERO,
        symbol.price_precision or 0,
        symbol.quantity_precision or 0,
        tuple(known for known in known_types if known),
        tuple(known for known in known_times if known),
        post_only="GTX" in times_in_force,
        onboard_ms=symbol.onboard_date or None,
        delivery_ms=symbol.delivery_date or None,
        max_open_orders=(max_orders.limit or None) if max_orders else None,
        price_band_up=_bound(band.multiplier_up) if band else None,
        price_band_down=_bound(band.multiplier_down) if band else None,
    )


def broken_rule(
    dialect: FilterDialect,
    rules: Instrument,
    terms: Terms,
    *,
    mark_px: Decimal | None = None,
    counter_px: Decimal | None = None,
    open_orders: int = 0,
) -> tuple[Rule, str] | None:
    """The first rule that an order breaks, and the bound that it is beyond; None when it breaks none.

    ``mark_px`` is the reference of the price band and of a market order's value, ``counter_px`` the best price a market
    order would meet; rules that need one of them are skipped without it.
    """
    return (
        _status_and_type(rules, terms, open_orders)
        or _quantity(dialect, rules, terms)
        or _price(dialect, rules, terms)
        or _trigger(dialect, rules, terms)
        or _band(rules, terms, mark_px, counter_px)
        or _notional(rules, terms, mark_px)
    )


def check_order(
    dialect: FilterDialect,
    rules: Instrument,
    terms: Terms,
    *,
    mark_px: Decimal | None = None,
    counter_px: Decimal | None = None,
    open_orders: int = 0,
) -> OrderRejected | None:
    """The exchange's refusal of an order, in its own words, or None; for the rest see `broken_rule`."""
    broken = broken_rule(dialect, rules, terms, mark_px=mark_px, counter_px=counter_px, open_orders=open_orders)
    if broken is None:
        return None
    rule, bound = broken
    code, message = dialect.answers[rule]
    return OrderRejected(code, message.replace("{}", bound))


_BOUNDS = {
    Rule.PRECISION: "{}: see get_products",
    Rule.PRICE_TOO_LOW: "the lowest price is {}",
    Rule.PRICE_TOO_HIGH: "the highest price is {}",
    Rule.PRICE_OFF_TICK: "round the price to the symbol's tick, {}",
    Rule.QTY_TOO_LOW: "the least quantity is {}",
    Rule.QTY_TOO_HIGH: "the largest quantity of one order is {}: split it",
    Rule.QTY_OFF_STEP: "round the quantity to the symbol's lot, {}",
    Rule.TRIGGER_TOO_HIGH: "the highest trigger price is {}",
}


def what_to_do(rule: Rule, bound: str) -> str:
    """What an order must be instead, where that is a matter of numbers; empty elsewhere."""
    return _BOUNDS.get(rule, "").replace("{}", bound)


def status_refusal(dialect: FilterDialect, rules: Instrument) -> OrderRejected:
    """The refusal of any order of a symbol that does not trade, with what its status means."""
    code, message = dialect.answers[Rule.SYMBOL_STATUS]
    meaning = dialect.statuses.get(rules.status, "orders are taken only while it is TRADING")
    return OrderRejected(code, f"{message} {rules.symbol} is {rules.status}: {meaning}")


_Broken = tuple[Rule, str]
_CLOSING = frozenset({OrderType.STOP_MARKET, OrderType.TAKE_PROFIT_MARKET})
# Since 2026-10-23; before, at most 10.
_CALLBACK_BOUNDS = (Decimal("0.1"), Decimal(20))


def _status_and_type(rules: Instrument, terms: Terms, open_orders: int) -> _Broken | None:
    if not rules.is_trading:
        return Rule.SYMBOL_STATUS, rules.status
    if terms.order_type not in rules.order_types:
        return Rule.ORDER_TYPE, terms.order_type
    rests = terms.order_type is not OrderType.MARKET and not terms.order_type.is_conditional
    if rests and rules.max_open_orders and open_orders >= rules.max_open_orders:
        return Rule.TOO_MANY_OPEN_ORDERS, str(rules.max_open_orders)
    if terms.time_in_force is TimeInForce.GTD and terms.good_till_ms is None:
        return Rule.GOOD_TILL_MISSING, ""
    return None


def _quantity(dialect: FilterDialect, rules: Instrument, terms: Terms) -> _Broken | None:
    qty = terms.order_qty
    if terms.close_position:
        if terms.order_type not in _CLOSING:
            return Rule.CLOSE_POSITION_TYPE, words.ORDER_TYPE_WORDS[terms.order_type]
        return (Rule.CLOSE_POSITION_QTY, "") if qty else None
    if _decimals(qty) > rules.qty_precision:
        return Rule.PRECISION, f"at most {rules.qty_precision} decimals in the quantity"
    is_market = terms.order_type is OrderType.MARKET
    step = rules.market_lot_size if is_market else rules.lot_size
    lowest = rules.market_min_qty if is_market else rules.min_qty
    highest = rules.market_max_qty if is_market else rules.max_qty
    if qty <= 0:
        return Rule.QTY_NOT_POSITIVE, "0"
    if qty < lowest:
        return Rule.QTY_TOO_LOW, str(lowest)
    if highest and qty > highest:
        return Rule.QTY_TOO_HIGH, str(highest)
    return (Rule.QTY_OFF_STEP, str(step)) if dialect.remainder(qty, lowest, step) else None


def _price(dialect: FilterDialect, rules: Instrument, terms: Terms) -> _Broken | None:
    if terms.price_match is not None:
        if not terms.order_type.has_price:
            return Rule.PRICE_MATCH_TYPE, ""
        return (Rule.PRICE_MATCH_WITH_PRICE, "") if terms.price is not None else None
    if not terms.order_type.has_price:
        return None
    px = terms.price
    if px is None:
        return Rule.PRICE_MISSING, ""
    if px <= 0:
        return Rule.PRICE_NOT_POSITIVE, "0"
    return _bounds(dialect, rules, px, Rule.PRICE_TOO_HIGH)


def _bounds(dialect: FilterDialect, rules: Instrument, px: Decimal, too_high: Rule) -> _Broken | None:
    if _decimals(px) > rules.price_precision:
        return Rule.PRECISION, f"at most {rules.price_precision} decimals in the price"
    if rules.min_price is not None and px < rules.min_price:
        return Rule.PRICE_TOO_LOW, str(rules.min_price)
    if rules.max_price is not None and px > rules.max_price:
        return too_high, str(rules.max_price)
    is_off = dialect.remainder(px, rules.min_price, rules.tick_size)
    return (Rule.PRICE_OFF_TICK, str(rules.tick_size)) if is_off else None


def _trigger(dialect: FilterDialect, rules: Instrument, terms: Terms) -> _Broken | None:
    if not terms.order_type.is_conditional:
        return None
    if terms.order_type is OrderType.TRAILING_STOP_MARKET:
        return _trailing(dialect, rules, terms)
    px = terms.stop_px
    if px is None:
        return Rule.TRIGGER_MISSING, ""
    if px <= 0:
        return Rule.TRIGGER_NOT_POSITIVE, "0"
    return _bounds(dialect, rules, px, Rule.TRIGGER_TOO_HIGH)


def _trailing(dialect: FilterDialect, rules: Instrument, terms: Terms) -> _Broken | None:
    rate, px = terms.callback_rate, terms.activation_px
    if rate is None:
        return Rule.CALLBACK_MISSING, ""
    least, most = _CALLBACK_BOUNDS
    if not least <= rate <= most:
        return Rule.CALLBACK_OUT_OF_RANGE, f"{least} to {most}"
    if px is None:
        return None
    return (Rule.ACTIVATION_PRICE, "") if px <= 0 else _bounds(dialect, rules, px, Rule.ACTIVATION_PRICE)


def _band(rules: Instrument, terms: Terms, mark_px: Decimal | None, counter_px: Decimal | None) -> _Broken | None:
    """Market and limit orders are measured with the mark price, conditional ones with the price that triggers them."""
    match terms.order_type:
        case OrderType.MARKET:
            px, reference = counter_px, mark_px
            above, below = Rule.MARKET_OUT_OF_BAND, Rule.MARKET_OUT_OF_BAND
        case OrderType.LIMIT:
            px, reference = terms.price, mark_px
            above, below = Rule.PRICE_ABOVE_BAND, Rule.PRICE_BELOW_BAND
        case _:
            px, reference = terms.price, terms.stop_px
            above, below = Rule.PRICE_ABOVE_TRIGGER_BAND, Rule.PRICE_BELOW_TRIGGER_BAND
    if px is None or reference is None:
        return None
    if terms.side is Side.BUY:
        up = rules.price_band_up
        return (above, str(cap)) if up is not None and px > (cap := reference * up) else None
    down = rules.price_band_down
    return (below, str(floor)) if down is not None and px < (floor := reference * down) else None


def _notional(rules: Instrument, terms: Terms, mark_px: Decimal | None) -> _Broken | None:
    if terms.reduce_only or terms.close_position:
        return None
    px = terms.price if terms.order_type.has_price else terms.stop_px or mark_px
    if px is None or notional(rules.kind, terms.order_qty, px) >= rules.min_notional:
        return None
    return Rule.NOTIONAL_TOO_LOW, str(rules.min_notional)


def _decimals(value: Decimal) -> int:
    """Places after the point that are not just zeros."""
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _needed(filters: Mapping[str, messages.Filter], symbol: messages.Symbol, name: str) -> messages.Filter:
    try:
        return filters[name]
    except KeyError:
        raise ValidationError(f"{symbol.symbol} has no {name}") from None


def _number(text: str | UnsetType) -> Decimal:
    if not isinstance(text, str):
        raise ValidationError("a filter lacks a number")
    return decimal(text)


def _bound(text: str | UnsetType) -> Decimal | None:
    """The exchange switches a bound off by writing 0."""
    return (decimal(text) or None) if text else None
