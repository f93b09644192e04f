"""When a strategy hears of things: at once, later, or one by one."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial

from pyalgo.link import MarketPush
from tradingsys.wire.messages import KlinePush, TradePush

__all__ = ["Delivery"]

_MAX_TRADES = 10_000

Tell = Callable[[], None]


class Delivery:
    """Tells at once between `start` and `stop`; otherwise keeps what happens, to be told by `start` or one by `next`.

    It keeps every session event, every bar's last update and 10,000 trades; of all else only the latest.
    """

    def __init__(self, tell_market: Callable[[MarketPush], None], tell_where_we_are: Tell) -> None:
        self._tell_market, self._tell_where_we_are = tell_market, tell_where_we_are
        self._is_on = False
        self._is_pulled = False
        self._events: deque[tuple[Tell, tuple[str, ...]]] = deque()
        self._trades: deque[Tell] = deque(maxlen=_MAX_TRADES)
        self._latest: dict[tuple[str, int], Tell] = {}

    def start(self) -> None:
        """Tell what waited, and from now on everything at once."""
        self._is_on = True
        if not self._is_pulled:
            self._tell_where_we_are()
        while (tell := self._pop()) is not None:
            tell()

    def stop(self) -> None:
        """Tell nothing until `start` or `next`."""
        self._is_on = self._is_pulled = False

    def next(self) -> bool:
        """Tell the next thing that waits; returns whether there was one."""
        if not self._is_pulled:
            self._is_pulled = True
            waiting, self._events = self._events, deque()
            self._tell_where_we_are()
            self._events.extend(waiting)
        tell = self._pop()
        if tell is None:
            return False
        self._is_on = True
        try:
            tell()
        finally:
            self._is_on = False
        return True

    def market(self, push: MarketPush) -> None:
        """Market data arrived."""
        if self._is_on:
            self._tell_market(push)
            return
        tell = partial(self._tell_market, push)
        match push:
            case TradePush():
                self._trades.append(tell)
            case KlinePush(stream=stream, start_ms=start_ms):
                self._latest[stream, start_ms] = tell
            case _:
                self._latest[push.stream, 0] = tell

    def event(self, tell: Tell, client_order_ids: tuple[str, ...] = ()) -> None:
        """Something that must be told; ``client_order_ids`` names new orders whose answer it is."""
        if self._is_on:
            tell()
        else:
            self._events.append((tell, client_order_ids))

    def news(self, tell: Tell) -> None:
        """Something that means nothing any more to a strategy that starts to listen later."""
        if self._is_on or self._is_pulled:
            self.event(tell)

    def forget(self) -> list[str]:
        """The connection is gone: what was not told counts as never received.

        Returns the orders whose answers waited.
        """
        unanswered = [client_order_id for _, answered in self._events for client_order_id in answered]
        self._events.clear()
        self._trades.clear()
        self._latest.clear()
        return unanswered

    def _pop(self) -> Tell | None:
        if self._events:
            return self._events.popleft()[0]
        if self._trades:
            return self._trades.popleft()
        if self._latest:
            return self._latest.pop(next(iter(self._latest)))
        return None
