"""A row of the table of bad input."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from msgspec import Struct

__all__ = ["Case"]

Where = TypeVar("Where")


class Case(Struct, Generic[Where], frozen=True):
    """One thing that goes wrong, and what must follow."""

    name: str
    provoke: Callable[[Where], object]
    """Makes it go wrong in the given place. What it returns is that place's to understand."""
    code: int
    """The exit code of a process, or the code of the error in a reply; 0 where it must go on."""
    says: tuple[str, ...]
    """Words that must be in the message: the cause and what to do."""
    never: tuple[str, ...] = ()
    """Words that must not: what would make it worse."""
