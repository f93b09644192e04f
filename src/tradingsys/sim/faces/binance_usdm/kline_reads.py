"""Bars by REST: of trades, of mark and index price, and of the premium."""

from __future__ import annotations

from tradingsys.core.bars import INTERVALS, Bar, interval_end_ms, interval_start_ms
from tradingsys.sim.bar_archive import BarArchive
from tradingsys.sim.faces.binance.faults import Fault, malformed
from tradingsys.sim.faces.binance_usdm.call import Call
from tradingsys.venues.binance.encode import decimal_text
from tradingsys.venues.binance.messages import KlineRow

__all__ = [
    "CONTRACT_TYPES",
    "KLINE_INTERVALS",
    "continuous_klines",
    "index_price_klines",
    "klines",
    "mark_price_klines",
    "premium_index_klines",
]

KLINE_INTERVALS = frozenset(INTERVALS) - {"1s"}
CONTRACT_TYPES = frozenset({"PERPETUAL", "CURRENT_QUARTER", "NEXT_QUARTER", "TRADIFI_PERPETUAL"})
"""Kinds of contracts that a pair may have; in the box each has a perpetual one alone."""

_LONGEST_MONTH_MS = 31 * 24 * 3_600_000


def klines(call: Call) -> list[KlineRow]:
    """`GET /fapi/v1/klines`: from a time on, else the newest; the last one may be unfinished.

    Raises Fault for an unknown interval (-1120) and for times in the wrong order (-1023).
    """
    return _traded(call, call.symbol())


def continuous_klines(call: Call) -> list[KlineRow]:
    """`GET /fapi/v1/continuousKlines`."""
    pair = call.known_symbol("pair")
    kind = call.params.text("contractType")
    if kind not in CONTRACT_TYPES:
        raise malformed("contractType")
    return _traded(call, pair) if kind == "PERPETUAL" else []


def mark_price_klines(call: Call) -> list[KlineRow]:
    """`GET /fapi/v1/markPriceKlines`."""
    return _read(call, call.state.gauges[call.symbol()].mark)


def index_price_klines(call: Call) -> list[KlineRow]:
    """`GET /fapi/v1/indexPriceKlines`."""
    return _read(call, call.state.gauges[call.known_symbol("pair")].index)


def premium_index_klines(call: Call) -> list[KlineRow]:
    """`GET /fapi/v1/premiumIndexKlines`."""
    return _read(call, call.state.gauges[call.symbol()].premium)


def _traded(call: Call, symbol: str) -> list[KlineRow]:
    return _read(call, call.state.tapes[symbol].bars)


def _read(call: Call, archive: BarArchive) -> list[KlineRow]:
    archive.advance(call.now_ms)
    return [
        KlineRow(
            open_ms=bar.start_ms,
            open_px=decimal_text(bar.open),
            high_px=decimal_text(bar.high),
            low_px=decimal_text(bar.low),
            close_px=decimal_text(bar.close),
            volume=decimal_text(bar.volume),
            close_ms=bar.end_ms - 1,
            quote_volume=decimal_text(bar.quote_volume),
            trade_count=bar.trade_count,
            buy_volume=decimal_text(bar.buy_volume),
            buy_quote_volume=decimal_text(bar.buy_quote_volume),
        )
        for bar in _chosen(call, archive)
    ]


def _chosen(call: Call, archive: BarArchive) -> list[Bar]:
    params = call.params
    interval = params.text("interval")
    if interval not in KLINE_INTERVALS:
        raise Fault(400, -1120, "Invalid interval.")
    limit = call.limit(500, 1500)
    start_ms, end_ms = params.maybe_integer("startTime"), params.optional_integer("endTime", call.now_ms)
    last_ms = min(end_ms, call.now_ms)
    if start_ms is None:
        first_ms = max(0, interval_start_ms(interval, last_ms) - (limit - 1) * _longest_ms(interval))
        return archive.bars(interval, first_ms, last_ms + 1)[-limit:]
    if start_ms > end_ms:
        raise Fault(400, -1023, "Start time is greater than end time.")
    earliest_ms = max(start_ms, archive.start_ms)
    reach_ms = interval_start_ms(interval, earliest_ms) + (limit + 1) * _longest_ms(interval)
    return archive.bars(interval, start_ms, min(last_ms + 1, reach_ms))[:limit]


def _longest_ms(interval: str) -> int:
    return _LONGEST_MONTH_MS if interval == "1M" else interval_end_ms(interval, 0) - interval_start_ms(interval, 0)
