"""Numbers as the venue shows them."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

from msgspec import structs

from tradingsys.core.bars import Bar

__all__ = ["eight_digits", "in_eight_digits", "ms", "shown_px"]

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


def in_eight_digits(bar: Bar) -> Bar:
    """A bar as venues show it that write every number with eight digits."""
    return structs.replace(
        bar,
        open=eight_digits(bar.open),
        high=eight_digits(bar.high),
        low=eight_digits(bar.low),
        close=eight_digits(bar.close),
        volume=eight_digits(bar.volume),
        quote_volume=eight_digits(bar.quote_volume),
        buy_volume=eight_digits(bar.buy_volume),
        buy_quote_volume=eight_digits(bar.buy_quote_volume),
    )
