"""The machine that the gateways of a life run on: its disk, and the supervisor who starts one after the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from msgspec import structs

from tests.simulate.ambush import Killed
from tests.simulate.disk import Disk
from tests.simulate.disk_os import mount, unmount
from tests.simulate.disk_troubles import DiskTroubles
from tests.simulate.faults import Faults
from tests.simulate.hands import Hands
from tests.simulate.sql_edits import Editor
from tests.simulate.world import World, ms
from tradingsys.core.errors import StoreError, TradingError
from tradingsys.gateway.backups import BackupSettings
from tradingsys.gateway.settings import GatewaySettings

if TYPE_CHECKING:
    from tests.simulate.incarnation import Incarnation

__all__ = ["Machine"]

_RESTART_MS = 500
_BACKUP_H = 1 / 3_600


class Machine:
    """Runs until `close`; ``faults`` are those of the life at this moment."""

    def __init__(self, world: World, folder: Path, faults: Callable[[], Faults], counts: Counter[str]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.disk = Disk(folder, Random(world.rng.getrandbits(64)), counts)
        self.troubles = DiskTroubles(world, self.disk, faults)
        self.hands = Hands(world, self.disk, lambda: faults().disk)
        self.editor = Editor(world, self.disk, world.rng)
        self.lost_orders: set[str] = set()
        """Client ids of orders that no file here has any more, since power was cut."""
        self._known: set[str] = set()
        """Symbols that some gateway here knew."""
        self._world, self._faults, self._counts = world, faults, counts
        mount(self.disk)

    def close(self) -> None:
        """The folder is one like any again."""
        unmount(self.disk)

    def begin(self, every: Callable[[float, Callable[[], object]], None]) -> None:
        """``every`` does something so often per second, until it is quiet."""
        self.troubles.begin(every)
        every(self._faults().disk.locks_per_s, self.hands.lock)

    def be_good(self) -> None:
        """Nothing goes wrong from now on."""
        self.troubles.end()
        self.hands.unlock()

    def bring_up(self, start: Callable[[], None], died: Callable[[bool], None], again: Callable[[], None]) -> None:
        """Start a gateway, which may die of it, or refuse; whoever refused for the disk's sake is started ``again``."""
        try:
            start()
        except Killed as killed:
            power_cut = self._world.chance(self._faults().power_cut)
            self._world.note(f"gateway killed {killed}, opening the book{' by a power cut' if power_cut else ''}")
            self._counts["deaths while the book was opened"] += 1
            self.process_died(power_cut=power_cut)
            self.while_down(self._known)
            died(power_cut)
        except TradingError as error:
            self._world.note(f"gateway refused to start: {error}")
            if self.hands.mend(error, self._known) or self.excuses(error):
                self._counts["starts refused"] += 1
                self._world.after(ms(_RESTART_MS), again)
            else:
                self.disk.broken.append(f"the gateway refused to start: {error}")

    def gave_up(self, gateway: Incarnation, error: TradingError) -> None:
        """The process is about to end; its supervisor starts another, if the disk is to blame."""
        if self.excuses(error):
            self._counts["gateways that gave up"] += 1
            self._world.after(ms(5), lambda: gateway.kill("after it gave up"))
        elif self.editor.heed(error, gateway.gateway.book.net):
            self._world.after(ms(5), lambda: gateway.kill("after it refused an edit"))

    @property
    def was_harmed(self) -> bool:
        """Whether more happened to the files, or to whoever was writing them, than a death of the process does."""
        return self.troubles.were_bad or self.hands.were_used or self.hands.locks_too_long > 0

    def excuses(self, error: TradingError) -> bool:
        """Whether the disk, or a person, is to blame for what the gateway gave up for."""
        return isinstance(error, StoreError) and (self.troubles.were_bad or self.hands.locks_too_long > 0)

    def adapt(self, settings: GatewaySettings) -> GatewaySettings:
        """The configuration of a gateway on this machine."""
        orders = structs.replace(settings.orders, sync_each=self.disk.syncs_each_order)
        copies = BackupSettings(every_h=_BACKUP_H if self._faults().disk.needs_backups else 0)
        scan = tuple(sorted({*settings.scan, *self.hands.scan}))
        return structs.replace(settings, orders=orders, backups=copies, scan=scan)

    def while_down(self, knew: Iterable[str]) -> None:
        """A gateway that knew these symbols is dead, and the next one not there yet."""
        self.hands.while_down(knew)
        self.editor.while_down(self._faults().edits_at_death)

    def process_died(self, *, power_cut: bool, knew: Iterable[str] = ()) -> None:
        """Nothing of it runs any more, and its files are let go."""
        self._known.update(knew)
        self.disk.is_frozen = power_cut
        self.hands.unlock()
        self.disk.is_frozen = False
        if power_cut:
            self.disk.cut_power()
        else:
            self.disk.process_died()
