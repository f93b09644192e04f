"""Who has knocked and not shaken hands yet: connections that nothing else counts."""

from __future__ import annotations

import contextlib
import errno
import socket

__all__ = ["Callers", "Doorway"]

_NO_ROOM = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class Callers:
    """Accepted connections without a websocket yet; of too many the one that came first is shut out.

    Whoever means to come in does so at once, so that the oldest is never one of these.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._waiting: dict[int, socket.socket] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def came(self, sock: socket.socket) -> None:
        """One more has knocked."""
        # Whose descriptor was given to another is gone, whatever became of it.
        self._waiting.pop(sock.fileno(), None)
        self._waiting[sock.fileno()] = sock
        if len(self._waiting) > self._limit:
            self._waiting = {number: each for number, each in self._waiting.items() if each.fileno() >= 0}
        if len(self._waiting) > self._limit:
            self.shut_out_oldest()

    def entered(self, number: int) -> None:
        """The one with this descriptor has a websocket now, and others count it."""
        self._waiting.pop(number, None)

    def shut_out_oldest(self) -> None:
        """Make room; its transport sees the end of the connection, and closes it."""
        if self._waiting:
            oldest = self._waiting.pop(next(iter(self._waiting)))
            with contextlib.suppress(OSError):
                oldest.shutdown(socket.SHUT_RDWR)


class Doorway(socket.socket):
    """A listening socket that tells ``callers`` of everybody it accepts."""

    def __init__(self, listening: socket.socket, callers: Callers) -> None:
        """Takes ``listening`` over."""
        super().__init__(listening.family, listening.type, listening.proto, fileno=listening.detach())
        self._callers = callers

    def accept(self) -> tuple[socket.socket, object]:
        """As ever; where the process has no descriptor left, somebody who only waits gives his up."""
        try:
            sock, address = super().accept()
        except OSError as error:
            if error.errno not in _NO_ROOM:
                raise
            self._callers.shut_out_oldest()
            raise BlockingIOError(errno.EAGAIN, "no descriptor left") from error
        self._callers.came(sock)
        return sock, address
