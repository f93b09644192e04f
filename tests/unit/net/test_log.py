from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tradingsys.net import log as log_setup
from tradingsys.net.log import LEVELS, LogHandle, hide, setup

LOGGER = logging.getLogger("tradingsys.test")


@pytest.fixture
def handle(tmp_path: Path) -> Iterator[LogHandle]:
    handle = setup("prog", "info", tmp_path / "log", console=False)
    yield handle
    handle.close()


def written(handle: LogHandle, tmp_path: Path) -> list[str]:
    handle.close()
    (file,) = (tmp_path / "log").iterdir()
    assert re.fullmatch(r"prog_\d{8}\.log", file.name)
    return file.read_text().splitlines()


def test_a_line_names_time_place_and_level(handle: LogHandle, tmp_path: Path) -> None:
    LOGGER.warning("to look at: %d", 7)
    LOGGER.debug("not shown")
    (line,) = written(handle, tmp_path)
    assert re.fullmatch(r"\[\d\d:\d\d:\d\d\.\d{6} test_log\.py \d+ WARN\] to look at: 7", line)


def test_a_traceback_is_written_and_secrets_are_not(handle: LogHandle, tmp_path: Path) -> None:
    hide("s3cret")
    hide("")
    try:
        raise RuntimeError("with s3cret inside")
    except RuntimeError:
        LOGGER.exception("failed: %s", "s3cret")
    text = "\n".join(written(handle, tmp_path))
    assert "failed: ***" in text
    assert "RuntimeError: with *** inside" in text
    assert "s3cret" not in text


def test_a_new_day_is_a_new_file(handle: LogHandle, tmp_path: Path) -> None:
    for days in (0, 1):
        record = LOGGER.makeRecord(LOGGER.name, logging.INFO, "x.py", 1, "day %d", (days,), None)
        record.created = time.mktime((2026, 3, 1 + days, 12, 0, 0, 0, 0, -1))
        LOGGER.handle(record)
    handle.close()
    files = sorted((tmp_path / "log").glob("prog_202603*"))
    assert [file.name for file in files] == ["prog_20260301.log", "prog_20260302.log"]
    assert [file.read_text().split("] ")[1] for file in files] == ["day 0\n", "day 1\n"]


def test_a_place_where_nothing_can_be_written_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / f"prog_{time.strftime('%Y%m%d')}.log").mkdir()
    with pytest.raises(OSError, match="prog_"):
        setup("prog", "info", tmp_path / "log", console=False)


def test_a_disk_that_fails_later_is_told_once(
    handle: LogHandle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "log" / "prog_20260301.log").mkdir()
    for number in range(3):
        record = LOGGER.makeRecord(LOGGER.name, logging.INFO, "x.py", 1, "line %d", (number,), None)
        record.created = time.mktime((2026, 3, 1, 12, 0, 0, 0, 0, -1))
        LOGGER.handle(record)
    handle.close()
    assert capsys.readouterr().err.count("\n") == 1


def test_libraries_are_heard_from_warnings_on(handle: LogHandle, tmp_path: Path) -> None:
    logging.getLogger("another.package").info("chatter")
    logging.getLogger("another.package").warning("trouble")
    (line,) = written(handle, tmp_path)
    assert line.endswith("WARN] trouble")


def test_a_queue_that_nobody_empties_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_setup, "_MAX_QUEUED", 0)
    handle = setup("prog", "info", tmp_path / "log", console=False)
    LOGGER.warning("dropped")
    handle.close()
    assert written(handle, tmp_path) == []


def test_levels() -> None:
    assert list(LEVELS) == ["off", "error", "warn", "info", "debug", "trace"]
    with pytest.raises(ValueError, match="use one of off, error"):
        setup("prog", "loud", None)


def test_the_console_is_readable(capsys: pytest.CaptureFixture[str]) -> None:
    handle = setup("prog", "info", None)
    LOGGER.info("hello")
    handle.close()
    handle.close()
    assert re.fullmatch(r"\d\d:\d\d:\d\d INFO  hello\n", capsys.readouterr().err)
