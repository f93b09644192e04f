"""What lives must meet, or their silence proves nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from math import sqrt

__all__ = ["never_met"]

_MANY = 300
"""In fewer lives the same happens more or less often by chance."""
_ON_SPOT = {
    "fees in BNB": 400,
    "fees in the base asset": 150,
    "order lists": 60,
    "loans": 25,
    "interest": 12,
}
_PER_HUNDRED = {
    # --- what the gateway does
    "kills": 140,
    "power cuts": 50,
    "deaths during a boot": 65,
    "executions": 1_700,
    "orders accepted": 700,
    "conditional orders": 150,
    "conditional orders triggered": 65,
    "foreign children executed": 25,
    "foreign children attributed after a restart": 0.5,
    "orders amended": 130,
    "amends raced by a fill": 3,
    "leverage changed": 4,
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
    # --- the exchange, and the way to it
    "executed, and answered that nobody knows": 40,
    "not executed, and answered so": 12,
    "bans": 1,
    "too many requests": 2,
    "shut out with orders in doubt": 0.5,
    "exchange restarts": 8,
    "streams ended": 6,
    "silent connections": 10,
    "old events told again": 60,
    "events that nobody can read": 50,
    "events with new fields": 300,
    "clocks stopped": 14,
    # --- the disk
    "writes to a full disk": 10,
    "failed fsyncs": 4,
    "gateways that gave up": 4,
    "starts refused": 5,
    "unsynced writes to the journal lost": 1.9,
    "deaths while the book was opened": 1.5,
    "locks by a shell": 1.5,
    "names undone by a power cut": 0.8,
    "backups restored": 0.3,
    # --- other hands
    "manual trades": 200,
    "orders canceled by hand": 4,
    "orders amended by hand": 3,
    "transfers": 40,
    "fundings while ready": 20,
    "fundings while booting": 25,
    "fundings while dead": 5,
    "fundings shared": 40,
    "liquidations": 7,
    "deleveragings": 2,
    "halts resumed": 8,
    "copies of the book used": 0.8,
    "executions against ourselves": 1,
    # --- clients
    "sessions taken over": 8,
    "strategies that stopped reading": 20,
    "strategies shut out for not reading": 1,
    "clients that sent garbage": 8,
    "clients that flooded": 8,
    "sessions claimed by another client": 8,
}
"""How often at the least in a hundred lives of all kinds and profiles; less than half of what was seen."""


def never_met(counts: Counter[str], lives: int, *, on_spot: bool = True) -> Iterator[str]:
    """What was met too seldom in so many lives; some can be met ``on_spot`` alone."""
    for what, often in (_PER_HUNDRED | (_ON_SPOT if on_spot else {})).items():
        expected = often * lives / 100
        scatter = sqrt(expected) if lives < _MANY else 0
        least = max(int(expected >= 1), int(expected - scatter))
        if counts[what] < least:
            yield f"{what}: {counts[what]}, expected {least} at the least"
