"""Strategies that say nothing of their troubles."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator

__all__ = ["quiet"]


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Nothing of pyalgo's is logged meanwhile: thousands of broken connections are the point here.

    Then it is as it was: whoever shares the process may be waiting for a line.
    """
    log = logging.getLogger("pyalgo")
    level = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(level)
