"""The gateway's log: an event and its fields, as one readable line."""

from __future__ import annotations

import logging

__all__ = ["FieldLog"]


class FieldLog:
    """Writes ``event key=value …`` to a stdlib logger."""

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger

    def debug(self, event: str, /, **fields: object) -> None:
        """For developers."""
        self._write(logging.DEBUG, event, fields)

    def info(self, event: str, /, **fields: object) -> None:
        """Normal events."""
        self._write(logging.INFO, event, fields)

    def warning(self, event: str, /, **fields: object) -> None:
        """Something to look at."""
        self._write(logging.WARNING, event, fields)

    def error(self, event: str, /, **fields: object) -> None:
        """Something to mend."""
        self._write(logging.ERROR, event, fields)

    def _write(self, level: int, event: str, fields: dict[str, object]) -> None:
        if self._logger.isEnabledFor(level):
            told = " ".join(f"{key}={value}" for key, value in fields.items() if value != "")
            self._logger.log(level, "%s", f"{event} {told}".rstrip(), stacklevel=3)
