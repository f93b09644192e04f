"""What the exchange can answer, read from the page that users read."""

from __future__ import annotations

import re
from pathlib import Path

from msgspec import Struct

__all__ = ["CODES", "STATUSES", "CodeRow"]

_PAGE = Path(__file__).resolve().parents[2] / "docs" / "errors.md"


class CodeRow(Struct, frozen=True):
    """One code, as docs/errors.md has it."""

    code: int
    text: str
    in_doubt: bool
    retry: str
    todo: str


def _read() -> tuple[CodeRow, ...]:
    rows = re.findall(r"^\| (-\d+) \| (.*?) \| (.*?) \| (.*?) \| (.*?) \|$", _PAGE.read_text("utf-8"), re.MULTILINE)
    return tuple(CodeRow(int(code), text, doubt == "**yes**", retry, todo) for code, text, doubt, retry, todo in rows)


CODES = _read()
STATUSES: tuple[tuple[int, str, bool], ...] = (
    (400, "a code of next year", False),
    (403, "<html>blocked by a firewall</html>", False),
    (408, "Timeout", True),
    (410, "gone", False),
    (500, "oops", True),
    (502, "<html>bad gateway</html>", True),
    (503, "Service Unavailable.", False),
    (503, "Unknown error, please check your request or try again later.", True),
    (504, "<html>gateway timeout</html>", True),
)
"""(status, message, in doubt?) of answers without a code that is known."""
