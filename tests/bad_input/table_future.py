"""Words that the exchange may invent, wherever it has a choice of words now."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from msgspec import Struct

__all__ = ["WORDS", "FutureWord", "changed", "with_new_elements", "with_new_fields"]

Json = dict[str, Any]


class FutureWord(Struct, frozen=True):
    """Another word than any known one, at ``path`` of messages that ``kind`` has the ``e`` of, or of replies."""

    kind: str
    path: str
    is_named: bool
    """Whether it changes what can be read, so that the log must name it."""


def _words(kind: str, named: str, unnamed: str) -> tuple[FutureWord, ...]:
    known = (FutureWord(kind, path, True) for path in named.split())
    return (*known, *(FutureWord(kind, path, False) for path in unnamed.split()))


# Nothing breaks that has another type or kind than today; as long as there are others, the market goes on.
_MARKET = _words("depthUpdate aggTrade kline bookTicker", "", "e k.i")
_OF_ASSETS = (
    # Nothing of an execution can be read any more: the exchange must be asked.
    *_words("executionReport outboundAccountPosition listStatus", "e", ""),
    *_words("executionReport", "x X S o", "f V r"),
    *_words("outboundAccountPosition", "e", ""),
    *_words("listStatus", "e", "c l L r"),
    *_words(
        "reply",
        "side",
        "status type timeInForce selfTradePreventionMode contingencyType listStatusType listOrderStatus",
    ),
    *_words("reply", "", "orderReports.*.side orderReports.*.status orderReports.*.type orderReports.*.timeInForce"),
)
WORDS = {
    "usdt": (
        # As above.
        *_words("ORDER_TRADE_UPDATE TRADE_LITE", "e o.S", ""),
        *_words("ORDER_TRADE_UPDATE TRADE_LITE ACCOUNT_UPDATE", "e", ""),
        *_words("ORDER_TRADE_UPDATE", "e o.x o.X o.S o.o", "o.f o.wt o.ot o.ps o.V o.pm o.er"),
        *_words("TRADE_LITE", "e S", ""),
        *_words("ACCOUNT_UPDATE", "e", "a.m a.P.*.mt a.P.*.ps"),
        *_words("ALGO_UPDATE", "e o.X o.o o.S", "o.at o.ps o.f o.V o.wt o.pm"),
        *_words(
            "reply",
            "side",
            "status type origType timeInForce positionSide workingType priceMatch selfTradePreventionMode",
        ),
        *_MARKET,
    ),
    "spot": (*_OF_ASSETS, *_words("executionReport", "e", ""), *_MARKET),
    "margin": (*_OF_ASSETS, *_words("reply", "", "isIsolated marginBuyBorrowAsset"), *_MARKET),
}
"""By the names of the accounts' configurations."""


def changed(message: Any, path: str, word: str) -> None:
    """Put a word where a path leads; where there is nothing, nothing changes."""
    first, _, rest = path.partition(".")
    if first == "*" and isinstance(message, list):
        for each in message:
            changed(each, rest, word)
    elif isinstance(message, dict) and first in message:
        if rest:
            changed(message[first], rest, word)
        else:
            message[first] = word


def with_new_fields(data: bytes) -> bytes:
    """Every object of a message has fields that nobody knows."""
    return _rewritten(data, _grow)


def with_new_elements(data: bytes) -> bytes:
    """Rules of symbols with kinds of orders, filters and limits that nobody knows."""

    def grow(told: Any) -> None:
        for symbol in told["symbols"]:
            symbol["orderTypes"].append("FUTURE_TYPE")
            symbol.setdefault("timeInForce", []).append("FUTURE_TIME")
            symbol["filters"].append({"filterType": "FUTURE_FILTER", "limit": 1})
            symbol["contractType"] = symbol["underlyingType"] = "FUTURE_KIND"
            symbol.setdefault("permissions", []).append("FUTURE_PERMISSION")
        told["rateLimits"].append(
            {"rateLimitType": "FUTURE_LIMIT", "interval": "FORTNIGHT", "intervalNum": 1, "limit": 1}
        )

    return _rewritten(data, grow)


def _rewritten(data: bytes, change: Callable[[Any], object]) -> bytes:
    try:
        told = json.loads(data)
    except ValueError:
        return data
    change(told)
    return json.dumps(told).encode()


def _grow(value: Any) -> None:
    if isinstance(value, list):
        for each in value:
            _grow(each)
    elif isinstance(value, dict):
        for each in list(value.values()):
            _grow(each)
        value["futureField"] = {"list": [1, None, "x"], "flag": True}
        value["zz"] = "FUTURE"
