"""Each bound of the port at its edge, over real sockets."""

from __future__ import annotations

import array
import asyncio
import contextlib
import fcntl
import socket
import sys
from collections.abc import Callable

import pytest

from tests.unit.gateway.certificates import Authority
from tests.unit.gateway.test_local_port import Events, Strategy, door, listening, remote
from tests.unit.net.ws_rig import masked, raw_client
from tradingsys.core.errors import TransportError
from tradingsys.gateway.clients import local_port
from tradingsys.gateway.clients.local_port import MAX_MESSAGE_BYTES, WsPeer, open_local_port
from tradingsys.net import ws, ws_connection
from tradingsys.net.loop import run

_SIOCOUTQ = 0x5411
__all__ = ["remote"]


class Host(Events):
    """Keeps the peer that came last."""

    def peer_opened(self, peer: WsPeer) -> None:
        super().peer_opened(peer)
        self.peer = peer


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.002)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what its buffers hold")
def test_a_reader_that_reads_nothing_costs_eight_mebibytes_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of what is written; what the gateway keeps of market data for it is counted in bytes of its own: 2.5 MiB."""
    monkeypatch.setattr(ws_connection, "CLOSING_S", 20.0)

    async def main() -> None:
        events = Host()
        async with listening(events) as port:
            sock = socket.create_connection(("127.0.0.1", port))
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
            key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
            lines = ("GET / HTTP/1.1", "Host: localhost", "Upgrade: websocket", "Connection: Upgrade", key)
            sock.sendall("\r\n".join([*lines, "Sec-WebSocket-Version: 13", "", ""]).encode())
            await until(lambda: events.open == 1)
            conn = events.peer._conn
            assert conn is not None
            transport = conn._transport.underlying_transport.get_extra_info("socket")
            worst = written = 0
            while conn.is_open:
                events.peer.write(b"x" * 10_000)
                written += 10_000
                in_kernel = array.array("i", [0])
                fcntl.ioctl(transport.fileno(), _SIOCOUTQ, in_kernel)
                worst = max(worst, conn.pending_bytes + in_kernel[0])
                assert written < 64 * 2**20
            assert transport.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) <= 2**20
            assert worst <= 3 * 2**20 + 20_000
            # It is told why, as soon as it reads.
            sock.settimeout(20)
            goodbye = (4008).to_bytes(2, "big") + b"too slow: reconnect and resume"

            def read_to_the_end() -> bytes:
                end = b""
                while not end.endswith(goodbye) and (chunk := sock.recv(2**20)):
                    end = (end + chunk)[-len(goodbye) :]
                return end

            assert await asyncio.to_thread(read_to_the_end) == goodbye
            sock.close()
            await until(lambda: events.open == 0)

    run(main())


@pytest.mark.parametrize("reads", [True, False])
def test_a_snapshot_of_any_size_can_be_read_and_what_follows_it_is_bounded_as_ever(reads: bool) -> None:
    size = 12 * 2**20

    async def main() -> None:
        events = Host()
        async with listening(events) as port, raw_client(port, "/", "localhost") as (reader, _):
            await until(lambda: events.open == 1)
            conn = events.peer._conn
            assert conn is not None
            events.peer.write(b"x" * size)
            assert conn.pending_bytes > 8 * 2**20, "the kernel took it all: nothing is tested"
            events.peer.write(b"status")
            if reads:
                head = await reader.readexactly(10)
                assert head == b"\x81\x7f" + size.to_bytes(8, "big")
                assert await reader.readexactly(size) == b"x" * size
                assert await reader.readexactly(8) == b"\x81\x06status"
                return
            for _ in range(2 + 300):  # one more snapshot is one too many, and so are three mebibytes of events
                events.peer.write(b"x" * 10_000)
            assert not conn.is_open and conn.pending_bytes < size + 3 * 2**20

    run(main())


def test_a_message_of_64_kib_is_taken_and_one_byte_more_is_not() -> None:
    async def main() -> None:
        events = Host()
        async with listening(events) as port:
            for size, is_taken in ((MAX_MESSAGE_BYTES, True), (MAX_MESSAGE_BYTES + 1, False)):
                strategy = Strategy()
                conn = await ws.connect(f"ws://localhost:{port}", strategy)
                conn.send(b"x" * size)
                await until(lambda strategy=strategy: strategy.heard.is_set() or strategy.gone.is_set())  # type: ignore[misc]
                assert strategy.heard.is_set() == is_taken
                conn.abort()
            assert [len(data) for data in events.frames] == [MAX_MESSAGE_BYTES]

    run(main())


def test_who_shows_no_token_has_to_leave_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_port, "_LOGIN_S", 0.2)

    async def main() -> None:
        events = Host()
        async with listening(events) as port, asyncio.timeout(20):
            known = Strategy()
            (await ws.connect(f"ws://localhost:{port}", known)).send(b"token")
            await known.heard.wait()
            async with raw_client(port, "/", "localhost") as (reader, _):
                frame = b"\x03\xe8no login within 0.2 s"
                assert await reader.readexactly(2 + len(frame)) == bytes([0x88, len(frame)]) + frame
            await asyncio.sleep(0.2)
            assert not known.gone.is_set()

    run(main())


def test_seventy_two_connections_have_room_and_one_more_has_not() -> None:
    async def main() -> None:
        events = Host()
        async with listening(events) as port:
            url = f"ws://localhost:{port}"
            for _ in range(local_port._MAX_CONNECTIONS):
                strategy = Strategy()
                (await ws.connect(url, strategy)).send(b"token")
                await strategy.heard.wait()
            assert events.open == 72
            with pytest.raises(TransportError, match="503"):
                await ws.connect(url, Strategy())

    run(main())


@pytest.mark.parametrize("sent", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: localhost\r\n"])
def test_a_handshake_that_does_not_come_to_an_end_is_ended(sent: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_port, "_HANDSHAKE_S", 0.2)

    async def main() -> None:
        async with listening(Host()) as port, asyncio.timeout(20):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(sent)
            assert await reader.read() == b""
            writer.close()

    run(main())


def test_strangers_at_the_door_keep_neither_strategies_nor_operators_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections that say nothing, or half a handshake, beside websockets without a token."""
    monkeypatch.setattr(local_port, "_HANDSHAKE_S", 600.0)
    monkeypatch.setattr(local_port, "_MAX_CALLERS", 8)
    monkeypatch.setattr(local_port, "_MAX_CONNECTIONS", 4)

    async def main() -> None:
        events = Host()
        async with listening(events) as port, asyncio.timeout(40), contextlib.AsyncExitStack() as leaving:
            url = f"ws://localhost:{port}"
            known = Strategy()
            (await ws.connect(url, known)).send(b"token")
            await known.heard.wait()
            callers: list[asyncio.StreamReader] = []
            for number in range(40):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                leaving.callback(writer.close)
                if number % 2:
                    writer.write(b"GET / HTTP/1.1\r\nHost: local")
                callers.append(reader)
                if number % 8 == 0:
                    await ws.connect(url, Strategy())
                newcomer = Strategy()
                conn = await ws.connect(url, newcomer)
                conn.send(b"token")
                await newcomer.heard.wait()
                conn.close()
                await newcomer.gone.wait()
            for reader in callers[:32]:
                assert await reader.read() == b""
            assert not known.gone.is_set()

    run(main())


def test_a_handshake_of_tls_that_does_not_come_to_an_end_is_ended(
    remote: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_port, "_HANDSHAKE_S", 0.2)

    async def main() -> None:
        port = await open_local_port("127.0.0.1", 0, Host(), door(remote))
        try:
            async with asyncio.timeout(20):
                reader, writer = await asyncio.open_connection("127.0.0.2", port.port)
                assert await reader.read() == b""
                writer.close()
        finally:
            await port.close()

    run(main())


@pytest.mark.parametrize(("padding", "status"), [(12_000, b"101"), (20_000, b"")])
def test_a_handshake_of_more_than_16_kib_is_cut(padding: int, status: bytes) -> None:
    async def main() -> None:
        async with listening(Host()) as port, asyncio.timeout(20):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
            lines = ("GET / HTTP/1.1", "Host: localhost", "Upgrade: websocket", "Connection: Upgrade", key)
            more = f"X: {'x' * padding}"
            writer.write("\r\n".join([*lines, "Sec-WebSocket-Version: 13", more, "", ""]).encode())
            try:
                answer = await reader.readline()
            except ConnectionResetError:
                answer = b""
            assert answer[9:12] == status
            writer.close()

    run(main())


def test_a_silent_machine_is_pinged_and_cut() -> None:
    async def main() -> None:
        accepted = Strategy()
        server = await ws.serve("localhost", 0, lambda request: accepted, ping_interval_s=0.1)
        async with raw_client(server.port) as (reader, writer):
            assert await reader.readexactly(2) == b"\x89\x00"
            writer.write(masked(10, b""))
            assert await reader.readexactly(2) == b"\x89\x00"
            async with asyncio.timeout(20):
                await accepted.gone.wait()
        await server.close()

    run(main())


def test_a_port_that_is_taken_at_one_door_is_open_at_none() -> None:
    async def main() -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            with pytest.raises(OSError):
                await open_local_port("127.0.0.1", taken.getsockname()[1], Host())

    run(main())


def test_who_knocks_at_the_door_for_others_keeps_nobody_of_this_machine_out(
    remote: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_port, "_HANDSHAKE_S", 600.0)
    monkeypatch.setattr(local_port, "_MAX_CALLERS", 2)

    async def main() -> None:
        port = await open_local_port("127.0.0.1", 0, Host(), door(remote))
        async with asyncio.timeout(20), contextlib.AsyncExitStack() as leaving:
            leaving.push_async_callback(port.close)
            knocking: list[asyncio.StreamReader] = []
            for host in ("127.0.0.1", *["127.0.0.2"] * 4):
                reader, writer = await asyncio.open_connection(host, port.port)
                leaving.callback(writer.close)
                knocking.append(reader)
            here, first, second, *_ = knocking
            assert await first.read() == await second.read() == b""
            assert not here.at_eof()

    run(main())
