"""Bars by REST: of trades, of mark and index price, and of the premium."""

from __future__ import annotations

from tradingsys.core.bars import INTERVALS
from tradingsys.sim.faces.binance.bar_reads import kline_rows
from tradingsys.sim.faces.binance.faults import malformed
from tradingsys.sim.faces.binance_usdm.call import Call
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

_MOST = 1500


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
    return kline_rows(call, call.state.gauges[call.symbol()].mark, KLINE_INTERVALS, _MOST)


def index_price_klines(call: Call) -> list[KlineRow]:
    """`GET /fapi/v1/indexPriceKlines`."""
    return kline_rows(call, call.state.gauges[call.known_symbol("pair")].index, KLINE_INTERVALS, _MOST)


def premium_index_klines(call: Call) -> list[KlineRow]:
    """`GET /fapi/v1/premiumIndexKlines`."""
    return kline_rows(call, call.state.gauges[call.symbol()].premium, KLINE_INTERVALS, _MOST)


def _traded(call: Call, symbol: str) -> list[KlineRow]:
    return kline_rows(call, call.state.tapes[symbol].bars, KLINE_INTERVALS, _MOST)
