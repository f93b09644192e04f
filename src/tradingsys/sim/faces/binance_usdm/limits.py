"""What clients of futures may use."""

from __future__ import annotations

from tradingsys.sim.faces.binance.faults import Fault
from tradingsys.sim.faces.binance.limits import Limits, OrderLimit, Window
from tradingsys.venues.binance.messages import RateLimitRule

__all__ = ["CONNECT_WEIGHT", "ORDERS_PER_MINUTE", "UsdmLimits"]

CONNECT_WEIGHT = 5
"""What opening a WS-API connection costs."""
ORDERS_PER_MINUTE = 1_200
"""Of an account without privileges. In ten seconds it may send a quarter of them."""

_MAX_WEIGHT = 2_400
_MAX_FUNDING = 500
"""Questions about funding rates in five minutes."""
_FIVE_MINUTES_MS = 300_000


class UsdmLimits(Limits):
    """Weight, orders, and questions about funding."""

    def __init__(self, orders_per_minute: int = ORDERS_PER_MINUTE) -> None:
        per_10s = OrderLimit(max(1, orders_per_minute // 4), "SECOND", 10)
        super().__init__(_MAX_WEIGHT, (per_10s, OrderLimit(orders_per_minute, "MINUTE")))
        self._funding = Window(_FIVE_MINUTES_MS)

    def spend_funding(self, now_ms: int) -> None:
        """Count a question about funding, which has a limit of its own.

        Raises Fault 429.
        """
        if self._funding.add(1, now_ms) > _MAX_FUNDING:
            text = f"Too many requests; current limit is {_MAX_FUNDING} requests per 5 MINUTE."
            raise Fault(429, -1003, text, (now_ms, self._funding.ends_ms(now_ms)))

    def order_rule_statements(self) -> list[RateLimitRule]:
        """See `Limits`: the longer window first, as exchangeInfo has them."""
        return super().order_rule_statements()[::-1]
