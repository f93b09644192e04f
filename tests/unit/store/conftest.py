from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.store.books import Machine


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine that keeps one book, and may die."""
    return Machine(tmp_path)
