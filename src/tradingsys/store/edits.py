"""Edits of the table ``positions``: what a user wrote there compared with what the gateway wrote last."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import apsw
from msgspec import Struct

from tradingsys.core.errors import ConfigError
from tradingsys.core.ids import MAX_SESSION
from tradingsys.core.records import Edit
from tradingsys.store.sqlite import rows

__all__ = ["RowEdit", "find_edits", "parse_net", "plain", "read_edits"]

# No whitespace, underscores or digits of other scripts, all of which Decimal would take.
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
_MAX_MAGNITUDE = 30


class RowEdit(Struct, frozen=True):
    """A row of ``positions`` that is not what we wrote; None where there is no row."""

    session: int
    symbol: str
    """Upper case."""
    basis: str | None
    edited: str | None
    edited_from: str | None = None
    """The basis when the edit was noticed in a running gateway."""

    def __str__(self) -> str:
        change = f"{self.basis or 'no row'} to {self.edited or 'no row'}"
        return f"session_id {self.session}, symbol {self.symbol.lower()}: {change}"

    @property
    def moved_from(self) -> Decimal | None:
        """What the book said when the edit was noticed, if it moved on afterwards."""
        was = None if self.edited_from is None else Decimal(self.edited_from)
        return None if was == Decimal(self.basis or 0) else was


def find_edits(conn: apsw.Connection) -> list[RowEdit]:
    """All rows that differ from their basis in value, whatever their spelling."""
    found = rows(
        conn,
        "SELECT coalesce(p.session_id, b.session_id), coalesce(p.symbol, b.symbol), b.net, p.net, b.edited_from"
        " FROM positions p FULL JOIN positions_basis b ON b.session_id = p.session_id AND b.symbol = p.symbol"
        " WHERE p.net IS NOT b.net ORDER BY 1, 2",
    )
    edits: list[RowEdit] = []
    for session, symbol, basis, edited, edited_from in found:
        assert isinstance(session, int)
        edit = RowEdit(session, str(symbol).upper(), _text(basis), _text(edited), _text(edited_from))
        if not _is_same(edit.basis, edit.edited):
            edits.append(edit)
    return edits


def read_edits(conn: apsw.Connection, path: Path) -> tuple[Edit, ...]:
    """The edits, with numbers.

    Raises ConfigError naming the row when one cannot be a position.
    """
    return tuple(_checked(row, path) for row in find_edits(conn))


def parse_net(text: str) -> Decimal | None:
    """A net as SQL or a person writes it, exponents included; None when it is no finite number of sane size."""
    if not _NUMBER.fullmatch(text):
        return None
    net = Decimal(text)
    return net if not net or abs(net.adjusted()) <= _MAX_MAGNITUDE else None


def plain(net: Decimal) -> str:
    """A number as pos.db has it: without exponent."""
    return format(net, "f")


def _checked(row: RowEdit, path: Path) -> Edit:
    where = f"positions: session_id {row.session}, symbol {row.symbol.lower()!r}"
    if not 0 <= row.session <= MAX_SESSION:
        was = f"net = {row.basis}" if row.basis is not None else "no such row"
        raise ConfigError(
            f"session_id {row.session} is no session (0 to {MAX_SESSION})",
            file=str(path),
            key=where,
            hint=f"undo the edit, to {was}; what belongs to no session follows from the others",
        )
    if not row.symbol or any(letter.isspace() for letter in row.symbol):
        raise ConfigError(f"{row.symbol!r} is no symbol", file=str(path), key=where, hint="delete the row")
    edited = Decimal(0) if row.edited is None else parse_net(row.edited)
    if edited is None:
        hint = f"the gateway last wrote {row.basis}" if row.basis is not None else "the gateway never wrote this row"
        raise ConfigError(f"net is {row.edited!r}, which is no quantity", file=str(path), key=where, hint=hint)
    return Edit(row.session, row.symbol, Decimal(row.basis or 0), edited, row.moved_from)


def _is_same(basis: str | None, edited: str | None) -> bool:
    mine, theirs = parse_net(basis or "0"), parse_net(edited if edited is not None else "0")
    return mine is not None and mine == theirs


def _text(value: object) -> str | None:
    return None if value is None else str(value)
