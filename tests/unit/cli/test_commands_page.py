"""docs/commands.md and docs/configuration.md against the commands and keys there are."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cyclopts import App

from tradingsys.cli.app import app
from tradingsys.cli.assets import LoanDone, MarginReport
from tradingsys.cli.doctor.findings import Finding
from tradingsys.cli.record.command import _Summary
from tradingsys.gateway.configuration.config import Config, Urls, load
from tradingsys.gateway.configuration.port_config import TlsConfig
from tradingsys.gateway.configuration.session_config import LimitsConfig, SessionConfig
from tradingsys.oms.limits import AccountLimits
from tradingsys.wire.operator import (
    AssetView,
    Explanation,
    GatewayView,
    LimitView,
    SessionFill,
    SessionOrder,
    SessionPositionView,
    SessionView,
    SetPositionResult,
    StoppingView,
)

KINDS = (Config, Urls, TlsConfig, LimitsConfig, AccountLimits, SessionConfig)
DOCS = Path(__file__).resolve().parents[3] / "docs"
COMMANDS = (DOCS / "commands.md").read_text("utf-8")
CONFIGURATION = (DOCS / "configuration.md").read_text("utf-8")
COMMON = "Watching and correcting"
ANSWERS: dict[str, Any] = {
    "status": GatewayView,
    "sessions": list[SessionView],
    "limits": list[LimitView],
    "orders": list[SessionOrder],
    "fills": list[SessionFill],
    "positions": list[SessionPositionView],
    "explanation": Explanation,
    "set": SetPositionResult,
    "assets": list[AssetView],
    "margin": MarginReport,
    "loan": LoanDone,
    "stopping": StoppingView,
}


def sections() -> dict[str, str]:
    parts = re.split(r"^## (.*)$", COMMANDS, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def json_blocks(text: str) -> list[str]:
    return re.findall(r"^```json\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def commands(parent: App = app, prefix: str = "tradingsys") -> Iterator[tuple[str, App]]:
    """Every command that does something, by its full name."""
    for name in parent:
        if name.startswith("-"):
            continue
        command, full = parent[name], f"{prefix} {name}"
        if command.default_command is None:
            yield from commands(command, full)
        else:
            yield full, command


ALL = dict(commands())


def test_there_is_a_section_for_each_command_and_none_besides() -> None:
    assert {name for name in sections() if name != COMMON} == set(ALL)
    assert {"tradingsys pos set", "tradingsys doctor", "tradingsys sim"} <= set(ALL)


@pytest.mark.parametrize("name", ALL)
def test_every_option_is_described(name: str) -> None:
    section = sections()[name]
    rows = re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
    own = {match for row in rows for match in re.findall(r"`(.*?)`", row)}
    shared = set(re.findall(r"^\| `(--[a-z-]+)`", sections()[COMMON], re.MULTILINE)) | {"-c"}
    known: set[str] = set()
    for argument in ALL[name].assemble_argument_collection():
        names = {each for each in argument.names if not each.startswith("--no-") and each != "*"}
        # What may be given by its place alone is called as the help calls it.
        positional = [each for each in names if each.startswith("--") and each.strip("-").upper() in own]
        known |= {each.strip("-").upper() for each in positional} if positional else names
    assert known, name
    watches = ALL[name].default_command.__module__ in (
        "tradingsys.cli.operating",
        "tradingsys.cli.assets",
        "tradingsys.cli.limits",
        "tradingsys.cli.stopping",
    )
    assert known <= own | (shared if watches else set()), known - own
    options = {each for each in own if re.fullmatch(r"--?[a-z][a-z-]*", each)}
    assert options <= known, options - known


@pytest.mark.parametrize("name", ALL)
def test_every_command_has_an_example_that_its_help_shows_too(name: str) -> None:
    assert re.search(rf"^```shell\n{name}", sections()[name], re.MULTILINE)
    epilogue = ALL[name].help_epilogue
    assert isinstance(epilogue, str) and "Example" in epilogue
    for line in re.findall(r"^    tradingsys (.*)$", epilogue, re.MULTILINE):
        app.parse_args(shlex.split(line), exit_on_error=False, print_error=False)


@pytest.mark.parametrize("block", json_blocks(COMMANDS))
def test_every_json_example_is_what_the_command_prints(block: str) -> None:
    answer = msgspec.json.decode(block)
    if "checks" in answer:
        msgspec.convert(answer["checks"], list[Finding])
    elif "snapshots" in answer:
        msgspec.convert(answer, _Summary)
    else:
        assert set(answer.pop("source")) == {"kind", "name", "note"}
        ((name, value),) = answer.items()
        msgspec.convert(value, ANSWERS[name])


def test_every_answer_has_an_example() -> None:
    shown = {key for block in json_blocks(COMMANDS) for key in msgspec.json.decode(block)}
    assert set(ANSWERS) | {"checks", "streams"} <= shown


def test_every_key_of_the_configuration_has_a_row_with_an_example_that_is_one() -> None:
    rows = re.findall(r"^\| `(\w+)` \|.*\| (.*?) \|$", CONFIGURATION, re.MULTILINE)
    keys = {field.name for kind in KINDS for field in msgspec.structs.fields(kind)}
    assert {key for key, _ in rows} == keys
    for key, example in rows:
        found = re.fullmatch(r"`(.*)`", example)
        if found is None:
            assert key == "urls"
            continue
        value = msgspec.json.decode(found[1])
        kind = next(kind for kind in KINDS if key in kind.__struct_fields__)
        field_type = {field.name: field.type for field in msgspec.structs.fields(kind)}[key]
        msgspec.convert(value, field_type)


def test_the_defaults_told_are_those_of_the_code() -> None:
    for field in msgspec.structs.fields(Config):
        row = re.search(rf"^\| `{field.name}` \| .*? \| .*? \| (.*?) \|", CONFIGURATION, re.MULTILINE)
        assert row is not None
        if not field.required and field.default is not None:
            value = field.default_factory() if field.default is msgspec.NODEFAULT else field.default
            assert field.name == "limits" or row[1] == f"`{msgspec.json.encode(value).decode()}`"


@pytest.mark.parametrize(
    ("title", "kind"),
    [("## Limits", LimitsConfig), ("Keys inside `account`", AccountLimits), ("## Sessions", SessionConfig)],
)
def test_the_defaults_of_limits_and_sessions_are_those_of_the_code(title: str, kind: type[msgspec.Struct]) -> None:
    section = CONFIGURATION.split(f"\n{title}")[-1].split("\n\n## ")[0].split("\n\nKeys inside `account`")[0]
    rows = dict(re.findall(r"^\| `(\w+)` \|(?:.*\|)? ([^|]*) \| `[^|]*` \|$", section, re.MULTILINE))
    known = msgspec.to_builtins(kind(), builtin_types=(Decimal,))
    assert ("account" in known) == (rows.pop("account", None) is not None)
    known.pop("account", None)
    told = {key: json.loads(value.strip("`")) for key, value in rows.items()}
    assert told == json.loads(json.dumps(known, default=float))


@pytest.mark.parametrize("block", json_blocks(CONFIGURATION))
def test_every_configuration_example_can_be_loaded(block: str, tmp_path: Path) -> None:
    path = tmp_path / "usdt.json"
    path.write_text(block)
    load(path)
