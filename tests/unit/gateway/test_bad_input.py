"""Everything wrong that can reach the port: each gets its cause and what to do, and costs nobody else anything."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.unit.gateway.scene import Scene
from tests.unit.gateway.scripted_venue import instrument
from tradingsys.core.commands import PlaceOrder
from tradingsys.gateway.local_port import MAX_MESSAGE_BYTES, WsPeer, open_local_port
from tradingsys.net import ws
from tradingsys.net.loop import run
from tradingsys.wire.messages import ErrorCode

LOGIN = {"session_id": 5, "name": "x", "trading": True, "instance": "me", "token": "s3cret"}
KLINES = {"symbol": "dogeusdt", "interval": "1m", "limit": 5}


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b"", "empty, or binary"),
        (b"\x00\xff\x13garbage", "malformed"),
        (b"{", "truncated"),
        (b'{"id":1,"method":"login"', "truncated"),
        (b"[]", "Expected `object`"),
        (b'{"id":1}', "missing required field `method`"),
        (b'{"id":"x","method":"login"}', "Expected `int`"),
        (b'{"id":1,"method":"order","params":{"quantity":NaN}}', "malformed"),
        (b'{"id":1,"method":"order","params":{"quantity":Infinity}}', "malformed"),
        (b'{"id":1e999,"method":"order"}', "out of range"),
        (b'{"id":' + b"[" * 30_000, ""),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_what_is_no_request(scene: Scene, data: bytes, cause: str) -> None:
    client, other = scene.client(1), scene.client(2)
    client.peer.sent.clear()
    client.say(data)
    [answer] = client.messages
    assert answer["error"]["code"] == ErrorCode.BAD_REQUEST
    assert cause in answer["error"]["msg"] and (
        "JSON" in answer["error"]["msg"] or '"method"' in answer["error"]["msg"]
    )
    for each in (client, other):
        each.order()


@pytest.mark.parametrize(
    ("method", "params", "code", "told"),
    [
        ("fly", {}, ErrorCode.BAD_REQUEST, ("unknown method 'fly'", "subscribe")),
        ("login", LOGIN | {"session_id": -1}, ErrorCode.BAD_REQUEST, ("0 to 65535",)),
        ("login", LOGIN | {"session_id": 65_536}, ErrorCode.BAD_REQUEST, ("0 to 65535",)),
        ("login", LOGIN | {"session_id": 1.5}, ErrorCode.BAD_REQUEST, ("session_id",)),
        ("login", LOGIN | {"token": "wrong"}, ErrorCode.UNAUTHORIZED, ("token", "PYALGO_TOKEN")),
        ("login", LOGIN | {"token": None}, ErrorCode.UNAUTHORIZED, ("token file",)),
        ("login", LOGIN | {"protocol": 2}, ErrorCode.BAD_REQUEST, ("protocol 1, not 2", "same version")),
        ("login", LOGIN | {"session_id": 2}, ErrorCode.DUPLICATE_LOGIN, ("session 2 is used by test", "in 5 s")),
        ("login", LOGIN | {"name": "\x1b[2J"}, ErrorCode.BAD_REQUEST, ("printable",)),
        ("op.status", {}, ErrorCode.UNAUTHORIZED, ("operate",)),
        ("subscribe", ["dogeusdt@depth"], ErrorCode.LOGIN_FIRST, ("login",)),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_a_stranger_may_not(scene: Scene, method: str, params: Any, code: int, told: tuple[str, ...]) -> None:
    owner, stranger = scene.client(2), scene.client(None)
    got, text = stranger.error(method, params)
    assert got == code and all(part in text for part in told), text
    owner.order()


@pytest.mark.parametrize(
    ("method", "params", "code", "told"),
    [
        ("subscribe", ["nosuchusdt@depth"], ErrorCode.INVALID_SYMBOL, ("nosuchusdt", "get_products")),
        ("subscribe", ["dogeusdt"], ErrorCode.INVALID_SYMBOL, ("<symbol>@<stream>",)),
        ("subscribe", ["dogeusdt@depths"], ErrorCode.INVALID_STREAM, ("depths", "kline:<interval>")),
        ("subscribe", ["dogeusdt@depth:7ms"], ErrorCode.INVALID_STREAM, ("depth:7ms",)),
        ("subscribe", ["dogeusdt@kline:7m"], ErrorCode.INVALID_STREAM, ("'7m'", "1m, 3m, 5m")),
        ("subscribe", ["dogeusdt@kline"], ErrorCode.INVALID_STREAM, ("interval", "1m, 3m, 5m")),
        ("subscribe", "dogeusdt@depth", ErrorCode.BAD_REQUEST, ("Expected `array`",)),
        ("get_klines", KLINES | {"interval": "7m"}, ErrorCode.INVALID_STREAM, ("'7m'", "1m, 3m, 5m")),
        ("get_klines", KLINES | {"limit": 5_000}, ErrorCode.BAD_REQUEST, ("1 to 1500", "end_ms")),
        ("set_leverage", {"symbol": "dogeusdt", "leverage": 1e99}, ErrorCode.BAD_REQUEST, ("leverage",)),
        ("set_leverage", {"symbol": "x", "leverage": 5}, ErrorCode.INVALID_SYMBOL, ("get_products",)),
        ("set_margin_type", {"symbol": "dogeusdt", "margin_type": "BOTH"}, ErrorCode.BAD_REQUEST, ("BOTH",)),
        ("cancel", {"client_order_id": "nosuch"}, ErrorCode.NO_SUCH_ORDER, ("no such order",)),
        ("amend", {"client_order_id": "nosuch"}, ErrorCode.NO_SUCH_ORDER, ("no such order",)),
        ("resolve", {"orders": [{}]}, ErrorCode.BAD_REQUEST, ("missing required field",)),
        ("login", LOGIN | {"session_id": 9}, ErrorCode.BAD_REQUEST, ("session 1 already", "open another")),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_no_strategy_may(scene: Scene, method: str, params: Any, code: int, told: tuple[str, ...]) -> None:
    client, other = scene.client(1), scene.client(2)
    got, text = client.error(method, params)
    assert got == code and all(part in text for part in told), text
    for each in (client, other):
        each.order()


@pytest.mark.parametrize(
    ("changes", "code", "told"),
    [
        ({"price": "NaN"}, ErrorCode.INVALID_ORDER, "price is not a plain decimal number"),
        ({"price": "Infinity"}, ErrorCode.INVALID_ORDER, "price"),
        ({"quantity": "1e999"}, ErrorCode.INVALID_ORDER, "quantity is not a plain decimal number"),
        ({"quantity": "-1"}, ErrorCode.INVALID_ORDER, "quantity"),
        ({"quantity": 10}, ErrorCode.BAD_REQUEST, "quantity"),
        ({"quantity": 1e300}, ErrorCode.BAD_REQUEST, "quantity"),
        ({"side": "HOLD"}, ErrorCode.BAD_REQUEST, "HOLD"),
        ({"order_type": "ICEBERG"}, ErrorCode.BAD_REQUEST, "ICEBERG"),
        ({"time_in_force": "GTX"}, ErrorCode.BAD_REQUEST, "GTX"),
        ({"price_match": "BEST"}, ErrorCode.BAD_REQUEST, "BEST"),
        ({"symbol": "nosuchusdt"}, ErrorCode.INVALID_SYMBOL, "get_products"),
        ({"symbol": "btcusdt"}, ErrorCode.INVALID_ORDER, "subscribe btcusdt before"),
        ({"seq": 10**30}, ErrorCode.BAD_REQUEST, ""),
        ({"seq": 10**9}, ErrorCode.BAD_REQUEST, "counts the orders of a login"),
        ({"login": 99}, ErrorCode.STALE_KEY, "resolve"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_an_order_that_cannot_be_sent(scene: Scene, changes: dict[str, object], code: int, told: str) -> None:
    client = scene.client(1)
    got, text = client.error("order", client.order_params() | changes)
    assert got == code and told in text, text
    assert not scene.venue.sent(PlaceOrder) and not scene.gateway.book.orders
    client.order()


def test_a_session_that_does_not_trade(scene: Scene) -> None:
    watcher = scene.client(1, trading=False)
    watcher.login_result |= {"lineage": "x", "epoch": 1, "login": 1}
    for method, params in {
        "order": watcher.order_params(),
        "amend": {"client_order_id": "x"},
        "cancel": {"client_order_id": "x"},
    }.items():
        code, text = watcher.error(method, params)
        assert code == ErrorCode.NON_TRADING and "trading=False" in text


def test_too_many_subscriptions(scene: Scene) -> None:
    client, other = scene.client(1, trading=False), scene.client(2, trading=False)
    scene.gateway.market.subscribe = lambda *_: None  # type: ignore[method-assign]  # none of them is opened
    intervals = ["1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d"]
    kinds = ["depth", "depth:100ms", "depth:500ms", "bbo", "trade", *(f"kline:{each}" for each in intervals)]
    for number in range(20):
        scene.gateway.instruments[f"S{number}USDT"] = instrument(f"S{number}USDT")
    many = [f"s{number}usdt@{kind}" for number in range(20) for kind in kinds]
    code, text = client.error("subscribe", many)
    assert code == ErrorCode.DENIED and "256 streams" in text and "unsubscribe" in text
    client.result("subscribe", many[:256])
    other.result("subscribe", many[:256])


def test_a_flood(scene: Scene) -> None:
    client, other = scene.client(1), scene.client(2)
    codes = [client.ask("get_positions", []).get("error", {}).get("code") for _ in range(600)]
    assert codes.count(None) >= 399 and set(codes) == {None, ErrorCode.DENIED}
    assert "200 a second" in client.error("get_positions", [])[1]
    other.order()
    scene.run(3)
    client.order()
    for _ in range(1_500):
        client.say(b"junk")
    assert "200 a second" in client.peer.closed
    other.order()


# ---- at the socket


class Door:
    """A gateway's events from a real port."""

    def __init__(self, scene: Scene) -> None:
        self.gateway = scene.gateway

    def peer_opened(self, peer: WsPeer) -> None:
        self.gateway.peer_opened(peer)

    def peer_frame(self, peer: WsPeer, data: bytes) -> None:
        self.gateway.peer_frame(peer, data)

    def peer_heard(self, peer: WsPeer) -> None:
        self.gateway.peer_heard(peer)

    def peer_closed(self, peer: WsPeer) -> None:
        self.gateway.peer_closed(peer)

    def is_stranger(self, peer: WsPeer) -> bool:
        return self.gateway.clients[peer].is_stranger


class Visitor:
    def __init__(self) -> None:
        self.messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.gone: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def opened(self, conn: ws.Connection) -> None:
        self.conn = conn

    def frame(self, data: bytes, is_text: bool) -> None:
        self.messages.put_nowait(json.loads(data))

    def closed(self, reason: str) -> None:
        self.gone.set_result(reason)

    async def ask(self, data: bytes) -> dict[str, Any]:
        self.conn.send(data)
        return await asyncio.wait_for(self.messages.get(), 5)


@contextlib.asynccontextmanager
async def door(scene: Scene) -> AsyncIterator[int]:
    server = await open_local_port("localhost", 0, Door(scene))
    try:
        yield server.port
    finally:
        await server.close()


async def visit(port: int) -> Visitor:
    visitor = Visitor()
    await ws.connect(f"ws://localhost:{port}", visitor)
    return visitor


async def handshake(port: int, *headers: str) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    usual = ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: " + "A" * 22)
    writer.write("\r\n".join(["GET / HTTP/1.1", *usual, *headers, "", ""]).encode())
    async with asyncio.timeout(5):
        answer = (await reader.read(4096)).decode()
    writer.close()
    return answer


def test_an_oversized_message_costs_its_sender_the_connection_and_nobody_else(scene: Scene) -> None:
    async def main() -> None:
        async with door(scene) as port:
            large, other = await visit(port), await visit(port)
            products = b'{"id":1,"method":"get_products","params":[]}'
            largest = products.replace(b"[]", b"[" + b" " * (MAX_MESSAGE_BYTES - 100) + b"]")
            assert "result" in await large.ask(largest)
            large.conn.send(b" " * (MAX_MESSAGE_BYTES + 1))
            assert "1009" in await asyncio.wait_for(large.gone, 5)
            assert "result" in await other.ask(products)

    run(main())


def test_a_binary_message_is_answered(scene: Scene) -> None:
    async def main() -> None:
        async with door(scene) as port:
            visitor = await visit(port)
            visitor.conn.send_binary(b"\x00\x01")
            answer = await asyncio.wait_for(visitor.messages.get(), 5)
            assert answer["error"]["code"] == ErrorCode.BAD_REQUEST and "JSON object as text" in answer["error"]["msg"]

    run(main())


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        (("Host: localhost", "Origin: https://somewhere.example"), ("Origin", "web page")),
        (("Host: somewhere.example",), ("Host", "ws://localhost")),
    ],
)
def test_browsers_and_other_machines_are_told_why_not(
    scene: Scene, headers: tuple[str, ...], told: tuple[str, ...]
) -> None:
    async def main() -> None:
        async with door(scene) as port:
            answer = await handshake(port, *headers)
            assert " 403 " in answer.splitlines()[0] and all(part in answer for part in told)
            assert not scene.gateway.clients

    run(main())
