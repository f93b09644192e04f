"""The port that every page and example names."""

from __future__ import annotations

import contextlib
import fcntl
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import pytest

from tests.process.world import eventually

__all__ = ["gateway_port"]

_PORT = 8111
_TURNS = 5


@contextlib.contextmanager
def gateway_port() -> Iterator[int]:
    """The port, while nobody else uses it: tests that run at the same time, of other checkouts too, take turns."""
    with (Path(tempfile.gettempdir()) / f"tradingsys-tests-{_PORT}.lock").open("w") as file:
        for turn in range(_TURNS):
            with contextlib.suppress(AssertionError):
                eventually("the others' turn to end", lambda: _is_ours(file))
                break
            assert turn < _TURNS - 1, f"other tests keep port {_PORT}: let them end first"
        try:
            eventually("the port to be free", _is_free)
        except AssertionError:
            pytest.fail(f"port {_PORT}, which the programs name, is in use: stop the gateway that runs there")
        yield _PORT


def _is_ours(file: TextIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_free() -> bool:
    for address in ("127.0.0.1", "::1"):
        with contextlib.suppress(OSError), socket.create_connection((address, _PORT), timeout=1):
            return False
    return True
