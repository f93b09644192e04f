"""Market data once per interval instead of at every change."""

from __future__ import annotations

from pyalgo.link import MarketPush
from tradingsys.wire.messages import KlinePush

__all__ = ["Sampler"]


class Sampler:
    """Keeps the latest of each sampled stream until the next tick of its interval.

    Ticks fall on whole multiples of the interval since 1970, so that streams sampled alike are told at the same
    moments. Of bars the latest update of each is kept: no closed bar is lost.
    """

    def __init__(self) -> None:
        self._intervals_ms: dict[str, int] = {}
        self._next_ms: dict[str, int] = {}
        self._held: dict[str, dict[int, MarketPush]] = {}

    def add(self, stream: str, interval_ms: int, now_ms: int) -> None:
        """From now on sample this one."""
        self._intervals_ms[stream] = interval_ms
        self._next_ms[stream] = now_ms - now_ms % interval_ms + interval_ms

    def remove(self, stream: str) -> None:
        """Sample it no more, and forget what was held of it."""
        self._intervals_ms.pop(stream, None)
        self._next_ms.pop(stream, None)
        self._held.pop(stream, None)

    def takes(self, push: MarketPush) -> bool:
        """Hold market data of a sampled stream; False for any other."""
        if push.stream not in self._intervals_ms:
            return False
        bar = push.start_ms if isinstance(push, KlinePush) else 0
        self._held.setdefault(push.stream, {})[bar] = push
        return True

    def due(self, now_ms: int) -> list[MarketPush]:
        """What is to be told now: the latest of every stream whose tick has come, if there was anything new."""
        told: list[MarketPush] = []
        for stream, next_ms in self._next_ms.items():
            if next_ms <= now_ms:
                interval_ms = self._intervals_ms[stream]
                self._next_ms[stream] = now_ms - now_ms % interval_ms + interval_ms
                told.extend(self._held.pop(stream, {}).values())
        return told

    @property
    def next_ms(self) -> int | None:
        """When `due` has something to do, if ever."""
        return min(self._next_ms.values(), default=None)
