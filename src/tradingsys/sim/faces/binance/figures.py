"""Numbers as the venue shows them."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

__all__ = ["eight_digits", "ms", "shown_px"]

_NS_PER_MS = 1_000_000
_EIGHT = Decimal("0.00000001")


def ms(ts_ns: int) -> int:
    """Nanoseconds as the venue's milliseconds."""
    return ts_ns // _NS_PER_MS


def eight_digits(value: Decimal) -> Decimal:
    """A computed amount, rounded as the venue shows it."""
    return value.quantize(_EIGHT, ROUND_HALF_EVEN)


def shown_px(value: Decimal) -> Decimal:
    """An average without superfluous zeros."""
    return eight_digits(value).normalize() if value else Decimal(0)
