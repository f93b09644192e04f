"""What keeps a gateway from starting, and what it says then."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.simulate import rig as rigs
from tests.simulate.rig import Rig
from tradingsys.core.errors import ConfigError
from tradingsys.venues.auth import load_signer


def test_a_book_of_another_account_is_refused(tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    first, second = Rig(tmp_path / "first"), Rig(tmp_path / "second")
    for rig in (first, second):
        rig.gateway.stop()
    # Both worlds begin at the same instant; an exchange that was started later calls its accounts otherwise.
    second.simulator.exchange.first_id += 1
    second.folder = first.folder
    second.start(until_ready=False)
    second.run(6)
    assert isinstance(second.gateway.failure, ConfigError)
    assert "of its own" in str(second.gateway.failure)


def test_a_key_that_the_exchange_refuses_ends_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rig = Rig(tmp_path)
    rig.gateway.stop()
    monkeypatch.setattr(rigs, "signer", lambda: load_signer(secret="another secret"))
    rig.start(until_ready=False)
    rig.run(6)
    assert isinstance(rig.gateway.failure, ConfigError)
    assert "-1022" in str(rig.gateway.failure) and "do apikey and pem" in str(rig.gateway.failure)
