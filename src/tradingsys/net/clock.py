"""Time, as something that can be handed in."""

from __future__ import annotations

import time
from typing import Protocol

__all__ = ["Clock", "SystemClock"]


class Clock(Protocol):
    """Two clocks: one for intervals, one for timestamps."""

    def monotonic_ns(self) -> int:
        """Never goes backwards; its zero means nothing."""

    def wall_ns(self) -> int:
        """Since 1970, UTC, as this machine believes; may jump."""


class SystemClock:
    """The machine's clocks."""

    def monotonic_ns(self) -> int:
        """Never goes backwards; its zero means nothing."""
        return time.monotonic_ns()

    def wall_ns(self) -> int:
        """Since 1970, UTC, as this machine believes; may jump."""
        return time.time_ns()
