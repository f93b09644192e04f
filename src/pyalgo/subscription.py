"""What a strategy knows of a symbol it has subscribed: its rules, its position, the phases of its day."""

from __future__ import annotations

import datetime as dt
from typing import Protocol, Unpack

from pyalgo.market import Kline
from pyalgo.options import OrderOptions
from pyalgo.order import Order
from pyalgo.phase import SHANGHAI, TradingPhase, to_datetime
from pyalgo.position import Position, Unfilled
from pyalgo.product import Product
from pyalgo.terms import Leg
from pyalgo.words import OrderType, Phase, Side, Tif
from tradingsys.core.enums import Contingency, TradingState
from tradingsys.core.errors import LocalProtocolError

__all__ = ["Subscription", "Trader"]

_FAR_PAST = dt.datetime(1970, 1, 1, 8, tzinfo=SHANGHAI)
_FAR_FUTURE = dt.datetime(9999, 12, 31, tzinfo=SHANGHAI)


class Trader(Protocol):
    """The session behind a subscription; see `Session`."""

    def add_order(
        self,
        symbol: str,
        price: float,
        quantity: float,
        side: Side,
        order_type: OrderType,
        tif: Tif = ...,
        **options: Unpack[OrderOptions],
    ) -> Order | None:
        """Send an order."""

    def add_order_list(self, symbol: str, contingency: Contingency, *legs: Leg) -> tuple[Order, ...] | None:
        """Send orders that depend on each other."""

    def cancel(self, symbol: str, order_id: int) -> None:
        """Cancel an order."""

    def amend(self, order_id: int, price: float | None = ..., quantity: float | None = ...) -> bool:
        """Change an order."""

    def net(self, symbol: str) -> float:
        """What is held."""

    def trading_state(self, symbol: str = ...) -> TradingState:
        """What may be sent."""

    def position(self, symbol: str) -> Position:
        """What is held, and what was made of it."""

    def open_orders(self, symbol: str) -> list[Order]:
        """Orders that may still execute."""

    def unfilled(self, symbol: str) -> Unfilled:
        """What may still execute."""

    def history(self, symbol: str, stream: str, n: int) -> list[Kline]:
        """Closed bars."""

    def unsubscribe(self, stream: str) -> None:
        """Give a subscription up."""

    def product(self, symbol: str) -> Product:
        """The symbol's rules; LookupError before its subscription was confirmed."""

    def refuse(self, error: LocalProtocolError) -> None:
        """Log an error and tell `Context.on_error`."""


class Subscription:
    """A symbol's rules and position, and the phases of its day: what `Session.subscribe` returns."""

    def __init__(self, trader: Trader, symbol: str, stream: str) -> None:
        self._trader = trader
        self.symbol = symbol
        self.stream = stream
        """With the symbol, such as ``btcusdt@depth``."""
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
    def is_spot(self) -> bool:
        """Whether it trades assets: orders have the spot market's words and options."""
        return self._product.is_spot

    @property
    def base_asset(self) -> str:
        """What is bought and sold, such as ``BTC``."""
        return self._product.view.base_asset

    @property
    def quote_asset(self) -> str:
        """What is paid with, such as ``USDT``."""
        return self._product.view.quote_asset

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

    def floor_to_lot_size(self, vol: float) -> float:
        """The largest multiple of `lot` that is not above; ``0.3 - 0.1`` counts as 0.2."""
        return float(self._product.floor_qty(vol))

    def round_price(self, price: float) -> float:
        """The nearest multiple of `tick_size`."""
        return float(self._product.round_price(price))

    def tick_up(self, price: float, n: int = 1) -> float:
        """The price ``n`` ticks higher, to the nearest tick."""
        return float(self._product.round_price(price, ticks=n))

    def tick_dn(self, price: float, n: int = 1) -> float:
        """The price ``n`` ticks lower, to the nearest tick."""
        return self.tick_up(price, -n)

    # Phases ---------------------------------------------------------------------------------------------------------

    def add_phase(self, hour: int, minute: int, second: int, phase: Phase) -> None:
        """From this time of day (UTC+8) on it is ``phase``, until the next one begins."""
        self._phases.add_phase(hour, minute, second, phase)

    def determine(self, mills: int) -> Phase:
        """The phase at a Unix time in ms; UNDEF until one was added."""
        return self._phases.determine(mills)

    # Position -------------------------------------------------------------------------------------------------------

    @property
    def net(self) -> float:
        """What this session holds of the symbol; negative when short. On spot it is what can be sold."""
        return self._trader.net(self.symbol)

    @property
    def trading_state(self) -> TradingState:
        """What this session may send: ACTIVE everything, REDUCING what reduces `net`, HALTED only cancels."""
        return self._trader.trading_state(self.symbol)

    @property
    def _product(self) -> Product:
        return self._trader.product(self.symbol)
