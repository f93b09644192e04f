"""How requests about orders end, whatever carried them."""

from __future__ import annotations

from tradingsys.core.commands import CancelOrder, PlaceOrder, PlaceOrderList, ReplaceOrder
from tradingsys.core.errors import TradingError, TransportError
from tradingsys.core.reports import Oddity, OrderRequest, Outcome, RequestDone
from tradingsys.venues.binance import messages
from tradingsys.venues.binance.errors import ErrorTable, HttpError, request_error
from tradingsys.venues.binance.order_dialect import OrderCommand, OrderDialect
from tradingsys.venues.protocol import Output

__all__ = ["answered", "ended", "facts", "name_of", "refused", "unanswered"]


def answered(dialect: OrderDialect, command: OrderCommand, body: bytes) -> list[Output]:
    """A success: the facts of the orders, then the end of the request.

    Where the answer cannot be read, or lacks an order that was asked for, the exchange acted, but on what? The orders
    must be asked for.
    """
    told = facts(dialect, command, body)
    if any(isinstance(fact, Oddity) for fact in told):
        return [*told, *ended(command, Outcome.IN_DOUBT, TransportError("unreadable answer", sent=True))]
    return [*told, *ended(command, Outcome.ACCEPTED)]


def facts(dialect: OrderDialect, command: OrderCommand, body: bytes) -> list[Output]:
    """What an answer tells of orders, without ending a request."""
    try:
        return [*dialect.facts(command, body)]
    except messages.UNREADABLE as error:
        return [Oddity(f"unreadable answer about an order: {error}")]


def refused(table: ErrorTable, command: OrderCommand, error: HttpError) -> list[Output]:
    """An error answer: a refusal, or one that proves nothing."""
    return ended(command, *request_error(table, error, _kind(command)))


def unanswered(command: OrderCommand, error: TransportError) -> list[Output]:
    """No answer: in doubt, unless provably nothing was sent."""
    return ended(command, Outcome.IN_DOUBT if error.in_doubt else Outcome.NOT_SENT, error)


def ended(command: OrderCommand, outcome: Outcome, error: TradingError | None = None) -> list[Output]:
    """The end of a request, for each order that it was about."""
    if isinstance(command, PlaceOrderList):
        return [RequestDone(leg.client_order_id, OrderRequest.PLACE, outcome, error) for leg in command.orders]
    revision = command.revision if isinstance(command, ReplaceOrder) else 0
    return [RequestDone(command.client_order_id, _kind(command), outcome, error, revision)]


def name_of(command: OrderCommand) -> str:
    """Which orders a request is about, for people."""
    if isinstance(command, PlaceOrderList):
        return ", ".join(leg.client_order_id for leg in command.orders)
    return command.client_order_id


def _kind(command: OrderCommand) -> OrderRequest:
    match command:
        case PlaceOrder() | PlaceOrderList():
            return OrderRequest.PLACE
        case ReplaceOrder():
            return OrderRequest.REPLACE
        case CancelOrder():
            return OrderRequest.CANCEL
