from __future__ import annotations

from pathlib import Path

import pytest

from tests.simulate.rig import Rig
from tests.unit.gateway.scene import Scene


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """A gateway that is READY, with a scripted venue."""
    return Scene(tmp_path).ready()


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    """A gateway that is READY, with the simulator as its venue."""
    return Rig(tmp_path)
