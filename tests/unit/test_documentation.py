"""What the documents say is true of the code: commands, keys, links, rooms."""

from __future__ import annotations

import inspect
import re
import shlex
import subprocess
import tomllib
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tradingsys.cli.app import app
from tradingsys.cli.sim import sim
from tradingsys.gateway.config import Config

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def named(document: Path) -> str:
    return str(document.relative_to(ROOT))


def blocks(document: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", document.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def commands(program: str) -> Iterator[list[str]]:
    """Every command of a program in the documents' shell examples, split as a shell would, comments left out."""
    for document in DOCUMENTS:
        for line in "".join(blocks(document, "shell")).splitlines():
            words = shlex.split(line, comments=True)
            if words[:1] == [program]:
                yield words[1:]


def makefile_targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


def test_every_make_command_of_the_documents_exists() -> None:
    told = {word for words in commands("make") for word in words if "=" not in word}
    assert {"demo", "test", "lint"} <= told
    assert told <= makefile_targets()


def test_make_help_names_every_target() -> None:
    shown = subprocess.run(["make", "help"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert set(re.findall(r"^  make ([a-z]+)", shown, re.MULTILINE)) == makefile_targets()


def test_ci_runs_the_commands_that_the_documents_ask_for() -> None:
    run = re.findall(r"^make (\w+)", (ROOT / ".ci" / "run").read_text("utf-8"), re.MULTILINE)
    assert run == ["test", "lint"]
    assert "make test" in blocks(ROOT / "README.md", "shell")[0]


@pytest.mark.parametrize("words", list(commands("tradingsys")), ids=" ".join)
def test_every_tradingsys_command_of_the_documents_is_understood(words: list[str]) -> None:
    app.parse_args(words, exit_on_error=False, print_error=False)


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_links_lead_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", document.read_text("utf-8"))
    missing = [link for link in links if "://" not in link and not (document.parent / link).exists()]
    assert not missing


def test_every_configuration_key_is_documented() -> None:
    pages = [ROOT / "README.md", ROOT / "docs" / "gateway.md", ROOT / "docs" / "configuration.md"]
    rows = {key for page in pages for key in re.findall(r"^\| `(\w+)` \|", page.read_text("utf-8"), re.MULTILINE)}
    assert rows >= {field.name for field in msgspec.structs.fields(Config)}


def test_every_option_of_the_simulator_is_documented() -> None:
    told = re.findall(r"^\| `(--[a-z-]+)` \|", (ROOT / "docs" / "simulator.md").read_text("utf-8"), re.MULTILINE)
    known = {f"--{name.replace('_', '-')}" for name in inspect.signature(sim).parameters}
    assert set(told) == known


def test_the_configuration_example_is_a_configuration() -> None:
    msgspec.json.decode(blocks(ROOT / "README.md", "json")[0].encode(), type=Config)


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_python_examples_compile(document: Path) -> None:
    for block in blocks(document, "python"):
        compile(block, named(document), "exec")


def test_the_picture_shows_the_rooms_that_the_import_contract_knows() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    rooms = {room for layer in contracts[0]["layers"] for room in layer.split(" | ")}
    picture = ET.parse(ROOT / "docs" / "architecture.svg")
    drawn: dict[float, set[str]] = {}
    for text in picture.iter("{http://www.w3.org/2000/svg}text"):
        if text.get("class") == "room":
            drawn.setdefault(float(text.get("y", "0")), set()).add(text.text or "")
    layers = [drawn[height] - {"pyalgo"} for height in sorted(drawn)]
    assert layers == [set(layer.split(" | ")) for layer in contracts[0]["layers"]]
    assert set().union(*drawn.values()) == rooms | {"pyalgo"}
