"""The gateway with what guards it, as requests see it."""

from __future__ import annotations

from typing import Protocol

from tradingsys.gateway.host import Host
from tradingsys.gateway.limits.limiting import Limiting
from tradingsys.gateway.stops.stopping import Stopping

__all__ = ["GuardedHost"]


class GuardedHost(Host, Protocol):
    """A `Host` whose parts need not know of limits and of stops, which are such parts themselves."""

    limiting: Limiting
    stopping: Stopping
