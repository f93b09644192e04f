"""Spot's checks of an order against its symbol's rules, as the filters page of its documentation has them."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

from tradingsys.core.enums import OrderType, Side
from tradingsys.core.instrument import Instrument, SpotRules
from tradingsys.core.order import Terms
from tradingsys.venues.binance.filters import (
    Against,
    Broken,
    FilterDialect,
    Rule,
    decimals,
    plain_remainder,
    price_bounds,
    too_many,
)

__all__ = ["FILTERS"]

_NO_RULES = SpotRules()


def _status_and_type(_dialect: FilterDialect, rules: Instrument, terms: Terms, _against: Against) -> Broken | None:
    if not rules.is_trading:
        return Rule.SYMBOL_STATUS, rules.status
    is_trailing = terms.order_type is OrderType.TRAILING_STOP_MARKET
    order_type = OrderType.STOP_MARKET if is_trailing else terms.order_type
    if order_type not in rules.order_types:
        return Rule.ORDER_TYPE, terms.order_type
    own = rules.spot or _NO_RULES
    if terms.quote_order_qty is not None and not own.quote_order_qty:
        return Rule.QUOTE_QTY_NOT_ALLOWED, ""
    if terms.iceberg_qty is not None and not own.iceberg:
        return Rule.ICEBERG_NOT_ALLOWED, ""
    if terms.callback_rate is not None and not own.trailing:
        return Rule.TRAILING_NOT_ALLOWED, ""
    return None


def _quantity(dialect: FilterDialect, rules: Instrument, terms: Terms, _against: Against) -> Broken | None:
    qty, quote = terms.order_qty, terms.quote_order_qty
    if quote is not None:
        if decimals(quote) > rules.price_precision:
            return Rule.QUOTE_QTY_PRECISION, f"at most {rules.price_precision} decimals in the amount"
        return (Rule.QTY_NOT_POSITIVE, "0") if quote <= 0 else None
    if decimals(qty) > rules.qty_precision:
        return Rule.QTY_PRECISION, f"at most {rules.qty_precision} decimals in the quantity"
    if qty <= 0:
        return Rule.QTY_NOT_POSITIVE, "0"
    broken = _lot(dialect, rules, qty)
    if broken is None and terms.order_type is OrderType.MARKET:
        return _market_lot(dialect, rules, qty)
    return broken


def _lot(dialect: FilterDialect, rules: Instrument, qty: Decimal) -> Broken | None:
    if qty < rules.min_qty:
        return Rule.QTY_TOO_LOW, str(rules.min_qty)
    if rules.max_qty and qty > rules.max_qty:
        return Rule.QTY_TOO_HIGH, str(rules.max_qty)
    is_off = dialect.remainder(qty, rules.min_qty, rules.lot_size)
    return (Rule.QTY_OFF_STEP, str(rules.lot_size)) if is_off else None


def _market_lot(dialect: FilterDialect, rules: Instrument, qty: Decimal) -> Broken | None:
    if qty < rules.market_min_qty:
        return Rule.MARKET_QTY_TOO_LOW, str(rules.market_min_qty)
    if rules.market_max_qty and qty > rules.market_max_qty:
        return Rule.MARKET_QTY_TOO_HIGH, str(rules.market_max_qty)
    is_off = dialect.remainder(qty, rules.market_min_qty, rules.market_lot_size)
    return (Rule.MARKET_QTY_OFF_STEP, str(rules.market_lot_size)) if is_off else None


def _iceberg_qty(dialect: FilterDialect, rules: Instrument, terms: Terms, _against: Against) -> Broken | None:
    shown = terms.iceberg_qty
    if shown is None:
        return None
    if shown > terms.order_qty:
        return Rule.ICEBERG_EXCEEDS, str(terms.order_qty)
    if shown > 0 and not _lot(dialect, rules, shown):
        return None
    return Rule.ICEBERG_QTY, f"at least {rules.min_qty}, in steps of {rules.lot_size}"


def _iceberg_parts(_dialect: FilterDialect, rules: Instrument, terms: Terms, _against: Against) -> Broken | None:
    shown, most = terms.iceberg_qty, (rules.spot or _NO_RULES).max_iceberg_parts
    if shown is None or most is None:
        return None
    parts = (terms.order_qty / shown).to_integral_value(ROUND_CEILING)
    return (Rule.ICEBERG_PARTS, str(most)) if parts > most else None


def _price(dialect: FilterDialect, rules: Instrument, terms: Terms, _against: Against) -> Broken | None:
    if not terms.order_type.has_price:
        return None
    if terms.price is None:
        return Rule.PRICE_MISSING, ""
    return _as_price(dialect, rules, terms.price)


def _trigger(dialect: FilterDialect, rules: Instrument, terms: Terms, _against: Against) -> Broken | None:
    if not terms.order_type.is_conditional:
        return None
    is_trailing = terms.order_type is OrderType.TRAILING_STOP_MARKET
    px = terms.activation_px if is_trailing else terms.stop_px
    if px is None and terms.callback_rate is None:
        return Rule.TRIGGER_MISSING, ""
    return None if px is None else _as_price(dialect, rules, px)


def _as_price(dialect: FilterDialect, rules: Instrument, px: Decimal) -> Broken | None:
    if px <= 0:
        return Rule.PRICE_NOT_POSITIVE, "0"
    return price_bounds(dialect, rules, px, Rule.PRICE_TOO_HIGH, Rule.PRICE_PRECISION)


def _trailing(_dialect: FilterDialect, rules: Instrument, terms: Terms, _against: Against) -> Broken | None:
    own = rules.spot or _NO_RULES
    if terms.callback_rate is None:
        return None
    # A stop that buys waits above the market, one that sells below; take-profits the other way round.
    is_above = terms.order_type.stops_loss == (terms.side is Side.BUY)
    bounds = own.trailing_above_bps if is_above else own.trailing_below_bps
    if bounds is None:
        return None
    least, most = (Decimal(bound).scaleb(-2) for bound in bounds)
    return None if least <= terms.callback_rate <= most else (Rule.TRAILING_DELTA, f"{least} to {most}")


def _band(_dialect: FilterDialect, rules: Instrument, terms: Terms, against: Against) -> Broken | None:
    """Of every order that has a price, whether it waits or not."""
    own, reference, px = rules.spot or _NO_RULES, against.reference_px, terms.price
    band = own.bid_band if terms.side is Side.BUY else own.ask_band
    if band is None or reference is None or px is None or not terms.order_type.has_price:
        return None
    down, up = band
    if px > reference * up:
        return Rule.PRICE_ABOVE_BAND, str(reference * up)
    return (Rule.PRICE_BELOW_BAND, str(reference * down)) if px < reference * down else None


def _notional(_dialect: FilterDialect, rules: Instrument, terms: Terms, against: Against) -> Broken | None:
    """A conditional order without a price is valued with what triggers it."""
    own, is_market = rules.spot or _NO_RULES, terms.order_type is OrderType.MARKET
    px = terms.price if terms.order_type.has_price else terms.stop_px or terms.activation_px or against.reference_px
    value = terms.quote_order_qty
    if value is None:
        if px is None:
            return None
        value = terms.order_qty * px
    if value < rules.min_notional and (own.min_notional_of_market or not is_market):
        return Rule.NOTIONAL_TOO_LOW, str(rules.min_notional)
    most = own.max_notional if own.max_notional_of_market or not is_market else None
    return (Rule.NOTIONAL_TOO_HIGH, str(most)) if most is not None and value > most else None


def _standing(_dialect: FilterDialect, rules: Instrument, terms: Terms, against: Against) -> Broken | None:
    own, standing = rules.spot or _NO_RULES, against.standing
    held, most = standing.position, own.max_position
    if terms.side is Side.BUY and most is not None and held is not None and held + terms.order_qty > most:
        return Rule.MAX_POSITION, str(most)
    if terms.order_type.is_conditional and (
        broken := too_many(Rule.TOO_MANY_CONDITIONS, own.max_conditional_orders, standing.conditional_orders)
    ):
        return broken
    if terms.iceberg_qty is not None and (
        broken := too_many(Rule.TOO_MANY_ICEBERGS, own.max_iceberg_orders, standing.iceberg_orders)
    ):
        return broken
    return too_many(Rule.TOO_MANY_OPEN_ORDERS, rules.max_open_orders, standing.open_orders)


def _failure(name: str) -> tuple[int, str]:
    return -1013, f"Filter failure: {name}"


def _malformed(name: str) -> tuple[int, str]:
    return -1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed."


def _too_precise(name: str) -> tuple[int, str]:
    return -1111, f"Parameter '{name}' has too much precision."


FILTERS = FilterDialect(
    remainder=plain_remainder,
    checks=(
        _status_and_type,
        _price,
        _trigger,
        _band,
        _quantity,
        _iceberg_qty,
        _notional,
        _iceberg_parts,
        _trailing,
        _standing,
    ),
    answers={
        Rule.SYMBOL_STATUS: (-1013, "Market is closed."),
        Rule.ORDER_TYPE: (-1116, "Invalid orderType."),
        Rule.PRICE_PRECISION: _too_precise("price"),
        Rule.PRICE_MISSING: _malformed("price"),
        Rule.PRICE_NOT_POSITIVE: (-1013, "Invalid price."),
        Rule.PRICE_TOO_LOW: _failure("PRICE_FILTER"),
        Rule.PRICE_TOO_HIGH: _failure("PRICE_FILTER"),
        Rule.PRICE_OFF_TICK: _failure("PRICE_FILTER"),
        Rule.QTY_PRECISION: _too_precise("quantity"),
        Rule.QTY_NOT_POSITIVE: (-1013, "Invalid quantity."),
        Rule.QTY_TOO_LOW: _failure("LOT_SIZE"),
        Rule.QTY_TOO_HIGH: _failure("LOT_SIZE"),
        Rule.QTY_OFF_STEP: _failure("LOT_SIZE"),
        Rule.MARKET_QTY_TOO_LOW: _failure("MARKET_LOT_SIZE"),
        Rule.MARKET_QTY_TOO_HIGH: _failure("MARKET_LOT_SIZE"),
        Rule.MARKET_QTY_OFF_STEP: _failure("MARKET_LOT_SIZE"),
        Rule.QUOTE_QTY_PRECISION: _too_precise("quoteOrderQty"),
        Rule.QUOTE_QTY_NOT_ALLOWED: (-1013, "Quote order qty market orders are not support for this symbol."),
        Rule.PRICE_ABOVE_BAND: _failure("PERCENT_PRICE_BY_SIDE"),
        Rule.PRICE_BELOW_BAND: _failure("PERCENT_PRICE_BY_SIDE"),
        Rule.NOTIONAL_TOO_LOW: _failure("NOTIONAL"),
        Rule.NOTIONAL_TOO_HIGH: _failure("NOTIONAL"),
        Rule.TRIGGER_MISSING: (
            -1102,
            "Param 'stopPrice' or 'trailingDelta' must be sent, but both were empty/null!",
        ),
        Rule.TRAILING_NOT_ALLOWED: (-1013, "Trailing stop orders are not supported for this symbol."),
        Rule.TRAILING_DELTA: _failure("TRAILING_DELTA"),
        Rule.ICEBERG_NOT_ALLOWED: (-1013, "Iceberg orders are not supported for this symbol."),
        Rule.ICEBERG_QTY: _failure("LOT_SIZE"),
        Rule.ICEBERG_EXCEEDS: (-1013, "IcebergQty exceeds QTY."),
        Rule.ICEBERG_PARTS: _failure("ICEBERG_PARTS"),
        Rule.MAX_POSITION: _failure("MAX_POSITION"),
        Rule.TOO_MANY_OPEN_ORDERS: _failure("MAX_NUM_ORDERS"),
        Rule.TOO_MANY_CONDITIONS: _failure("MAX_NUM_ALGO_ORDERS"),
        Rule.TOO_MANY_ICEBERGS: _failure("MAX_NUM_ICEBERG_ORDERS"),
        Rule.TOO_MANY_LISTS: _failure("MAX_NUM_ORDER_LISTS"),
    },
    synonyms={Rule.NOTIONAL_TOO_LOW: (_failure("MIN_NOTIONAL"),)},
    todo={
        Rule.PRICE_ABOVE_BAND: "the highest price is now {}",
        Rule.PRICE_BELOW_BAND: "the lowest price is now {}",
        Rule.NOTIONAL_TOO_LOW: "the least value of an order is {} of the quote asset: order more",
        Rule.NOTIONAL_TOO_HIGH: "the greatest value of an order is {} of the quote asset: split it",
        Rule.TOO_MANY_OPEN_ORDERS: "cancel one first: {} orders may be open on this symbol",
    },
    statuses={
        "END_OF_DAY": "its trading day is over: wait for the next",
        "HALT": "the exchange halted it: wait",
        "BREAK": "it pauses, or it was taken off the exchange",
        "CANCEL_ONLY": "only cancels are taken",
        "TRADING": "it trades, but not on this kind of account",
    },
)
