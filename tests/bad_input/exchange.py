"""Exchanges in boxes, on real sockets, each of which can be made to answer what it should not."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import Callable, Coroutine, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import structs

from tests.process.world import free_port
from tradingsys.core.enums import OrderType, Side
from tradingsys.gateway.configuration.session_config import UNLIMITED
from tradingsys.net import ws
from tradingsys.net.clock import SystemClock
from tradingsys.net.loop import new_event_loop
from tradingsys.sim import server
from tradingsys.sim.events import NewOrder
from tradingsys.sim.faces.binance_usdm import ApiKey
from tradingsys.sim.faces.transport import Reply, Request, WsOutput, WsSend
from tradingsys.sim.simulator import Product, Simulator
from tradingsys.venues.auth import HmacSigner, Verifier

__all__ = ["ACCOUNT", "SEGMENTS", "SYMBOL", "Exchange", "Loop", "error", "html", "running_loop"]

ACCOUNT, SYMBOL = "main", "DOGEUSDT"
SEGMENTS = {"usdt": Product.FUTURES, "spot": Product.SPOT, "margin": Product.SPOT}
"""Where the accounts trade, by the names of their configurations."""
API_KEY, SECRET = "the-api-key", "the-secret"
Json = dict[str, Any]
OnRequest = Callable[[Request], Reply | None]
OnFrame = Callable[[Json], bytes | None]
OnSend = Callable[[bytes], bytes | None]

T = TypeVar("T")


def error(status: int, code: int, message: str, headers: dict[str, str] | None = None) -> Reply:
    """A refusal in the exchange's own form."""
    return Reply(status, json.dumps({"code": code, "msg": message}).encode(), headers or {})


def html(status: int, text: str) -> Reply:
    """What stands between us and the exchange says."""
    return Reply(status, f"<html><body><h1>{text}</h1></body></html>".encode(), {"Content-Type": "text/html"})


class _Box(Simulator):
    """Asks its owner about everything that comes in and goes out."""

    on_request: OnRequest = staticmethod(lambda request: None)
    """Answers a request instead of the exchange."""
    on_frame: OnFrame = staticmethod(lambda frame: None)
    """Answers a request on the order connection instead of the exchange; an empty answer is none at all."""
    on_reply: Callable[[Request, Reply], Reply] = staticmethod(lambda request, reply: reply)
    on_send: OnSend = staticmethod(lambda data: data)
    """Changes a frame on its way out, or loses it."""

    def http(self, request: Request, now_ns: int) -> tuple[Reply, list[WsOutput]]:
        if request.path.startswith("/admin/"):
            reply, outputs = super().http(request, now_ns)
            return reply, self._out(outputs)
        instead = self.on_request(request)
        if instead is not None:
            return instead, []
        reply, outputs = super().http(request, now_ns)
        return self.on_reply(request, reply), self._out(outputs)

    def ws_frame(self, conn_id: int, data: bytes, now_ns: int) -> list[WsOutput]:
        instead = self.on_frame(json.loads(data))
        if instead is not None:
            return [WsSend(conn_id, instead)] if instead else []
        return self._out(super().ws_frame(conn_id, data, now_ns))

    def tick(self, now_ns: int) -> list[WsOutput]:
        return self._out(super().tick(now_ns))

    def ws_open(self, conn_id: int, target: str, now_ns: int, product: Product = Product.FUTURES) -> list[WsOutput]:
        return self._out(super().ws_open(conn_id, target, now_ns, product))

    def _out(self, outputs: list[WsOutput]) -> list[WsOutput]:
        changed: list[WsOutput] = []
        for output in outputs:
            if isinstance(output, WsSend):
                data = self.on_send(output.data)
                if data is not None:
                    changed.append(structs.replace(output, data=data))
            else:
                changed.append(output)
        return changed


class _ShiftedClock(SystemClock):
    def __init__(self, ahead_s: float) -> None:
        self._ahead_ns = int(ahead_s * 1e9)

    def wall_ns(self) -> int:
        return super().wall_ns() + self._ahead_ns


class Exchange:
    """A running box that knows one API key."""

    def __init__(self, loop: Loop, running: server.SimServer, box: _Box) -> None:
        self._loop, self._running, self.box = loop, running, box
        self.urls = running.urls

    def config(self, folder: Path, account: str = "usdt", **changes: Any) -> Path:
        """The configuration of an account's gateway that reaches this box; a change to None leaves a key out.

        Without limits, unless they are a change: they would keep from the exchange what it is to be told, such as the
        same order again and again, before there is any price.
        """
        urls = {"rest": self.urls.rest, "ws_api": self.urls.ws_api, "streams": self.urls.streams}
        if account != "usdt":
            urls |= {"ws_api": self.urls.spot_ws_api, "streams": self.urls.spot_streams}
        known = {
            "apikey": API_KEY,
            "secret": SECRET,
            "local": f"ws://localhost:{free_port()}",
            "environment": "sim",
            "recv_window_ms": 500,
            "margin": True if account == "margin" else None,
            "limits": msgspec.to_builtins(UNLIMITED),
        }
        changed = changes.pop("urls", {})
        config = {**known, "urls": {**urls, **changed} if isinstance(changed, dict) else changed, **changes}
        path = folder / f"{account}.json"
        path.write_text(json.dumps({key: value for key, value in config.items() if value is not None}))
        path.chmod(0o600)
        return path

    def do(self, act: Callable[[_Box], T]) -> T:
        """Something with the box, between two of its own events."""

        async def done() -> T:
            return act(self.box)

        return self._loop.run(done())

    def house(self, side: Side, qty: int, price: str, product: Product = Product.FUTURES) -> None:
        """An order of somebody else's, to trade with."""

        async def place() -> None:
            order = NewOrder("house", SYMBOL, side, OrderType.LIMIT, Decimal(qty), Decimal(price))
            _, outputs = self.box.place(order, self._running._clock.now_ns(), product)
            self._running._perform(self.box._out(outputs))

        self._loop.run(place())

    def admin(self, what: str, body: object = None) -> Any:
        """Ask the operator's window, or tell it something."""

        async def call() -> Any:
            method, data = ("GET", b"") if body is None else ("POST", json.dumps(body).encode())
            path, _, query = what.partition("?")
            reply, outputs = self.box.http(
                Request(method, f"/admin/{path}", query.encode(), body=data), self._running._clock.now_ns()
            )
            self._running._perform(outputs)
            assert reply.status == 200, reply.body
            return json.loads(reply.body)

        return self._loop.run(call())

    def drop_everybody(self) -> None:
        """Cut every websocket, of whichever product."""

        async def drop() -> None:
            for conn in list(self._running._connections.values()):
                conn.abort()

        self._loop.run(drop())

    def close(self) -> None:
        self._loop.run(self._running.close())


class Loop:
    """One event loop in a thread of its own, for all boxes and connections of the tests."""

    def __init__(self) -> None:
        self.loop = new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever)
        self._thread.start()
        self._exchanges: list[Exchange] = []
        self.connections: list[ws.Connection] = []
        """Cut when the loop ends."""

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """What ``work`` returns."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    def exchange(self, *, ahead_s: float = 0.0, verifier: Verifier | None = None, **key: Any) -> Exchange:
        """A new box; ``key`` are the rights of its API key, whose signatures ``verifier`` checks if there is one."""

        def make(now_ns: int) -> _Box:
            known = ApiKey(API_KEY, ACCOUNT, verifier or HmacSigner(SECRET), **key)
            accounts = {ACCOUNT: {"USDT": Decimal(1_000_000)}}
            spot = {ACCOUNT: {"USDT": Decimal(1_000_000), "DOGE": Decimal(100_000)}}
            box = _Box(
                now_ns=now_ns,
                accounts=accounts,
                keys=[known],
                flow=None,
                orders_per_minute=60_000,
                spot_accounts=spot,
            )
            for segment in (box.exchange, box.spot_exchange):
                segment.open_account("house", {}, is_house=True)
            return box

        running = self.run(server.start(make, port=0, clock=_ShiftedClock(ahead_s)))
        assert isinstance(running.simulator, _Box)
        exchange = Exchange(self, running, running.simulator)
        self._exchanges.append(exchange)
        return exchange

    def close(self) -> None:
        async def cut() -> None:
            for conn in self.connections:
                conn.abort()
            await asyncio.sleep(0.1)

        for exchange in self._exchanges:
            exchange.close()
        self.run(cut())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


@contextlib.contextmanager
def running_loop() -> Iterator[Loop]:
    loop = Loop()
    try:
        yield loop
    finally:
        loop.close()
