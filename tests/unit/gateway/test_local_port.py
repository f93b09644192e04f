"""The port that takes orders: who may knock, and who must leave when there is no room."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import warnings
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from ssl import PROTOCOL_TLS_CLIENT, SSLContext, TLSVersion

import pytest

from tests.unit.gateway.certificates import Authority
from tradingsys.core.errors import TransportError
from tradingsys.gateway.clients import local_port
from tradingsys.gateway.clients.local_port import RemoteDoor, WsPeer, open_local_port
from tradingsys.net import ws
from tradingsys.net.loop import run
from tradingsys.net.tls import client_context, server_context


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


async def knock(
    port: int, *headers: str, path: str = "/", host: str = "127.0.0.1", ssl: SSLContext | None = None
) -> str:
    """The status line of the answer to a handshake that is right but for these headers."""
    reader, writer = await asyncio.open_connection(host, port, ssl=ssl)
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


@pytest.fixture
def remote(tmp_path: Path) -> Iterator[Authority]:
    """Another address of this machine, for what comes from others; only Linux has one without being told."""
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.2", 0))
        except OSError:
            pytest.skip("127.0.0.2 cannot be listened on here")
    yield Authority(tmp_path)


def door(authority: Authority, clients: Path | None = None) -> RemoteDoor:
    context = server_context(*authority.issue("gateway", "127.0.0.2"), clients)
    return RemoteDoor("127.0.0.2", context, frozenset({"127.0.0.2", "gateway.example", "*.example.com"}))


async def greeted(url: str, ssl: SSLContext | None = None) -> bool:
    strategy = Strategy()
    conn = await ws.connect(url, strategy, ssl=ssl, timeout_s=5)
    conn.send(b"token")
    done, _ = await asyncio.wait(
        [asyncio.ensure_future(strategy.heard.wait()), asyncio.ensure_future(strategy.gone.wait())],
        return_when=asyncio.FIRST_COMPLETED,
        timeout=10,
    )
    conn.close()
    return bool(done) and strategy.heard.is_set()


def test_other_machines_come_by_tls_and_this_one_as_ever(remote: Authority) -> None:
    async def main() -> None:
        port = await open_local_port("127.0.0.1", 0, Events(), door(remote))
        try:
            assert await greeted(f"ws://127.0.0.1:{port.port}")
            trusting = client_context(remote.certificate)
            assert trusting.minimum_version >= TLSVersion.TLSv1_3
            assert await greeted(f"wss://127.0.0.2:{port.port}", trusting)
            assert await greeted(f"wss://127.0.0.2:{port.port}", client_context(remote.folder / "gateway.pem"))
            for url, ssl in (
                (f"ws://127.0.0.2:{port.port}", None),
                (f"wss://127.0.0.2:{port.port}", client_context()),
                (f"wss://127.0.0.1:{port.port}", trusting),
            ):
                with pytest.raises(TransportError):
                    await greeted(url, ssl)
        finally:
            await port.close()

    run(main())


@pytest.mark.parametrize(
    ("host", "status"),
    [("Gateway.example", "101"), ("gw.example.com", "101"), ("example.com", "403"), ("a.gw.example.com", "403")],
)
def test_a_gateway_may_be_called_what_its_certificate_says(remote: Authority, host: str, status: str) -> None:
    async def main() -> None:
        port = await open_local_port("127.0.0.1", 0, Events(), door(remote))
        try:
            trusting = client_context(remote.certificate)
            assert await knock(port.port, f"Host: {host}", host="127.0.0.2", ssl=trusting) == status
        finally:
            await port.close()

    run(main())


def test_a_stranger_without_a_certificate_stays_outside_where_one_is_wanted(remote: Authority) -> None:
    (remote.folder / "others").mkdir()
    others = Authority(remote.folder / "others")

    async def main() -> None:
        port = await open_local_port("127.0.0.1", 0, Events(), door(remote, remote.certificate))
        url = f"wss://127.0.0.2:{port.port}"
        try:
            assert await greeted(url, client_context(remote.certificate, *remote.issue("strategy")))
            for shown in ((), others.issue("strategy")):
                with contextlib.suppress(TransportError):
                    assert not await greeted(url, client_context(remote.certificate, *shown))
        finally:
            await port.close()

    run(main())


@pytest.mark.parametrize("version", [TLSVersion.TLSv1, TLSVersion.TLSv1_1, TLSVersion.TLSv1_2, TLSVersion.TLSv1_3])
def test_old_tls_is_not_spoken(remote: Authority, version: TLSVersion) -> None:
    context = SSLContext(PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(remote.certificate)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = version

    async def main() -> None:
        port = await open_local_port("127.0.0.1", 0, Events(), door(remote))
        try:
            if version >= TLSVersion.TLSv1_3:
                assert await knock(port.port, "Host: gateway.example", host="127.0.0.2", ssl=context) == "101"
            else:
                with pytest.raises(OSError):
                    await knock(port.port, "Host: gateway.example", host="127.0.0.2", ssl=context)
        finally:
            await port.close()

    run(main())


def test_browsers_are_turned_away_at_both_doors(remote: Authority) -> None:
    async def main() -> None:
        port = await open_local_port("127.0.0.1", 0, Events(), door(remote))
        try:
            for headers, status in (
                (("Host: gateway.example",), "101"),
                (("Host: gateway.example", "Origin: https://gateway.example"), "403"),
                (("Host: localhost",), "403"),
                (("Host: somewhere.example",), "403"),
            ):
                assert (
                    await knock(port.port, *headers, host="127.0.0.2", ssl=client_context(remote.certificate)) == status
                )
        finally:
            await port.close()

    run(main())
