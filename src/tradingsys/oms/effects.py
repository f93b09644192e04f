"""What order management wants done. The shell performs effects in order."""

from __future__ import annotations

from msgspec import Struct

from tradingsys.core.order import Fill
from tradingsys.core.position import SessionPosition
from tradingsys.core.records import HaltRecord, Record
from tradingsys.oms.tracked_order import TrackedOrder

__all__ = [
    "Alarm",
    "Attribute",
    "Effect",
    "EnterAsset",
    "EnterSymbol",
    "Halt",
    "LookFor",
    "OrderNews",
    "PositionNews",
    "PullTrades",
    "Save",
]


class Save(Struct, frozen=True):
    """Keep a row."""

    record: Record


class OrderNews(Struct, frozen=True):
    """Tell the session that something changed about its order."""

    order: TrackedOrder
    new_fills: tuple[Fill, ...] = ()
    completed_fills: tuple[Fill, ...] = ()
    """Executions that were told before, of which more is known now."""


class PositionNews(Struct, frozen=True):
    """Tell the session what it holds now, and what it earned: after a fill, a late fee, funding or an edit."""

    session: int
    symbol: str
    position: SessionPosition


class Attribute(Struct, frozen=True):
    """A fill belongs to an order we cannot name: ask the venue for its client order id."""

    symbol: str
    venue_order_id: str


class PullTrades(Struct, frozen=True):
    """The venue executed something we have no execution of: ask history."""

    symbol: str


class LookFor(Struct, frozen=True):
    """The answer to an order is late: ask whether the order is there."""

    order: TrackedOrder


class EnterSymbol(Struct, frozen=True):
    """The account traded a symbol that is not accounted for: its assets stay proven only if it is."""

    symbol: str


class EnterAsset(Struct, frozen=True):
    """An asset moved that is not accounted for."""

    asset: str


class Alarm(Struct, frozen=True):
    """Somebody should read this."""

    text: str


class Halt(Struct, frozen=True):
    """Orders are restricted from now on; the reason says how to mend it."""

    record: HaltRecord


Effect = Save | OrderNews | PositionNews | Attribute | PullTrades | LookFor | EnterSymbol | EnterAsset | Alarm | Halt
