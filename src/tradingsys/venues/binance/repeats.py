"""Events that have nothing to tell them apart by: how often a subscription brought the same one."""

from __future__ import annotations

from collections import OrderedDict

from tradingsys.venues.binance.messages import spot

__all__ = ["Repeats"]

_REMEMBERED = 1_000
_Words = tuple[object, str, int, str]


class Repeats:
    """Of one connection, which may have several subscriptions at a time while one of them is renewed."""

    def __init__(self) -> None:
        self._counts: OrderedDict[_Words, int] = OrderedDict()

    def before(self, subscription: object, event: spot.BalanceUpdate) -> int:
        """How many events of the same words this subscription brought before this one."""
        words = (subscription, event.asset, event.cleared_ms, event.delta)
        count = self._counts.get(words, 0)
        self._counts[words] = count + 1
        if len(self._counts) > _REMEMBERED:
            self._counts.popitem(last=False)
        return count
