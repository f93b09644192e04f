"""The ticket: proof, on tmpfs, that the journal is complete.

It survives the death of the process but neither a reboot nor a backup of the book, and counts what was written to the
journal since the gateway last became READY. When it and the book agree, nothing that was written has been lost.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import secrets
import stat
import struct
from pathlib import Path

from msgspec import Struct

__all__ = ["Ticket", "TicketFile"]

# Native byte order and alignment: the count is one aligned store, never half of an old and half of a new number.
_LAYOUT = struct.Struct("@4s36s8sQQ")
_COUNT = struct.Struct("@Q")
_COUNT_AT = _LAYOUT.size - _COUNT.size
_MAGIC = b"TSK1"
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Ticket(Struct, frozen=True):
    """What a ticket says: the epoch that was READY, and how many intents it wrote."""

    epoch: int
    count: int


class TicketFile:
    """The ticket of one lineage in ``directory``; None means that nothing can be proven here."""

    def __init__(self, directory: Path | None, lineage: str) -> None:
        boot_id = _boot_id()
        self._path = None if directory is None or not boot_id else directory / f"tradingsys-{lineage}.ticket"
        self._boot_id, self._lineage = boot_id, lineage.encode()
        self._map: mmap.mmap | None = None

    def read(self) -> Ticket | None:
        """What the last process left here, unless it was of another lineage or before a reboot."""
        if self._path is None:
            return None
        content = _read_own(self._path)
        if len(content) != _LAYOUT.size:
            return None
        magic, boot_id, lineage, epoch, count = _LAYOUT.unpack(content)
        if (magic, boot_id, lineage.rstrip(b"\0")) != (_MAGIC, self._boot_id, self._lineage):
            return None
        return Ticket(epoch, count)

    def revoke(self) -> None:
        """From now on the journal counts as incomplete, until the next `issue`."""
        self.close()
        if self._path is not None:
            try:
                self._path.unlink(missing_ok=True)
            except OSError:
                if _read_own(self._path):  # what is not ours proves nothing, and keeps nobody from starting
                    raise

    def issue(self, epoch: int) -> None:
        """Replace the ticket: ``epoch`` is READY and has written nothing yet.

        Where another user of the machine holds its name there is none, and nothing can be proven.
        """
        self.close()
        if self._path is None:
            return
        self._path.parent.mkdir(mode=0o700, exist_ok=True)
        self._clean(self._path)
        # Everybody may see the names here and make files: nobody can take one that nobody can guess.
        draft = self._path.with_suffix(f".{secrets.token_hex(8)}.tmp")
        fd = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(fd, "r+b") as file:
            file.write(_LAYOUT.pack(_MAGIC, self._boot_id, self._lineage, epoch, 0))
            file.flush()
            try:
                draft.replace(self._path)
            except OSError:
                draft.unlink(missing_ok=True)
                if _read_own(self._path):
                    raise
            else:
                self._map = mmap.mmap(file.fileno(), _LAYOUT.size)

    def _clean(self, path: Path) -> None:
        """Of deaths amid an `issue`."""
        for left in (path.with_suffix(".tmp"), *path.parent.glob(f"{path.stem}.*.tmp")):
            with contextlib.suppress(OSError):
                left.unlink()

    def count(self, count: int) -> None:
        """So many intents are in the journal now."""
        if self._map is not None:
            _COUNT.pack_into(self._map, _COUNT_AT, count)

    def close(self) -> None:
        """Let go of the file; what it says stays."""
        if self._map is not None:
            self._map.close()
            self._map = None


def _read_own(path: Path) -> bytes:
    """The content of a file that is ours: tmpfs is often writable for everybody, and a forged ticket would prove."""
    try:  # what others may have put there in its place must not keep us waiting either
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return b""
    found = os.fstat(fd)
    if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
        os.close(fd)
        return b""
    with os.fdopen(fd, "rb") as file:
        return file.read()


def _boot_id() -> bytes:
    """Names this boot of the kernel; empty where there is no such name, and then nothing can be proven."""
    try:
        return _BOOT_ID.read_bytes().strip()
    except OSError:
        return b""
