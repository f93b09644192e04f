"""What happens to the files past the gateway: people with an SQL shell and with backups, and bits that change."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from random import Random

import apsw

from tests.simulate.disk import Disk
from tests.simulate.disk_faults import DiskFaults
from tests.simulate.world import World, ms
from tradingsys.core.errors import TradingError
from tradingsys.store.restoring import restore

__all__ = ["Hands"]

_SECTOR = 512


class Hands:
    """Those of the operator, and of nobody."""

    def __init__(self, world: World, disk: Disk, faults: Callable[[], DiskFaults]) -> None:
        self._world, self._disk, self._faults = world, disk, faults
        self._rng = Random(world.rng.getrandbits(64))
        self._book = disk.folder / "pos.db"
        self._shell: apsw.Connection | None = None
        self._locked_until_ns = 0
        self._is_harmed = False
        self.were_used = False
        """Whether a file is not what the gateways made of it."""
        self.restored_ns = 0
        """When a backup was put in the place of the book, the last time."""
        self.scan: set[str] = set()
        """Symbols that a backup may not know."""
        self.locks_too_long = 0
        """Of a lock that lasts longer than the gateway waits, it may say so and end."""
        disk.waiting = self._somebody_waits

    # ---- while a gateway runs

    def lock(self) -> None:
        """Leave an SQL shell open in the middle of a change."""
        if self._shell is not None or not self._book.exists():
            return
        hold_ms = self._rng.choice((300, 3_000, 4_500, 8_000))
        with self._disk.by_hand():
            shell = apsw.Connection(str(self._book))
            try:
                shell.execute("BEGIN IMMEDIATE")
                has_log = shell.pragma("journal_mode") == "wal"
            except apsw.Error:
                shell.close()
                return
        self._shell, self._locked_until_ns = shell, self._world.now_ns + ms(hold_ms)
        # It waits for 5 s, of which a commit may have waited some already; and not to give a restored copy its log.
        self.locks_too_long += hold_ms >= 4_500 or not has_log
        self._disk.counts["locks by a shell"] += 1
        self._world.note(f"a shell locks pos.db for {hold_ms} ms")
        self._world.after(ms(hold_ms), self.unlock)

    def unlock(self) -> None:
        shell, self._shell = self._shell, None
        if shell is not None:
            with self._disk.by_hand():
                shell.execute("ROLLBACK")
                shell.close()

    def _somebody_waits(self, wait_ns: int) -> None:
        """No time passes in this world while somebody sleeps in SQLite: it passes for the lock instead."""
        self._locked_until_ns -= wait_ns
        if self._locked_until_ns <= self._world.now_ns:
            self.unlock()

    # ---- while none runs

    def while_down(self, known: Iterable[str]) -> None:
        """A gateway that knew these symbols is dead, and the next one not there yet."""
        faults = self._faults()
        self.unlock()
        if self._rng.random() < faults.flip_at_death:
            self._flip()
        elif self._rng.random() < faults.restore_at_death:
            self._restore(self._backups(), known)

    def mend(self, error: TradingError, known: Iterable[str]) -> bool:
        """Do what the gateway said when it refused to start for what happened to its files; whether that may help."""
        if not self._is_harmed or self._disk.room is not None:
            return False
        self._disk.counts["damage refused"] += 1
        self._world.note(f"the operator reads: {error}")
        self._restore(self._backups()[-1:], known)
        return True

    def _flip(self) -> None:
        """A bit of a file is another one, or a sector of it is noise. Whoever has no backup is not judged."""
        names = [name for name in ("pos.db", "pos.db-wal", "pos.db.journal") if (self._disk.folder / name).exists()]
        path = self._disk.folder / self._rng.choice(names)
        content = bytearray(path.read_bytes())
        if not content or not self._backups():
            return
        # The end of SQLite's log cannot be told from one that a power cut tore.
        at = self._rng.randrange(len(content) // 2 if path.suffix == ".db-wal" else len(content))
        if path == self._book:  # of a single bit within a number only the exchange could tell
            at -= at % _SECTOR
            content[at : at + _SECTOR] = self._rng.randbytes(len(content[at : at + _SECTOR]))
        else:
            content[at] ^= 1 << self._rng.randrange(8)
        self._disk.replace(path, bytes(content))
        self._disk.counts[f"damage to {path.name}"] += 1
        self._world.note(f"damage to {path.name} at {at}")
        self._is_harmed = self.were_used = True

    def _backups(self) -> list[Path]:
        return sorted(
            self._disk.folder.glob("pos.db.periodic-*.bak"), key=lambda path: int(path.stem.rpartition("-")[2])
        )

    def _restore(self, backups: list[Path], known: Iterable[str]) -> None:
        if not backups:
            return
        copy = self._rng.choice(backups)
        with self._disk.by_hand():
            done = restore(copy, self._book)
        self._disk.settle()
        self.were_used = True
        self.scan |= {*known, *done.unknown_symbols}
        self.restored_ns = self._world.now_ns
        self._disk.counts["backups restored"] += 1
        self._world.note(f"{copy.name} is put in the place of pos.db")
