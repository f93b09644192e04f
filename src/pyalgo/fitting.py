"""Which options fit which order, on which market; what does not fit is refused with what to do instead."""

from __future__ import annotations

from pyalgo.arguments import invalid, word
from pyalgo.options import Options, refuse_any
from pyalgo.product import Product
from pyalgo.words import FUTURES_WORDS, OrderType, Tif, TriggerPrice, fix_order_type
from tradingsys.core import enums as fix

__all__ = ["check_options", "wire_type"]

_CONDITIONAL_ONLY = ("stop_price", "callback_rate", "activation_price", "trigger_by", "price_protect", "close_position")
_CAN_CLOSE = (OrderType.STOP_MARKET, OrderType.TAKE_PROFIT_MARKET)
_TRAILING = fix.OrderType.TRAILING_STOP_MARKET

_NOT_ON_FUTURES = {
    "quote_quantity": "is of the spot market: here say the quantity",
    "iceberg": "is of the spot market: here send the parts one after the other",
    "side_effect": "is of margin accounts: on futures nothing is borrowed, leave it out",
}
_NOT_ON_SPOT = {
    "price_match": "is of futures: here say the price, such as sub.bid_prc(0)",
    "close_position": "is of futures: here sell the quantity that is held, sub.net",
    "price_protect": "is of futures: spot has no mark price, leave it out",
    "good_till": "is of futures: here cancel the order when its time is over, by eng.every() for example",
}


def wire_type(product: Product, order_type: OrderType, options: Options) -> fix.OrderType:
    """What a word means where it is sent. Raises InvalidOrder for one that the market or the symbol does not have."""
    if order_type in FUTURES_WORDS and not product.is_spot:
        meant = FUTURES_WORDS[order_type]
        raise invalid(f"OrderType.{order_type} is the spot market's word: on futures use OrderType.{meant}")
    wire = fix_order_type(order_type, is_spot=product.is_spot)
    if wire is None or not product.order_support(order_type):
        raise invalid(f"{product.symbol} takes no {order_type} orders: ask order_support() first")
    if wire is fix.OrderType.STOP_MARKET and product.is_spot and options.callback_rate is not None:
        return _TRAILING
    return wire


def check_options(product: Product, wire: fix.OrderType, order_type: OrderType, tif: Tif, options: Options) -> None:
    """Raises InvalidOrder for an option that this order cannot have."""
    _check_market(product, tif, options)
    if not wire.is_conditional:
        refuse_any(_CONDITIONAL_ONLY, options, f"OrderType.{order_type}: it does not wait for a price")
    elif order_type is OrderType.TRAILING_STOP_MARKET:
        refuse_any(("stop_price",), options, "TRAILING_STOP_MARKET: say callback_rate=, in percent")
    elif product.is_spot:
        refuse_any(("activation_price",), options, f"OrderType.{order_type}: say stop_price=, where it begins")
    else:
        refuse_any(("callback_rate", "activation_price"), options, f"OrderType.{order_type}: it does not trail")
    if options.price_match is not None and not wire.has_price:
        raise invalid(f"price_match does not go with OrderType.{order_type}: it executes at market")
    if options.close_position and order_type not in _CAN_CLOSE:
        raise invalid("close_position goes with STOP_MARKET and TAKE_PROFIT_MARKET only")
    if options.close_position and options.reduce_only:
        raise invalid("close_position only ever reduces: leave reduce_only out")
    if product.is_spot:
        _check_spot(product, wire, order_type, tif, options)


def _check_market(product: Product, tif: Tif, options: Options) -> None:
    for name, why in (_NOT_ON_SPOT if product.is_spot else _NOT_ON_FUTURES).items():
        if getattr(options, name) not in (None, False):
            raise invalid(f"{product.symbol}: {name} {why}")
    if not product.is_spot:
        return
    if tif is Tif.GTD:
        raise invalid(f"{product.symbol}: Tif.GTD {_NOT_ON_SPOT['good_till']}")
    # What the last trade triggers needs no word: nothing else does on spot.
    if options.trigger_by is not None and word(TriggerPrice, "trigger_by", options.trigger_by) is TriggerPrice.MARK:
        raise invalid(
            f"{product.symbol}: spot has no mark price: leave trigger_by out, the last trade's price triggers"
        )


def _check_spot(product: Product, wire: fix.OrderType, order_type: OrderType, tif: Tif, options: Options) -> None:
    view, symbol = product.view, product.symbol
    if options.callback_rate is not None and not view.trailing:
        raise invalid(f"{symbol} takes no orders that trail: leave callback_rate out and say stop_price=")
    never_takes = options.post_only or (tif is Tif.GTX and wire.has_price)
    if never_takes and wire is not fix.OrderType.LIMIT:
        raise invalid(f"post_only goes with OrderType.LIMIT on spot, not with OrderType.{order_type}")
    if options.quote_quantity is not None:
        if wire is not fix.OrderType.MARKET:
            raise invalid(f"quote_quantity goes with OrderType.MARKET: OrderType.{order_type} needs a quantity")
        if not view.quote_quantity:
            raise invalid(f"{symbol} takes no market orders by quote_quantity: say the quantity")
    if options.iceberg is not None:
        if not wire.has_price or tif in (Tif.IOC, Tif.FOK):
            raise invalid("iceberg goes with a limit price and Tif.GTC only: nothing else rests in the book")
        if not view.iceberg:
            raise invalid(f"{symbol} takes no icebergs: leave iceberg out")
    if options.side_effect is not None and not view.margin:
        raise invalid(
            f"{symbol}: side_effect goes with margin accounts only, and this one borrows nothing: leave it out"
        )
