"""Whether orders are taken: nobody trades on while books and exchange contradict each other."""

from __future__ import annotations

from collections.abc import Callable

from tradingsys.gateway.seams import Log
from tradingsys.gateway.symbol_rules import SymbolRules
from tradingsys.oms.session_book import SessionBook

__all__ = ["Halting"]


class Halting:
    """The halt of the account, and of single symbols; an operator lifts them."""

    def __init__(
        self, book: SessionBook, rules: SymbolRules, log: Log, wall_ms: Callable[[], int], venue_ms: Callable[[], int]
    ) -> None:
        self.reason = ""
        """Why no orders are taken at all; empty as long as they are."""
        self.since_ms = 0
        """Unix ms."""
        self._book, self._rules, self._log = book, rules, log
        self._wall_ms, self._venue_ms = wall_ms, venue_ms
        self._is_final = False

    def halt(self, reason: str, symbol: str = "") -> None:
        """No new orders: on a symbol that the books have halted, or at all."""
        if symbol:
            self._log.error("HALT: no new orders on this symbol", symbol=symbol, reason=reason)
        else:
            self.since_ms = self.since_ms if self.reason else self._wall_ms()
            self.reason = self.reason or reason
            self._log.error("HALT: no new orders", reason=reason)
        self._rules.tell()

    def halt_for_good(self, reason: str) -> None:
        """The process is about to end."""
        self._is_final = True
        self.reason = self.reason or reason

    def resume(self, symbol: str) -> bool:
        """Lift the halt of a symbol, or with an empty one that of the account; False when there is none."""
        if symbol:
            was_halted = self._book.resume(symbol, self._venue_ms())
        else:
            was_halted = bool(self.reason) and not self._is_final
            self.reason = "" if was_halted else self.reason
        if was_halted:
            self._log.warning("resumed by an operator: orders are taken again", symbol=symbol or "all")
            self._rules.tell()
        return was_halted
