"""A bad neighbour: one who does one thing wrong to a gateway, as hard as it can, and over and over.

``python -m benchmarks.neighbour KIND ADDRESS NICE`` prints how often it did it when it has begun, and then ten times a
second until it is ended.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import random
import socket
import sys
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from benchmarks.exchange import SYMBOL
from pyalgo import Depth, Engine, Order, OrderType, Side, Tif
from tradingsys.net.token import read_token

__all__ = ["KINDS"]

_NOBODY_KNOWS_MASK = b"\0\0\0\0"
_CHUNK = 200
"""Messages that are written at once."""
_SLEEP_S = 5.0
_SMALLEST_BUFFER = 1
_ASKED, _ASKING_S = 20, 0.1
"""Requests at a time, and how often: no more than a connection may send."""
_RESTING, _RESTING_PX = 180, 104_000.0
_BURSTS = 10
"""On one connection, before the next one."""


class _Count:
    """Says ten times a second how often something was done."""

    def __init__(self) -> None:
        self._done = 0
        self._told_s = 0.0

    def __call__(self, times: int = 1) -> None:
        self._done += times
        if time.monotonic() - self._told_s >= 0.1:
            self._told_s = time.monotonic()
            print(self._done, flush=True)


def frame(payload: bytes, opcode: int = 1) -> bytes:
    """A frame as a client sends it."""
    size = len(payload)
    head = bytes([0x80 | opcode, 0x80 | size]) if size < 126 else bytes([0x80 | opcode, 0xFE]) + size.to_bytes(2, "big")
    return head + _NOBODY_KNOWS_MASK + payload


@contextlib.contextmanager
def _connected(address: str, receive_bytes: int | None = None) -> Iterator[socket.socket]:
    """A bare websocket."""
    where = urlsplit(address)
    assert where.hostname is not None and where.port is not None
    with socket.socket() as sock:
        if receive_bytes is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        sock.settimeout(10.0)
        sock.connect(("127.0.0.1", where.port))
        lines = (
            "GET / HTTP/1.1",
            f"Host: localhost:{where.port}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Version: 13",
        )
        sock.sendall("\r\n".join([*lines, "", ""]).encode())
        answer = b""
        while not answer.endswith(b"\r\n\r\n"):
            answer += sock.recv(1) or b"\r\n\r\n"
        yield sock


def _login(address: str, session: int) -> bytes:
    token = read_token(urlsplit(address).port or 0)
    params = {"session_id": session, "name": "bad", "trading": True, "instance": "bad", "token": token}
    return frame(json.dumps({"id": 1, "method": "login", "params": params}).encode())


def _again_and_again(address: str, begin: bytes, more: Callable[[], bytes]) -> None:
    """Send as fast as it is taken, reading nothing; when that ends, come again."""
    count = _Count()
    while True:
        with contextlib.suppress(OSError), _connected(address) as sock:
            sock.sendall(begin)
            while True:
                sock.sendall(more())
                count(_CHUNK)


def sleeps(address: str) -> None:
    """Takes five seconds for each callback."""
    count = _Count()
    engine = Engine(0.001, level="warn")
    session = engine.make_session(addr=address, session_id=11, name="sleeps", trading=True)

    def on_depth(_depth: Depth) -> None:
        count()
        time.sleep(_SLEEP_S)

    session.subscribe(SYMBOL.lower(), "depth").on_data = on_depth
    engine.run()


def floods(address: str) -> None:
    """Asks without end and without reading the answers."""
    numbers = itertools.count(2)
    _again_and_again(
        address,
        _login(address, 12),
        lambda: b"".join(
            frame(b'{"id":%d,"method":"get_positions","params":[]}' % next(numbers)) for _ in range(_CHUNK)
        ),
    )


def garbles(address: str) -> None:
    """Sends what is no request, and frames that no client sends."""
    chance = random.Random(1)
    right = b'{"id":3,"method":"order","params":{"session_id":[[[[[[[[[1]]]]]]]]],"quantity":"1e999"}}'

    def wrong() -> bytes:
        made = bytearray(right)
        for _ in range(chance.randrange(4)):
            made[chance.randrange(len(made))] = chance.randrange(256)
        return frame(bytes(made), chance.choice((1, 1, 1, 2, 9, 10)))

    def more() -> bytes:
        end = frame(b"", 11) if chance.random() < 0.02 else b""
        return b"".join(wrong() for _ in range(_CHUNK)) + end

    _again_and_again(address, b"", more)


def trickles(address: str) -> None:
    """Subscribes, asks on and on, and reads byte by byte."""
    count, numbers = _Count(), itertools.count(3)
    subscribe = frame(b'{"id":2,"method":"subscribe","params":["%s@depth"]}' % SYMBOL.lower().encode())
    while True:
        with contextlib.suppress(OSError), _connected(address, _SMALLEST_BUFFER) as sock:
            sock.sendall(_login(address, 14) + subscribe)
            asked_s = time.monotonic()
            while sock.recv(1):
                count()
                if time.monotonic() - asked_s > 0.01:
                    asked_s = time.monotonic()
                    sock.sendall(frame(b'{"id":%d,"method":"get_products","params":[]}' % next(numbers)))
                time.sleep(0.0005)


def _in_bounds(address: str, begin: bytes, ask: bytes) -> None:
    """Send as many requests as a connection may, and read all that comes."""
    count = _Count()
    while True:
        with contextlib.suppress(ConnectionError), _connected(address) as sock:
            sock.sendall(begin)
            for _ in range(_BURSTS):
                sock.sendall(ask * _ASKED)
                count(_ASKED)
                _read_for(sock, _ASKING_S)


def _read_for(sock: socket.socket, seconds: float) -> None:
    """Raises ConnectionError when the other end is gone."""
    end_s = time.monotonic() + seconds
    while (left_s := end_s - time.monotonic()) > 0:
        sock.settimeout(left_s)
        with contextlib.suppress(TimeoutError):
            if not sock.recv(2**20):
                raise ConnectionError


def logs_in(address: str) -> None:
    """Has many open orders, and logs in again and again, on old connections and on new ones."""
    engine = Engine(0.001, level="warn")
    session = engine.make_session(addr=address, session_id=15, name="logs in", trading=True)
    subscribed = session.subscribe(SYMBOL.lower(), "depth")

    told, sent = set[str](), set[str]()

    def on_depth(_depth: Depth) -> None:
        for _ in range(_RESTING - len(subscribed.open_orders)):
            subscribed.add_order(_RESTING_PX, 0.001, Side.SELL, OrderType.LIMIT, Tif.GTC)
            sent.add(subscribed.open_orders[-1].client_order_id)
        if sent <= told:
            engine.stop()

    def on_order(order: Order) -> None:
        told.add(order.client_order_id)

    subscribed.on_order = on_order
    subscribed.on_data = on_depth
    engine.run()
    login = _login(address, 15)
    _in_bounds(address, login, login)


def asks(address: str) -> None:
    """Asks for the rules of all symbols, all the time."""
    ask = frame(b'{"id":2,"method":"get_products","params":[]}')
    _in_bounds(address, _login(address, 16), ask)


def burns(_address: str) -> None:
    """Does nothing to the gateway, and never rests: what others lose by that they lose to the machine."""
    count = _Count()
    while True:
        sum(range(10_000))
        count()


KINDS: dict[str, Callable[[str], None]] = {
    "burns": burns,
    "sleeps": sleeps,
    "floods": floods,
    "garbles": garbles,
    "trickles": trickles,
    "logs in": logs_in,
    "asks": asks,
}

if __name__ == "__main__":
    os.nice(int(sys.argv[3]))
    KINDS[sys.argv[1]](sys.argv[2])
