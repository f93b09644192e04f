"""How often a session may be logged in to."""

from __future__ import annotations

from tradingsys.core.errors import LocalProtocolError
from tradingsys.oms.pace import Rate
from tradingsys.wire.messages import ErrorCode

__all__ = ["LoginPace"]

_LOGINS, _LOGINS_PER_S = 20, 2
"""Of a session to trade, and as many without: all that look on may come back at once."""


class LoginPace:
    """Of a session, by new connections and by old ones."""

    def __init__(self, session_id: int) -> None:
        self._session_id = session_id
        self._rate = Rate(_LOGINS_PER_S, _LOGINS)

    def check(self, now_ns: int) -> None:
        """Raises LocalProtocolError (-10007) for one login too many."""
        if not self._rate.takes(now_ns):
            raise LocalProtocolError(
                f"session {self._session_id} was logged in to {_LOGINS} times just now, and may be {_LOGINS_PER_S} "
                "times a second: keep the connection, and try again in 1 s",
                code=ErrorCode.DENIED,
            )
