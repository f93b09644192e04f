"""Calls a strategy's callbacks: a mistake in one stops nothing else, and a slow one is named."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable
from typing import ParamSpec

__all__ = ["Caller"]

_log = logging.getLogger(__name__)

_QUIET_S = 10.0

P = ParamSpec("P")


class _Complaint:
    """What is wrong with one callback, and how often since it was last told: at most once in ten seconds."""

    __slots__ = ("_again_s", "_count", "_worst_s")

    def __init__(self) -> None:
        self._again_s = float("-inf")
        self._count = 0
        self._worst_s = 0.0

    def is_due(self, now_s: float, took_s: float = 0.0) -> bool:
        """Count it; returns whether to tell of it now."""
        self._count += 1
        self._worst_s = max(self._worst_s, took_s)
        return now_s >= self._again_s

    def told(self, now_s: float) -> tuple[int, float]:
        """It is told now: how often it was, and how long it took at worst."""
        count, worst_s = self._count, self._worst_s
        self._again_s, self._count, self._worst_s = now_s + _QUIET_S, 0, 0.0
        return count, worst_s


class Caller:
    """Calls with a budget of time. Who is over it, or raises, is named in the log, at most once in ten seconds each."""

    def __init__(self, budget_ms: float = 50.0, clock: Callable[[], float] = time.perf_counter) -> None:
        self._budget_s = budget_ms / 1000
        self._clock = clock
        self._slow: dict[str, _Complaint] = {}
        self._wrong: dict[str, _Complaint] = {}

    def call(self, who: str, callback: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
        """Call it; ``who`` says for whom, for the log."""
        clock = self._clock
        began_s = clock()
        wrong: Exception | None = None
        try:
            callback(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - a strategy's mistake stops neither its other callbacks nor its orders
            wrong = error
        if wrong is not None:
            self._tell_wrong(who, _name(callback), wrong, began_s)
        took_s = clock() - began_s
        if took_s > self._budget_s:
            self._tell_slow(who, _name(callback), took_s, began_s)

    def _tell_wrong(self, who: str, name: str, error: Exception, now_s: float) -> None:
        complaint = self._wrong.setdefault(f"{who} {name} {type(error).__name__} {_line(error)}", _Complaint())
        if not complaint.is_due(now_s):
            return
        count, _ = complaint.told(now_s)
        often = "" if count == 1 else f" ({count} times since it was last told)"
        _log.error("%s: an exception in %s%s", who, name, often, exc_info=_without_context(error))

    def _tell_slow(self, who: str, name: str, took_s: float, now_s: float) -> None:
        complaint = self._slow.setdefault(f"{who} {name}", _Complaint())
        if not complaint.is_due(now_s, took_s):
            return
        count, worst_s = complaint.told(now_s)
        often = "" if count == 1 else f" ({count} times since it was last told, at worst)"
        _log.warning(
            "%s: %s took %.0f ms%s; the budget is %.0f ms, and data waits meanwhile: make it shorter, "
            "or give Engine a larger callback_budget_ms",
            who,
            name,
            worst_s * 1000,
            often,
            self._budget_s * 1000,
        )


def _without_context(error: Exception) -> Exception:
    """Leave out what is being dealt with around the call: it is not the callback's."""
    around = sys.exception()
    each: BaseException | None = error if around is not None else None
    while each is not None:
        if each.__context__ is around:
            each.__context__ = None
        each = each.__context__
    return error


def _line(error: Exception) -> int:
    """Where it was raised."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return 0 if trace is None else trace.tb_lineno


def _name(callback: object) -> str:
    name: str = getattr(callback, "__qualname__", "") or repr(callback)
    return name
