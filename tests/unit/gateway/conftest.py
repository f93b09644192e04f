from __future__ import annotations

from pathlib import Path

import pytest

from tests.simulate.rig import Rig
from tests.unit.gateway.scene import Scene
from tests.unit.gateway.spot_venue import SpotVenue, spot_scene


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """A gateway that is READY, with a scripted venue."""
    return Scene(tmp_path).ready()


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    """A gateway that is READY, with the simulator as its venue."""
    return Rig(tmp_path)


@pytest.fixture
def spot(tmp_path: Path) -> tuple[Scene, SpotVenue]:
    """A gateway of a spot account that is READY, with a scripted venue."""
    return spot_scene(tmp_path)


@pytest.fixture
def margin(tmp_path: Path) -> tuple[Scene, SpotVenue]:
    """The same of a cross-margin account."""
    return spot_scene(tmp_path, is_margin=True)
