"""From a strategy's arguments to the terms of an order: what each order type needs, and what it cannot carry."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from math import inf, isnan
from typing import NamedTuple, Unpack

from pyalgo.arguments import invalid, number, word
from pyalgo.fitting import check_options, wire_type
from pyalgo.options import Options, OrderOptions, check_names, chosen
from pyalgo.product import Product
from pyalgo.words import OrderType, PriceMatch, Side, SideEffect, Tif, TriggerPrice
from tradingsys.core import enums as fix
from tradingsys.core.instrument import plain, snap
from tradingsys.wire.messages import LoginResult, OrderParams

__all__ = ["Leg", "order_params"]

_SINCE_MS = 1_000_000_000_000
"""A time in ms since 2001 is above it, a time in seconds below."""
_BASIS_POINT = Decimal("0.01")
"""In percent."""
_TIME_RULE = "it is a datetime with a time zone, or Unix time in milliseconds"
_TIMES = {
    Tif.GTC: fix.TimeInForce.GTC,
    Tif.IOC: fix.TimeInForce.IOC,
    Tif.FOK: fix.TimeInForce.FOK,
    Tif.UNDEF: fix.TimeInForce.GTC,
    Tif.GTD: fix.TimeInForce.GTD,
}


class Leg:
    """One order of a list, with the arguments of `add_order`: give it to `add_oco`, `add_oto` or `add_otoco`.

    Raises TypeError for an option that does not exist.
    """

    __slots__ = ("options", "order_type", "price", "quantity", "side", "tif")

    def __init__(
        self,
        price: float,
        quantity: float,
        side: Side,
        order_type: OrderType,
        tif: Tif = Tif.GTC,
        **options: Unpack[OrderOptions],
    ) -> None:
        check_names(options)
        self.price, self.quantity, self.side = price, quantity, side
        self.order_type, self.tif, self.options = order_type, tif, options

    def __repr__(self) -> str:
        options = "".join(f", {name}={value!r}" for name, value in self.options.items())
        return f"Leg({self.price}, {self.quantity}, {self.side}, {self.order_type}, {self.tif}{options})"


class _Life(NamedTuple):
    """How long an order stands."""

    time_in_force: fix.TimeInForce | None
    post_only: bool = False
    good_till_ms: int | None = None


class _Trigger(NamedTuple):
    """What an order waits for."""

    stop_price: str | None = None
    callback_rate: str | None = None
    activation_price: str | None = None


def order_params(login: LoginResult, seq: int, product: Product, leg: Leg) -> OrderParams:
    """The request for an order.

    A tif that makes no sense for MARKET or LIMIT_MAKER is left out; whatever else does not fit is refused.

    Raises InvalidOrder saying what is wrong and what to do, and TypeError for an option that does not exist.
    """
    options, price = chosen(leg.options), leg.price
    side, order_type = word(Side, "side", leg.side), word(OrderType, "order_type", leg.order_type)
    tif = word(Tif, "tif", leg.tif)
    wire = wire_type(product, order_type, options)
    check_options(product, wire, order_type, tif, options)
    match = None if options.price_match is None else word(PriceMatch, "price_match", options.price_match)
    life = _life(product, wire, order_type, tif, options)
    _check_unused_price(product, price)
    limit = product.price_text(price) if wire.has_price and match is None else None
    amount = _amount(product, leg.quantity, limit, options)
    trigger = _trigger(product, wire, order_type, price, options)
    by = None if options.trigger_by is None else word(TriggerPrice, "trigger_by", options.trigger_by)
    effect = None if options.side_effect is None else word(SideEffect, "side_effect", options.side_effect)
    return OrderParams(
        lineage=login.lineage,
        epoch=login.epoch,
        login=login.login,
        seq=seq,
        symbol=product.symbol,
        side=fix.Side(side.value),
        order_type=wire,
        quantity=amount,
        price=limit,
        time_in_force=life.time_in_force,
        post_only=life.post_only,
        reduce_only=options.reduce_only,
        stop_price=trigger.stop_price,
        callback_rate=trigger.callback_rate,
        activation_price=trigger.activation_price,
        close_position=options.close_position,
        good_till_ms=life.good_till_ms,
        price_match=match,
        trigger_price=None if product.is_spot else by,
        price_protect=options.price_protect,
        quote_quantity=None if options.quote_quantity is None else product.amount_text(options.quote_quantity),
        iceberg_quantity=None if options.iceberg is None else product.iceberg_text(options.iceberg, amount),
        side_effect=effect,
    )


def _amount(product: Product, quantity: float, limit: str | None, options: Options) -> str:
    if options.close_position or options.quote_quantity is not None:
        return "0"
    # A spot exchange does not know that an order only reduces: its least value binds all.
    is_exempt = options.reduce_only and not product.is_spot
    return product.quantity_text(quantity, None if is_exempt else limit)


def _check_unused_price(product: Product, price: object) -> None:
    """Whoever reckons a price and gets no number may have got more wrong than that."""
    if isinstance(price, float) and isnan(price):
        raise invalid(f"{product.symbol}: price is {price!r}, which is not a number: where none is used, pass 0")


def _life(product: Product, wire: fix.OrderType, order_type: OrderType, tif: Tif, options: Options) -> _Life:
    if options.good_till is not None and (tif is not Tif.GTD or not wire.has_price):
        raise invalid("good_till goes with Tif.GTD and a limit price only")
    if not wire.has_price:
        if options.post_only:
            raise invalid(f"post_only does not go with OrderType.{order_type}: it executes at market")
        return _Life(None)
    if options.post_only or order_type is OrderType.LIMIT_MAKER or tif is Tif.GTX:
        return _post_only(product, tif, options)
    if tif is Tif.GTD and options.good_till is None:
        raise invalid("Tif.GTD needs good_till=, a datetime with a time zone or Unix ms: when the order ends")
    if not product.tif_support(tif):
        raise invalid(f"{product.symbol} takes no Tif.{tif}: ask tif_support() first")
    return _Life(_TIMES[tif], False, _good_till_ms(options.good_till))


def _post_only(product: Product, tif: Tif, options: Options) -> _Life:
    if tif is Tif.GTD or (options.post_only and tif in (Tif.IOC, Tif.FOK)):
        raise invalid(f"Tif.{tif} does not go with a post-only order: use Tif.GTC")
    if not product.tif_support(Tif.GTX):
        raise invalid(f"{product.symbol} takes no post-only orders")
    return _Life(fix.TimeInForce.GTC, True)


def _good_till_ms(good_till: dt.datetime | int | None) -> int | None:
    if good_till is None:
        return None
    if isinstance(good_till, dt.datetime):
        if good_till.tzinfo is None:
            raise invalid("good_till has no time zone: write datetime.now(timezone.utc) + timedelta(hours=1), say")
        return int(good_till.timestamp() * 1000)
    return int(_number("good_till", good_till, lambda ms: _SINCE_MS <= ms < inf, _TIME_RULE))


def _trigger(product: Product, wire: fix.OrderType, order_type: OrderType, price: float, options: Options) -> _Trigger:
    if not wire.is_conditional:
        return _Trigger()
    rate = None if options.callback_rate is None else _rate_text(product, options.callback_rate)
    if order_type is OrderType.TRAILING_STOP_MARKET:
        if rate is None:
            raise invalid("TRAILING_STOP_MARKET needs callback_rate=, in percent: how far it follows")
        activation = options.activation_price
        return _Trigger(None, rate, None if activation is None else product.price_text(activation, "activation_price"))
    stop = _stop_text(product, wire, order_type, price, options)
    if wire is fix.OrderType.TRAILING_STOP_MARKET:
        return _Trigger(None, rate, stop)
    return _Trigger(stop, rate)


def _stop_text(
    product: Product, wire: fix.OrderType, order_type: OrderType, price: float, options: Options
) -> str | None:
    stop_price, is_trailing = options.stop_price, options.callback_rate is not None
    if order_type is OrderType.TAKE_PROFIT and product.is_spot and price and (stop_price is not None or is_trailing):
        raise invalid(
            "OrderType.TAKE_PROFIT is a market order on spot: for one at a price use OrderType.TAKE_PROFIT_LIMIT, "
            "otherwise pass 0 as the price"
        )
    if stop_price is None and is_trailing:
        return None
    if stop_price is None and wire.has_price:
        raise invalid(f"OrderType.{order_type} needs stop_price=: the price at which it becomes a limit order")
    if stop_price is None and not price:
        raise invalid(f"OrderType.{order_type} needs stop_price=: the price that triggers it")
    # The original knew no stop_price: it passed the stop of a STOP_MARKET as the price.
    return product.price_text(price if stop_price is None else stop_price, "stop_price")


def _rate_text(product: Product, callback_rate: float) -> str:
    rate = _number("callback_rate", callback_rate, lambda rate: 0 < rate < 100, "it is in percent, such as 0.5")
    exact = snap(rate, _BASIS_POINT)
    if product.is_spot and exact % _BASIS_POINT:
        raise invalid(f"callback_rate is {callback_rate!r}: it is in percent, and on spot in steps of {_BASIS_POINT}")
    return plain(exact)


def _number(name: str, value: object, is_right: Callable[[float], bool], rule: str) -> float:
    try:
        return number(name, value, is_right, rule)
    except ValueError as error:
        raise invalid(str(error)) from None
