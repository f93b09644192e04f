"""The HTTP request that asks for a websocket, and the answer that there will be none."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

__all__ = ["Refuse", "UpgradeRequest"]


class UpgradeRequest(Struct, frozen=True):
    """The HTTP request that asks for a websocket."""

    path: str
    """With the query, undecoded."""
    headers: Mapping[str, str]
    """Names in lower case; repeated ones joined by a comma."""


class Refuse(Struct, frozen=True):
    """No websocket: answer with this HTTP status, 400 or above."""

    status: int
    text: str = ""
