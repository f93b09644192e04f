"""Values as columns of pos.db, and back."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TypeVar

import msgspec

from tradingsys.store.edits import plain
from tradingsys.store.soundness import misplaced
from tradingsys.store.sqlite import SqlValue

__all__ = ["from_json", "number", "optional_number", "optional_text", "plain_or_null", "to_json", "whole"]

T = TypeVar("T")

_encode = msgspec.json.Encoder().encode


def to_json(value: object) -> str | None:
    """A column for what has parts; None stays None."""
    return None if value is None else _encode(value).decode()


def from_json(decode: Callable[[str], T], text: SqlValue, table: str, row: str, column: str) -> T:
    """Raises ConfigError for what we never wrote."""
    try:
        return decode(str(text))
    except msgspec.DecodeError as error:
        raise misplaced(None, table, row, f"{column} cannot be read: {error}") from None


def plain_or_null(amount: Decimal | None) -> str | None:
    """A column for a number that may be missing."""
    return None if amount is None else plain(amount)


def number(value: SqlValue) -> Decimal:
    """A column that holds an exact number."""
    return Decimal(str(value))


def optional_number(value: SqlValue) -> Decimal | None:
    """The same, where it may be missing."""
    return None if value is None else number(value)


def optional_text(value: SqlValue) -> str | None:
    """A column that holds words, or nothing."""
    return None if value is None else str(value)


def whole(value: SqlValue) -> int:
    """A column that holds whole numbers."""
    assert isinstance(value, int)
    return value
