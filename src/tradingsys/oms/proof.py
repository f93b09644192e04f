"""When nothing has proven for long that the books are the account's: no orders that add, until something does again."""

from __future__ import annotations

from tradingsys.core.enums import TradingState
from tradingsys.core.records import HaltCause, Scope
from tradingsys.oms.inquiry import Inquiry

__all__ = ["Proof"]

_LONGEST_MS, _LONGEST_CHECKS = 180_000, 6
"""So long the books may go unproven, and so many checks in a row the venue may leave without an answer."""
_CHECKS, _READINGS = 2, 3
"""Where answers may be old, each reading of a check waits for as long: the books may go unproven for so many checks."""
_LOOK_MS = 1_000


class Proof:
    """How long ago books and account were compared. Restricts by the cause UNPROVEN; over restarts too, see `Halts`.

    A difference that was found is told, and restricts, by itself: this is for a venue that does not tell what it holds.
    """

    def __init__(self, inquiry: Inquiry) -> None:
        self._inquiry = inquiry
        self._halts = inquiry.book.halts
        self._waited_ms = 0
        self._is_imposed = False

    def compared(self, *, is_dealt_with: bool) -> None:
        """The books were compared with what the venue told just now; ``is_dealt_with``: they agree, or orders are
        restricted wherever they do not.
        """
        self._waited_ms, now_ms = 0, self._inquiry.venue_ms()
        if is_dealt_with and self._halts.lift(Scope(), now_ms, HaltCause.UNPROVEN):
            self._is_imposed = False
            self._inquiry.book.alarm(
                "the exchange tells again what the account holds, and the books were compared with it: orders are "
                "restricted no longer for that it did not"
            )

    async def watch(self, every_ms: int) -> None:
        """For as long as the process lives; they are to be compared as often as this.

        Time in which the whole machine stood still does not count: nobody asked. A person who lifts the restriction has
        as long again.
        """
        longest_check_ms = every_ms + _READINGS * self._inquiry.margins.staleness_ms
        longest_ms = max(_LONGEST_MS, _LONGEST_CHECKS * every_ms, _CHECKS * longest_check_ms)
        while True:
            await self._inquiry.wait(_LOOK_MS)
            if self._is_imposed and not self._stands:
                self._is_imposed, self._waited_ms = False, 0
            self._waited_ms += _LOOK_MS
            if self._waited_ms >= longest_ms and not self._is_imposed:
                self._is_imposed = True
                reason = (
                    f"for {longest_ms // 1_000} s the books could not be compared with the account, so nothing proves "
                    "them; orders are free again by themselves once both were compared"
                )
                now_ms = self._inquiry.venue_ms()
                self._halts.impose(Scope(), TradingState.REDUCING, HaltCause.UNPROVEN, reason, now_ms)

    @property
    def _stands(self) -> bool:
        return any(row.cause is HaltCause.UNPROVEN for row in self._halts.of(Scope()))
