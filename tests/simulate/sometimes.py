"""What lives must meet, or their silence proves nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from math import sqrt

from tests.simulate.campaign import Group

__all__ = ["mostly_idle", "never_met"]

_CHANCE = 2
"""What happens so often may be off by so many of its square roots."""
_IDLE = 0.1
"""Of the lives of a kind and profile so many at the most may pass without an order: nothing can go wrong in them."""
_ON_SPOT = {
    "fees in BNB": 400,
    "fees in the base asset": 130,
    "order lists": 60,
    "loans": 25,
    "interest": 12,
    "loans without an order": 4,
    "executions of assets told by pyalgo": 450,
    "fees of assets told by pyalgo": 450,
    "lists of pyalgo: OCO": 20,
    "lists of pyalgo: OTO": 30,
    "lists of pyalgo: OTOCO": 28,
    "orders of assets canceled by hand": 7,
    "orders of assets amended by hand": 3,
    "orders of assets with ids that nearly are ours": 18,
    "denied by max_order_notional": 35,
    "denied by max_orders_per_s": 12,
    "denied by max_gross_notional": 9,
    "denied by max_unexecuted_notional": 4,
    "denied by account: max_gross_notional": 15,
    "denied by account: max_open_orders": 25,
    "sessions stopped by what they lost": 2,
}
_PER_HUNDRED = {
    # --- what the gateway does
    "kills": 110,
    "power cuts": 50,
    "deaths during a boot": 20,
    "executions": 1_500,
    "executions of sessions": 1_300,
    "orders accepted": 1_400,
    "conditional orders": 150,
    "conditional orders triggered": 65,
    "foreign children executed": 25,
    "foreign children attributed after a restart": 0.5,
    "orders amended": 110,
    "amends raced by a fill": 3,
    "leverage changed": 4,
    "audits": 120,
    "denied by max_open_orders": 20,
    "denied by max_position_notional": 6,
    # --- what is known late
    "orders in doubt": 250,
    "orders accepted after they were in doubt": 80,
    "cancels in doubt": 60,
    "amends in doubt": 12,
    "conditional orders in doubt": 50,
    "conditional cancels in doubt": 20,
    "executed before the answer came": 200,
    "executions of orders that were over": 150,
    "executions told again": 600,
    "executions found by history alone": 200,
    "orders adopted": 4,
    "orders believed absent that lived": 0.5,
    "orders of an older run asked for": 2,
    "of these, at the exchange": 40,
    # --- the exchange, and the way to it
    "executed, and answered that nobody knows": 40,
    "not executed, and answered so": 12,
    "bans": 1,
    "too many requests": 2,
    "shut out with orders in doubt": 0.5,
    "questions refused": 100,
    "executions that waited for a refused question": 0.7,
    "starts that were READY while questions were refused": 0.4,
    "exchange restarts": 4,
    "streams ended": 5,
    "silent connections": 9,
    "old events told again": 60,
    "events that nobody can read": 50,
    "events with new fields": 300,
    "clocks stopped": 9,
    # --- the disk
    "writes to a full disk": 7,
    "failed fsyncs": 3,
    "gateways that gave up": 3,
    "starts refused": 5,
    "unsynced writes to the journal lost": 1.9,
    "deaths while the book was opened": 1.5,
    "locks by a shell": 1.5,
    "names undone by a power cut": 0.8,
    "backups restored": 0.3,
    # --- other hands
    "edits while down": 15,
    "edits while up": 25,
    "edits taken": 25,
    "edits refused": 4,
    "manual trades": 140,
    "orders canceled by hand": 4,
    "orders amended by hand": 3,
    "orders with ids that nearly are ours": 25,
    "transfers": 40,
    "fundings while ready": 20,
    "fundings while booting": 25,
    "fundings while dead": 5,
    "fundings shared": 40,
    "liquidations": 7,
    "deleveragings": 2,
    "positions settled": 1.5,
    "symbols settled while booting": 1,
    "symbols settled while dead": 0.5,
    "halts resumed": 8,
    "copies of the book beside it": 1.2,
    "copies of the book noticed": 1.2,
    "copies of the book alone": 0.6,
    "executions against ourselves": 1,
    # --- clients
    "executions told to be durable": 1_000,
    "durable executions looked for after a death": 1_000,
    "several orders of which some were taken": 11,
    "sessions taken over": 8,
    "strategies that stopped reading": 20,
    "strategies shut out for not reading": 1,
    "clients that sent garbage": 8,
    "clients that flooded": 8,
    "messages that waited for their share": 1_500,
    "sessions claimed by another client": 8,
}
"""How often at the least in a hundred lives of all kinds and profiles; less than half of what was seen."""


def never_met(counts: Counter[str], lives: int, *, on_spot: bool = True) -> Iterator[str]:
    """What was met too seldom in so many lives; some can be met ``on_spot`` alone."""
    for what, often in (_PER_HUNDRED | (_ON_SPOT if on_spot else {})).items():
        expected = often * lives / 100
        least = max(int(expected >= 2), int(expected - _CHANCE * sqrt(expected)))
        if counts[what] < least:
            yield f"{what}: {counts[what]}, expected {least} at the least"


def mostly_idle(groups: Mapping[str, Group]) -> Iterator[str]:
    """Kinds and profiles in whose lives orders are too seldom taken, by more than chance."""
    for name, group in groups.items():
        most = _IDLE * group.lives
        if group.idle > max(1, most + _CHANCE * sqrt(most)):
            yield f"orders in {name}: none in {group.idle} of {group.lives} lives"
