"""One gateway per book: an advisory lock beside it, freed by the kernel when the process ends in whatever way."""

from __future__ import annotations

import os
from pathlib import Path

from tradingsys.core.errors import ConfigError

__all__ = ["Lock"]

try:
    import fcntl

    def _take(fd: int) -> None:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)

except ImportError:  # Windows
    import msvcrt

    def _take(fd: int) -> None:
        msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined, unused-ignore]


class Lock:
    """Held from construction to `release`.

    Raises ConfigError when another process holds it.
    """

    def __init__(self, book: Path) -> None:
        path = Path(f"{book}.lock")
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _take(self._fd)
        except OSError as error:
            os.close(self._fd)
            raise ConfigError(
                f"{book} is in use by another gateway",
                key="db",
                hint="stop that one, or give this one a db and a local of its own",
            ) from error

    def release(self) -> None:
        """Let the next one in. The file stays: removing it would let two processes lock two files of one name."""
        os.close(self._fd)
