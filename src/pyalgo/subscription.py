"""What a strategy holds of a symbol: its rules, its position, its market data, and the way to trade it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Protocol, TypeVar

from pyalgo.market import Depth, Kline
from pyalgo.order import Order
from pyalgo.phase import SHANGHAI, TradingPhase, to_datetime
from pyalgo.product import Product
from pyalgo.words import OrderType, Phase, Side, Tif
from tradingsys.core.errors import LocalProtocolError

__all__ = ["BarSubscription", "DepthSubscription", "Tradable", "Trader"]

_FAR_PAST = dt.datetime(1970, 1, 1, 8, tzinfo=SHANGHAI)
_FAR_FUTURE = dt.datetime(9999, 12, 31, tzinfo=SHANGHAI)

T = TypeVar("T")


class Trader(Protocol):
    """The session behind a subscription."""

    def add_order(
        self, symbol: str, price: float, quantity: float, side: Side, order_type: OrderType, tif: Tif = ...
    ) -> Order | None:
        """See `Context.add_order`."""

    def cancel(self, symbol: str, order_id: int) -> None:
        """See `Context.cancel`."""

    def net(self, symbol: str) -> float:
        """See `Context.net`."""

    def open_orders(self, symbol: str) -> list[Order]:
        """See `Context.open_orders`."""

    def product(self, symbol: str) -> Product:
        """The symbol's rules; LookupError before its subscription was confirmed."""

    def refuse(self, error: LocalProtocolError) -> None:
        """Log an error and tell `Context.on_error`."""


class Tradable:
    """The base of both subscriptions: contract, position, phases and orders of one symbol."""

    def __init__(self, trader: Trader, symbol: str, stream: str) -> None:
        self._trader = trader
        self.symbol = symbol
        self.stream = stream
        self.on_order: Callable[[Order], object] | None = None
        """Called with an order of this symbol whenever it changed."""
        self._phases = TradingPhase()

    # The contract ---------------------------------------------------------------------------------------------------

    @property
    def tick_size(self) -> float:
        """The step of prices."""
        return float(self._product.tick)

    @property
    def lot(self) -> float:
        """The step of quantities."""
        return float(self._product.lot)

    @property
    def min_prc(self) -> float:
        """The least price."""
        return float(self._product.view.price_filter.min)

    @property
    def max_prc(self) -> float:
        """The greatest price."""
        return float(self._product.view.price_filter.max)

    @property
    def min_notional(self) -> float:
        """The least value of an order, price times quantity."""
        return float(self._product.view.min_notional)

    @property
    def onboard(self) -> dt.datetime:
        """Trading began, UTC+8; 1970 when the exchange does not say."""
        onboard_ms = self._product.view.onboard
        return _FAR_PAST if onboard_ms is None else to_datetime(onboard_ms)

    @property
    def delivery(self) -> dt.datetime:
        """Trading ends, UTC+8; far in the future when the exchange does not say."""
        delivery_ms = self._product.view.delivery
        return _FAR_FUTURE if delivery_ms is None else to_datetime(delivery_ms)

    def order_support(self, order_type: OrderType) -> bool:
        """Whether orders of this type can be sent."""
        return self._product.order_support(order_type)

    def tif_support(self, tif: Tif) -> bool:
        """Whether orders with this tif can be sent."""
        return self._product.tif_support(tif)

    # Rounding -------------------------------------------------------------------------------------------------------

    def floor_to_lot_size(self, quantity: float) -> float:
        """The largest multiple of `lot` that is not above; ``0.3 - 0.1`` counts as 0.2."""
        return float(self._product.floor_qty(quantity))

    def round_price(self, price: float) -> float:
        """The nearest multiple of `tick_size`."""
        return float(self._product.round_price(price))

    def tick_up(self, price: float, ticks: int = 1) -> float:
        """So many ticks higher."""
        return float(self._product.round_price(price) + ticks * self._product.tick)

    def tick_dn(self, price: float, ticks: int = 1) -> float:
        """So many ticks lower."""
        return self.tick_up(price, -ticks)

    # Phases ---------------------------------------------------------------------------------------------------------

    def add_phase(self, hour: int, minute: int, second: int, phase: Phase) -> None:
        """From this time of day (UTC+8) on it is ``phase``, until the next one begins."""
        self._phases.add_phase(hour, minute, second, phase)

    def determine(self, time: int) -> Phase:
        """The phase at a Unix time in ms; UNDEF until one was added."""
        return self._phases.determine(time)

    @property
    def phase(self) -> Phase:
        """The phase at the time of the latest data; UNDEF before the first."""
        return self.determine(self.time) if self.time else Phase.UNDEF

    @property
    def time(self) -> int:
        """Of the latest data, Unix ms; 0 before the first."""
        raise NotImplementedError

    @property
    def datetime(self) -> dt.datetime:
        """`time` in UTC+8."""
        return to_datetime(self.time)

    # Position and orders --------------------------------------------------------------------------------------------

    @property
    def net(self) -> float:
        """What this session holds of the symbol; negative when short."""
        return self._trader.net(self.symbol)

    @property
    def open_orders(self) -> list[Order]:
        """This session's orders of the symbol that may still execute, those of an earlier process too."""
        return self._trader.open_orders(self.symbol)

    def add_order(
        self, price: float, quantity: float, side: Side, order_type: OrderType, tif: Tif = Tif.GTC
    ) -> Order | None:
        """Send an order as it is, without rounding; None when it was refused here (the log and `on_error` say why)."""
        return self._trader.add_order(self.symbol, price, quantity, side, order_type, tif)

    def cancel(self, order_id: int) -> None:
        """Ask the exchange to cancel; does nothing when that is already under way or the order is no longer active."""
        self._trader.cancel(self.symbol, order_id)

    @property
    def _product(self) -> Product:
        return self._trader.product(self.symbol)


class DepthSubscription(Tradable):
    """A book's best levels, level 0 first: ``session.subscribe(symbol, "depth")`` or ``"bbo"``."""

    def __init__(self, trader: Trader, symbol: str, stream: str) -> None:
        super().__init__(trader, symbol, stream)
        self.data: Depth | None = None
        """The latest; None before the first."""
        self.on_data: Callable[[Depth], object] | None = None

    @property
    def time(self) -> int:
        """Of the latest data, Unix ms; 0 before the first."""
        return self.data.time if self.data else 0

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


class BarSubscription(Tradable):
    """Bars: ``session.subscribe(symbol, "kline:1m")``. Every change is delivered; `is_closed` marks a bar's last."""

    def __init__(self, trader: Trader, symbol: str, stream: str) -> None:
        super().__init__(trader, symbol, stream)
        self.data: Kline | None = None
        """The latest; None before the first."""
        self.on_data: Callable[[Kline], object] | None = None

    @property
    def time(self) -> int:
        """The last ms of the latest bar, Unix ms; 0 before the first."""
        return self._of(lambda bar: bar.time, 0)

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
