"""Whether the venue answers at all, while it leaves some question without an answer."""

from __future__ import annotations

from collections.abc import Callable

from tradingsys.core.commands import OpenOrdersQuery
from tradingsys.core.errors import TradingError
from tradingsys.oms.procedure import Signal, ask

__all__ = ["SignOfLife"]

_UP_NS, _DOWN_NS = 60_000_000_000, 20_000_000_000
"""For so long an answer, or that there was none, counts: what is asked for it costs a lot of the rate limit."""


class SignOfLife:
    """Asks what the venue's own books must answer, seldom, and once for all who want to know."""

    def __init__(self, now_ns: Callable[[], int]) -> None:
        self._now_ns = now_ns
        self._is_up = False
        self._known_until_ns = 0
        self._asking: Signal | None = None

    async def is_seen(self) -> bool:
        """Whether it answered just now, or not long ago."""
        if self._asking is not None:
            await self._asking
        elif self._now_ns() >= self._known_until_ns:
            await self._ask()
        return self._is_up

    async def _ask(self) -> None:
        answered = self._asking = Signal()
        try:
            await ask(OpenOrdersQuery())
            self._is_up = True
        except TradingError:
            self._is_up = False
        finally:
            self._known_until_ns = self._now_ns() + (_UP_NS if self._is_up else _DOWN_NS)
            self._asking = None
            answered.give()
