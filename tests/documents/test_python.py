"""The Python of the pages runs: programs by themselves, snippets inside of a program that has what they speak of."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

from tests.documents.blocks import Block, blocks
from tests.documents.desk import Desk
from tests.process.world import PATIENCE_S, Process, eventually

_SESSION = 1000
_ALL = [block for block in blocks() if block.language == "python" and not block.why_not]
_RUN = re.compile(r"^( *)(\w+)\.(run|start)\(\)\s*\Z", re.MULTILINE)
PROGRAMS = [block for block in _ALL if _RUN.search(block.text)]
OFFLINE = [block for block in _ALL if "client.opened(" in block.text]
SNIPPETS = [block for block in _ALL if block not in PROGRAMS and block not in OFFLINE]

BEFORE = """\
from pyalgo import *

eng = Engine(0.001)
session = eng.make_session(addr="ws://localhost:8111", session_id={session}, name="snippet", trading=True)
sub = session.subscribe("xrpusdt", "depth")
order = SmartOrder(sub)
"""
"""What a snippet may take as given; those that make their own engine begin from nothing."""
AFTER = """
eng.every(1.0, eng.stop)
eng.run()
"""
OFFLINE_BEFORE = """\
from pyalgo import *
from pyalgo.context import Context

frame, now_ms = b'{"id":1,"result":null}', 1767225600000


class Link:
    def send(self, data):
        pass

    def close(self):
        pass


link = Link()
"""


def start(desk: Desk, name: str, program: str) -> Process:
    path = desk.world.directory / f"{name}.py"
    path.write_text(desk.here(program))
    return desk.world.start(name, path.name)


def assert_in_order(block: Block, process: Process, code: int) -> None:
    assert code == 0 and "Traceback" not in process.err, (block.place, code, process.err)
    assert " ERROR " not in process.err, (block.place, process.err)


@pytest.mark.parametrize("block", PROGRAMS, ids=lambda block: block.place)
def test_a_program_runs_until_it_is_interrupted(desk: Desk, block: Block) -> None:
    clock = r"\1\2.every(0.1, lambda: print('tick', flush=True))\n\1\2.\3()"
    process = start(desk, "program", _RUN.sub(clock, block.text))
    try:
        eventually("it to run for a second", lambda: process.out.count("tick") >= 10 or not process.is_running)
        assert process.is_running, (block.place, process.err)
        assert_in_order(block, process, process.stop(2))
    finally:
        process.kill()


@pytest.mark.parametrize("block", SNIPPETS, ids=lambda block: block.place)
def test_a_snippet_runs_in_a_program(desk: Desk, block: Block) -> None:
    makes_its_own = re.search(r"^\w+ = Engine\(", block.text, re.MULTILINE)
    before = "from pyalgo import *\n" if makes_its_own else BEFORE.format(session=_SESSION)
    process = start(desk, "snippet", before + textwrap.dedent(block.text) + AFTER)
    assert_in_order(block, process, process.popen.wait(PATIENCE_S))


@pytest.mark.parametrize("block", OFFLINE, ids=lambda block: block.place)
def test_a_snippet_without_sockets_runs(tmp_path: Path, block: Block) -> None:
    process = Process("offline", tmp_path, ["-c", OFFLINE_BEFORE + block.text])
    assert_in_order(block, process, process.popen.wait(PATIENCE_S))


def test_every_python_block_compiles() -> None:
    for block in (block for block in blocks() if block.language == "python"):
        compile(block.text, block.place, "exec")
