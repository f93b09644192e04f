"""Public answers: book, trades, bars and prices."""

from __future__ import annotations

from decimal import Decimal

from tradingsys.core.bars import INTERVALS, Bar
from tradingsys.core.enums import Side
from tradingsys.core.market import Depth
from tradingsys.sim.faces.binance_usdm import exchange_info as info
from tradingsys.sim.faces.binance_usdm.call import Call
from tradingsys.sim.faces.binance_usdm.faults import Fault
from tradingsys.sim.faces.binance_usdm.render import ms
from tradingsys.sim.venue import Venue
from tradingsys.venues.binance.encode import decimal_text
from tradingsys.venues.binance.encode_market import depth_snapshot
from tradingsys.venues.binance.messages import DepthSnapshot, ExchangeInfo, ServerTime

__all__ = [
    "FUNDING_RATE",
    "agg_trades",
    "book_ticker",
    "depth",
    "exchange_info",
    "klines",
    "next_funding_ms",
    "ping",
    "premium_index",
    "price_ticker",
    "server_time",
    "top",
    "trades",
]

Row = dict[str, object]

FUNDING_RATE = Decimal("0.00000000")
"""Nothing is paid for holding a position in the box."""

_FUNDING_MS = 8 * 3_600_000
_DEPTHS = frozenset({5, 10, 20, 50, 100, 500, 1000})
_KLINE_INTERVALS = frozenset(INTERVALS) - {"1s"}


def next_funding_ms(now_ms: int) -> int:
    """The next of three moments a day."""
    return (now_ms // _FUNDING_MS + 1) * _FUNDING_MS


def ping(_call: Call) -> Row:
    """`GET /fapi/v1/ping`."""
    return {}


def server_time(call: Call) -> ServerTime:
    """`GET /fapi/v1/time`."""
    return ServerTime(server_time=call.now_ms)


def exchange_info(call: Call) -> ExchangeInfo:
    """`GET /fapi/v1/exchangeInfo`."""
    return info.exchange_info(call.state.markets.values(), call.now_ms)


def top(symbol: str, venue: Venue, levels: int, ts_ms: int) -> Depth:
    """The best levels as they are now."""
    bids = [(venue.price_text(px), venue.qty_text(qty)) for px, qty in venue.book.levels(Side.BUY, levels)]
    asks = [(venue.price_text(px), venue.qty_text(qty)) for px, qty in venue.book.levels(Side.SELL, levels)]
    return Depth(symbol, ts_ms, bids, asks, venue.update_id)


def depth(call: Call) -> DepthSnapshot:
    """`GET /fapi/v1/depth`."""
    symbol = call.symbol()
    limit = call.params.optional_integer("limit", 500)
    if limit not in _DEPTHS:
        raise Fault(400, -4021, f"Invalid depth limit {limit}, one of 5, 10, 20, 50, 100, 500, 1000.")
    return depth_snapshot(top(symbol, call.state.exchange.venues[symbol], limit, call.now_ms))


def trades(call: Call) -> list[Row]:
    """`GET /fapi/v1/trades`: the newest, oldest first."""
    tape = call.state.tapes[call.symbol()]
    rows = list(tape.trades)[-call.limit(500, 1000) :]
    return [
        {
            "id": row.trade_id,
            "price": decimal_text(row.px),
            "qty": decimal_text(row.qty),
            "quoteQty": decimal_text(row.px * row.qty),
            "time": ms(row.ts_ns),
            "isBuyerMaker": row.buyer_is_maker,
            "isRPITrade": False,
        }
        for row in rows
    ]


def agg_trades(call: Call) -> list[Row]:
    """`GET /fapi/v1/aggTrades`: from an id or a time on, else the newest."""
    params = call.params
    rows = list(call.state.tapes[call.symbol()].aggregates)
    from_id, start_ms = params.maybe_integer("fromId"), params.maybe_integer("startTime")
    end_ms = params.optional_integer("endTime", call.now_ms)
    limit = call.limit(500, 1000)
    if from_id is not None:
        rows = [row for row in rows if row.agg_id >= from_id][:limit]
    elif start_ms is not None:
        rows = [row for row in rows if start_ms <= ms(row.ts_ns) <= end_ms][:limit]
    else:
        rows = rows[-limit:]
    return [
        {
            "a": row.agg_id,
            "p": decimal_text(row.px),
            "q": decimal_text(row.qty),
            "nq": decimal_text(row.qty),
            "f": row.first_trade_id,
            "l": row.last_trade_id,
            "T": ms(row.ts_ns),
            "m": row.buyer_is_maker,
        }
        for row in rows
    ]


def klines(call: Call) -> list[list[int | str]]:
    """`GET /fapi/v1/klines`: from a time on, else the newest; the last one may be unfinished."""
    symbol, params = call.symbol(), call.params
    interval = params.text("interval")
    if interval not in _KLINE_INTERVALS:
        raise Fault(400, -1120, "Invalid interval.")
    start_ms = params.maybe_integer("startTime")
    end_ms = params.optional_integer("endTime", call.now_ms)
    limit = call.limit(500, 1500)
    tape = call.state.tapes[symbol]
    tape.advance(call.now_ns)
    first_ms = start_ms or 0
    known = tape.bars(interval, min(first_ms, call.now_ms))
    bars = [bar for bar in known if first_ms <= bar.start_ms <= end_ms]
    return [_kline_row(bar) for bar in (bars[:limit] if start_ms is not None else bars[-limit:])]


def _kline_row(bar: Bar) -> list[int | str]:
    return [
        bar.start_ms,
        decimal_text(bar.open),
        decimal_text(bar.high),
        decimal_text(bar.low),
        decimal_text(bar.close),
        decimal_text(bar.volume),
        bar.end_ms - 1,
        decimal_text(bar.quote_volume),
        bar.trade_count,
        decimal_text(bar.buy_volume),
        decimal_text(bar.buy_quote_volume),
        "0",
    ]


def premium_index(call: Call) -> Row | list[Row]:
    """`GET /fapi/v1/premiumIndex`, of one symbol or all."""
    marks = call.state.exchange.marks()
    rows: list[Row] = [
        {
            "symbol": symbol,
            "markPrice": decimal_text(marks[symbol]),
            "indexPrice": decimal_text(marks[symbol]),
            "estimatedSettlePrice": decimal_text(marks[symbol]),
            "lastFundingRate": decimal_text(FUNDING_RATE),
            "interestRate": "0.00010000",
            "nextFundingTime": next_funding_ms(call.now_ms),
            "time": call.now_ms,
        }
        for symbol in call.symbols()
    ]
    return _one_or_all(call, rows)


def book_ticker(call: Call) -> Row | list[Row]:
    """`GET /fapi/v1/ticker/bookTicker`, of one symbol or all."""
    rows: list[Row] = []
    for symbol in call.symbols():
        venue = call.state.exchange.venues[symbol]
        best = top(symbol, venue, 1, call.now_ms)
        bid, ask = next(iter(best.bids), ("0", "0")), next(iter(best.asks), ("0", "0"))
        rows.append(
            {
                "symbol": symbol,
                "bidPrice": bid[0],
                "bidQty": bid[1],
                "askPrice": ask[0],
                "askQty": ask[1],
                "time": call.now_ms,
                "lastUpdateId": venue.update_id,
            }
        )
    return _one_or_all(call, rows)


def price_ticker(call: Call) -> Row | list[Row]:
    """`GET /fapi/v1/ticker/price`, of one symbol or all."""
    rows: list[Row] = [
        {
            "symbol": symbol,
            "price": decimal_text(call.state.exchange.venues[symbol].last_px),
            "time": call.now_ms,
        }
        for symbol in call.symbols()
    ]
    return _one_or_all(call, rows)


def _one_or_all(call: Call, rows: list[Row]) -> Row | list[Row]:
    return rows[0] if call.params.get("symbol") else rows
