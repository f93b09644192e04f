"""What the venue remembers of one websocket."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

__all__ = ["Connection", "Route"]


class Route(StrEnum):
    """Where a connection came in, which decides what it can receive."""

    PUBLIC = "public"
    MARKET = "market"
    PRIVATE = "private"
    WS_FAPI = "ws-fapi"
    STREAM = "stream"
    """Market streams of spot, which are all in one place."""
    WS_API = "ws-api"

    @property
    def is_api(self) -> bool:
        """Whether requests are answered there, not streams."""
        return self in (Route.WS_FAPI, Route.WS_API)


class Connection(Struct, eq=False):
    """One websocket."""

    conn_id: int
    route: Route
    opened_ns: int
    is_combined: bool = False
    """Whether events are wrapped with the name of their stream."""
    streams: dict[str, None] = {}
    """Everything subscribed to, in the order of subscription, delivered or not."""
    second: int = -1
    frames_in_second: int = 0
    returns_rate_limits: bool = True
    """WS-API only."""
    session_key: str = ""
    """WS-API only: the key that logged on."""
    session_since_ms: int = 0
