"""Each key of a configuration wrong in each way: the file, the key and what to do are named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tradingsys.core.errors import ConfigError
from tradingsys.gateway.configuration.config import Config, Urls, load, local_address
from tradingsys.gateway.configuration.port_config import TlsConfig
from tradingsys.gateway.configuration.session_config import LimitsConfig, SessionConfig

_SEED = {"apikey": "k", "secret": "s", "local": "ws://localhost:8111"}
_WRONG: tuple[Any, ...] = (None, True, 0, -1, 1.5, 10**20, "", "x", [], [1], {}, {"a": 1})


def _cases() -> list[tuple[str, dict[str, Any]]]:
    """Every key, also of the sections, with every value that its type does not take."""
    sections: tuple[tuple[str, type[msgspec.Struct], Any], ...] = (
        ("", Config, lambda key, value: {key: value}),
        ("urls", Urls, lambda key, value: {"urls": {key: value}}),
        ("limits", LimitsConfig, lambda key, value: {"limits": {key: value}}),
        ("sessions", SessionConfig, lambda key, value: {"sessions": {"3": {key: value}}}),
        ("tls", TlsConfig, lambda key, value: {"tls": {"certificate": "c", "key": "k", key: value}}),
    )
    found = []
    for section, kind, put in sections:
        for field in msgspec.structs.fields(kind):
            for wrong in _WRONG:
                content = _SEED | put(field.name, wrong)
                try:
                    msgspec.json.decode(json.dumps(content), type=Config)
                except msgspec.ValidationError:
                    found.append((f"{section} {field.name} {wrong!r}", content))
        found.append((f"{section} with a key that is none", _SEED | put("nosuchkey", 1)))
    return found


CASES = _cases()


@pytest.mark.parametrize(("name", "content"), CASES, ids=[name for name, _ in CASES])
def test_a_wrong_value_is_named(name: str, content: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "usdt.json"
    path.write_text(json.dumps(content))
    with pytest.raises(ConfigError) as caught:
        local_address(load(path), path)
    section, key = name.split(" ")[:2]
    error = caught.value
    told = str(error)
    assert told.startswith(f"{path}: ")
    assert "with a key" in name or key in told or section in told, told
    assert error.hint and error.key is not None


def test_there_are_many_of_them() -> None:
    assert len(CASES) >= 100


@pytest.mark.parametrize(
    "content",
    [
        '{"apikey":"k","apikey":"l","secret":"s","local":"ws://localhost:8111"}',
        '{"apikey":"k","secret":"s","local":"ws://localhost:8111","db":"a","d\\u0062":"b"}',
        '{"apikey":1,"secret"',
        '{"apikey":1, "x" "y"}',
        '{"recv_window_ms":1e999}',
        '{"apikey":"\\ud800"}',
        "[" * 50_000,
        '{"a":' * 50_000,
        '{"urls":0{}}',
    ],
)
def test_what_is_no_json_is_told(content: str, tmp_path: Path) -> None:
    path = tmp_path / "usdt.json"
    path.write_text(content)
    with pytest.raises(ConfigError, match="is no JSON"):
        load(path)
