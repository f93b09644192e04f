"""What strategies want: orders of every kind, drawn at random."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from random import Random

from msgspec import Struct, structs

from tradingsys.core.enums import OrderType, Side, SideEffect, TimeInForce

__all__ = ["PRICES", "Wish", "all_or_nothing", "conditional", "draw_amend", "draw_wish"]

PRICES = {"dogeusdt": Decimal("0.6"), "adausdt": Decimal("0.75")}
"""What is traded, and the middle of the prices at which."""

_TICK = Decimal("0.001")
_CONDITIONAL = (
    OrderType.STOP_MARKET,
    OrderType.STOP_LIMIT,
    OrderType.TAKE_PROFIT_MARKET,
    OrderType.TAKE_PROFIT_LIMIT,
    OrderType.TRAILING_STOP_MARKET,
)
_RISING = {
    (OrderType.STOP_MARKET, Side.BUY),
    (OrderType.STOP_LIMIT, Side.BUY),
    (OrderType.TAKE_PROFIT_MARKET, Side.SELL),
    (OrderType.TAKE_PROFIT_LIMIT, Side.SELL),
}


class Wish(Struct, frozen=True):
    """One order."""

    symbol: str
    side: Side
    order_type: OrderType
    quantity: int
    price: Decimal | None = None
    time_in_force: TimeInForce | None = None
    reduce_only: bool = False
    stop_price: Decimal | None = None
    callback_rate: Decimal | None = None
    post_only: bool = False
    quote_quantity: int | None = None
    """So much of the quote asset; the quantity is 0 then."""
    side_effect: SideEffect | None = None


def draw_wish(rng: Random, symbol: str, net: Decimal) -> Wish:
    """An order; one that only reduces is of the side that a session with this net could mean, and often too large."""
    quantity, side, reduces = rng.randint(10, 60), rng.choice(list(Side)), False
    if net and rng.random() < 0.2:
        side, reduces = (Side.SELL if net > 0 else Side.BUY), True
        quantity = max(10, rng.randint(1, max(1, int(abs(net) * 3 / 2))))
    kind = rng.random()
    if kind < 0.15:
        return Wish(symbol, side, OrderType.MARKET, quantity, reduce_only=reduces)
    if kind < 0.4:
        return conditional(rng, symbol, PRICES[symbol], side, quantity, reduces)
    time_in_force = rng.choice((TimeInForce.GTC, TimeInForce.GTC, TimeInForce.IOC))
    return Wish(symbol, side, OrderType.LIMIT, quantity, _near(rng, symbol), time_in_force, reduces)


def all_or_nothing(wish: Wish) -> Wish:
    """The same; but where a part of it would do, and the rest not wait, only all of it does."""
    is_at_once = wish.time_in_force is TimeInForce.IOC
    return structs.replace(wish, time_in_force=TimeInForce.FOK) if is_at_once else wish


def draw_amend(rng: Random, symbol: str, quantity: Decimal) -> tuple[Decimal | None, Decimal | None]:
    """Another price, another quantity (sometimes below what is executed), or both."""
    price = _near(rng, symbol) if rng.random() < 0.8 else None
    if price is not None and rng.random() < 0.4:
        return price, None
    return price, max(Decimal(10), quantity + rng.randint(-20, 20))


def conditional(
    rng: Random,
    symbol: str,
    middle: Decimal,
    side: Side,
    quantity: int,
    reduces: bool = False,
    types: Sequence[OrderType] = _CONDITIONAL,
) -> Wish:
    """An order that waits for a price near this one."""
    order_type = rng.choice(types)
    if order_type is OrderType.TRAILING_STOP_MARKET:
        rate = rng.choice((Decimal("0.1"), Decimal("0.3"), Decimal(1)))
        return Wish(symbol, side, order_type, quantity, reduce_only=reduces, callback_rate=rate)
    away = rng.randint(1, 8) * _TICK
    stop = middle + (away if (order_type, side) in _RISING else -away)
    price = stop + rng.randint(-4, 4) * _TICK if order_type.has_price else None
    time_in_force = TimeInForce.GTC if order_type.has_price else None
    return Wish(symbol, side, order_type, quantity, price, time_in_force, reduces, stop)


def _near(rng: Random, symbol: str) -> Decimal:
    return PRICES[symbol] + rng.randint(-10, 10) * _TICK
