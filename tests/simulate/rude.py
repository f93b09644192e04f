"""Neighbours of a strategy at the gateway's port: they send garbage, flood, or claim a session that has an owner."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable

from tests.simulate.strategy import Link
from tests.simulate.world import World, ms

__all__ = ["RudeClient"]

_GARBAGE = (
    b"",
    b"{",
    b"\xff\xfe\x00",
    b"[]",
    b"null",
    b"1e999",
    b'{"id":1}',
    b'{"id":"x","method":"order","params":{}}',
    b'{"id":2,"method":"order","params":{"symbol":"dogeusdt"}}',
    b'{"id":3,"method":"login","params":{"session_id":-5,"name":"x","trading":true}}',
    b'{"id":4,"method":"login","params":{"session_id":1,"name":7,"trading":"yes"}}',
    b'{"id":5,"method":"cancel","params":{"client_order_id":"Tq3Xz1-1-VKr5bLo-2-1f-x0"}}',
    b'{"id":6,"method":"resolve","params":{"orders":[]}}',
    b'{"id":7,"method":"op.halt","params":{}}',
    b'{"id":18446744073709551616,"method":"get_positions","params":null}',
    b'{"id":8,"method":"no such thing","params":null}',
    b"[" * 500,
    b'{"id":9,"method":"get_positions","params":"' + b"x" * 20_000 + b'"}',
)
_FLOODS = (450, 450, 1_600)
"""A connection may send 400 at once, and is closed when it is told too often that it was too much."""


class RudeClient:
    """One connection, for a few seconds."""

    def __init__(self, world: World, session: int, counts: Counter[str]) -> None:
        self.session = session
        self._world = world
        self._counts = counts
        self._link: Link | None = None

    def come(self, connect: Callable[[RudeClient], Link | None]) -> None:
        """Connect, be rude, and leave."""
        self._link = connect(self)
        if self._link is None:
            return
        self._world.rng.choice((self._send_garbage, self._flood, self._claim))()
        self._world.after(ms(self._world.rng.uniform(50, 2_500)), self._leave)

    def received(self, data: bytes) -> None:
        """Only whether a session was given is of interest."""
        if b'"login"' in data and b'"result"' in data and b'"trading":true' in data:
            self._counts["sessions that another client got"] += 1

    def closed(self) -> None:
        self._counts["rude clients shut out"] += self._link is not None
        self._link = None

    def _send_garbage(self) -> None:
        self._counts["clients that sent garbage"] += 1
        for _ in range(self._world.rng.randint(1, 30)):
            self._send(self._world.rng.choice(_GARBAGE))

    def _flood(self) -> None:
        self._counts["clients that flooded"] += 1
        self._login(trading=False)
        for number in range(self._world.rng.choice(_FLOODS)):
            self._ask(number + 2, "get_positions", None)

    def _claim(self) -> None:
        self._counts["sessions claimed by another client"] += 1
        self._login(trading=True)

    def _login(self, *, trading: bool) -> None:
        instance = f"{self._world.rng.getrandbits(64):x}"
        self._ask(1, "login", {"session_id": self.session, "name": "rude", "trading": trading, "instance": instance})

    def _ask(self, number: int, method: str, params: object) -> None:
        self._send(json.dumps({"id": number, "method": method, "params": params}).encode())

    def _send(self, data: bytes) -> None:
        if self._link is not None:
            self._link.send(data)

    def _leave(self) -> None:
        link, self._link = self._link, None
        if link is not None:
            link.lose()
