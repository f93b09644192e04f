"""A session as a strategy holds it: what `Engine.make_session` returns."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Literal, TypeVar, get_args, overload

from msgspec import Struct

from pyalgo.client import Client
from pyalgo.market import Depth, Kline
from pyalgo.order import Order
from pyalgo.product import Product
from pyalgo.streams import Stream
from pyalgo.subscription import BarSubscription, DepthSubscription, Tradable
from pyalgo.words import EventType, OrderType, Side, Tif
from tradingsys.core.errors import LocalProtocolError
from tradingsys.wire.messages import DepthPush, ErrorCode, KlinePush

__all__ = ["Context", "Event", "Waiter"]

_log = logging.getLogger(__name__)

DepthStream = Literal["depth", "depth:100ms", "bbo"]
BarStream = Literal[
    "kline:1s",
    "kline:1m",
    "kline:3m",
    "kline:5m",
    "kline:15m",
    "kline:30m",
    "kline:1h",
    "kline:2h",
    "kline:4h",
    "kline:6h",
    "kline:8h",
    "kline:12h",
    "kline:1d",
    "kline:3d",
    "kline:1w",
    "kline:1M",
]

T = TypeVar("T")

Waiter = Callable[[Callable[[], bool], Callable[[], str]], None]
"""Blocks until the first function says so; the second tells what is being waited for."""


class Event(Struct, frozen=True):
    """Something happened; ``data`` is a Depth, Kline or Order, a symbol for Position, and the session id for Login."""

    event_type: EventType
    data: Depth | Kline | Order | str | int


class Context:
    """One session at one gateway. Set the callbacks whenever you like; one that raises is logged and harms nothing."""

    def __init__(
        self,
        addr: str,
        session_id: int,
        name: str,
        trading: bool = False,
        *,
        instance: str = "",
        wait: Waiter | None = None,
    ) -> None:
        self.addr, self.id, self.name, self.trading = addr, session_id, name, trading
        self.client = Client(session_id, name, trading, instance, self)
        """The connection's state machine, driven by `Engine` or by a simulation."""
        self.subscriptions: dict[str, DepthSubscription | BarSubscription] = {}
        """By stream, such as ``btcusdt@depth``."""
        self.on_error: Callable[[LocalProtocolError], object] | None = None
        """Called with every refusal: of an order, a cancel, a login. It has ``code``, and its text says why."""
        self.on_event: Callable[[Event], object] | None = None
        """Called with everything that happens, before the callback of the subscription concerned."""
        self._wait = wait
        self._tradables: dict[str, list[Tradable]] = {}

    @property
    def is_login(self) -> bool:
        """Whether the gateway has accepted the session, through the connection there is now."""
        return self.client.is_logged_in

    @overload
    def subscribe(self, symbol: str, stream: DepthStream) -> DepthSubscription: ...

    @overload
    def subscribe(self, symbol: str, stream: BarStream) -> BarSubscription: ...

    @overload
    def subscribe(self, symbol: str, stream: str) -> DepthSubscription | BarSubscription: ...

    def subscribe(self, symbol: str, stream: str) -> DepthSubscription | BarSubscription:
        """Subscribe and wait for the confirmation.

        ``stream`` is ``depth``, ``depth:100ms``, ``bbo`` or ``kline:<interval>``; each once per symbol.

        Raises ValueError for a stream or symbol that does not exist or is subscribed already, and RuntimeError when
        called from a callback.
        """
        subscription, wish = self._wish(symbol, stream)
        if self._wait is None:
            raise RuntimeError("nobody here can wait for the confirmation: use open_subscription()")
        # Inside a callback this raises, before anything was asked for.
        self._wait(lambda: True, lambda: "")
        self._register(subscription, wish)
        try:
            self._wait(lambda: wish.is_confirmed or wish.refusal is not None, lambda: f"subscribing {wish.name}")
        except BaseException:
            self._unregister(subscription, wish)
            raise
        if wish.refusal is not None:
            self._unregister(subscription, wish)
            raise ValueError(str(wish.refusal))
        return subscription

    def open_subscription(self, symbol: str, stream: str) -> DepthSubscription | BarSubscription:
        """Subscribe without waiting: the contract is known, and data comes, once the gateway has confirmed.

        Raises ValueError for a stream that does not exist or is subscribed already.
        """
        subscription, wish = self._wish(symbol, stream)
        self._register(subscription, wish)
        return subscription

    def add_order(
        self, symbol: str, price: float, quantity: float, side: Side, order_type: OrderType, tif: Tif = Tif.GTC
    ) -> Order | None:
        """Send an order as it is, without rounding; None when it was refused here (the log and `on_error` say why)."""
        try:
            return self.client.place(symbol.lower(), price, quantity, side, order_type, tif)
        except LocalProtocolError as error:
            self.refuse(error)
            return None

    def cancel(self, symbol: str, order_id: int) -> None:  # noqa: ARG002 - the original's signature
        """Ask the exchange to cancel; does nothing when that is already under way or the order is no longer active."""
        order = self.client.history.orders.get(order_id)
        try:
            if order is None:
                raise LocalProtocolError(f"no order {order_id}", code=ErrorCode.NO_SUCH_ORDER)
            self.client.cancel(order)
        except LocalProtocolError as error:
            self.refuse(error)

    def net(self, symbol: str) -> float:
        """What this session holds of a symbol; negative when short."""
        return float(self.client.history.positions.get(symbol.lower(), "0"))

    def open_orders(self, symbol: str) -> list[Order]:
        """This session's orders of a symbol that may still execute, those of an earlier process too; oldest first."""
        return self.client.history.orders.open(symbol.lower())

    def product(self, symbol: str) -> Product:
        """The rules of a symbol. Raises LookupError before a subscription of it was confirmed."""
        product = self.client.streams.products.get(symbol)
        if product is None:
            raise LookupError(f"{symbol}: its subscription is not confirmed yet")
        return product

    def refuse(self, error: LocalProtocolError) -> None:
        """Log an error and tell `on_error`."""
        _log.error("session %d: %s", self.id, error)
        self.error(error)

    # What the client tells -------------------------------------------------------------------------------------------

    def logged_in(self) -> None:
        """See `Listener`."""
        self._tell(EventType.Login, self.id)

    def depth(self, push: DepthPush) -> None:
        """See `Listener`."""
        subscription = self.subscriptions.get(push.stream)
        if isinstance(subscription, DepthSubscription):
            subscription.data = depth = Depth(push)
            self._tell(EventType.Depth, depth)
            self._call(subscription.on_data, depth)

    def kline(self, push: KlinePush) -> None:
        """See `Listener`."""
        subscription = self.subscriptions.get(push.stream)
        if isinstance(subscription, BarSubscription):
            subscription.data = bar = Kline(push)
            self._tell(EventType.Kline, bar)
            self._call(subscription.on_data, bar)

    def order(self, order: Order) -> None:
        """See `Listener`."""
        self._tell(EventType.Order, order)
        for tradable in tuple(self._tradables.get(order.symbol, ())):
            self._call(tradable.on_order, order)

    def position(self, symbol: str) -> None:
        """See `Listener`."""
        self._tell(EventType.Position, symbol)

    def error(self, error: LocalProtocolError) -> None:
        """See `Listener`."""
        self._call(self.on_error, error)

    # ------------------------------------------------------------------------------------------------------------------

    def _wish(self, symbol: str, stream: str) -> tuple[DepthSubscription | BarSubscription, Stream]:
        symbol = symbol.lower()
        name = f"{symbol}@{stream}"
        if name in self.subscriptions:
            raise ValueError(f"Duplicate subscribe {name}: session {self.id} has it already")
        if stream in get_args(DepthStream):
            return DepthSubscription(self, symbol, name), Stream(symbol, name)
        if stream in get_args(BarStream):
            return BarSubscription(self, symbol, name), Stream(symbol, name)
        supported = ", ".join((*get_args(DepthStream), *get_args(BarStream)))
        raise ValueError(f"Unsupported stream {stream!r}: there are {supported}")

    def _register(self, subscription: DepthSubscription | BarSubscription, wish: Stream) -> None:
        self.subscriptions[wish.name] = subscription
        self._tradables.setdefault(wish.symbol, []).append(subscription)
        self.client.subscribe(wish)

    def _unregister(self, subscription: DepthSubscription | BarSubscription, wish: Stream) -> None:
        del self.subscriptions[wish.name]
        self._tradables[wish.symbol].remove(subscription)
        self.client.streams.remove(wish)

    def _tell(self, event_type: EventType, value: Depth | Kline | Order | str | int) -> None:
        if self.on_event is not None:
            self._call(self.on_event, Event(event_type, value))

    def _call(self, callback: Callable[[T], object] | None, argument: T) -> None:
        if callback is None:
            return
        try:
            callback(argument)
        except Exception:  # noqa: BLE001 - a strategy's mistake stops neither its other callbacks nor its orders
            _log.exception("session %d: an exception in %s", self.id, getattr(callback, "__qualname__", callback))
