from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest

from tradingsys.net.token import create_token, read_token, token_path


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("APPDATA", str(tmp_path))


def test_a_token_is_made_once_per_port(tmp_path: Path) -> None:
    assert read_token(8111) is None
    token = create_token(8111)
    assert create_token(8111) == read_token(8111) == token
    assert len(token) == 43
    assert create_token(8112) != token
    assert token_path(8111) == tmp_path / "tradingsys" / "token-8111"
    assert sorted(path.name for path in (tmp_path / "tradingsys").iterdir()) == ["token-8111", "token-8112"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX permissions")
def test_only_its_user_may_read_it() -> None:
    create_token(8111)
    path = token_path(8111)
    path.chmod(0o644)
    create_token(8111)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.skipif(sys.platform == "win32", reason="an XDG rule")
def test_a_relative_configuration_folder_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", "relative")
    assert token_path(1) == Path.home() / ".config" / "tradingsys" / "token-1"
