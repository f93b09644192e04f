"""The mark price: the book's middle, smoothed so that no single trade moves it far."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

__all__ = ["MarkPrice"]

_SMOOTHING_NS = 2_000_000_000
_DIGITS = Decimal("0.00000001")
_INNER_DIGITS = Decimal("1e-15")
"""So that many tiny steps are not all rounded away."""


class MarkPrice:
    """An exponential moving average of the middle with a time constant of two seconds."""

    __slots__ = ("_exact", "_ts_ns")

    def __init__(self, px: Decimal) -> None:
        self._exact = px
        self._ts_ns: int | None = None

    @property
    def px(self) -> Decimal:
        """The price, to eight decimals."""
        return self._exact.quantize(_DIGITS, ROUND_HALF_EVEN)

    def update(self, mid: Decimal | None, now_ns: int) -> None:
        """Move towards the middle; without one (an empty side) the price stays."""
        last_ns, self._ts_ns = self._ts_ns, now_ns
        if mid is None or last_ns is None or now_ns <= last_ns:
            return
        passed_ns = now_ns - last_ns
        weight = Decimal(passed_ns) / (passed_ns + _SMOOTHING_NS)
        self._exact = (self._exact + (mid - self._exact) * weight).quantize(_INNER_DIGITS, ROUND_HALF_EVEN)
