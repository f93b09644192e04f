"""Answers and events for clients that want their times in microseconds."""

from __future__ import annotations

import msgspec

from tradingsys.sim.faces.binance.faults import Fault

__all__ = ["in_microseconds", "wants_microseconds"]

_decode = msgspec.json.Decoder().decode
_TIMES = frozenset(
    {
        "serverTime", "time", "updateTime", "transactTime", "transactionTime", "workingTime", "trailingTime",
        "openTime", "closeTime", "timestamp", "authorizedSince", "connectedSince", "retryAfter", "expirationTime",
    }
)  # fmt: skip
_TIMES_OF = {
    "executionReport": frozenset({"E", "T", "O", "W", "D"}),
    "outboundAccountPosition": frozenset({"E", "u"}),
    "24hrTicker": frozenset({"E", "O", "C"}),
    **{f"{window}Ticker": frozenset({"E", "O", "C"}) for window in ("1h", "4h", "1d")},
    "kline": frozenset({"E"}),
    "referencePrice": frozenset({"t"}),
}
_TIMES_OF_EVENTS = frozenset({"E", "T"})
_TIMES_OF_BARS = frozenset({"t", "T"})
_KLINE_LENGTH = 12


def wants_microseconds(word: str) -> bool:
    """What a client says about time units.

    Raises Fault (-1194) for nobody's word.
    """
    if word.upper() not in ("", "MILLISECOND", "MICROSECOND"):
        raise Fault(400, -1194, "Invalid value for time unit; expected either MICROSECOND or MILLISECOND.")
    return word.upper() == "MICROSECOND"


def in_microseconds(data: bytes) -> bytes:
    """The same JSON with longer times."""
    return msgspec.json.encode(_longer(_decode(data)))


def _longer(value: object) -> object:
    if isinstance(value, dict):
        if "k" in value and isinstance(value["k"], dict):
            value["k"] = {name: _stamp(each) if name in _TIMES_OF_BARS else each for name, each in value["k"].items()}
        kind = value.get("e")
        times = _TIMES
        if isinstance(kind, str):
            times = _TIMES_OF.get(kind, _TIMES_OF_EVENTS)
        elif "M" in value and "T" in value:
            times = _TIMES_OF_EVENTS
        return {name: _stamp(each) if name in times else _longer(each) for name, each in value.items()}
    if isinstance(value, list):
        if len(value) == _KLINE_LENGTH and isinstance(value[0], int) and isinstance(value[6], int):
            return [_stamp(value[0]), *value[1:6], _stamp(value[6] + 1, -1), *value[7:]]
        return [_longer(each) for each in value]
    return value


def _stamp(value: object, less: int = 0) -> object:
    is_time = isinstance(value, int) and not isinstance(value, bool) and value > 0
    return value * 1000 + less if is_time else value  # type: ignore[operator]
