"""SQLite's write-ahead log: whether it still holds all that it ever held, and whether the disk does.

SQLite reads its log up to the first frame with a wrong checksum, as a power cut may leave one at the end, and forgets
the rest without a word. We sync each transaction, so a power cut can only ever take the last one: more of them behind
a bad frame, or a bad header before any, were damaged later. https://www.sqlite.org/fileformat2.html#walformat
"""

from __future__ import annotations

import struct
from pathlib import Path

import apsw

from tradingsys.core.errors import StoreError
from tradingsys.store.files import write_again
from tradingsys.store.sqlite import DAMAGED, rows, transaction

__all__ = ["check_log", "secure_log"]

_HEADER = struct.Struct(">8I")
_FRAME = struct.Struct(">6I")
_MAGIC = 0x377F0682
_MASK = 0xFFFFFFFF


def check_log(conn: apsw.Connection, path: Path) -> None:
    """Raises StoreError when transactions were lost, and with them whatever they were about."""
    if _lost_transactions(conn, _log(path)):
        raise StoreError(f"{path}-wal, what was last written to {path}, is damaged; {DAMAGED}")


def secure_log(conn: apsw.Connection, path: Path) -> None:
    """Make durable what SQLite found in its log: after an fsync failed, the kernel may have it and the disk not.

    What is committed from now on stands behind it in the log, and would be lost with it. Raises StoreError, OSError.
    """
    with transaction(conn):  # nobody else writes to the log meanwhile
        if _log(path).exists():
            write_again(_log(path))


def _log(path: Path) -> Path:
    return Path(f"{path}-wal")


def _lost_transactions(conn: apsw.Connection, log: Path) -> int:
    """How many transactions in the log SQLite does not read although no power cut can have torn them."""
    if not log.exists():
        return 0
    content = log.read_bytes()
    # Asked after the log was read: what somebody adds meanwhile is no loss.
    ((_, read, _),) = rows(conn, "PRAGMA wal_checkpoint(NOOP)")
    assert isinstance(read, int)
    if len(content) < _HEADER.size + _FRAME.size or not any(content[: _HEADER.size]):
        return 0
    if not _is_header(content):
        return 1
    page_bytes, _, *salts = _HEADER.unpack_from(content)[2:6]
    size = _FRAME.size + page_bytes
    unread = range(_HEADER.size + max(read, 0) * size, len(content) - size + 1, size)
    frames = (_FRAME.unpack_from(content, position) for position in unread)
    ends = [True for _, pages_after, *salts_here, _, _ in frames if pages_after and salts_here == salts]
    return max(0, len(ends) - 1)


def _is_header(content: bytes) -> bool:
    magic, *_, sum_1, sum_2 = _HEADER.unpack_from(content)
    order = ">" if magic & 1 else "<"
    first = second = 0
    words = struct.unpack_from(f"{order}6I", content)
    for even, odd in zip(words[::2], words[1::2], strict=True):
        first = (first + even + second) & _MASK
        second = (second + odd + first) & _MASK
    return magic & ~1 == _MAGIC and (first, second) == (sum_1, sum_2)
