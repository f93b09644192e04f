"""One budget for the venue's rate limits: fixed windows, shares by urgency, the venue's own counts believed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from enum import IntEnum

from msgspec import Struct

from tradingsys.core.commands import RateLimit

__all__ = ["Lacking", "Share", "Throttle"]

_Limit = tuple[str, int]
"""Of what kind, and how long its windows are."""

_LATE_MS = 2_000
"""How far behind the venue's count an answer may come; of a short window, at most a fifth of it."""


class Share(IntEnum):
    """How full, in percent, a request may make a window: the rest is left to what is more urgent."""

    CANCELS = 100
    ORDERS = 90
    """Also the question for the time, without which no order could be sent."""
    OWN_QUESTIONS = 70
    """However much there is to read, orders go on."""
    PRICES = 60
    STRATEGIES_QUESTIONS = 50


class Lacking(Struct, frozen=True):
    """Why there is no room for a request: the window that is full for the longest time."""

    kind: str
    """Of which kind of costs; empty while the venue wants to be left alone."""
    window_ms: int
    """How long the window is, or how much longer the venue is to be left alone."""
    allowed: int
    """In the request's share."""
    wanted: int
    """With the request."""


class Throttle:
    """Counts what was sent per window of the venue's clock; answers whether more may be sent now."""

    def __init__(self, limits: Iterable[RateLimit] = ()) -> None:
        self._limits: dict[_Limit, int] = {}
        self._used: dict[_Limit, tuple[int, int]] = {}
        self._shares: dict[_Limit, tuple[int, Counter[int]]] = {}
        """By session, of what was sent."""
        self.set_limits(limits)

    def set_limits(self, limits: Iterable[RateLimit]) -> None:
        """Take the limits the venue states."""
        self._limits = {(limit.kind, limit.window_ms): limit.limit for limit in limits}

    def admits(self, costs: Mapping[str, int], venue_ms: int, share: Share = Share.ORDERS) -> bool:
        """Whether a request of these costs (by kind) fits now into its share."""
        return not self._full(costs, venue_ms, share)

    def spend(self, costs: Mapping[str, int], venue_ms: int) -> None:
        """A request of these costs was sent."""
        for kind, window_ms in self._limits:
            cost = costs.get(kind, 0)
            if cost:
                window = venue_ms // window_ms
                self._used[kind, window_ms] = (window, self._count(kind, window_ms, venue_ms) + cost)

    def charge(self, session: int, costs: Mapping[str, int], venue_ms: int) -> None:
        """Of what was sent, this was for a session."""
        for limit in self._limits:
            cost = costs.get(limit[0], 0)
            if cost:
                window = venue_ms // limit[1]
                known = self._shares.get(limit)
                if known is None or known[0] != window:
                    known = self._shares[limit] = (window, Counter())
                known[1][session] += cost

    def is_filled_by(self, session: int, costs: Mapping[str, int], venue_ms: int, share: Share = Share.ORDERS) -> bool:
        """Whether there is no room for this because a session took more than all others together: other sessions, the
        gateway itself, whatever else uses the account.
        """
        for limit in self._full(costs, venue_ms, share):
            window, shares = self._shares.get(limit, (-1, Counter[int]()))
            if window == venue_ms // limit[1] and 2 * shares[session] > self._count(*limit, venue_ms):
                return True
        return False

    def seen(self, used: Mapping[tuple[str, int], int], venue_ms: int) -> None:
        """The venue told its own count; it can only raise ours, since some of its answers are known to be too low.

        What arrives when a window has just begun may be the count of the one before: a full one would stop all of this.
        """
        for (kind, window_ms), count in used.items():
            is_late = venue_ms % window_ms < min(_LATE_MS, window_ms // 5)
            if not is_late and count > self._count(kind, window_ms, venue_ms):
                self._used[kind, window_ms] = (venue_ms // window_ms, count)

    def retry_ms(self, costs: Mapping[str, int], venue_ms: int, share: Share = Share.ORDERS) -> int:
        """How long to wait before asking `admits` the same again: until every window too full is over."""
        full_ms = (window_ms - venue_ms % window_ms for _, window_ms in self._full(costs, venue_ms, share))
        return max(full_ms, default=0)

    def lacking(self, costs: Mapping[str, int], venue_ms: int, share: Share = Share.ORDERS) -> Lacking:
        """Why `admits` does not."""
        full = self._full(costs, venue_ms, share)
        if not full:
            return Lacking("", 0, 0, 1)
        kind, window_ms = max(full, key=lambda limit: limit[1] - venue_ms % limit[1])
        wanted = self._count(kind, window_ms, venue_ms) + costs[kind]
        return Lacking(kind, window_ms, self._limits[kind, window_ms] * share // 100, wanted)

    def percent(self, costs: Mapping[str, int], times: int, in_ms: int) -> int:
        """How full so many requests of these costs in so long make the fullest of the windows."""
        return max(
            (
                costs.get(kind, 0) * times * window_ms * 100 // (in_ms * limit)
                for (kind, window_ms), limit in self._limits.items()
            ),
            default=0,
        )

    def _full(self, costs: Mapping[str, int], venue_ms: int, share: Share) -> list[_Limit]:
        """Those whose windows have no room for this."""
        return [
            (kind, window_ms)
            for (kind, window_ms), limit in self._limits.items()
            if (cost := costs.get(kind, 0)) and self._count(kind, window_ms, venue_ms) + cost > limit * share // 100
        ]

    def _count(self, kind: str, window_ms: int, venue_ms: int) -> int:
        window, count = self._used.get((kind, window_ms), (0, 0))
        return count if window == venue_ms // window_ms else 0
