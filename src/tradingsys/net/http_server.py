"""A small HTTP server. A gateway has none, and starts sooner without aiohttp's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from ssl import SSLContext

from aiohttp import web
from msgspec import Struct

from tradingsys.net.headers import lower_case
from tradingsys.net.http import read_at_most
from tradingsys.net.listen import listening_sockets

__all__ = ["HttpIn", "HttpOut", "HttpServer", "serve"]


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
        body = await read_at_most(request.content, max_body_bytes)
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


def _report_to_loop(error: Exception) -> None:
    asyncio.get_running_loop().call_exception_handler({"message": "HTTP handler failed", "exception": error})
