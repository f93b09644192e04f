"""An HTTP client that sends exactly once. With `http_server` the only file that knows aiohttp."""

from __future__ import annotations

from ssl import SSLContext
from types import SimpleNamespace

import aiohttp
from aiohttp import ClientHandlerType, ClientRequest, ClientResponse
from yarl import URL

from tradingsys.core.io import HttpFailed, HttpReply, HttpRequest
from tradingsys.net.headers import lower_case
from tradingsys.net.redaction import without_address

__all__ = ["HttpClient", "read_at_most"]

_MAX_REPLY_BYTES = 64 * 1024 * 1024
_NS = 1e-9
# What a venue reads is what the caller gave: nothing is added but what HTTP itself needs.
_NOT_ADDED = ("User-Agent", "Content-Type", "Accept")


class _Attempt(SimpleNamespace):
    """Whether a request got as far as having a connection: from there on bytes may have left."""

    connected: bool = False


class _Unanswered(Exception):
    """Carries a connection's failure past aiohttp, which would repeat GET, PUT and DELETE when it saw the original."""


async def _never_repeat(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
    try:
        return await handler(request)
    except (aiohttp.ClientError, OSError) as error:
        raise _Unanswered(_describe(error, str(request.url))) from error


class HttpClient:
    """Sends requests, each exactly once: no retry, no redirect, no proxy, no cookie.

    Connections are kept alive and reused; make one client per venue account.
    """

    def __init__(self, *, ssl: SSLContext | None = None, connections: int = 16) -> None:
        self._ssl, self._connections = ssl, connections
        self._session: aiohttp.ClientSession | None = None

    async def send(self, request: HttpRequest) -> HttpReply | HttpFailed:
        """Send ``request`` and wait for its answer; never raises for what a network can do.

        The URL goes out byte for byte, as signatures cover it (only the ``?`` of an empty query is dropped).
        """
        attempt = _Attempt()
        try:
            async with self._open_session().request(
                request.method,
                URL(request.url, encoded=True),
                data=request.body or None,
                headers=request.headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=request.timeout_ns * _NS),
                trace_request_ctx=attempt,
            ) as response:
                body = await read_at_most(response.content, _MAX_REPLY_BYTES)
                if body is None:
                    return HttpFailed(request.token, True, f"reply above {_MAX_REPLY_BYTES} bytes")
                return HttpReply(request.token, response.status, lower_case(response.headers.items()), body)
        except (_Unanswered, aiohttp.ClientError, OSError) as error:  # TimeoutError is an OSError
            return HttpFailed(request.token, attempt.connected, _describe(error, request.url))

    async def close(self) -> None:
        """Close all connections; whatever is under way fails."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open_session(self) -> aiohttp.ClientSession:
        # Made at the first request because aiohttp binds a session to the running loop.
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._connections, ssl=True if self._ssl is None else self._ssl),
                cookie_jar=aiohttp.DummyCookieJar(),
                skip_auto_headers=_NOT_ADDED,
                middlewares=(_never_repeat,),
                trace_configs=[_tracing()],
                trust_env=False,
            )
        return self._session


def _tracing() -> aiohttp.TraceConfig:
    async def connected(_session: aiohttp.ClientSession, context: SimpleNamespace, _params: object) -> None:
        context.trace_request_ctx.connected = True

    tracing = aiohttp.TraceConfig()
    tracing.on_connection_create_end.append(connected)
    tracing.on_connection_reuseconn.append(connected)
    return tracing


async def read_at_most(stream: aiohttp.StreamReader, limit: int) -> bytes | None:
    """The whole body, or None when it is longer than ``limit`` bytes."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in stream.iter_any():
        size += len(chunk)
        if size > limit:
            return None
        chunks.append(chunk)
    return b"".join(chunks)


def _describe(error: BaseException, url: str) -> str:
    if isinstance(error, aiohttp.ClientResponseError):
        text = f"an answer that is no HTTP: {error.message}"
    else:
        text = str(error) or type(error).__name__
    return without_address(text, url)
