"""How often something may be done: so many times at once, and so many times a second after that."""

from __future__ import annotations

from tradingsys.core.errors import LocalProtocolError
from tradingsys.wire.messages import ErrorCode

__all__ = ["LoginPace", "Pace"]

_NS_PER_S = 1_000_000_000
_LOGINS, _LOGINS_PER_S = 20, 2
"""Of a session to trade, and as many without: all that look on may come back at once."""


class Pace:
    """Of one who does it."""

    __slots__ = ("_burst_ns", "_each_ns", "_paid_ns")

    def __init__(self, burst: int, per_s: int) -> None:
        self._each_ns = _NS_PER_S // per_s
        self._burst_ns = burst * self._each_ns
        self._paid_ns = -(2**63)

    def takes(self, now_ns: int) -> bool:
        """Whether it may be done once more; if so, it was."""
        paid_ns = max(self._paid_ns, now_ns - self._burst_ns) + self._each_ns
        if paid_ns > now_ns:
            return False
        self._paid_ns = paid_ns
        return True


class LoginPace:
    """Of a session, by new connections and by old ones."""

    def __init__(self, session_id: int) -> None:
        self._session_id = session_id
        self._pace = Pace(_LOGINS, _LOGINS_PER_S)

    def check(self, now_ns: int) -> None:
        """Raises LocalProtocolError (-10007) for one login too many."""
        if not self._pace.takes(now_ns):
            raise LocalProtocolError(
                f"session {self._session_id} was logged in to {_LOGINS} times just now, and may be {_LOGINS_PER_S} "
                "times a second: keep the connection, and try again in 1 s",
                code=ErrorCode.DENIED,
            )
