"""Timestamps of spot's requests: milliseconds or microseconds, and a window with up to three decimals."""

from __future__ import annotations

import re
from decimal import Decimal

from tradingsys.sim.faces.binance.faults import Fault, missing
from tradingsys.sim.faces.binance.params import Params

__all__ = ["check_time"]

_MAX_AHEAD_MS = 1_000
_DEFAULT_WINDOW_MS = Decimal(5_000)
_LONGEST_WINDOW_MS = Decimal(60_000)
_MICROSECONDS_FROM = 10**14
"""Larger timestamps are microseconds: in milliseconds they would be of the year 5138."""
_STAMP = re.compile(r"[0-9]{1,19}")
_WINDOW = re.compile(r"[0-9]{1,8}(\.[0-9]{1,3})?")


def check_time(given: Params, now_ms: int) -> None:
    """Whether a request is of now.

    Raises Fault for a timestamp that is missing (-1102), too old or too far ahead (-1021), and for a window that makes
    no sense (-1102) or is too long (-1131).
    """
    stamp = given.text("timestamp")
    if not _STAMP.fullmatch(stamp):
        raise missing("timestamp")
    number = int(stamp)
    stamp_ms = Decimal(number) / 1000 if number >= _MICROSECONDS_FROM else Decimal(number)
    window = given.get("recvWindow")
    if window and not _WINDOW.fullmatch(window):
        raise missing("recvWindow")
    window_ms = Decimal(window) if window else _DEFAULT_WINDOW_MS
    if window_ms > _LONGEST_WINDOW_MS:
        raise Fault(400, -1131, "recvWindow must be less than 60000.")
    if stamp_ms >= now_ms + _MAX_AHEAD_MS:
        raise Fault(400, -1021, "Timestamp for this request was 1000ms ahead of the server's time.")
    if now_ms - stamp_ms > window_ms:
        raise Fault(400, -1021, "Timestamp for this request is outside of the recvWindow.")
