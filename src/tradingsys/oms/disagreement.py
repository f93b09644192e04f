"""What follows when books and account differ: fewer and fewer orders, until they are proven equal again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

from tradingsys.core.enums import TradingState
from tradingsys.core.instrument import plain
from tradingsys.core.order import Fill, FillKey
from tradingsys.core.records import HaltCause, HaltRecord, Scope
from tradingsys.oms.inquiry import Inquiry
from tradingsys.oms.late_fills import moved

__all__ = ["CONFIRM_MS", "Disagreement"]

CONFIRM_MS = 5_000
"""So long after it was found, a difference that is found once more is believed."""
_OWNER_MS = 90_000
"""So long the exchange may take to tell whose an execution is, which is in the account and not in the books."""
_HALT_MS = 60_000
"""So long after orders may only reduce, none may be sent any more."""


class Disagreement:
    """Restricts the symbols concerned, by the cause DIFFERENCE; over restarts too, as `Halts` has it."""

    def __init__(self, inquiry: Inquiry, symbols_trading: Callable[[str], set[str]]) -> None:
        """``symbols_trading``: what is concerned when the books differ in a symbol or an asset."""
        self._inquiry = inquiry
        self._book = inquiry.book
        self._venue_ms = inquiry.venue_ms
        self._symbols_trading = symbols_trading
        self._since_ms: dict[str, int] = {}
        """When each difference was found; where executions explain it that wait for their owner, the oldest of them."""

    @property
    def wants_confirmation(self) -> bool:
        """Whether the next check should come soon, as something was found that is not believed yet."""
        return not self.restricts_all(self._since_ms)

    def restricts_all(self, names: Iterable[str]) -> bool:
        """Whether every symbol is restricted that is concerned by a difference in one of these."""
        restricted = {row.scope.symbol for row in self._standing()}
        return all(self._symbols_trading(name) <= restricted for name in names)

    def judge(self, differences: Mapping[str, Decimal], unsure: Iterable[str] = ()) -> None:
        """A check found these differences; of ``unsure`` names it could not say, of all others that they agree."""
        now_ms, unsure = self._venue_ms(), set(unsure)
        self._since_ms = {
            name: max(self._since_ms.get(name, now_ms), self._explained_ms(name, differences))
            for name in [*self._since_ms, *differences]
            if name in differences or name in unsure
        }
        standing = {row.scope.symbol: row for row in self._standing()}
        for name, amount in differences.items():
            is_believed = now_ms - self._since_ms[name] >= self._patience_ms(name)
            if is_believed or self._symbols_trading(name) & standing.keys():
                for symbol in sorted(self._symbols_trading(name)):
                    self._restrict(symbol, name, amount, standing.get(symbol))
        concerned = {symbol for name in {*self._since_ms, *unsure} for symbol in self._symbols_trading(name)}
        for symbol in sorted(standing.keys() - concerned):
            self._book.halts.lift(Scope(symbol=symbol), now_ms, HaltCause.DIFFERENCE)
            self._book.alarm(f"books and account agree on {symbol} again: its orders are restricted no longer")

    def _patience_ms(self, name: str) -> int:
        """For how long a difference may come from what is on its way: not when the venue refuses to tell what would
        explain it.
        """
        symbols, inquiry, waiting = self._symbols_trading(name), self._inquiry, self._waiting(name)
        if any(inquiry.is_history_untold(symbol) for symbol in symbols):
            return 0
        if not waiting:
            return CONFIRM_MS
        return _OWNER_MS if any(order in waiting for order in inquiry.owners_to_come()) else 0

    def _explained_ms(self, name: str, differences: Mapping[str, Decimal]) -> int:
        """Since when there are executions that wait for their owner and moved exactly what the books lack; 0 if none
        do. Where somebody trades there always are some, but each time others.
        """
        amount, book = differences.get(name), self._book
        fills = [fill for held in self._waiting(name).values() for fill in held.values()]
        if not amount or not fills or moved(fills, book.pairs, book.assets).get(name) != -amount:
            return 0
        return min(fill.ts_event_ms for fill in fills)

    def _waiting(self, name: str) -> Mapping[tuple[str, str], Mapping[FillKey, Fill]]:
        """Executions without an owner that may have moved it, by their orders."""
        symbols = self._symbols_trading(name)
        return {
            order: fills
            for order, fills in self._book.unattributed.items()
            if order[0] in symbols or any(fill.fee_asset == name for fill in fills.values())
        }

    def _restrict(self, symbol: str, name: str, amount: Decimal, standing: HaltRecord | None) -> None:
        now_ms, state = self._venue_ms(), TradingState.REDUCING
        if standing is not None:
            if now_ms - standing.ts_ms < _HALT_MS:
                return
            state = TradingState.HALTED
        command = "assets" if self._book.pairs else f"explain {symbol.lower()}"
        reason = (
            f"the books differ from the account in {name} by {plain(amount)} (Σ sessions + EXTERNAL − account; "
            f"`{self._book.commands.line(command)}`); orders are free again by themselves once both agree"
        )
        self._book.halts.impose(Scope(symbol=symbol), state, HaltCause.DIFFERENCE, reason, now_ms)

    def _standing(self) -> list[HaltRecord]:
        return [row for row in self._book.halts if row.cause is HaltCause.DIFFERENCE]
