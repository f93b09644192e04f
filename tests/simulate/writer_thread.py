"""The store's second thread in virtual time."""

from __future__ import annotations

from collections.abc import Callable

from tests.simulate.disk_faults import DiskFaults
from tests.simulate.world import World, ms

__all__ = ["WorldRunner"]


class WorldRunner:
    """The store's writer thread: jobs take some time, and die with the process."""

    def __init__(
        self, world: World, disk: Callable[[], DiskFaults], call: Callable[[Callable[[], object]], None]
    ) -> None:
        self.alive = True
        self._world, self._disk, self._call = world, disk, call
        self._jobs: list[Callable[[], None]] = []
        self._scheduled = False

    def submit(self, job: Callable[[], object], done: Callable[[object], None]) -> None:
        def run() -> None:
            try:
                outcome: object = job()
            except Exception as error:  # noqa: BLE001 - carried to whoever waits
                outcome = error
            done(outcome)

        self._jobs.append(run)
        if not self._scheduled:
            self._scheduled = True
            disk = self._disk()
            is_slow = self._world.chance(disk.slow_commit)
            delay_ms = self._world.rng.uniform(*((disk.shortest_slow_ms, 2_000) if is_slow else (0.1, 30)))
            self._world.after(ms(delay_ms), lambda: self._call(self._drain))

    def run(self, job: Callable[[], object]) -> object:
        self._drain()
        return job()

    def close(self) -> None:
        self._drain()

    def _drain(self) -> None:
        self._scheduled = False
        while self._jobs and self.alive:
            self._jobs.pop(0)()
