from __future__ import annotations

import pytest

from .face_rig import Client
from .spot_face_rig import SpotClient


@pytest.fixture
def client() -> Client:
    """Account ``main``, in a market around 0.60."""
    client = Client()
    client.quote()
    return client


@pytest.fixture
def spot_client() -> SpotClient:
    """Account ``main`` on spot and on margin, in a market around 0.60."""
    client = SpotClient()
    client.quote()
    return client
