"""How requests about orders end, whatever carried them."""

from __future__ import annotations

import msgspec

from tradingsys.core.commands import CancelOrder, PlaceOrder, PlaceOrderList, ReplaceOrder
from tradingsys.core.enums import OrderStatus
from tradingsys.core.errors import TradingError, TransportError
from tradingsys.core.order import Closed, Order
from tradingsys.core.reports import Oddity, OrderChanged, OrderRequest, Outcome, RequestDone
from tradingsys.venues.binance import decode, decode_algo, messages
from tradingsys.venues.binance.errors import ErrorTable, HttpError, request_error
from tradingsys.venues.protocol import Output

__all__ = ["OrderCommand", "answered", "ended", "facts", "name_of", "refused", "unanswered"]

OrderCommand = PlaceOrder | PlaceOrderList | ReplaceOrder | CancelOrder

_read_order = msgspec.json.Decoder(messages.OrderReply).decode
_read_algo_order = msgspec.json.Decoder(messages.AlgoOrder).decode
_read_algo_canceled = msgspec.json.Decoder(messages.AlgoCanceled).decode

_SUCCESS = ("200", 200)


def answered(command: OrderCommand, body: bytes) -> list[Output]:
    """A success: the facts of the order, then the end of the request."""
    told = facts(command, body)
    if isinstance(told[0], Oddity):
        # The exchange acted, but on what? The order must be asked for.
        return [*told, *ended(command, Outcome.IN_DOUBT, TransportError("unreadable answer", sent=True))]
    return [*told, *ended(command, Outcome.ACCEPTED)]


def facts(command: OrderCommand, body: bytes) -> list[Output]:
    """What an answer tells of an order, without ending a request."""
    try:
        match command:
            case PlaceOrder() if command.terms.order_type.is_conditional:
                return [decode_algo.algo_order_changed(_read_algo_order(body))]
            case CancelOrder(is_waiting=True):
                return [_algo_canceled(command, _read_algo_canceled(body))]
        return [decode.order_reply_changed(_read_order(body))]
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
    return [RequestDone(command.client_order_id, _kind(command), outcome, error)]


def name_of(command: OrderCommand) -> str:
    """Which orders a request is about, for people."""
    if isinstance(command, PlaceOrderList):
        return ", ".join(leg.client_order_id for leg in command.orders)
    return command.client_order_id


def _algo_canceled(cancel: CancelOrder, reply: messages.AlgoCanceled) -> OrderChanged:
    """The only answer that tells no order, only that it is cancelled; not when, so any other telling is newer."""
    if reply.code not in _SUCCESS:
        raise msgspec.ValidationError(f"neither success nor error: {reply.code} {reply.msg}")
    order = Order(
        (reply.client_algo_id,), accepted=True, closed=Closed(OrderStatus.CANCELED), algo_id=str(reply.algo_id)
    )
    return OrderChanged(order, cancel.symbol, 0)


def _kind(command: OrderCommand) -> OrderRequest:
    match command:
        case PlaceOrder() | PlaceOrderList():
            return OrderRequest.PLACE
        case ReplaceOrder():
            return OrderRequest.REPLACE
        case CancelOrder():
            return OrderRequest.CANCEL
