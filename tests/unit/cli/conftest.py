from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli.at_rest import make_book


@pytest.fixture
def db(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A book at rest in the working directory, where no configuration is."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return make_book(tmp_path)
