"""HTTP: a client that sends exactly once, and a small server. The only file that knows aiohttp."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from ssl import SSLContext
from types import SimpleNamespace

import aiohttp
from aiohttp import ClientHandlerType, ClientRequest, ClientResponse, web
from msgspec import Struct
from yarl import URL

from tradingsys.core.io import HttpFailed, HttpReply, HttpRequest
from tradingsys.net.headers import lower_case
from tradingsys.net.listen import listening_sockets
from tradingsys.net.redaction import without_address

__all__ = ["HttpClient", "HttpIn", "HttpOut", "HttpServer", "serve"]

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
                body = await _read_at_most(response.content, _MAX_REPLY_BYTES)
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


class HttpIn(Struct, frozen=True):
    """A request as it came: path and query undecoded, header names in lower case."""

    method: str
    path: str
    query: bytes
    headers: Mapping[str, str]
    body: bytes
    peer: str


class HttpOut(Struct, frozen=True):
    """The answer to one request; with the status 0 the connection is closed without an answer."""

    status: int
    headers: Mapping[str, str] = {}
    body: bytes = b""
    after_s: float = 0.0
    """How long the client waits for it."""


class HttpServer:
    """A listening HTTP server."""

    def __init__(self, runner: web.ServerRunner, port: int) -> None:
        self._runner = runner
        self.port = port

    async def close(self) -> None:
        """Stop listening and close every connection."""
        await self._runner.cleanup()


async def serve(
    host: str,
    port: int,
    handle: Callable[[HttpIn], HttpOut],
    *,
    max_body_bytes: int = 1024 * 1024,
    ssl: SSLContext | None = None,
    on_error: Callable[[Exception], None] | None = None,
) -> HttpServer:
    """Listen on ``host`` ("localhost" is loopback only) and answer every request with ``handle``.

    An exception in ``handle`` answers 500. Raises OSError when the port is taken.
    """
    report = on_error or _report_to_loop

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        body = await _read_at_most(request.content, max_body_bytes)
        if body is None:
            response = web.Response(status=413)
            response.force_close()
            return response
        path, _, query = request.raw_path.partition("?")
        headers = lower_case(request.headers.items())
        try:
            out = handle(HttpIn(request.method, path, query.encode("latin-1"), headers, body, request.remote or ""))
        except Exception as error:  # noqa: BLE001 - one bad request must not stop the server
            report(error)
            out = HttpOut(500)
        if out.after_s:
            await asyncio.sleep(out.after_s)
        if not out.status:
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        return web.Response(status=out.status, headers=out.headers, body=out.body)

    runner = web.ServerRunner(web.Server(answer, access_log=None), shutdown_timeout=1.0)
    await runner.setup()
    sockets = await listening_sockets(host, port)
    for sock in sockets:
        await web.SockSite(runner, sock, ssl_context=ssl).start()
    return HttpServer(runner, sockets[0].getsockname()[1])


async def _read_at_most(stream: aiohttp.StreamReader, limit: int) -> bytes | None:
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


def _report_to_loop(error: Exception) -> None:
    asyncio.get_running_loop().call_exception_handler({"message": "HTTP handler failed", "exception": error})
