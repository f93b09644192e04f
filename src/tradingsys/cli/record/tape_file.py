"""The file of a recording: ``<receive time in ns> <message>`` lines, compressed when its name ends in .gz."""

from __future__ import annotations

import contextlib
import gzip
import time
from pathlib import Path
from typing import IO

from tradingsys.core.errors import ConfigError

__all__ = ["TapeFile"]

_LEVEL = 4
_SYNC_EVERY_S = 2.0
"""Whoever reads a compressed file before its end finds everything up to the last time."""


class TapeFile:
    """Takes lines at once and writes them when told to, from whatever thread; one thread at a time."""

    def __init__(self, path: Path) -> None:
        """Raises ConfigError when ``path`` is there already or cannot be made."""
        self.path = path
        self.bytes = 0
        """Of messages, before compression."""
        self._lines: list[bytes] = []
        self._synced_s = time.monotonic()
        # A pipe or a device is there already, and nothing is lost by writing to it.
        mode = "wb" if path.exists() and not path.is_file() else "xb"
        try:
            self._file: IO[bytes] = path.open(mode)
        except FileExistsError:
            raise ConfigError("exists; nothing is overwritten", file=str(path), hint="name another file") from None
        except OSError as error:
            raise ConfigError(
                f"cannot be written: {error.strerror or error}", file=str(path), hint="name another file with -o"
            ) from None
        self._zip = gzip.GzipFile("", "wb", _LEVEL, self._file) if path.suffix == ".gz" else None

    def take(self, recv_ns: int, message: bytes) -> None:
        """One message, exactly as it was sent; it is one line already, or becomes one."""
        if b"\n" in message or b"\r" in message:  # between JSON's tokens only, where a space means the same
            message = message.replace(b"\r", b" ").replace(b"\n", b" ")
        self._lines.append(b"%d %s\n" % (recv_ns, message))
        self.bytes += len(message)

    def write(self) -> None:
        """Write what was taken so far. Raises OSError, such as for a full disk."""
        lines, self._lines = self._lines, []
        data = b"".join(lines)
        if self._zip is None:
            self._file.write(data)
            self._file.flush()
            return
        self._zip.write(data)
        if time.monotonic() - self._synced_s >= _SYNC_EVERY_S:
            self._zip.flush()
            self._file.flush()
            self._synced_s = time.monotonic()

    def close(self) -> None:
        """Write the rest and end the file. Raises OSError; the file is closed in any case."""
        try:
            self.write()
            if self._zip is not None:
                self._zip.close()
            self._file.flush()
        finally:
            with contextlib.suppress(OSError):
                self._file.close()
