"""From a strategy's arguments to the terms of an order: what each order type needs, and what it cannot carry."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from decimal import Decimal
from math import inf, isnan
from typing import NamedTuple, TypedDict

from msgspec import Struct, structs

from pyalgo.arguments import invalid, number, one_of, switch, word
from pyalgo.product import Product
from pyalgo.words import FIX_ORDER_TYPES, OrderType, PriceMatch, Side, Tif, TriggerPrice
from tradingsys.core import enums as fix
from tradingsys.core.instrument import plain
from tradingsys.wire.messages import LoginResult, OrderParams

__all__ = ["OrderOptions", "order_params"]


class OrderOptions(TypedDict, total=False):
    """What `add_order` and `SmartOrder.send` take by keyword, beyond the original's arguments.

    ``stop_price`` triggers STOP, STOP_MARKET, TAKE_PROFIT and TAKE_PROFIT_MARKET; ``callback_rate`` (percent) is how
    far a TRAILING_STOP_MARKET follows, from ``activation_price`` on. ``trigger_by`` says whose movement triggers: LAST
    or MARK; ``price_protect`` does not let it while the two are far apart. ``reduce_only``: only against what the
    session holds. ``close_position``: close all that is held when triggered; the quantity is not used. ``good_till`` (a
    datetime with a time zone, or Unix ms) ends a Tif.GTD order. ``post_only``: never take. ``price_match``: the
    exchange takes the price from the book; the price is not used.
    """

    stop_price: float | None
    callback_rate: float | None
    activation_price: float | None
    reduce_only: bool
    close_position: bool
    good_till: dt.datetime | int | None
    post_only: bool
    price_match: PriceMatch | str | None
    trigger_by: TriggerPrice | str | None
    price_protect: bool


class _Options(Struct, frozen=True):
    """The same with their defaults."""

    stop_price: float | None = None
    callback_rate: float | None = None
    activation_price: float | None = None
    reduce_only: bool = False
    close_position: bool = False
    good_till: dt.datetime | int | None = None
    post_only: bool = False
    price_match: PriceMatch | str | None = None
    trigger_by: TriggerPrice | str | None = None
    price_protect: bool = False


class _Life(NamedTuple):
    """How long an order stands."""

    time_in_force: fix.TimeInForce | None
    post_only: bool = False
    good_till_ms: int | None = None


_SPOT_WORDS = {
    OrderType.STOP_LOSS: OrderType.STOP_MARKET,
    OrderType.STOP_LOSS_LIMIT: OrderType.STOP,
    OrderType.TAKE_PROFIT_LIMIT: OrderType.TAKE_PROFIT,
}

_PLAIN = _Options()
_DEFAULTS = tuple(field.name for field in structs.fields(_Options))
_SWITCHES = tuple(field.name for field in structs.fields(_Options) if isinstance(field.default, bool))
_SINCE_MS = 1_000_000_000_000
"""A time in ms since 2001 is above it, a time in seconds below."""
_TIME_RULE = "it is a datetime with a time zone, or Unix time in milliseconds"

_CAN_CLOSE = (OrderType.STOP_MARKET, OrderType.TAKE_PROFIT_MARKET)
_TIMES = {
    Tif.GTC: fix.TimeInForce.GTC,
    Tif.IOC: fix.TimeInForce.IOC,
    Tif.FOK: fix.TimeInForce.FOK,
    Tif.UNDEF: fix.TimeInForce.GTC,
    Tif.GTD: fix.TimeInForce.GTD,
}
_CONDITIONAL_ONLY = ("stop_price", "callback_rate", "activation_price", "trigger_by", "price_protect", "close_position")


def order_params(
    login: LoginResult,
    seq: int,
    product: Product,
    price: float,
    quantity: float,
    side: Side,
    order_type: OrderType,
    tif: Tif,
    options: OrderOptions,
) -> OrderParams:
    """The request for an order.

    A tif that makes no sense for MARKET or LIMIT_MAKER is left out; whatever else does not fit is refused.

    Raises InvalidOrder saying what is wrong and what to do, and TypeError for an option that does not exist.
    """
    chosen = _chosen(options)
    side, order_type, tif = word(Side, "side", side), word(OrderType, "order_type", order_type), word(Tif, "tif", tif)
    wire = _wire_type(product, order_type)
    _check_options(wire, order_type, chosen)
    match = None if chosen.price_match is None else word(PriceMatch, "price_match", chosen.price_match)
    life = _life(product, wire, order_type, tif, chosen)
    _check_unused_price(product, price)
    limit = product.price_text(price) if wire.has_price and match is None else None
    worth_at = None if chosen.reduce_only else limit
    amount = "0" if chosen.close_position else product.quantity_text(quantity, worth_at)
    activation = chosen.activation_price
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
        reduce_only=chosen.reduce_only,
        stop_price=_stop_text(product, wire, order_type, price, chosen.stop_price),
        callback_rate=_rate_text(wire, chosen.callback_rate),
        activation_price=None if activation is None else product.price_text(activation, "activation_price"),
        close_position=chosen.close_position,
        good_till_ms=life.good_till_ms,
        price_match=match,
        trigger_price=None if chosen.trigger_by is None else word(TriggerPrice, "trigger_by", chosen.trigger_by),
        price_protect=chosen.price_protect,
    )


def _chosen(options: OrderOptions) -> _Options:
    if not options:
        return _PLAIN
    for name in options:
        one_of("option", name, _DEFAULTS)
    chosen = _Options(**options)
    for name in _SWITCHES:
        switch(name, getattr(chosen, name))
    return chosen


def _check_unused_price(product: Product, price: object) -> None:
    """Whoever reckons a price and gets no number may have got more wrong than that."""
    if isinstance(price, float) and isnan(price):
        raise invalid(f"{product.symbol}: price is {price!r}, which is not a number: where none is used, pass 0")


def _wire_type(product: Product, order_type: OrderType) -> fix.OrderType:
    if order_type in _SPOT_WORDS:
        raise invalid(
            f"OrderType.{order_type} is the spot market's word: on futures use OrderType.{_SPOT_WORDS[order_type]}"
        )
    if not product.order_support(order_type):
        raise invalid(f"{product.symbol} takes no {order_type} orders: ask order_support() first")
    return fix.OrderType.LIMIT if order_type is OrderType.LIMIT_MAKER else FIX_ORDER_TYPES[order_type]


def _check_options(wire: fix.OrderType, order_type: OrderType, options: _Options) -> None:
    if not wire.is_conditional:
        _refuse_any(_CONDITIONAL_ONLY, options, f"OrderType.{order_type}: it does not wait for a price")
    elif wire is fix.OrderType.TRAILING_STOP_MARKET:
        _refuse_any(("stop_price",), options, "TRAILING_STOP_MARKET: say callback_rate=, in percent")
    else:
        _refuse_any(("callback_rate", "activation_price"), options, f"OrderType.{order_type}: it does not trail")
    if options.price_match is not None and not wire.has_price:
        raise invalid(f"price_match does not go with OrderType.{order_type}: it executes at market")
    if options.close_position and order_type not in _CAN_CLOSE:
        raise invalid("close_position goes with STOP_MARKET and TAKE_PROFIT_MARKET only")
    if options.close_position and options.reduce_only:
        raise invalid("close_position only ever reduces: leave reduce_only out")


def _refuse_any(names: Iterable[str], options: _Options, why: str) -> None:
    for name in names:
        if getattr(options, name):
            raise invalid(f"{name} does not go with {why}")


def _life(product: Product, wire: fix.OrderType, order_type: OrderType, tif: Tif, options: _Options) -> _Life:
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


def _post_only(product: Product, tif: Tif, options: _Options) -> _Life:
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


def _stop_text(
    product: Product, wire: fix.OrderType, order_type: OrderType, price: float, stop_price: float | None
) -> str | None:
    if not wire.is_conditional or wire is fix.OrderType.TRAILING_STOP_MARKET:
        return None
    if stop_price is None and wire.has_price:
        raise invalid(f"OrderType.{order_type} needs stop_price=: the price at which it becomes a limit order")
    if stop_price is None and not price:
        raise invalid(f"OrderType.{order_type} needs stop_price=: the price that triggers it")
    # The original knew no stop_price: it passed the stop of a STOP_MARKET as the price.
    return product.price_text(price if stop_price is None else stop_price, "stop_price")


def _rate_text(wire: fix.OrderType, callback_rate: float | None) -> str | None:
    if wire is not fix.OrderType.TRAILING_STOP_MARKET:
        return None
    if callback_rate is None:
        raise invalid("TRAILING_STOP_MARKET needs callback_rate=, in percent: how far it follows")
    rate = _number("callback_rate", callback_rate, lambda rate: 0 < rate < 100, "it is in percent, such as 0.5")
    return plain(Decimal(repr(rate)))


def _number(name: str, value: object, is_right: Callable[[float], bool], rule: str) -> float:
    try:
        return number(name, value, is_right, rule)
    except ValueError as error:
        raise invalid(str(error)) from None
