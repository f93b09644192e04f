"""The journal: the intent of every order, and of every amend, is in this file before its first byte is sent.

One record is a length, a CRC-32 and MessagePack, written with one ``write`` and no ``fsync``: the page cache survives
the death of the process, and after a power cut the boot's fence makes up for a lost tail. Segments beside the book:
``<book>.journal`` takes records, ``<book>.journal.<n>`` are full ones whose orders pos.db may not hold yet.
"""

from __future__ import annotations

import errno
import os
import struct
import zlib
from pathlib import Path

import msgspec
from msgspec import Struct

from tradingsys.core.errors import StoreError
from tradingsys.core.records import Intent
from tradingsys.store.files import free_name, fsync_directory, fsync_file

__all__ = ["Entry", "Journal", "Segment", "read_segments", "restart"]

SEGMENT_BYTES = 8 * 1024 * 1024
_HEAD = struct.Struct("<II")
_MAX_RECORD_BYTES = 64 * 1024
_BINARY = getattr(os, "O_BINARY", 0)  # Windows


class Entry(Struct, frozen=True, array_like=True):
    """One record, the ``number``-th of its epoch, from 1: an intent, or all those of one request."""

    epoch: int
    number: int
    intent: Intent
    others: tuple[Intent, ...] = ()

    @property
    def intents(self) -> tuple[Intent, ...]:
        """All of them."""
        return (self.intent, *self.others)


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Entry).decode


class Segment(Struct):
    """A full segment, with the orders, and their latest amends, that pos.db does not hold durably yet."""

    path: Path
    last_number: int
    waiting: dict[str, int]
    is_synced: bool = False


class Journal:
    """Appends to the current segment, which `restart` made. Belongs to one thread.

    After the first failure it takes nothing more: what follows a torn record would never be read.
    """

    def __init__(self, book: Path, lineage: str, epoch: int, *, segment_bytes: int = SEGMENT_BYTES) -> None:
        self._book, self._lineage, self._epoch = book, lineage, epoch
        self._segment_bytes = segment_bytes
        self._path = _current(book)
        self._fd = os.open(self._path, os.O_WRONLY | os.O_APPEND | _BINARY)
        self._bytes = os.fstat(self._fd).st_size
        self._name_is_durable = True
        self._rotations = 0
        self._failure: StoreError | None = None
        self.number = 0
        self.waiting: dict[str, int] = {}
        self.full: list[Segment] = []

    def append(self, intent: Intent, *others: Intent) -> int:
        """Write the intents of one request and return the record's number; once this returns, it may be sent.

        Orders that are sent together share a record: a tail that is torn off takes all of them, or none. Raises
        StoreError when it could not be written whole; then nothing may be sent any more.
        """
        if self._failure is not None:
            raise self._failure
        number = self.number + 1
        payload = _encode(Entry(self._epoch, number, intent, others))
        record = _HEAD.pack(len(payload), zlib.crc32(payload)) + payload
        try:
            written = os.write(self._fd, record)
        except OSError as error:
            raise self._fail(f"{self._path}: {error.strerror}") from error
        if written != len(record):
            raise self._fail(f"{self._path}: only {written} of {len(record)} bytes could be written")
        self.number = number
        self.waiting |= {each.client_order_id: each.revision for each in (intent, *others)}
        self._bytes += written
        if self._bytes >= self._segment_bytes:
            self._rotate()
        return number

    def sync(self) -> None:
        """Make everything appended durable. Raises StoreError; an fsync that failed is never tried again."""
        if self._failure is not None:
            raise self._failure
        try:
            for segment in self.full:
                if not segment.is_synced:
                    fsync_file(segment.path)
                    segment.is_synced = True
            os.fsync(self._fd)
            if not self._name_is_durable:
                fsync_directory(self._path.parent)
                self._name_is_durable = True
        except OSError as error:
            raise self._fail(f"{self._path}: {error.strerror}") from error

    def kept(self, client_order_id: str, revision: int) -> None:
        """pos.db holds this order durably, with its amends up to ``revision``: no record of these is needed."""
        for waiting in (self.waiting, *(segment.waiting for segment in self.full)):
            if waiting.get(client_order_id, revision + 1) <= revision:
                del waiting[client_order_id]

    def take_unneeded(self) -> list[Segment]:
        """Full segments, oldest first, that nothing needs any more; the caller removes their files."""
        unneeded: list[Segment] = []
        while self.full and not self.full[0].waiting:
            unneeded.append(self.full.pop(0))
        return unneeded

    def close(self) -> None:
        """Let go of the file; nothing can be appended afterwards."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
            self._failure = self._failure or StoreError(f"{self._path}: closed")

    def _rotate(self) -> None:
        try:
            self._rotations += 1
            path = Path(f"{self._path}.{self._rotations}")
            os.close(self._fd)
            self._fd = -1
            self._path.rename(path)
            self._fd = _create(self._path, self._lineage)
        except OSError as error:
            # The record itself is safe, so this append succeeds; the next one must not.
            self._fail(f"{self._path}: {error.strerror}")
            return
        self.full.append(Segment(path, self.number, self.waiting))
        self.waiting = {}
        self._bytes, self._name_is_durable = os.fstat(self._fd).st_size, False

    def _fail(self, message: str) -> StoreError:
        self._failure = StoreError(message)
        return self._failure


def read_segments(book: Path, lineage: str, *, only_look: bool = False) -> list[Entry]:
    """Everything the segments beside ``book`` hold, oldest first; each is read up to its first bad record.

    A segment of another lineage belongs to another book: it is never read, and moved out of the way by whoever does
    not ``only_look``.
    """
    entries: list[Entry] = []
    for path in _segments(book):
        content = path.read_bytes()
        header = _header(lineage)
        if content[: len(header)] == header:
            entries += _read(content, len(header))
        elif len(content) >= len(header) and not only_look:
            path.rename(free_name(f"{path}.foreign-", ""))
    return entries


def restart(book: Path, lineage: str) -> None:
    """Durably leave one empty segment: pos.db holds what the others held."""
    current = _current(book)
    for path in _segments(book):
        if path != current:
            path.unlink()
    fd = _create(current, lineage)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
    fsync_directory(current.parent)


def _read(content: bytes, position: int) -> list[Entry]:
    entries: list[Entry] = []
    while position + _HEAD.size <= len(content):
        size, checksum = _HEAD.unpack_from(content, position)
        start = position + _HEAD.size
        payload = content[start : start + size]
        if size > _MAX_RECORD_BYTES or len(payload) != size or zlib.crc32(payload) != checksum:
            break
        try:
            entries.append(_decode(payload))
        except (msgspec.MsgspecError, UnicodeDecodeError):
            break
        position = start + size
    return entries


def _segments(book: Path) -> list[Path]:
    current = _current(book)
    numbered = [
        (int(number), path)
        for path in current.parent.glob(f"{_escape(current.name)}.*")
        if (number := path.name[len(current.name) + 1 :]).isdecimal()
    ]
    return [path for _, path in sorted(numbered)] + ([current] if current.exists() else [])


def _escape(name: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)


def _current(book: Path) -> Path:
    return Path(f"{book}.journal")


def _header(lineage: str) -> bytes:
    return b"TSJ1" + lineage.encode() + b"\n"


def _create(path: Path, lineage: str) -> int:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | _BINARY, 0o600)
    header = _header(lineage)
    try:
        if os.write(fd, header) != len(header):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    except BaseException:
        os.close(fd)
        raise
    return fd
