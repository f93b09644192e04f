"""Asks what was executed while a session was away for so long that a snapshot came instead of events."""

from __future__ import annotations

from collections.abc import Callable

from pyalgo.history import History
from pyalgo.streams import Ask, may_help_to_wait
from tradingsys.core.errors import LocalProtocolError
from tradingsys.wire.codec import decode_result
from tradingsys.wire.messages import ErrorCode, FillsParams, FillsResult, Reply

__all__ = ["Missed"]

_WILL_DO_LATER = (ErrorCode.DENIED, ErrorCode.UNDEFINED)
"""Another answer is on its way; the gateway's disk could not be read."""


class Missed:
    """Asks page by page, as often as it takes. One for each connection."""

    def __init__(self, ask: Ask, history: History, then: Callable[[], None]) -> None:
        """``then`` asks what became of single orders: when all is told, and each time that this has to wait."""
        self._ask, self._history, self._then = ask, history, then
        self._is_asking = False

    def ask(self) -> None:
        """Ask until all is told that was executed meanwhile, if anything may have been."""
        if not self._is_asking:
            self._go_on()

    def _go_on(self) -> None:
        after = self._history.told_up_to
        self._is_asking = after is not None
        if after is None:
            self._then()
        else:
            self._ask.query("get_fills", FillsParams(self._history.lineage, after), self._on_reply, may_wait=True)

    def _on_reply(self, reply: Reply) -> None:
        try:
            found = decode_result(reply, FillsResult)
        except LocalProtocolError as error:
            if may_help_to_wait(error.code) or error.code in _WILL_DO_LATER:
                self._ask.retry(self._go_on)
                self._then()  # orders in doubt need not wait for this
                return
            self._history.told_up_to = None
            text = f"what was executed while the connection was lost is not told, but in the positions: {error}"
            self._ask.report(LocalProtocolError(text, code=error.code))
        else:
            for view in found.orders:
                self._history.executed(view)
            self._history.told_up_to = found.next
        self._go_on()
