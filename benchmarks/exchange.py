"""An exchange that ticks, waits for the order the tick provokes, and notes when each left and arrived.

Every chain is measured against this one, in the same process, so that the two ends cost each of them the same. A tick
is a depth update whose best bid price names it; a chain's client sends an order at that price back.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable
from decimal import Decimal

import msgspec
from msgspec import Struct

from tradingsys.core.market import Depth
from tradingsys.net import ws
from tradingsys.venues.binance import messages
from tradingsys.venues.binance.encode import combined
from tradingsys.venues.binance.encode_market import depth_update

__all__ = ["SYMBOL", "Exchange", "price_of", "tick_of"]

SYMBOL = "BTCUSDT"
LEVELS = 20
FIRST_PRICE = Decimal(100_000)
STEP = Decimal("0.1")
ORDER_TIMEOUT_S = 2.0


def price_of(tick: int) -> str:
    """The best bid that names a tick."""
    return str(FIRST_PRICE + tick * STEP)


def tick_of(price: str) -> int:
    """The tick that a best bid names."""
    return int((Decimal(price) - FIRST_PRICE) / STEP)


class _WsApiParams(Struct, frozen=True):
    price: str | None = None


class _WsApiCall(Struct, frozen=True):
    id: int | str
    method: str
    params: _WsApiParams = _WsApiParams()


class Exchange:
    """Websockets on one port: ``/public…`` takes subscriptions and ticks, ``/ws-fapi…`` takes orders.

    ``answer`` makes the reply to a call on the order channel and may send other things; its time counts for nobody,
    because an order's arrival is noted before.
    """

    def __init__(self, answer: Callable[[ws.Connection, bytes], None]) -> None:
        self.answer = answer
        self.market: ws.Connection | None = None
        self.subscribed = asyncio.Event()
        self.tick_ns: dict[int, int] = {}
        self.order_ns: dict[int, int] = {}
        self._arrived = asyncio.Event()
        self._server: ws.Server | None = None

    async def start(self) -> int:
        """Listen on a free port of this machine, and say which."""
        self._server = await ws.serve("127.0.0.1", 0, self.accept)
        return self._server.port

    async def stop(self) -> None:
        """Hang up."""
        if self._server is not None:
            await self._server.close()

    def accept(self, request: ws.UpgradeRequest) -> ws.WsHandler | ws.Accept | ws.Refuse:
        """Who asks for which channel."""
        if request.path.startswith("/public"):
            return _MarketChannel(self)
        if request.path.startswith("/ws-fapi"):
            return _OrderChannel(self)
        return ws.Refuse(404)

    async def run(self, ticks: int, pause_s: float, first: int = 1) -> None:
        """Tick, wait for the order, pause; ``ticks`` times, from the ``first`` on.

        Raises TimeoutError when an order does not come.
        """
        assert self.market is not None
        gc.collect()
        gc.disable()
        try:
            for tick in range(first, first + ticks):
                self._arrived.clear()
                frame = _tick_frame(tick)
                self.tick_ns[tick] = time.monotonic_ns()
                self.market.send(frame)
                async with asyncio.timeout(ORDER_TIMEOUT_S):
                    await self._arrived.wait()
                await asyncio.sleep(pause_s)
        finally:
            gc.enable()

    def order_arrived(self, data: bytes) -> None:
        """Note the time of an order; anything else on the order channel is only answered."""
        now_ns = time.monotonic_ns()
        call = _CALL.decode(data)
        if call.method == "order.place" and call.params.price is not None:
            self.order_ns[tick_of(call.params.price)] = now_ns
            self._arrived.set()


_CALL = msgspec.json.Decoder(_WsApiCall)


class _MarketChannel:
    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._conn: ws.Connection | None = None

    def opened(self, conn: ws.Connection) -> None:
        self._conn = self._exchange.market = conn

    def frame(self, data: bytes, _is_text: bool) -> None:
        assert self._conn is not None
        request = msgspec.json.decode(data, type=messages.ControlRequest)
        self._conn.send(msgspec.json.encode(messages.ControlReply(result=None, id=request.id)))
        if request.method == "SUBSCRIBE":
            self._exchange.subscribed.set()

    def closed(self, _reason: str) -> None:
        self._exchange.market = None


class _OrderChannel:
    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._conn: ws.Connection | None = None

    def opened(self, conn: ws.Connection) -> None:
        self._conn = conn

    def frame(self, data: bytes, _is_text: bool) -> None:
        assert self._conn is not None
        self._exchange.order_arrived(data)
        self._exchange.answer(self._conn, data)

    def closed(self, _reason: str) -> None:
        self._conn = None


def _tick_frame(tick: int) -> bytes:
    best = Decimal(price_of(tick))
    now_ms = time.time_ns() // 1_000_000
    depth = Depth(
        symbol=SYMBOL,
        ts_event_ms=now_ms,
        bids=[(str(best - level * STEP), "1.500") for level in range(LEVELS)],
        asks=[(str(best + (level + 1) * STEP), "2.250") for level in range(LEVELS)],
        update_id=tick * 10,
    )
    message = depth_update(depth, first_id=tick * 10 - 9, previous_id=tick * 10 - 10)
    return combined(f"{SYMBOL.lower()}@depth20", message)
