"""Where a process is started with what cannot be used."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw

from tests.bad_input.exchange import Exchange
from tests.unit.cli.keys import write_key

__all__ = ["StartPlace"]


class StartPlace:
    """A folder with a good configuration, a book that traded, and everything else a gateway needs.

    ``book`` is a folder with such a book; ``arguments`` is the command line.
    """

    def __init__(self, folder: Path, exchange: Exchange, book: Path) -> None:
        self.folder = folder
        self.db = folder / "pos.db"
        self.key = folder / "key.pem"
        self._exchange = exchange
        for path in book.glob("pos.db*"):
            shutil.copy(path, folder)
        self.arguments: tuple[str, ...] = ("usdt", "-c=usdt.json", "-l=info")
        self.config()
        self.cleanup = contextlib.ExitStack()

    def config(self, **changes: Any) -> Path:
        """The configuration, changed."""
        return self._exchange.config(self.folder, **changes)

    def configured(self, content: bytes) -> None:
        """Something else in the configuration's place."""
        (self.folder / "usdt.json").write_bytes(content)

    def run(self, *arguments: str) -> None:
        """Another command."""
        self.arguments = arguments

    def with_key(self, kind: str) -> None:
        """A key file of some kind."""
        write_key(self.key, kind)
        self.config(secret=None, pem="key.pem")

    def no_permission(self, path: Path) -> None:
        """What this user may not read. As root may read all, a folder takes the file's place."""
        if os.geteuid():
            path.chmod(0)
        else:
            path.unlink()
            path.mkdir()

    def sql(self, *statements: str) -> None:
        """Write to the book, as a user would with any SQL program."""
        conn = apsw.Connection(str(self.db))
        try:
            for statement in statements:
                conn.execute(statement).fetchall()
        finally:
            conn.close()

    def hold_book(self, how: Callable[[Path], Callable[[], object]]) -> None:
        """Something that keeps the book until the row is over; ``how`` returns what lets go of it."""
        self.cleanup.callback(how(self.db))

    def taken_port(self) -> int:
        """A port that somebody else listens on."""
        server = self.cleanup.enter_context(socket.create_server(("127.0.0.1", 0)))
        port: int = server.getsockname()[1]
        return port
