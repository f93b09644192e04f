"""What the exchange publishes about trades: the trades themselves, aggregates of them, bars, and a day's prices."""

from __future__ import annotations

from collections import deque
from decimal import Decimal

from msgspec import Struct

from tradingsys.core.bars import Bar
from tradingsys.sim.bar_archive import BarArchive, Past
from tradingsys.sim.events import Traded

__all__ = ["Aggregate", "Tape", "trade_bar"]

_NS_PER_MS = 1_000_000
_AGGREGATE_NS = 100 * _NS_PER_MS
_KEPT_TRADES = 10_000
_ZERO = Decimal(0)


class Aggregate(Struct, frozen=True):
    """Trades at one price and with one taker side, within 100 ms of the first."""

    agg_id: int
    px: Decimal
    qty: Decimal
    first_trade_id: int
    last_trade_id: int
    buyer_is_maker: bool
    ts_ns: int
    """Of the first trade."""


def trade_bar(trade: Traded) -> Bar:
    """A trade as the shortest of bars."""
    px, qty, ts_ms = trade.px, trade.qty, trade.ts_ns // _NS_PER_MS
    value = px * qty
    bought, bought_value = (_ZERO, _ZERO) if trade.buyer_is_maker else (qty, value)
    return Bar(ts_ms, ts_ms, px, px, px, px, qty, value, bought, bought_value, 1, trade.trade_id, trade.trade_id)


class Tape:
    """The public record of one symbol. Trades of the present are kept up to a number, bars from the past on."""

    def __init__(
        self,
        symbol: str,
        reference_px: Decimal,
        now_ns: int,
        past: Past | None = None,
        aggregate_ns: int = _AGGREGATE_NS,
    ) -> None:
        """Trades of one price within ``aggregate_ns`` of the first are told as one."""
        self.symbol = symbol
        self._aggregate_ns = aggregate_ns
        self.trades: deque[Traded] = deque(maxlen=_KEPT_TRADES)
        self.aggregates: deque[Aggregate] = deque(maxlen=_KEPT_TRADES)
        self.bars = BarArchive(reference_px, now_ns // _NS_PER_MS, past)
        self._pending: Aggregate | None = None
        self._next_agg_id = 1

    @property
    def pending_until_ns(self) -> int | None:
        """When the aggregate under construction is complete at the latest."""
        return None if self._pending is None else self._pending.ts_ns + self._aggregate_ns

    def add(self, trade: Traded) -> list[Aggregate]:
        """Take one trade; returns the aggregate that it completed."""
        done = self.advance(trade.ts_ns)
        self.trades.append(trade)
        self.bars.add(trade_bar(trade))
        pending = self._pending
        if pending is not None and (pending.px, pending.buyer_is_maker) != (trade.px, trade.buyer_is_maker):
            done += self._complete()
            pending = None
        if pending is None:
            pending = Aggregate(
                self._next_agg_id, trade.px, _ZERO, trade.trade_id, trade.trade_id, trade.buyer_is_maker, trade.ts_ns
            )
            self._next_agg_id += 1
        self._pending = Aggregate(
            pending.agg_id, pending.px, pending.qty + trade.qty, pending.first_trade_id, trade.trade_id,
            pending.buyer_is_maker, pending.ts_ns,
        )  # fmt: skip
        return done

    def advance(self, now_ns: int) -> list[Aggregate]:
        """Let time pass; returns the aggregate that this completed."""
        self.bars.advance(now_ns // _NS_PER_MS)
        pending = self._pending
        return [] if pending is None or now_ns < pending.ts_ns + self._aggregate_ns else self._complete()

    def _complete(self) -> list[Aggregate]:
        assert self._pending is not None
        done, self._pending = self._pending, None
        self.aggregates.append(done)
        return [done]
