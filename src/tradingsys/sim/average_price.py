"""What was traded lately, on average."""

from __future__ import annotations

from collections import deque
from decimal import ROUND_DOWN, Decimal

__all__ = ["AveragePrice"]

_NS = 1_000_000_000
_KEPT_S = 3_600
_ZERO = Decimal(0)
_DIGITS = Decimal("0.00000001")


class AveragePrice:
    """Trades of the last hour, second by second."""

    __slots__ = ("_seconds",)

    def __init__(self) -> None:
        self._seconds: deque[list[Decimal]] = deque()
        """Second, value, quantity."""

    def add(self, px: Decimal, qty: Decimal, now_ns: int) -> None:
        """A trade."""
        second = now_ns // _NS
        if self._seconds and self._seconds[-1][0] == second:
            self._seconds[-1][1] += px * qty
            self._seconds[-1][2] += qty
            return
        self._seconds.append([Decimal(second), px * qty, qty])
        while self._seconds[0][0] < second - _KEPT_S:
            self._seconds.popleft()

    def px(self, now_ns: int, minutes: int) -> Decimal | None:
        """The average price of the last minutes, to eight decimals; None when nothing was traded."""
        first = now_ns // _NS - minutes * 60
        value = qty = _ZERO
        for second, seconds_value, seconds_qty in reversed(self._seconds):
            if second < first:
                break
            value += seconds_value
            qty += seconds_qty
        return (value / qty).quantize(_DIGITS, ROUND_DOWN) if qty else None
