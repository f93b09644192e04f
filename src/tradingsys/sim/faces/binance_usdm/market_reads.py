"""Public answers: clock, symbols, book and trades."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from tradingsys.sim.events import Traded
from tradingsys.sim.faces.binance.book_feeds import top
from tradingsys.sim.faces.binance.faults import Fault
from tradingsys.sim.faces.binance.figures import ms
from tradingsys.sim.faces.binance.trade_reads import chosen_aggregates, chosen_trades
from tradingsys.sim.faces.binance_usdm import exchange_info as info
from tradingsys.sim.faces.binance_usdm.call import Call
from tradingsys.venues.binance.encode import decimal_text
from tradingsys.venues.binance.encode_market import depth_snapshot
from tradingsys.venues.binance.messages import (
    AggTradeRow,
    BookTickerRow,
    DepthSnapshot,
    ExchangeInfo,
    Nothing,
    PriceTicker,
    PublicTrade,
    ServerTime,
)

__all__ = [
    "agg_trades",
    "book_ticker",
    "depth",
    "exchange_info",
    "historical_trades",
    "one_or_all",
    "ping",
    "price_ticker",
    "rpi_depth",
    "server_time",
    "trades",
]

T = TypeVar("T")

_DEPTHS = frozenset({5, 10, 20, 50, 100, 500, 1000})
_RPI_DEPTHS = frozenset({1000})


def ping(_call: Call) -> Nothing:
    """`GET /fapi/v1/ping`."""
    return Nothing()


def server_time(call: Call) -> ServerTime:
    """`GET /fapi/v1/time`."""
    return ServerTime(server_time=call.now_ms)


def exchange_info(call: Call) -> ExchangeInfo:
    """`GET /fapi/v1/exchangeInfo`."""
    state = call.state
    statuses = {symbol: venue.instrument.status for symbol, venue in state.exchange.venues.items()}
    return info.exchange_info(state.markets.values(), statuses, state.limits.rules(), call.now_ms)


def depth(call: Call) -> DepthSnapshot:
    """`GET /fapi/v1/depth`."""
    return _depth(call, 500, _DEPTHS)


def rpi_depth(call: Call) -> DepthSnapshot:
    """`GET /fapi/v1/rpiDepth`: the same book, as nobody here places retail price improvement orders."""
    return _depth(call, 1000, _RPI_DEPTHS)


def _depth(call: Call, default: int, allowed: frozenset[int]) -> DepthSnapshot:
    symbol = call.symbol()
    limit = call.params.optional_integer("limit", default)
    if limit not in allowed:
        raise Fault(400, -4021, f"'{limit}' is not valid depth limit.")
    return depth_snapshot(top(symbol, call.state.exchange.venues[symbol], limit, call.now_ms))


def trades(call: Call) -> list[PublicTrade]:
    """`GET /fapi/v1/trades`: the newest, oldest first."""
    rows = list(call.state.tapes[call.symbol()].trades)
    return _trade_rows(rows[-call.limit(500, 1000) :])


def historical_trades(call: Call) -> list[PublicTrade]:
    """`GET /fapi/v1/historicalTrades`: from a trade id on, else the newest."""
    return _trade_rows(chosen_trades(call, 100, 500))


def _trade_rows(rows: Iterable[Traded]) -> list[PublicTrade]:
    return [
        PublicTrade(
            id=row.trade_id,
            price=decimal_text(row.px),
            qty=decimal_text(row.qty),
            quote_qty=decimal_text(row.px * row.qty),
            time=ms(row.ts_ns),
            is_buyer_maker=row.buyer_is_maker,
            is_rpi_trade=False,
        )
        for row in rows
    ]


def agg_trades(call: Call) -> list[AggTradeRow]:
    """`GET /fapi/v1/aggTrades`: from an id or a time on, else the newest.

    Raises Fault for an id together with times (-1128), for times in the wrong order (-1023) and for more than an hour
    between them (-1127).
    """
    return [
        AggTradeRow(
            trade_id=row.agg_id,
            px=decimal_text(row.px),
            qty=decimal_text(row.qty),
            normal_qty=decimal_text(row.qty),
            first_trade_id=row.first_trade_id,
            last_trade_id=row.last_trade_id,
            ts_event_ms=ms(row.ts_ns),
            buyer_is_maker=row.buyer_is_maker,
        )
        for row in chosen_aggregates(call, longest_hours=1)
    ]


def book_ticker(call: Call) -> BookTickerRow | list[BookTickerRow]:
    """`GET /fapi/v1/ticker/bookTicker`, of one symbol or all."""
    rows: list[BookTickerRow] = []
    for symbol in call.symbols():
        venue = call.state.exchange.venues[symbol]
        best = top(symbol, venue, 1, call.now_ms)
        bid, ask = next(iter(best.bids), ("0", "0")), next(iter(best.asks), ("0", "0"))
        rows.append(
            BookTickerRow(
                last_update_id=venue.update_id,
                symbol=symbol,
                bid_price=bid[0],
                bid_qty=bid[1],
                ask_price=ask[0],
                ask_qty=ask[1],
                time=call.now_ms,
            )
        )
    return one_or_all(call, rows)


def price_ticker(call: Call) -> PriceTicker | list[PriceTicker]:
    """`GET /fapi/v1/ticker/price`, of one symbol or all."""
    rows = [
        PriceTicker(symbol=symbol, price=decimal_text(call.state.exchange.venues[symbol].last_px), time=call.now_ms)
        for symbol in call.symbols()
    ]
    return one_or_all(call, rows)


def one_or_all(call: Call, rows: list[T]) -> T | list[T]:
    """A single answer when a symbol was asked for."""
    return rows[0] if call.params.get("symbol") else rows
