"""The fenced blocks of the documents, and which of the tests here is responsible for each.

Whoever writes a block needs to know three things. Its language decides what is done with it:

* ``shell``: every line is typed, from the top of the page to its bottom, in a directory with a running simulator and
  gateway (`tests.documents.typing`). Addresses of the pages are replaced by those of the test.
* ``text``, ``json`` and ``sql`` after it: what the last line printed, or answered with ``--json``; what may be asked of
  the book.
* ``python``: a program that ends in ``run()`` runs by itself; anything else runs inside of one that has ``eng``,
  ``session`` and ``sub`` (`tests.documents.test_python`).

A block that cannot be run where tests run is marked in the line above it: ``<!-- not run: why -->``. Then it is only
parsed. A block that nobody is responsible for fails `test_coverage`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

__all__ = ["PAGES", "ROOT", "Block", "blocks", "check_of", "read"]

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])

_FENCE = re.compile(r"^(?P<indent> *)(?P<fence>```+|~~~+)(?P<language>[^\n`]*)$")
_NOT_RUN = re.compile(r"^<!-- not run: (?P<why>.+) -->$")


class Block(NamedTuple):
    """One fenced block; ``why_not`` is empty where it is to be run."""

    page: str
    line: int
    language: str
    section: str
    why_not: str
    text: str

    @property
    def place(self) -> str:
        """Where to find it."""
        return f"{self.page}:{self.line}"


def blocks() -> list[Block]:
    """Every block of every page."""
    return [block for page in PAGES for block in read(str(page.relative_to(ROOT)), page.read_text("utf-8"))]


def read(page: str, text: str) -> Iterator[Block]:
    """The blocks of one page. Raises ValueError for one that does not end."""
    lines = text.splitlines()
    section, number = "", 0
    while number < len(lines):
        line = lines[number]
        opened = _FENCE.match(line)
        if opened is None:
            if line.startswith("#"):
                section = line.lstrip("# ")
            number += 1
            continue
        above = next((line.strip() for line in reversed(lines[:number]) if line.strip()), "")
        marked = _NOT_RUN.match(above)
        try:
            end = next(at for at in range(number + 1, len(lines)) if lines[at].strip() == opened["fence"])
        except StopIteration:
            raise ValueError(f"{page}:{number + 1}: this block does not end") from None
        body = "".join(line[len(opened["indent"]) :] + "\n" for line in lines[number + 1 : end])
        yield Block(page, number + 1, opened["language"].strip(), section, marked["why"] if marked else "", body)
        number = end + 1


_PROTOCOL = "docs/protocol.md"
_FLOW = "→ login →"


def check_of(block: Block) -> str | None:
    """The test that is responsible for a block; None for none, which is an error."""
    match block.language:
        case "shell":
            return "shell"
        case "python":
            return "python"
        case "sql":
            return "sql"
        case "json" if block.page == _PROTOCOL:
            return "wire"
        case "json" if '"apikey"' in block.text:
            return "configuration"
        case "json":
            return "answer"
        case "text" if block.page == _PROTOCOL and _FLOW in block.text:
            return "flow"
        case "text":
            return "output"
        case _:
            return None
