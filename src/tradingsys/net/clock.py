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

    def seconds_until(self, due_ns: int) -> float:
        """Until `monotonic_ns` is that far; 0 when it is already."""
        return max(0, due_ns - self.monotonic_ns()) / 1e9
