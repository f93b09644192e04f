"""How requests about orders end, whatever carried them."""

from __future__ import annotations

import msgspec

from tradingsys.core.commands import CancelOrder, PlaceOrder
from tradingsys.core.errors import TradingError, TransportError
from tradingsys.core.reports import Oddity, OrderRequest, Outcome, RequestDone
from tradingsys.venues.binance import decode, messages
from tradingsys.venues.binance.errors import ErrorTable, HttpError, request_error
from tradingsys.venues.protocol import Output

__all__ = ["OrderCommand", "answered", "ended", "facts", "refused", "unanswered"]

OrderCommand = PlaceOrder | CancelOrder

_read_order = msgspec.json.Decoder(messages.OrderReply).decode


def answered(command: OrderCommand, body: bytes) -> list[Output]:
    """A success: the facts of the order, then the end of the request."""
    told = facts(body)
    if isinstance(told[0], Oddity):
        # The exchange acted, but on what? The order must be asked for.
        return [*told, ended(command, Outcome.IN_DOUBT, TransportError("unreadable answer", sent=True))]
    return [*told, ended(command, Outcome.ACCEPTED)]


def facts(body: bytes) -> list[Output]:
    """What an answer tells of an order, without ending a request."""
    try:
        return [decode.order_reply_changed(_read_order(body))]
    except msgspec.DecodeError as error:
        return [Oddity(f"unreadable answer about an order: {error}")]


def refused(table: ErrorTable, command: OrderCommand, error: HttpError) -> RequestDone:
    """An error answer: a refusal, or one that proves nothing."""
    return ended(command, *request_error(table, error, _kind(command)))


def unanswered(command: OrderCommand, error: TransportError) -> RequestDone:
    """No answer: in doubt, unless provably nothing was sent."""
    return ended(command, Outcome.IN_DOUBT if error.in_doubt else Outcome.NOT_SENT, error)


def ended(command: OrderCommand, outcome: Outcome, error: TradingError | None = None) -> RequestDone:
    """The end of a request."""
    return RequestDone(command.client_order_id, _kind(command), outcome, error)


def _kind(command: OrderCommand) -> OrderRequest:
    return OrderRequest.PLACE if isinstance(command, PlaceOrder) else OrderRequest.CANCEL
