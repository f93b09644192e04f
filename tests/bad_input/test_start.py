"""Commands with what cannot be used, each in a process of its own: cause, fix, exit code; and nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest
from msgspec import Struct

from tests.bad_input import table_book, table_config
from tests.bad_input.case import Case
from tests.bad_input.exchange import Exchange
from tests.bad_input.launcher import Launched, Launcher
from tests.bad_input.start_place import StartPlace

CASES = {case.name: case for case in (*table_config.CASES, *table_book.CASES)}
AT_ONCE = 8
LONGEST_S = 15.0


class Outcome(Struct):
    place: StartPlace
    process: Launched
    before: object
    names: set[str]
    """Of the files that were there."""


def content(db: Path) -> object:
    """Everything in a book; its bytes where they are no database."""
    if not db.is_file():
        return db.exists()
    conn = apsw.Connection(str(db), flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        names = conn.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY 1").fetchall()
        # That it was started may be noted; nothing else.
        kept = [name for (name,) in names if name not in ("epochs", "meta")]
        return [(name, conn.execute(f'SELECT * FROM "{name}"').fetchall()) for name in kept]
    except apsw.Error:
        return db.read_bytes()
    finally:
        conn.close()


@pytest.fixture(scope="module")
def outcomes(
    request: pytest.FixtureRequest,
    launcher: Launcher,
    traded: tuple[Exchange, Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[str, Outcome]]:
    """Every row that is to be tested, some at a time."""
    found: dict[str, Outcome] = {}
    wanted = dict.fromkeys(name for item in request.session.items for name in _rows(item))
    running: list[Outcome] = []
    for name in wanted:
        folder = tmp_path_factory.mktemp("start") / "here"
        folder.mkdir()
        place = StartPlace(folder, *traded)
        CASES[name].provoke(place)
        before = None if "locked" in name else content(place.db)
        names = {path.name for path in folder.iterdir()}
        outcome = found[name] = Outcome(place, launcher.start(folder, *place.arguments), before, names)
        running.append(outcome)
        if len(running) >= AT_ONCE:
            _finish(running.pop(0))
    for outcome in running:
        _finish(outcome)
    yield found


def _rows(item: pytest.Item) -> list[str]:
    """The row that a test of this module is about."""
    if not isinstance(item, pytest.Function) or item.module.__name__ != __name__:
        return []
    return [name for name in CASES if item.name.endswith(f"[{name}]")]


def _finish(outcome: Outcome) -> None:
    outcome.process.wait_or_kill(LONGEST_S)
    outcome.place.cleanup.close()


@pytest.mark.parametrize("name", CASES)
def test_what_cannot_be_used(name: str, outcomes: dict[str, Outcome]) -> None:
    case: Case[StartPlace] = CASES[name]
    outcome = outcomes[name]
    told = outcome.process.err
    assert [word for word in case.says if word not in told] == [], told
    assert outcome.process.code == case.code, told
    assert "Traceback" not in told
    assert outcome.process.out == ""
    if outcome.before is not None:
        assert content(outcome.place.db) == outcome.before, "the book was changed"
    if name.startswith(("configuration", "key file")):
        left = {path.name for path in outcome.place.folder.iterdir() if not path.name.startswith("pos.db")}
        assert left <= outcome.names, "it left something behind"


@pytest.mark.parametrize("name", [name for name in CASES if name.startswith("key file: ") and "not" not in name])
def test_no_part_of_a_key_is_ever_shown(name: str, outcomes: dict[str, Outcome]) -> None:
    outcome = outcomes[name]
    lines = outcome.place.key.read_text("utf-8", "ignore").splitlines()[1:-1]
    assert not any(line in outcome.process.err for line in lines)


def test_every_column_of_the_book_is_either_checked_or_free_text() -> None:
    every = {f"{table}.{column}" for table, column, _ in table_book.columns()}
    assert every >= table_book.UNCHECKED
    tried = {name.partition("UPDATE OR REPLACE ")[2].partition(" =")[0].replace(" SET ", ".") for name in CASES}
    assert every - table_book.UNCHECKED <= tried
