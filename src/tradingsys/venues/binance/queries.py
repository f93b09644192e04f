"""Questions to the exchange: which procedure answers which, and running them to their end."""

from __future__ import annotations

from tradingsys.core.commands import Ask, Query
from tradingsys.core.errors import TradingError, TransportError, VenueError
from tradingsys.core.instrument import Instrument
from tradingsys.core.reports import Answer, Oddity
from tradingsys.core.venue_clock import VenueClock
from tradingsys.venues.binance import messages
from tradingsys.venues.binance.errors import HttpError, request_error
from tradingsys.venues.binance.product import Asking, Product
from tradingsys.venues.binance.rest import Rest, Result
from tradingsys.venues.binance.steps import Steps
from tradingsys.venues.protocol import Output

__all__ = ["Questions", "weight"]


class Questions:
    """Runs the procedures; every `Ask` ends in exactly one `Answer`."""

    def __init__(self, product: Product, rest: Rest, clock: VenueClock, sapi: str | None) -> None:
        self._product = product
        self._rest = rest
        self._clock = clock
        self._sapi = sapi
        self._known: dict[bytes, Instrument] = {}
        self._oddities: list[Output] = []

    def start(self, ask: Ask, now_ns: int) -> list[Output]:
        """Ask."""
        kind = type(ask.query)
        question = self._product.questions.get(kind)
        if question is None:
            why = self._product.lacks.get(kind, f"{kind.__name__} cannot be asked of {self._product.name}")
            return [Answer(ask.token, error=VenueError(0, why))]
        asking = Asking(self._product, self._clock, self._sapi, now_ns, self._odd, self._known)
        return self._advance(ask, question.steps(asking, ask.query), None, now_ns)

    def _advance(self, ask: Ask, steps: Steps[object], result: Result | None, now_ns: int) -> list[Output]:
        try:
            if isinstance(result, HttpError):
                call = steps.throw(request_error(self._product.errors, result, None)[1])
            elif isinstance(result, TransportError):
                call = steps.throw(result)
            else:
                call = next(steps) if result is None else steps.send(result)
        except StopIteration as finished:
            return [*self._take_oddities(), Answer(ask.token, finished.value)]
        except TradingError as error:
            return [*self._take_oddities(), Answer(ask.token, error=error)]
        except messages.UNREADABLE as error:
            return [Answer(ask.token, error=TransportError(f"unreadable answer: {error}", sent=True))]
        return self._rest.call(call, lambda answer, then_ns: self._advance(ask, steps, answer, then_ns), now_ns)

    def _take_oddities(self) -> list[Output]:
        oddities, self._oddities = self._oddities, []
        return oddities

    def _odd(self, text: str) -> None:
        self._oddities.append(Oddity(text))


def weight(product: Product, query: Query[object]) -> int:
    """What a question costs if it takes one answer of each kind that it needs."""
    question = product.questions.get(type(query))
    return question.weight(query) if question else 0
