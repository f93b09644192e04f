"""Websockets: connect and serve, with callbacks instead of streams.

With `ws_connection` the only file that knows picows.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Mapping
from ssl import SSLContext

import picows
from msgspec import Struct
from picows import WSUpgradeRequest, WSUpgradeResponse
from picows.url import WSParsedURL

from tradingsys.core.errors import TransportError
from tradingsys.net.doorway import Callers, Doorway
from tradingsys.net.headers import lower_case
from tradingsys.net.listen import listening_sockets
from tradingsys.net.redaction import origin, without_address
from tradingsys.net.upgrade import Refuse, UpgradeRequest
from tradingsys.net.ws_connection import CLOSING_S, Connection, ErrorHook, Listener, WsHandler

__all__ = [
    "Accept",
    "Acceptor",
    "Connection",
    "ErrorHook",
    "Refuse",
    "Refused",
    "Server",
    "UpgradeRequest",
    "WsHandler",
    "connect",
    "serve",
]

_GOING_AWAY = 1001
_MOST_WORDS = 200


class Refused(TransportError):
    """Somebody answered, and opened no websocket; ``words`` is what else was said."""

    def __init__(self, message: str, status: int, body: bytes) -> None:
        self.status, self.words = status, body[:_MOST_WORDS].decode(errors="replace")
        super().__init__(message, sent=False)


class Accept(Struct, frozen=True):
    """A websocket, with one of the subprotocols the client offered."""

    handler: WsHandler
    subprotocol: str | None = None


Acceptor = Callable[[UpgradeRequest], WsHandler | Accept | Refuse]


class _Socket(socket.socket):
    """Leaves no watcher behind at the loop, whose number the next socket would have.

    A transport of aiofastnet whose first write fails, as the peer reset the connection at once, begins to watch its
    socket all the same and then closes it: with uvloop no connection could ever be made by that number again.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, family: int, kind: int, proto: int) -> None:
        super().__init__(family, kind, proto)
        self._loop = loop

    def close(self) -> None:
        """As ever, once nobody watches it."""
        if self.fileno() >= 0:
            # Plain asyncio refuses for a socket that has a transport of its own, and on Windows always.
            with contextlib.suppress(RuntimeError, NotImplementedError):
                self._loop.remove_reader(self.fileno())
                self._loop.remove_writer(self.fileno())
        super().close()


class _Dial:
    """The TCP connection of an attempt, to be ended whatever has become of its owner."""

    def __init__(self) -> None:
        self._sock: socket.socket | None = None

    async def __call__(self, url: WSParsedURL) -> socket.socket:
        loop = asyncio.get_running_loop()
        failure: OSError | None = None
        for family, kind, proto, _, address in await loop.getaddrinfo(url.host, url.port, type=socket.SOCK_STREAM):
            sock = _Socket(loop, family, kind, proto)
            sock.setblocking(False)
            try:
                await loop.sock_connect(sock, address)
            except OSError as error:
                sock.close()
                failure = failure or error
            except BaseException:
                sock.close()
                raise
            else:
                self._sock = sock
                return sock
        raise failure or OSError(f"{url.host} has no address")

    def hang_up(self, *, is_lost: bool = False) -> None:
        """Its transport, which nobody has, sees the end of it and closes; of one that ``is_lost`` there is none."""
        if self._sock is None or self._sock.fileno() < 0:
            return
        if is_lost:
            self._sock.close()
            return
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)


async def connect(
    url: str,
    handler: WsHandler,
    *,
    headers: Mapping[str, str] | None = None,
    timeout_s: float = 10.0,
    subprotocol: str | None = None,
    ssl: SSLContext | None = None,
    max_message_bytes: int = 16 * 1024 * 1024,
    ping_interval_s: float = 10.0,
    pong_timeout_s: float = 10.0,
    on_error: ErrorHook | None = None,
) -> Connection:
    """Open a websocket; ``handler.opened`` is called before this returns.

    A peer that is silent for ``ping_interval_s`` is pinged, and cut when it does not answer within ``pong_timeout_s``
    (at most the interval). No proxy, no redirect.

    Raises TransportError (not sent) when no websocket came to be.
    """
    dial = _Dial()
    listener = Listener(handler, max_message_bytes, on_error or _report_to_loop, url)
    extra = dict(headers or {})
    if subprotocol is not None:
        extra["Sec-WebSocket-Protocol"] = subprotocol
    try:
        async with asyncio.timeout(timeout_s):
            await picows.ws_connect(
                lambda: listener,
                url,
                ssl_context=ssl,
                websocket_handshake_timeout=timeout_s,
                enable_auto_ping=True,
                auto_ping_idle_timeout=ping_interval_s,
                auto_ping_reply_timeout=min(pong_timeout_s, ping_interval_s),
                max_frame_size=max_message_bytes,
                extra_headers=extra,
                max_redirects=0,
                socket_factory=dial,
            )
    except (OSError, picows.WSError, ValueError) as error:  # TimeoutError and TLS errors are OSErrors
        listener.abandoned = True
        dial.hang_up(is_lost=isinstance(error, ConnectionError))
        text = without_address(str(error) or type(error).__name__, url)
        failure = TransportError(f"{origin(url)}: {text}", sent=False)
        if isinstance(error, picows.WSInvalidStatusError) and error.response is not None:
            failure = Refused(str(failure), int(error.response.status), error.raw_body or b"")
        raise failure from error
    except asyncio.CancelledError:
        listener.abandoned = True
        dial.hang_up()
        raise
    if listener.conn is None:  # picows takes a connection lost during the handshake for an established one
        listener.abandoned = True
        raise TransportError(f"{origin(url)}: connection lost during the handshake", sent=False)
    return listener.conn


class Server:
    """A listening websocket server."""

    def __init__(self, listeners: list[asyncio.Server], port: int, connections: set[Connection]) -> None:
        self._listeners, self.connections = listeners, connections
        self.port = port

    async def close(self) -> None:
        """Stop listening and close every connection (1001); those that do not answer are cut."""
        for listener in self._listeners:
            listener.close()
        for conn in list(self.connections):
            conn.close(_GOING_AWAY, "shutting down")
        deadline = asyncio.get_running_loop().time() + CLOSING_S
        while self.connections and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.005)
        for conn in list(self.connections):
            conn.abort()
        await asyncio.sleep(0)


class _Reception:
    """Asks ``accept`` about every upgrade request, and knows who was let in."""

    def __init__(
        self, accept: Acceptor, report: ErrorHook, callers: Callers | None, max_message_bytes: int, is_fair: bool
    ) -> None:
        self._accept, self._report, self._callers = accept, report, callers
        self._max_message_bytes, self._is_fair = max_message_bytes, is_fair
        self.connections: set[Connection] = set()

    def __call__(self, request: WSUpgradeRequest) -> picows.WSUpgradeResponseWithListener:
        """See `picows.ws_create_server`."""
        verdict = self._verdict(UpgradeRequest(request.path.decode("latin-1"), lower_case(request.headers.items())))
        if isinstance(verdict, Refuse):
            refusal = WSUpgradeResponse.create_error_response(verdict.status, verdict.text.encode())
            return picows.WSUpgradeResponseWithListener(refusal, None)
        accepted = verdict if isinstance(verdict, Accept) else Accept(verdict)
        listener = Listener(accepted.handler, self._max_message_bytes, self._report, is_fair=self._is_fair)
        listener.on_open, listener.on_gone = self._opened, self.connections.discard
        extra = {} if accepted.subprotocol is None else {"Sec-WebSocket-Protocol": accepted.subprotocol}
        return picows.WSUpgradeResponseWithListener(WSUpgradeResponse.create_101_response(extra), listener)

    def _verdict(self, request: UpgradeRequest) -> WsHandler | Accept | Refuse:
        try:
            return self._accept(request)
        except Exception as error:  # noqa: BLE001 - one bad request must not reach the loop
            self._report(error)
            return Refuse(500, "internal error")

    def _opened(self, conn: Connection) -> None:
        self.connections.add(conn)
        if self._callers is not None:
            self._callers.entered(conn.descriptor)


async def serve(
    host: str,
    port: int,
    accept: Acceptor,
    *,
    max_message_bytes: int = 1024 * 1024,
    ssl: SSLContext | None = None,
    handshake_timeout_s: float = 5.0,
    ping_interval_s: float | None = None,
    send_buffer_bytes: int | None = None,
    receive_buffer_bytes: int | None = None,
    callers: Callers | None = None,
    is_fair: bool = False,
    on_error: ErrorHook | None = None,
) -> Server:
    """Listen on ``host`` ("localhost" is loopback only) and ask ``accept`` about every upgrade request.

    With ``ping_interval_s`` a peer that is silent for so long is pinged, and cut when it does not answer within the
    same time. ``send_buffer_bytes`` is what the kernel may hold of a connection that is not read, and
    ``receive_buffer_bytes`` of what it sends; its own choice otherwise. ``callers`` bounds who has not shaken hands yet
    (not with Windows' own loop). With ``is_fair`` no connection takes more than its `FairShare` of the time.

    Raises OSError when the port is taken.
    """
    reception = _Reception(accept, on_error or _report_to_loop, callers, max_message_bytes, is_fair)
    sockets = await listening_sockets(host, port)
    port = sockets[0].getsockname()[1]
    if callers is not None:
        sockets = [Doorway(sock, callers) for sock in sockets]
    for sock in sockets:
        _bound_buffers(sock, send_buffer_bytes, receive_buffer_bytes)
    listeners = [
        await picows.ws_create_server(
            reception,
            sock=sock,
            ssl=ssl,
            ssl_handshake_timeout=handshake_timeout_s if ssl is not None else None,
            websocket_handshake_timeout=handshake_timeout_s,
            max_frame_size=max_message_bytes,
            enable_auto_ping=ping_interval_s is not None,
            auto_ping_idle_timeout=ping_interval_s or 0,
            auto_ping_reply_timeout=ping_interval_s or 0,
            # Otherwise what is answered to a peer that reads nothing would be kept without end.
            enable_auto_pong=False,
        )
        for sock in sockets
    ]
    return Server(listeners, port, reception.connections)


def _bound_buffers(sock: socket.socket, send_bytes: int | None, receive_bytes: int | None) -> None:
    """Handed down to every connection. The kernel doubles the figure, for what it needs beside the bytes."""
    for option, size in ((socket.SO_SNDBUF, send_bytes), (socket.SO_RCVBUF, receive_bytes)):
        if size is not None:
            sock.setsockopt(socket.SOL_SOCKET, option, size // 2)


def _report_to_loop(error: Exception) -> None:
    asyncio.get_running_loop().call_exception_handler({"message": "websocket handler failed", "exception": error})
