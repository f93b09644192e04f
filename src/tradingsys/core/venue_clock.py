"""The venue's time, from our monotonic clock and what the venue said of its own."""

from __future__ import annotations

__all__ = ["VenueClock"]

_NS_PER_MS = 1_000_000


class VenueClock:
    """Venue time = monotonic time + offset, with the offset known to within half a round trip."""

    __slots__ = ("_offset_ns", "_uncertainty_ns")

    def __init__(self) -> None:
        self._offset_ns: int | None = None
        self._uncertainty_ns = 0

    @property
    def is_set(self) -> bool:
        """Whether the venue has told its time yet."""
        return self._offset_ns is not None

    @property
    def uncertainty_ms(self) -> int:
        """Half the round trip of the question that set the clock."""
        return self._uncertainty_ns // _NS_PER_MS

    def set(self, venue_ms: int, sent_ns: int, received_ns: int) -> None:
        """Take the venue's answer to a question sent and received at these monotonic times."""
        middle_ns = (sent_ns + received_ns) // 2
        self._offset_ns = venue_ms * _NS_PER_MS - middle_ns
        self._uncertainty_ns = (received_ns - sent_ns) // 2

    def now_ms(self, now_ns: int) -> int:
        """Venue time at a monotonic instant.

        Raises RuntimeError before the clock was set: a guess here could stamp an order that nobody can account for.
        """
        if self._offset_ns is None:
            raise RuntimeError("the venue has not told its time yet")
        return (now_ns + self._offset_ns) // _NS_PER_MS
