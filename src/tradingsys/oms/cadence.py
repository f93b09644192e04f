"""What is asked of the venue when nothing is known to have gone wrong, and how much of that at the most.

Open orders, the account and the clock are asked for every half minute. Executions are read symbol by symbol, one in a
slot, so that however many symbols there are, this takes no more than a fixed part of the rate limit. Whose turn it is,
is decided by how late each is, measured by its own period.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

__all__ = ["Cadence", "whose_turn"]

_NS_PER_MS = 1_000_000


class Cadence(Struct, frozen=True):
    """How often executions are read, in ms."""

    busy_ms: int = 7_000
    """Of symbols on which something may happen, or just did."""
    idle_ms: int = 45_000
    """Of all others."""
    slot_ms: int = 1_000
    """One symbol in so long: 60 readings a minute take an eighth of the rate limit on futures, a fifth on spot."""
    audit_ms: int = 86_400_000
    """How often what history shows since the last time is compared with what is booked."""
    first_audit_ms: int = 3_600_000
    """How soon after a start; by so much audits overlap, too."""


def whose_turn(
    cadence: Cadence, busy: Iterable[str], idle: Iterable[str], read_ns: Mapping[str, int], now_ns: int
) -> str | None:
    """The symbol whose reading is due for longest, in terms of its period; None when none is.

    ``read_ns``: when each was read last, in monotonic time.
    """
    never_ns = now_ns - 100 * cadence.idle_ms * _NS_PER_MS
    late = {
        symbol: (now_ns - read_ns.get(symbol, never_ns)) / (period_ms * _NS_PER_MS)
        for symbols, period_ms in ((idle, cadence.idle_ms), (busy, cadence.busy_ms))
        for symbol in symbols
    }
    first = max(sorted(late), key=late.__getitem__, default=None)
    return first if first is not None and late[first] >= 1 else None
