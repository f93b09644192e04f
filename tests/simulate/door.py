"""The gateway's port, where one connection's messages come in: the product's own `FairShare`, on this world's clock."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Callable
from contextlib import AbstractContextManager

from picows import WSMsgType

from tests.simulate.world import World, s
from tradingsys.net.fair_share import FairShare, KeptFrame

__all__ = ["Door"]

_LOGIN_S, _MESSAGE_S, _BYTE_S = 0.002, 0.0001, 0.0000001
"""What a message takes of the processor, about as long as measured."""
_IS_LOGIN = re.compile(rb'"method":\s*"login"').search


class Door:
    """Of one connection. It is a transport and a loop to the share, and looks at what the share does."""

    def __init__(
        self, world: World, hand_on: Callable[[bytes], None], flooded: Callable[[], None], counts: Counter[str]
    ) -> None:
        self.wrong: list[str] = []
        """What did not come in the order in which it was sent, or never."""
        self._world, self._hand_on, self._flooded, self._counts = world, hand_on, flooded, counts
        self._share = FairShare(self, lambda frame: self._heard(frame.payload), self._mute_and_tell, self, self._used)
        self._used_s = 0.0
        self._unread: list[bytes] = []
        """In the kernel's hands while nothing is read."""
        self._unheard: deque[bytes] = deque()
        """Read, and not handed on yet."""
        self._is_paused = self._is_muted = False
        self._paused_ns = 0
        self._soon: deque[Callable[[], None]] = deque()
        self._soon_ns = 0
        self._finished: Callable[[], None] | None = None

    # ---- the peer

    def arrive(self, data: bytes) -> None:
        """A message has come as far as this machine."""
        if self._is_muted:
            return
        # What comes at one instant is read in one piece, even if it is more than a share.
        if self._is_paused and self._world.now_ns > self._paused_ns:
            self._unread.append(data)
        else:
            self._read(data)

    @property
    def is_late(self) -> bool:
        """Whether what is handed on was said seconds ago."""
        return self._share.is_late

    def forgive(self) -> None:
        """What is handed on costs nothing."""
        self._share.forgive()

    def charged(self) -> AbstractContextManager[None]:
        """What is done within is for this peer."""
        return self._share.charged()

    def takes(self, size: int) -> None:
        """So much is being told to this peer."""
        self._used_s += size * _BYTE_S

    def finish(self, finished: Callable[[], None]) -> None:
        """The peer is gone: what came from it before is read before that is noticed."""
        if self._is_paused and not self._is_muted:
            self._finished = finished
        else:
            self._end(finished)

    def mute(self) -> None:
        """Nothing that it says counts any more."""
        self._is_muted = True
        self._unheard.clear()
        self._share.mute()
        if self._finished is not None:
            self._end(self._finished)

    # ---- the transport

    def pause_reading(self) -> None:
        self._is_paused, self._paused_ns = True, self._world.now_ns

    def resume_reading(self) -> None:
        self._is_paused = False
        self._world.after(0, self._read_on)

    def is_closing(self) -> bool:
        return False

    # ---- the loop

    def call_soon(self, callback: Callable[[], None], /) -> None:
        """When this instant is over: nobody can tell before something else comes."""
        self._soon.append(callback)
        self._soon_ns = self._world.now_ns

    def time(self) -> float:
        return self._world.now_ns / 1e9

    def call_later(self, delay: float, callback: Callable[[], None], /) -> None:
        self._world.after(s(delay), callback)

    # ---- inside

    def _read_on(self) -> None:
        """All that waited comes in one piece, and the end after it."""
        unread, self._unread = self._unread, []
        for data in unread:
            self._read(data)
        if self._finished is not None:
            self._end(self._finished)

    def _read(self, data: bytes) -> None:
        if self._is_muted:
            return
        if self._world.now_ns > self._soon_ns:
            while self._soon:
                self._soon.popleft()()
        self._unheard.append(data)
        if self._share.is_spent(len(data)):
            self._counts["messages that waited for their share"] += 1
            self._share.keep(KeptFrame(WSMsgType.TEXT, True, False, data, 0))
        else:
            self._heard(data)
            self._share.handled()

    def _heard(self, data: bytes) -> None:
        if not self._unheard or self._unheard.popleft() is not data:
            self.wrong.append("the port handed a message on out of turn, or twice")
        self._used_s += (_LOGIN_S if _IS_LOGIN(data) else _MESSAGE_S) + len(data) * _BYTE_S
        self._hand_on(data)

    def _used(self) -> float:
        """Of the processor's time: the world's clock stands still while a message is handled."""
        return self._used_s

    def _end(self, finished: Callable[[], None]) -> None:
        self._finished = None

        def end() -> None:
            if self._unheard:
                self.wrong.append(f"the port kept {len(self._unheard)} messages of who is gone")
            finished()

        self._share.finish(end)

    def _mute_and_tell(self) -> None:
        self._is_muted = True
        self._unheard.clear()
        self._flooded()
