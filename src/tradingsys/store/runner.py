"""Where the database's work is done: a writer thread, or right here."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable
from typing import Protocol, TypeVar, cast

__all__ = ["InlineRunner", "Runner", "ThreadRunner"]

T = TypeVar("T")


class Runner(Protocol):
    """Runs jobs one after the other, in the order they were given."""

    def submit(self, job: Callable[[], T], done: Callable[[T | BaseException], None]) -> None:
        """Run ``job`` some time soon; then ``done``, on the caller's side, with its result or exception."""

    def run(self, job: Callable[[], T]) -> T:
        """Run ``job`` after all earlier ones and wait for it; raises what it raises."""

    def close(self) -> None:
        """Finish all jobs and stop."""


class InlineRunner:
    """Runs every job at once: for simulations, tests and command-line tools."""

    def submit(self, job: Callable[[], T], done: Callable[[T | BaseException], None]) -> None:
        """Run ``job``, then ``done``."""
        done(_outcome(job))

    def run(self, job: Callable[[], T]) -> T:
        """Run ``job``."""
        return job()

    def close(self) -> None:
        """There is nothing to stop."""


class ThreadRunner:
    """One thread; ``deliver`` brings a callback back to the caller's thread: ``loop.call_soon_threadsafe``."""

    def __init__(self, deliver: Callable[[Callable[[], None]], object], name: str = "store") -> None:
        self._deliver = deliver
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def submit(self, job: Callable[[], T], done: Callable[[T | BaseException], None]) -> None:
        """Run ``job`` on the thread, then deliver ``done``."""

        def task() -> None:
            outcome = _outcome(job)
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to be told
                self._deliver(lambda: done(outcome))

        self._jobs.put(task)

    def run(self, job: Callable[[], T]) -> T:
        """Run ``job`` on the thread and wait for it."""
        answers: queue.SimpleQueue[T | BaseException] = queue.SimpleQueue()
        self._jobs.put(lambda: answers.put(_outcome(job)))
        answer = answers.get()
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def close(self) -> None:
        """Finish all jobs and end the thread."""
        self._jobs.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (task := self._jobs.get()) is not None:
            task()


def _outcome(job: Callable[[], T]) -> T | BaseException:
    try:
        return job()
    except BaseException as error:  # noqa: BLE001 - carried to whoever waits for the job
        return cast("T | BaseException", error)
