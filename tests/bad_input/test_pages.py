"""The exit codes and error replies of the table are those that the pages tell, and the pages tell no others."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.bad_input import table_book, table_config, table_reach, table_wire
from tests.bad_input.case import Case
from tradingsys.cli import exits
from tradingsys.cli.app import app
from tradingsys.wire.messages import ErrorCode

DOCS = Path(__file__).resolve().parents[2] / "docs"
PROCESSES: tuple[Case[Any], ...] = (*table_config.CASES, *table_book.CASES, *table_reach.CASES)
ENDED_BY_OTHERS = {130, 141}
"""Ctrl-C, and a reader that is gone: no input is bad there."""


def told(page: str, title: str = "exit code") -> set[int]:
    """The first column of a page's table of codes."""
    text = (DOCS / page).read_text("utf-8")
    table = re.search(rf"^\| {title} \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", text, re.MULTILINE)
    assert table, f"{page} has no table of codes"
    return {int(code) for code in re.findall(r"^\| (-?\d+) \|", table[1], re.MULTILINE)}


def test_exit_codes() -> None:
    known = {exits.OK, exits.FAILURE, exits.USAGE, exits.NOTHING}
    assert {case.code for case in PROCESSES} == known, "one of them is not tried"
    known.add(exits.UNCONFIRMED)  # Nothing is wrong with what was asked for.
    assert told("commands.md") - ENDED_BY_OTHERS == known
    assert told("errors.md") - ENDED_BY_OTHERS == known
    assert isinstance(app.help_epilogue, str)
    assert {int(code) for code in re.findall(r"\b(\d) ", app.help_epilogue.partition("Exit codes:")[2])} == known


def test_error_replies() -> None:
    codes = {int(case.code) for case in table_wire.CASES if case.code < -10_000}
    assert told("protocol.md", "code") == {int(code) for code in ErrorCode}
    # What only other situations bring about: starting, halts, limits, lost connections.
    elsewhere = {
        ErrorCode.DENIED,
        ErrorCode.NOT_READY,
        ErrorCode.HALTED,
        ErrorCode.DISCONNECTED,
        ErrorCode.UNDEFINED,
    }
    assert codes | {int(code) for code in elsewhere} == {int(code) for code in ErrorCode}


@pytest.mark.parametrize("cases", [PROCESSES, table_wire.CASES], ids=["processes", "port"])
def test_every_row_has_a_name_of_its_own_and_says_something(cases: tuple[Case[Any], ...]) -> None:
    assert len({case.name for case in cases}) == len(cases)
    assert sum(not case.says for case in cases) <= 6
