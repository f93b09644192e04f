"""How the tests of the whole project run."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest
from hypothesis import settings

_TESTS = Path(__file__).parent

# A terminal's width is the test's to choose: some runners set it for all.
os.environ.pop("COLUMNS", None)

# Hundreds of processes start here: with this set, each of them would compile the whole program first.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# What a shell starts in the background is deaf to interrupts, and so would be all that is interrupted here.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A shared machine is no judge of how long an example may take.
settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "local")


def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """As long as a simulated disk is mounted, SQLite never waits in real time; what stays open adds up."""
    disks, rigs = (sys.modules.get(f"tests.simulate.{name}") for name in ("disk_os", "rig"))
    if disks is not None:
        disks.unmount_all()
    if rigs is not None and (nextitem is None or nextitem.path != item.path):
        rigs.close_rigs()


_LONGEST_FIRST = ("simulate", "chaos", "documents", "campaign", "process", "judges", "bad_input")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the rooms whose modules take long: nobody waits at the end for the last of them."""
    ranks = {room: rank for rank, room in enumerate(_LONGEST_FIRST)}
    items.sort(key=lambda item: ranks.get(item.path.relative_to(_TESTS).parts[0], len(ranks)))
