"""Everything the demonstration knows at one moment, for the view to show."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from decimal import Decimal

from tradingsys.wire.messages import DepthPush

__all__ = ["Fact", "Scene", "SessionScene"]

_LINES_KEPT = 200


@dataclass
class SessionScene:
    """One strategy."""

    session: int
    name: str
    does: str
    """What it does, in a few words."""
    net: Decimal = Decimal(0)
    fills: int = 0
    orders: int = 0


@dataclass(frozen=True)
class Fact:
    """A line that a strategy printed."""

    name: str
    text: str


@dataclass
class Scene:
    """Filled by whoever learns something, read by the view."""

    symbol: str
    seconds: float
    sessions: list[SessionScene]
    elapsed_s: float = 0.0
    status: str = "starting"
    book: DepthPush | None = None
    facts: deque[Fact] = field(default_factory=lambda: deque(maxlen=_LINES_KEPT))
    wallet: Decimal | None = None
    account_net: Decimal = Decimal(0)
    external: Decimal = Decimal(0)

    @property
    def fills(self) -> int:
        """Booked fills of all sessions."""
        return sum(session.fills for session in self.sessions)
