"""What goes wrong on request: answers that never come or say nothing, records and events that come late or twice."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from enum import StrEnum

from tradingsys.core.errors import VenueError
from tradingsys.sim.faces.binance.faults import NO_CODE, Fault
from tradingsys.sim.faces.transport import WsOutput
from tradingsys.venues.binance.error_codes import ErrorClass, ErrorTable

__all__ = ["Asked", "Lost", "Trouble", "Troubles"]


class Asked(StrEnum):
    """What a request wants with an order."""

    PLACE = "place"
    MODIFY = "modify"
    CANCEL = "cancel"


class Trouble(StrEnum):
    """What is answered instead of the truth."""

    TIMEOUT = "timeout"
    UNKNOWN = "unknown"
    DROP = "drop"
    CUT = "cut"
    """As `DROP`, before the request was read."""
    UNAVAILABLE = "unavailable"
    OVERLOADED = "overloaded"
    INTERNAL = "internal"
    REFUSED = "refused"
    """With any code."""
    NONE = "none"

    @property
    def acts(self) -> bool:
        """Whether the request is executed all the same."""
        return self in (Trouble.TIMEOUT, Trouble.UNKNOWN, Trouble.DROP)


class Lost(Exception):
    """No answer at all: the connection ends."""


def _no_trouble(_asked: Asked, _reduces: bool) -> Trouble:
    return Trouble.NONE


class Troubles:
    """What the operator ordered to go wrong."""

    def __init__(self, faults: Mapping[Trouble, tuple[int, int, str]], errors: ErrorTable) -> None:
        """``faults``: how the product says what is not a refusal: HTTP status, code and message."""
        self._faults = faults
        self._errors = errors
        self.answers: dict[Asked, deque[tuple[Trouble, int]]] = {asked: deque() for asked in Asked}
        """For the next requests of each kind, with the code of a refusal."""
        self.queries_late_ns = 0
        """Orders and executions younger than this are not found."""
        self.events_late_ns = 0
        """An account's events are held so long."""
        self.events_twice = 0
        """So many of an account's next events are sent two times."""
        self.fate: Callable[[Asked, bool], Trouble] = _no_trouble
        """What a request meets for which nothing is planned; some only reduce a position."""
        self._held: deque[tuple[int, list[WsOutput]]] = deque()

    def plan(self, asked: Asked, trouble: Trouble, count: int, code: int = NO_CODE) -> None:
        """Let the next ``count`` requests of this kind meet a trouble, after those planned before; NONE forgets all.

        ``code`` is one that the exchange has, for a refusal.
        """
        if trouble is Trouble.NONE:
            self.answers[asked].clear()
        else:
            self.answers[asked].extend([(trouble, code)] * count)

    def answer(self, asked: Asked | None, answer: Callable[[], object], *, reduces: bool = False) -> object:
        """The answer to a request, unless it meets a trouble: then Fault or Lost is raised, whatever was done.

        Orders that reduce a position are let through by an overloaded exchange.
        """
        if asked is None:
            return answer()
        planned = self.answers[asked]
        trouble, code = planned[0] if planned else (self.fate(asked, reduces), NO_CODE)
        if trouble is Trouble.NONE or (reduces and trouble is Trouble.OVERLOADED):
            return answer()
        if planned:
            planned.popleft()
        if trouble.acts:
            with suppress(Fault, VenueError):
                answer()
        if trouble in (Trouble.DROP, Trouble.CUT):
            raise Lost
        raise self.refusal(code) if trouble is Trouble.REFUSED else Fault(*self._faults[trouble])

    def refusal(self, code: int) -> Fault:
        """What the exchange answers with a code. Raises KeyError for one that it does not have."""
        known = self._errors.codes[code]
        status = 401 if known.verdict is ErrorClass.AUTH else 429 if known.verdict is ErrorClass.RATE_LIMITED else 400
        return Fault(status, code, known.text)

    def hides(self, made_ns: int, now_ns: int) -> bool:
        """Whether something made then cannot be asked for yet."""
        return now_ns - made_ns < self.queries_late_ns

    @property
    def next_deadline_ns(self) -> int | None:
        """When `released` has something."""
        return self._held[0][0] if self._held else None

    def passed_on(self, outputs: list[WsOutput], now_ns: int) -> list[WsOutput]:
        """An account's events as they are sent now."""
        sent: list[WsOutput] = []
        for output in outputs:
            sent.append(output)
            if self.events_twice:
                self.events_twice -= 1
                sent.append(output)
        if sent and (self.events_late_ns or self._held):
            self._held.append((now_ns + self.events_late_ns, sent))
            return []
        return sent

    def released(self, now_ns: int) -> Iterable[WsOutput]:
        """Events that were held long enough, in their order."""
        while self._held and self._held[0][0] <= now_ns:
            yield from self._held.popleft()[1]
