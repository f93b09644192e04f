"""What a strategy trades: a subscription with market data, orders and callbacks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Generic, TypeVar, Unpack

from pyalgo.arguments import Callbacks
from pyalgo.market import Depth, Kline, MarketData, MarkPrice, Trade
from pyalgo.options import OrderOptions
from pyalgo.order import Fill, Order
from pyalgo.phase import to_datetime
from pyalgo.position import Position, Unfilled
from pyalgo.subscription import Subscription, Trader
from pyalgo.terms import Leg
from pyalgo.words import OrderType, Phase, Side, Tif
from tradingsys.core.enums import Contingency

__all__ = ["BarSubscription", "DepthSubscription", "MarkSubscription", "Tradable", "TradeSubscription"]

T = TypeVar("T")
D = TypeVar("D", bound=MarketData)


class Tradable(Subscription, Callbacks, Generic[D]):
    """The base of all subscriptions: the latest data, orders, position and callbacks of one symbol."""

    on_data: Callable[[D], object] | None = None
    """Called with market data."""
    on_order: Callable[[Order], object] | None = None
    """Called with an order of this symbol whenever it changed."""
    on_fill: Callable[[Order, Fill], object] | None = None
    """Called once per execution of this symbol, after `on_order`."""
    on_fee: Callable[[Order, Fill], object] | None = None
    """Called once per execution when its fee is known: right after `on_fill`, or a moment later."""
    on_durable: Callable[[Order, Fill], object] | None = None
    """Called once per execution when it is on the gateway's disk: some milliseconds after `on_fill`."""
    on_position: Callable[[Position], object] | None = None
    """Called when the position changed: before `on_order` of the execution, and for late fees and funding."""

    def __init__(self, trader: Trader, symbol: str, stream: str) -> None:
        super().__init__(trader, symbol, stream)
        self.data: D | None = None
        """The latest; None before the first."""

    @property
    def time(self) -> int:
        """Of the latest data, Unix ms; 0 before the first."""
        return self.data.time if self.data else 0

    @property
    def datetime(self) -> dt.datetime:
        """`time` in UTC+8."""
        return to_datetime(self.time)

    @property
    def phase(self) -> Phase:
        """The phase at the time of the latest data; UNDEF before the first."""
        return self.determine(self.time) if self.time else Phase.UNDEF

    @property
    def position(self) -> Position:
        """What this session holds of the symbol and what it made of it, as it is now."""
        return self._trader.position(self.symbol)

    @property
    def open_orders(self) -> list[Order]:
        """This session's orders of the symbol that may still execute, those of an earlier process too; oldest first."""
        return self._trader.open_orders(self.symbol)

    @property
    def unfilled(self) -> Unfilled:
        """What may still be bought and sold beyond `net`, at worst: orders in doubt count in full."""
        return self._trader.unfilled(self.symbol)

    def add_order(
        self,
        price: float,
        quantity: float,
        side: Side,
        order_type: OrderType,
        tif: Tif = Tif.GTC,
        **options: Unpack[OrderOptions],
    ) -> Order | None:
        """Send an order as it is, without rounding; None when it was refused here (the log and `on_error` say why)."""
        return self._trader.add_order(self.symbol, price, quantity, side, order_type, tif, **options)

    def add_oco(self, first: Leg, second: Leg) -> tuple[Order, Order] | None:
        """One cancels the other: a target and a stop of one side and quantity, of which the exchange executes one.

        Spot. All legs are sent in one request; None when they were refused here (the log and `on_error` say why).
        """
        orders = self._trader.add_order_list(self.symbol, Contingency.OCO, first, second)
        return None if orders is None else (orders[0], orders[1])

    def add_oto(self, working: Leg, pending: Leg) -> tuple[Order, Order] | None:
        """One triggers the other: ``pending`` is placed when ``working`` is filled completely. Else as `add_oco`."""
        orders = self._trader.add_order_list(self.symbol, Contingency.OTO, working, pending)
        return None if orders is None else (orders[0], orders[1])

    def add_otoco(self, working: Leg, first: Leg, second: Leg) -> tuple[Order, Order, Order] | None:
        """As `add_oto`, with the two legs of an `add_oco` waiting."""
        orders = self._trader.add_order_list(self.symbol, Contingency.OTOCO, working, first, second)
        return None if orders is None else (orders[0], orders[1], orders[2])

    def cancel(self, order_id: int) -> None:
        """Ask the exchange to cancel; does nothing when that is already under way or the order is no longer active.

        Of a list, all orders are cancelled with one of them.
        """
        self._trader.cancel(self.symbol, order_id)

    def amend(self, order_id: int, price: float | None = None, quantity: float | None = None) -> bool:
        """Ask for another price or quantity of a LIMIT order; see `Context.amend`."""
        return self._trader.amend(order_id, price, quantity)

    def unsubscribe(self) -> None:
        """Give the subscription up: no more data, no more callbacks. Orders stay in the market."""
        self._trader.unsubscribe(self.stream)


class _Closable(Tradable[D]):
    """All but bars, whose close is a price."""

    def close(self) -> None:
        """Give the subscription up; the same as `unsubscribe`."""
        self.unsubscribe()


class DepthSubscription(_Closable[Depth]):
    """A book's best levels, level 0 first: ``session.subscribe(symbol, "depth")`` or ``"bbo"``."""

    @property
    def bid_level(self) -> int:
        """How many bid levels there are."""
        return self.data.bid_level if self.data else 0

    @property
    def ask_level(self) -> int:
        """How many ask levels there are."""
        return self.data.ask_level if self.data else 0

    def bid_prc(self, level: int = 0) -> float:
        """The bid price of a level, 0.0 when there is none."""
        return self.data.bid_prc(level) if self.data else 0.0

    def bid_vol(self, level: int = 0) -> float:
        """The bid quantity of a level, 0.0 when there is none."""
        return self.data.bid_vol(level) if self.data else 0.0

    def ask_prc(self, level: int = 0) -> float:
        """The ask price of a level, 0.0 when there is none."""
        return self.data.ask_prc(level) if self.data else 0.0

    def ask_vol(self, level: int = 0) -> float:
        """The ask quantity of a level, 0.0 when there is none."""
        return self.data.ask_vol(level) if self.data else 0.0


class BarSubscription(Tradable[Kline]):
    """Bars: ``session.subscribe(symbol, "kline:1m")``. Every change is delivered; `is_closed` marks a bar's last.

    ``time`` is the last ms of the latest bar, ``close`` its last price: `unsubscribe` gives the subscription up.
    """

    def history(self, n: int) -> list[Kline]:
        """The last ``n`` bars that are closed, oldest first; fewer when the exchange has no more.

        Waits for the answer. Raises RuntimeError when called from a callback, and ValueError when it is refused.
        """
        return self._trader.history(self.symbol, self.stream, n)

    @property
    def start_time(self) -> int:
        """The first ms of the latest bar, Unix ms; 0 before the first."""
        return self._of(lambda bar: bar.start_time, 0)

    @property
    def start_datetime(self) -> dt.datetime:
        """`start_time` in UTC+8."""
        return to_datetime(self.start_time)

    @property
    def interval(self) -> str:
        """Such as ``1m``."""
        return self.stream.partition(":")[2]

    @property
    def open(self) -> float:
        """The first price."""
        return self._of(lambda bar: bar.open, 0.0)

    @property
    def high(self) -> float:
        """The highest price."""
        return self._of(lambda bar: bar.high, 0.0)

    @property
    def low(self) -> float:
        """The lowest price."""
        return self._of(lambda bar: bar.low, 0.0)

    @property
    def close(self) -> float:
        """The last price so far."""
        return self._of(lambda bar: bar.close, 0.0)

    @property
    def volume(self) -> float:
        """In the base asset."""
        return self._of(lambda bar: bar.volume, 0.0)

    @property
    def amount(self) -> float:
        """In the quote asset."""
        return self._of(lambda bar: bar.amount, 0.0)

    @property
    def buy_volume(self) -> float:
        """Of `volume`, what takers bought."""
        return self._of(lambda bar: bar.buy_volume, 0.0)

    @property
    def buy_amount(self) -> float:
        """Of `amount`, what takers bought."""
        return self._of(lambda bar: bar.buy_amount, 0.0)

    @property
    def trade_count(self) -> int:
        """How many trades the bar has."""
        return self._of(lambda bar: bar.trade_count, 0)

    @property
    def first_trade_id(self) -> int:
        """The exchange's id of the bar's first trade."""
        return self._of(lambda bar: bar.first_trade_id, 0)

    @property
    def last_trade_id(self) -> int:
        """The exchange's id of the bar's last trade so far."""
        return self._of(lambda bar: bar.last_trade_id, 0)

    @property
    def is_closed(self) -> bool:
        """Whether the bar is finished."""
        return self._of(lambda bar: bar.is_closed, False)

    def _of(self, field: Callable[[Kline], T], missing: T) -> T:
        return missing if self.data is None else field(self.data)


class TradeSubscription(_Closable[Trade]):
    """Public trades: ``session.subscribe(symbol, "trade")``. Each is one taker's execution at one price."""

    @property
    def price(self) -> float:
        """Of the latest trade; 0.0 before the first."""
        return self.data.price if self.data else 0.0

    @property
    def quantity(self) -> float:
        """Of the latest trade, in the base asset; 0.0 before the first."""
        return self.data.quantity if self.data else 0.0


class MarkSubscription(_Closable[MarkPrice]):
    """Mark price and funding: ``session.subscribe(symbol, "mark")``."""

    @property
    def mark_price(self) -> float:
        """What positions are valued with; 0.0 before the first."""
        return self.data.mark_price if self.data else 0.0

    @property
    def index_price(self) -> float:
        """Of the spot markets the contract follows; 0.0 before the first."""
        return self.data.index_price if self.data else 0.0

    @property
    def funding_rate(self) -> float | None:
        """For the next funding, as a fraction; None before the first, and for a contract without funding."""
        return self.data.funding_rate if self.data else None

    @property
    def next_funding_time(self) -> int:
        """Unix ms; 0 before the first."""
        return self.data.next_funding_time if self.data else 0
