"""What goes wrong with a life's disk, and the supervisor who starts the gateway again when it gives up."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from tests.simulate.ambush import Ambush
from tests.simulate.disk import Disk
from tests.simulate.faults import Faults
from tests.simulate.world import World, ms

__all__ = ["DiskTroubles"]

_Every = Callable[[float, Callable[[], object]], None]


class DiskTroubles:
    """Fills the disk, makes fsyncs fail and lays ambushes, as often as the faults of the life say."""

    def __init__(self, world: World, disk: Disk, faults: Callable[[], Faults]) -> None:
        self._world, self._disk, self._faults = world, disk, faults
        self.ambush = Ambush(disk)
        self._rng = Random(world.rng.getrandbits(64))
        self.were_bad = False
        """Whether anything happened that a store may fail for."""

    def begin(self, every: _Every) -> None:
        """``every`` does something so often per second, until it is quiet."""
        faults = self._faults().disk
        every(faults.ambushes_per_s, self._lay_ambush)
        every(faults.full_per_s, self._fill)
        every(faults.failed_syncs_per_s, self._fail_a_sync)

    def end(self) -> None:
        """The disk is as good as new."""
        self.ambush.leave()
        self._disk.room = None
        self._disk.failing_syncs = 0

    def _lay_ambush(self) -> None:
        self.ambush.lay(self._rng)

    def _fill(self) -> None:
        self.were_bad = True
        self._disk.room = self._rng.choice((0, 0, 10, 500, 20_000))
        self._world.note(f"the disk has room for {self._disk.room} bytes more")
        self._world.after(ms(self._rng.uniform(200, 4_000)), self._make_room)

    def _make_room(self) -> None:
        self._disk.room = None

    def _fail_a_sync(self) -> None:
        self.were_bad = True
        self._disk.failing_syncs = self._rng.choice((1, 1, 2))
