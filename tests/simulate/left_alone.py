"""Whether the exchange is left alone once it said for how long it wants to be."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tests.simulate.world import World, ms
from tradingsys.core.io import HttpRequest, Transmission, WsFrame

__all__ = ["LeftAlone"]

_SHUT_OUT = (429, 418)
_OF_THE_ADDRESS = b"-1003"
"""What is refused then is everything; too many orders (-1015) keep nobody from asking."""
_BANNED_UNTIL_MS = re.compile(rb"banned until (\d+)")
_UNDER_WAY_MS = 50
"""What it decided before it heard of that leaves a moment later."""
_CLOCKS_DIFFER_MS = 1_500
"""A gateway knows the exchange's time to within a second, as long as its own does not stand still."""
_DRIFT_PPM = 200
"""By which its own may be too fast."""


class LeftAlone:
    """Of one gateway: what it was told, and what it sends all the same."""

    def __init__(self, world: World, wrong: list[str]) -> None:
        self._world = world
        self._wrong = wrong
        self._from_ns = self._until_ns = 0

    def told(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """An answer reached it."""
        if status not in _SHUT_OUT or _OF_THE_ADDRESS not in body:
            return
        told, until_ns = _BANNED_UNTIL_MS.search(body), 0
        if "retry-after" in headers:
            until_ns = self._world.now_ns + ms(float(headers["retry-after"]) * 1_000)
        elif told is not None:
            until_ns = ms(int(told[1]))
        if self._world.now_ns >= self._until_ns:
            self._from_ns = self._world.now_ns + ms(_UNDER_WAY_MS)
        early_ns = max(0, until_ns - self._world.now_ns) * _DRIFT_PPM // 1_000_000
        self._until_ns = max(self._until_ns, until_ns - early_ns - ms(_CLOCKS_DIFFER_MS))

    def clock_stops(self) -> None:
        """It does not know any more how long ago that was."""
        self._until_ns = 0

    def sends(self, transmission: Transmission) -> None:
        """Something leaves."""
        if not self._from_ns <= self._world.now_ns < self._until_ns:
            return
        match transmission:
            case HttpRequest(url=url):
                what = url.partition("?")[0]
            case WsFrame("trade", data):
                what = data[:60].decode()
            case _:
                return
        self._until_ns = 0  # once is enough
        self._wrong.append(f"at {self._world.at(self._world.now_ns):.4f} asked while it was shut out: {what}")
