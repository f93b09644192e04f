"""What the exchange can answer, read from the pages that users read."""

from __future__ import annotations

import re
from pathlib import Path

from msgspec import Struct

__all__ = ["CODES", "STATUSES", "TRIED", "CodeRow"]

_DOCS = Path(__file__).resolve().parents[2] / "docs"


class CodeRow(Struct, frozen=True):
    """One code, as its page has it."""

    code: int
    text: str
    in_doubt: bool
    retry: str
    todo: str


def _read(text: str) -> tuple[CodeRow, ...]:
    rows = re.findall(r"^\| (-\d+) \| (.*?) \| (.*?) \| (.*?) \| (.*?) \|$", text, re.MULTILINE)
    return tuple(CodeRow(int(code), text, doubt == "**yes**", retry, todo) for code, text, doubt, retry, todo in rows)


_SPOT, _, _MARGIN = (_DOCS / "errors-spot.md").read_text("utf-8").partition("## Cross margin")
CODES = {
    "usdt": _read((_DOCS / "errors.md").read_text("utf-8")),
    "spot": _read(_SPOT),
    "margin": _read(_MARGIN),
}
"""By the names of the accounts' configurations."""
TRIED = {**CODES, "margin": tuple(row for row in CODES["margin"] if row not in CODES["spot"])}
"""What each account is told one after the other: margin's questions weigh so much that a minute has no room for more,
and what it has in common with spot, spot is told."""
_BOTH, _ASSETS = frozenset(CODES), frozenset({"spot", "margin"})
STATUSES: tuple[tuple[int, str, frozenset[str]], ...] = (
    (400, "a code of next year", frozenset()),
    (403, "<html>blocked by a firewall</html>", frozenset()),
    (408, "Timeout", _BOTH),
    (409, "half of it", _ASSETS),
    (410, "gone", frozenset()),
    (500, "oops", _BOTH),
    (502, "<html>bad gateway</html>", _BOTH),
    (503, "Service Unavailable.", _ASSETS),
    (503, "Unknown error, please check your request or try again later.", _BOTH),
    (504, "<html>gateway timeout</html>", _BOTH),
)
"""(status, message, where it proves nothing) of answers without a code that is known."""
