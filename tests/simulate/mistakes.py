"""Mistakes in the product, one line each, that the lives must notice, and how they are made.

A mistake names a function and one line of it, and says what stands there instead. The function's source is read from
the product, the line replaced, and the result compiled into the function: what runs is the product but for that line.
A line that is not there any more, or is there twice, is an error and no mistake.
"""

from __future__ import annotations

import inspect
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import pytest
from msgspec import Struct

from tests.simulate.faults import Profile
from tests.simulate.layers import Layer
from tests.simulate.scenes import Scene

__all__ = ["Edit", "LineIsGone", "Lives", "Mistake", "OnSpot", "make"]

Where = Callable[..., Any] | property


class LineIsGone(Exception):
    """The product no longer has the line that a mistake replaces."""


class OnSpot(Struct, frozen=True):
    """Lives of an account that holds assets."""

    profile: Profile
    is_wire: bool = False
    """Over the exchange's own wire."""

    def __str__(self) -> str:
        return f"spot's wire, {self.profile}" if self.is_wire else f"spot, {self.profile}"


Lives = Profile | Layer | Scene | OnSpot


class Edit(Struct, frozen=True):
    """One line of a function, and what stands there instead."""

    where: Where
    line: str
    instead: str


class Mistake(Struct, frozen=True):
    """A line replaced; ``also`` others, where the rule has more than one line or another rule stands behind it."""

    name: str
    lives: Lives
    """Those that meet it soonest."""
    where: Where
    line: str
    instead: str
    also: tuple[Edit, ...] = ()
    scene: Scene | None = None
    """Shows at once what lives notice sooner or later."""
    hidden_by: str = ""
    """What keeps it from lives, where they are not what notices it."""

    @property
    def edits(self) -> tuple[Edit, ...]:
        """All of them."""
        return (Edit(self.where, self.line, self.instead), *self.also)


def make(mistake: Mistake, patch: pytest.MonkeyPatch) -> None:
    """Make the mistake, until ``patch`` is undone.

    Raises LineIsGone.
    """
    by_file: dict[str, list[Edit]] = defaultdict(list)
    for edit in mistake.edits:
        by_file[_function(edit.where).__code__.co_filename].append(edit)
    for path, edits in by_file.items():
        source = Path(path).read_text().splitlines()
        edited = list(source)
        for edit in edits:
            number = _number(source, edit)
            indent = " " * (len(source[number]) - len(source[number].lstrip()))
            edited[number] = "\n".join(indent + line for line in edit.instead.splitlines())
        compiled = compile("\n".join(edited), path, "exec", dont_inherit=True)
        for function in {_function(edit.where) for edit in edits}:
            code = next(each for each in _codes(compiled) if each.co_qualname == function.__qualname__)
            patch.setattr(function, "__code__", code)


def _function(where: Where) -> FunctionType:
    function = where.fget if isinstance(where, property) else inspect.unwrap(where)
    function = getattr(function, "__func__", function)
    assert isinstance(function, FunctionType), where
    return function


def _number(source: list[str], edit: Edit) -> int:
    """Which line of the file it is."""
    function = _function(edit.where)
    first = function.__code__.co_firstlineno - 1
    block = inspect.getblock([line + "\n" for line in source[first:]])
    found = [first + number for number, line in enumerate(block) if line.strip() == edit.line]
    if len(found) != 1:
        raise LineIsGone(f"{function.__module__}.{function.__qualname__} has {len(found)} lines {edit.line!r}")
    return found[0]


def _codes(code: CodeType) -> Iterator[CodeType]:
    for const in code.co_consts:
        if isinstance(const, CodeType):
            yield const
            yield from _codes(const)
