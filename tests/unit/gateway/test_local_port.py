"""The port that takes orders: who may knock, and who must leave when there is no room."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from tradingsys.core.errors import TransportError
from tradingsys.gateway import local_port
from tradingsys.gateway.local_port import WsPeer, open_local_port
from tradingsys.net import ws
from tradingsys.net.loop import run


class Events:
    """Knows everybody who said anything."""

    def __init__(self) -> None:
        self.known: list[WsPeer] = []
        self.frames: list[bytes] = []
        self.open = 0

    def peer_opened(self, peer: WsPeer) -> None:
        self.open += 1

    def peer_frame(self, peer: WsPeer, data: bytes) -> None:
        self.known.append(peer)
        self.frames.append(data)
        peer.write(b"welcome")

    def peer_heard(self, peer: WsPeer) -> None:
        pass

    def peer_closed(self, peer: WsPeer) -> None:
        self.open -= 1

    def is_stranger(self, peer: WsPeer) -> bool:
        return peer not in self.known


class Strategy:
    def __init__(self) -> None:
        self.heard = asyncio.Event()
        self.gone = asyncio.Event()

    def opened(self, conn: ws.Connection) -> None:
        pass

    def frame(self, data: bytes, is_text: bool) -> None:
        self.heard.set()

    def closed(self, reason: str) -> None:
        self.gone.set()


@contextlib.asynccontextmanager
async def listening(events: Events) -> AsyncIterator[int]:
    server = await open_local_port("localhost", 0, events)
    try:
        yield server.port
    finally:
        await server.close()


async def knock(port: int, *headers: str, path: str = "/") -> str:
    """The status line of the answer to a handshake that is right but for these headers."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
    usual = ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", key)
    writer.write("\r\n".join([f"GET {path} HTTP/1.1", *usual, *headers, "", ""]).encode())
    async with asyncio.timeout(5):
        answer = (await reader.readline()).decode()
    writer.close()
    return answer.split()[1]


@pytest.mark.parametrize("host", ["localhost:{port}", "127.0.0.1:{port}", "[::1]:{port}", "LOCALHOST", "localhost"])
def test_programs_on_this_machine_may_connect(host: str) -> None:
    async def main() -> None:
        async with listening(Events()) as port:
            assert await knock(port, "Host: " + host.format(port=port)) == "101"

    run(main())


@pytest.mark.parametrize(
    "headers",
    [
        ("Host: localhost", "Origin: null"),
        ("Host: localhost", "Origin: http://localhost:8111"),
        ("Host: localhost", "Origin: https://somewhere.example"),
        ("Host: somewhere.example",),
        ("Host: localhost.somewhere.example",),
        ("Host: somewhere@localhost",),
        ("Host: localhost", "Host: somewhere.example"),
        ("Host: [",),
        ("Host:",),
        (),
    ],
)
def test_browsers_and_foreign_names_are_turned_away(headers: tuple[str, ...]) -> None:
    async def main() -> None:
        async with listening(Events()) as port:
            assert await knock(port, *headers) == "403"

    run(main())


@pytest.mark.parametrize("path", ["/x", "//", "/?token=x"])
def test_there_is_one_path(path: str) -> None:
    async def main() -> None:
        async with listening(Events()) as port:
            assert await knock(port, "Host: localhost", path=path) == "404"

    run(main())


def test_a_full_port_makes_room_for_strategies_but_not_at_their_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_port, "_MAX_CONNECTIONS", 3)

    async def main() -> None:
        events = Events()
        async with listening(events) as port, asyncio.timeout(10):
            url = f"ws://localhost:{port}"
            early, *silent = [Strategy() for _ in range(3)]
            conn = await ws.connect(url, early)
            conn.send(b"token")
            await early.heard.wait()
            for stranger in silent:
                await ws.connect(url, stranger)
            for stranger in silent:
                newcomer = Strategy()
                conn = await ws.connect(url, newcomer)
                conn.send(b"token")
                await newcomer.heard.wait()
                await stranger.gone.wait()
            with pytest.raises(TransportError, match="503"):
                await ws.connect(url, Strategy())
            assert not early.gone.is_set() and events.open == 3
            conn.close()
            while events.open == 3:
                await asyncio.sleep(0.001)
            await ws.connect(url, Strategy())

    run(main())


def test_a_binary_message_is_no_request() -> None:
    async def main() -> None:
        events = Events()
        async with listening(events) as port, asyncio.timeout(10):
            strategy = Strategy()
            conn = await ws.connect(f"ws://localhost:{port}", strategy)
            conn.send_binary(b'{"id":1,"method":"get_products"}')
            await strategy.heard.wait()
            assert events.frames == [b""]

    run(main())
