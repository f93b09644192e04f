"""One order at a time, rounded as the symbol demands."""

from __future__ import annotations

from typing import Any, Unpack

from pyalgo.arguments import NoCallbacks, callbacks_of
from pyalgo.options import OrderOptions
from pyalgo.order import Order
from pyalgo.tradable import Tradable
from pyalgo.words import OrderType, Side, State, Tif
from tradingsys.core.errors import LocalProtocolError

__all__ = ["SmartOrder"]


class SmartOrder(NoCallbacks):
    """Sends and cancels orders of one subscription, never more than one active at a time."""

    def __init__(self, subscription: Tradable[Any]) -> None:
        if not isinstance(subscription, Tradable):
            raise TypeError(f"SmartOrder is given {subscription!r}: it needs what session.subscribe() returns")
        self._subscription = subscription
        self.order: Order | None = None
        """The latest order sent; None before the first."""

    @staticmethod
    def _callbacks() -> tuple[set[str], str]:
        return set(callbacks_of(Tradable)), "the subscription"

    def send(
        self,
        price: float,
        quantity: float,
        side: Side,
        order_type: OrderType,
        tif: Tif = Tif.GTC,
        **options: Unpack[OrderOptions],
    ) -> None:
        """Send an order, its prices rounded to the nearest tick and its quantities floored to the lot.

        Does nothing while an order is active. When the order is refused here, the log and `Context.on_error` say why.
        """
        if self.is_active:
            return
        subscription = self._subscription
        try:
            price = self._rounded(price, order_type)
            is_unused = options.get("close_position") or options.get("quote_quantity") is not None
            quantity = 0.0 if is_unused else subscription.floor_to_lot_size(quantity)
            if (iceberg := options.get("iceberg")) is not None:
                options["iceberg"] = subscription.floor_to_lot_size(iceberg)
            for name in ("stop_price", "activation_price"):
                if name in options and (asked := options[name]) is not None:
                    options[name] = float(subscription._product.round_price(asked, name))
        except LocalProtocolError as error:
            subscription._trader.refuse(error)
            return
        self.order = subscription.add_order(price, quantity, side, order_type, tif, **options) or self.order

    def amend(self, price: float | None = None, quantity: float | None = None) -> bool:
        """Ask for another price, rounded, or another quantity, floored; returns whether it was asked for.

        ``quantity`` is the whole order's, what was executed included. Does nothing while no order is active, before the
        exchange accepted it, while a cancel or another amend is under way, and when nothing would change. Refused,
        `Context.on_error` is called and the order is as it was.
        """
        if self.order is None or not self.order.is_active:
            return False
        subscription = self._subscription
        try:
            price = None if price is None else subscription.round_price(price)
            quantity = None if quantity is None else subscription.floor_to_lot_size(quantity)
        except LocalProtocolError as error:
            subscription._trader.refuse(error)
            return False
        return subscription.amend(self.order.id, price, quantity)

    def kill(self) -> None:
        """Ask for a cancel if an order is active and none was asked for yet."""
        if self.order is not None and self.order.is_active:
            self._subscription.cancel(self.order.id)

    def _rounded(self, price: float, order_type: OrderType) -> float:
        """At market a price is not used, unless it is the stop of an order of the original's kind."""
        return price if order_type == OrderType.MARKET or not price else self._subscription.round_price(price)

    @property
    def is_active(self) -> bool:
        """Whether the order may still execute."""
        return self.order is not None and self.order.is_active

    @property
    def state(self) -> State | None:
        """The order's state; None before the first order."""
        return self.order.state if self.order else None

    @property
    def side(self) -> Side | None:
        """The order's side; None before the first order."""
        return self.order.side if self.order else None

    @property
    def order_type(self) -> OrderType | None:
        """The order's type; None before the first order."""
        return self.order.order_type if self.order else None

    @property
    def tif(self) -> Tif | None:
        """The order's tif; None before the first order."""
        return self.order.tif if self.order else None

    @property
    def quantity(self) -> float:
        """The ordered quantity; 0.0 before the first order."""
        return self.order.quantity if self.order else 0.0

    @property
    def price(self) -> float:
        """The ordered price; 0.0 before the first order."""
        return self.order.price if self.order else 0.0

    @property
    def acc(self) -> float:
        """Executed so far; 0.0 before the first order."""
        return self.order.acc if self.order else 0.0

    @property
    def making(self) -> bool | None:
        """Whether the latest execution added liquidity; None until known."""
        return self.order.making if self.order else None
