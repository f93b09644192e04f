"""USDⓈ-M's checks of an order against its symbol's rules, in the order in which the exchange makes them."""

from __future__ import annotations

from decimal import Decimal

from tradingsys.core.contract import notional
from tradingsys.core.enums import OrderType, Side, TimeInForce
from tradingsys.core.instrument import Instrument
from tradingsys.core.order import Terms
from tradingsys.venues.binance import words
from tradingsys.venues.binance.filters import Against, Broken, FilterDialect, Rule, decimals, price_bounds, too_many

__all__ = ["CHECKS"]


_CLOSING = frozenset({OrderType.STOP_MARKET, OrderType.TAKE_PROFIT_MARKET})
# Since 2026-10-23; before, at most 10.
_CALLBACK_BOUNDS = (Decimal("0.1"), Decimal(20))


def _status_and_type(_dialect: FilterDialect, rules: Instrument, terms: Terms, against: Against) -> Broken | None:
    if not rules.is_trading:
        return Rule.SYMBOL_STATUS, rules.status
    if terms.order_type not in rules.order_types:
        return Rule.ORDER_TYPE, terms.order_type
    rests = terms.order_type is not OrderType.MARKET and not terms.order_type.is_conditional
    if rests and (broken := too_many(Rule.TOO_MANY_OPEN_ORDERS, rules.max_open_orders, against.standing.open_orders)):
        return broken
    if terms.time_in_force is TimeInForce.GTD and terms.good_till_ms is None:
        return Rule.GOOD_TILL_MISSING, ""
    return None


def _quantity(dialect: FilterDialect, rules: Instrument, terms: Terms, _against: Against) -> Broken | None:
    qty = terms.order_qty
    if terms.close_position:
        if terms.order_type not in _CLOSING:
            return Rule.CLOSE_POSITION_TYPE, words.ORDER_TYPE_WORDS[terms.order_type]
        return (Rule.CLOSE_POSITION_QTY, "") if qty else None
    if decimals(qty) > rules.qty_precision:
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


def _price(dialect: FilterDialect, rules: Instrument, terms: Terms, _against: Against) -> Broken | None:
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
    return price_bounds(dialect, rules, px, Rule.PRICE_TOO_HIGH)


def _trigger(dialect: FilterDialect, rules: Instrument, terms: Terms, _against: Against) -> Broken | None:
    if not terms.order_type.is_conditional:
        return None
    if terms.order_type is OrderType.TRAILING_STOP_MARKET:
        return _trailing(dialect, rules, terms)
    px = terms.stop_px
    if px is None:
        return Rule.TRIGGER_MISSING, ""
    if px <= 0:
        return Rule.TRIGGER_NOT_POSITIVE, "0"
    return price_bounds(dialect, rules, px, Rule.TRIGGER_TOO_HIGH)


def _trailing(dialect: FilterDialect, rules: Instrument, terms: Terms) -> Broken | None:
    rate, px = terms.callback_rate, terms.activation_px
    if rate is None:
        return Rule.CALLBACK_MISSING, ""
    least, most = _CALLBACK_BOUNDS
    if not least <= rate <= most:
        return Rule.CALLBACK_OUT_OF_RANGE, f"{least} to {most}"
    if px is None:
        return None
    return (Rule.ACTIVATION_PRICE, "") if px <= 0 else price_bounds(dialect, rules, px, Rule.ACTIVATION_PRICE)


def _band(_dialect: FilterDialect, rules: Instrument, terms: Terms, against: Against) -> Broken | None:
    """Market and limit orders are measured with the mark price, conditional ones with the price that triggers them."""
    match terms.order_type:
        case OrderType.MARKET:
            px, reference = against.counter_px, against.reference_px
            above, below = Rule.MARKET_OUT_OF_BAND, Rule.MARKET_OUT_OF_BAND
        case OrderType.LIMIT:
            px, reference = terms.price, against.reference_px
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


def _notional(_dialect: FilterDialect, rules: Instrument, terms: Terms, against: Against) -> Broken | None:
    if terms.reduce_only or terms.close_position:
        return None
    px = terms.price if terms.order_type.has_price else terms.stop_px or against.reference_px
    if px is None or notional(rules.kind, terms.order_qty, px) >= rules.min_notional:
        return None
    return Rule.NOTIONAL_TOO_LOW, str(rules.min_notional)


CHECKS = (_status_and_type, _quantity, _price, _trigger, _band, _notional)
