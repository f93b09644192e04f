"""Coroutines without an event loop: a long decision written as one function.

A procedure awaits the answer to a venue query (`ask`), an instant (`until`), another procedure (`Signal`) or nothing at
all, and `Procedures` resumes it when told. Nothing here knows sockets or clocks, so recovery reads from top to bottom
and still runs the same under a real loop, a simulation or a test.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Coroutine, Generator
from enum import IntEnum
from itertools import count
from typing import Generic, TypeVar

from msgspec import Struct

from tradingsys.core.commands import Query, TimeQuery
from tradingsys.core.errors import TradingError

__all__ = ["Broken", "Procedure", "Procedures", "Signal", "Turn", "ask", "until"]

T = TypeVar("T")

Procedure = Coroutine["_Ask[object] | _Until | Signal", object, None]


Broken = Callable[[str, Exception, bool], None]
"""Told which procedure ended by an error that it did not expect, and whether it was begun anew."""


_REST_NS = 250_000_000
"""Between the end of what must not end and its new beginning, at least."""


class Turn(IntEnum):
    """Which questions go first where not all can go at once."""

    TIME = 0
    """Without it no order could be sent."""
    STOPPING = 1
    """What stops trading, or keeps the venue from stopping it."""
    READING = 2
    """What the books must know."""
    PRICES = 3
    """What orders are measured with."""
    STRATEGIES = 4


class _Ask(Struct, Generic[T], frozen=True):
    query: Query[T]
    turn: Turn

    def __await__(self) -> Generator[_Ask[T], T, T]:
        return (yield self)


class _Until(Struct, frozen=True):
    at_ns: int

    def __await__(self) -> Generator[_Until, None, None]:
        yield self


async def ask(query: Query[T], turn: Turn = Turn.READING) -> T:
    """The venue's answer.

    Raises the TradingError that prevented one.
    """
    wish: _Ask[T] = _Ask(query, Turn.TIME if isinstance(query, TimeQuery) else turn)
    return await wish


async def until(at_ns: int) -> None:
    """Wait for a monotonic instant."""
    await _Until(at_ns)


class Signal:
    """What one procedure gives, and any number of others wait for."""

    def __init__(self) -> None:
        self._wakes: list[Callable[[], None]] = []

    def __await__(self) -> Generator[Signal, None, None]:
        yield self

    def waits(self, wake: Callable[[], None]) -> None:
        """One more is to be woken."""
        self._wakes.append(wake)

    def give(self) -> None:
        """Wake all who wait."""
        wakes, self._wakes = self._wakes, []
        for wake in wakes:
            wake()


class Procedures:
    """Runs procedures: hands out their queries, takes answers and time."""

    def __init__(self, broken: Broken | None = None) -> None:
        """Without ``broken``, an unexpected error in a procedure is raised to whoever resumed it."""
        self._broken = broken
        self._kept: dict[Procedure, Callable[[], Procedure]] = {}
        self._tokens = count(1)
        self._order = count()
        self._asking: dict[int, Procedure] = {}
        self._sleeping: list[tuple[int, int, Procedure]] = []
        self._queries: list[tuple[int, Query[object], Turn]] = []
        self._ticked_ns = 0

    def start(self, procedure: Procedure) -> None:
        """Run a procedure up to the first thing it waits for."""
        self._step(procedure, None, None)

    def keep(self, begin: Callable[[], Procedure]) -> None:
        """Run a procedure that must not end: some time after an unexpected error it is begun anew."""
        procedure = begin()
        self._kept[procedure] = begin
        self._step(procedure, None, None)

    def take_queries(self) -> list[tuple[int, Query[object], Turn]]:
        """Queries to send since the last call: the token that its answer must carry, the query, and its turn."""
        taken, self._queries = self._queries, []
        return taken

    def answer(self, token: int, value: object, error: TradingError | None) -> None:
        """Resume the procedure that asked; an unknown token is ignored."""
        procedure = self._asking.pop(token, None)
        if procedure is not None:
            self._step(procedure, value, error)

    def tick(self, now_ns: int) -> None:
        """Resume every procedure whose instant has come."""
        self._ticked_ns = now_ns
        while self._sleeping and self._sleeping[0][0] <= now_ns:
            self._step(heapq.heappop(self._sleeping)[2], None, None)

    @property
    def next_deadline_ns(self) -> int | None:
        """When `tick` has something to do."""
        return self._sleeping[0][0] if self._sleeping else None

    @property
    def idle(self) -> bool:
        """Whether nothing is under way."""
        return not self._asking and not self._sleeping

    def _step(self, procedure: Procedure, value: object, error: TradingError | None) -> None:
        try:
            wish = procedure.send(value) if error is None else procedure.throw(error)
        except StopIteration:
            self._kept.pop(procedure, None)
            return
        except Exception as failure:  # noqa: BLE001 - nobody awaits a procedure: whoever is told here is the last
            self._ended_badly(procedure, failure)
            return
        if isinstance(wish, _Until):
            heapq.heappush(self._sleeping, (wish.at_ns, next(self._order), procedure))
        elif isinstance(wish, Signal):
            wish.waits(lambda: self._step(procedure, None, None))
        else:
            token = next(self._tokens)
            self._asking[token] = procedure
            self._queries.append((token, wish.query, wish.turn))

    def _ended_badly(self, procedure: Procedure, failure: Exception) -> None:
        begin = self._kept.pop(procedure, None)
        if self._broken is None:
            raise failure
        self._broken(str(getattr(procedure, "__qualname__", procedure)), failure, begin is not None)
        if begin is not None:
            self.start(self._again(begin))

    async def _again(self, begin: Callable[[], Procedure]) -> None:
        """What fails at once shall not keep everything else from its turn."""
        await until(self._ticked_ns + _REST_NS)
        self.keep(begin)
