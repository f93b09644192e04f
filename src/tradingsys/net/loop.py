"""The event loop: uvloop where it exists, plain asyncio elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

try:
    from uvloop import new_event_loop as _uvloop
except ImportError:  # Windows
    _uvloop = asyncio.new_event_loop  # type: ignore[assignment, unused-ignore]

__all__ = ["new_event_loop", "run"]

T = TypeVar("T")


def new_event_loop() -> asyncio.AbstractEventLoop:
    """A loop for callers that turn it themselves, and close it."""
    return _uvloop()


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run ``main`` to its end on a new loop, and return what it returns."""
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(main)
