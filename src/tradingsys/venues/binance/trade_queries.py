"""Executions of the past: by id from one on, or by time in windows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Generic, Protocol, TypeVar

from msgspec import Struct

from tradingsys.core.commands import TradesQuery
from tradingsys.core.order import Order
from tradingsys.venues.binance.product import Asking
from tradingsys.venues.binance.rest import Call
from tradingsys.venues.binance.signing import Params
from tradingsys.venues.binance.steps import Steps, venue_ms

__all__ = ["TradeHistory"]

_MOST_WINDOWS = 16
"""Of more than so many, it is cheaper to look for the first trade by its id."""
_NO_ID_YET = 2**42


class _Row(Protocol):
    @property
    def id(self) -> int: ...

    @property
    def order_id(self) -> int: ...

    @property
    def time(self) -> int: ...


R = TypeVar("R", bound=_Row)


class TradeHistory(Struct, Generic[R], frozen=True):
    """How a product tells executions. Trade ids grow with time within a symbol."""

    read: Callable[[bytes], list[R]]
    told: Callable[[R], Order]
    beside: Params = {}
    """What a question must say beside."""

    def steps(self, asking: Asking, query: TradesQuery) -> Steps[tuple[Order, ...]]:
        """Executions, oldest first."""
        if query.start_ms is None or query.from_id is not None:
            rows = yield from self._from(asking, query, query.from_id)
        else:
            rows = yield from self._since(asking, query, query.start_ms)
        return tuple(self.told(row) for row in _oldest_first(rows))

    def _from(self, asking: Asking, query: TradesQuery, from_id: int | None) -> Steps[list[R]]:
        return (yield from self._ask(asking, query, {} if from_id is None else {"fromId": from_id}, query.limit))

    def _since(self, asking: Asking, query: TradesQuery, start_ms: int) -> Steps[list[R]]:
        """One answer covers a window at most: walk on until there are trades, then follow them by id to the limit."""
        product, now_ms = asking.product, venue_ms(asking.clock, asking.now_ns)
        start_ms = max(start_ms, now_ms - product.trades_kept_ms)
        if (now_ms - start_ms) // product.trades_window_ms >= _MOST_WINDOWS:
            return (yield from self._since_long_ago(asking, query, start_ms))
        while True:
            end_ms = start_ms + product.trades_window_ms - 1
            is_last = end_ms >= now_ms
            window: dict[str, str | int | bool] = {"startTime": start_ms}
            if not is_last:
                window["endTime"] = end_ms
            rows = yield from self._ask(asking, query, window, query.limit)
            if rows and not is_last and len(rows) < query.limit:
                rows += yield from self._from(asking, query, max(row.id for row in rows))
            if rows or is_last:
                return _oldest_first(rows)[: query.limit]
            start_ms = end_ms + 1

    def _since_long_ago(self, asking: Asking, query: TradesQuery, start_ms: int) -> Steps[list[R]]:
        """The account's first trades; where these are all too old, the first that is not is searched for by id."""
        rows = _oldest_first((yield from self._from(asking, query, 0)))
        if len(rows) >= query.limit and rows[-1].time < start_ms:
            too_old, new_enough = rows[-1].id, _NO_ID_YET
            while new_enough - too_old > 1:
                middle = (too_old + new_enough) // 2
                found = yield from self._ask(asking, query, {"fromId": middle}, 1)
                if found and found[0].time < start_ms:
                    too_old = max(middle, found[0].id)
                else:
                    new_enough = middle
            rows = _oldest_first((yield from self._from(asking, query, new_enough)))
        wanted = [row for row in rows if row.time >= start_ms]
        # Fewer than asked for would mean that there are no more.
        if wanted and len(wanted) < len(rows) == query.limit:
            more = yield from self._from(asking, query, wanted[-1].id)
            wanted = _oldest_first([*wanted, *more])[: query.limit]
        return wanted

    def _ask(self, asking: Asking, query: TradesQuery, which: Params, limit: int) -> Steps[list[R]]:
        params: Params = {"symbol": query.symbol, **self.beside, **which, "limit": limit}
        return self.read((yield Call("GET", asking.product.paths.user_trades, params)).body)


def _oldest_first(rows: Iterable[R]) -> list[R]:
    """Each execution once: a trade between two own orders is two rows with one id."""
    unique = {(row.id, row.order_id): row for row in rows}
    return [unique[key] for key in sorted(unique)]
