"""A trade that a recording plays, to be told from those the box's own accounts make beside it."""

from __future__ import annotations

from tradingsys.sim.events import Traded

__all__ = ["RecordedTrade"]


class RecordedTrade(Traded, frozen=True):
    """The public print of a recorded trade."""
