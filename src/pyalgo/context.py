"""A session as a strategy holds it: what `Engine.make_session` returns."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from pathlib import Path
from typing import Any, Literal, get_args, overload

from pyalgo.arguments import Callbacks, number, symbol_name
from pyalgo.calling import Caller
from pyalgo.driver import Driver
from pyalgo.link import MarketPush
from pyalgo.market import MarketData, market_data
from pyalgo.money import MarginLevel
from pyalgo.order import Fill, Order
from pyalgo.position import Position
from pyalgo.session import EVENT_TYPES, Event, Session
from pyalgo.streams import Stream
from pyalgo.tradable import BarSubscription, DepthSubscription, MarkSubscription, Tradable, TradeSubscription
from pyalgo.words import EventType
from tradingsys.core.enums import OnDisconnect
from tradingsys.core.errors import LocalProtocolError

__all__ = ["Context"]

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
TradeStream = Literal["trade"]
MarkStream = Literal["mark"]

_KINDS: dict[str, type[Tradable[Any]]] = {
    **dict.fromkeys(get_args(DepthStream), DepthSubscription),
    **dict.fromkeys(get_args(BarStream), BarSubscription),
    **dict.fromkeys(get_args(TradeStream), TradeSubscription),
    **dict.fromkeys(get_args(MarkStream), MarkSubscription),
}

_MIN_SAMPLE_S = 0.001


class Context(Session, Callbacks):
    """One session at one gateway. Set the callbacks whenever you like; one that raises is logged and harms nothing."""

    on_connected: Callable[[Context], object] | None = None
    """Called with this session when position and orders are known: once per connection, while `run` runs.

    One that is set later is called at the start of the next `run`, or after the next reconnect.
    """
    on_disconnected: Callable[[Context, str], object] | None = None
    """Called with this session and the reason when the connection is lost; it is made anew by it"""
    on_error: Callable[[LocalProtocolError], object] | None = None
    """Called with every refusal: of an order, a cancel, an amend, a login. It has ``code``; its text says why."""
    on_fill: Callable[[Order, Fill], object] | None = None
    """Called once per execution of any symbol, after the subscriptions' own."""
    on_fee: Callable[[Order, Fill], object] | None = None
    """Called once per execution when its fee is known: with `on_fill`, or a moment later."""
    on_durable: Callable[[Order, Fill], object] | None = None
    """Called once per execution that was told, when it is on the gateway's disk: some milliseconds after `on_fill`."""
    on_position: Callable[[Position], object] | None = None
    """Called when the position of any symbol changed, after the subscriptions' own."""
    on_margin: Callable[[MarginLevel], object] | None = None
    """Called when a margin account comes close to a margin call or liquidation, and when it is well again."""
    on_event: Callable[[Event], object] | None = None
    """Called with everything that happens, before the callback of the subscription concerned."""

    def __init__(
        self,
        addr: str,
        session_id: int,
        name: str,
        trading: bool = False,
        *,
        token: str | None = None,
        ca: str | Path | None = None,
        certificate: str | Path | None = None,
        key: str | Path | None = None,
        on_disconnect: OnDisconnect | str = OnDisconnect.LEAVE,
        grace_s: float = 10,
        instance: str = "",
        driver: Driver | None = None,
        caller: Caller | None = None,
    ) -> None:
        super().__init__(
            addr,
            session_id,
            name,
            trading,
            token=token,
            ca=ca,
            certificate=certificate,
            key=key,
            on_disconnect=on_disconnect,
            grace_s=grace_s,
            instance=instance,
            driver=driver,
        )
        self.subscriptions: dict[str, Tradable[Any]] = {}
        """By stream, such as ``btcusdt@depth``."""
        self.tradings: dict[str, Tradable[Any]] = {}
        """The first subscription of each symbol."""
        self._caller = Caller() if caller is None else caller
        self._who = f"session {session_id}"

    @property
    def session(self) -> Session:
        """The low level; here one object is both."""
        return self

    @overload
    def subscribe(self, symbol: str, stream: DepthStream, sample: float | None = ...) -> DepthSubscription: ...

    @overload
    def subscribe(self, symbol: str, stream: BarStream, sample: float | None = ...) -> BarSubscription: ...

    @overload
    def subscribe(self, symbol: str, stream: TradeStream, sample: float | None = ...) -> TradeSubscription: ...

    @overload
    def subscribe(self, symbol: str, stream: MarkStream, sample: float | None = ...) -> MarkSubscription: ...

    @overload
    def subscribe(self, symbol: str, stream: str, sample: float | None = ...) -> Tradable[Any]: ...

    def subscribe(self, symbol: str, stream: str, sample: float | None = None) -> Tradable[Any]:
        """Subscribe and wait for the confirmation.

        ``stream`` is ``depth``, ``depth:100ms``, ``bbo``, ``kline:<interval>``, ``trade`` or ``mark``; each once per
        symbol. ``sample`` (s): tell the latest once per so many seconds instead of every change.

        Raises ValueError for a stream or symbol that does not exist or is subscribed already, and RuntimeError when
        called from a callback.
        """
        subscription = self._new_subscription(symbol, stream, sample)
        # Inside a callback this raises, before anything was asked for.
        self._wait(lambda: True, lambda: "")
        wish = self._register(subscription, sample)
        try:
            self._wait_for(wish)
        except BaseException:
            self._forget(subscription)
            raise
        return subscription

    def open_subscription(self, symbol: str, stream: str, sample: float | None = None) -> Tradable[Any]:
        """Subscribe without waiting: the contract is known, and data comes, once the gateway has confirmed.

        Raises ValueError for a stream that does not exist or is subscribed already.
        """
        subscription = self._new_subscription(symbol, stream, sample)
        self._register(subscription, sample)
        return subscription

    def unsubscribe(self, stream: str) -> None:
        """Give a subscription up, by its name such as ``btcusdt@depth``; the same as its ``unsubscribe()``."""
        subscription = self.subscriptions.get(stream)
        if subscription is not None:
            self._forget(subscription)
            super().unsubscribe(stream)

    # Dispatchers ------------------------------------------------------------------------------------------------------

    def on_market(self, data: MarketData) -> None:
        """Hand market data to its subscription."""
        subscription = self.subscriptions.get(data.stream)
        if subscription is not None:
            # Every tick comes this way: the check of callbacks' names is left out.
            subscription.__dict__["data"] = data
            if subscription.on_data is not None:
                self._caller.call(self._who, subscription.on_data, data)

    def on_order(self, order: Order) -> None:
        """Hand an order to the subscriptions of its symbol."""
        for subscription in self._of(order.symbol):
            if subscription.on_order is not None:
                self._caller.call(self._who, subscription.on_order, order)

    # What the client tells --------------------------------------------------------------------------------------------

    def connected(self) -> bool:
        """See `Listener`."""
        if self.on_connected is None:
            return False
        self._caller.call(self._who, self.on_connected, self)
        return True

    def disconnected(self, reason: str) -> None:
        """See `Listener`."""
        if self.on_disconnected is not None:
            self._caller.call(self._who, self.on_disconnected, self, reason)

    def market(self, push: MarketPush) -> None:
        """See `Listener`."""
        data = market_data(push)
        if self._is_recording or self.on_event is not None:
            self._hear(EVENT_TYPES[type(push)], data)
        self.on_market(data)

    def fee_known(self, order: Order, fill: Fill) -> None:
        """See `Listener`."""
        for callback in (*[each.on_fee for each in self._of(order.symbol)], self.on_fee):
            if callback is not None:
                self._caller.call(self._who, callback, order, fill)

    def durable(self, order: Order, fill: Fill) -> None:
        """See `Listener`."""
        for callback in (*[each.on_durable for each in self._of(order.symbol)], self.on_durable):
            if callback is not None:
                self._caller.call(self._who, callback, order, fill)

    def position_changed(self, symbol: str) -> None:
        """See `Listener`."""
        super().position_changed(symbol)
        callbacks = [subscription.on_position for subscription in self._of(symbol)]
        for callback in (*callbacks, self.on_position):
            if callback is not None:
                self._caller.call(self._who, callback, self.position(symbol))

    def margin_changed(self, level: MarginLevel) -> None:
        """See `Listener`."""
        super().margin_changed(level)
        if self.on_margin is not None:
            self._caller.call(self._who, self.on_margin, level)

    def error(self, error: LocalProtocolError) -> None:
        """See `Listener`."""
        if self.on_error is not None:
            self._caller.call(self._who, self.on_error, error)

    def _order_told(self, order: Order, fill: Fill | None) -> None:
        self.on_order(order)
        if fill is not None:
            callbacks = [subscription.on_fill for subscription in self._of(order.symbol)]
            for callback in (*callbacks, self.on_fill):
                if callback is not None:
                    self._caller.call(self._who, callback, order, fill)

    def _hear(self, event_type: EventType, data: MarketData | Order | Position | MarginLevel | int) -> bool:
        is_recorded = super()._hear(event_type, data)
        if self.on_event is None:
            return is_recorded
        self._caller.call(self._who, self.on_event, Event(event_type, data))
        return True

    # ------------------------------------------------------------------------------------------------------------------

    def _of(self, symbol: str) -> list[Tradable[Any]]:
        return [each for each in self.subscriptions.values() if each.symbol == symbol]

    def _market_price(self, symbol: str) -> float | None:
        """The mark price, else the middle of the book, else the latest trade or close."""
        known: dict[type[Tradable[Any]], float] = {}
        for each in self._of(symbol):
            match each:
                case MarkSubscription():
                    known[MarkSubscription] = each.mark_price
                case DepthSubscription() if each.bid_level and each.ask_level:
                    known[DepthSubscription] = (each.bid_prc(0) + each.ask_prc(0)) / 2
                case TradeSubscription():
                    known[TradeSubscription] = each.price
                case BarSubscription():
                    known[BarSubscription] = each.close
        best_first = (MarkSubscription, DepthSubscription, TradeSubscription, BarSubscription)
        return next((price for kind in best_first if (price := known.get(kind))), None)

    def _new_subscription(self, symbol: str, stream: str, sample: float | None) -> Tradable[Any]:
        symbol = symbol_name(symbol)
        name = f"{symbol}@{stream}"
        if name in self.subscriptions:
            raise ValueError(f"Duplicate subscribe {name}: session {self.id} has it already")
        if stream not in tuple(_KINDS):
            raise ValueError(f"Unsupported stream {stream!r}: there are {', '.join(_KINDS)}")
        if sample is not None:
            number("sample", sample, lambda s: _MIN_SAMPLE_S <= s < inf, f"it is in seconds, {_MIN_SAMPLE_S} at least")
        return _KINDS[stream](self, symbol, name)

    def _register(self, subscription: Tradable[Any], sample: float | None) -> Stream:
        wish = Stream(subscription.symbol, subscription.stream)
        self.subscriptions[wish.name] = subscription
        self.tradings.setdefault(wish.symbol, subscription)
        self._up_to_date()
        if sample is not None:
            self.client.sampler.add(wish.name, round(float(sample) * 1000), self.client.now_ms)
        self.client.subscribe(wish)
        return wish

    def _forget(self, subscription: Tradable[Any]) -> None:
        del self.subscriptions[subscription.stream]
        if self.tradings[subscription.symbol] is subscription:
            del self.tradings[subscription.symbol]
            for other in self._of(subscription.symbol)[:1]:
                self.tradings[subscription.symbol] = other
