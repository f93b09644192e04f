"""Which gateway an operator means, and which book to read when it does not run."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from tradingsys.cli.exits import NothingThere
from tradingsys.core.command_line import CommandLine
from tradingsys.core.errors import ConfigError
from tradingsys.gateway.configuration.config import load, local_address
from tradingsys.store.lock import Lock

__all__ = ["NOT_ANSWERING", "NOT_RUNNING", "Target", "Where", "command_line", "find_target", "is_held"]

NOT_RUNNING = "the gateway is not running"
"""The state of a book at rest."""

NOT_ANSWERING = "a gateway holds the file, but does not answer: it waits for the exchange or hangs, its log says"
"""The state of a book whose gateway cannot reach the exchange yet, hangs, or has another address."""

_CONFIGS = (Path("usdt.json"), Path("spot.json"), Path("margin.json"))
_DB = Path("pos.db")


class Target(Struct, frozen=True):
    """Where to ask: the address first, then the file."""

    addr: str | None
    db: Path | None
    commands: CommandLine = CommandLine()
    """What people are told to type to ask the same one."""

    def nothing(self, reason: str) -> NothingThere:
        """Neither answers."""
        missing = [f"no gateway answers at {self.addr} ({reason})"] if self.addr else []
        missing += [f"there is no {self.db}"] if self.db else []
        return NothingThere(
            f"{' and '.join(missing)}: start the gateway, or name one with -c FILE, --addr ws://… or --db FILE"
        )


class Where(Struct, frozen=True):
    """Which of the two answered."""

    kind: str
    """``gateway`` or ``book``."""
    name: str
    """Its address, or its file."""
    note: str = ""
    """Why a book was read though a gateway was meant; empty otherwise."""

    def __str__(self) -> str:
        if self.kind == "gateway":
            return f"from the running gateway at {self.name}"
        return f"from {self.name} at rest" + (f" ({self.note})" if self.note else "")


def is_held(db: Path) -> bool:
    """Whether a process has the book. Raises OSError when that cannot be found out."""
    if not Path(f"{db}.lock").exists():
        return False
    try:
        Lock(db).release()
    except ConfigError:
        return True
    return False


def command_line(config: Path | None, addr: str | None, db: Path | None) -> CommandLine:
    """Commands with the same options."""
    named = (("-c", config), ("--addr", addr), ("--db", db))
    return CommandLine(tuple(text for option, value in named if value is not None for text in (option, str(value))))


def find_target(config: Path | None, addr: str | None, db: Path | None) -> Target:
    """What the options mean; without any, the first of usdt.json, spot.json and margin.json in the working directory.

    Raises ConfigError for a configuration that cannot be used.
    """
    commands = command_line(config, addr, db)
    if config is None and addr is None and db is None:
        config = next((path for path in _CONFIGS if path.exists()), None)
        if config is None:
            return Target(None, _DB)
    if config is None:
        return Target(addr, db, commands)
    if addr is not None or db is not None:
        raise ConfigError("the configuration says it already: leave one out", key="-c / --addr / --db")
    known = load(config)
    host, port = local_address(known, config)
    host = f"[{host}]" if ":" in host else host
    return Target(f"ws://{host}:{port}", _place(Path(known.db), config), commands)


def _place(db: Path, config: Path) -> Path:
    """The gateway takes the file from its own working directory: ours if it is there, else the configuration's."""
    beside = config.parent / db
    return beside if not db.exists() and beside.exists() else db
