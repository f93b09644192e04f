"""Who may use the port: the gateway's token opens everything, a session's token that session.

Every comparison takes the same time whatever is wrong. Five wrong tokens within a minute from another machine, and it
is not listened to until the minute is over. All programs of this machine have one address: there one that has an old
token must not keep the others out, so that a right one is taken always, and a wrong one costs its connection.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from hmac import compare_digest

from tradingsys.core.errors import LocalProtocolError
from tradingsys.net.token import session_token
from tradingsys.wire.messages import ErrorCode

__all__ = ["Tokens", "WrongToken"]

_NS_PER_S = 1_000_000_000
_FAILURES = 5
_WITHIN_NS = 60 * _NS_PER_S
_MAX_SOURCES = 1_000
_LOOPBACK = ("", "127.0.0.1", "::1")
_WRONG = "token missing or wrong: give token= or set PYALGO_TOKEN to the content of the gateway's token file"


class WrongToken(LocalProtocolError):
    """A token that opens nothing here."""

    is_repeated = False
    """Whether there were so many from that address that the connection is to be closed."""


class Tokens:
    """The gateway's token, and who gave wrong ones."""

    def __init__(self, master: str | None) -> None:
        """Without a token everybody may do everything."""
        self._master = master
        self._failures: dict[str, deque[int]] = {}
        """When each address gave its last wrong tokens; the one that failed last is last."""

    def admit(self, token: str | None, source: str, now_ns: int, session: int | None) -> None:
        """Let the holder of ``token`` into a session, or with None be an operator.

        Raises WrongToken (-10010).
        """
        if self._master is None:
            return
        wait_ns = self._wait_ns(source, now_ns)
        if wait_ns and source not in _LOOPBACK:
            text = f"too many wrong tokens from {source}: wait {-(-wait_ns // _NS_PER_S)} s"
            raise self._wrong(text, is_repeated=True)
        if self._opens(token or "", session):
            return
        self._note(source, now_ns)
        text = _WRONG
        if session is None and token is not None and token.startswith("s"):
            text += "; a session's token makes no operator"
        raise self._wrong(text, is_repeated=bool(self._wait_ns(source, now_ns)))

    def _opens(self, token: str, session: int | None) -> bool:
        assert self._master is not None
        given = token.encode()
        is_master = compare_digest(given, self._master.encode())
        if session is None:
            return is_master
        return compare_digest(given, session_token(self._master, session).encode()) or is_master

    def _wait_ns(self, source: str, now_ns: int) -> int:
        """How long until the oldest of too many failures is forgotten."""
        failures: Sequence[int] = self._failures.get(source, ())
        return max(0, failures[0] + _WITHIN_NS - now_ns) if len(failures) == _FAILURES else 0

    def _note(self, source: str, now_ns: int) -> None:
        failures = self._failures.pop(source, None) or deque[int](maxlen=_FAILURES)
        failures.append(now_ns)
        self._failures[source] = failures
        if len(self._failures) > _MAX_SOURCES:
            del self._failures[next(iter(self._failures))]

    @staticmethod
    def _wrong(text: str, *, is_repeated: bool) -> WrongToken:
        error = WrongToken(text, code=ErrorCode.UNAUTHORIZED)
        error.is_repeated = is_repeated
        return error
