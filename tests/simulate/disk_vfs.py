"""SQLite on the simulated disk: a VFS that tells it of every write, and waits for nothing."""

from __future__ import annotations

import contextlib
from typing import Any

import apsw

from tests.simulate.disk import Disk, DiskFile

__all__ = ["DiskConnection", "DiskVfs"]

_REAL = "unix"
_FULL, _FAILED = "database or disk is full", "disk I/O error"
_Connection = apsw.Connection


class DiskConnection(_Connection):
    """SQLite tells nobody when it fails to copy its log into the file after a commit, or at the end; apsw would."""

    def execute(self, statements: str, *args: Any, **kwargs: Any) -> apsw.Cursor:
        try:
            return super().execute(statements, *args, **kwargs)
        except _CheckpointFailed:
            if statements != "COMMIT":
                raise
            return super().execute("SELECT 1 WHERE 0")

    def close(self, force: bool = False) -> None:
        with contextlib.suppress(apsw.IOError):
            super().close(force)


class _CheckpointFailed(apsw.IOError):
    pass


class DiskVfs(apsw.VFS):
    """SQLite's own, for files on a disk that is mounted; untouched for all others."""

    def __init__(self, disks: dict[str, Disk]) -> None:
        self._disks = disks
        super().__init__("simulated disk", _REAL)

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:  # noqa: N802
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        disk = self._disk(path)
        file = disk.file(path) if disk is not None and path is not None else None
        if disk is None or file is None:
            return super().xOpen(name, flags)
        if not file.size and not file.pending and disk.room == 0:
            raise apsw.CantOpenError
        return _VfsFile(disk, file, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802
        disk = self._disk(filename)
        if disk is None:
            super().xDelete(filename, syncdir)
        elif not disk.is_frozen:
            disk.passing("before a removal by SQLite")
            super().xDelete(filename, syncdir)
            disk.removed(filename)
            if syncdir:
                disk.sync_names()
            disk.passing("after a removal by SQLite")

    def xSleep(self, microseconds: int) -> int:  # noqa: N802
        for disk in self._disks.values():
            disk.waiting(microseconds * 1000)
        return microseconds

    def _disk(self, path: str | None) -> Disk | None:
        return self._disks.get(path.rpartition("/")[0]) if path else None


class _VfsFile(apsw.VFSFile):
    def __init__(self, disk: Disk, file: DiskFile, name: str | apsw.URIFilename | None, flags: list[int]) -> None:
        super().__init__(_REAL, name, flags)
        self._disk, self._file = disk, file
        self._before_write, self._after_write = f"before a {file.kind} write", f"after a {file.kind} write"
        self._before_sync, self._after_sync = f"before a {file.kind} sync", f"after a {file.kind} sync"
        self._name_is_durable = file.kind == "database"
        """SQLite's own VFS syncs the folder with the first sync of a log that it created."""

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        disk = self._disk
        if disk.is_frozen:
            return
        disk.passing(self._before_write)
        if disk.room is not None and disk.grow(self._file, offset, len(data)) < len(data):
            raise _CheckpointFailed(_FULL) if self._file.kind == "database" else apsw.FullError(_FULL)
        super().xWrite(data, offset)
        disk.wrote(self._file, offset, bytes(data))
        disk.passing(self._after_write)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        if not self._disk.is_frozen:
            super().xTruncate(newsize)
            self._disk.truncated(self._file, newsize)

    def xSync(self, flags: int) -> None:  # noqa: N802
        disk = self._disk
        if disk.is_frozen:
            return
        disk.passing(self._before_sync)
        if not disk.sync(self._file):
            raise _CheckpointFailed(_FAILED) if self._file.kind == "database" else apsw.IOError(_FAILED)
        if not self._name_is_durable:
            disk.sync_names()
            self._name_is_durable = True
        disk.passing(self._after_sync)
