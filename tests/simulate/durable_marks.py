"""What strategies were told to be durable, held against what is there after each death."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import apsw

from tradingsys.wire.messages import OrderView

__all__ = ["DurableMarks", "lost"]

_Cursor = tuple[int, int]
_Execution = tuple[str, str]
"""Symbol in upper case, and the exchange's id."""


class DurableMarks:
    """One session's: what was safe once stays so, whatever dies."""

    def __init__(self, session: int) -> None:
        self.session = session
        self.safe: set[_Execution] = set()
        self._told: list[tuple[_Cursor, _Execution]] = []

    def told(self, by: _Cursor, view: OrderView) -> None:
        """An event, or a snapshot as of one, tells of executions."""
        self._told += [(by, (view.symbol.upper(), fill.exec_id)) for fill in view.fills]

    def reached(self, epoch: int, n: int) -> None:
        """Everything up to this event is durable."""
        self.safe |= {execution for by, execution in self._told if by[0] == epoch and by[1] <= n}
        self._told = [(by, execution) for by, execution in self._told if by[0] != epoch or by[1] > n]

    def forget(self) -> None:
        """The strategy died, or begins anew with a snapshot, and waits for nothing any more."""
        self._told.clear()

    @property
    def waiting(self) -> list[_Execution]:
        """What was told, and never that it is durable."""
        return [execution for _, execution in self._told]


def lost(marks: Iterable[DurableMarks], conn: apsw.Connection) -> Iterator[str]:
    """What was told to be durable, and is not in the book that a gateway opens."""
    kept: dict[object, set[tuple[object, ...]]] = {}
    for session, *execution in conn.execute("SELECT session_id, symbol, trade_id FROM fills"):
        kept.setdefault(session, set()).add(tuple(execution))
    for each in marks:
        for execution in sorted(each.safe - kept.get(each.session, set())):
            yield f"session {each.session} was told that {execution} is durable, and it is gone"
