"""The command line: its forms, its exit codes, and how fast it answers."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tradingsys import __version__
from tradingsys.cli.app import FAILURE, OK, USAGE, app, execute
from tradingsys.core.errors import ConfigError, StoreError, TradingError

HEAVY = ("aiohttp", "picows", "uvloop", "apsw", "cryptography", "structlog", "asyncio")
"""What only a running program needs; importing it would make ``--help`` slow."""


@pytest.mark.parametrize(
    "form",
    [
        ["-c=usdt.json", "-l=debug"],
        ["-c", "usdt.json", "-l", "debug"],
        ["--config=usdt.json", "--level=debug"],
        ["--config", "usdt.json", "--level", "debug"],
    ],
)
def test_options_work_in_every_form_the_original_took(form: list[str]) -> None:
    command, bound, _ = app.parse_args(["usdt", *form], exit_on_error=False)
    assert command.__name__ == "usdt"
    assert bound.arguments == {"config": Path("usdt.json"), "level": "debug"}


def test_the_level_is_info_unless_named() -> None:
    _, bound, _ = app.parse_args(["usdt", "-c=usdt.json"], exit_on_error=False)
    bound.apply_defaults()
    assert bound.arguments["level"] == "info"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["usdt"], "--config"),
        (["usdt", "-c=usdt.json", "-l=loud"], '"loud"'),
        (["usdt", "-c=usdt.json", "--speed=3"], "--speed"),
        (["sport"], '"sport"'),
        (["sim", "--port=65535"], "--port"),
        (["sim", "--port=-5"], "--port"),
        (["sim", "--speed=0"], "--speed"),
        (["sim", "--speed=nan"], "--speed"),
        (["sim", "--speed=inf"], "--speed"),
        (["sim", "--deposit=lots"], "--deposit"),
        (["sim", "--deposit=NaN"], "--deposit"),
        (["sim", "--deposit=-5"], "--deposit"),
        (["sim", f"--write-config={__file__}"], "--write-config"),
    ],
)
def test_a_wrong_command_line_says_so_and_exits_with_2(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute(arguments) == USAGE
    captured = capsys.readouterr()
    assert told in captured.err
    assert captured.out == ""


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigError("no such key", file="usdt.json", key="apikye", hint="did you mean apikey?"), USAGE),
        (StoreError("pos.db is used by another gateway"), FAILURE),
        (PermissionError(13, "Permission denied", "log"), FAILURE),
    ],
)
def test_an_error_is_one_readable_line(
    error: TradingError | OSError, code: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_config: Path, _level: str, _scan: Sequence[str]) -> int:
        raise error

    monkeypatch.setattr("tradingsys.gateway.main.run", fail)
    assert execute(["usdt", "-c=usdt.json"]) == code
    assert capsys.readouterr().err == f"tradingsys: {error}\n"


def test_a_mistyped_key_is_named_with_the_one_that_was_meant(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "usdt.json"
    path.write_text('{"apikye": "k", "pem": "private_key.pem", "local": "ws://localhost:8111"}')
    assert execute(["usdt", f"-c={path}"]) == USAGE
    assert capsys.readouterr().err == f"tradingsys: {path}: apikye: unknown key (did you mean apikey?)\n"
    assert execute(["usdt", f"-c={tmp_path / 'missing.json'}"]) == USAGE
    assert "missing.json: cannot be read: No such file or directory" in capsys.readouterr().err


def test_version_and_help_go_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["--version"]) == OK
    assert capsys.readouterr().out.strip() == __version__
    assert execute(["--help"]) == OK
    text = capsys.readouterr().out
    assert all(f"tradingsys {command}" in text for command in ("demo", "sim", "usdt"))


def test_help_imports_nothing_that_only_a_running_program_needs() -> None:
    script = f"""
import sys
from tradingsys.cli.app import execute
assert execute(["--help"]) == 0
heavy = [name for name in {HEAVY!r} if name in sys.modules]
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", script], check=True, stdout=subprocess.DEVNULL)


def test_the_package_runs_as_a_module() -> None:
    command = [sys.executable, "-m", "tradingsys", "--version"]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip() == __version__
