"""How a product says what is asked about an order, and what its answers tell."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from tradingsys.core.commands import CancelOrder, PlaceOrder, PlaceOrderList, ReplaceOrder
from tradingsys.core.errors import InvalidOrder
from tradingsys.core.order import Terms
from tradingsys.core.reports import OrderChanged
from tradingsys.venues.binance.signing import Params
from tradingsys.venues.protocol import Cost

__all__ = ["OrderCommand", "OrderDialect", "OrderWay"]

OrderCommand = PlaceOrder | PlaceOrderList | ReplaceOrder | CancelOrder


class OrderWay(Struct, frozen=True):
    """One request, for either transport."""

    ws_method: str
    """Empty where there is no WS-API for it."""
    http_method: str
    path: str
    params: Params


class OrderDialect(Struct, frozen=True):
    """What a product does its own way about orders."""

    way: Callable[[OrderCommand, int], OrderWay]
    """The request for a command; the number is the stamp of those that carry none of their own.

    Raises InvalidOrder for what cannot be said to the exchange, with what to do instead.
    """
    facts: Callable[[OrderCommand, bytes], list[OrderChanged]]
    """What a success tells of each order. Raises msgspec's errors for what cannot be read."""
    cost: Callable[[OrderCommand, bool], Cost]
    """What a command takes from the limits; whether by REST."""
    is_plain: Callable[[Terms], bool]
    """Whether a request can carry the terms for sure: finding out by writing one takes as long as sending it."""
    by_ws: bool = True
    """Whether orders go by the WS-API at all."""

    def unsayable(self, terms: Terms) -> InvalidOrder | None:
        """Why no request could carry these terms; None when one can."""
        return None if self.is_plain(terms) else self.unsayable_command(PlaceOrder("", terms, 0, 1))

    def unsayable_command(self, command: OrderCommand) -> InvalidOrder | None:
        """Why there is no request for a command; None when there is one."""
        try:
            self.way(command, 0)
        except InvalidOrder as error:
            return error
        return None
