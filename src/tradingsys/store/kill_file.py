"""The file beside pos.db by which anybody who can write there stops the account, whatever else works or does not."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

__all__ = ["kill_path", "read_kill_file"]

_MOST_BYTES = 500


@lru_cache(maxsize=8)
def kill_path(db: Path) -> Path:
    """Its place."""
    return db.with_name(db.name + ".kill")


def read_kill_file(db: Path) -> str | None:
    """Its first line, which may be empty; None as long as there is no such file. What cannot be read counts, too."""
    path = kill_path(db)
    if not os.path.lexists(path):
        return None
    try:
        with path.open("rb") as file:
            text = file.read(_MOST_BYTES).decode(errors="replace")
    except OSError as error:
        return f"{path} cannot be read: {error.strerror or error}"
    return next(("".join(filter(str.isprintable, line)).strip() for line in text.splitlines()), "")
