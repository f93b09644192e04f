"""What keeps a gateway from starting, and what it says then."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.simulate import rig as rigs
from tests.simulate.rig import Rig
from tradingsys.core.errors import ConfigError
from tradingsys.venues.auth import load_signer


def test_a_key_that_the_exchange_refuses_ends_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rig = Rig(tmp_path)
    rig.gateway.stop()
    monkeypatch.setattr(rigs, "signer", lambda: load_signer(secret="another secret"))
    rig.start(until_ready=False)
    rig.run(6)
    assert isinstance(rig.gateway.failure, ConfigError)
    assert "-1022" in str(rig.gateway.failure) and "do apikey and pem" in str(rig.gateway.failure)
