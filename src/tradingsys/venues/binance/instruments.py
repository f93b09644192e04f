"""One symbol of `GET /exchangeInfo` as an instrument, each product's its own way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from msgspec import UnsetType, ValidationError, structs

from tradingsys.core.enums import Contingency, ContractKind, OrderType, TimeInForce
from tradingsys.core.instrument import Instrument, SpotRules
from tradingsys.venues.binance import messages, words
from tradingsys.venues.binance.decode import decimal

__all__ = ["instrument", "margin_instrument", "spot_instrument"]

_ZERO = Decimal(0)
_SPOT_TIMES = (TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK)


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


def spot_instrument(symbol: messages.Symbol) -> Instrument:
    """One symbol of spot.

    Raises msgspec.ValidationError when a filter that an order needs is missing.
    """
    return _of_assets(symbol, is_open=symbol.is_spot_trading_allowed is not False, on_margin=False)


def margin_instrument(symbol: messages.Symbol) -> Instrument:
    """One symbol of spot, as a margin account may trade it: many it may not, and it has no amends.

    Raises msgspec.ValidationError when a filter that an order needs is missing.
    """
    return _of_assets(symbol, is_open=symbol.is_margin_trading_allowed is True, on_margin=True)


def _of_assets(symbol: messages.Symbol, *, is_open: bool, on_margin: bool) -> Instrument:
    filters = {rule.filter_type: rule for rule in symbol.filters}
    price, lot = _needed(filters, symbol, "PRICE_FILTER"), _needed(filters, symbol, "LOT_SIZE")
    market_lot = filters.get("MARKET_LOT_SIZE", lot)
    lot_size, min_qty, max_qty = (_number(text) for text in (lot.step_size, lot.min_qty, lot.max_qty))
    least = filters.get("NOTIONAL") or filters.get("MIN_NOTIONAL")
    # Both are kept by market orders; 0 switches one off.
    market_most = _bound(market_lot.max_qty)
    type_words = symbol.order_types or []
    known_types = dict.fromkeys(known for word in type_words if (known := words.SPOT_ORDER_TYPES.get(word)))
    if OrderType.STOP_MARKET in known_types and symbol.allow_trailing_stop is True:
        known_types[OrderType.TRAILING_STOP_MARKET] = None
    return Instrument(
        symbol.symbol,
        ContractKind.SPOT,
        symbol.base_asset,
        symbol.quote_asset,
        symbol.quote_asset,
        symbol.status,
        symbol.status == "TRADING" and is_open,
        _number(price.tick_size),
        _bound(price.min_price),
        _bound(price.max_price),
        lot_size,
        min_qty,
        max_qty,
        max(_bound(market_lot.step_size) or lot_size, lot_size),
        max(_bound(market_lot.min_qty) or min_qty, min_qty),
        min(market_most or max_qty, max_qty),
        (_bound(least.min_notional) or _ZERO) if least else _ZERO,
        _precision(symbol.quote_asset_precision, symbol.quote_precision),
        _precision(symbol.base_asset_precision),
        tuple(known_types),
        _SPOT_TIMES,
        post_only="LIMIT_MAKER" in type_words,
        max_open_orders=_count(filters, "MAX_NUM_ORDERS", lambda rule: rule.max_num_orders),
        spot=_spot_rules(symbol, filters, on_margin),
    )


def _spot_rules(symbol: messages.Symbol, filters: Mapping[str, messages.Filter], on_margin: bool) -> SpotRules:
    value = filters.get("NOTIONAL")
    least_only = filters.get("MIN_NOTIONAL")
    allowed = (
        (Contingency.OCO, symbol.oco_allowed is True),
        (Contingency.OTO, symbol.oto_allowed is True),
        (Contingency.OTOCO, symbol.oto_allowed is True and symbol.oco_allowed is True),
    )
    rules = SpotRules(
        quote_order_qty=symbol.quote_order_qty_market_allowed is True,
        iceberg=symbol.iceberg_allowed is True,
        trailing=symbol.allow_trailing_stop is True,
        amend=symbol.amend_allowed is True and not on_margin,
        lists=tuple(contingency for contingency, is_allowed in allowed if is_allowed),
        margin=on_margin,
        max_notional=_bound(value.max_notional) if value else None,
        max_notional_of_market=value.apply_max_to_market is True if value else False,
        max_iceberg_parts=_count(filters, "ICEBERG_PARTS", lambda rule: rule.limit),
        max_iceberg_orders=_count(filters, "MAX_NUM_ICEBERG_ORDERS", lambda rule: rule.max_num_iceberg_orders),
        max_conditional_orders=_count(filters, "MAX_NUM_ALGO_ORDERS", lambda rule: rule.max_num_algo_orders),
        max_order_lists=_count(filters, "MAX_NUM_ORDER_LISTS", lambda rule: rule.max_num_order_lists),
        max_amends=_count(filters, "MAX_NUM_ORDER_AMENDS", lambda rule: rule.max_num_order_amends),
    )
    if value:
        rules = structs.replace(rules, min_notional_of_market=value.apply_min_to_market is not False)
    elif least_only:
        rules = structs.replace(rules, min_notional_of_market=least_only.apply_to_market is not False)
    return _with_bounds(rules, filters)


def _with_bounds(rules: SpotRules, filters: Mapping[str, messages.Filter]) -> SpotRules:
    position, trailing = filters.get("MAX_POSITION"), filters.get("TRAILING_DELTA")
    if position:
        rules = structs.replace(rules, max_position=_bound(position.max_position))
    if trailing:
        rules = structs.replace(
            rules,
            trailing_above_bps=_range(trailing.min_trailing_above_delta, trailing.max_trailing_above_delta),
            trailing_below_bps=_range(trailing.min_trailing_below_delta, trailing.max_trailing_below_delta),
        )
    sides, both = filters.get("PERCENT_PRICE_BY_SIDE"), filters.get("PERCENT_PRICE")
    if sides:
        bid = _band(sides.bid_multiplier_down, sides.bid_multiplier_up)
        ask = _band(sides.ask_multiplier_down, sides.ask_multiplier_up)
    else:
        bid = ask = _band(both.multiplier_down, both.multiplier_up) if both else None
    return structs.replace(rules, bid_band=bid, ask_band=ask)


def _count(
    filters: Mapping[str, messages.Filter], name: str, limit: Callable[[messages.Filter], int | UnsetType]
) -> int | None:
    rule = filters.get(name)
    return (limit(rule) or None) if rule else None


def _range(least: int | UnsetType, most: int | UnsetType) -> tuple[int, int] | None:
    return (least, most) if isinstance(least, int) and isinstance(most, int) else None


def _band(down: str | UnsetType, up: str | UnsetType) -> tuple[Decimal, Decimal] | None:
    return (decimal(down), decimal(up)) if down and up else None


def _precision(*told: int | UnsetType) -> int:
    return next((digits for digits in told if isinstance(digits, int)), 8)


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
