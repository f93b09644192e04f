"""One session at one gateway: its connection, orders and positions, and what happens, as events."""

from __future__ import annotations

import secrets
from collections import deque
from pathlib import Path

from msgspec import Struct

from pyalgo.account import Account
from pyalgo.arguments import address, count, session_number, ssl_context, symbol_name, when_gone
from pyalgo.client import Client
from pyalgo.driver import Driver, LoopDriver
from pyalgo.link import MarketPush
from pyalgo.market import Kline, MarketData, market_data
from pyalgo.money import MarginLevel
from pyalgo.order import Fill, Order
from pyalgo.ordering import Ordering
from pyalgo.position import Position, position_of
from pyalgo.product import Product
from pyalgo.streams import Stream
from pyalgo.subscription import Subscription
from pyalgo.words import EventType
from tradingsys.core.enums import OnDisconnect, TradingState
from tradingsys.core.errors import LocalProtocolError
from tradingsys.wire.messages import DepthPush, KlinePush, KlinesParams, KlineView, MarkPush, TradePush

__all__ = ["EVENT_TYPES", "Event", "Session"]

_INSTANCE_BYTES = 8
_INTERVAL_S = 0.001
_MAX_BARS = 1000


class Event(Struct, frozen=True):
    """Something happened; ``data`` is market data, an Order, a Position, a MarginLevel, or for Login the session id."""

    event_type: EventType
    data: MarketData | Order | Position | MarginLevel | int


class Session(Ordering, Account):
    """The low level: connect, subscribe, then take events one by one with `process`.

    `Context` builds on it and calls back. ``driver`` moves bytes and time; without one, `connect` makes its own.
    ``token``, ``ca``, ``certificate``, ``key``, ``on_disconnect`` and ``grace_s`` as for `Engine.make_session`.
    ``instance`` is random by default; a session belongs to one instance at a time.
    """

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
    ) -> None:
        if not isinstance(trading, bool):
            raise ValueError(f"trading is {trading!r}: it is True or False")
        self.addr, self.id, self.name, self.trading = address(addr), session_number(session_id), str(name), trading
        gone = when_gone(on_disconnect, grace_s)
        self.client = Client(self.id, self.name, trading, instance or secrets.token_hex(_INSTANCE_BYTES), self, gone)
        self._token = token
        self._ssl = ssl_context(self.addr, ca, certificate, key)
        self._driver = driver
        self._is_attached = False
        self._events: deque[Event] = deque()
        self._is_recording = False

    # The connection ---------------------------------------------------------------------------------------------------

    def connect(self) -> None:
        """Log in and wait until the session's position and open orders are known; done already, nothing happens.

        Raises RuntimeError when called from a callback.
        """
        if self._driver is None:
            self._driver = LoopDriver(_INTERVAL_S)
        # Inside a callback this raises, before there is anything to undo.
        self._driver.wait(lambda: True, lambda: "")
        if not self._is_attached:
            self._is_attached = True
            self._driver.attach(self.client, self.addr, self._token, self._ssl)
        self.wait_ready()

    def wait_ready(self, timeout_s: float | None = None) -> None:
        """Wait until the session's position and open orders are known; nothing is sent before.

        After a break of the connection, callbacks are told meanwhile what happened in it. Raises TimeoutError, and
        RuntimeError when called from a callback.
        """
        self._wait(self._catch_up, lambda: f"session {self.id} ({self.name}) logs in", timeout_s)

    def process(self) -> Event | None:
        """The next thing that happened, for programs that turn their own loop; None when there is nothing new.

        Never waits. Raises RuntimeError while `Engine.run` runs.
        """
        self._is_recording = True
        if not self._events:
            self._reachable().turn()
            # Much of what is told, such as answers to requests, is no event.
            while not self._events and self.client.delivery.next():
                pass
        return self._events.popleft() if self._events else None

    def close(self) -> None:
        """Say goodbye to the gateway, and to those of other sessions with the same engine."""
        if self._driver is not None and self._is_attached:
            self._driver.close()

    # Market data ------------------------------------------------------------------------------------------------------

    def subscribe(self, symbol: str, stream: str) -> Subscription:
        """Subscribe and wait for the confirmation; market data comes as events.

        Raises ValueError when not logged in, and for a symbol or stream that does not exist.
        """
        if not self.is_login:
            raise ValueError("Please login first: call connect()")
        symbol = symbol_name(symbol)
        wish = Stream(symbol, f"{symbol}@{stream}")
        self.client.subscribe(wish)
        self._wait_for(wish)
        return Subscription(self, symbol, wish.name)

    def unsubscribe(self, stream: str) -> None:
        """Give a subscription up, by its name such as ``btcusdt@depth``."""
        self._up_to_date()
        self.client.unsubscribe(stream)

    def history(self, symbol: str, stream: str, n: int) -> list[Kline]:
        """The last ``n`` closed bars of a stream such as ``kline:1m``, oldest first; see `BarSubscription.history`."""
        n = count("n", n, "ask for at least one bar, and a whole number of them")
        kind = stream.rpartition("@")[2]
        name, interval = f"{symbol.lower()}@{kind}", kind.partition(":")[2]
        bars: list[KlineView] = []
        end_ms: int | None = None
        while len(bars) < n:
            # The newest may still be open.
            params = KlinesParams(symbol.lower(), interval, min(n - len(bars) + 1, _MAX_BARS), end_ms)
            page = self._ask("get_klines", params, list[KlineView], f"history of {name}")
            bars = [bar for bar in page if bar.is_closed] + bars
            if len(page) < params.limit:
                break
            end_ms = page[0].start_ms
        return [Kline.from_history(symbol.lower(), name, interval, bar) for bar in bars[-n:]]

    # Position -----------------------------------------------------------------------------------------------------

    def net(self, symbol: str) -> float:
        """What this session holds of a symbol; negative when short."""
        holding = self.client.history.holdings.get(symbol.lower())
        return 0.0 if holding is None else float(holding.net)

    def position(self, symbol: str) -> Position:
        """What this session holds of a symbol and what it made of it, as it is now."""
        symbol = symbol.lower()
        return position_of(symbol, self.client.history.holdings.get(symbol), self._market_price(symbol))

    def trading_state(self, symbol: str = "") -> TradingState:
        """What this session may send on a symbol, or on any that is not restricted by itself.

        ACTIVE: everything. REDUCING: cancels, and what reduces its own position. HALTED: cancels.
        """
        return self.client.restriction.state(symbol.lower())

    def product(self, symbol: str) -> Product:
        """The rules of a symbol. Raises LookupError before a subscription of it was confirmed."""
        product = self.client.product(symbol.lower())
        if product is None:
            raise LookupError(f"{symbol}: its subscription is not confirmed yet")
        return product

    # What the client tells --------------------------------------------------------------------------------------------

    def logged_in(self) -> bool:
        """See `Listener`."""
        return self._hear(EventType.Login, self.id)

    def connected(self) -> bool:
        """See `Listener`."""
        return False

    def disconnected(self, reason: str) -> None:
        """See `Listener`."""

    def market(self, push: MarketPush) -> None:
        """See `Listener`."""
        data = market_data(push)
        self._hear(EVENT_TYPES[type(push)], data)

    def order(self, order: Order, fill: Fill | None) -> None:
        """See `Listener`."""
        self._hear(EventType.Order, order)
        self._order_told(order, fill)
        if order._is_rejection_news():
            self.client.report(LocalProtocolError(f"order {order.id} was rejected: {order.reason}", code=order.code))

    def _order_told(self, order: Order, fill: Fill | None) -> None:
        """For those who build on a session."""

    def fee_known(self, order: Order, fill: Fill) -> None:
        """See `Listener`."""

    def durable(self, order: Order, fill: Fill) -> None:
        """See `Listener`."""

    def position_changed(self, symbol: str) -> None:
        """See `Listener`."""
        self._hear(EventType.Position, self.position(symbol))

    def margin_changed(self, level: MarginLevel) -> None:
        """See `Listener`."""
        self._hear(EventType.Margin, level)

    def _hear(self, event_type: EventType, data: MarketData | Order | Position | MarginLevel | int) -> bool:
        """Make an event of it; returns whether anybody wants events."""
        if self._is_recording:
            self._events.append(Event(event_type, data))
        return self._is_recording

    # ------------------------------------------------------------------------------------------------------------------

    def _wait_for(self, wish: Stream) -> None:
        """Until a subscription is confirmed. Raises ValueError when it is refused."""
        try:
            self._wait(lambda: wish.is_confirmed or wish.refusal is not None, lambda: f"subscribing {wish.name}")
        except BaseException:
            self.client.unsubscribe(wish.name)
            raise
        if wish.refusal is not None:
            self.client.unsubscribe(wish.name)
            raise ValueError(str(wish.refusal))

    def _catch_up(self) -> bool:
        """Whether position and orders are known. After a break they are only once what happened in it was told."""
        while not self.is_ready and self.client.history.is_known and self.client.delivery.next():
            pass
        return self.is_ready


EVENT_TYPES: dict[type[MarketPush], EventType] = {
    DepthPush: EventType.Depth,
    KlinePush: EventType.Kline,
    TradePush: EventType.Trade,
    MarkPush: EventType.Mark,
}
