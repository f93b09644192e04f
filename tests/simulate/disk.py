"""A disk that forgets what nobody made it keep.

The files in its folder are real, and hold what the page cache would: the death of a process leaves them as they are.
Beside each file stands what of it is durable, and what was done to it since; a power cut puts files and names back to
some mixture of both that a disk may legally be left with.
"""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

from msgspec import Struct, field

__all__ = ["Disk", "DiskFile"]

_PAGE, _SECTOR = 4096, 512
_UNTRACKED = ("-shm", ".lock")
"""What SQLite and the kernel make anew, and nobody reads after a power cut."""

_Write = tuple[int, bytes | None]
"""Bytes at an offset; None: the file was cut to that size."""


class DiskFile(Struct):
    """One file, by whatever name: what is durable of it, and what came since."""

    kind: str
    """How the points where a process may die are named: journal, wal, database or copy."""
    durable: bytearray = field(default_factory=bytearray)
    pending: list[_Write] = field(default_factory=list)
    size: int = 0
    """As the page cache has it."""
    has_phantoms: bool = False
    """The page cache holds what a failed fsync never brought to the disk."""

    def sync(self) -> None:
        for write in self.pending:
            _apply(self.durable, write)
        self.pending.clear()

    def lose(self, rng: Random) -> bool:
        """A power cut; whether anything was lost."""
        if not self.pending:
            return False
        before, whole = self.durable, bytearray(self.durable)
        for write in self.pending:
            _apply(whole, write)
        fate = rng.random()
        if fate < 0.2:
            kept = before
        elif fate < 0.35:
            kept = whole
        elif fate < 0.65 or any(content is None for _, content in self.pending):
            kept = self._prefix(rng)
        else:
            kept = self._pages(rng)
        self.durable, self.size = kept, len(kept)
        self.pending.clear()
        return kept != whole

    def _prefix(self, rng: Random) -> bytearray:
        """The first writes; of the next one only its beginning."""
        kept = bytearray(self.durable)
        number = rng.randrange(len(self.pending) + 1)
        for write in self.pending[:number]:
            _apply(kept, write)
        for offset, content in self.pending[number : number + 1]:
            if content is not None:
                length = rng.randrange(len(content) + 1)
                if self.kind != "journal":  # SQLite reckons with disks that write whole sectors
                    length = max(0, (offset + length) // _SECTOR * _SECTOR - offset)
                _apply(kept, (offset, content[:length]))
        return kept

    def _pages(self, rng: Random) -> bytearray:
        """Each page for itself: as it was, as it is, or as it was in between."""
        pieces: dict[int, list[_Write]] = {}
        for offset, content in self.pending:
            assert content is not None
            while content:
                length = _PAGE - offset % _PAGE
                pieces.setdefault(offset // _PAGE, []).append((offset, content[:length]))
                offset, content = offset + length, content[length:]
        kept = bytearray(self.durable)
        for writes in pieces.values():
            number = rng.choice((0, len(writes), rng.randrange(len(writes) + 1)))
            for write in writes[:number]:
                _apply(kept, write)
        return kept


class Disk:
    """One folder; `disk_vfs` and `disk_os` tell it what SQLite and the store do to the files in it."""

    def __init__(self, folder: Path, rng: Random, counts: Counter[str] | None = None) -> None:
        self.folder = folder
        self.counts: Counter[str] = Counter() if counts is None else counts
        self.passing: Callable[[str], None] = lambda point: None
        """Called before and after whatever has an effect; may be the end of the process."""
        self.waiting: Callable[[int], None] = lambda wait_ns: None
        """Called when somebody waits for a lock."""
        self.is_frozen = False
        """The process is dead: whatever it still seems to do has no effect."""
        self.room: int | None = None
        """So many bytes more; None: enough."""
        self.failing_syncs = 0
        """So many of the next fsyncs fail."""
        self.syncs_each_order = rng.random() < 0.25
        self.segment_bytes = rng.choice((8 * 1024 * 1024, 20_000, 3_000))
        self.checkpoint_pages = rng.choice((1_000, 100, 20))
        self.broken: list[str] = []
        """What was promised to be durable and was not there, and what else must never be."""
        self._rng = rng
        self._names: dict[str, DiskFile] = {}
        self._durable_names: dict[str, DiskFile] = {}
        self._moves: list[tuple[str, DiskFile | None, str]] = []
        """Names that are not durable yet: the file that has it now, and where it was before."""

    def file(self, path: str) -> DiskFile | None:
        """The file of that name, if it is one whose fate matters."""
        found = self._names.get(path)
        is_beside = path.rpartition("/")[0] == str(self.folder)
        if found is None and is_beside and not path.endswith(_UNTRACKED):
            found = self._names[path] = DiskFile(_kind(path))
            real = Path(path)
            if real.exists():  # somebody else's, and old
                found.durable = bytearray(real.read_bytes())
                found.size = len(found.durable)
                self._durable_names[path] = found
            else:
                self._moves.append((path, found, ""))
        return found

    @contextlib.contextmanager
    def by_hand(self) -> Iterator[None]:
        """A person works in the folder, and nothing goes wrong meanwhile."""
        before = self.passing, self.room, self.failing_syncs
        self.passing, self.room, self.failing_syncs = lambda point: None, None, 0
        try:
            yield
        finally:
            self.passing, self.room, self.failing_syncs = before

    def settle(self) -> None:
        """All that is in the folder is durable as it is; nobody has a file open."""
        self._names.clear()
        self._durable_names.clear()
        self._moves.clear()
        for path in sorted(self.folder.iterdir()):
            if path.is_file():
                self.file(str(path))

    # ---- what is done to files

    def grow(self, file: DiskFile, offset: int, length: int) -> int:
        """How many of these bytes there is room for; those that are there already need none."""
        more = offset + length - file.size
        if self.room is None or more <= 0:
            return length
        if more <= self.room:
            self.room -= more
            return length
        room, self.room = self.room, 0
        self.counts["writes to a full disk"] += 1
        return max(0, length - more + room)

    def wrote(self, file: DiskFile, offset: int, content: bytes) -> None:
        file.pending.append((offset, content))
        file.size = max(file.size, offset + len(content))

    def truncated(self, file: DiskFile, size: int) -> None:
        file.pending.append((size, None))
        file.size = size

    def sync(self, file: DiskFile) -> bool:
        """Make content durable; False when the disk fails, after which nobody knows what it holds."""
        if self.failing_syncs and file.pending:
            self.failing_syncs -= 1
            self.counts["failed fsyncs"] += 1
            size = file.size
            file.has_phantoms |= file.lose(self._rng)
            file.size = size
            return False
        file.sync()
        return True

    def sync_names(self) -> None:
        """An fsync of the folder."""
        self._durable_names = dict(self._names)
        self._moves.clear()

    def renamed(self, path: str, target: str) -> None:
        file = self._names.pop(path, None)
        if file is not None:
            self._names[target] = file
            self._moves.append((target, file, path))

    def removed(self, path: str) -> None:
        if self._names.pop(path, None) is not None:
            self._moves.append((path, None, ""))

    # ---- what becomes of them

    def process_died(self) -> None:
        """The page cache may drop what it believes to be on the disk."""
        for path, file in self._names.items():
            if file.has_phantoms and self._rng.random() < 0.5:
                content = bytearray(file.durable)
                for write in file.pending:
                    _apply(content, write)
                Path(path).write_bytes(content)
                file.size, file.has_phantoms = len(content), False
                self.counts["pages that a failed fsync lost"] += 1

    def cut_power(self) -> None:
        """All that is left is what is durable, and some of the rest."""
        rng, names = self._rng, dict(self._durable_names)
        kept = rng.choice((0, len(self._moves), rng.randrange(len(self._moves) + 1)))
        for name, file, before in self._moves[:kept]:
            names.pop(before, None)
            names.pop(name, None)
            if file is not None:
                names[name] = file
        self.counts["names undone by a power cut"] += names.keys() != self._names.keys()
        for path in (*self._names, *(str(each) for each in self.folder.glob("*-shm"))):
            _remove(path)
        for path, file in names.items():
            lost = file.lose(rng)
            self.counts[f"unsynced writes to the {file.kind} lost"] += lost
            file.has_phantoms = False
            file.size = len(file.durable)
            Path(path).write_bytes(file.durable)
        self._names, self._durable_names, self._moves = names, dict(names), []
        for ticket in (self.folder / "shm").glob("*"):
            _remove(str(ticket))

    def replace(self, path: Path, content: bytes) -> None:
        """Somebody put another content there, durably."""
        path.write_bytes(content)
        file = self.file(str(path))
        assert file is not None
        file.durable, file.size = bytearray(content), len(content)
        file.pending.clear()
        self._durable_names[str(path)] = file

    def remove(self, path: Path) -> None:
        """Somebody took a file away, durably."""
        _remove(str(path))
        self._names.pop(str(path), None)
        self._durable_names.pop(str(path), None)


_unlink = os.unlink  # the real one: `disk_os` puts another in its place


def _remove(path: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        _unlink(path)


def _apply(content: bytearray, write: _Write) -> None:
    offset, new = write
    if new is None:
        del content[offset:]
        return
    if offset > len(content):
        content.extend(bytes(offset - len(content)))
    content[offset : offset + len(new)] = new


def _kind(path: str) -> str:
    name = path.rpartition("/")[2]
    if name.endswith("-wal"):
        return "wal"
    if ".journal" in name:
        return "journal"
    return "database" if name.endswith(".db") else "copy"
