from __future__ import annotations

import asyncio
import base64
import contextlib
import socket
import struct

import pytest

from tests.unit.net.ws_rig import Peers, Recorder, echo, masked, raw_client, scenario, serving, url
from tradingsys.core.errors import TransportError
from tradingsys.net import ws
from tradingsys.net.loop import run


@scenario
async def test_text_goes_there_and_back_and_the_request_is_seen() -> None:
    peers = Peers(echo)
    async with serving(peers) as server:
        client = Recorder()
        conn = await ws.connect(url(server, "/a%2Fb?x=1&y=%20"), client, headers={"X-Token": "t"})
        assert client.conn is conn
        conn.send(b'{"a":1}')
        await client.until("frame")
        assert client.frames == [(b'{"a":1}', True)]
        assert peers.requests[0].path == "/a%2Fb?x=1&y=%20"
        assert peers.requests[0].headers["x-token"] == "t"
        assert "host" in peers.requests[0].headers
        peer = peers.recorders[0].conn
        assert peer is not None and peer.peer == "127.0.0.1"
        conn.close(4001, "done")
        await client.until("closed")
        assert client.reasons == ["closed here: 4001 done"]
        await peers.recorders[0].until("closed")
        assert peers.recorders[0].reasons == ["closed by peer: 4001 done"]
        assert not conn.is_open
        conn.send(b"into the void")
        conn.close()


@scenario
async def test_binary_frames_and_large_messages_arrive_whole() -> None:
    peers = Peers()
    async with serving(peers) as server:
        conn = await ws.connect(url(server), Recorder())
        conn.send_binary(b"\x93\x01\x02\x03")
        conn.send(b"x" * 300_000)
        while len(peers.recorders[0].frames) < 2:
            await peers.recorders[0].until("frame")
        assert peers.recorders[0].frames == [(b"\x93\x01\x02\x03", False), (b"x" * 300_000, True)]


@scenario
async def test_server_to_client_large_frame_survives_a_full_socket() -> None:
    peers = Peers()
    async with serving(peers) as server:
        client = Recorder()
        await ws.connect(url(server), client)
        await peers.recorders[0].until("opened")
        sender = peers.recorders[0].conn
        assert sender is not None
        messages = [bytes([65 + n % 26]) * (200_000 + n) for n in range(40)]
        for message in messages:
            sender.send(message)
        assert sender.pending_bytes > 0
        while len(client.frames) < len(messages):
            await client.until("frame")
        assert [data for data, _ in client.frames] == messages
        assert sender.pending_bytes == 0


@scenario
async def test_fragments_are_assembled_and_pings_between_them_are_answered() -> None:
    peers = Peers()
    async with serving(peers) as server, raw_client(server.port) as (reader, writer):
        writer.write(masked(1, b"one ", fin=False) + masked(9, b"hi") + masked(0, b"two ", fin=False))
        assert await reader.readexactly(4) == b"\x8a\x02hi"
        writer.write(masked(0, b"three") + masked(2, b"", fin=False) + masked(0, b"bin"))
        while len(peers.recorders[0].frames) < 2:
            await peers.recorders[0].until("frame")
        assert peers.recorders[0].frames == [(b"one two three", True), (b"bin", False)]


@pytest.mark.parametrize("fragmented", [False, True])
def test_a_message_above_the_limit_closes_with_1009(fragmented: bool) -> None:
    async def main() -> None:
        peers = Peers()
        async with serving(peers, max_message_bytes=1000) as server, raw_client(server.port) as (reader, writer):
            if fragmented:
                writer.write(masked(1, b"x" * 600, fin=False) + masked(0, b"x" * 600))
            else:
                writer.write(masked(1, b"x" * 1001))
            head = await reader.readexactly(4)
            assert head[0] == 0x88 and struct.unpack(">H", head[2:])[0] == 1009
            await peers.recorders[0].until("closed")
            assert "1009" in peers.recorders[0].reasons[0]
            assert peers.recorders[0].frames == []

    run(main())


@pytest.mark.parametrize("frames", [masked(0, b"x"), masked(1, b"a", fin=False) + masked(1, b"b")])
def test_broken_fragmentation_is_a_protocol_error(frames: bytes) -> None:
    async def main() -> None:
        peers = Peers()
        async with serving(peers) as server, raw_client(server.port) as (reader, writer):
            writer.write(frames)
            head = await reader.readexactly(4)
            assert struct.unpack(">H", head[2:])[0] == 1002

    run(main())


@scenario
async def test_a_key_in_the_reason_of_a_close_is_not_told() -> None:
    async with serving(lambda request: Recorder()) as server:
        client = Recorder()
        await ws.connect(url(server, "/private/ws/pqia91ma19a5s61cv6a81va65"), client)
        for conn in list(server.connections):
            conn.close(4000, "unknown listen key pqia91ma19a5s61cv6a81va65")
        await client.until("closed")
        assert client.reasons == ["closed by peer: 4000 unknown listen key …"]


@scenario
async def test_an_exception_in_a_handler_costs_that_connection_only() -> None:
    errors: list[Exception] = []

    def fail(recorder: Recorder, data: bytes) -> None:
        if data == b"bad":
            raise RuntimeError("boom")
        echo(recorder, data)

    async with serving(Peers(fail), on_error=errors.append) as server:
        good, bad = Recorder(), Recorder()
        good_conn = await ws.connect(url(server), good)
        bad_conn = await ws.connect(url(server), bad)
        bad_conn.send(b"bad")
        await bad.until("closed")
        assert bad.reasons == ["closed by peer: 1011 handler failed: RuntimeError"]
        assert [str(error) for error in errors] == ["boom"]
        good_conn.send(b"fine")
        await good.until("frame")
        assert good.frames == [(b"fine", True)]


@scenario
async def test_an_exception_in_opened_closed_or_accept_is_reported() -> None:
    errors: list[Exception] = []

    class Broken(Recorder):
        def opened(self, conn: ws.Connection) -> None:
            raise RuntimeError("opened")

        def closed(self, reason: str) -> None:
            super().closed(reason)
            raise RuntimeError("closed")

    broken = Broken()
    async with serving(lambda request: broken, on_error=errors.append) as server:
        client = Recorder()
        await ws.connect(url(server), client)
        await client.until("closed")
        assert client.reasons[0].startswith("closed by peer: 1011")
        await broken.until("closed")
        assert [str(error) for error in errors] == ["opened", "closed"]

    def accept(request: ws.UpgradeRequest) -> ws.Refuse:
        raise RuntimeError("accept")

    errors.clear()
    async with serving(accept, on_error=errors.append) as server:
        with pytest.raises(TransportError, match="500") as caught:
            await ws.connect(url(server), Recorder())
        assert "accept" not in str(caught.value)
        assert [str(error) for error in errors] == ["accept"]


@scenario
async def test_a_half_open_connection_is_closed_with_a_reason() -> None:
    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        key = next(
            line.split(b": ")[1] for line in request.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key")
        )
        import hashlib

        accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
        writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
        )
        await reader.read()
        writer.close()

    server = await asyncio.start_server(deaf, "127.0.0.1", 0)
    client = Recorder()
    conn = await ws.connect(
        f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/", client, ping_interval_s=0.05, pong_timeout_s=0.05
    )
    assert not await conn.is_alive(0.01)
    await client.until("closed")
    assert "ping" in client.reasons[0]
    server.close()
    await asyncio.sleep(0.05)


@scenario
async def test_an_idle_but_living_peer_stays_connected_and_answers_is_alive() -> None:
    peers = Peers()
    async with serving(peers) as server:
        client = Recorder()
        conn = await ws.connect(url(server), client, ping_interval_s=0.02, pong_timeout_s=0.02)
        assert await conn.is_alive(1.0)
        await asyncio.sleep(0.2)
        assert conn.is_open
        served = peers.recorders[0].conn
        assert served is not None and await served.is_alive(1.0)
        conn.abort()
        await peers.recorders[0].until("closed")
        assert peers.recorders[0].reasons == ["connection lost"]
        assert not await served.is_alive(1.0)


@scenario
async def test_closing_the_server_closes_its_connections_even_a_mute_one() -> None:
    peers = Peers()
    server = await ws.serve("localhost", 0, peers)
    client = Recorder()
    await ws.connect(url(server), client)
    async with raw_client(server.port):
        while len(peers.recorders) < 2:
            await asyncio.sleep(0)
        await server.close()
        await client.until("closed")
        assert client.reasons == ["closed by peer: 1001 shutting down"]
        for recorder in peers.recorders:
            await recorder.until("closed")
    with pytest.raises(TransportError):
        await ws.connect(url(server), Recorder())


@scenario
async def test_localhost_is_loopback_only_on_one_port() -> None:
    async with serving(Peers()) as server:
        hosts = ["127.0.0.1"]
        with contextlib.suppress(OSError), socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
            hosts.append("[::1]")
        for host in hosts:
            conn = await ws.connect(f"ws://{host}:{server.port}/", Recorder())
            conn.abort()
        with pytest.raises(OSError):
            await ws.serve("localhost", server.port, Peers())
        # Another loopback address is another address: nothing listens on the wildcard.
        with pytest.raises(TransportError):
            await ws.connect(f"ws://127.0.0.2:{server.port}/", Recorder())
