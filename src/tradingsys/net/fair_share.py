"""What one connection may cost at a time: whoever sends much waits for those who send little.

All connections share one loop. What a peer has sent is read in one piece, and all of its frames come at once: they are
handed on some at a time, the rest a little later, and nothing more is read meanwhile, so that a flood backs up to
whoever sends it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Protocol, cast

from msgspec import Struct
from picows import WSFrame, WSMsgType

__all__ = ["FairShare", "KeptFrame", "has_reserved_bits"]

_SHARE = 8
"""Frames of up to two kibibytes; larger ones count as several."""
_FRAME_BYTES = 2048
_PAUSE_S = 0.002
_MAX_KEPT = 4096
"""As no program sends that waits for answers: what one may send in a burst is a tenth of it."""


class KeptFrame(Struct, frozen=True):
    """A frame that outlives the buffer that it was read into."""

    msg_type: WSMsgType
    fin: bool
    has_reserved_bits: bool
    payload: bytes
    close_code: int

    @classmethod
    def of(cls, frame: WSFrame) -> KeptFrame:
        """A copy."""
        code = int(cast(int, frame.get_close_code())) if frame.msg_type is WSMsgType.CLOSE else 0
        return cls(frame.msg_type, bool(frame.fin), has_reserved_bits(frame), frame.get_payload_as_bytes(), code)


def has_reserved_bits(frame: WSFrame) -> bool:
    """Whether it means something that only an extension knows."""
    return bool(frame.rsv1 or frame.rsv2 or frame.rsv3)


class Reading(Protocol):
    """Of a transport, what decides whether anything more is read."""

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...

    def is_closing(self) -> bool: ...


class Turns(Protocol):
    """Of an event loop, what comes later."""

    def call_soon(self, callback: Callable[[], None], /) -> object: ...

    def call_later(self, delay: float, callback: Callable[[], None], /) -> object: ...


class FairShare:
    """The frames of one connection."""

    def __init__(
        self,
        transport: Reading,
        hand_on: Callable[[KeptFrame], None],
        flooded: Callable[[], None],
        turns: Turns | None = None,
    ) -> None:
        """``flooded`` is told when more came at once than is kept; the peer is muted then. ``turns`` are those of the
        running loop unless told otherwise.
        """
        self._transport = transport
        self._turns: Turns = asyncio.get_running_loop() if turns is None else turns
        self._hand_on, self._flooded = hand_on, flooded
        self._kept: deque[KeptFrame] = deque()
        self._spent = 0
        self._is_counted = False
        """Whether the end of this turn of the loop is about to be noticed."""
        self._is_muted = False
        self._finished: Callable[[], None] | None = None

    def is_spent(self, size: int) -> bool:
        """Whether a frame of so many bytes is one too many for this turn, and must be kept."""
        if self._kept or self._is_muted:
            return True
        self._spent += 1 + size // _FRAME_BYTES
        if self._spent >= _SHARE // 2 and not self._is_counted:
            self._is_counted = True
            self._turns.call_soon(self._turn_over)
        return self._spent > _SHARE

    def keep(self, frame: KeptFrame) -> None:
        """Hand it on later."""
        if self._is_muted:
            return
        if not self._kept:
            self._transport.pause_reading()
            self._soon()
        self._kept.append(frame)
        if len(self._kept) > _MAX_KEPT:
            self.mute()
            self._flooded()

    def mute(self) -> None:
        """Nothing that this peer says counts any more, and nothing of it is read."""
        self._is_muted = True
        self._kept.clear()
        if not self._transport.is_closing():
            self._transport.pause_reading()

    def finish(self, finished: Callable[[], None]) -> None:
        """The peer is gone: what it said before still counts, and then ``finished`` is called."""
        if self._kept:
            self._finished = finished
        else:
            finished()

    def _turn_over(self) -> None:
        self._is_counted = False
        if not self._kept:
            self._spent = 0

    def _soon(self) -> None:
        self._turns.call_later(_PAUSE_S, self._go_on)

    def _go_on(self) -> None:
        spent = 0
        while self._kept and spent < _SHARE:
            frame = self._kept.popleft()
            spent += 1 + len(frame.payload) // _FRAME_BYTES
            self._hand_on(frame)
        if self._kept:
            self._soon()
            return
        self._spent = 0
        if self._finished is not None:
            self._finished()
        elif not self._is_muted and not self._transport.is_closing():
            self._transport.resume_reading()
