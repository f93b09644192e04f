"""What the documents say is true of the code: commands, keys, links, rooms."""

from __future__ import annotations

import contextlib
import re
import subprocess
import tomllib
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from cyclopts import MissingArgumentError

from tests.documents.blocks import PAGES, ROOT, blocks
from tests.documents.desk import commands as typed
from tradingsys.cli.app import app
from tradingsys.sim.admin import CALLS
from tradingsys.sim.admin_spot import SPOT_READS
from tradingsys.sim.chaos.layer import Chaos
from tradingsys.sim.chaos.operator import calls as chaos_calls


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


def commands(program: str) -> Iterator[list[str]]:
    """Every command of a program in the documents' shell examples, split as a shell would, comments left out."""
    for block in blocks():
        if block.language == "shell":
            yield from (words[1:] for words in typed(block.text) if words[0] == program)


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
    first = next(block for block in blocks() if block.page == "README.md")
    assert "make test" in first.text


PLACEHOLDERS = {"FILE": "x.json", "SESSION": "1", "SYMBOL": "btcusdt", "SYMBOL…": "btcusdt", "NET": "0", "…": ""}


def mentioned() -> set[str]:
    """Commands in the text of the pages, between backticks, with something in place of what is to be filled in."""
    text = " ".join(re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.M | re.S) for page in PAGES)
    spans = re.findall(r"`(tradingsys [^`]+)`", re.sub(r"\s+", " ", text))
    return {" ".join(PLACEHOLDERS.get(word, word) for word in span.split()) for span in spans if "|" not in span}


@pytest.mark.parametrize("command", sorted(mentioned()))
def test_every_command_that_a_sentence_mentions_is_understood(command: str) -> None:
    words = command.split()[1:]
    assert words[0] in app
    with contextlib.suppress(MissingArgumentError):  # a sentence may leave out what matters not to it
        app.parse_args(words, exit_on_error=False, print_error=False)


@pytest.mark.parametrize("words", list(commands("tradingsys")), ids=" ".join)
def test_every_tradingsys_command_of_the_documents_is_understood(words: list[str]) -> None:
    app.parse_args(words, exit_on_error=False, print_error=False)


def anchor(heading: str) -> str:
    """What a heading is called in links, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def anchors(page: Path) -> set[str]:
    return {anchor(heading) for heading in re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.MULTILINE)}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_lead_somewhere(page: Path) -> None:
    missing = []
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        path, _, place = link.partition("#")
        target = page.parent / path if path else page
        if "://" not in link and not (target.exists() and (not place or place in anchors(target))):
            missing.append(link)
    assert not missing


def test_the_readme_leads_to_every_page() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    pages = [
        page for page in PAGES if page.parent == ROOT / "docs" or (page.parent == ROOT and page.name != "README.md")
    ]
    assert not [named(page) for page in pages if f"({named(page)})" not in readme]


def test_every_option_of_the_simulator_is_documented() -> None:
    told = re.findall(r"^\| `(--[a-z-]+)` \|", (ROOT / "docs" / "simulator.md").read_text("utf-8"), re.MULTILINE)
    known = {argument.name for argument in app["sim"].assemble_argument_collection() if argument.show}
    assert set(told) == known


def test_every_call_of_the_operator_is_documented_and_none_besides() -> None:
    page = (ROOT / "docs" / "simulator.md").read_text("utf-8")
    rows = re.findall(r"^\| (`(?:GET|POST) /admin/.*?) \|", page, re.MULTILINE)
    known = {*CALLS, *SPOT_READS, *chaos_calls(cast(Chaos, None))}
    assert {tuple(call.split()) for row in rows for call in re.findall(r"`(.*?)`", row)} == known
    typed = set(re.findall(r"^curl localhost:8100(/admin/\w+)[^\n]*-d", page, re.MULTILINE))
    assert typed == {path for method, path in known if method == "POST"}, "each lever has an example"


@pytest.mark.parametrize("page", [ROOT / "CONTRIBUTING.md", ROOT / "docs" / "architecture.md"], ids=named)
def test_every_folder_of_tests_is_described(page: Path) -> None:
    told = set(re.findall(r"^\| `tests/(\w+)` \|", page.read_text("utf-8"), re.MULTILINE))
    assert told == {path.parent.name for path in (ROOT / "tests").glob("*/__init__.py")}


def test_every_decision_is_listed_with_its_title() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = (folder / "README.md").read_text("utf-8")
    for page in folder.glob("[0-9]*.md"):
        number, title = page.read_text("utf-8").partition("\n")[0].removeprefix("# ").split(": ", 1)
        assert f"| [{number}]({page.name}) | {title} |" in listed


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
