"""An exchange in a box on real sockets, in a thread of its own, that can be made to answer wrongly."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from tradingsys.net.clock import SystemClock
from tradingsys.net.loop import new_event_loop
from tradingsys.sim import server
from tradingsys.sim.faces.binance_usdm import ApiKey
from tradingsys.sim.faces.transport import Reply, Request, WsOutput
from tradingsys.sim.simulator import Simulator
from tradingsys.venues.auth import HmacSigner, Verifier

__all__ = ["Box", "running_box"]


class _Answering(Simulator):
    """Answers some paths as told, others as ever."""

    answers: Mapping[str, object] = {}

    def http(self, request: Request, now_ns: int) -> tuple[Reply, list[WsOutput]]:
        if request.path not in self.answers:
            return super().http(request, now_ns)
        answer = self.answers[request.path]
        if isinstance(answer, Reply):
            return answer, []
        return Reply(200, json.dumps(answer).encode(), {"Content-Type": "application/json"}), []


class _ShiftedClock(SystemClock):
    def __init__(self, ahead_s: float) -> None:
        self._ahead_ns = int(ahead_s * 1e9)

    def wall_ns(self) -> int:
        return super().wall_ns() + self._ahead_ns


class Box:
    """A running box."""

    def __init__(self, running: server.SimServer, loop: asyncio.AbstractEventLoop) -> None:
        self.urls = running.urls
        self._running, self._loop = running, loop

    def config(self, folder: Path, **changes: Any) -> Path:
        """A gateway's configuration that reaches this box; a change to None leaves a key out."""
        urls = {"rest": self.urls.rest, "ws_api": self.urls.ws_api, "streams": self.urls.streams}
        known = {"apikey": "key", "secret": "secret", "local": "ws://localhost:18217", "environment": "sim"}
        config = {**known, "urls": {**urls, **changes.pop("urls", {})}, **changes}
        path = folder / "usdt.json"
        path.write_text(json.dumps({key: value for key, value in config.items() if value is not None}))
        path.chmod(0o600)
        return path

    def drop_everybody(self) -> None:
        """Cut every websocket."""

        async def drop() -> None:
            for conn in list(self._running._connections.values()):
                conn.abort()

        asyncio.run_coroutine_threadsafe(drop(), self._loop).result(10)


@contextlib.contextmanager
def running_box(
    *,
    ahead_s: float = 0.0,
    answers: Mapping[str, object] | None = None,
    verifier: Verifier | None = None,
    flow: Any = None,
    rights: Mapping[str, bool] | None = None,
) -> Iterator[Box]:
    """A box that knows the API key ``key``, with the secret ``secret`` unless a verifier is given."""

    def make(now_ns: int) -> Simulator:
        key = ApiKey("key", "main", verifier or HmacSigner("secret"), **(rights or {}))
        box = _Answering(now_ns=now_ns, accounts={"main": {"USDT": Decimal(1000)}}, keys=[key], flow=flow)
        box.answers = answers or {}
        return box

    loop = new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        started = asyncio.run_coroutine_threadsafe(server.start(make, port=0, clock=_ShiftedClock(ahead_s)), loop)
        running = started.result(30)
        try:
            yield Box(running, loop)
        finally:
            asyncio.run_coroutine_threadsafe(running.close(), loop).result(30)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
