"""What one connection may cost at a time: whoever sends much waits for those who send little.

All connections share one loop. What a peer has sent is read in one piece, and all of its frames come at once: they are
handed on some at a time, the rest a little later, and nothing more is read meanwhile, so that a flood backs up to
whoever sends it.

Frames of one size differ by a thousand times in what they cost. So a turn ends as well when it took a millisecond of
the processor's time, and what a frame took has to be repaid by waiting, with its square: a frame of twice the time
keeps twice as many others waiting, and each of them twice as long.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol, cast

from msgspec import Struct
from picows import WSFrame, WSMsgType

__all__ = ["FairShare", "KeptFrame", "has_reserved_bits"]

_SHARE, _SHARE_OF_FLOOD = 8, 2
"""Frames of up to two kibibytes; larger ones count as several. A flood has turns so short that nobody notices them."""
_FRAME_BYTES = 2048
_PAUSE_S, _PAUSE_FOR_EACH_S = 0.002, 0.0045
"""Between turns; the second one for each frame of a turn, as soon as more frames had to wait, one after the other, than
any burst has. Then even the smallest take no more than half a hundredth of the time, and still come faster than they
may in the long run."""
_BURST = 512
_TURN_S = 0.001
_REPAID, _REPAID_DEAR = 10_000.0, 50_000.0
"""Times the square of the seconds that a frame took: six tenths of a millisecond, as an order takes where the machine
is slow, in 3.6 ms, so that 200 orders a second never wait; but a turn's millisecond in 50 ms, and two of them in 200:
whoever asks only for such things has two hundredths of the time, or less; beyond 4.5 ms more again, as no frame is
repaid for longer than a second."""
_BYTE_S = 5e-9
"""Of an answer: the kernel takes what is large a piece at a time, later, when nobody counts."""
_MOST_REPAID_S = 1.0
"""For one frame, and what may be owed before the next one has to wait: nobody waits longer because a collection of
garbage fell upon him."""
_LATE_S = 2.0
_MAX_KEPT = 4096
"""As no program sends that waits for answers: what one may send in a burst is a tenth of it."""


class KeptFrame(Struct, frozen=True, gc=False):
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

    def time(self) -> float: ...


class FairShare:
    """The frames of one connection."""

    def __init__(
        self,
        transport: Reading,
        hand_on: Callable[[KeptFrame], None],
        flooded: Callable[[], None],
        turns: Turns | None = None,
        used_s: Callable[[], float] = time.thread_time,
    ) -> None:
        """``flooded`` is told when more came at once than is kept; the peer is muted then. ``turns`` are those of the
        running loop unless told otherwise, and ``used_s`` is the processor's time that this thread has used: what
        others on the machine take of it is nobody's debt here.
        """
        self._transport = transport
        self._turns: Turns = asyncio.get_running_loop() if turns is None else turns
        self._hand_on, self._flooded, self._used_s = hand_on, flooded, used_s
        self._kept: deque[KeptFrame] = deque()
        self._spent = 0
        self._turn_s = 0.0
        """What this turn has taken."""
        self._began_s, self._answered, self._is_forgiven = 0.0, 0, False
        self._repaid_s = 0.0
        """When all will be repaid."""
        self._behind_s: float | None = None
        """Since when there has been something to hand on later, here or where nobody has read it yet."""
        self._waited = 0
        """How many frames were handed on in that time, but for those that are forgiven."""
        self._is_counted = False
        """Whether the end of this turn of the loop is about to be noticed."""
        self._is_muted = False
        self._finished: Callable[[], None] | None = None

    def is_spent(self, size: int) -> bool:
        """Whether a frame of so many bytes is one too many for this turn, and must be kept; else it is to be handed on
        at once, and `handled` to be called.
        """
        if self._kept or self._is_muted:
            return True
        self._spent += 1 + size // _FRAME_BYTES
        if self._spent >= _SHARE // 2:
            self._count()
        if self._spent > self._share or self._turn_s >= _TURN_S or self._owed_s > 0:
            return True
        self._begin()
        return False

    def answered(self, size: int) -> None:
        """So many bytes were written to the peer."""
        self._answered += size

    def forgive(self) -> None:
        """The frame that is being handed on must not cost whoever sent it anything: something else bounds such."""
        self._is_forgiven = True

    def handled(self) -> None:
        """The frame that was not one too many has been handed on."""
        took_s = self._used_s() - self._began_s + self._answered * _BYTE_S
        self._turn_s += took_s
        if not self._is_forgiven:
            self.charge(took_s)
            self._waited += self._behind_s is not None
        if self._turn_s >= _TURN_S / 2:
            self._count()

    def charge(self, took_s: float) -> None:
        """So much of the processor's time was taken for this peer, and has to be repaid before the next frame."""
        factor = _REPAID if took_s < _TURN_S else _REPAID_DEAR
        owed_s = min(took_s * took_s * factor, _MOST_REPAID_S)
        self._repaid_s = max(self._repaid_s, self._turns.time()) + owed_s

    @contextmanager
    def charged(self) -> Iterator[None]:
        """What is done within is for this peer, although no frame of it is being handed on: it is answered later."""
        began_s, answered = self._used_s(), self._answered
        try:
            yield
        finally:
            used_s, bytes_s = self._used_s() - began_s, (self._answered - answered) * _BYTE_S
            self.charge(used_s + bytes_s)
            self._began_s, self._answered = self._began_s + used_s, answered  # where a frame's answer came at once

    @property
    def is_late(self) -> bool:
        """Whether the frame that is handed on has waited so long that it may mean nothing good any more."""
        return self._behind_s is not None and self._turns.time() - self._behind_s > _LATE_S

    def keep(self, frame: KeptFrame) -> None:
        """Hand it on later."""
        if self._is_muted:
            return
        if not self._kept:
            if self._behind_s is None:
                self._behind_s = self._turns.time()
            self._transport.pause_reading()
            self._soon(_SHARE)
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

    @property
    def _owed_s(self) -> float:
        """How long it is until the next frame may be handed on. Who is late is only told so, which costs nothing."""
        return 0.0 if self.is_late else self._repaid_s - _MOST_REPAID_S - self._turns.time()

    def _begin(self) -> None:
        self._began_s, self._answered, self._is_forgiven = self._used_s(), 0, False

    def _count(self) -> None:
        if not self._is_counted:
            self._is_counted = True
            self._turns.call_soon(self._turn_over)

    def _turn_over(self) -> None:
        self._is_counted = False
        if not self._kept:
            self._spent, self._turn_s = 0, 0.0

    @property
    def _is_flood(self) -> bool:
        return self._waited >= _BURST

    @property
    def _share(self) -> int:
        return _SHARE_OF_FLOOD if self._is_flood else _SHARE

    def _soon(self, spent: int) -> None:
        self._turns.call_later(self._wait_s(spent), self._go_on)

    def _wait_s(self, spent: int) -> float:
        pause_s = min(spent, _SHARE) * _PAUSE_FOR_EACH_S if self._is_flood else _PAUSE_S
        if self._behind_s is None or self.is_late:
            return pause_s
        late_s = self._behind_s + _LATE_S - self._turns.time()  # then it is told so
        return max(pause_s, min(self._owed_s, late_s))

    def _go_on(self) -> None:
        spent, self._turn_s = 0, 0.0
        share = self._share
        while self._kept and spent < share and self._turn_s < _TURN_S and self._owed_s <= 0:
            frame = self._kept.popleft()
            spent += 1 + len(frame.payload) // _FRAME_BYTES
            self._begin()
            self._hand_on(frame)
            self.handled()
        if self._kept:
            self._soon(spent)
            return
        self._spent, self._turn_s = 0, 0.0
        if self._finished is not None:
            self._finished()
        elif not self._is_muted and not self._transport.is_closing():
            self._transport.resume_reading()
            self._turns.call_soon(self._read_once)

    def _read_once(self) -> None:
        """The loop is about to look for what came while nothing was read."""
        self._turns.call_soon(self._all_read)

    def _all_read(self) -> None:
        """If there was any of it, it has waited as long as what was kept."""
        if not self._kept:
            self._behind_s, self._waited = None, 0
