"""The yardstick: the same hops with nothing but picows, msgspec and uvloop.

A relay subscribes to the exchange, decodes every depth update, encodes a shorter one and sends it to its client; the
client decodes it and sends an order, which the relay decodes, encodes as the exchange wants it and sends on. No
checks, no ids, no journal, no books: what it measures is the cost of the hops alone.

``python -m benchmarks.bare relay URL`` prints the port it listens on; ``… client PORT TICKS`` prints when it saw what.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

import msgspec
import picows
import uvloop
from msgspec import Struct
from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest

from benchmarks.exchange import SYMBOL, tick_of

Levels = list[tuple[str, str]]


class DepthUpdate(Struct):
    """What of the exchange's depth update is passed on."""

    event_ms: int = msgspec.field(name="E")
    symbol: str = msgspec.field(name="s")
    bids: Levels = msgspec.field(name="b")
    asks: Levels = msgspec.field(name="a")


class Wrapped(Struct):
    """The envelope of a combined stream."""

    stream: str
    data: DepthUpdate


class Tick(Struct):
    """Relay to client."""

    symbol: str
    time: int
    bids: Levels
    asks: Levels


class Order(Struct):
    """Client to relay."""

    id: int
    symbol: str
    side: str
    price: str
    quantity: str


_wrapped = msgspec.json.Decoder(Wrapped)
_tick = msgspec.json.Decoder(Tick)
_order = msgspec.json.Decoder(Order)
_encode = msgspec.json.Encoder().encode


class MarketSide(WSListener):
    """The relay's connection to the exchange's market data."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay

    def on_ws_connected(self, transport: WSTransport) -> None:
        request = {"method": "SUBSCRIBE", "params": [f"{SYMBOL.lower()}@depth20"], "id": 1}
        transport.send(WSMsgType.TEXT, _encode(request))

    def on_ws_frame(self, _transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type is not WSMsgType.TEXT:
            return
        payload = frame.get_payload_as_memoryview()
        if bytes(payload[2:8]) != b"stream":
            return
        update = _wrapped.decode(payload).data
        if self._relay.client is not None:
            tick = Tick(update.symbol.lower(), update.event_ms, update.bids, update.asks)
            self._relay.client.send(WSMsgType.TEXT, _encode(tick))


class OrderSide(WSListener):
    """The relay's connection to the exchange's order channel; replies are dropped."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._relay.orders = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """What became of an order is nothing the yardstick wants to know."""


class ClientSide(WSListener):
    """The relay's connection to its client."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._relay.client = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type is not WSMsgType.TEXT:
            transport.disconnect()
            return
        order = _order.decode(frame.get_payload_as_memoryview())
        params = {
            "symbol": order.symbol.upper(),
            "side": order.side,
            "type": "LIMIT",
            "timeInForce": "IOC",
            "quantity": order.quantity,
            "price": order.price,
            "newClientOrderId": f"bare-{order.id}",
            "timestamp": time.time_ns() // 1_000_000,
        }
        assert self._relay.orders is not None
        call = {"id": order.id, "method": "order.place", "params": params}
        self._relay.orders.send(WSMsgType.TEXT, _encode(call))

    def on_ws_disconnected(self, _transport: WSTransport) -> None:
        self._relay.done.set_result(None)


class Relay:
    """What the three connections share."""

    def __init__(self) -> None:
        self.client: WSTransport | None = None
        self.orders: WSTransport | None = None
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()


async def relay(url: str) -> None:
    """Serve one client, until it leaves."""
    shared = Relay()

    def accept(_request: WSUpgradeRequest) -> WSListener:
        return ClientSide(shared)

    await picows.ws_connect(lambda: OrderSide(shared), f"{url}/ws-fapi/v1")
    server = await picows.ws_create_server(accept, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await picows.ws_connect(lambda: MarketSide(shared), f"{url}/public/stream")
    await shared.done
    server.close()


class Client(WSListener):
    """Sends an order back for every tick, and notes when it saw it."""

    def __init__(self, ticks: int) -> None:
        self.seen_ns: dict[int, int] = {}
        self._ticks = ticks

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type is not WSMsgType.TEXT:
            return
        update = _tick.decode(frame.get_payload_as_memoryview())
        now_ns = time.monotonic_ns()
        best = update.bids[0][0]
        order = Order(len(self.seen_ns), update.symbol, "BUY", best, "0.001")
        transport.send(WSMsgType.TEXT, _encode(order))
        self.seen_ns[tick_of(best)] = now_ns
        if len(self.seen_ns) == self._ticks:
            transport.disconnect()


async def client(port: int, ticks: int) -> None:
    """Take part in ``ticks`` ticks and print them."""
    listener = Client(ticks)
    transport, _ = await picows.ws_connect(lambda: listener, f"ws://127.0.0.1:{port}/")
    print("ready", flush=True)
    await transport.wait_disconnected()
    print(json.dumps(listener.seen_ns), flush=True)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["relay", url]:
            uvloop.run(relay(url))
        case ["client", port, ticks]:
            uvloop.run(client(int(port), int(ticks)))
        case _:
            sys.exit(__doc__)
