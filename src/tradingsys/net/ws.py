"""Websockets: connect and serve, with callbacks instead of streams.

The only file that knows picows. Callbacks run on the event loop, straight from the socket's read; a callback that
raises loses its own connection (close code 1011) and nothing else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from ssl import SSLContext
from typing import Protocol, cast

import picows
from msgspec import Struct
from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, WSUpgradeResponse

from tradingsys.core.errors import TransportError
from tradingsys.net.headers import lower_case
from tradingsys.net.listen import listening_sockets
from tradingsys.net.redaction import origin, without_address
from tradingsys.net.upgrade import Refuse, UpgradeRequest

__all__ = [
    "Accept",
    "Acceptor",
    "Connection",
    "ErrorHook",
    "Refuse",
    "Server",
    "UpgradeRequest",
    "WsHandler",
    "connect",
    "serve",
]

_CLOSING_S = 2.0
"""How long a peer may take to answer a close before the connection is cut."""
_MAX_REASON_BYTES = 123
_INTERNAL_ERROR = 1011
_MESSAGE_TOO_BIG = 1009
_PROTOCOL_ERROR = 1002
_GOING_AWAY = 1001

ErrorHook = Callable[[Exception], None]


class WsHandler(Protocol):
    """What a connection calls. `closed` comes exactly once, after it nothing does."""

    def opened(self, conn: Connection) -> None:
        """The handshake is done; ``conn`` may be written to."""

    def frame(self, data: bytes, is_text: bool) -> None:
        """One whole message arrived."""

    def closed(self, reason: str) -> None:
        """The connection is gone."""


class Accept(Struct, frozen=True):
    """A websocket, with one of the subprotocols the client offered."""

    handler: WsHandler
    subprotocol: str | None = None


Acceptor = Callable[[UpgradeRequest], WsHandler | Accept | Refuse]


class Connection:
    """One open websocket; all methods belong to the event loop's thread and none of them waits."""

    __slots__ = ("_buffered", "_closing", "_heard", "_local_reason", "_transport", "on_pong", "peer", "subprotocol")

    def __init__(self, transport: WSTransport) -> None:
        self._transport = transport
        self._buffered = transport.underlying_transport.get_write_buffer_size
        self._closing: asyncio.TimerHandle | None = None
        self._heard: asyncio.Future[None] | None = None
        self._local_reason = ""
        self.on_pong: Callable[[], None] | None = None
        """Called for every pong, asked for or not."""
        peer = transport.underlying_transport.get_extra_info("peername")
        self.peer = str(peer[0]) if isinstance(peer, tuple) else str(peer)
        """The address at the other end."""
        self.subprotocol: str | None = transport.response.headers.get("sec-websocket-protocol")

    def send(self, data: bytes) -> None:
        """One text frame; silently dropped when the connection is closing, as `WsHandler.closed` will tell."""
        self._transport.send(WSMsgType.TEXT, data)

    def send_binary(self, data: bytes) -> None:
        """One binary frame; otherwise as `send`."""
        self._transport.send(WSMsgType.BINARY, data)

    def ping(self, payload: bytes) -> None:
        """One ping frame; `on_pong` tells of the answer."""
        if self.is_open:
            self._transport.send_ping(payload)

    @property
    def pending_bytes(self) -> int:
        """What was sent but not yet taken by the kernel; grows when the peer reads too slowly."""
        return self._buffered()

    @property
    def is_open(self) -> bool:
        """Whether `send` still sends."""
        return not (self._transport.is_close_frame_sent or self._transport.is_disconnected)

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Say goodbye; the connection is cut when the peer has not answered within two seconds."""
        if not self.is_open:
            return
        self._local_reason = f"closed here: {code} {reason}".rstrip()
        _send_close(self._transport, code, reason)
        self._closing = asyncio.get_running_loop().call_later(_CLOSING_S, self.abort)

    def abort(self) -> None:
        """Cut the connection without a word, dropping what is pending."""
        self._local_reason = self._local_reason or "aborted here"
        self._transport.disconnect(graceful=False)

    async def is_alive(self, timeout_s: float) -> bool:
        """Ask the peer with a ping whether it is still there."""
        if not self.is_open:
            return False
        if self._heard is None:
            self._heard = asyncio.get_running_loop().create_future()
            self._transport.send_ping()
        try:
            await asyncio.wait_for(asyncio.shield(self._heard), timeout_s)
        except TimeoutError:
            return False
        return self.is_open

    def _note_pong(self) -> None:
        if self.on_pong is not None:
            self.on_pong()
        if self._heard is not None:
            heard, self._heard = self._heard, None
            if not heard.done():
                heard.set_result(None)

    def _gone(self) -> str:
        if self._closing is not None:
            self._closing.cancel()
        self.on_pong = None
        self._note_pong()
        if self._local_reason:
            return self._local_reason
        handshake = self._transport.close_handshake
        # picows types these fields as always set; they are None until the frame in question was seen.
        if handshake is not None and handshake.recv is not None:  # type: ignore[redundant-expr]
            return f"closed by peer: {int(cast(int, handshake.recv.code))} {handshake.recv.reason}".rstrip()
        if handshake is not None and handshake.sent is not None:  # type: ignore[redundant-expr]
            return f"closed here: {int(cast(int, handshake.sent.code))} {handshake.sent.reason}".rstrip()
        return "connection lost"


class _Listener(WSListener):
    """Turns picows' frames into whole messages and guards the loop against a handler's exceptions."""

    def __init__(self, handler: WsHandler, max_message_bytes: int, on_error: ErrorHook, url: str = "") -> None:
        """``url`` is where the connection was made to; nothing of it but the host is ever told."""
        self._handler = handler
        self._url = url
        self._limit = max_message_bytes
        self._on_error = on_error
        self.conn: Connection | None = None
        self._parts: list[bytes] = []
        self._parts_bytes = 0
        self._parts_are_text = True
        self.abandoned = False
        self.on_gone: Callable[[Connection], None] | None = None
        self.on_open: Callable[[Connection], None] | None = None

    def on_ws_connected(self, transport: WSTransport) -> None:
        if self.abandoned:
            transport.disconnect(graceful=False)
            return
        self.conn = conn = Connection(transport)
        if self.on_open is not None:
            self.on_open(conn)
        try:
            self._handler.opened(conn)
        except Exception as error:  # noqa: BLE001 - a handler may lose its connection, never the loop
            self._failed(error)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        kind = frame.msg_type
        conn = self.conn
        if conn is None or (transport.is_close_frame_sent and kind is not WSMsgType.CLOSE):
            return
        if kind is WSMsgType.TEXT or kind is WSMsgType.BINARY:
            if frame.fin and not self._parts:
                self._deliver(frame.get_payload_as_bytes(), kind is WSMsgType.TEXT)
            else:
                self._start_parts(conn, frame)
        elif kind is WSMsgType.CONTINUATION:
            self._continue_parts(conn, frame)
        elif kind is WSMsgType.PONG:
            conn._note_pong()
        elif kind is WSMsgType.CLOSE:
            if not transport.is_close_frame_sent:
                code = int(cast(int, frame.get_close_code()))
                _send_close(transport, code or 1000, "")
            transport.disconnect()

    def on_ws_disconnected(self, transport: WSTransport) -> None:  # noqa: ARG002 - picows calls it so
        conn = self.conn
        if conn is None:
            return
        if self.on_gone is not None:
            self.on_gone(conn)
        try:
            self._handler.closed(without_address(conn._gone(), self._url))
        except Exception as error:  # noqa: BLE001 - there is nothing left to close
            self._on_error(error)

    def is_user_specific_pong(self, frame: WSFrame) -> bool:
        """Any pong proves that the peer is there, whoever asked."""
        if frame.msg_type is not WSMsgType.PONG:
            return False
        if self.conn is not None:
            self.conn._note_pong()
        return True

    def pause_writing(self) -> None:
        """`Connection.pending_bytes` tells."""

    def resume_writing(self) -> None:
        """`Connection.pending_bytes` tells."""

    def _start_parts(self, conn: Connection, frame: WSFrame) -> None:
        if self._parts:
            conn.close(_PROTOCOL_ERROR, "new message inside a fragmented one")
            return
        self._parts = [frame.get_payload_as_bytes()]
        self._parts_bytes = frame.payload_size
        self._parts_are_text = frame.msg_type is WSMsgType.TEXT

    def _continue_parts(self, conn: Connection, frame: WSFrame) -> None:
        if not self._parts:
            conn.close(_PROTOCOL_ERROR, "continuation of nothing")
            return
        self._parts_bytes += frame.payload_size
        if self._parts_bytes > self._limit:
            self._parts = []
            conn.close(_MESSAGE_TOO_BIG, f"message above {self._limit} bytes")
            return
        self._parts.append(frame.get_payload_as_bytes())
        if frame.fin:
            message, self._parts = b"".join(self._parts), []
            self._deliver(message, self._parts_are_text)

    def _deliver(self, data: bytes, is_text: bool) -> None:
        try:
            self._handler.frame(data, is_text)
        except Exception as error:  # noqa: BLE001 - a handler may lose its connection, never the loop
            self._failed(error)

    def _failed(self, error: Exception) -> None:
        if self.conn is not None:
            self.conn.close(_INTERNAL_ERROR, f"handler failed: {type(error).__name__}")
        self._on_error(error)


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
    listener = _Listener(handler, max_message_bytes, on_error or _report_to_loop, url)
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
            )
    except (OSError, picows.WSError, ValueError) as error:  # TimeoutError and TLS errors are OSErrors
        listener.abandoned = True
        text = without_address(str(error) or type(error).__name__, url)
        raise TransportError(f"{origin(url)}: {text}", sent=False) from error
    except asyncio.CancelledError:
        listener.abandoned = True
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
        deadline = asyncio.get_running_loop().time() + _CLOSING_S
        while self.connections and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.005)
        for conn in list(self.connections):
            conn.abort()
        await asyncio.sleep(0)


async def serve(
    host: str,
    port: int,
    accept: Acceptor,
    *,
    max_message_bytes: int = 1024 * 1024,
    ssl: SSLContext | None = None,
    handshake_timeout_s: float = 5.0,
    on_error: ErrorHook | None = None,
) -> Server:
    """Listen on ``host`` ("localhost" is loopback only) and ask ``accept`` about every upgrade request.

    Raises OSError when the port is taken.
    """
    report = on_error or _report_to_loop
    connections: set[Connection] = set()

    def on_request(request: WSUpgradeRequest) -> picows.WSUpgradeResponseWithListener:
        try:
            verdict = accept(UpgradeRequest(request.path.decode("latin-1"), lower_case(request.headers.items())))
        except Exception as error:  # noqa: BLE001 - one bad request must not reach the loop
            report(error)
            verdict = Refuse(500, "internal error")
        if isinstance(verdict, Refuse):
            refusal = WSUpgradeResponse.create_error_response(verdict.status, verdict.text.encode())
            return picows.WSUpgradeResponseWithListener(refusal, None)
        accepted = verdict if isinstance(verdict, Accept) else Accept(verdict)
        listener = _Listener(accepted.handler, max_message_bytes, report)
        listener.on_open, listener.on_gone = connections.add, connections.discard
        extra = {} if accepted.subprotocol is None else {"Sec-WebSocket-Protocol": accepted.subprotocol}
        return picows.WSUpgradeResponseWithListener(WSUpgradeResponse.create_101_response(extra), listener)

    sockets = await listening_sockets(host, port)
    listeners = [
        await picows.ws_create_server(
            on_request,
            sock=sock,
            ssl=ssl,
            websocket_handshake_timeout=handshake_timeout_s,
            max_frame_size=max_message_bytes,
        )
        for sock in sockets
    ]
    return Server(listeners, sockets[0].getsockname()[1], connections)


def _send_close(transport: WSTransport, code: int, reason: str) -> None:
    text = reason.encode()[:_MAX_REASON_BYTES].decode(errors="ignore")
    # picows' enum does not list application codes (4000-4999) but its C type takes any 16-bit number.
    transport.send_close(cast(WSCloseCode, code), text)


def _report_to_loop(error: Exception) -> None:
    asyncio.get_running_loop().call_exception_handler({"message": "websocket handler failed", "exception": error})
