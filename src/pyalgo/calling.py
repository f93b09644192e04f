"""Calls a strategy's callbacks: a mistake in one stops nothing else, and a slow one is named."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import ParamSpec

__all__ = ["Caller"]

_log = logging.getLogger(__name__)

_QUIET_S = 10.0

P = ParamSpec("P")


class _Slow:
    """How slow one callback was since it was last named."""

    __slots__ = ("again_s", "count", "worst_s")

    def __init__(self) -> None:
        self.again_s = float("-inf")
        self.count = 0
        self.worst_s = 0.0


class Caller:
    """Calls with a budget of time. Over it, a callback is named in the log, at most once in ten seconds each."""

    def __init__(self, budget_ms: float = 50.0, clock: Callable[[], float] = time.perf_counter) -> None:
        self._budget_s = budget_ms / 1000
        self._clock = clock
        self._slow: dict[str, _Slow] = {}

    def call(self, who: str, callback: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
        """Call it; ``who`` says for whom, for the log."""
        clock = self._clock
        began_s = clock()
        try:
            callback(*args, **kwargs)
        except Exception:  # noqa: BLE001 - a strategy's mistake stops neither its other callbacks nor its orders
            _log.exception("%s: an exception in %s", who, _name(callback))
        took_s = clock() - began_s
        if took_s > self._budget_s:
            self._tell(who, _name(callback), took_s, began_s)

    def _tell(self, who: str, name: str, took_s: float, now_s: float) -> None:
        slow = self._slow.setdefault(f"{who} {name}", _Slow())
        slow.count += 1
        slow.worst_s = max(slow.worst_s, took_s)
        if now_s < slow.again_s:
            return
        often = "" if slow.count == 1 else f" ({slow.count} times since it was last told, at worst)"
        _log.warning(
            "%s: %s took %.0f ms%s; the budget is %.0f ms, and data waits meanwhile: make it shorter, "
            "or give Engine a larger callback_budget_ms",
            who,
            name,
            slow.worst_s * 1000,
            often,
            self._budget_s * 1000,
        )
        slow.again_s, slow.count, slow.worst_s = now_s + _QUIET_S, 0, 0.0


def _name(callback: object) -> str:
    name: str = getattr(callback, "__qualname__", "") or repr(callback)
    return name
