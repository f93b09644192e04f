"""`os` on the simulated disk: what the store does to files past SQLite."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw

from tests.simulate.disk import Disk, DiskFile
from tests.simulate.disk_vfs import DiskConnection, DiskVfs

__all__ = ["mount", "unmount", "unmount_all"]

_DISKS: dict[str, Disk] = {}
"""By folder."""
_FILES: dict[int, tuple[Disk, DiskFile | None]] = {}
"""By descriptor; None: the folder itself."""
_APPENDING: set[int] = set()
_REAL = {name: getattr(os, name) for name in ("open", "close", "write", "fsync", "rename", "replace", "unlink")}


def mount(disk: Disk) -> None:
    """From now on everything in its folder goes by this disk."""
    if not _DISKS:
        _ = _VFS  # SQLite knows it by name
        apsw.set_default_vfs("simulated disk")
        apsw.Connection = DiskConnection  # type: ignore[misc]
        for name, function in _SIMULATED.items():
            setattr(os, name, function)
    _DISKS[str(disk.folder)] = disk


def unmount(disk: Disk) -> None:
    """The folder is one like any again."""
    _DISKS.pop(str(disk.folder), None)
    if not _DISKS:
        apsw.set_default_vfs("unix")
        apsw.Connection = _CONNECTION  # type: ignore[misc]
        for name, function in _REAL.items():
            setattr(os, name, function)


def unmount_all() -> None:
    """Of whatever is still mounted, nothing is."""
    for disk in list(_DISKS.values()):
        unmount(disk)


_VFS = DiskVfs(_DISKS)
_CONNECTION = apsw.Connection


def _disk(path: Any) -> Disk | None:
    """Of a file in a mounted folder, or of a ticket, which is one folder below it."""
    text = "" if isinstance(path, int) else os.fspath(path)
    folder = text.rpartition("/")[0] if isinstance(text, str) else ""
    return _DISKS.get(folder) or (_DISKS.get(folder[:-4]) if folder.endswith("/shm") else None)


def _open(path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
    fd: int
    if isinstance(path, str | Path) and (folder := _DISKS.get(os.fspath(path))) is not None:
        fd = _REAL["open"](path, flags, mode)
        _FILES[fd] = folder, None
        return fd
    disk = _disk(path)
    is_written = flags & (os.O_WRONLY | os.O_RDWR)
    file = disk.file(os.fspath(path)) if disk is not None and is_written and dir_fd is None else None
    if disk is None or file is None:
        fd = _REAL["open"](path, flags, mode, dir_fd=dir_fd)
        _FILES.pop(fd, None)
        return fd
    if disk.room == 0 and not Path(path).exists():
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)
    fd = _REAL["open"](path, flags & ~os.O_TRUNC if disk.is_frozen else flags, mode)
    if flags & os.O_TRUNC and file.size and not disk.is_frozen:
        disk.truncated(file, 0)
    _FILES[fd] = disk, file
    (_APPENDING.add if flags & os.O_APPEND else _APPENDING.discard)(fd)
    return fd


def _close(fd: int) -> None:
    _FILES.pop(fd, None)
    _REAL["close"](fd)


def _write(fd: int, data: Any) -> int:
    disk, file = _FILES.get(fd, (None, None))
    if disk is None or file is None:
        return int(_REAL["write"](fd, data))
    if disk.is_frozen:
        return len(data)
    disk.passing(f"before a {file.kind} write")
    offset = file.size if fd in _APPENDING else os.lseek(fd, 0, os.SEEK_CUR)
    room = disk.grow(file, offset, len(data))
    if not room:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    written: int = _REAL["write"](fd, data[:room])
    disk.wrote(file, offset, bytes(data[:written]))
    disk.passing(f"after a {file.kind} write")
    return written


def _fsync(fd: int) -> None:
    disk, file = _FILES.get(fd, (None, None))
    if disk is None:
        _REAL["fsync"](fd)
        return
    if disk.is_frozen:
        return
    what = "folder" if file is None else file.kind
    disk.passing(f"before a {what} sync")
    if file is None:
        disk.sync_names()
    elif not disk.sync(file):
        raise OSError(errno.EIO, os.strerror(errno.EIO))
    disk.passing(f"after a {what} sync")


def _rename(src: Any, dst: Any, **more: Any) -> None:
    _move("rename", src, dst, more)


def _replace(src: Any, dst: Any, **more: Any) -> None:
    _move("replace", src, dst, more)


def _move(how: str, src: Any, dst: Any, more: dict[str, Any]) -> None:
    disk = _disk(dst)
    if disk is None:
        _REAL[how](src, dst, **more)
        return
    with _effect(disk, "a ticket's issue" if os.fspath(dst).endswith(".ticket") else "a renaming") as happens:
        if happens:
            _REAL[how](src, dst, **more)
            disk.renamed(os.fspath(src), os.fspath(dst))


def _unlink(path: Any, **more: Any) -> None:
    disk = _disk(path)
    if disk is None:
        _REAL["unlink"](path, **more)
        return
    with _effect(disk, "a removal") as happens:
        if happens:
            _REAL["unlink"](path, **more)
            disk.removed(os.fspath(path))


@contextmanager
def _effect(disk: Disk, what: str) -> Iterator[bool]:
    if disk.is_frozen:
        yield False
        return
    disk.passing(f"before {what}")
    yield True
    disk.passing(f"after {what}")


_SIMULATED = {
    "open": _open,
    "close": _close,
    "write": _write,
    "fsync": _fsync,
    "rename": _rename,
    "replace": _replace,
    "unlink": _unlink,
}
