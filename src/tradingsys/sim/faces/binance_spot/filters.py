"""The rules of a symbol, as spot counts and names them; how many orders may be open is the exchange's to say."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

from tradingsys.core.enums import OrderType, Side
from tradingsys.core.instrument import Instrument, SpotRules
from tradingsys.sim.faces.binance.faults import Fault
from tradingsys.sim.faces.binance_spot.refusals import filter_failure
from tradingsys.sim.order_records import NewOrder

__all__ = ["check_order"]

_ZERO = Decimal(0)
_MARKETS = frozenset({OrderType.STOP_MARKET, OrderType.TAKE_PROFIT_MARKET})


def check_order(rules: Instrument, order: NewOrder, average_px: Decimal) -> None:
    """Whether an order fits its symbol; ``average_px`` is what prices and values are measured with.

    Raises Fault (-1013, -1111).
    """
    spot = rules.spot or SpotRules()
    for name, value in (("quantity", order.qty), ("quoteOrderQty", order.quote_qty), ("icebergQty", order.iceberg_qty)):
        _check_precision(name, value, rules.qty_precision)
    for name, value in (("price", order.px), ("stopPrice", order.trigger_px)):
        _check_precision(name, value, rules.price_precision)
        _check_px(rules, value)
    _check_band(spot, order, average_px)
    if order.quote_qty is None:
        _check_qty(rules, order.qty)
        _check_qty(rules, order.iceberg_qty)
        if order.order_type is OrderType.MARKET:
            _check_market_qty(rules, order.qty)
    _check_value(rules, spot, order, average_px)
    if order.iceberg_qty and spot.max_iceberg_parts is not None:
        parts = (order.qty / order.iceberg_qty).to_integral_value(ROUND_CEILING)
        if parts > spot.max_iceberg_parts:
            raise filter_failure("ICEBERG_PARTS")
    _check_trailing(spot, order)


def _check_precision(name: str, value: Decimal | None, digits: int) -> None:
    exponent = _ZERO.as_tuple().exponent if value is None else value.normalize().as_tuple().exponent
    if isinstance(exponent, int) and -exponent > digits:
        raise Fault(400, -1111, f"Parameter '{name}' has too much precision.")


def _check_px(rules: Instrument, px: Decimal | None) -> None:
    if px is None:
        return
    if (rules.min_price and px < rules.min_price) or (rules.max_price and px > rules.max_price):
        raise filter_failure("PRICE_FILTER")
    if rules.tick_size and px % rules.tick_size:
        raise filter_failure("PRICE_FILTER")


def _check_band(spot: SpotRules, order: NewOrder, average_px: Decimal) -> None:
    band = spot.bid_band if order.side is Side.BUY else spot.ask_band
    if order.px is None or band is None:
        return
    down, up = band
    if not average_px * down <= order.px <= average_px * up:
        raise filter_failure("PERCENT_PRICE_BY_SIDE")


def _check_qty(rules: Instrument, qty: Decimal | None) -> None:
    if qty is None:
        return
    if qty < rules.min_qty or (rules.max_qty and qty > rules.max_qty) or (rules.lot_size and qty % rules.lot_size):
        raise filter_failure("LOT_SIZE")


def _check_market_qty(rules: Instrument, qty: Decimal) -> None:
    too_large = rules.market_max_qty and qty > rules.market_max_qty
    if qty < rules.market_min_qty or too_large or (rules.market_lot_size and qty % rules.market_lot_size):
        raise filter_failure("MARKET_LOT_SIZE")


def _check_value(rules: Instrument, spot: SpotRules, order: NewOrder, average_px: Decimal) -> None:
    is_market = order.order_type is OrderType.MARKET
    if order.order_type in _MARKETS:
        px = order.trigger_px or average_px
    else:
        px = average_px if order.px is None else order.px
    value = order.qty * px if order.quote_qty is None else order.quote_qty
    if value < rules.min_notional and (not is_market or spot.min_notional_of_market):
        raise filter_failure("NOTIONAL")
    most = spot.max_notional
    if most is not None and value > most and (not is_market or spot.max_notional_of_market):
        raise filter_failure("NOTIONAL")


def _check_trailing(spot: SpotRules, order: NewOrder) -> None:
    if order.trailing_bps is None:
        return
    stops = order.order_type in (OrderType.STOP_MARKET, OrderType.STOP_LIMIT)
    is_above = stops is (order.side is Side.BUY)
    bounds = spot.trailing_above_bps if is_above else spot.trailing_below_bps
    if bounds is not None and not bounds[0] <= order.trailing_bps <= bounds[1]:
        raise filter_failure("TRAILING_DELTA")
