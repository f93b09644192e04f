"""Programs in the original's style use the original's names, and nothing else of this package."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.documents.blocks import ROOT
from tests.shared_data import SHARED, requires_shared
from tests.unit.pyalgo.test_original_api import ATTRIBUTES, MEMBERS, SIGNATURES

PROGRAMS = [ROOT / "examples" / f"{name}.py" for name in ("demo", "kline", "pair", "safe_demo")]

EXPORTED = {name.partition(".")[0] for name in (*SIGNATURES, *MEMBERS, *ATTRIBUTES)} - {"PremiumIndex", "Position"}
"""By the original: the two exist there, but a star import does not bring them."""
MEMBER_NAMES = {
    *(name.partition(".")[2] for name in SIGNATURES),
    *(member for words in MEMBERS.values() for member in words.split()),
    *(attribute for attributes in ATTRIBUTES.values() for attribute in attributes),
    *("on_data", "on_order"),
} - {"", "order_time", "order_dt"}
PARAMETERS = {parameter for _, parameters in SIGNATURES.values() for parameter in parameters.split()} - {"self", "_"}


def own_names(tree: ast.AST) -> Iterator[str]:
    """What a program makes itself: functions, classes, variables, arguments, attributes."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.arg(arg=name):
                yield name
            case ast.Name(id=name, ctx=ast.Store()):
                yield name
            case ast.Attribute(value=ast.Name(id="self"), attr=name, ctx=ast.Store()):
                yield name


def foreign(source: str) -> set[str]:
    """What a program uses that is neither its own, nor Python's, nor the original's."""
    tree = ast.parse(source)
    own = set(own_names(tree))
    found: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                found.update(alias.name for alias in names)
            case ast.ImportFrom(module=module, names=names):
                found.update(alias.name for alias in names if (module, alias.name) != ("pyalgo", "*"))
            case ast.Name(id=name, ctx=ast.Load()) if name not in own | EXPORTED | set(dir(builtins)) | {"__name__"}:
                found.add(name)
            case ast.Attribute(attr=name) if name not in own | MEMBER_NAMES:
                found.add(f".{name}")
            case ast.keyword(arg=str(name)) if name not in PARAMETERS:
                found.add(f"{name}=")
    return found


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_an_example_from_the_original_needs_nothing_that_it_did_not_have(path: Path) -> None:
    assert foreign(path.read_text("utf-8")) == set()


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("from pyalgo import *\nEngine().every(1, print)", {".every"}),
        ("from pyalgo import Timer\nimport os", {"Timer", "os"}),
        ("from pyalgo import *\nsub.open_orders", {"sub", ".open_orders"}),
        ("from pyalgo import *\nsub = 1\nsub.add_order(1, 1, Side.BUY, OrderType.STOP, stop_price=2)", {"stop_price="}),
        ("from pyalgo import *\nsub = 1\nsub.on_fill = print", {".on_fill"}),
        ("from pyalgo import *\nTradeSubscription", {"TradeSubscription"}),
        ("from pyalgo import *\nx = SmartOrder(Engine(0.1))\nx.send(1, 2, Side.BUY, price=3, tif=Tif.GTC)", set()),
    ],
)  # fmt: skip
def test_what_the_original_did_not_have_is_found(source: str, expected: set[str]) -> None:
    assert foreign(source) == expected


@requires_shared
def test_the_originals_own_programs_use_what_we_say_it_had() -> None:
    page = (SHARED / "seeds" / "tradingsys-readme.md").read_text("utf-8")
    programs = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert len(programs) == 3
    for program in programs:
        assert foreign(program) <= {"Engine"}, program


@requires_shared
def test_what_we_say_the_original_had_is_in_its_description() -> None:
    text = (SHARED / "seeds" / "behaviour.md").read_text("utf-8")
    described = text.partition("## 1.7 ")[2].partition("## 1.8 ")[0]
    words = set(re.findall(r"[A-Za-z_]+", described))
    # Bars have what the message of the gateway has; a few arguments are called by their kind there.
    words |= set(re.findall(r"[A-Za-z_]+", text.partition("- Pushes:")[2].partition("- Product")[0]))
    words |= set(re.findall(r"[A-Za-z_]+", text.partition("- Enums on the wire")[2].partition("\n")[0]))
    assert words >= EXPORTED | MEMBER_NAMES, (EXPORTED | MEMBER_NAMES) - words


@requires_shared
def test_every_name_of_the_description_is_in_the_table() -> None:
    text = (SHARED / "seeds" / "behaviour.md").read_text("utf-8")
    described = text.partition("## 1.7 ")[2].partition("## 1.8 ")[0]
    bold = {
        name
        for names in re.findall(r"^- \*\*([^*]+)\*\*", described, re.MULTILINE)
        for name in re.findall(r"[A-Z]\w+", names)
    }
    assert bold <= EXPORTED | {"Tradable"}, bold - EXPORTED
    called = set(re.findall(r"\b([a-z_]{3,})\(", described)) - {"base", "sleep"}
    assert called <= MEMBER_NAMES | EXPORTED, called - MEMBER_NAMES - EXPORTED
