"""What clients of spot and margin may use."""

from __future__ import annotations

from tradingsys.sim.faces.binance.faults import Fault
from tradingsys.sim.faces.binance.limits import Limits, OrderLimit, Window
from tradingsys.venues.binance.messages import RateLimitRule

__all__ = ["CONNECT_WEIGHT", "ORDERS_PER_10S", "SapiLimits", "SpotLimits"]

CONNECT_WEIGHT = 2
"""What opening a WS-API connection costs."""
ORDERS_PER_10S = 100
"""Of an account without privileges. In a day it may send 2,000 times as many."""

_MAX_WEIGHT = 6_000
_DAY_PER_10S = 2_000
_MAX_RAW = 300_000
"""Requests of any weight in five minutes."""
_MAX_CONNECTIONS = 300
"""Websockets in five minutes, of the streams and of the WS-API each."""
_FIVE_MINUTES_MS = 300_000
_MAX_SAPI_OF_ADDRESS = 12_000
_MAX_SAPI_OF_ACCOUNT = 180_000


class SpotLimits(Limits):
    """Weight, requests, connections, and orders that were not filled."""

    def __init__(self, orders_per_10s: int = ORDERS_PER_10S) -> None:
        per_10s = OrderLimit(orders_per_10s, "SECOND", 10)
        super().__init__(_MAX_WEIGHT, (per_10s, OrderLimit(orders_per_10s * _DAY_PER_10S, "DAY")))
        self.max_raw = _MAX_RAW
        self._raw = Window(_FIVE_MINUTES_MS)
        self._connections = {is_api: Window(_FIVE_MINUTES_MS) for is_api in (True, False)}

    def spend_request(self, now_ms: int) -> None:
        """Count a request, whatever it weighs.

        Raises Fault 429 above the limit.
        """
        self._spend(self._raw, self.max_raw, "raw requests", now_ms)

    def spend_connection(self, now_ms: int, *, is_api: bool) -> None:
        """Count an attempt to open a websocket.

        Raises Fault 429 above the limit.
        """
        self._spend(self._connections[is_api], _MAX_CONNECTIONS, "connections", now_ms)

    def _spend(self, window: Window, most: int, of: str, now_ms: int) -> None:
        if window.add(1, now_ms) > most:
            text = f"Too many requests; current limit is {most} {of} per 5 MINUTE."
            raise Fault(429, -1003, text, (now_ms, window.ends_ms(now_ms)))

    def rules(self) -> list[RateLimitRule]:
        """See `Limits`."""
        raw = RateLimitRule(rate_limit_type="RAW_REQUESTS", interval="MINUTE", interval_num=5, limit=self.max_raw)
        return [*super().rules(), raw]


class SapiLimits(Limits):
    """What weighs on `/sapi`: by address. What weighs by account is in the pool that `of_account` names."""

    def __init__(self) -> None:
        super().__init__(_MAX_SAPI_OF_ADDRESS, ())
        self._accounts: dict[str, Window] = {}

    def spend_of_account(self, account: str, weight: int, now_ms: int) -> None:
        """Count a request of an account that weighs on the account.

        Raises Fault 429 above its limit.
        """
        window = self._accounts.setdefault(account, Window(60_000))
        if window.add(weight, now_ms) > _MAX_SAPI_OF_ACCOUNT:
            text = f"Too many requests; current limit of UID is {_MAX_SAPI_OF_ACCOUNT} requests per 1 MINUTE."
            raise Fault(429, -1003, text, (now_ms, window.ends_ms(now_ms)))

    def account_headers(self, account: str, now_ms: int) -> dict[str, str]:
        """The header of a reply to what weighs on an account."""
        window = self._accounts.get(account)
        return {"X-SAPI-USED-UID-WEIGHT-1M": str(0 if window is None else window.used(now_ms))}

    def weight_headers(self, now_ms: int) -> dict[str, str]:
        """The header of a reply to what weighs on an address."""
        return {"X-SAPI-USED-IP-WEIGHT-1M": str(self._weight.used(now_ms))}
