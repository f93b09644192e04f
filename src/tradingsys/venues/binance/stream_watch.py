"""A stream of the account's events that is connected, answers pings, and brings nothing: how that is noticed.

Every order that the exchange accepts is told on the stream, at about the time of the reply. One of which the stream
says nothing for two seconds was missed; when that comes again before the stream has told of any, the stream is dead.
"""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["StreamWatch"]

_SECOND_NS = 1_000_000_000
_UNTOLD_NS = 2 * _SECOND_NS
_REMEMBERED_NS = 10 * _SECOND_NS
"""The stream may tell of an order before its reply arrives, by so much at the most."""
_DEAD_AFTER = 2
_SOONEST_NS = 30 * _SECOND_NS
_LATEST_NS = 600 * _SECOND_NS


class StreamWatch:
    """Compares what replies say with what the stream tells; where a new stream does not help, another comes later."""

    def __init__(self) -> None:
        self._owed: dict[str, int] = {}
        """By client order id: until when the stream should tell of it."""
        self._told: dict[str, int] = {}
        """Of which it told a moment ago, and when."""
        self._missed = 0
        self._restart_ns = 0
        self._pause_ns = _SOONEST_NS

    @property
    def next_deadline_ns(self) -> int | None:
        """When `tick` has something to say at the earliest."""
        return next(iter(self._owed.values()), None)

    def accepted(self, client_order_id: str, now_ns: int) -> None:
        """A reply says that the exchange accepted an order."""
        if client_order_id not in self._told:
            self._owed[client_order_id] = now_ns + _UNTOLD_NS

    def told(self, client_order_ids: Iterable[str], now_ns: int) -> None:
        """The stream says something about an order."""
        self._missed, self._pause_ns = 0, _SOONEST_NS
        for name in client_order_ids:
            self._owed.pop(name, None)
            self._told.pop(name, None)  # to come last
            self._told[name] = now_ns
        while self._told and next(iter(self._told.values())) < now_ns - _REMEMBERED_NS:
            del self._told[next(iter(self._told))]

    def forget(self) -> None:
        """The stream is another one: what the last one owed is found by whoever reads what happened meanwhile."""
        self._owed.clear()
        self._missed = 0

    def tick(self, now_ns: int) -> tuple[bool, bool]:
        """Whether the stream missed an order, and whether it should be opened anew."""
        late = [name for name, at_ns in self._owed.items() if at_ns <= now_ns]
        for name in late:
            del self._owed[name]
        self._missed += len(late)
        if not late or self._missed < _DEAD_AFTER or now_ns < self._restart_ns:
            return bool(late), False
        self._restart_ns, self._missed = now_ns + self._pause_ns, 0
        self._pause_ns = min(2 * self._pause_ns, _LATEST_NS)
        return True, True
