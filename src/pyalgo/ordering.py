"""The orders of a session: sent, changed, cancelled and counted."""

from __future__ import annotations

from typing import Unpack

from pyalgo.asking import Asking
from pyalgo.options import OrderOptions
from pyalgo.order import Order
from pyalgo.position import Unfilled
from pyalgo.terms import Leg
from pyalgo.words import OrderType, Side, Tif
from tradingsys.core.enums import Contingency
from tradingsys.core.errors import LocalProtocolError
from tradingsys.wire.messages import ErrorCode

__all__ = ["Ordering"]


class Ordering(Asking):
    """Nothing here raises for what is refused: the log and `on_error` say why."""

    def add_order(
        self,
        symbol: str,
        price: float,
        quantity: float,
        side: Side,
        order_type: OrderType,
        tif: Tif = Tif.GTC,
        **options: Unpack[OrderOptions],
    ) -> Order | None:
        """Send an order as it is, without rounding; None when it was refused here (the log and `on_error` say why).

        Raises TypeError for an option that does not exist.
        """
        leg = Leg(price, quantity, side, order_type, tif, **options)
        self._up_to_date()
        try:
            return self.client.orders.place(str(symbol).lower(), leg)
        except LocalProtocolError as error:
            self.refuse(error)
            return None

    def add_order_list(self, symbol: str, contingency: Contingency, *legs: Leg) -> tuple[Order, ...] | None:
        """Send orders that depend on each other in one request; see `Tradable.add_oco`. None as with `add_order`."""
        for leg in legs:
            if not isinstance(leg, Leg):
                raise TypeError(f"an order list is given {leg!r}: it needs Leg(price, quantity, side, order_type, …)")
        self._up_to_date()
        try:
            return self.client.orders.place_list(str(symbol).lower(), contingency, legs)
        except LocalProtocolError as error:
            self.refuse(error)
            return None

    def cancel(self, symbol: str, order_id: int) -> None:  # noqa: ARG002 - the original's signature
        """Ask the exchange to cancel; does nothing when that is already under way or the order is no longer active.

        Of a list, all orders are cancelled with one of them.
        """
        self._up_to_date()
        try:
            self.client.orders.cancel(self._order(order_id))
        except LocalProtocolError as error:
            self.refuse(error)

    def amend(self, order_id: int, price: float | None = None, quantity: float | None = None) -> bool:
        """Ask for another price or quantity of a LIMIT order; returns whether it was asked for.

        ``quantity`` is the whole order's, what was executed included. Nothing is sent when nothing would change, before
        the exchange accepted the order, or while a cancel or another amend is under way. When it is refused, `on_error`
        is called and the order is as it was.

        Futures: the order loses its place in the queue. Spot: an order can only be made smaller and keeps its place; in
        a margin account it cannot be changed.
        """
        self._up_to_date()
        try:
            return self.client.orders.amend(self._order(order_id), price, quantity)
        except LocalProtocolError as error:
            self.refuse(error)
            return False

    def open_orders(self, symbol: str) -> list[Order]:
        """This session's orders of a symbol that may still execute, those of an earlier process too; oldest first."""
        return self.client.history.orders.open(symbol.lower())

    def unfilled(self, symbol: str) -> Unfilled:
        """What may still be bought and sold beyond `net`, at worst: orders in doubt count in full.

        A market order for an amount of the quote asset counts as what that comes to at the market, as far as known.
        """
        symbol = symbol.lower()
        return Unfilled(self._unfilled(symbol, Side.BUY), self._unfilled(symbol, Side.SELL))

    def _unfilled(self, symbol: str, side: Side) -> float:
        known = float(self.client.history.unfilled(symbol, side))
        price = self._market_price(symbol)
        amounts = [
            order.quote_quantity / price - order.acc
            for order in self.client.history.orders.open(symbol)
            if order.side is side and order.quote_quantity and not order.quantity and price
        ]
        return known + sum(max(0.0, amount) for amount in amounts)

    def _market_price(self, symbol: str) -> float | None:  # noqa: ARG002 - `Context` knows one
        """The best price to value things with, if any is known."""
        return None

    def _order(self, order_id: int) -> Order:
        order = self.client.history.orders.get(order_id)
        if order is None:
            text = f"this session knows no order {order_id!r}: give the id of one of its orders, such as order.id"
            raise LocalProtocolError(text, code=ErrorCode.NO_SUCH_ORDER)
        return order
