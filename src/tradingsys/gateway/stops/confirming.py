"""Asking the exchange what is open: once for all that wait for it, and ever less often while it shows too much."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from tradingsys.core.commands import OpenOrdersQuery
from tradingsys.core.errors import TradingError
from tradingsys.core.order import Order
from tradingsys.gateway.host import Host
from tradingsys.gateway.stops.clearing import Clearing
from tradingsys.oms.procedure import Turn, ask
from tradingsys.oms.tracked_order import TrackedOrder

__all__ = ["Confirming"]

_NS_PER_S = 1_000_000_000
_FIRST_WAIT_NS = _NS_PER_S
_LONGEST_WAIT_NS = 8 * _NS_PER_S


class Confirming:
    """One question at a time, at most one a second: of twenty sessions that are cleared each would cost as much."""

    def __init__(self, gateway: Host, answered: Callable[[], None]) -> None:
        """``answered`` is told when something is confirmed."""
        self._gateway, self._answered = gateway, answered
        self._is_asking = False
        self._asked_ns = -_FIRST_WAIT_NS
        self._wait_ns = _FIRST_WAIT_NS
        self._judged: set[int] = set()
        """Those that were shown to have something left, by number."""

    def work(self, standing: Iterable[Clearing]) -> None:
        """Ask for those that have nothing left to do, if it is time to."""
        waiting = [clearing for clearing in standing if clearing.wants_proof]
        numbers = {clearing.number for clearing in waiting}
        if numbers - self._judged:
            self._wait_ns = _FIRST_WAIT_NS
        self._judged &= numbers
        if waiting and not self._is_asking and self._gateway.now_ns() >= self._asked_ns + self._wait_ns:
            self._gateway.run(self._ask(waiting))

    async def _ask(self, waiting: list[Clearing]) -> None:
        symbols = {clearing.scope.symbol for clearing in waiting}
        self._is_asking = True
        try:
            shown = await ask(OpenOrdersQuery(symbols.pop() or None if len(symbols) == 1 else None), Turn.STOPPING)
        except TradingError as error:
            for clearing in waiting:
                clearing.problem = f"the exchange could not be asked for its open orders: {error}"
        else:
            open_there = list(self._ours(shown))
            for clearing in waiting:
                clearing.judge(open_there)
        finally:
            self._is_asking, self._asked_ns = False, self._gateway.now_ns()
            self._wait_ns = min(2 * self._wait_ns, _LONGEST_WAIT_NS)
            self._judged |= {clearing.number for clearing in waiting}
        if any(clearing.is_confirmed for clearing in waiting):
            self._answered()

    def _ours(self, shown: Iterable[Order]) -> Iterator[TrackedOrder]:
        for facts in shown:
            if facts.terms is not None:
                order = self._gateway.book.learn(facts, facts.terms.symbol, facts.terms.version_ms)
                if order is not None:
                    yield order
