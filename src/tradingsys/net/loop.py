"""The event loop: uvloop where it exists, plain asyncio elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

try:
    from uvloop import new_event_loop as _uvloop
except ImportError:  # Windows
    _uvloop = None  # type: ignore[assignment, unused-ignore]

__all__ = ["run"]

T = TypeVar("T")


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run ``main`` to its end on a new loop, and return what it returns."""
    factory: Callable[[], asyncio.AbstractEventLoop] | None = _uvloop
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(main)
