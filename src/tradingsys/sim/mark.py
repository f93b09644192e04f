"""Prices that follow the book's middle, smoothed so that no single trade moves them far."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

__all__ = ["INDEX_SMOOTHING_NS", "MARK_SMOOTHING_NS", "MarkPrice"]

MARK_SMOOTHING_NS = 2_000_000_000
INDEX_SMOOTHING_NS = 60_000_000_000
"""The index stands for other exchanges, which do not follow this one at once."""

_DIGITS = Decimal("0.00000001")
_INNER_DIGITS = Decimal("1e-15")
"""So that many tiny steps are not all rounded away."""


class MarkPrice:
    """An exponential moving average of the middle."""

    __slots__ = ("_exact", "_smoothing_ns", "_ts_ns", "px")

    def __init__(self, px: Decimal, smoothing_ns: int = MARK_SMOOTHING_NS) -> None:
        self._exact = px
        self._smoothing_ns = smoothing_ns
        self._ts_ns: int | None = None
        self.px = px.quantize(_DIGITS, ROUND_HALF_EVEN)
        """The price, to eight decimals."""

    def update(self, mid: Decimal | None, now_ns: int) -> None:
        """Move towards the middle; without one (an empty side) the price stays."""
        last_ns, self._ts_ns = self._ts_ns, now_ns
        if mid is None or last_ns is None or now_ns <= last_ns or mid == self._exact:
            return
        passed_ns = now_ns - last_ns
        weight = Decimal(passed_ns) / (passed_ns + self._smoothing_ns)
        self._exact = (self._exact + (mid - self._exact) * weight).quantize(_INNER_DIGITS, ROUND_HALF_EVEN)
        self.px = self._exact.quantize(_DIGITS, ROUND_HALF_EVEN)

    def is_near(self, mid: Decimal) -> bool:
        """Whether the price, as it is told, is this middle."""
        return self.px == mid.quantize(_DIGITS, ROUND_HALF_EVEN)

    def set(self, px: Decimal) -> None:
        """The price is known from elsewhere, such as from a recording."""
        self._exact = px
        self.px = px.quantize(_DIGITS, ROUND_HALF_EVEN)
