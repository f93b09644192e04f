"""Orders that depend on each other: which may form a list."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from pyalgo.arguments import invalid
from pyalgo.product import Product
from tradingsys.core.enums import Contingency, OrderType, Side
from tradingsys.core.errors import InvalidOrder
from tradingsys.wire.messages import OrderParams

__all__ = ["check_list", "check_market"]


def check_market(product: Product, contingency: Contingency) -> None:
    """Raises InvalidOrder when a symbol takes no such lists."""
    if not product.is_spot:
        raise invalid(
            f"{product.symbol}: futures have no order lists: send the stop and the target with reduce_only=True, and "
            "cancel the one when the other has executed"
        )
    if contingency not in product.view.lists:
        raise invalid(f"{product.symbol} takes no {contingency} lists: send the orders one by one")


def check_list(contingency: Contingency, orders: Sequence[OrderParams]) -> None:
    """Raises InvalidOrder when these orders form no such list."""
    if len({order.side_effect for order in orders}) > 1:
        raise invalid(f"{contingency}: say the same side_effect= with every leg: the exchange has one for the list")
    for order in orders:
        if order.quote_quantity is not None:
            raise invalid(f"{contingency}: quote_quantity does not go with order lists: say the quantity")
    if contingency is Contingency.OCO:
        _check_pair(orders[0], orders[1])
        return
    if orders[0].order_type is not OrderType.LIMIT:
        raise invalid(f"{contingency}: the first leg works at once and is a LIMIT or LIMIT_MAKER order")
    if contingency is Contingency.OTOCO:
        _check_pair(orders[1], orders[2])


def _check_pair(one: OrderParams, other: OrderParams) -> None:
    """Two orders of which one cancels the other: one above the market, one below."""
    if one.side is not other.side or one.quantity != other.quantity:
        raise _no_pair("both are of one side and quantity")
    stops = [order for order in (one, other) if order.order_type.stops_loss]
    if len(stops) != 1:
        raise _no_pair("one stops a loss (STOP_LOSS or STOP_LOSS_LIMIT), the other one does not")
    stop, target = stops[0], other if stops[0] is one else one
    if not target.order_type.takes_profit and not target.post_only:
        raise _no_pair("the one at the better price is a LIMIT_MAKER, TAKE_PROFIT or TAKE_PROFIT_LIMIT order")
    stop_at = stop.stop_price or stop.activation_price
    target_at = target.price if target.order_type is OrderType.LIMIT else target.stop_price
    if stop_at is None or target_at is None:
        return
    is_crossed = Decimal(stop_at) >= Decimal(target_at)
    if is_crossed if stop.side is Side.SELL else Decimal(stop_at) <= Decimal(target_at):
        where = "above" if stop.side is Side.SELL else "below"
        raise _no_pair(f"to {stop.side} the target must be {where} the stop: it is {target_at}, the stop {stop_at}")


def _no_pair(rule: str) -> InvalidOrder:
    return invalid(f"of two orders that cancel each other, {rule}")
