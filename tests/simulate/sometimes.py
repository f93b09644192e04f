"""What lives must meet, or their silence proves nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from math import sqrt

__all__ = ["never_met"]

_MANY = 100
"""In fewer lives the same happens more or less often by chance."""
_PER_HUNDRED = {
    "kills": 100,
    "power cuts": 30,
    "deaths during a boot": 30,
    "manual trades": 150,
    "executions": 1_500,
    "orders accepted": 1_500,
    "orders in doubt": 50,
    "cancels in doubt": 15,
    "conditional orders": 300,
    "conditional orders triggered": 150,
    "conditional orders in doubt": 15,
    "conditional cancels in doubt": 7,
    "foreign children executed": 50,
    "foreign children attributed after a restart": 1,
    "orders amended": 120,
    "amends in doubt": 4,
    "amends raced by a fill": 4,
    "fundings while ready": 40,
    "fundings while booting": 80,
    "fundings while dead": 10,
    "fundings shared": 130,
    "liquidations": 25,
    "halts resumed": 25,
    "leverage changed": 8,
}
"""How often at the least in a hundred lives of all profiles; about half of what was seen."""


def never_met(counts: Counter[str], lives: int) -> Iterator[str]:
    """What was met too seldom in so many lives."""
    for what, often in _PER_HUNDRED.items():
        expected = often * lives / 100
        scatter = sqrt(expected) if lives < _MANY else 0
        least = max(int(expected >= 1), int(expected - scatter))
        if counts[what] < least:
            yield f"{what}: {counts[what]}, expected {least} at the least"
