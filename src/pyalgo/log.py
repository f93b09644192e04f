"""Log functions for strategies: each line names the file and line that logged it."""

from __future__ import annotations

import logging
from pathlib import Path

from tradingsys.net.log import LogHandle as Handle
from tradingsys.net.log import setup

__all__ = ["Handle", "debug", "error", "info", "init_logger", "log_debug", "log_error", "log_info", "log_warn", "warn"]

_log = logging.getLogger("pyalgo.strategy")
_CALLER = 3

_handle: Handle | None = None


def init_logger(level: str = "info", path: str | Path | None = None) -> Handle:
    """Log to ``<path>_YYYYMMDD.log`` (such as ``log/demo``) and the console; None: console only.

    `Engine` does this by itself, to ``log/<script>``, unless it was done before. Raises ValueError for an
    unknown level.
    """
    global _handle
    if _handle is not None:
        _handle.close()
    file = None if path is None else Path(path)
    _handle = setup("" if file is None else file.name, level, None if file is None else file.parent)
    return _handle


def is_initialized() -> bool:
    """Whether somebody chose where to log."""
    return _handle is not None


def debug(msg: object) -> None:
    """Log at level debug."""
    _write(logging.DEBUG, msg)


def info(msg: object) -> None:
    """Log at level info."""
    _write(logging.INFO, msg)


def warn(msg: object) -> None:
    """Log at level warn."""
    _write(logging.WARNING, msg)


def error(msg: object) -> None:
    """Log at level error."""
    _write(logging.ERROR, msg)


def log_debug(filename: str, lineno: int, msg: object) -> None:
    """Log at level debug, naming another place."""
    _write_as(logging.DEBUG, filename, lineno, msg)


def log_info(filename: str, lineno: int, msg: object) -> None:
    """Log at level info, naming another place."""
    _write_as(logging.INFO, filename, lineno, msg)


def log_warn(filename: str, lineno: int, msg: object) -> None:
    """Log at level warn, naming another place."""
    _write_as(logging.WARNING, filename, lineno, msg)


def log_error(filename: str, lineno: int, msg: object) -> None:
    """Log at level error, naming another place."""
    _write_as(logging.ERROR, filename, lineno, msg)


def _write(level: int, msg: object) -> None:
    _log.log(level, "%s", msg, stacklevel=_CALLER)


def _write_as(level: int, filename: str, lineno: int, msg: object) -> None:
    if _log.isEnabledFor(level):
        _log.handle(_log.makeRecord(_log.name, level, filename, lineno, "%s", (msg,), None))


def close() -> None:
    """Write what was logged so far and end the log; a new `Engine` or `init_logger` begins another."""
    global _handle
    if _handle is not None:
        _handle.close()
        _handle = None
