"""For how long a venue wants to be left alone."""

from __future__ import annotations

from msgspec import Struct

__all__ = ["Ban", "BanRecord"]

_NS_PER_MS = 1_000_000
_LONG_AGO_NS = -(10**18)
_SHORT_MS = 60_000
"""Waited for by the monotonic clock alone: sleeping through so little costs nobody anything."""


class BanRecord(Struct, frozen=True):
    """What a gateway was told, for the one that is started after it."""

    told_ms: int
    """By this machine's time of day: the next gateway must not ask the venue for its own."""
    wait_ms: int

    def left_ms(self, wall_ms: int) -> int:
        """How long that is from now; a clock that was set back since makes it no longer than it was."""
        return min(self.wait_ms, max(0, self.told_ms + self.wait_ms - wall_ms))


class Ban:
    """Over as soon as one of two clocks says so.

    Both measure how long ago it was told. What is believed of the venue's time does not count: while a ban lasts nobody
    may ask for it, and when a late answer sets it right, a ban that was reckoned by it would be over too early. The
    monotonic clock stands still while a machine is suspended, and is late then, never early. The time of day goes on,
    but may be set: only a long ban is believed to be over because of it.
    """

    __slots__ = ("_until_ns", "_until_wall_ms")

    def __init__(self) -> None:
        self._until_ns = _LONG_AGO_NS
        self._until_wall_ms: int | None = None

    def hold(self, wait_ms: int | None, now_ns: int, wall_ms: int | None = None) -> int:
        """The venue wants to be left alone for so long; None where it wants no such thing.

        Returns by how many ms it ends later than was known, or than the one before that is over.
        """
        if wait_ms is None or wait_ms <= self.left_ms(now_ns, wall_ms):
            return 0
        known_ns, self._until_ns = self._until_ns, now_ns + wait_ms * _NS_PER_MS
        self._until_wall_ms = wall_ms + wait_ms if wall_ms is not None and wait_ms > _SHORT_MS else None
        return (self._until_ns - known_ns) // _NS_PER_MS

    def end(self) -> None:
        """It is over, as somebody with the time of day knows."""
        self._until_ns, self._until_wall_ms = _LONG_AGO_NS, None

    def left_ms(self, now_ns: int, wall_ms: int | None = None) -> int:
        """How long that is from now; 0 when it may be asked."""
        left_ms = -((now_ns - self._until_ns) // _NS_PER_MS)
        if wall_ms is not None and self._until_wall_ms is not None:
            left_ms = min(left_ms, self._until_wall_ms - wall_ms)
        return max(0, left_ms)

    def soonest(self, at_ns: int) -> int:
        """When the venue may be asked for something that is due then, or else when to look again: not before it wants
        to be asked, but a long ban may be over by the time of day.
        """
        return max(at_ns, min(self._until_ns, at_ns + _SHORT_MS * _NS_PER_MS))
