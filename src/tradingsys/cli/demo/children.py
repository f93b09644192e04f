"""The demonstration's processes: started here, watched here, and gone when it ends, however it ends."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from tradingsys.core.errors import TradingError

__all__ = ["Child", "ChildFailed", "Children"]

_PATIENCE_S = 5.0
"""Between SIGTERM and SIGKILL."""
_TAIL_LINES = 12


class ChildFailed(TradingError):
    """A process of the demonstration ended before its time."""


class Child:
    """One process. Its complaints go to a file in its directory, its output is read line by line."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, complaints: Path) -> None:
        self.name, self.process, self._complaints = name, process, complaints

    async def lines(self) -> AsyncIterator[str]:
        """What it prints, until it ends."""
        assert self.process.stdout is not None
        while line := await self.process.stdout.readline():
            yield line.decode(errors="replace").rstrip("\n")

    async def first_line(self, timeout_s: float) -> str:
        """What it prints when it is ready. Raises ChildFailed when that does not come."""
        try:
            async with asyncio.timeout(timeout_s):
                async for line in self.lines():
                    return line
        except TimeoutError:
            pass
        raise ChildFailed(self._story("did not get ready"))

    def check(self) -> None:
        """Raises ChildFailed when it has ended, with the last it had to say."""
        if self.process.returncode is not None:
            raise ChildFailed(self._story(f"ended with exit code {self.process.returncode}"))

    async def stop(self) -> None:
        """Ask it to end, wait, and insist. Returns when it is gone."""
        if self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.terminate()
            try:
                await asyncio.wait_for(self.process.wait(), _PATIENCE_S)
            except TimeoutError:
                self.process.kill()
                await self.process.wait()

    def _story(self, what: str) -> str:
        said = self._complaints.read_text(errors="replace").splitlines()[-_TAIL_LINES:]
        return "\n".join([f"{self.name} {what}", *said])


class Children:
    """All processes, in the order of their start. Leaving the context ends those that are left, the last first."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._started: list[Child] = []

    async def __aenter__(self) -> Children:
        return self

    async def __aexit__(self, *_: object) -> None:
        for child in reversed(self._started):
            await child.stop()

    async def start(self, name: str, *arguments: str) -> Child:
        """Start ``python ARGUMENTS`` in the demonstration's directory."""
        complaints = self._directory / f"{name}.err"
        with complaints.open("wb") as err:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *arguments,
                cwd=self._directory,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=err,
                # Ctrl-C is the demonstration's own affair: it ends its children in order.
                start_new_session=True,
            )
        child = Child(name, process, complaints)
        self._started.append(child)
        return child

    def check(self) -> None:
        """Raises ChildFailed when one has ended."""
        for child in self._started:
            child.check()
