"""Whether the venue answers at all, while it leaves some question without an answer."""

from __future__ import annotations

from collections.abc import Callable

from tradingsys.core.commands import OpenOrdersQuery
from tradingsys.core.errors import TradingError
from tradingsys.oms.procedure import Signal, ask

__all__ = ["SignOfLife"]

_KNOWN_NS = 20_000_000_000
"""For so long it counts that there was an answer, or none: that question costs a lot of the rate limit. And whoever
found none so soon after the first answer is to ask once more: a venue comes back piece by piece.
"""


class SignOfLife:
    """Asks what the venue's own books must answer, seldom, and once for all who want to know."""

    def __init__(self, now_ns: Callable[[], int]) -> None:
        self._now_ns = now_ns
        self._up_since_ns: int | None = None
        self._known_until_ns = 0
        self._asking: Signal | None = None

    async def was_seen(self, asked_ns: int) -> bool:
        """Whether it answered for some time already when another question was asked, and does so still."""
        if self._asking is not None:
            await self._asking
        elif self._now_ns() >= self._known_until_ns:
            await self._ask()
        return self._up_since_ns is not None and self._up_since_ns + _KNOWN_NS <= asked_ns

    async def _ask(self) -> None:
        answered = self._asking = Signal()
        if self._now_ns() > self._known_until_ns + _KNOWN_NS:  # nobody looked meanwhile
            self._up_since_ns = None
        try:
            await ask(OpenOrdersQuery())
            self._up_since_ns = self._up_since_ns or self._now_ns()
        except TradingError:
            self._up_since_ns = None
        finally:
            self._known_until_ns = self._now_ns() + _KNOWN_NS
            self._asking = None
            answered.give()
