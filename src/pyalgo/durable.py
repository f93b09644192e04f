"""Which executions are on the gateway's disk."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from pyalgo.order import Fill, Order
from tradingsys.wire.messages import Cursor, FillView

__all__ = ["DurableFills"]

_MAX_WAITING = 10_000


class _Waiting(NamedTuple):
    """An execution that may still be in the gateway's memory only."""

    order: Order
    fill: Fill
    told_by: Cursor
    is_news: bool
    """Whether the strategy was told of it."""


class DurableFills:
    """Marks executions once the event that told them is durable, and tells of those that were told."""

    def __init__(self, tell: Callable[[Order, Fill], None]) -> None:
        self._tell = tell
        self._waiting: dict[tuple[str, str], _Waiting] = {}
        """By order and execution."""
        self._reached: Cursor = (0, 0)

    def note(self, order: Order, views: Iterable[FillView], told_by: Cursor, *, is_news: bool) -> None:
        """The gateway had these executions when it told an event; told again, the later event counts."""
        for view in views:
            fill = order._fills.get(view.exec_id)
            if fill is None or fill.is_durable:
                continue
            key = (order.client_order_id, fill.id)
            before = self._waiting.get(key)
            told = _Waiting(order, fill, told_by, is_news or (before is not None and before.is_news))
            if self._is_reached(told_by):
                self._waiting.pop(key, None)
                self._mark(told)
            else:
                self._waiting[key] = told
        while len(self._waiting) > _MAX_WAITING:
            del self._waiting[next(iter(self._waiting))]

    def reached(self, cursor: Cursor) -> None:
        """Everything up to this event is durable."""
        self._reached = cursor
        done = [key for key, waiting in self._waiting.items() if self._is_reached(waiting.told_by)]
        for key in done:
            self._mark(self._waiting.pop(key))

    def waiting_from_before(self, epoch: int) -> set[str]:
        """The orders with executions that only an earlier run of the gateway told, and never as durable."""
        return {waiting.order.client_order_id for waiting in self._waiting.values() if waiting.told_by[0] != epoch}

    def give_up(self, client_order_id: str) -> None:
        """The gateway knows nothing of this order: it keeps another book now."""
        self._waiting = {key: waiting for key, waiting in self._waiting.items() if key[0] != client_order_id}

    def _is_reached(self, told_by: Cursor) -> bool:
        return told_by[0] == self._reached[0] and told_by[1] <= self._reached[1]

    def _mark(self, waiting: _Waiting) -> None:
        waiting.fill.is_durable = True
        if waiting.is_news:
            self._tell(waiting.order, waiting.fill)
