"""What answers say about the rate limits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from email.utils import parsedate_to_datetime

from msgspec import structs

from tradingsys.core.ban import LONGEST_BAN_MS
from tradingsys.core.commands import RateLimit
from tradingsys.core.reports import LimitsSeen
from tradingsys.venues.binance import messages
from tradingsys.venues.binance.errors import HttpError, retry_after_ms

__all__ = ["error_of_reply", "limits_of_headers", "limits_of_reply", "rate_limits", "wait_ms"]

_KINDS = {
    "used-weight": "weight",
    "used-uid-weight": "weight",
    "order-count": "orders",
    "REQUEST_WEIGHT": "weight",
    "ORDERS": "orders",
}
_UNITS_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_INTERVALS_MS = {"SECOND": 1_000, "MINUTE": 60_000, "HOUR": 3_600_000, "DAY": 86_400_000}
# Of the two weights of margin, only the account's is one count of all paths.
_HEADER = re.compile(r"x-(?:mbx-(used-weight|order-count)|sapi-(used-uid-weight))-([0-9]{1,6})([smhd])")
_UNTIL = re.compile(r"until ([0-9]{13})\b")
_SHORTEST_BAN_MS = 120_000
_MINUTE_MS = 60_000
_MAX_NUMBER = 15


def limits_of_headers(headers: Mapping[str, str], error: HttpError | None) -> LimitsSeen | None:
    """The counts in an HTTP answer's headers, None when there is nothing to tell."""
    used: dict[tuple[str, int], int] = {}
    for name, value in headers.items():
        found = _HEADER.fullmatch(name)
        if found and value.isdecimal() and len(value) <= _MAX_NUMBER:
            used[_KINDS[found[1] or found[2]], int(found[3]) * _UNITS_MS[found[4]]] = int(value)
    return _seen(used, error)


def limits_of_reply(rules: Iterable[messages.RateLimitRule], error: HttpError | None) -> LimitsSeen | None:
    """The counts in a WS-API reply, None when there is nothing to tell."""
    used = {
        (limit.kind, limit.window_ms): rule.count
        for rule in rules
        if (limit := _rate_limit(rule)) and isinstance(rule.count, int)
    }
    return _seen(used, error)


def _seen(used: Mapping[tuple[str, int], int], error: HttpError | None) -> LimitsSeen | None:
    if error is None or error.retry_after_ms is None:
        return LimitsSeen(used) if used else None
    return LimitsSeen(used, error.retry_after_ms, error.is_of_orders)


def rate_limits(rules: Iterable[messages.RateLimitRule]) -> tuple[RateLimit, ...]:
    """The limits that `GET /exchangeInfo` tells; kinds we do not count are left out."""
    return tuple(limit for rule in rules if (limit := _rate_limit(rule)))


def wait_ms(error: HttpError, headers: Mapping[str, str], now_ms: int | None) -> int | None:
    """How long to send nothing after a 429 or 418; None for other answers.

    Where the exchange does not say: to the next minute, when counters start anew; after a ban its shortest length.
    """
    if error.status not in (418, 429):
        return None
    return min(_told_wait_ms(error, headers, now_ms), LONGEST_BAN_MS)


def _told_wait_ms(error: HttpError, headers: Mapping[str, str], now_ms: int | None) -> int:
    if error.retry_after_ms is not None:
        return error.retry_after_ms
    seconds = headers.get("retry-after", "")
    if seconds.isdecimal() and len(seconds) <= _MAX_NUMBER:
        return int(seconds) * 1_000
    until, said_ms = _UNTIL.search(error.message), _said_ms(headers)
    if until and said_ms is not None:
        return max(0, int(until[1]) - said_ms)
    if until and now_ms is not None:
        return max(0, int(until[1]) - now_ms)
    if error.status == 418:
        return _SHORTEST_BAN_MS
    return _MINUTE_MS - (now_ms or 0) % _MINUTE_MS


def _said_ms(headers: Mapping[str, str]) -> int | None:
    """By the exchange's own clock, when it answered, to the second: before its time is known nothing else tells it."""
    try:
        said = parsedate_to_datetime(headers["date"])
        # Without a zone (-0000) it would be read in this machine's.
        return None if said.tzinfo is None else int(said.timestamp()) * 1_000
    except (KeyError, ValueError, OverflowError):
        return None


def error_of_reply(status: int, body: messages.ErrorBody, now_ms: int | None) -> HttpError:
    """An error reply of the WS-API, with how long to send nothing after it."""
    told_ms = retry_after_ms(body.data, now_ms) if body.data else None
    error = HttpError(status, body.code, body.msg, told_ms)
    return structs.replace(error, retry_after_ms=wait_ms(error, {}, now_ms))


def _rate_limit(rule: messages.RateLimitRule) -> RateLimit | None:
    kind, interval_ms = _KINDS.get(rule.rate_limit_type), _INTERVALS_MS.get(rule.interval)
    if kind is None or interval_ms is None:
        return None
    return RateLimit(kind, rule.interval_num * interval_ms, rule.limit)
