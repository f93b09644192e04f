"""How a websocket begins: refusals, failures and subprotocols."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import socket
import struct
import threading
from collections.abc import Iterator

import pytest

from tests.unit.net.ws_rig import Peers, Recorder, scenario, serving, url
from tradingsys.core.errors import TransportError
from tradingsys.net import ws
from tradingsys.net.loop import run


@scenario
async def test_a_refusal_is_an_http_status_and_connect_says_so() -> None:
    async with serving(lambda request: ws.Refuse(403, "no")) as server:
        with pytest.raises(TransportError, match="403"):
            await ws.connect(url(server), Recorder())


@scenario
async def test_nobody_listening_is_a_transport_error_not_sent() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with pytest.raises(TransportError) as caught:
            await ws.connect(f"ws://127.0.0.1:{port}/private/a-listen-key?token=x", Recorder())
    assert caught.value.in_doubt is False
    assert str(caught.value).startswith(f"ws://127.0.0.1:{port}: ")
    assert "a-listen-key" not in str(caught.value)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 302 Found\r\nLocation: {path}\r\n\r\n",
        b"HTTP/1.1 404 no {path} here\r\nContent-Length: 0\r\n\r\n",
        b"{path}\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: {path}\r\n\r\n",
    ],
)
def test_a_server_that_repeats_the_address_does_not_bring_it_into_the_failure(answer: bytes) -> None:
    path = "/private/ws/pqia91ma19a5s61cv6a81va65sdf19v8a65a1a5s61cv6a81va65sdf1"

    async def repeat(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer.replace(b"{path}", path.encode()))
        writer.close()

    async def main() -> None:
        server = await asyncio.start_server(repeat, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(TransportError) as caught:
            await ws.connect(f"ws://user:pa55word@127.0.0.1:{port}{path}", Recorder(), timeout_s=1)
        told = str(caught.value)
        assert told.startswith(f"ws://127.0.0.1:{port}: ") and "pqia91ma" not in told and "pa55word" not in told
        server.close()

    run(main())


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 101 Switching Protocols\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"\x00" * 100_000,
    ],
)
@pytest.mark.parametrize("how", ["close", "reset", "at once"])
def test_a_server_that_hangs_up_during_the_handshake_is_a_transport_error(answer: bytes, how: str) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if how != "at once":
            await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        if how == "reset":
            writer.transport.abort()
        writer.close()

    async def main() -> None:
        server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        for _ in range(10):
            with pytest.raises(TransportError):
                await ws.connect(f"ws://127.0.0.1:{port}/", Recorder(), timeout_s=1)
        server.close()

    run(main())


@scenario
async def test_a_server_that_never_answers_the_handshake_times_out() -> None:
    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(mute, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    client = Recorder()
    with pytest.raises(TransportError, match=r"[Tt]imeout"):
        await ws.connect(f"ws://127.0.0.1:{port}/", client, timeout_s=0.1)
    assert client.conn is None
    server.close()
    await asyncio.sleep(0.05)


@scenario
async def test_the_acceptor_chooses_a_subprotocol() -> None:
    recorder = Recorder()
    async with serving(lambda request: ws.Accept(recorder, request.headers["sec-websocket-protocol"])) as server:
        conn = await ws.connect(url(server), Recorder(), subprotocol="msgpack")
        assert conn.subprotocol == "msgpack"
    async with serving(Peers()) as server:
        conn = await ws.connect(url(server), Recorder(), subprotocol="msgpack")
        assert conn.subprotocol is None


def test_an_attempt_that_is_given_up_leaves_nothing_open() -> None:
    """Neither a socket of ours nor one of the server's, and no collector is needed."""

    async def main() -> None:
        gone = asyncio.Event()

        async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            attempt.cancel()
            assert await reader.read() == b""
            gone.set()
            writer.close()

        server = await asyncio.start_server(mute, "127.0.0.1", 0)
        address = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        attempt = asyncio.ensure_future(ws.connect(address, Recorder(), timeout_s=60))
        with pytest.raises(asyncio.CancelledError):
            await attempt
        async with asyncio.timeout(5):
            await gone.wait()
        server.close()

    gc.disable()
    try:
        run(main())
    finally:
        gc.enable()


@scenario
async def test_a_peer_that_resets_at_once_spoils_no_later_connection() -> None:
    """The number of a socket that was closed is given to the next one: nothing of the old may be left at the loop."""

    async def tried(port: int) -> int:
        for _ in range(60):
            with pytest.raises(TransportError):
                await ws.connect(f"ws://127.0.0.1:{port}", Recorder(), timeout_s=5)
        return 60

    with resetting() as port:
        assert sum(await asyncio.gather(*(tried(port) for _ in range(5)))) == 300


@contextlib.contextmanager
def resetting() -> Iterator[int]:
    """A port where every connection is reset as soon as it is there."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=reset_all, args=(listener,))
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def reset_all(listener: socket.socket) -> None:
    with contextlib.suppress(OSError):  # the listener is closed
        while True:
            sock, _ = listener.accept()
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            sock.close()
