"""Names of this machine for itself: what is said to them nobody else can hear."""

from __future__ import annotations

__all__ = ["LOOPBACK"]

LOOPBACK = ("localhost", "127.0.0.1", "::1")
