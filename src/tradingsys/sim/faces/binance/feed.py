"""What all market streams share: when something happens, or when their beat comes, they have messages."""

from __future__ import annotations

from collections.abc import Iterable

from tradingsys.sim.events import BookChanged, OrderRecord, Traded
from tradingsys.sim.tape import Aggregate
from tradingsys.venues.binance.messages import Message

__all__ = ["MS", "Feed", "Payload", "next_beat"]

Payload = Message | list[Message]

MS = 1_000_000
"""Nanoseconds."""


def next_beat(period_ns: int, now_ns: int) -> int:
    """The next beat of the clock after now."""
    return (now_ns // period_ns + 1) * period_ns


class Feed:
    """One stream while somebody listens to it."""

    symbol: str = ""
    """Upper case; empty for a stream of all symbols."""
    next_ns: int | None = None
    """When `due` has something to send."""

    def on_book(self, event: BookChanged) -> Iterable[Payload]:  # noqa: ARG002 - most streams do not care
        """The book changed."""
        return ()

    def on_trade(self, trade: Traded) -> Iterable[Payload]:  # noqa: ARG002
        """A trade happened."""
        return ()

    def on_aggregate(self, aggregate: Aggregate, now_ns: int) -> Iterable[Payload]:  # noqa: ARG002
        """An aggregate of trades is complete."""
        return ()

    def on_forced(self, order: OrderRecord) -> Iterable[Payload]:  # noqa: ARG002
        """A liquidation order traded or ended."""
        return ()

    def on_contract(self, symbol: str, now_ns: int) -> Iterable[Payload]:  # noqa: ARG002
        """A symbol has a new status."""
        return ()

    def due(self, now_ns: int) -> Iterable[Payload]:  # noqa: ARG002
        """`next_ns` has come."""
        return ()
