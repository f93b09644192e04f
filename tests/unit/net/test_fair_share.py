"""One loop for everybody: who sends much waits for those who send little, and keeps nothing waiting without end."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable

import pytest

from tests.unit.net.ws_rig import Peers, Recorder, masked, raw_client, scenario, serving
from tradingsys.net import fair_share, ws


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.002)


@pytest.fixture
def _hearing_quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes at first is too little for the flood that is meant, and would be heard for seconds."""
    monkeypatch.setattr(fair_share, "_PAUSE_FOR_EACH_S", fair_share._PAUSE_S / fair_share._SHARE)


def said(recorder: Recorder) -> list[bytes]:
    return [data for data, _ in recorder.frames]


@scenario
async def test_who_sends_little_is_heard_before_all_of_who_sends_much() -> None:
    heard_at: list[int] = []
    peers = Peers(lambda _, data: heard_at.append(len(peers.recorders[0].frames)) if data == b"little" else None)
    async with (
        serving(peers, is_fair=True) as server,
        raw_client(server.port) as (_, much),
        raw_client(server.port) as (_, little),
    ):
        words = [b"%d" % number for number in range(600)]
        much.write(b"".join(masked(1, word) for word in words))
        await until(lambda: bool(peers.recorders[0].frames))
        little.write(masked(1, b"little"))
        await until(lambda: len(peers.recorders[0].frames) == len(words))
        assert said(peers.recorders[0]) == words
        assert heard_at[0] < len(words)


@scenario
async def test_large_messages_count_as_many() -> None:
    peers = Peers()
    async with serving(peers, is_fair=True) as server, raw_client(server.port) as (_, writer):
        words = [bytes([number]) * 30_000 for number in range(40)]
        writer.write(b"".join(masked(1, word) for word in words))
        await until(lambda: len(peers.recorders[0].frames) == len(words))
        assert said(peers.recorders[0]) == words


@pytest.mark.parametrize("ends_well", [True, False])
def test_what_was_said_before_leaving_counts(ends_well: bool) -> None:
    @scenario
    async def main() -> None:
        peers = Peers()
        async with serving(peers, is_fair=True) as server, raw_client(server.port) as (_, writer):
            words = [b"%d" % number for number in range(300)]
            goodbye = masked(8, (1000).to_bytes(2, "big")) if ends_well else b""
            writer.write(b"".join(masked(1, word) for word in words) + goodbye)
            await until(lambda: bool(peers.recorders[0].frames))
            writer.transport.abort()
            await peers.recorders[0].until("closed")
            assert said(peers.recorders[0]) == words

    main()


@scenario
async def test_nothing_is_heard_of_a_connection_that_was_cut() -> None:
    peers = Peers(lambda recorder, data: recorder.conn.abort() if recorder.conn and data == b"5" else None)
    async with serving(peers, is_fair=True) as server, raw_client(server.port) as (_, writer):
        writer.write(b"".join(masked(1, b"%d" % number) for number in range(300)))
        await peers.recorders[0].until("closed")
        heard = len(peers.recorders[0].frames)
        await asyncio.sleep(5 * fair_share._PAUSE_S)
        assert len(peers.recorders[0].frames) == heard


@pytest.mark.usefixtures("_hearing_quickly")
@scenario
async def test_a_flood_is_ended_and_nothing_of_it_is_kept() -> None:
    peers = Peers()
    async with serving(peers, is_fair=True, receive_buffer_bytes=128 * 1024) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        async with raw_client(server.port):  # somebody else, who only listens
            lines = ("GET / HTTP/1.1", "Host: x", "Upgrade: websocket", "Connection: Upgrade")
            more = ("Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "", "")
            writer.write("\r\n".join([*lines, *more]).encode())
            await reader.readuntil(b"\r\n\r\n")
            with contextlib.suppress(ConnectionError):
                while not reader.at_eof():
                    writer.write(masked(9, b"") * 10_000)
                    await asyncio.wait_for(reader.read(65_536), 20)
            writer.close()
            await peers.recorders[1].until("closed")
            assert peers.recorders[1].reasons == ["closed here: 1008 more messages at once than anybody could mean"]


@scenario
async def test_pongs_that_nobody_reads_are_not_kept() -> None:
    peers = Peers()
    async with serving(peers, is_fair=True, send_buffer_bytes=8_192) as server:
        with socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
            sock.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_connect(sock, ("127.0.0.1", server.port))
            lines = ("GET / HTTP/1.1", "Host: x", "Upgrade: websocket", "Connection: Upgrade")
            more = ("Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "", "")
            await loop.sock_sendall(sock, "\r\n".join([*lines, *more]).encode())
            await until(lambda: bool(peers.recorders and peers.recorders[0].conn))
            conn = peers.recorders[0].conn
            assert conn is not None
            for _ in range(20):
                await loop.sock_sendall(sock, masked(9, b"x" * 125) * 50 + masked(1, b"then"))
            await until(lambda: len(peers.recorders[0].frames) == 20)
            assert 0 < conn.pending_bytes < 20_000


@scenario
async def test_a_ping_is_answered_with_what_it_said() -> None:
    async with serving(Peers(), is_fair=True) as server, raw_client(server.port) as (reader, writer):
        writer.write(masked(9, b"are you there"))
        assert await reader.readexactly(15) == b"\x8a\x0dare you there"


@scenario
async def test_a_message_has_a_bound_on_its_pieces_too() -> None:
    peers = Peers()
    async with serving(peers, is_fair=True, max_message_bytes=100) as server, raw_client(server.port) as (_, writer):
        writer.write(masked(1, b"", fin=False) + masked(0, b"", fin=False) * 100)
        await peers.recorders[0].until("closed")
        assert "1009" in peers.recorders[0].reasons[0]


@scenario
async def test_a_peer_that_is_muted_is_not_heard_any_more() -> None:
    peers = Peers(lambda recorder, _: recorder.conn.mute() if recorder.conn else None)
    async with serving(peers, is_fair=True) as server, raw_client(server.port) as (reader, writer):
        writer.write(masked(1, b"heard") * 100)
        await until(lambda: bool(peers.recorders[0].frames))
        conn = peers.recorders[0].conn
        assert conn is not None
        conn.send(b"told")
        assert await reader.readexactly(6) == b"\x81\x04told"
        writer.write(masked(1, b"more") * 100)
        await asyncio.sleep(5 * fair_share._PAUSE_S)
        # What the first piece had brought within its share was on its way already.
        assert len(peers.recorders[0].frames) <= fair_share._SHARE
        conn.abort()
        await peers.recorders[0].until("closed")


@scenario
async def test_a_server_that_is_not_asked_to_be_fair_hands_everything_on_at_once() -> None:
    peers = Peers()
    async with serving(peers) as server, raw_client(server.port) as (reader, writer):
        writer.write(masked(1, b"x") * 600 + masked(9, b"end"))
        assert await reader.readexactly(5) == b"\x8a\x03end"
        assert len(peers.recorders[0].frames) == 600
        assert isinstance(server, ws.Server)
