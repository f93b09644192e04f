"""Reading the account's executions from the venue's history, as far back as the books need them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable
from contextlib import suppress

from tradingsys.core.commands import TradesQuery
from tradingsys.core.order import Fill, FillKey
from tradingsys.oms.inquiry import Inquiry
from tradingsys.oms.refusals import NotTold

__all__ = ["TradeHistory"]

_FETCHES = 2
_JOIN_MS = 50
_PAGE = 1000
_FOUND_MS = 60_000
_NS_PER_MS = 1_000_000
_WAITED_FOR_MS = 600_000
"""So long history may not show an execution that the exchange told of."""


class TradeHistory:
    """Procedures that ask for executions, by symbol."""

    def __init__(self, inquiry: Inquiry) -> None:
        self._inquiry = inquiry
        self._book = inquiry.book
        self._staleness_ms = inquiry.margins.staleness_ms
        self._pulling: dict[str, bool] = {}
        self._pulled: Counter[str] = Counter()
        self._fetching: dict[str, int] = {}
        self.read_ns: dict[str, int] = {}
        """When each symbol was asked for last, in monotonic time."""
        self._whole_ns: dict[str, int] = {}
        """The same, of the last time that all was read."""
        self.untold: set[str] = set()
        """Symbols of which the venue refused to tell when they were asked for last."""
        self._told_ns: dict[str, int] = {}
        """When the venue told last of executions that were not known."""

    async def pull(self, symbol: str) -> None:
        """Book every execution from the watermark on; the watermark follows up to what can no longer change.

        Ends when history was asked for, and read, after this call, or when the venue refuses to tell it.
        """
        if symbol in self._pulling:
            self._pulling[symbol] = True  # one is under way: it will go round once more
            enough = self._pulled[symbol] + 2
            while symbol in self._pulling and self._pulled[symbol] < enough:
                await self._inquiry.wait(_JOIN_MS)
            return
        self._pulling[symbol] = True
        try:
            while self._pulling[symbol]:
                self._pulling[symbol] = False
                try:
                    await self._pull_once(symbol)
                except NotTold:
                    self.untold.add(symbol)
                else:
                    self.untold.discard(symbol)
                    self._whole_ns[symbol] = self.read_ns[symbol]
                self._pulled[symbol] += 1
        finally:
            del self._pulling[symbol]

    async def pull_since(self, symbol: str, since_ns: int) -> None:
        """The same, but where history was asked for after an instant of monotonic time already, and read."""
        while symbol in self._pulling and self.read_ns[symbol] >= since_ns and not self._is_read(symbol, since_ns):
            await self._inquiry.wait(_JOIN_MS)
        if not self._is_read(symbol, since_ns):
            await self.pull(symbol)

    def _is_read(self, symbol: str, since_ns: int) -> bool:
        return symbol in self._whole_ns and self._whole_ns[symbol] >= since_ns

    async def fetch_missing(self, symbol: str) -> None:
        """The venue told of executions that we do not know: give its stream a moment to tell them, then ask history.

        Once more when no answer can be older than the question; what is missing even then is found by the watch.
        """
        self._told_ns[symbol] = self._inquiry.now_ns()
        is_under_way = symbol in self._fetching
        self._fetching[symbol] = _FETCHES
        if is_under_way:
            return
        wait_ms = self._inquiry.timing.settle_ms
        try:
            while self._fetching[symbol]:
                self._fetching[symbol] -= 1
                await self._inquiry.wait(wait_ms)
                if not any(order.symbol == symbol and order.facts.missing_qty for order in self._book.open_orders()):
                    return
                await self.pull(symbol)
                wait_ms = self._staleness_ms
        finally:
            del self._fetching[symbol]

    def may_lack(self, symbol: str) -> bool:
        """Whether executions that the venue told of a moment ago may still be found: what is missing for longer than
        that, or cannot be asked for, nobody shall wait for.
        """
        told_ns = self._told_ns.get(symbol)
        found_ns = (self._staleness_ms + _FOUND_MS) * _NS_PER_MS
        is_young = told_ns is not None and self._inquiry.now_ns() - told_ns < found_ns
        return is_young and not self._inquiry.is_history_put_off(symbol)

    async def since(self, symbol: str, start_ms: int) -> list[Fill]:
        """Every execution from an instant on; nothing is booked. Raises NotTold where the venue refuses to tell."""
        rows = await self._inquiry.of_symbol(TradesQuery(symbol, start_ms=start_ms, limit=_PAGE))
        fills = {fill.key: fill for row in rows for fill in row.fills.values()}
        while len(rows) >= _PAGE:
            last = max(int(fill.exec_id) for fill in fills.values())
            rows = await self._inquiry.of_symbol(TradesQuery(symbol, from_id=last, limit=_PAGE))
            if not any(int(exec_id) > last for row in rows for exec_id in row.fills):
                break
            fills |= {fill.key: fill for row in rows for fill in row.fills.values()}
        return list(fills.values())

    async def last_id(self, symbol: str) -> int:
        """The id of the account's last trade; -1 when it never traded the symbol. Raises NotTold as `since` does."""
        rows = await self._inquiry.of_symbol(TradesQuery(symbol, limit=_PAGE))
        if not rows:  # the venue shows only recent ones unless asked from an id on
            rows = await self._inquiry.of_symbol(TradesQuery(symbol, from_id=0, limit=_PAGE))
        last = max((int(exec_id) for row in rows for exec_id in row.fills), default=-1)
        while len(rows) >= _PAGE:
            rows = await self._inquiry.of_symbol(TradesQuery(symbol, from_id=last + 1, limit=_PAGE))
            last = max((int(exec_id) for row in rows for exec_id in row.fills), default=last)
        return last

    async def last_ids(self, symbols: Iterable[str]) -> dict[str, int]:
        """`last_id` of each that the venue tells of."""
        last_ids: dict[str, int] = {}
        for symbol in symbols:
            with suppress(NotTold):
                last_ids[symbol] = await self.last_id(symbol)
        return last_ids

    async def _pull_once(self, symbol: str) -> None:
        self.read_ns[symbol] = self._inquiry.now_ns()
        from_id = booked_to = self._book.watermarks[symbol]
        settled = True
        while True:
            asked_ms = self._inquiry.surely_ms()
            rows = await self._inquiry.of_symbol(TradesQuery(symbol, from_id=from_id, limit=_PAGE))
            orders = [self._inquiry.learn(row, symbol) for row in rows]
            fills = [(fill, order) for row, order in zip(rows, orders, strict=True) for fill in row.fills.values()]
            last = int(fills[-1][0].exec_id) if fills else from_id
            first_hidden = self._first_hidden(symbol, {fill.key for fill, _ in fills}, last, asked_ms)
            for fill, order in fills:
                settled &= first_hidden is None or int(fill.exec_id) < first_hidden
                # Beyond a young row an older one could still appear; beyond one without owner nothing is booked yet.
                settled &= fill.ts_event_ms < asked_ms - self._staleness_ms and self._book.is_booked(fill)
                settled &= order is None or not order.is_without_row
                booked_to = int(fill.exec_id) if settled else booked_to
            self._book.advance(symbol, booked_to)
            if len(rows) < _PAGE or last == from_id:
                return
            from_id = last  # inclusive: a self-trade's two rows may fall on two pages

    def _first_hidden(self, symbol: str, shown: Container[FillKey], last: int, asked_ms: int) -> int | None:
        """The first execution before the ``last`` one that was told, and that history does not show: as it is late for
        one, it may be for others that nobody told of. It is not waited for forever.
        """
        return min(
            (
                int(fill.exec_id)
                for fill in self._book.told_above_watermark(symbol)
                if fill.key not in shown and int(fill.exec_id) < last and fill.ts_event_ms > asked_ms - _WAITED_FOR_MS
            ),
            default=None,
        )
