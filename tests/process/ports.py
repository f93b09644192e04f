"""The port that every page and example names."""

from __future__ import annotations

import socket

import pytest

from tests.process.world import eventually

__all__ = ["gateway_port"]

_PORT = 8111


def gateway_port() -> int:
    """The port, once nobody uses it."""
    try:
        eventually("the port to be free", _is_free)
    except AssertionError:
        pytest.fail(f"port {_PORT}, which the programs name, is in use: stop the gateway that runs there")
    return _PORT


def _is_free() -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", _PORT))
        except OSError:
            return False
        return True
