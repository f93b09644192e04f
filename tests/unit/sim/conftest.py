from __future__ import annotations

import pytest

from .face_rig import Client


@pytest.fixture
def client() -> Client:
    """Account ``main``, in a market around 0.60."""
    client = Client()
    client.quote()
    return client
