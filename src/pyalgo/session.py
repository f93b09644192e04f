"""One session at one gateway: its connection, orders and positions, and what happens, as events."""

from __future__ import annotations

import logging
import secrets
from collections import deque
from collections.abc import Callable
from typing import TypeVar, Unpack

from msgspec import Struct

from pyalgo.arguments import address, count, session_number, symbol_name
from pyalgo.client import Client
from pyalgo.driver import Driver, LoopDriver
from pyalgo.link import MarketPush
from pyalgo.market import Kline, MarketData, market_data
from pyalgo.order import Fill, Order
from pyalgo.position import Balance, Position, Unfilled, balance_of, position_of
from pyalgo.product import Product
from pyalgo.requests import Request
from pyalgo.streams import Stream
from pyalgo.subscription import Subscription
from pyalgo.terms import OrderOptions
from pyalgo.words import EventType, MarginType, OrderType, Side, Tif
from tradingsys.core.errors import LocalProtocolError
from tradingsys.wire.codec import decode_result
from tradingsys.wire.messages import (
    DepthPush,
    ErrorCode,
    KlinePush,
    KlinesParams,
    KlineView,
    LeverageParams,
    MarginTypeParams,
    MarkPush,
    Reply,
    SettingsView,
    SymbolParams,
    TradePush,
)

__all__ = ["EVENT_TYPES", "Event", "Session"]

_log = logging.getLogger(__name__)

_INSTANCE_BYTES = 8
_INTERVAL_S = 0.001
_ANSWER_MS = 30_000
_MAX_BARS = 1000

T = TypeVar("T")


class Event(Struct, frozen=True):
    """Something happened; ``data`` is market data, an Order, a Position, or for Login the session id."""

    event_type: EventType
    data: MarketData | Order | Position | int


class Session:
    """The low level: connect, subscribe, then take events one by one with `process`.

    `Context` builds on it and calls back. ``driver`` moves bytes and time; without one, `connect` makes its own.
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
        instance: str = "",
        driver: Driver | None = None,
    ) -> None:
        if not isinstance(trading, bool):
            raise ValueError(f"trading is {trading!r}: it is True or False")
        self.addr, self.id, self.name, self.trading = address(addr), session_number(session_id), str(name), trading
        self.client = Client(self.id, self.name, trading, instance or secrets.token_hex(_INSTANCE_BYTES), self)
        """The connection's state machine, driven by `Engine` or by a simulation."""
        self._token = token
        self._driver = driver
        self._is_attached = False
        self._events: deque[Event] = deque()
        self._is_recording = False

    # The connection ---------------------------------------------------------------------------------------------------

    @property
    def is_login(self) -> bool:
        """Whether the gateway has accepted the session, through the connection there is now."""
        return self.client.is_logged_in

    @property
    def is_ready(self) -> bool:
        """Whether position and open orders are known, so that orders can be sent; without trading, `is_login`."""
        return self.client.is_ready

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
            self._driver.attach(self.client, self.addr, self._token)
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

    # Orders -----------------------------------------------------------------------------------------------------------

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
        self._up_to_date()
        try:
            return self.client.orders.place(str(symbol).lower(), price, quantity, side, order_type, tif, options)
        except LocalProtocolError as error:
            self.refuse(error)
            return None

    def cancel(self, symbol: str, order_id: int) -> None:  # noqa: ARG002 - the original's signature
        """Ask the exchange to cancel; does nothing when that is already under way or the order is no longer active."""
        self._up_to_date()
        try:
            self.client.orders.cancel(self._order(order_id))
        except LocalProtocolError as error:
            self.refuse(error)

    def amend(self, order_id: int, price: float | None = None, quantity: float | None = None) -> bool:
        """Ask for another price or quantity of a LIMIT order; returns whether it was asked for.

        ``quantity`` is the whole order's, what was executed included. Nothing is sent when nothing would change, before
        the exchange accepted the order, or while a cancel or another amend is under way. The order loses its place in
        the queue. When it is refused, `on_error` is called and the order is as it was.
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
        """What may still be bought and sold beyond `net`, at worst: orders in doubt count in full."""
        history, symbol = self.client.history, symbol.lower()
        return Unfilled(float(history.unfilled(symbol, Side.BUY)), float(history.unfilled(symbol, Side.SELL)))

    # Position and account ---------------------------------------------------------------------------------------------

    def net(self, symbol: str) -> float:
        """What this session holds of a symbol; negative when short."""
        holding = self.client.history.holdings.get(symbol.lower())
        return 0.0 if holding is None else float(holding.net)

    def position(self, symbol: str) -> Position:
        """What this session holds of a symbol and what it made of it, as it is now."""
        symbol = symbol.lower()
        return position_of(symbol, self.client.history.holdings.get(symbol), self._market_price(symbol))

    @property
    def balance(self) -> dict[str, Balance]:
        """The account's balances by asset, as far as told; all sessions of a gateway share them."""
        return {asset: balance_of(view) for asset, view in self.client.balances.items()}

    def refresh_balance(self) -> None:
        """Ask for the account's balances anew, without waiting: `balance` has them soon."""
        self._up_to_date()
        self.client.refresh_balances()

    def leverage(self, symbol: str) -> int:
        """What the account has set for a symbol; waits for the answer. Raises as `set_leverage`."""
        return self._settings("get_settings", SymbolParams(symbol.lower())).leverage

    def margin_type(self, symbol: str) -> MarginType:
        """What the account has set for a symbol; waits for the answer. Raises as `set_leverage`."""
        return self._settings("get_settings", SymbolParams(symbol.lower())).margin_type

    def set_leverage(self, symbol: str, leverage: int) -> int:
        """Set the leverage of a symbol, for the whole account; waits for the answer and returns what is set.

        Raises ValueError when it is refused, and RuntimeError when called from a callback.
        """
        return self._settings("set_leverage", LeverageParams(symbol.lower(), leverage)).leverage

    def set_margin_type(self, symbol: str, margin_type: MarginType | str) -> MarginType:
        """Set CROSSED or ISOLATED for a symbol, for the whole account; waits and returns what is set.

        Raises as above.
        """
        if margin_type not in tuple(MarginType):
            raise ValueError(f"margin_type is {margin_type!r}, not one of {', '.join(MarginType)}")
        return self._settings("set_margin_type", MarginTypeParams(symbol.lower(), MarginType(margin_type))).margin_type

    def product(self, symbol: str) -> Product:
        """The rules of a symbol. Raises LookupError before a subscription of it was confirmed."""
        product = self.client.product(symbol.lower())
        if product is None:
            raise LookupError(f"{symbol}: its subscription is not confirmed yet")
        return product

    def refuse(self, error: LocalProtocolError) -> None:
        """Log an error and tell whoever listens."""
        _log.error("session %d: %s", self.id, error)
        self.error(error)

    # What the client tells --------------------------------------------------------------------------------------------

    def logged_in(self) -> None:
        """See `Listener`."""
        self._hear(EventType.Login, self.id)

    def connected(self) -> None:
        """See `Listener`."""

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

    def position_changed(self, symbol: str) -> None:
        """See `Listener`."""
        self._hear(EventType.Position, self.position(symbol))

    def error(self, error: LocalProtocolError) -> None:
        """See `Listener`."""

    def _hear(self, event_type: EventType, data: MarketData | Order | Position | int) -> None:
        if self._is_recording:
            self._events.append(Event(event_type, data))

    # ------------------------------------------------------------------------------------------------------------------

    def _order(self, order_id: int) -> Order:
        order = self.client.history.orders.get(order_id)
        if order is None:
            text = f"this session knows no order {order_id!r}: give the id of one of its orders, such as order.id"
            raise LocalProtocolError(text, code=ErrorCode.NO_SUCH_ORDER)
        return order

    def _market_price(self, symbol: str) -> float | None:  # noqa: ARG002 - `Context` knows one
        """The best price to value a position with, if any is known."""
        return None

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

    def _settings(self, method: str, params: SymbolParams | LeverageParams | MarginTypeParams) -> SettingsView:
        return self._ask(method, params, SettingsView, f"{method} {params.symbol}")

    def _ask(self, method: str, params: Struct, kind: type[T], doing: str) -> T:
        """Ask the gateway and wait for the answer. Raises ValueError when it is refused or does not come."""
        self._wait(lambda: self.is_login, lambda: doing, None)
        self._up_to_date()
        answers: list[Reply | None] = []
        deadline_ms = self.client.now_ms + _ANSWER_MS
        self.client.request(method, params, Request(answers.append, lambda: answers.append(None), deadline_ms))
        self._wait(lambda: bool(answers) or not self.is_login, lambda: doing, None)
        if not answers or answers[0] is None:
            raise ValueError(f"{doing}: the gateway gave no answer")
        try:
            return decode_result(answers[0], kind)
        except LocalProtocolError as error:
            raise ValueError(f"{doing}: {error} ({error.code})") from None

    def _wait(self, done: Callable[[], bool], doing: Callable[[], str], timeout_s: float | None = None) -> None:
        self._reachable().wait(done, doing, timeout_s)

    def _up_to_date(self) -> None:
        """Between two waits nothing moves: before something is sent, hear what happened meanwhile."""
        if self._driver is not None and self._is_attached:
            self._driver.sync()

    def _reachable(self) -> Driver:
        if self._driver is None or not self._is_attached:
            raise RuntimeError("nobody here can wait for the gateway: call connect() first, or use open_subscription()")
        return self._driver


EVENT_TYPES: dict[type[MarketPush], EventType] = {
    DepthPush: EventType.Depth,
    KlinePush: EventType.Kline,
    TradePush: EventType.Trade,
    MarkPush: EventType.Mark,
}
