"""How long to wait before trying again."""

from __future__ import annotations

from tradingsys.core.ban import Ban

__all__ = ["Backoff"]

_FIRST_NS = 500_000_000
_LONGEST_NS = 10_000_000_000
_LASTED_NS = 30_000_000_000


class Backoff:
    """0.5 s, doubling to 10 s; back to the beginning after a connection that lasted half a minute.

    Never while the exchange wants to be left alone: who knocks during a ban is banned for longer, and opening a
    connection to the account is a knock, too. Those of market data, which are on other hosts, are not held back.
    """

    __slots__ = ("_ban", "_delay_ns", "_up_since_ns")

    def __init__(self, ban: Ban) -> None:
        self._ban = ban
        self._delay_ns = _FIRST_NS
        self._up_since_ns: int | None = None

    def up(self, now_ns: int) -> None:
        """The connection is established."""
        self._up_since_ns = now_ns

    def down(self, now_ns: int) -> int:
        """The connection is gone, or never came to be: when to try again."""
        if self._up_since_ns is not None and now_ns - self._up_since_ns >= _LASTED_NS:
            self._delay_ns = _FIRST_NS
        self._up_since_ns = None
        retry_at_ns = self._ban.soonest(now_ns + self._delay_ns)
        self._delay_ns = min(2 * self._delay_ns, _LONGEST_NS)
        return retry_at_ns
