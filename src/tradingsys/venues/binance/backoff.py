"""How long to wait before trying again."""

from __future__ import annotations

__all__ = ["Backoff"]

_FIRST_NS = 500_000_000
_LONGEST_NS = 10_000_000_000
_LASTED_NS = 30_000_000_000
_MS_NS = 1_000_000


class Backoff:
    """0.5 s, doubling to 10 s; back to the beginning after a connection that lasted half a minute.

    Not before the exchange wants to be asked again, if it says when: who knocks during a ban is banned for longer.
    """

    __slots__ = ("_delay_ns", "_held_ns", "_up_since_ns")

    def __init__(self) -> None:
        self._delay_ns = _FIRST_NS
        self._held_ns = 0
        self._up_since_ns: int | None = None

    def hold(self, wait_ms: int | None, now_ns: int) -> None:
        """The exchange wants to be left alone for so long; None where it wants no such thing."""
        if wait_ms is not None:
            self._held_ns = max(self._held_ns, now_ns + wait_ms * _MS_NS)

    def soonest(self, now_ns: int) -> int:
        """When the exchange may be asked for anything: now, unless it wants to be left alone."""
        return max(now_ns, self._held_ns)

    def up(self, now_ns: int) -> None:
        """The connection is established."""
        self._up_since_ns = now_ns

    def down(self, now_ns: int) -> int:
        """The connection is gone, or never came to be: when to try again."""
        if self._up_since_ns is not None and now_ns - self._up_since_ns >= _LASTED_NS:
            self._delay_ns = _FIRST_NS
        self._up_since_ns = None
        retry_at_ns = max(now_ns + self._delay_ns, self._held_ns)
        self._delay_ns = min(2 * self._delay_ns, _LONGEST_NS)
        return retry_at_ns
