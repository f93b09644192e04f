"""Who has knocked and not shaken hands yet: connections that nothing else counts."""

from __future__ import annotations

import contextlib
import errno
import socket
from collections import Counter

__all__ = ["Callers", "Doorway"]

_AT_ONCE = 16
"""Then those who were accepted have their turn to say what they want."""
_NO_ROOM = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class Callers:
    """Accepted connections without a websocket yet; of too many the first of the address that has most is shut out.

    Whoever means to come in does so at once, or at least from a place where few knock.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._waiting: dict[int, tuple[str, socket.socket]] = {}
        """Where they come from, by descriptor."""

    def __len__(self) -> int:
        return len(self._waiting)

    def came(self, sock: socket.socket, source: str) -> None:
        """One more has knocked, from the address ``source``."""
        # Whose descriptor was given to another is gone, whatever became of it.
        self._waiting.pop(sock.fileno(), None)
        self._waiting[sock.fileno()] = source, sock
        if len(self._waiting) > self._limit:
            self._waiting = {number: each for number, each in self._waiting.items() if each[1].fileno() >= 0}
        if len(self._waiting) > self._limit:
            self.shut_one_out()

    def entered(self, number: int) -> None:
        """The one with this descriptor has a websocket now, and others count it."""
        self._waiting.pop(number, None)

    def shut_one_out(self) -> None:
        """Make room; its transport sees the end of the connection, and closes it."""
        ((busiest, _),) = Counter(source for source, _ in self._waiting.values()).most_common(1)
        first = next(number for number, (source, _) in self._waiting.items() if source == busiest)
        with contextlib.suppress(OSError):
            self._waiting.pop(first)[1].shutdown(socket.SHUT_RDWR)


class Doorway(socket.socket):
    """A listening socket that tells ``callers`` of everybody it accepts."""

    def __init__(self, listening: socket.socket, callers: Callers) -> None:
        """Takes ``listening`` over."""
        super().__init__(listening.family, listening.type, listening.proto, fileno=listening.detach())
        self._callers = callers
        self._spare = socket.socket()
        self._accepted = 0
        """Since the loop was last told that nobody else waits."""

    def accept(self) -> tuple[socket.socket, tuple[str, int]]:
        """As ever, some at a time; where the process has no descriptor left, somebody who only waits gives his up.

        If nobody does, whoever knocks is turned away: he would wake the loop for as long as he waits.
        """
        if self._accepted == _AT_ONCE:
            self._accepted = 0
            raise BlockingIOError(errno.EAGAIN, "the others in the next turn")
        try:
            sock, address = super().accept()
        except OSError as error:
            self._accepted = 0
            if error.errno not in _NO_ROOM:
                raise
            if len(self._callers):
                self._callers.shut_one_out()
            else:
                self._turn_away()
            raise BlockingIOError(errno.EAGAIN, "no descriptor left") from error
        self._accepted += 1
        self._callers.came(sock, address[0])
        return sock, address

    def close(self) -> None:
        """As ever."""
        self._spare.close()
        super().close()

    def _turn_away(self) -> None:
        """By the one descriptor that is kept for it."""
        self._spare.close()
        with contextlib.suppress(OSError):
            super().accept()[0].close()
        with contextlib.suppress(OSError):
            self._spare = socket.socket()
