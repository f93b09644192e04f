"""What a book remembers that it may lack."""

from __future__ import annotations

from msgspec import Struct

__all__ = ["MissingRecord"]


class MissingRecord(Struct, frozen=True):
    """What the book may lack of what was before, in the place of what was said of that before."""

    orders: tuple[str, ...] = ()
    """Symbols on which there may be orders of ours that nobody here knows."""
    trades: tuple[str, ...] = ()
    """Symbols of ours that are not accounted for."""
    until_ms: int = 0
    """Until then (venue time) orders of ours may have executed that nobody here knew."""
