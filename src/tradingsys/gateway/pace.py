"""How often something may be done: so many times at once, and so many times a second after that."""

from __future__ import annotations

__all__ = ["Pace"]

_NS_PER_S = 1_000_000_000


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
