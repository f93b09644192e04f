"""Functions called at regular intervals."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["Timer", "Timers"]


class Timer:
    """Calls a function every so often, until `cancel`. The intervals do not drift; one that was missed is skipped."""

    def __init__(self, seconds: float, action: Callable[[], object]) -> None:
        self.seconds = seconds
        self.is_active = True
        self._action = action
        self._next_s: float | None = None

    def cancel(self) -> None:
        """Call it no more."""
        self.is_active = False

    def _due_s(self, now_s: float) -> float:
        if self._next_s is None:
            self._next_s = now_s + self.seconds
        return self._next_s

    def _skip_to(self, now_s: float) -> None:
        next_s = self._due_s(now_s)
        missed = max(0.0, (now_s - next_s) // self.seconds)
        self._next_s = next_s + (missed + 1) * self.seconds


class Timers:
    """All timers of an engine. Times are seconds of one clock that never goes back."""

    def __init__(self) -> None:
        self._timers: list[Timer] = []

    def add(self, timer: Timer) -> None:
        """From now on call this one too; its first interval begins when `run_due` or `next_s` see it first."""
        self._timers.append(timer)

    def pause(self) -> None:
        """Time does not count until it is asked for again."""
        for timer in self._timers:
            timer._next_s = None

    def run_due(self, now_s: float) -> None:
        """Call what is due, in the order it became due."""
        due = [timer for timer in self._timers if timer.is_active and timer._due_s(now_s) <= now_s]
        for timer in sorted(due, key=lambda timer: timer._due_s(now_s)):
            timer._skip_to(now_s)
            if timer.is_active:
                timer._action()
        self._timers = [timer for timer in self._timers if timer.is_active]

    def next_s(self, now_s: float) -> float | None:
        """When the next is due, if there is any."""
        return min((timer._due_s(now_s) for timer in self._timers if timer.is_active), default=None)
