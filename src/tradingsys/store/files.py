"""Small promises about files: private, and durable when we say so."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["create_private", "free_name", "fsync_directory", "fsync_file"]


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


def fsync_directory(directory: Path) -> None:
    """Make the names in a directory durable; Windows has no such call and needs none."""
    if os.name == "nt":
        return
    fd = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def free_name(stem: str, suffix: str) -> Path:
    """The first of ``<stem>1<suffix>``, ``<stem>2<suffix>``, … that does not exist."""
    number = 1
    while (path := Path(f"{stem}{number}{suffix}")).exists():
        number += 1
    return path
