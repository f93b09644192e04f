"""Turns an event loop, only while somebody waits for something."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError, ThreadPoolExecutor
from typing import TypeVar

from tradingsys.net.loop import new_event_loop

__all__ = ["InsideCallback", "LoopRunner"]

T = TypeVar("T")


class InsideCallback(RuntimeError):
    """Something that waits was called from a callback, where waiting would stop everything else."""


class LoopRunner:
    """A loop in the caller's thread; inside a running loop, such as a notebook's, in a thread of its own."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._worker: ThreadPoolExecutor | None = None

    @property
    def is_open(self) -> bool:
        """Whether there is a loop: from the first `run` until `close`."""
        return self._loop is not None

    @property
    def has_worker(self) -> bool:
        """Whether the loop turns in a thread of its own."""
        return self._worker is not None

    @property
    def is_turning(self) -> bool:
        """Whether the loop is at work now."""
        return self._loop is not None and self._loop.is_running()

    def run(self, work: Coroutine[object, object, T]) -> T:
        """Turn the loop until ``work`` is done.

        Raises InsideCallback inside a callback of the loop, and RuntimeError inside another loop than the one in which
        it began.
        """
        if self._loop is None:
            self._loop = new_event_loop()
            self._worker = ThreadPoolExecutor(1, "pyalgo") if _is_inside_a_loop() else None
        if self._loop.is_running():
            work.close()
            raise InsideCallback(
                "a callback cannot wait for an answer: make sessions, subscribe, borrow and the like before eng.run()"
            )
        if self._worker is not None:
            return self._run_in_worker(self._loop, self._worker, work)
        if _is_inside_a_loop():
            work.close()
            raise RuntimeError("this Engine began outside the event loop that is running here: make one inside")
        return self._loop.run_until_complete(work)

    def call(self, action: Callable[[], object]) -> None:
        """Do something in the loop's thread, when the loop turns; may be called from any thread."""
        loop = self._loop
        if loop is not None:
            loop.call_soon_threadsafe(action)

    def do(self, action: Callable[[], None]) -> None:
        """Do something in the loop's thread now: by turning the loop if it stands still."""
        if self.is_turning:
            self.call(action)
        elif self._loop is not None:
            self.run(_doing(action))

    def close(self) -> None:
        """Forget the loop; the next `run` begins another."""
        loop, self._loop = self._loop, None
        worker, self._worker = self._worker, None
        if loop is not None:
            loop.close()
        if worker is not None:
            worker.shutdown()

    def _run_in_worker(
        self, loop: asyncio.AbstractEventLoop, worker: ThreadPoolExecutor, work: Coroutine[object, object, T]
    ) -> T:
        tasks: list[asyncio.Task[T]] = []
        begun = threading.Event()

        async def main() -> T:
            task = asyncio.get_running_loop().create_task(work)
            tasks.append(task)
            begun.set()
            return await task

        future = worker.submit(lambda: loop.run_until_complete(main()))
        interrupt: KeyboardInterrupt | None = None
        while True:
            try:
                return future.result()
            except KeyboardInterrupt as error:
                if future.done():
                    raise
                interrupt = error
                begun.wait()
                loop.call_soon_threadsafe(tasks[0].cancel)
            except (asyncio.CancelledError, CancelledError):
                raise interrupt or KeyboardInterrupt from None


async def _doing(action: Callable[[], None]) -> None:
    action()


def _is_inside_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
