"""When a test of processes fails, what they said last is shown: it cannot be asked afterwards."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from tests.process.world import World

_LAST_LINES = 25


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Adds the ends of all processes' output to the report of a failed test."""
    report = yield
    if report.failed and isinstance(item, pytest.Function):
        for world in item.funcargs.values():
            if isinstance(world, World):
                report.sections += [(name, "\n".join(lines[-_LAST_LINES:])) for name, lines in world.said().items()]
    return report
