"""Logging of a program: one file a day and a readable console, both written by a thread of their own.

Whoever logs only puts a record into a queue: neither disk nor terminal ever holds up an event loop.
"""

from __future__ import annotations

import atexit
import logging
import sys
import time
from logging.handlers import QueueHandler, QueueListener
from pathlib import Path
from queue import SimpleQueue
from typing import TextIO

__all__ = ["LEVELS", "LogHandle", "hide", "setup"]

TRACE = 5
_OFF = logging.CRITICAL + 10

LEVELS = {
    "off": _OFF,
    "error": logging.ERROR,
    "warn": logging.WARNING,
    "info": logging.INFO,
    "debug": logging.DEBUG,
    "trace": TRACE,
}
"""The levels a user may name."""

_OURS = ("tradingsys", "pyalgo")
_PEERS_FAULTS = ("picows", "aiofastnet")
"""Libraries that log, without limit, what a connection is closed for: the reason of the close says it."""
_MAX_QUEUED = 100_000
_LEVEL_NAMES = {logging.WARNING: "WARN", TRACE: "TRACE"}

_COLORS = {"ERROR": "31", "CRITICAL": "31", "WARN": "33", "DEBUG": "2", "TRACE": "2"}

_secrets: set[str] = set()


def hide(secret: str) -> None:
    """From now on, show ``***`` wherever a log line contains ``secret``."""
    if secret:
        _secrets.add(secret)


class LogHandle:
    """A running log; `close` writes what is queued and ends it."""

    def __init__(self, listener: QueueListener, handler: QueueHandler) -> None:
        self._listener, self._handler = listener, handler
        self._open = True

    def close(self) -> None:
        """Write everything that was logged so far and stop. Closing twice is harmless."""
        if not self._open:
            return
        self._open = False
        logging.getLogger().removeHandler(self._handler)
        self._listener.stop()
        for sink in self._listener.handlers:
            sink.close()
        atexit.unregister(self.close)


def setup(program: str, level: str, directory: Path | None, console: bool = True) -> LogHandle:
    """Log to ``directory/<program>_YYYYMMDD.log`` (None: no file) and, unless told otherwise, to standard error.

    ``level`` is one of `LEVELS` and counts for this project's own loggers; of libraries only warnings are shown.

    Raises ValueError for an unknown level and OSError when no log file can be written there.
    """
    number = LEVELS.get(level.lower())
    if number is None:
        raise ValueError(f"unknown log level {level!r}: use one of {', '.join(LEVELS)}")
    sinks: list[logging.Handler] = []
    if directory is not None:
        directory.mkdir(parents=True, exist_ok=True)
        daily = _DailyFile(directory, program)
        daily.turn_to(time.localtime())
        sinks.append(daily)
    if console:
        sinks.append(_console())
    queue: SimpleQueue[logging.LogRecord] = SimpleQueue()
    handler = _Enqueue(queue)
    listener = QueueListener(queue, *sinks)
    for name in _OURS:
        logging.getLogger(name).setLevel(number)
    for name in _PEERS_FAULTS:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    logging.getLogger().addHandler(handler)
    listener.start()
    handle = LogHandle(listener, handler)
    atexit.register(handle.close)
    return handle


class _Enqueue(QueueHandler):
    """Formats where the record was made, hides secrets, and drops records rather than growing without bound."""

    queue: SimpleQueue[logging.LogRecord]

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        record = super().prepare(record)
        text = str(record.msg)
        for secret in _secrets:
            text = text.replace(secret, "***")
        record.msg = record.message = text
        return record

    def enqueue(self, record: logging.LogRecord) -> None:
        if self.queue.qsize() < _MAX_QUEUED:
            self.queue.put(record)


class _DailyFile(logging.Handler):
    """One file per local day, in the original's format: ``[time file line LEVEL] message``."""

    def __init__(self, directory: Path, program: str) -> None:
        super().__init__()
        self._directory, self._program = directory, program
        self._day = ""
        self._file: TextIO | None = None
        self._is_broken = False

    def emit(self, record: logging.LogRecord) -> None:
        try:
            when = time.localtime(record.created)
            self.turn_to(when)
            assert self._file is not None
            stamp = f"{time.strftime('%H:%M:%S', when)}.{int(record.created % 1 * 1_000_000):06d}"
            where = f"{record.filename} {record.lineno} {_level_name(record)}"
            self._file.write(f"[{stamp} {where}] {record.getMessage()}\n")
            self._file.flush()
            self._is_broken = False
        except OSError as error:
            # A full disk must not fill the console too; the program itself goes on.
            if not self._is_broken:
                self._is_broken = True
                sys.stderr.write(f"the log file cannot be written, lines are lost: {error}\n")

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
        super().close()

    def turn_to(self, when: time.struct_time) -> None:
        """Open the file of this day. Raises OSError when it cannot be written."""
        day = time.strftime("%Y%m%d", when)
        if day != self._day or self._file is None:
            if self._file is not None:
                self._file.close()
                self._file = None
            path = self._directory / f"{self._program}_{day}.log"
            self._file = path.open("a", encoding="utf-8")
            self._day = day


class _Console(logging.Formatter):
    """``12:34:56 INFO  message``, with the level coloured on a terminal."""

    def __init__(self, colored: bool) -> None:
        super().__init__()
        self._colored = colored

    def format(self, record: logging.LogRecord) -> str:
        name = _level_name(record)
        color = _COLORS.get(name) if self._colored else None
        level = f"\033[{color}m{name:5}\033[0m" if color else f"{name:5}"
        return f"{time.strftime('%H:%M:%S', time.localtime(record.created))} {level} {record.getMessage()}"


def _console() -> logging.Handler:
    sink = logging.StreamHandler(sys.stderr)
    sink.setFormatter(_Console(sys.stderr.isatty()))
    return sink


def _level_name(record: logging.LogRecord) -> str:
    return _LEVEL_NAMES.get(record.levelno, record.levelname)
