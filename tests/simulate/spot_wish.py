"""What strategies want that trade assets: single orders, amounts of the quote asset, stops, and lists."""

from __future__ import annotations

from decimal import Decimal
from random import Random

from msgspec import Struct, structs

from tests.simulate.wish import Wish, conditional
from tradingsys.core.enums import Contingency, OrderType, Side, SideEffect, TimeInForce

__all__ = ["SPOT_PRICES", "SpotWish", "draw_less", "draw_spot_wish"]

SPOT_PRICES = {"dogeusdt": Decimal("0.6"), "adausdt": Decimal("0.75"), "adadoge": Decimal("1.25")}
"""What is traded, and the middle of the prices at which."""

_TICK = Decimal("0.001")
_WAITING = (
    OrderType.STOP_MARKET,
    OrderType.STOP_LIMIT,
    OrderType.TAKE_PROFIT_MARKET,
    OrderType.TAKE_PROFIT_LIMIT,
)
_EFFECTS = (None, SideEffect.MARGIN_BUY, SideEffect.AUTO_REPAY)


class SpotWish(Struct, frozen=True):
    """One request: an order, or a list of them."""

    orders: tuple[Wish, ...]
    contingency: Contingency | None = None


def draw_spot_wish(rng: Random, symbol: str, *, borrows: bool) -> SpotWish:
    """Something; where it ``borrows`` its orders may borrow and pay back."""
    side, quantity, kind = rng.choice(list(Side)), rng.randint(10, 60), rng.random()
    wish = _single(rng, symbol, side, quantity, kind) if kind < 0.8 else _list(rng, symbol, side, quantity)
    if not borrows:
        return wish
    effect = rng.choice(_EFFECTS)
    orders = tuple(structs.replace(order, side_effect=effect) for order in wish.orders)
    return structs.replace(wish, orders=orders)


def draw_less(rng: Random, quantity: Decimal) -> Decimal:
    """Another quantity: on spot an order can only be made smaller."""
    return max(quantity - rng.randint(1, 8), Decimal(1))


def _single(rng: Random, symbol: str, side: Side, quantity: int, kind: float) -> SpotWish:
    if kind < 0.15:
        wish = Wish(symbol, side, OrderType.MARKET, quantity)
    elif kind < 0.25:
        wish = Wish(symbol, side, OrderType.MARKET, 0, quote_quantity=quantity)
    elif kind < 0.32:
        wish = conditional(rng, symbol, SPOT_PRICES[symbol], side, quantity, types=_WAITING)
    else:
        px = SPOT_PRICES[symbol] + rng.randint(-10, 10) * _TICK
        wish = Wish(symbol, side, OrderType.LIMIT, quantity, px, TimeInForce.GTC)
    return SpotWish((wish,))


def _list(rng: Random, symbol: str, side: Side, quantity: int) -> SpotWish:
    """What is bought first is sold by what waits, with a profit or to stop a loss; or the other way round."""
    middle, tick = SPOT_PRICES[symbol], _TICK * side.sign
    near, away = rng.randint(1, 9) * tick, rng.randint(3, 9) * tick
    working = Wish(symbol, side, OrderType.LIMIT, quantity, middle + near - 3 * tick, TimeInForce.GTC)
    target = Wish(
        symbol,
        side.opposite,
        OrderType.LIMIT,
        quantity,
        middle + near + 2 * tick,
        TimeInForce.GTC,
        post_only=True,
    )
    stop = Wish(symbol, side.opposite, OrderType.STOP_MARKET, quantity, stop_price=middle - away)
    match rng.randrange(3):
        case 0:
            return SpotWish((target, stop), Contingency.OCO)
        case 1:
            return SpotWish((working, target), Contingency.OTO)
    return SpotWish((working, target, stop), Contingency.OTOCO)
