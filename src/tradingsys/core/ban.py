"""For how long a venue wants to be left alone."""

from __future__ import annotations

from msgspec import Struct

__all__ = ["LONGEST_BAN_MS", "Ban", "BanRecord"]

_NS_PER_MS = 1_000_000
_LONG_AGO_NS = -(10**18)
LONGEST_BAN_MS = 3 * 24 * 3_600 * 1_000
"""As venues say of themselves; a proxy may say anything, and what is kept must not end a gateway for good."""


class BanRecord(Struct, frozen=True):
    """What a gateway was told, for the one that is started after it."""

    told_ms: int
    """By this machine's time of day: the next gateway must not ask the venue for its own."""
    wait_ms: int

    def left_ms(self, wall_ms: int) -> int:
        """How long that is from now; a clock that was set back since makes it no longer than it was."""
        wait_ms = max(0, min(self.wait_ms, LONGEST_BAN_MS))
        return min(wait_ms, max(0, self.told_ms + wait_ms - wall_ms))


class Ban:
    """Over by the monotonic clock, which counts from when it was told.

    What is believed of the venue's time does not count: while a ban lasts nobody may ask for it, and when a late answer
    sets it right, a ban that was reckoned by it would be over too early. Nor does the time of day, which may be set.
    The monotonic clock stands still while a machine is suspended, and is late then, never early; whoever cannot wait
    for that starts the gateway anew, for which the time of day counts.
    """

    __slots__ = ("_until_ns",)

    def __init__(self) -> None:
        self._until_ns = _LONG_AGO_NS

    def hold(self, wait_ms: int | None, now_ns: int) -> int:
        """The venue wants to be left alone for so long; None where it wants no such thing.

        Returns by how many ms that is longer than was known.
        """
        left_ms = self.left_ms(now_ns)
        if wait_ms is None or wait_ms <= left_ms:
            return 0
        self._until_ns = now_ns + wait_ms * _NS_PER_MS
        return wait_ms - left_ms

    def left_ms(self, now_ns: int) -> int:
        """How long that is from now; 0 when it may be asked."""
        return max(0, -((now_ns - self._until_ns) // _NS_PER_MS))

    def soonest(self, at_ns: int) -> int:
        """When the venue may be asked for something that is due then."""
        return max(at_ns, self._until_ns)
