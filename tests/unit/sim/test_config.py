from __future__ import annotations

import stat
from pathlib import Path

import msgspec
import pytest

from tradingsys.core.errors import ConfigError
from tradingsys.sim.config import read_or_make_key, write_config
from tradingsys.sim.server import SimUrls
from tradingsys.venues.auth import KeyKind, load_signer

URLS = SimUrls(
    "http://localhost:1",
    "ws://localhost:2",
    "ws://localhost:2/ws-fapi/v1",
    "http://localhost:1/admin",
    "ws://localhost:3",
    "ws://localhost:3/ws-api/v3",
)


def test_a_new_key_and_its_configuration(tmp_path: Path) -> None:
    directory = tmp_path / "new"
    key = read_or_make_key(directory)
    path = write_config(directory, URLS)
    pem = directory / "private_key.pem"
    assert stat.S_IMODE(pem.stat().st_mode) == 0o600
    assert key.verifier.kind is KeyKind.ED25519
    assert key.verifier.verify(b"x", load_signer(pem_text=pem.read_text()).sign(b"x"))
    assert msgspec.json.decode(path.read_bytes()) == {
        "apikey": key.key,
        "pem": "private_key.pem",
        "local": "ws://localhost:8111",
        "environment": "sim",
        "urls": {"rest": URLS.rest, "ws_api": URLS.ws_api, "streams": URLS.streams},
    }
    assert sorted(each.name for each in directory.iterdir()) == [
        "margin.json",
        "private_key.pem",
        "spot.json",
        "usdt.json",
    ]
    spot_urls = {"rest": URLS.rest, "ws_api": URLS.spot_ws_api, "streams": URLS.spot_streams}
    of_key = {"apikey": key.key, "pem": "private_key.pem", "environment": "sim", "urls": spot_urls}
    spot = {**of_key, "local": "ws://localhost:8112", "db": "spot.db"}
    assert msgspec.json.decode((directory / "spot.json").read_bytes()) == spot
    margin = {**of_key, "local": "ws://localhost:8113", "db": "margin.db", "margin": True}
    assert msgspec.json.decode((directory / "margin.json").read_bytes()) == margin


def test_the_key_is_kept_and_so_are_the_users_own_settings(tmp_path: Path) -> None:
    first = read_or_make_key(tmp_path)
    path = write_config(tmp_path, URLS)
    config = msgspec.json.decode(path.read_bytes())
    path.write_bytes(msgspec.json.encode({**config, "local": "ws://localhost:9999"}))
    again = read_or_make_key(tmp_path)
    write_config(tmp_path, URLS)
    assert again.key == first.key
    assert msgspec.json.decode(path.read_bytes())["local"] == "ws://localhost:9999"


def test_files_of_a_real_account_are_never_touched(tmp_path: Path) -> None:
    pem = tmp_path / "private_key.pem"
    pem.write_text("mine")
    with pytest.raises(ConfigError, match="real account"):
        read_or_make_key(tmp_path)
    path = tmp_path / "usdt.json"
    live = b'{"apikey":"real","pem":"private_key.pem","local":"ws://localhost:8111"}'
    path.write_bytes(live)
    with pytest.raises(ConfigError, match="no simulator's"):
        read_or_make_key(tmp_path)
    assert (pem.read_text(), path.read_bytes()) == ("mine", live)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("{", "not a JSON object"),
        ('{"environment":"sim"}', "apikey"),
        ('{"environment":"sim","apikey":"a"}', "pem"),
        ('{"environment":"sim","apikey":"a","pem":"gone.pem"}', "gone.pem"),
    ],
)
def test_broken_configurations_are_explained(tmp_path: Path, text: str, what: str) -> None:
    (tmp_path / "usdt.json").write_text(text)
    with pytest.raises(ConfigError, match=what):
        read_or_make_key(tmp_path)


def test_a_secret_serves_instead_of_a_pem(tmp_path: Path) -> None:
    (tmp_path / "usdt.json").write_text('{"environment":"sim","apikey":"a","secret":"s"}')
    assert read_or_make_key(tmp_path).verifier.kind is KeyKind.HMAC
