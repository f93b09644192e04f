"""Small promises about files: private, and durable when we say so."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

__all__ = ["create_private", "free_bytes", "free_name", "fsync_directory", "fsync_file", "write_again"]

_CHUNK_BYTES = 1024 * 1024


def create_private(path: Path) -> None:
    """An empty file that only its owner may read, unless one is there."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))


def fsync_file(path: Path) -> None:
    """Make a file's content durable."""
    fd = os.open(path, os.O_RDWR)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def write_again(path: Path) -> None:
    """Put a file's own content into it once more, durably.

    Raises OSError. After an fsync that failed the kernel may show what the disk never got, and takes it for written:
    no later fsync would write it.
    """
    fd = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
    try:
        position = 0
        while chunk := os.read(fd, _CHUNK_BYTES):
            os.lseek(fd, position, os.SEEK_SET)
            position += os.write(fd, chunk)
        os.fsync(fd)
    finally:
        os.close(fd)


def fsync_directory(directory: Path) -> None:
    """Make the names in a directory durable; Windows has no such call and needs none."""
    if os.name == "nt":
        return
    fd = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def free_bytes(path: Path) -> int | None:
    """What users that are not root may still write on the disk of a file; None where nobody can tell."""
    try:
        return shutil.disk_usage(path.parent).free
    except OSError:
        return None


def free_name(stem: str, suffix: str) -> Path:
    """The first of ``<stem>1<suffix>``, ``<stem>2<suffix>``, … that does not exist."""
    number = 1
    while (path := Path(f"{stem}{number}{suffix}")).exists():
        number += 1
    return path
