"""How the tests of the whole project run."""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import signal
import sys
from collections.abc import Generator
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


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """Ten thousand tests are half a million objects that stay: the garbage collector need not look at them again and
    again, a third of a second each time.
    """
    gc.disable()
    try:
        _import_all(session)
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def _import_all(session: pytest.Session) -> None:
    """On a fresh clone no test is compiled. Processes side by side would all compile all, one module after the other:
    each begins elsewhere, and finds what the others have compiled when it gets there.
    """
    worker, workers = os.environ.get("PYTEST_XDIST_WORKER", ""), int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if workers == 1 or session.config.args_source is not pytest.Config.ArgsSource.TESTPATHS:
        return
    modules = sorted(path.relative_to(_TESTS.parent).with_suffix("") for path in _TESTS.rglob("test_*.py"))
    first = len(modules) * int(worker.removeprefix("gw")) // workers
    for module in (*modules[first:], *modules[:first]):
        with contextlib.suppress(Exception):  # told when it is collected
            importlib.import_module(".".join(module.parts))


_LONGEST_FIRST = ("simulate", "chaos", "documents", "campaign", "process", "judges", "bad_input")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the rooms whose modules take long: nobody waits at the end for the last of them."""
    ranks = {room: rank for rank, room in enumerate(_LONGEST_FIRST)}
    items.sort(key=lambda item: ranks.get(item.path.relative_to(_TESTS).parts[0], len(ranks)))
