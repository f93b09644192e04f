"""The fenced examples of docs/protocol.md, each with the type its heading names."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

DOC = Path(__file__).resolve().parents[3] / "docs" / "protocol.md"

_BLOCK = re.compile(r"^#{2,4} (?P<heading>[^\n]*)$|^```json\n(?P<json>.*?)^```$", re.MULTILINE | re.DOTALL)
_TYPE = re.compile(r"`([A-Z]\w+)`")


class Example(NamedTuple):
    type_name: str
    text: str


def read_examples() -> list[Example]:
    """Raises ValueError for an example under a heading that names no type."""
    examples: list[Example] = []
    heading = ""
    for block in _BLOCK.finditer(DOC.read_text("utf-8")):
        if block["heading"] is not None:
            heading = block["heading"]
            continue
        named = _TYPE.search(heading)
        if named is None:
            raise ValueError(f"the heading {heading!r} names no type")
        examples.append(Example(named[1], block["json"]))
    return examples
