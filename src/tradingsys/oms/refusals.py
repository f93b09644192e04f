"""What the venue refuses to tell, so that nothing else waits for it; and which symbols it took off.

A refusal says nothing about orders: whatever is refused stays as it is in the books, and is asked for again, ever less
often. A question that finds no answer for long, while others do, is as good as refused. Patience
is for the venue, not for each of its refusals: where one was waited for, the next ones of its kind are not. Only of a
symbol that the rules did not name, that the venue then said it does not know, and that the rules do not name some time
later either, is it believed that nothing can be told any more.
"""

from __future__ import annotations

from collections.abc import Callable, Container

from msgspec import Struct

from tradingsys.core.commands import AmendmentsQuery, ConditionalOrdersQuery, OrderQuery, TradesQuery
from tradingsys.core.errors import (
    AuthError,
    Banned,
    RateLimited,
    TradingError,
    TransportError,
    UnknownSymbol,
    VenueError,
    WrongTime,
)

__all__ = ["NotTold", "OfSymbol", "Refusals", "is_refusal", "is_silence"]

OfSymbol = TradesQuery | ConditionalOrdersQuery | OrderQuery | AmendmentsQuery
_Place = tuple[type, str]
"""A kind of questions, and the symbol they are about."""
_Subject = _Place | OrderQuery | AmendmentsQuery

_NS_PER_S = 1_000_000_000
_PATIENCE_NS = 60 * _NS_PER_S
"""For so long a refusal may be a fault of the venue that passes; and so far apart are readings that prove something.
One that was not repeated for so long has passed."""
_FIRST_PAUSE_NS, _LONGEST_PAUSE_NS = 60 * _NS_PER_S, 300 * _NS_PER_S
_MOST = 10_000
_LEAVE_FOR_ONE = 2
"""So many that passed are forgotten for each that comes."""


class NotTold(TradingError):
    """The venue refuses to tell this: nobody shall wait for it."""


class _Refusal(Struct):
    since_ns: int
    last_ns: int
    pause_ns: int = 0
    """0 as long as it is asked for patiently."""
    due_ns: int = 0
    is_silence: bool = False
    """There was no answer, rather than one that refuses."""

    def has_passed(self, now_ns: int) -> bool:
        """Whether nobody met it again for long: it tells nothing about the next one."""
        return now_ns > (self.due_ns + _LONGEST_PAUSE_NS if self.pause_ns else self.last_ns + _PATIENCE_NS)


class _Refused:
    """What is refused. Whatever became of the others, a look at one costs the same."""

    def __init__(self) -> None:
        self._all: dict[_Subject, _Refusal] = {}
        """The one that was met last is the last."""
        self._put_aside: dict[_Place, dict[_Subject, _Refusal]] = {}
        """Of these, those with a pause."""

    def get(self, subject: _Subject) -> _Refusal | None:
        return self._all.get(subject)

    def pop(self, subject: _Subject) -> _Refusal | None:
        where = _where(subject)
        aside = self._put_aside.get(where)
        if aside is not None and aside.pop(subject, None) is not None and not aside:
            del self._put_aside[where]
        return self._all.pop(subject, None)

    def met(self, subject: _Subject, now_ns: int) -> _Refusal:
        """It was refused now, perhaps again. Others that passed make room for it."""
        known = self.get(subject)
        if known is not None and known.has_passed(now_ns):
            self.pop(subject)
            known = None
        for _ in range(_LEAVE_FOR_ONE):
            oldest = next(iter(self._all), subject)
            if oldest != subject and self._all[oldest].has_passed(now_ns):
                self.pop(oldest)
        if known is None and len(self._all) >= _MOST:
            self.pop(next(iter(self._all)))
        refusal = known or _Refusal(now_ns, now_ns)
        refusal.last_ns = now_ns
        self._all.pop(subject, None)
        self._all[subject] = refusal
        return refusal

    def put_aside(self, subject: _Subject, refusal: _Refusal) -> None:
        self._put_aside.setdefault(_where(subject), {})[subject] = refusal

    def break_silence(self, kind: type, now_ns: int) -> None:
        """One that was put aside is answered: others of its kind that found no answer may find one, too."""
        for (each, _), aside in self._put_aside.items():
            for refusal in aside.values() if each is kind else ():
                refusal.due_ns = min(refusal.due_ns, now_ns) if refusal.is_silence else refusal.due_ns

    def is_put_aside(self, where: _Place, now_ns: int) -> bool:
        """Whether anything is there."""
        aside = self._put_aside.get(where, {})
        while aside:
            subject, refusal = next(iter(aside.items()))
            if not refusal.has_passed(now_ns):
                return True
            self.pop(subject)
        return False

    def forget(self, symbol: str) -> None:
        """It is another one now, of the same name."""
        for subject in [each for each in self._all if _where(each)[1] == symbol]:
            self.pop(subject)


class Refusals:
    """Knows what was refused since when, and which symbols the rules name."""

    def __init__(self, now_ns: Callable[[], int], alarm: Callable[[str], None]) -> None:
        self._now_ns = now_ns
        self._alarm = alarm
        self._refused = _Refused()
        self._patience_had_until_ns: dict[type, int] = {}
        """Until when it counts that something of a kind of questions was put aside, and nothing answered since."""
        self._named: Container[str] | None = None
        self._named_ns = 0
        self._unknown_ns: dict[str, int] = {}
        """Symbols that the rules read then did not name, and that the venue said afterwards it does not know."""
        self._gone: set[str] = set()

    def read_rules(self, named: Container[str]) -> None:
        """The rules name these symbols now, readable or not."""
        self._named, self._named_ns = named, self._now_ns()
        for symbol in [symbol for symbol in {*self._unknown_ns, *self._gone} if symbol in named]:
            self._known(symbol)
        for symbol, before_ns in self._unknown_ns.items():
            if symbol not in self._gone and self._named_ns - before_ns >= _PATIENCE_NS:
                self._gone.add(symbol)
                self._alarm(
                    f"the exchange took {symbol} off: what was open on it is over once the list of open orders lacks it"
                )

    def is_gone(self, symbol: str) -> bool:
        """Whether the venue provably took it off: it will tell nothing of it any more."""
        return symbol in self._gone

    def is_named(self, symbol: str) -> bool:
        """Whether the rules name it, as far as anybody knows."""
        return self._named is None or symbol in self._named

    def is_put_off(self, query: OfSymbol) -> bool:
        """Whether this is not to be asked now."""
        if query.symbol in self._gone:
            return True
        refusals = [self._refused.get(subject) for subject in _subjects(query)]
        return any(refusal is not None and self._now_ns() < refusal.due_ns for refusal in refusals)

    def answered(self, query: OfSymbol) -> None:
        """The venue told it."""
        self._known(query.symbol)
        self._patience_had_until_ns.pop(type(query), None)
        popped = [self._refused.pop(subject) for subject in _subjects(query)]
        was_put_off = any(refusal is not None and refusal.pause_ns for refusal in popped)
        if was_put_off:
            self._refused.break_silence(type(query), self._now_ns())
        if was_put_off and not self._refuses_such(query):
            self._alarm(f"the exchange answers {type(query).__name__} of {query.symbol} again")

    def is_without_answer(self, query: OfSymbol, error: TradingError) -> bool:
        """Whether this question finds none for so long that it counts as refused, if the venue answers others."""
        if not is_silence(error):
            return False
        now_ns = self._now_ns()
        refusal = self._refused.met(_subjects(query)[-1], now_ns)
        return now_ns - refusal.since_ns >= _PATIENCE_NS or self._waited_before(query)

    def failed(self, query: OfSymbol, error: TradingError) -> None:
        """The venue does not tell this: it refused, or leaves only such questions without an answer."""
        is_unknown = isinstance(error, UnknownSymbol)
        is_unnamed = not self.is_named(query.symbol)
        if is_unknown and is_unnamed:
            self._unknown_ns.setdefault(query.symbol, self._named_ns)
        now_ns, subject = self._now_ns(), _subjects(query)[0 if is_unknown else -1]
        refusal = self._refused.met(subject, now_ns)
        is_told = self._refuses_such(query)
        is_hopeless = (is_unknown and is_unnamed) or self._waited_before(query)
        if now_ns - refusal.since_ns < _PATIENCE_NS and not is_hopeless:
            return
        if not is_told:
            refuses = "does not answer" if is_silence(error) else "refuses to answer"
            often = "every minute" if is_silence(error) else "every few minutes"
            self._alarm(
                f"the exchange {refuses} {type(query).__name__} of {query.symbol} ({error}): it is put aside, "
                f"and asked for {often}. Until then what is open there counts on, and executions may be "
                "missing in the books"
            )
        refusal.is_silence = is_silence(error)
        longest_ns = _FIRST_PAUSE_NS if refusal.is_silence else _LONGEST_PAUSE_NS
        refusal.pause_ns = min(2 * refusal.pause_ns or _FIRST_PAUSE_NS, longest_ns)
        refusal.due_ns = now_ns + refusal.pause_ns
        self._refused.put_aside(subject, refusal)
        self._patience_had_until_ns[type(query)] = refusal.due_ns + _LONGEST_PAUSE_NS

    def _waited_before(self, query: OfSymbol) -> bool:
        """Whether patience was had: with such a question about this symbol, or with one of which none was answered
        since.
        """
        return self._refuses_such(query) or self._now_ns() <= self._patience_had_until_ns.get(type(query), -1)

    def _refuses_such(self, query: OfSymbol) -> bool:
        """Whether anything of this kind is put aside on this symbol: that is told once, not for each order."""
        return self._refused.is_put_aside((type(query), query.symbol), self._now_ns())

    def _known(self, symbol: str) -> None:
        self._unknown_ns.pop(symbol, None)
        if symbol in self._gone:
            self._gone.discard(symbol)
            self._alarm(f"the exchange lists {symbol} again")
            self._refused.forget(symbol)


def is_silence(error: TradingError) -> bool:
    """Whether there was no answer, for no reason that is told of all questions."""
    if isinstance(error, WrongTime | RateLimited | Banned):
        return False
    return isinstance(error, TransportError | VenueError) and (error.transient or error.in_doubt)


def is_refusal(error: TradingError) -> bool:
    """Whether the venue understood the question, and does not want to answer it."""
    if isinstance(error, AuthError):
        return False
    return isinstance(error, VenueError) and not (error.transient or error.in_doubt)


def _subjects(query: OfSymbol) -> tuple[_Subject, ...]:
    """What a refusal may be about: all of a symbol, and what is asked of one order."""
    of_symbol = (type(query), query.symbol)
    return (of_symbol, query) if isinstance(query, OrderQuery | AmendmentsQuery) else (of_symbol,)


def _where(subject: _Subject) -> _Place:
    return subject if isinstance(subject, tuple) else (type(subject), subject.symbol)
