"""The operator's connection to a running gateway."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import TypeVar
from urllib.parse import urlsplit

from msgspec import Struct

from tradingsys.core.errors import ConfigError, LocalProtocolError, TradingError, TransportError
from tradingsys.net.loopback import LOOPBACK
from tradingsys.net.token import read_token, token_path
from tradingsys.net.ws import Connection, Refused, connect
from tradingsys.wire.codec import decode_result, decode_server_message, encode_request
from tradingsys.wire.messages import ErrorCode, Reply
from tradingsys.wire.operator import GatewayView, OperateParams

__all__ = ["NoGateway", "Operator", "operating"]

_ELSEWHERE = "operate a gateway on its own machine; strategies of others come by wss:// and a token of their session"
_CONNECT_S = 3.0
_GOODBYE_S = 1.0
_ANSWER_S = 15.0
"""The gateway may have to ask the exchange first."""

T = TypeVar("T")


class NoGateway(TradingError):
    """Nobody answers at the address, or somebody who is no gateway."""


class Operator:
    """Requests with replies, one connection long."""

    def __init__(self, addr: str) -> None:
        self._addr = addr
        self._conn: Connection | None = None
        self._replies: dict[int, asyncio.Future[Reply]] = {}
        self._requests = 0
        self.gateway: GatewayView | None = None
        """The gateway as it was when we connected."""
        self._gone = asyncio.Event()

    async def request(self, method: str, params: Struct | None, kind: type[T]) -> T:
        """Ask, and wait for the answer. Raises LocalProtocolError when it is an error, TransportError without one."""
        assert self._conn is not None
        self._requests += 1
        reply = self._replies[self._requests] = asyncio.get_running_loop().create_future()
        self._conn.send(encode_request(self._requests, method, params if params is not None else []))
        try:
            return decode_result(await asyncio.wait_for(reply, _ANSWER_S), kind)
        except TimeoutError:
            raise TransportError(f"the gateway at {self._addr} did not answer {method} in time", sent=True) from None

    def opened(self, conn: Connection) -> None:
        """See `WsHandler`."""
        self._conn = conn

    def frame(self, data: bytes, is_text: bool) -> None:  # noqa: ARG002 - the gateway speaks text
        """See `WsHandler`."""
        try:
            message = decode_server_message(data)
        except LocalProtocolError:
            return
        if isinstance(message, Reply) and message.id in self._replies:
            reply = self._replies.pop(message.id)
            if not reply.done():
                reply.set_result(message)

    async def leave(self) -> None:
        """Say goodbye, and wait a moment for the answer."""
        assert self._conn is not None
        self._conn.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._gone.wait(), _GOODBYE_S)
        self._conn.abort()

    def closed(self, reason: str) -> None:
        """See `WsHandler`."""
        self._gone.set()
        for reply in self._replies.values():
            if not reply.done():
                reply.set_exception(TransportError(f"the gateway at {self._addr} hung up: {reason}", sent=True))


@contextlib.asynccontextmanager
async def operating(addr: str) -> AsyncIterator[Operator]:
    """A connection that operates the gateway at ``addr``.

    Raises NoGateway when nobody is there, ConfigError for an address that is none, LocalProtocolError when the gateway
    refuses us, and TradingError when it has no room for anybody.
    """
    parts = urlsplit(addr)
    port = _port(addr)
    operator = Operator(addr)
    try:
        await connect(f"ws://{parts.netloc}", operator, timeout_s=_CONNECT_S)
    except Refused as error:
        if error.status != HTTPStatus.SERVICE_UNAVAILABLE:
            raise NoGateway(str(error)) from None
        raise TradingError(f"the gateway at {addr} has no room: {error.words}") from None
    except TransportError as error:
        raise NoGateway(str(error)) from None
    try:
        try:
            operator.gateway = await operator.request("operate", OperateParams(_token(port)), GatewayView)
        except LocalProtocolError as error:
            raise _refused(error, addr, port) from None
        yield operator
    finally:
        await operator.leave()


def _port(addr: str) -> int:
    parts = urlsplit(addr)
    try:
        port = parts.port
    except ValueError:
        port = None
    if parts.scheme != "ws" or not parts.hostname or not port:
        raise ConfigError(f"{addr!r} is no address with a port", key="--addr", hint="write it like ws://localhost:8111")
    if parts.hostname not in LOOPBACK:
        raise ConfigError(
            f"{parts.hostname} is another machine, which must not be told this one's token",
            key="--addr",
            hint=_ELSEWHERE,
        )
    return port


def _token(port: int) -> str | None:
    try:
        return os.environ.get("PYALGO_TOKEN") or read_token(port)
    except OSError as error:
        raise ConfigError(
            f"cannot be read: {error.strerror or error}",
            file=str(token_path(port)),
            hint="work as the user who started the gateway, or set PYALGO_TOKEN",
        ) from None


def _refused(error: LocalProtocolError, addr: str, port: int) -> LocalProtocolError:
    if error.code == ErrorCode.UNAUTHORIZED:
        return LocalProtocolError(
            f"the gateway at {addr} does not take our token ({token_path(port)}): work as the user who started it,"
            " or set PYALGO_TOKEN to the content of that file",
            code=error.code,
        )
    if error.code in (ErrorCode.BAD_REQUEST, ErrorCode.LOGIN_FIRST):
        return LocalProtocolError(
            f"the gateway at {addr} cannot be operated ({error}): restart it with this version of tradingsys",
            code=error.code,
        )
    return error
