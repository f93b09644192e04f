"""Everything that can go wrong by itself, by the name under which it is counted."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Fault"]


class Fault(StrEnum):
    """One thing that goes wrong."""

    # --- requests about orders
    ANSWER_LATE = "answer_late"
    """Executed; the answer is on its way for a while."""
    ANSWER_MISSING = "answer_missing"
    """Executed; no answer ever comes."""
    ANSWER_TIMEOUT = "answer_timeout"
    """Executed; the answer is that nobody knows in time (408; 504 on spot and margin)."""
    ANSWER_UNKNOWN = "answer_unknown"
    """Executed; the answer is that something unknown happened (503; 502 on spot and margin)."""
    ANSWER_DROPPED = "answer_dropped"
    """Executed; the connection ends instead of an answer."""
    REQUEST_CUT = "request_cut"
    """Not executed; the connection ends before the request was read."""
    UNAVAILABLE = "unavailable"
    """Not executed: 503, service unavailable."""
    OVERLOADED = "overloaded"
    """Not executed: 503, throttled."""
    INTERNAL = "internal"
    """Not executed: 503, internal error; 500 on spot and margin."""

    # --- all other requests
    READ_LATE = "read_late"
    """The answer is on its way for a while."""
    READ_STALE = "read_stale"
    """The answer is that of the same question a moment ago."""
    READ_BROKEN = "read_broken"
    """502 with a web page, from before the exchange proper."""

    # --- events of accounts
    EVENT_LOST = "event_lost"
    EVENT_TWICE = "event_twice"
    EVENT_SWAPPED = "event_swapped"
    """Comes after the one that follows it."""
    EVENT_LATE = "event_late"
    """With everything behind it."""

    # --- events of the public market
    MARKET_LOST = "market_lost"
    MARKET_TWICE = "market_twice"
    MARKET_SWAPPED = "market_swapped"
    MARKET_LATE = "market_late"

    FILL_SPLIT = "fill_split"
    """What could trade at once trades in smaller parts."""

    # --- for a time, or at one
    SILENCE = "silence"
    """Open websockets stay open and say nothing more."""
    SOCKET_END = "socket_end"
    """A websocket ends, as after 24 hours."""
    STREAM_END = "stream_end"
    """The accounts' streams end, and their websockets stay open."""
    TOO_MANY = "too_many"
    """Whoever asks is told to come back later (429)."""
    BAN = "ban"
    """Whoever asks is shut out (418)."""
    REFUSAL = "refusal"
    """Questions of one kind about accounts, or of all, are not answered, or by errors."""
    CLOCK_STEP = "clock_step"
    """The exchange's clock is set to another time."""
    RESTART = "restart"
    """All websockets end, and for a while there are none."""
