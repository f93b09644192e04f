"""``tradingsys backup``, ``restore`` and ``new-lineage``: copies of the books that can be trusted, the way back to one,
and a copy that becomes a book of its own.
"""

from __future__ import annotations

import secrets
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter
from msgspec import Struct

from tradingsys.cli.exits import OK, NothingThere
from tradingsys.cli.operate.target import find_target
from tradingsys.core.errors import ConfigError
from tradingsys.store.backups import Contents, back_up, check_copy, copy_to
from tradingsys.store.lineage import begin_lineage
from tradingsys.store.read import reading
from tradingsys.store.restoring import restore as restore_to
from tradingsys.store.sqlite import open_reader

__all__ = ["backup", "new_lineage", "restore"]


@Parameter(name="*")
@dataclass(frozen=True)
class Book:
    """Which one."""

    config: Annotated[Path | None, Parameter(name=["--config", "-c"])] = None
    "The gateway's configuration; unless a book is named, the first there is of usdt.json, spot.json, margin.json."
    db: Path | None = None
    "This book instead."
    json: Annotated[bool, Parameter(negative="")] = False
    "Print JSON."

    @property
    def path(self) -> Path:
        """Its file. Raises ConfigError for a configuration that cannot be used."""
        found = find_target(self.config, None, self.db).db
        assert found is not None
        return found


_BOOK = Book()
_NEXT_START = (
    "The next start takes it for a power cut: it waits until no earlier order can still arrive, looks for orders that "
    "the backup does not know, and reads every trade since."
)


class _Restored(Struct):
    db: Path
    contents: Contents | None
    kept: Path | None
    scan: tuple[str, ...]
    next_start: str


def backup(*, out: Annotated[Path | None, Parameter(name=["--out", "-o"])] = None, book: Book = _BOOK) -> int:
    """Copy the book, while its gateway runs or at rest, and prove the copy: it is whole, and its positions follow from
    its executions.

    Parameters
    ----------
    out:
        The copy's name, which nothing may have yet; without it, pos.db.manual-1.bak and so on beside the book.
    """
    db = book.path
    if not db.exists():
        raise NothingThere(f"there is no {db}")
    if out is not None and out.exists():
        raise ConfigError("is there already", file=str(out), hint="name another file")
    with reading(db):
        pass
    conn = open_reader(db)
    try:
        copy = back_up(conn, db, "manual") if out is None else copy_to(conn, out)
    finally:
        conn.close()
    contents = check_copy(copy)
    if book.json:
        _print_json({"backup": copy, "bytes": copy.stat().st_size, "contents": contents})
    else:
        _print(f"{copy}: {copy.stat().st_size:,} bytes, {_told(contents)}")
    return OK


def restore(copy: Path, /, *, book: Book = _BOOK) -> int:
    """Put a backup in the place of the book, whose gateway must not be running.

    The backup is proven first, and the present file is kept under another name. What was traded since the backup is
    read from the exchange when the gateway starts.

    Parameters
    ----------
    copy:
        The backup.
    """
    db = book.path
    done = restore_to(copy, db)
    scan = tuple(symbol.lower() for symbol in done.unknown_symbols)
    if book.json:
        _print_json(_Restored(db, done.contents, done.kept, scan, _NEXT_START))
        return OK
    _print(f"{db} is now {copy}: {_told(done.contents)}")
    if done.kept is not None:
        _print(f"The file before is kept as {done.kept}.")
    _print(_NEXT_START)
    if scan:
        _print(f"Start it with --scan {' '.join(scan)}: these were first traded since.")
    else:
        _print("If symbols were first traded since, name them at that start: --scan SYMBOL…")
    return OK


def new_lineage(*, book: Book = _BOOK) -> int:
    """Make a copied book one of its own, whose gateway must not be running.

    Every order carries the lineage of its book. Two gateways with copies of one book take each other's orders for their
    own, until they notice and halt. With a new lineage what the other one trades is EXTERNAL's here. A backup is made
    first.
    """
    db = book.path
    if not db.exists():
        raise NothingThere(f"there is no {db}")
    done = begin_lineage(db, secrets.randbits(30))
    if book.json:
        _print_json({"db": db, **msgspec.structs.asdict(done), "next_start": _NEXT_START})
        return OK
    _print(f"{db}: lineage {done.before} is now lineage {done.lineage}; {done.backup} is as it was.")
    _print(
        "Sessions hold here what they held. If a gateway goes on with the other copy they hold it there, too, and one "
        "of the two is wrong: tradingsys pos set."
    )
    _print(f"Orders that are open, as far as this book knows: {done.open_orders}. Both copies book what they execute.")
    _print("An account that was halted for a copied book stays so until: tradingsys resume --account.")
    _print(_NEXT_START.replace("the backup does", "this copy does"))
    return OK


def _told(contents: Contents | None) -> str:
    if contents is None:
        return "a book of an older format, whole"
    newest = "no execution"
    if contents.newest_ms:
        moment = datetime.fromtimestamp(contents.newest_ms // 1000, UTC)
        newest = f"the latest of {moment:%Y-%m-%d %H:%M:%S} UTC"
    return f"{contents.orders:,} orders, {contents.fills:,} executions, {newest}; its positions follow from them"


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")


def _print_json(told: object) -> None:
    _print(msgspec.json.format(msgspec.json.encode(told, enc_hook=str), indent=2).decode())
