"""Every page can be followed: its commands typed from top to bottom, and what it shows is what comes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.documents.blocks import blocks, check_of
from tests.documents.desk import Desk, Shown, commands
from tests.process.world import eventually

TRANSCRIPT = "docs/commands.md"
"""Shows what its commands print, and so needs a desk that nobody traded at."""
GUIDE = "docs/guide.md"
"""Loses all the account's money, and so needs an account of its own."""
OTHERS = sorted({block.page for block in blocks() if block.language == "shell"} - {TRANSCRIPT, GUIDE})


@pytest.fixture
def untouched(tmp_path: Path) -> Iterator[Desk]:
    with Desk.ready(tmp_path) as desk:
        hold(desk, "usdt", "10")
        hold(desk, "spot", "9.99")
        yield desk


def hold(desk: Desk, name: str, net: str) -> None:
    """Leave a position and an order behind, at the gateway of a configuration."""
    address = json.loads((desk.world.directory / f"{name}.json").read_text())["local"]
    holder = desk.world.start("holder", "-m", "tests.process.programs.holder", address, "1")
    eventually("a position and an order", lambda: f'"net": {net}' in holder.out and '"open": [[' in holder.out)
    holder.kill()


def test_the_commands_print_what_their_page_shows(untouched: Desk) -> None:
    follow(untouched, TRANSCRIPT)


def test_the_guide_can_be_followed(untouched: Desk) -> None:
    follow(untouched, GUIDE)


@pytest.mark.parametrize("page", OTHERS)
def test_a_page_can_be_followed(desk: Desk, page: str) -> None:
    follow(desk, page)


def follow(desk: Desk, page: str) -> None:
    shown: list[Shown] = []
    for block in (block for block in blocks() if block.page == page):
        try:
            match check_of(block):
                case "shell":
                    parse_only = Desk.parse if block.why_not else desk.type
                    shown = [parse_only(words) for words in commands(block.text)]
                case "sql":
                    for statement in block.text.split(";"):
                        desk.query(statement)
                case "output":
                    assert_printed(block.text, shown)
                case "answer":
                    assert_answered(desk, json.loads(block.text), shown)
        except AssertionError as error:
            raise AssertionError(f"{block.place}: {error}") from error


def assert_printed(told: str, shown: list[Shown]) -> None:
    """One of the commands before printed this, but for numbers, ids and the width of columns."""
    printed = [text for each in shown for text in (each.out, each.err)]
    if told.startswith("ok "):  # the doctor: how each thing is depends on the machine
        wanted, *found = [set(re.findall(r"^\w+ +([a-z-]+) ", text, re.MULTILINE)) for text in (told, *printed)]
        assert any(wanted <= checks for checks in found), (wanted, found)
    else:
        assert faceless(told) in map(faceless, printed), (faceless(told), *map(faceless, printed))


def faceless(text: str) -> str:
    """A text without what is another one every time."""
    text = re.sub(r"Below number \d+ nothing can change any more\.", "", text)
    text = re.sub(r"lineage \w+|\bT\w{5}-\d+-\S+|main-\d+", "ID", text)
    text = re.sub(r"[+-]?\d[\d.,]*(?<=\d)", "#", text)
    text = re.sub(r"─+", "─", re.sub(r"#(-#)+", "#", text))
    return " ".join(text.split())


def assert_answered(desk: Desk, told: Any, shown: list[Shown]) -> None:
    """One of the commands before answers like this: with ``--json``, or by itself."""
    answers = []
    for each in shown:
        if each.words[0] == "curl":
            answers.append(json.loads(each.out))
        elif "--json" in each.words:
            answers.append(json.loads(each.out.splitlines()[-1]))
        else:
            answers.append(json.loads(desk.type([*each.words, "--json"]).out))
        if is_like(told, answers[-1]):
            return
    raise AssertionError((told, answers))


def is_like(told: Any, answer: Any) -> bool:
    """The same keys, the same kinds of values; of a list, every element told is like one of those there are."""
    match told, answer:
        case dict(), dict():
            return told.keys() == answer.keys() and all(is_like(told[key], answer[key]) for key in told)
        case list(), list():
            return all(any(is_like(one, other) for other in answer) for one in told)
        case _:
            return type(told) is type(answer)


@pytest.mark.parametrize(
    ("told", "answer", "alike"),
    [
        ({"a": 1}, {"a": 2}, True),
        ({"a": 1}, {"a": "1"}, False),
        ({"a": 1}, {"a": 1, "b": 1}, False),
        ([{"a": 1}], [{"b": 1}, {"a": 3}], True),
        ([{"a": 1}], [], False),
        ({"a": [{"x": "1"}]}, {"a": [{"x": "2"}, {"x": "3"}]}, True),
    ],
)
def test_likeness(told: Any, answer: Any, alike: bool) -> None:
    assert is_like(told, answer) is alike


def test_what_is_shown_is_compared_without_numbers_and_widths() -> None:
    assert faceless("net  10\n ────\n at 2026-11-21 15:04:21, fee 0.5") == faceless(
        "net 7 ─ at 2027-01-02 1:2:3, fee 0"
    )
    assert faceless("ready yes") != faceless("ready no")
