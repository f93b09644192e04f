"""The venue's time, from our monotonic clock and what the venue said of its own."""

from __future__ import annotations

__all__ = ["VenueClock"]

_NS_PER_MS = 1_000_000
_DRIFT_PPM = 200
"""How fast two clocks may part: several times what a bad crystal does."""
_DOUBT_MS = 24 * 3_600_000


class VenueClock:
    """Venue time = monotonic time + offset, with the offset known to within half a round trip.

    What is known gets less certain as the clocks drift, so that a slow answer replaces a good old one only when it
    knows more, or when it proves that the venue's clock was set.
    """

    __slots__ = ("_is_doubted", "_offset_ns", "_set_ns", "_uncertainty_ns")

    def __init__(self) -> None:
        self._offset_ns: int | None = None
        self._uncertainty_ns = 0
        self._set_ns = 0
        self._is_doubted = False

    @property
    def is_set(self) -> bool:
        """Whether the venue has told its time yet."""
        return self._offset_ns is not None

    def uncertainty_ms(self, now_ns: int) -> int:
        """How far `now_ms` may be off at a monotonic instant."""
        return _DOUBT_MS if self._is_doubted else self.precision_ms(now_ns)

    def precision_ms(self, now_ns: int) -> int:
        """How exactly the venue's time was learned: what `uncertainty_ms` is as long as the venue set no clock."""
        return self._uncertainty_at(now_ns) // _NS_PER_MS

    def set(self, venue_ms: int, sent_ns: int, received_ns: int) -> None:
        """Take the venue's answer to a question sent and received at these monotonic times."""
        offset_ns = venue_ms * _NS_PER_MS - (sent_ns + received_ns) // 2
        uncertainty_ns = (received_ns - sent_ns) // 2
        known_ns = self._uncertainty_at(received_ns)
        if self._offset_ns is not None and uncertainty_ns > known_ns and not self._is_doubted:
            agrees = abs(offset_ns - self._offset_ns) <= uncertainty_ns + known_ns + _NS_PER_MS
            if agrees:
                return
        self._offset_ns, self._uncertainty_ns, self._set_ns = offset_ns, uncertainty_ns, received_ns
        self._is_doubted = False

    def doubt(self) -> None:
        """The venue found a timestamp wrong: until it tells its time again, nothing is known for certain."""
        self._is_doubted = True

    def now_ms(self, now_ns: int) -> int:
        """Venue time at a monotonic instant.

        Raises RuntimeError before the clock was set: a guess here could stamp an order that nobody can account for.
        """
        if self._offset_ns is None:
            raise RuntimeError("the venue has not told its time yet")
        return (now_ns + self._offset_ns) // _NS_PER_MS

    def _uncertainty_at(self, now_ns: int) -> int:
        return self._uncertainty_ns + max(0, now_ns - self._set_ns) * _DRIFT_PPM // 1_000_000
