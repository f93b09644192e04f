"""An open websocket: what its owner can do with it, and how picows' frames become whole messages.

Callbacks run on the event loop, straight from the socket's read; a callback that raises loses its own connection (close
code 1011) and nothing else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol, cast

from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSTransport

from tradingsys.net.fair_share import FairShare, KeptFrame, has_reserved_bits
from tradingsys.net.redaction import without_address

__all__ = ["CLOSING_S", "Connection", "ErrorHook", "Listener", "WsHandler"]

CLOSING_S = 2.0
"""How long a peer may take to answer a close before the connection is cut."""
_MAX_REASON_BYTES = 123
_INTERNAL_ERROR = 1011
_MESSAGE_TOO_BIG = 1009
_PROTOCOL_ERROR = 1002
_POLICY_VIOLATION = 1008
_MAX_PENDING_PONG_BYTES = 16 * 1024
_NOT_TO_BE_SENT = (0, 1004, 1005, 1006, 1015)

ErrorHook = Callable[[Exception], None]


class WsHandler(Protocol):
    """What a connection calls. `closed` comes exactly once, after it nothing does."""

    def opened(self, conn: Connection) -> None:
        """The handshake is done; ``conn`` may be written to."""

    def frame(self, data: bytes, is_text: bool) -> None:
        """One whole message arrived."""

    def closed(self, reason: str) -> None:
        """The connection is gone."""


class Connection:
    """One open websocket; all methods belong to the event loop's thread and none of them waits."""

    __slots__ = (
        "_buffered",
        "_closing",
        "_heard",
        "_local_reason",
        "_share",
        "_transport",
        "on_pong",
        "peer",
        "subprotocol",
    )

    def __init__(self, transport: WSTransport, share: FairShare | None = None) -> None:
        self._transport, self._share = transport, share
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
        if self._share is not None:
            self._share.answered(len(data))

    def send_binary(self, data: bytes) -> None:
        """One binary frame; otherwise as `send`."""
        self._transport.send(WSMsgType.BINARY, data)

    def ping(self, payload: bytes) -> None:
        """One ping frame; `on_pong` tells of the answer."""
        if self.is_open:
            self._transport.send_ping(payload)

    @property
    def descriptor(self) -> int:
        """Its socket's number; negative when it is closed."""
        return int(self._transport.underlying_transport.get_extra_info("socket").fileno())

    @property
    def pending_bytes(self) -> int:
        """What was sent but not yet taken by the kernel; grows when the peer reads too slowly."""
        return self._buffered()

    @property
    def was_ended_here(self) -> bool:
        """Whether this side closed it, or is about to."""
        return bool(self._local_reason)

    @property
    def is_open(self) -> bool:
        """Whether `send` still sends."""
        return not (self._transport.is_close_frame_sent or self._transport.is_disconnected)

    @property
    def is_late(self) -> bool:
        """Whether what it says now has waited for its share for seconds."""
        return self._share is not None and self._share.is_late

    def forgive(self) -> None:
        """See `FairShare.forgive`."""
        if self._share is not None:
            self._share.forgive()

    def charged(self) -> AbstractContextManager[None]:
        """See `FairShare.charged`."""
        return self._share.charged() if self._share is not None else nullcontext()

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Say goodbye; the connection is cut when the peer has not answered within two seconds."""
        if not self.is_open:
            return
        self._local_reason = f"closed here: {code} {reason}".rstrip()
        send_close(self._transport, code, reason)
        self._closing = asyncio.get_running_loop().call_later(CLOSING_S, self.abort)

    def mute(self) -> None:
        """Hear nothing more of this peer, not even its goodbye; on a server that shares out its time."""
        if self._share is not None:
            self._share.mute()

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


class Listener(WSListener):
    """Turns picows' frames into whole messages and guards the loop against a handler's exceptions."""

    def __init__(
        self,
        handler: WsHandler,
        max_message_bytes: int,
        on_error: ErrorHook,
        url: str = "",
        *,
        is_fair: bool = False,
    ) -> None:
        """``url`` is where the connection was made to; nothing of it but the host is ever told.

        With ``is_fair`` what comes is handed on as `FairShare` allows it.
        """
        self._handler = handler
        self._url = url
        self._is_fair = is_fair
        self._share: FairShare | None = None
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
        """See `WSListener`."""
        if self.abandoned:
            transport.disconnect(graceful=False)
            return
        if self._is_fair:
            self._share = FairShare(transport.underlying_transport, self._take, self._flooded)
        self.conn = conn = Connection(transport, self._share)
        if self.on_open is not None:
            self.on_open(conn)
        try:
            self._handler.opened(conn)
        except Exception as error:  # noqa: BLE001 - a handler may lose its connection, never the loop
            self._failed(error)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """See `WSListener`."""
        share = self._share
        if share is not None and share.is_spent(frame.payload_size):
            share.keep(KeptFrame.of(frame))
            return
        if frame.msg_type is WSMsgType.TEXT and frame.fin and not self._parts and not has_reserved_bits(frame):
            if not transport.is_close_frame_sent:
                self._deliver(frame.get_payload_as_bytes(), True)
        else:
            self._take(KeptFrame.of(frame))
        if share is not None:
            share.handled()

    def on_ws_disconnected(self, transport: WSTransport) -> None:  # noqa: ARG002 - picows calls it so
        """See `WSListener`."""
        conn = self.conn
        if conn is None:
            return
        if self._share is None or conn.was_ended_here:
            conn.mute()
            self._closed()
        else:
            self._share.finish(self._closed)

    def _flooded(self) -> None:
        if self.conn is not None:
            self.conn.close(_POLICY_VIOLATION, "more messages at once than anybody could mean")

    def _closed(self) -> None:
        conn = self.conn
        assert conn is not None
        if self.on_gone is not None:
            self.on_gone(conn)
        try:
            self._handler.closed(without_address(conn._gone(), self._url))
        except Exception as error:  # noqa: BLE001 - there is nothing left to close
            self._on_error(error)

    def _take(self, frame: KeptFrame) -> None:
        kind, conn = frame.msg_type, self.conn
        if conn is None:
            return
        transport = conn._transport
        if transport.is_close_frame_sent and kind is not WSMsgType.CLOSE:
            return
        if frame.has_reserved_bits:  # picows leaves the bits of extensions to us: there are none
            conn.close(_PROTOCOL_ERROR, "reserved bits are set, and no extension was agreed on")
        elif kind is WSMsgType.TEXT or kind is WSMsgType.BINARY:
            if frame.fin and not self._parts:
                self._deliver(frame.payload, kind is WSMsgType.TEXT)
            else:
                self._start_parts(conn, frame)
        elif kind is WSMsgType.CONTINUATION:
            self._continue_parts(conn, frame)
        elif kind is WSMsgType.PING:
            # Who reads no answer gets no more of them: the last one says as much as all.
            if conn.pending_bytes < _MAX_PENDING_PONG_BYTES:
                transport.send_pong(frame.payload)
        elif kind is WSMsgType.PONG:
            conn._note_pong()
        elif kind is WSMsgType.CLOSE:
            if not transport.is_close_frame_sent:
                is_wrong = frame.payload and frame.close_code in _NOT_TO_BE_SENT
                send_close(transport, _PROTOCOL_ERROR if is_wrong else frame.close_code or 1000, "")
            transport.disconnect()

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

    def _start_parts(self, conn: Connection, frame: KeptFrame) -> None:
        if self._parts:
            conn.close(_PROTOCOL_ERROR, "new message inside a fragmented one")
            return
        self._parts = [frame.payload]
        self._parts_bytes = len(frame.payload)
        self._parts_are_text = frame.msg_type is WSMsgType.TEXT

    def _continue_parts(self, conn: Connection, frame: KeptFrame) -> None:
        if not self._parts:
            conn.close(_PROTOCOL_ERROR, "continuation of nothing")
            return
        self._parts_bytes += len(frame.payload)
        # An empty piece costs memory as well.
        if self._parts_bytes > self._limit or len(self._parts) >= self._limit:
            self._parts = []
            conn.close(_MESSAGE_TOO_BIG, f"message above {self._limit} bytes, or in more pieces than that")
            return
        self._parts.append(frame.payload)
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


def send_close(transport: WSTransport, code: int, reason: str) -> None:
    text = reason.encode()[:_MAX_REASON_BYTES].decode(errors="ignore")
    # picows' enum does not list application codes (4000-4999) but its C type takes any 16-bit number.
    transport.send_close(cast(WSCloseCode, code), text)
