"""Reading an account's events: what they tell, what is strange about them, and what was missed."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from typing import Any

import msgspec
from msgspec import Struct

from tradingsys.core.reports import EventMissed, Oddity
from tradingsys.venues.binance import messages
from tradingsys.venues.protocol import Output

__all__ = ["EventDialect", "EventReader", "Word"]

Word = tuple[str, str, Container[str]]
"""What it is about, what is said, and what is known to be said there."""

_MOST_TOLD = 100
_LONGEST_REASON = 200

_read_type = msgspec.json.Decoder(dict[str, object]).decode


class EventDialect(Struct, frozen=True):
    """The events of one kind of feed."""

    read: Callable[[bytes], Any]
    told: Callable[[Any], list[Output]]
    """Raises msgspec's errors for values that make no sense."""
    words: Callable[[Any], Iterable[Word]]
    unused: frozenset[str]
    """Events of services that are not used here: they pass silently, readable or not."""


class EventReader:
    """Reads events of one feed; never raises for anything in them."""

    def __init__(self, what: str, dialect: EventDialect) -> None:
        self._what, self._dialect = what, dialect
        self._told: set[str] = set()
        """Oddities that were told already."""

    def take(self, data: bytes, control: Callable[[Any], list[Output] | None]) -> list[Output]:
        """What an event tells. ``control`` is asked first: an answer other than None is all there is to say."""
        try:
            event = self._dialect.read(data)
            answer = control(event)
            if answer is not None:
                return answer
            told = self._dialect.told(event)
        except messages.UNREADABLE as error:
            return self._unreadable(data, error)
        return [*told, *self._strange(self._dialect.words(event))]

    def _strange(self, words_said: Iterable[Word]) -> list[Output]:
        """Words that are not known, each told once."""
        return [
            oddity
            for what, word, known in words_said
            if word not in known
            for oddity in self._once(f"{what} {word!r}", "is not known to this program: it is read by its other fields")
        ]

    def _unreadable(self, data: bytes, error: Exception) -> list[Output]:
        """An unknown or broken event is worth a line."""
        try:
            name = str(_read_type(data).get("e"))[:50]
        except messages.UNREADABLE:
            name = "without a name"
        if name in self._dialect.unused:
            return []
        return [*self._once(f"event {name!r}", f"cannot be read: {str(error)[:_LONGEST_REASON]}"), EventMissed()]

    def _once(self, what: str, trouble: str) -> list[Output]:
        text = f"{what} {trouble}"
        if text in self._told or len(self._told) >= _MOST_TOLD:
            return []
        self._told.add(text)
        return [Oddity(f"{self._what}: {what} {trouble} (told once)")]
