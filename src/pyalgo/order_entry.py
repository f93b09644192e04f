"""Orders, cancels and amends of one session: each sent once, none queued, each answer understood."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple, Protocol

from msgspec import Struct

from pyalgo.history import History
from pyalgo.link import Listener
from pyalgo.order import Order
from pyalgo.order_list import check_list, check_market
from pyalgo.product import Product
from pyalgo.requests import Request
from pyalgo.terms import Leg, order_params
from pyalgo.words import OrderType, Tif
from tradingsys.core import enums as fix
from tradingsys.core.errors import InvalidOrder, LocalProtocolError
from tradingsys.core.ids import OrderKey, encode_client_order_id
from tradingsys.wire.codec import decode_result
from tradingsys.wire.messages import (
    AmendParams,
    CancelParams,
    ErrorCode,
    LoginResult,
    OrderListParams,
    OrderListResult,
    OrderParams,
    OrderResult,
    Reply,
    RequestFailedPush,
)

__all__ = ["Channel", "OrderEntry"]

_ANSWER_MS = 5_000
_RETRY_MS = 1_000


class Channel(Protocol):
    """The connection that requests go through."""

    now_ms: int

    def trading_login(self, *, may_boot: bool = ...) -> LoginResult:
        """The login that orders belong to. Raises LocalProtocolError when nothing can be sent now."""

    def product(self, symbol: str) -> Product | None:
        """The rules of a symbol, if they are known."""

    def request(self, method: str, params: Struct, request: Request) -> None:
        """Write a request."""

    def lost(self, client_order_id: str) -> None:
        """An order's request got no answer that says what became of it."""

    def resolve(self) -> None:
        """Ask what became of the orders that are lost."""

    def report(self, error: LocalProtocolError) -> None:
        """Tell the user."""


class _Amend(NamedTuple):
    """An amend under way, and the terms it is to change."""

    deadline_ms: int
    price: float
    quantity: float


class OrderEntry:
    """Sends for one session; a request under way is not sent a second time."""

    def __init__(self, channel: Channel, session_id: int, history: History, listener: Listener) -> None:
        self._channel, self._session_id = channel, session_id
        self._history, self._listener = history, listener
        self._seq = 0
        self._cancels: dict[str, int] = {}
        self._amends: dict[str, _Amend] = {}

    def begin(self) -> None:
        """A new login: numbers start again, and nothing is under way."""
        self._seq = 0
        self._cancels.clear()
        for client_order_id in list(self._amends):
            self._amend_is_over(client_order_id)

    def place(self, symbol: str, leg: Leg) -> Order:
        """Send one new order.

        Raises LocalProtocolError when it breaks the symbol's rules or cannot be sent now; it is not queued.
        """
        login, product = self._channel.trading_login(), self._product(symbol)
        params = order_params(login, self._seq + 1, product, leg)
        (order,) = orders = (self._add(login, params, leg),)
        self._send("order", params, orders, OrderResult)
        return order

    def place_list(self, symbol: str, contingency: fix.Contingency, legs: Sequence[Leg]) -> tuple[Order, ...]:
        """Send orders that depend on each other, all in one request. Raises as `place`; then none was sent."""
        login, product = self._channel.trading_login(), self._product(symbol)
        check_market(product, contingency)
        every = [order_params(login, self._seq + number, product, leg) for number, leg in enumerate(legs, 1)]
        check_list(contingency, every)
        orders = tuple(self._add(login, params, leg) for params, leg in zip(every, legs, strict=True))
        self._send("order_list", OrderListParams(contingency, every), orders, OrderListResult)
        return orders

    def cancel(self, order: Order) -> bool:
        """Ask for a cancel unless one is under way; returns whether it was asked for.

        Raises LocalProtocolError when it cannot be sent now; it is not queued.
        """
        client_order_id, now_ms = order.client_order_id, self._channel.now_ms
        if not order.is_active or self._cancels.get(client_order_id, 0) > now_ms:
            return False
        self._channel.trading_login(may_boot=True)
        # The venue's answer may be lost: after a while it may be asked for again.
        self._cancels = {asked: until_ms for asked, until_ms in self._cancels.items() if until_ms > now_ms}
        self._cancels[client_order_id] = deadline_ms = now_ms + _ANSWER_MS
        request = Request(partial(self._on_cancel_reply, order), lambda: None, deadline_ms, may_wait=True)
        self._channel.request("cancel", CancelParams(client_order_id), request)
        return True

    def amend(self, order: Order, price: float | None, quantity: float | None) -> bool:
        """Ask for other terms unless the order, an amend or a cancel is under way; returns whether it was asked for.

        ``quantity`` is the whole order's, what was executed included. Raises LocalProtocolError when it breaks a rule
        or cannot be sent now; it is not queued.
        """
        client_order_id, now_ms = order.client_order_id, self._channel.now_ms
        is_busy = self._cancels.get(client_order_id, 0) > now_ms or self.is_amending(order)
        if not order.is_active or is_busy:
            return False
        self._channel.trading_login()
        params = self._amend_params(order, price, quantity)
        is_on_its_way = not order._is_accepted and not order.in_doubt
        if params is None or is_on_its_way:
            return False
        self._amends[client_order_id] = _Amend(now_ms + _ANSWER_MS, order.price, order.quantity)
        order._ask_quantity(params.quantity)
        request = Request(partial(self._on_amend_reply, order), lambda: None, now_ms + _ANSWER_MS, may_wait=True)
        self._channel.request("amend", params, request)
        return True

    def is_amending(self, order: Order) -> bool:
        """Whether an amend of the order is under way."""
        amend = self._amends.get(order.client_order_id)
        return (
            amend is not None
            and order.is_active
            and amend.deadline_ms > self._channel.now_ms
            and (order.price, order.quantity) == (amend.price, amend.quantity)
        )

    def heard_of(self, client_order_id: str) -> None:
        """An order changed: an amend of it may be over."""
        order = self._history.orders.by_client_id(client_order_id)
        if client_order_id in self._amends and order is not None and not self.is_amending(order):
            self._amend_is_over(client_order_id)

    def failed(self, push: RequestFailedPush) -> None:
        """The exchange refused a cancel or an amend."""
        order = self._history.orders.by_client_id(push.client_order_id)
        name = f"order {order.id}" if order is not None else push.client_order_id
        if push.method == "cancel":
            self._cancels[push.client_order_id] = self._channel.now_ms + _RETRY_MS
        self._channel.report(LocalProtocolError(f"{push.method} of {name}: {push.reason}", code=push.code))
        if push.method == "amend":
            self._amend_is_refused(push.client_order_id)

    # New orders -----------------------------------------------------------------------------------------------------

    def _add(self, login: LoginResult, params: OrderParams, leg: Leg) -> Order:
        self._seq = params.seq
        key = OrderKey(self._session_id, login.lineage, login.epoch, login.login, params.seq)
        client_order_id = encode_client_order_id(key)
        return self._history.orders.add(
            client_order_id, params, OrderType(leg.order_type), Tif(leg.tif), self._channel.now_ms
        )

    def _send(self, method: str, params: Struct, orders: Sequence[Order], result: type[Struct]) -> None:
        """Write new orders once; whatever becomes of the request becomes of all of them."""
        client_order_ids = tuple(order.client_order_id for order in orders)
        request = Request(
            partial(self._on_order_reply, client_order_ids, result),
            partial(self._lose, client_order_ids),
            self._channel.now_ms + _ANSWER_MS,
            may_wait=True,
            client_order_ids=client_order_ids,
        )
        self._channel.request(method, params, request)

    def _product(self, symbol: str) -> Product:
        product = self._channel.product(symbol)
        if product is None:
            raise InvalidOrder(f"{symbol}: subscribe to it first", code=ErrorCode.INVALID_SYMBOL)
        return product

    # Amends ---------------------------------------------------------------------------------------------------------

    def _amend_params(self, order: Order, price: float | None, quantity: float | None) -> AmendParams | None:
        """None when nothing would change."""
        product = self._product(order.symbol)
        _check_amend(order, product, price, quantity)
        # An order at a price from the book may have none that is known.
        limit = order.price or None if price is None else price
        price_text = None if limit is None else product.price_text(limit)
        is_exempt = order.reduce_only and not product.is_spot
        quantity_text = product.quantity_text(
            order.quantity if quantity is None else quantity, None if is_exempt else price_text
        )
        if float(quantity_text) <= order.acc:
            message = f"order {order.id}: quantity {quantity_text} is executed already, cancel it instead"
            raise InvalidOrder(message, code=ErrorCode.INVALID_ORDER)
        new_price = price_text if price_text is not None and float(price_text) != order.price else None
        new_quantity = quantity_text if float(quantity_text) != order.quantity else None
        is_new = new_price is not None or new_quantity is not None
        return AmendParams(order.client_order_id, new_price, new_quantity) if is_new else None

    def _on_amend_reply(self, order: Order, reply: Reply) -> None:
        if reply.error is None:
            return
        if order.is_active:
            self._refused(order, "amend", reply.error.code, reply.error.msg)
        self._amend_is_refused(order.client_order_id)

    def _amend_is_refused(self, client_order_id: str) -> None:
        amend = self._amends.get(client_order_id)
        self._amend_is_over(client_order_id)
        if amend is not None:
            # A strategy that follows the market at every tick must not ask at every tick.
            self._amends[client_order_id] = amend._replace(deadline_ms=self._channel.now_ms + _RETRY_MS)

    def _amend_is_over(self, client_order_id: str) -> None:
        self._amends.pop(client_order_id, None)
        order = self._history.orders.by_client_id(client_order_id)
        if order is not None:
            order._ask_quantity(None)

    # Replies --------------------------------------------------------------------------------------------------------

    def _on_order_reply(self, client_order_ids: tuple[str, ...], result: type[Struct], reply: Reply) -> None:
        try:
            decode_result(reply, result)
        except LocalProtocolError as error:
            if error.code in (ErrorCode.STALE_KEY, ErrorCode.UNDEFINED) or reply.error is None:
                # Neither proves that nothing was sent.
                self._lose(client_order_ids)
                self._channel.report(error)
                return
            orders, now_ms = self._history.orders, self._channel.now_ms
            refused = [orders.refuse(each, error.code, str(error), now_ms) for each in client_order_ids]
            for order in refused:
                if order is not None:
                    self._listener.order(order, None)

    def _lose(self, client_order_ids: tuple[str, ...]) -> None:
        for client_order_id in client_order_ids:
            self._channel.lost(client_order_id)
        self._channel.resolve()

    def _on_cancel_reply(self, order: Order, reply: Reply) -> None:
        if reply.error is None or not order.is_active:
            return
        # A strategy that kills at every tick must not ask at every tick.
        self._cancels[order.client_order_id] = self._channel.now_ms + _RETRY_MS
        self._refused(order, "cancel", reply.error.code, reply.error.msg)

    def _refused(self, order: Order, method: str, code: int, message: str) -> None:
        if code == ErrorCode.NO_SUCH_ORDER:
            self._history.orders.unresolved.add(order.client_order_id)
            self._channel.resolve()
        self._channel.report(LocalProtocolError(f"{method} of order {order.id}: {message}", code=code))


def _check_amend(order: Order, product: Product, price: float | None, quantity: float | None) -> None:
    """Raises InvalidOrder for an order that cannot be changed, or not in this way."""
    why = ""
    if order._terms.order_type is not fix.OrderType.LIMIT:
        why = f"is {order.order_type}: only LIMIT orders can be amended, cancel it instead"
    elif not product.is_spot:
        pass
    elif not product.view.amend:
        why = "cannot be amended: margin accounts and some symbols have no amend, cancel it and send a new one"
    elif order.list_id is not None:
        why = "belongs to a list and cannot be amended: cancel the list and send a new one"
    elif price is not None and price != order.price:
        why = "keeps its price: on spot an order can only be made smaller, cancel it and send a new one"
    elif quantity is not None and quantity > order.quantity:
        why = "cannot be made larger on spot: send another one beside it, or cancel it and send a new one"
    if why:
        raise InvalidOrder(f"order {order.id} {why}", code=ErrorCode.INVALID_ORDER)
