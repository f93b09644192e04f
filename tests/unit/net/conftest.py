from __future__ import annotations

import asyncio

import pytest

from tradingsys.net import loop, ws, ws_connection


@pytest.fixture(autouse=True, params=["fast", "plain"])
def loop_kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything on the platform's best loop and on plain asyncio, as on Windows."""
    for module in (ws, ws_connection):
        monkeypatch.setattr(module, "CLOSING_S", 0.2)
    if request.param == "plain":
        monkeypatch.setattr(loop, "_uvloop", asyncio.new_event_loop)
