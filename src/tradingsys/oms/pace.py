"""How fast somebody acts: what was let pass, and what a session was refused and executed within a while."""

from __future__ import annotations

from collections import deque
from decimal import Decimal

from tradingsys.core.enums import Side
from tradingsys.oms.limit_checks import Asked, Denial, Proposed
from tradingsys.oms.limits import Limits

__all__ = ["Pace", "Rate", "Window"]

_NS_PER_S = 1_000_000_000

_Likeness = tuple[str, Side, Decimal | None, Decimal]
"""Symbol, side, price and quantity."""


class Window:
    """Whether something happened so and so often within so and so long; None is never too often."""

    def __init__(self, most: int | None, width_s: int) -> None:
        self._most = most
        self._width_ns = width_s * _NS_PER_S
        self._at: deque[int] = deque(maxlen=most)

    def note(self, now_ns: int) -> bool:
        """It happened: whether that is too often now."""
        if self._most is None:
            return False
        self._at.append(now_ns)
        return self.is_full(now_ns)

    def count(self, now_ns: int) -> int:
        """How often it happened within the width."""
        while self._at and now_ns - self._at[0] > self._width_ns:
            self._at.popleft()
        return len(self._at)

    def is_full(self, now_ns: int) -> bool:
        """Whether it happened as often as it may."""
        return len(self._at) == self._most and now_ns - self._at[0] <= self._width_ns

    def is_over(self, now_ns: int) -> bool:
        """Whether all of it is long ago."""
        return not self._at or now_ns - self._at[-1] > self._width_ns

    def clear(self) -> None:
        """Begin anew."""
        self._at.clear()


class Rate:
    """So many at once after a pause, then so many a second; None is as many as anybody likes."""

    def __init__(self, per_s: int | None, burst: int) -> None:
        self._per_s, self._burst = per_s, burst
        self._cost_ns = max(1, _NS_PER_S // (per_s or 1))
        self._paid_ns = 0

    def check(self, count: int, now_ns: int, limit: str) -> Denial | None:
        """Why so many orders and amends come too soon, or None."""
        owed_ns = self._owed_ns(count, now_ns)
        if self._has_room(owed_ns):
            return None
        allowed = f"{self._burst} at once, then {self._per_s} a second"
        come = f"{-(-owed_ns // self._cost_ns)} at once"
        return Denial(limit, allowed, come, f"orders and amends come to {come}")

    def passed(self, count: int, now_ns: int) -> None:
        """So many are being sent."""
        if self._per_s is not None:
            self._paid_ns = now_ns + self._owed_ns(count, now_ns)

    def takes(self, now_ns: int) -> bool:
        """Whether one more may be done; if so, it was."""
        if not self._has_room(self._owed_ns(1, now_ns)):
            return False
        self.passed(1, now_ns)
        return True

    def ahead(self, now_ns: int) -> int:
        """How much of the burst is used up."""
        return max(0, self._paid_ns - now_ns) // self._cost_ns

    def _has_room(self, owed_ns: int) -> bool:
        return self._per_s is None or owed_ns <= self._burst * self._cost_ns

    def _owed_ns(self, count: int, now_ns: int) -> int:
        return max(0, self._paid_ns - now_ns) + count * self._cost_ns


class Pace:
    """One session's."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.rate = Rate(limits.max_orders_per_s, limits.order_burst)
        self.executions = Window(limits.max_executions, limits.executions_window_s)
        self.rejections = Window(limits.max_rejections, limits.rejections_window_s)
        self.since_execution = 0
        """Orders and amends."""
        self._alike: dict[_Likeness, Window] = {}

    def check(self, asked: Asked, now_ns: int) -> Denial | None:
        """Why a request comes too soon, or too often, or None."""
        limits = self._limits
        denial = self.rate.check(len(asked.orders), now_ns, "max_orders_per_s")
        if denial is not None or limits.max_same_orders is None or not asked.is_new:
            return denial
        for order in asked.orders:
            alike = self._alike.get(_likeness(asked, order))
            if alike is not None and alike.is_full(now_ns):
                most = limits.max_same_orders
                reason = f"{most} orders of this side, price and quantity were sent within a second"
                return Denial("max_same_orders", str(most), str(alike.count(now_ns) + 1), reason)
        return None

    def passed(self, asked: Asked, now_ns: int) -> None:
        """It is being sent."""
        self.since_execution += len(asked.orders)
        self.rate.passed(len(asked.orders), now_ns)
        if self._limits.max_same_orders is not None and asked.is_new:
            for order in asked.orders:
                likeness = _likeness(asked, order)
                alike = self._alike.get(likeness)
                if alike is None:
                    alike = self._alike[likeness] = Window(self._limits.max_same_orders, 1)
                alike.note(now_ns)

    def tidy(self, now_ns: int) -> None:
        """Forget what is long ago; from time to time, and not before an order."""
        for likeness in [each for each, alike in self._alike.items() if alike.is_over(now_ns)]:
            del self._alike[likeness]


def _likeness(asked: Asked, order: Proposed) -> _Likeness:
    return (asked.symbol, order.terms.side, order.terms.price, order.qty)
