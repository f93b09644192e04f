"""Whatever a client tells, as it tells it."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any

__all__ = ["Following"]


class Following:
    """Waits for news again and again and keeps them all, until left.

    What the client raises is raised when leaving, or by `check`.
    """

    def __init__(self, watch: Callable[[], Awaitable[Any]], take: Callable[[Any], Any] = copy.deepcopy) -> None:
        self._watch = watch
        self._take = take
        self.told: list[Any] = []

    async def __aenter__(self) -> Following:
        self._task = asyncio.create_task(self._follow())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task.done() and error is None:
            self._task.result()
        self._task.cancel()
        await asyncio.wait([self._task])

    def check(self) -> None:
        """Raise what the client raised."""
        if self._task.done():
            self._task.result()

    async def _follow(self) -> None:
        while True:
            news = self._take(await self._watch())
            self.told.extend(news if isinstance(news, list) else [news])
