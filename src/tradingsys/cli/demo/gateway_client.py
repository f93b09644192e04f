"""A client of the gateway on an event loop that has other things to do: what the view sees, any strategy can see."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

from msgspec import Struct

from tradingsys.core.errors import TransportError
from tradingsys.net.token import read_token
from tradingsys.net.ws import Connection, connect
from tradingsys.wire.codec import decode_result, decode_server_message, encode_request
from tradingsys.wire.messages import CancelParams, LoginParams, LoginResult, OrderPush, Push, Reply

__all__ = ["GatewayClient", "cancel_open_orders", "connected"]

_RETRY_S = 0.1
_ANSWER_S = 5.0

T = TypeVar("T")


class GatewayClient:
    """Requests with replies, and pushes as they come."""

    def __init__(self, on_push: Callable[[Push], None]) -> None:
        self._on_push = on_push
        self._conn: Connection | None = None
        self._replies: dict[int, asyncio.Future[Reply]] = {}
        self._requests = 0
        self.login: LoginResult | None = None

    async def request(self, method: str, params: Struct | list[str], kind: type[T]) -> T:
        """Ask, and wait for the answer. Raises LocalProtocolError when it is an error."""
        assert self._conn is not None
        self._requests += 1
        reply = self._replies[self._requests] = asyncio.get_running_loop().create_future()
        self._conn.send(encode_request(self._requests, method, params))
        return decode_result(await asyncio.wait_for(reply, _ANSWER_S), kind)

    def opened(self, conn: Connection) -> None:
        """See `WsHandler`."""
        self._conn = conn

    def frame(self, data: bytes, is_text: bool) -> None:  # noqa: ARG002 - the gateway speaks text
        """See `WsHandler`."""
        message = decode_server_message(data)
        if not isinstance(message, Reply):
            self._on_push(message)
        elif message.id in self._replies:
            self._replies.pop(message.id).set_result(message)

    def closed(self, reason: str) -> None:
        """See `WsHandler`."""
        for reply in self._replies.values():
            if not reply.done():
                reply.set_exception(TransportError(reason, sent=True))


@contextlib.asynccontextmanager
async def connected(
    port: int, session: int, on_push: Callable[[Push], None], *, trading: bool = False, give_up: Callable[[], None]
) -> AsyncIterator[GatewayClient]:
    """A connection that is logged in. ``give_up`` raises when there is no point in trying to connect any longer."""
    client = GatewayClient(on_push)
    while True:
        give_up()
        try:
            conn = await connect(f"ws://localhost:{port}", client)
            break
        except TransportError:
            await asyncio.sleep(_RETRY_S)
    try:
        params = LoginParams(session, "demo", trading, token=read_token(port))
        client.login = await client.request("login", params, LoginResult)
        yield client
    finally:
        conn.close()


async def cancel_open_orders(port: int, session: int, give_up: Callable[[], None]) -> None:
    """Leave nothing of a session at the exchange: what a strategy left open is canceled."""
    ended: set[str] = set()
    news = asyncio.Event()

    def on_push(push: Push) -> None:
        if isinstance(push, OrderPush) and not push.order.status.is_open:
            ended.add(push.order.client_order_id)
            news.set()

    async with connected(port, session, on_push, trading=True, give_up=give_up) as client:
        snapshot = client.login.snapshot if client.login is not None else None
        opened = {order.client_order_id for order in snapshot.orders} if snapshot is not None else set()
        for client_order_id in opened:
            await client.request("cancel", CancelParams(client_order_id), object)
        async with asyncio.timeout(_ANSWER_S):
            while opened - ended:
                news.clear()
                await news.wait()
