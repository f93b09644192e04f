"""One connection to a gateway: each request is answered once, and nothing is answered that nobody asked."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable

__all__ = ["Answers"]

_ID = re.compile(rb'\{"id":(\d+)')
"""How answers begin."""


class Answers:
    """Of a session's client, whatever it speaks through: what was asked and what was answered, by number."""

    def __init__(self, session: int, note_wrong: Callable[[Iterable[str]], None]) -> None:
        self._session = session
        self._note_wrong = note_wrong
        self._waiting: dict[int, int] = {}
        """How often a number was asked under, and was not answered yet."""

    def asked(self, data: bytes) -> None:
        """A message to the gateway, or garbage."""
        try:
            number = json.loads(data)["id"]
        except (ValueError, LookupError, TypeError, RecursionError):
            return
        if type(number) is int:
            self._waiting[number] = self._waiting.get(number, 0) + 1

    def told(self, data: bytes) -> None:
        """A message of the gateway."""
        answer = _ID.match(data)
        if answer is None:
            return
        number = int(answer[1])
        waiting = self._waiting.get(number, 0)
        if not waiting:
            why = "was answered once more" if number in self._waiting else "was answered, and nobody asked it"
            self._note_wrong([f"request {number} of session {self._session} {why}: {data[:200]!r}"])
        else:
            self._waiting[number] = waiting - 1
