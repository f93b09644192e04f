"""Instants at which something is to be done; whoever has none waits for nothing."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["earliest"]


def earliest(dues: Iterable[int | None]) -> int | None:
    """The first of these instants, those left out that are None."""
    first: int | None = None
    for due in dues:
        if due is not None and (first is None or due < first):
            first = due
    return first
