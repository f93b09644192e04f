"""What clients of spot may use."""

from __future__ import annotations

from tradingsys.sim.faces.binance.limits import Limits, OrderLimit
from tradingsys.venues.binance.messages import RateLimitRule

__all__ = ["CONNECT_WEIGHT", "ORDERS_PER_10S", "SapiLimits", "SpotLimits"]

CONNECT_WEIGHT = 2
"""What opening a WS-API connection costs."""
ORDERS_PER_10S = 100
"""Of an account without privileges. In a day it may send 2,000 times as many."""

_MAX_WEIGHT = 6_000
_DAY_PER_10S = 2_000
_RAW = RateLimitRule(rate_limit_type="RAW_REQUESTS", interval="MINUTE", interval_num=5, limit=300_000)


class SpotLimits(Limits):
    """Weight, and orders that were not filled."""

    def __init__(self, orders_per_10s: int = ORDERS_PER_10S) -> None:
        per_10s = OrderLimit(orders_per_10s, "SECOND", 10)
        super().__init__(_MAX_WEIGHT, (per_10s, OrderLimit(orders_per_10s * _DAY_PER_10S, "DAY")))

    def rules(self) -> list[RateLimitRule]:
        """See `Limits`; requests of any weight are limited too, beyond what one client can do here."""
        return [*super().rules(), _RAW]


class SapiLimits(Limits):
    """What weighs on `/sapi`: by address, and what weighs by account counted as the part of its limit that it takes."""

    def __init__(self) -> None:
        super().__init__(12_000, ())

    def weight_headers(self, now_ms: int) -> dict[str, str]:
        """See `Limits`."""
        used = self._weight.used(now_ms)
        return {"X-SAPI-USED-IP-WEIGHT-1M": str(used)}
