"""The demonstration's story: start everything, watch, stop everything, compare."""

from __future__ import annotations

import asyncio
import socket
import time
from pathlib import Path

import msgspec

from tradingsys.cli.demo.books import read_books
from tradingsys.cli.demo.children import Child, Children
from tradingsys.cli.demo.exchange_reader import ExchangeReader
from tradingsys.cli.demo.gateway_client import cancel_open_orders, connected
from tradingsys.cli.demo.reckoning import Reckoning, reckon
from tradingsys.cli.demo.scene import Fact, Scene, SessionScene
from tradingsys.cli.demo.view import View
from tradingsys.core.ids import EXTERNAL
from tradingsys.wire.messages import DepthPush, Push, StatusPush

__all__ = ["SYMBOL", "Story", "strategies"]

SYMBOL = "DOGEUSDT"
_WATCHER = 0
"""The view's own session; it does not trade."""
_START_S = 20.0
_SETTLE_S = 5.0
_FRAME_S = 0.05
_READ_EVERY_S = 0.5


def strategies() -> list[SessionScene]:
    """The programs under ``cli/strategies``, with the sessions they use."""
    return [
        SessionScene(1, "quote_and_kill", "quotes, kills if outpriced"),
        SessionScene(2, "momentum", "follows the last moves"),
        SessionScene(3, "mean_reversion", "trades against them"),
    ]


class Story:
    """One run, in a directory of its own."""

    def __init__(self, directory: Path, seconds: float, view: View) -> None:
        self._directory = directory
        self._view = view
        self._scene = Scene(SYMBOL.lower(), seconds, strategies())
        self._ready = asyncio.Event()
        self._listening: list[asyncio.Task[None]] = []

    async def run(self) -> Reckoning:
        """From nothing to the comparison. Raises ChildFailed when a process dies on the way."""
        async with Children(self._directory) as children:
            self._say("starting the exchange in a box")
            sim = await children.start("sim", "-m", "tradingsys", "sim", "--port=0", "--write-config=.", "--json")
            async with ExchangeReader(await sim.first_line(_START_S)) as exchange:
                return await self._trade_and_compare(children, exchange)

    async def _trade_and_compare(self, children: Children, exchange: ExchangeReader) -> Reckoning:
        self._say("starting the gateway")
        port = self._choose_port()
        gateway = await children.start("gateway", "-m", "tradingsys", "usdt", "-c=usdt.json", "-l=info")
        async with connected(port, _WATCHER, self._hear, give_up=children.check) as client:
            await client.request("subscribe", [f"{self._scene.symbol}@depth"], object)
            programs = [await self._start(children, each, port) for each in self._scene.sessions]
            await self._wait_until_ready(children)
            await self._watch(children, exchange)
        self._say("stopping the strategies")
        for program in programs:
            await program.stop()
        for each in self._scene.sessions:
            await cancel_open_orders(port, each.session, gateway.check)
        self._say("comparing the records")
        await self._settle(exchange)
        await gateway.stop()
        return await self._compare(exchange)

    async def _start(self, children: Children, each: SessionScene, port: int) -> Child:
        program = f"tradingsys.cli.strategies.{each.name}"
        child = await children.start(each.name, "-m", program, f"ws://localhost:{port}")
        self._listening.append(asyncio.get_running_loop().create_task(self._listen(child)))
        return child

    async def _listen(self, child: Child) -> None:
        async for line in child.lines():
            self._scene.facts.append(Fact(child.name, line))

    async def _wait_until_ready(self, children: Children) -> None:
        deadline = time.monotonic() + _START_S
        while not self._ready.is_set():
            children.check()
            if time.monotonic() > deadline:
                raise TimeoutError(f"not ready within {_START_S:.0f} s: {self._scene.status}")
            self._view.show(self._scene)
            await asyncio.sleep(_FRAME_S)

    async def _watch(self, children: Children, exchange: ExchangeReader) -> None:
        started = next_reading = time.monotonic()
        while self._scene.elapsed_s < self._scene.seconds:
            children.check()
            now = time.monotonic()
            if now >= next_reading:
                next_reading = now + _READ_EVERY_S
                await self._read(exchange)
            self._scene.elapsed_s = now - started
            self._view.show(self._scene)
            await asyncio.sleep(_FRAME_S)

    async def _read(self, exchange: ExchangeReader) -> None:
        scene = self._scene
        books = read_books(self._directory / "pos.db", self._numbers())
        for each in scene.sessions:
            each.net = books.nets.get((each.session, SYMBOL), each.net)
            each.fills = books.fills.get((each.session, SYMBOL), each.fills)
            each.orders = books.open_orders.get(each.session, each.orders)
        scene.external = books.nets.get((EXTERNAL, SYMBOL), scene.external)
        account = await exchange.account()
        scene.wallet = account.wallet
        scene.account_net = account.positions.get(SYMBOL, scene.account_net * 0)

    async def _settle(self, exchange: ExchangeReader) -> None:
        """Give what is under way the time to arrive; the comparison is made afterwards, whatever comes."""
        deadline = time.monotonic() + _SETTLE_S
        while not (await self._compare(exchange)).agrees and time.monotonic() < deadline:
            await asyncio.sleep(_FRAME_S)

    async def _compare(self, exchange: ExchangeReader) -> Reckoning:
        ledger, account = await exchange.executions(), await exchange.account()
        return reckon(read_books(self._directory / "pos.db", self._numbers()), ledger, account.positions)

    def _numbers(self) -> list[int]:
        return [each.session for each in self._scene.sessions]

    def _choose_port(self) -> int:
        """Point the configuration that the simulator wrote to a free port."""
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port: int = probe.getsockname()[1]
        path = self._directory / "usdt.json"
        config = msgspec.json.decode(path.read_bytes(), type=dict[str, object])
        config["local"] = f"ws://localhost:{port}"
        path.write_bytes(msgspec.json.encode(config))
        return port

    def _hear(self, push: Push) -> None:
        match push:
            case DepthPush():
                self._scene.book = push
            case StatusPush():
                self._scene.status = push.text or "trading"
                if push.ready and push.trading:
                    self._ready.set()
            case _:
                pass

    def _say(self, status: str) -> None:
        self._scene.status = status
        self._view.show(self._scene)
