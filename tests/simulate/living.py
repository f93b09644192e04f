"""What all strategies have in common, whatever they speak through."""

from __future__ import annotations

from typing import Protocol

from tests.simulate.durable_marks import DurableMarks
from tests.simulate.incarnation import Owner

__all__ = ["Living"]


class Living(Owner, Protocol):
    """A strategy, across its deaths."""

    active: bool
    durable: DurableMarks

    @property
    def never_durable(self) -> list[tuple[str, str]]: ...

    def kill(self) -> None: ...

    def drop(self) -> None: ...
