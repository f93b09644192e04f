"""Copies of pos.db while the gateway runs: from time to time, and before a person changes the books."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from tradingsys.core.errors import ConfigError, StoreError
from tradingsys.gateway.seams import Log, StoreSeam
from tradingsys.oms.procedure import until

__all__ = ["BackupSettings", "Backups", "check_backups"]

_NS_PER_HOUR = 3_600_000_000_000
_SHORTEST_H, _LONGEST_H = 0.01, 24 * 366


class BackupSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """When copies are made, and where they stay."""

    every_h: float = 1
    """0: only before the books are changed by hand."""
    keep: int = 48
    """So many of each kind stay."""
    directory: str | None = None
    """Beside pos.db, if it is not given."""


def check_backups(settings: BackupSettings, file: str) -> None:
    """Raises ConfigError for what cannot be."""
    if settings.every_h != 0 and not _SHORTEST_H <= settings.every_h <= _LONGEST_H:
        text = f"must be 0 (never), or {_SHORTEST_H} to {_LONGEST_H}, not {settings.every_h:g}"
        raise ConfigError(text, file=file, key="backups: every_h")
    if settings.keep < 1:
        hint = "to have none, set every_h to 0"
        raise ConfigError(f"must be 1 or more, not {settings.keep}", file=file, key="backups: keep", hint=hint)
    if settings.directory is not None and not Path(settings.directory).is_dir():
        hint = "make it, best on another disk"
        raise ConfigError(f"{settings.directory} is no directory", file=file, key="backups: directory", hint=hint)


class Backups:
    """Has copies made over a connection and a thread of their own: nothing waits for them but who asked for one."""

    def __init__(self, store: StoreSeam, settings: BackupSettings, now_ns: Callable[[], int], log: Log) -> None:
        self._store = store
        self._settings = settings
        self._directory = Path(settings.directory) if settings.directory is not None else None
        self._now_ns = now_ns
        self._log = log

    async def watch(self) -> None:
        """For as long as the process lives; of books that did not change since the last one, none is made."""
        every_ns = int(self._settings.every_h * _NS_PER_HOUR)
        while every_ns:
            await until(self._now_ns() + every_ns)
            if self._store.has_changed:
                self._make("periodic", lambda _: None)

    def before(self, what: str, then: Callable[[StoreError | None], None]) -> None:
        """Call ``then`` once there is a copy from before ``what``, or with the error that there is none."""
        self._make(f"before-{what}", then)

    def _make(self, why: str, then: Callable[[StoreError | None], None]) -> None:
        def made(outcome: Path | StoreError) -> None:
            if isinstance(outcome, StoreError):
                self._log.warning(f"no backup of the books: {outcome}")
                then(outcome)
            else:
                self._log.info("backup", file=str(outcome))
                then(None)

        self._store.back_up_later(why, made, self._directory, self._settings.keep)
