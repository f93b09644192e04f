"""Counting what clients use: fixed clock windows, as the venue counts."""

from __future__ import annotations

from tradingsys.sim.faces.binance_usdm.faults import Fault
from tradingsys.venues.binance.messages import RateLimitRule

__all__ = ["CONNECT_WEIGHT", "ORDERS_PER_MINUTE", "Limits"]

CONNECT_WEIGHT = 5
"""What opening a WS-API connection costs."""

_SECOND_MS = 1_000
_MINUTE_MS = 60_000
_MAX_WEIGHT = 2_400
ORDERS_PER_MINUTE = 1_200
"""Of an account without privileges. In ten seconds it may send a quarter of them."""
_MAX_FUNDING = 500
"""Questions about funding rates in five minutes."""
_WARNINGS = 10
"""Requests that may ignore a 429 before the address is banned."""
_FIRST_BAN_MS = 120_000
_LONGEST_BAN_MS = 3 * 24 * 3_600_000


class _Window:
    """A count that starts anew with each window of the clock."""

    __slots__ = ("_number", "_used", "length_ms")

    def __init__(self, length_ms: int) -> None:
        self.length_ms = length_ms
        self._number = -1
        self._used = 0

    def used(self, now_ms: int) -> int:
        number = now_ms // self.length_ms
        if number != self._number:
            self._number, self._used = number, 0
        return self._used

    def add(self, amount: int, now_ms: int) -> int:
        self._used = self.used(now_ms) + amount
        return self._used

    def ends_ms(self, now_ms: int) -> int:
        return (now_ms // self.length_ms + 1) * self.length_ms


class Limits:
    """One address's request weight and every account's order count."""

    def __init__(self, orders_per_minute: int = ORDERS_PER_MINUTE) -> None:
        self._orders_per_minute = orders_per_minute
        self._orders_per_10s = max(1, orders_per_minute // 4)
        self._weight = _Window(_MINUTE_MS)
        self._warned = _Window(_MINUTE_MS)
        self._funding = _Window(5 * _MINUTE_MS)
        self._orders: dict[str, tuple[_Window, _Window]] = {}
        self._banned_until_ms = 0
        self._bans = 0
        self._shut_out_until_ms = 0

    def shut_out(self, until_ms: int, *, is_ban: bool) -> None:
        """Refuse every request until then, whatever was used: with 429, or, as a ban, with 418."""
        self._banned_until_ms = until_ms if is_ban else 0
        self._shut_out_until_ms = 0 if is_ban else until_ms

    def spend_funding(self, now_ms: int) -> None:
        """Count a question about funding, which has a limit of its own.

        Raises Fault 429.
        """
        if self._funding.add(1, now_ms) > _MAX_FUNDING:
            text = f"Too many requests; current limit is {_MAX_FUNDING} requests per 5 MINUTE."
            raise Fault(429, -1003, text, (now_ms, self._funding.ends_ms(now_ms)))

    def spend(self, weight: int, now_ms: int) -> None:
        """Count a request.

        Raises Fault 429 above the limit, and 418 when that was ignored.
        """
        if now_ms < self._banned_until_ms:
            raise self._ban_fault(now_ms)
        is_shut_out = now_ms < self._shut_out_until_ms
        if self._weight.add(weight, now_ms) <= _MAX_WEIGHT and not is_shut_out:
            return
        if self._warned.add(1, now_ms) > _WARNINGS:
            self._banned_until_ms = now_ms + min(_LONGEST_BAN_MS, _FIRST_BAN_MS << self._bans)
            self._bans += 1
            raise self._ban_fault(now_ms)
        raise Fault(
            429,
            -1003,
            f"Too many requests; current limit is {_MAX_WEIGHT} request weight per 1 MINUTE. "
            "Please use WebSocket Streams for live updates to avoid polling the API.",
            (now_ms, self._shut_out_until_ms if is_shut_out else self._weight.ends_ms(now_ms)),
        )

    def _ban_fault(self, now_ms: int) -> Fault:
        until_ms = self._banned_until_ms
        text = f"Way too many requests; IP banned until {until_ms}. Please use the websocket for live updates."
        return Fault(418, -1003, text, (now_ms, until_ms))

    def spend_order(self, account: str, now_ms: int, per_10s: int = 1) -> None:
        """Count an order; a batch counts more of ten seconds' orders, and one of a minute's.

        Raises Fault 429 (-1015) above either limit.
        """
        costs = ((self._orders_per_10s, "10 SECOND", per_10s), (self._orders_per_minute, "1 MINUTE", 1))
        for window, (limit, text, cost) in zip(self._windows(account), costs, strict=True):
            if window.add(cost, now_ms) > limit:
                message = f"Too many new orders; current limit is {limit} orders per {text}."
                raise Fault(429, -1015, message, (now_ms, window.ends_ms(now_ms)))

    def weight_headers(self, now_ms: int) -> dict[str, str]:
        """The header of every reply."""
        return {"X-MBX-USED-WEIGHT-1M": str(self._weight.used(now_ms))}

    def order_headers(self, account: str, now_ms: int) -> dict[str, str]:
        """The headers of a reply to an order."""
        per_10s, per_1m = self._windows(account)
        return {
            "X-MBX-ORDER-COUNT-10S": str(per_10s.used(now_ms)),
            "X-MBX-ORDER-COUNT-1M": str(per_1m.used(now_ms)),
        }

    def weight_rule(self, now_ms: int) -> RateLimitRule:
        """The weight in a WS-API reply."""
        return _rule("REQUEST_WEIGHT", "MINUTE", 1, _MAX_WEIGHT, self._weight.used(now_ms))

    def order_rules(self, account: str, now_ms: int) -> list[RateLimitRule]:
        """The order counts in a WS-API reply to an order."""
        per_10s, per_1m = self._windows(account)
        return [
            _rule("ORDERS", "SECOND", 10, self._orders_per_10s, per_10s.used(now_ms)),
            _rule("ORDERS", "MINUTE", 1, self._orders_per_minute, per_1m.used(now_ms)),
        ]

    def rules(self) -> list[RateLimitRule]:
        """The limits as exchangeInfo states them."""
        return [
            RateLimitRule(rate_limit_type="REQUEST_WEIGHT", interval="MINUTE", interval_num=1, limit=_MAX_WEIGHT),
            *self.order_rule_statements(),
        ]

    def order_rule_statements(self) -> list[RateLimitRule]:
        """The order limits alone."""
        per_1m, per_10s = self._orders_per_minute, self._orders_per_10s
        return [
            RateLimitRule(rate_limit_type="ORDERS", interval="MINUTE", interval_num=1, limit=per_1m),
            RateLimitRule(rate_limit_type="ORDERS", interval="SECOND", interval_num=10, limit=per_10s),
        ]

    def _windows(self, account: str) -> tuple[_Window, _Window]:
        windows = self._orders.get(account)
        if windows is None:
            windows = self._orders[account] = (_Window(10 * _SECOND_MS), _Window(_MINUTE_MS))
        return windows


def _rule(kind: str, interval: str, number: int, limit: int, count: int) -> RateLimitRule:
    return RateLimitRule(rate_limit_type=kind, interval=interval, interval_num=number, limit=limit, count=count)
