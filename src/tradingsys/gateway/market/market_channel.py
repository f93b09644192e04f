"""One channel of market data."""

from __future__ import annotations

from tradingsys.venues.protocol import Stream

__all__ = ["FIRST_RETRY_NS", "MarketChannel"]

_NS_PER_MS = 1_000_000
FIRST_RETRY_NS = 500 * _NS_PER_MS
_SILENCE_NS = 30_000 * _NS_PER_MS
"""A channel with subscriptions that says nothing for so long is dead, whatever its socket says."""
_SILENCE_WITHOUT_TRADES_NS = 600_000 * _NS_PER_MS
"""The same where nothing is said as long as nobody trades."""
_TALKATIVE = ("depth", "bbo", "mark")


class MarketChannel:
    """One market websocket: what it should carry and what it was asked to."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.is_open = False
        self.is_idle = True
        """Neither open nor about to be."""
        self.wanted: dict[Stream, None] = {}
        self.asked: dict[Stream, None] = {}
        self.retry_ns = FIRST_RETRY_NS
        self.silence_ns = _SILENCE_NS
        self.heard_ns = 0
        self.deadline_ns: int | None = None
        """When to connect again (closed), or to send the next control frame (open)."""

    def carry(self, stream: Stream, wanted: bool) -> None:
        """Carry this stream from now on, or no longer."""
        if wanted:
            self.wanted[stream] = None
        else:
            self.wanted.pop(stream, None)
        talkative = any(each.kind in _TALKATIVE for each in self.wanted)
        self.silence_ns = _SILENCE_NS if talkative else _SILENCE_WITHOUT_TRADES_NS
