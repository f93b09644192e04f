"""Questions as procedures: a generator that yields calls, is given their answers, and returns the value.

An error answer is thrown into it, so that a procedure handles those that mean something to it and leaves the rest.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

from tradingsys.core.errors import TransportError
from tradingsys.core.venue_clock import VenueClock
from tradingsys.venues.binance.rest import Arrived, Call

__all__ = ["NO_SUCH_ORDER", "Steps", "venue_ms"]

NO_SUCH_ORDER = -2013

T = TypeVar("T")
Steps = Generator[Call, Arrived, T]


def venue_ms(clock: VenueClock, now_ns: int) -> int:
    """The venue's time; raises TransportError, provably nothing sent, while it is unknown."""
    if not clock.is_set:
        raise TransportError("the venue's time is not known yet", sent=False)
    return clock.now_ms(now_ns)
