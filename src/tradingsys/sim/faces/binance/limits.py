"""Counting what clients use: fixed clock windows, as the venue counts."""

from __future__ import annotations

from msgspec import Struct

from tradingsys.sim.faces.binance.faults import Fault
from tradingsys.venues.binance.messages import RateLimitRule

__all__ = ["Limits", "OrderLimit", "Window"]

_SECOND_MS = 1_000
_MINUTE_MS = 60_000
_INTERVALS_MS = {"SECOND": _SECOND_MS, "MINUTE": _MINUTE_MS, "DAY": 24 * 60 * _MINUTE_MS}
_WARNINGS = 10
"""Requests that may ignore a 429 before the address is banned."""
_FIRST_BAN_MS = 120_000
_LONGEST_BAN_MS = 3 * 24 * 3_600_000


class OrderLimit(Struct, frozen=True):
    """How many orders an account may send in a window of the clock."""

    limit: int
    interval: str
    """The venue's word, such as MINUTE."""
    number: int = 1
    """Of intervals."""

    @property
    def length_ms(self) -> int:
        """Of the window."""
        return self.number * _INTERVALS_MS[self.interval]

    @property
    def header(self) -> str:
        """Which header tells the count."""
        return f"X-MBX-ORDER-COUNT-{self.number}{self.interval[0]}"


class Window:
    """A count that starts anew with each window of the clock."""

    __slots__ = ("_number", "_used", "length_ms")

    def __init__(self, length_ms: int) -> None:
        self.length_ms = length_ms
        self._number = -1
        self._used = 0

    def used(self, now_ms: int) -> int:
        """How much was used in the current window."""
        number = now_ms // self.length_ms
        if number != self._number:
            self._number, self._used = number, 0
        return self._used

    def add(self, amount: int, now_ms: int) -> int:
        """Use so much more; returns what is used."""
        self._used = self.used(now_ms) + amount
        return self._used

    def ends_ms(self, now_ms: int) -> int:
        """When the current window is over."""
        return (now_ms // self.length_ms + 1) * self.length_ms


class Limits:
    """One address's request weight and every account's order count."""

    def __init__(self, max_weight: int, orders: tuple[OrderLimit, ...]) -> None:
        self._max_weight = max_weight
        self._order_limits = orders
        self._weight = Window(_MINUTE_MS)
        self._warned = Window(_MINUTE_MS)
        self._orders: dict[str, tuple[Window, ...]] = {}
        self._banned_until_ms = 0
        self._bans = 0
        self._shut_out_until_ms = 0

    def shut_out(self, until_ms: int, *, is_ban: bool) -> None:
        """Refuse every request until then, whatever was used: with 429, or, as a ban, with 418."""
        self._banned_until_ms = until_ms if is_ban else 0
        self._shut_out_until_ms = 0 if is_ban else until_ms

    def check(self, now_ms: int) -> None:
        """Raises Fault 429 or 418 when nothing can be spent, without spending."""
        until_ms = max(self._banned_until_ms, self._shut_out_until_ms)
        if now_ms < until_ms or self._weight.used(now_ms) >= self._max_weight:
            self.spend(1, now_ms)

    def spend(self, weight: int, now_ms: int) -> None:
        """Count a request.

        Raises Fault 429 above the limit, and 418 when that was ignored.
        """
        if now_ms < self._banned_until_ms:
            raise self._ban_fault(now_ms)
        is_shut_out = now_ms < self._shut_out_until_ms
        if self._weight.add(weight, now_ms) <= self._max_weight and not is_shut_out:
            return
        if self._warned.add(1, now_ms) > _WARNINGS:
            self._banned_until_ms = now_ms + min(_LONGEST_BAN_MS, _FIRST_BAN_MS << self._bans)
            self._bans += 1
            raise self._ban_fault(now_ms)
        raise Fault(
            429,
            -1003,
            f"Too many requests; current limit is {self._max_weight} request weight per 1 MINUTE. "
            "Please use WebSocket Streams for live updates to avoid polling the API.",
            (now_ms, self._shut_out_until_ms if is_shut_out else self._weight.ends_ms(now_ms)),
        )

    def _ban_fault(self, now_ms: int) -> Fault:
        until_ms = self._banned_until_ms
        text = f"Way too many requests; IP banned until {until_ms}. Please use the websocket for live updates."
        return Fault(418, -1003, text, (now_ms, until_ms))

    def spend_request(self, now_ms: int) -> None:
        """Count a request, whatever it weighs, where that has a limit.

        Raises Fault 429 above it.
        """

    def spend_order(self, account: str, now_ms: int, *counts: int) -> None:
        """Count an order, or with ``counts`` so many in each window.

        Raises Fault 429 (-1015) above any limit.
        """
        costs = counts or (1,) * len(self._order_limits)
        for window, rule, cost in zip(self._windows(account), self._order_limits, costs, strict=True):
            if window.add(cost, now_ms) > rule.limit:
                text = f"{rule.limit} orders per {rule.number} {rule.interval}"
                message = f"Too many new orders; current limit is {text}."
                raise Fault(429, -1015, message, (now_ms, window.ends_ms(now_ms)))

    def is_spent(self, account: str, now_ms: int) -> bool:
        """Whether another order would be too many."""
        return any(
            window.used(now_ms) >= rule.limit
            for window, rule in zip(self._windows(account), self._order_limits, strict=True)
        )

    def give_back(self, account: str, count: int, now_ms: int) -> None:
        """Orders that count no more because they were filled."""
        for window in self._windows(account):
            window.add(-min(count, window.used(now_ms)), now_ms)

    def waive(self, weight: int, now_ms: int) -> None:
        """A request that was counted turned out to weigh nothing."""
        self._weight.add(-min(weight, self._weight.used(now_ms)), now_ms)

    def weight_headers(self, now_ms: int) -> dict[str, str]:
        """The header of every reply."""
        return {"X-MBX-USED-WEIGHT-1M": str(self._weight.used(now_ms))}

    def order_headers(self, account: str, now_ms: int) -> dict[str, str]:
        """The headers of a reply to an order."""
        return {
            rule.header: str(window.used(now_ms))
            for window, rule in zip(self._windows(account), self._order_limits, strict=True)
        }

    def weight_rule(self, now_ms: int) -> RateLimitRule:
        """The weight in a WS-API reply."""
        return _rule("REQUEST_WEIGHT", "MINUTE", 1, self._max_weight, self._weight.used(now_ms))

    def order_rules(self, account: str, now_ms: int) -> list[RateLimitRule]:
        """The order counts in a WS-API reply to an order."""
        return [
            _rule("ORDERS", rule.interval, rule.number, rule.limit, window.used(now_ms))
            for window, rule in zip(self._windows(account), self._order_limits, strict=True)
        ]

    def rules(self) -> list[RateLimitRule]:
        """The limits as exchangeInfo states them."""
        return [
            RateLimitRule(rate_limit_type="REQUEST_WEIGHT", interval="MINUTE", interval_num=1, limit=self._max_weight),
            *self.order_rule_statements(),
        ]

    def order_rule_statements(self) -> list[RateLimitRule]:
        """The order limits alone."""
        return [
            RateLimitRule(rate_limit_type="ORDERS", interval=rule.interval, interval_num=rule.number, limit=rule.limit)
            for rule in self._order_limits
        ]

    def spend_of_account(self, account: str, weight: int, now_ms: int) -> None:
        """Count a request that weighs on an account, where accounts have a limit of their own.

        Raises Fault 429.
        """
        raise NotImplementedError

    def account_headers(self, account: str, now_ms: int) -> dict[str, str]:
        """The header of a reply to what weighs on an account."""
        raise NotImplementedError

    def _windows(self, account: str) -> tuple[Window, ...]:
        windows = self._orders.get(account)
        if windows is None:
            windows = self._orders[account] = tuple(Window(rule.length_ms) for rule in self._order_limits)
        return windows


def _rule(kind: str, interval: str, number: int, limit: int, count: int) -> RateLimitRule:
    return RateLimitRule(rate_limit_type=kind, interval=interval, interval_num=number, limit=limit, count=count)
