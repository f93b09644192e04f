"""Recordings on disk, plain or compressed."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

from tradingsys.core.errors import ConfigError
from tradingsys.sim.recording import Recording

__all__ = ["open_recording"]

_GZIP_MAGIC = b"\x1f\x8b"


def open_recording(path: Path, *, symbol: str = "", loop: bool = False) -> Recording:
    """The recording in a file.

    Raises ConfigError when the file cannot be read or holds nothing to play.
    """

    def lines() -> Iterator[bytes]:
        with path.open("rb") as raw:
            compressed = raw.read(2) == _GZIP_MAGIC
            raw.seek(0)
            if not compressed:
                yield from raw
                return
            try:
                with gzip.open(raw) as unpacked:
                    yield from unpacked
            except EOFError:
                return  # its recorder was killed: everything before counts

    try:
        return Recording(str(path), lines, symbol=symbol, loop=loop)
    except OSError as error:
        raise ConfigError(
            f"cannot be read: {error.strerror or error}", file=str(path), key="--replay", hint="name a recording"
        ) from None
