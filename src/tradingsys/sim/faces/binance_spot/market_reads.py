"""Public answers: clock, symbols, book, trades and bars."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from tradingsys.core.bars import INTERVALS, Bar, BarBuilder
from tradingsys.core.market import Depth
from tradingsys.sim.events import Traded
from tradingsys.sim.faces.binance.bar_reads import as_rows, chosen_bars
from tradingsys.sim.faces.binance.book_feeds import top
from tradingsys.sim.faces.binance.faults import Fault, illegal, malformed
from tradingsys.sim.faces.binance.figures import in_eight_digits, ms
from tradingsys.sim.faces.binance.trade_reads import chosen_aggregates, chosen_trades
from tradingsys.sim.faces.binance_spot import exchange_info as info
from tradingsys.sim.faces.binance_spot.call import Call
from tradingsys.sim.price_range import PriceRange
from tradingsys.sim.tape import Aggregate, Tape, trade_bar
from tradingsys.sim.zoned_bars import ZonedBars
from tradingsys.venues.binance.messages import (
    BookTickerRow,
    DepthSnapshot,
    ExchangeInfo,
    KlineRow,
    Nothing,
    PriceTicker,
    ServerTime,
    spot,
)

__all__ = [
    "KLINE_INTERVALS",
    "agg_trades",
    "aggregate_row",
    "average_px",
    "block_trades",
    "book_ticker",
    "depth",
    "depth_snapshot",
    "exchange_info",
    "execution_rules",
    "historical_trades",
    "klines",
    "one_or_all",
    "ping",
    "price_ticker",
    "reference_calculation",
    "reference_price",
    "reference_text",
    "server_time",
    "symbols_asked",
    "trades",
    "zone_ms",
]

T = TypeVar("T")

KLINE_INTERVALS = frozenset(INTERVALS)
_MOST_KLINES = 1000
_MOST_LEVELS = 5000
_HOUR_MS = 3_600_000
_MINUTE_MS = 60_000
_LIST = r"^\[(\"[\w\-._&&[^a-z]]{1,50}\"(,\"[\w\-._&&[^a-z]]{1,50}\"){0,}){0,1}\]$"
_ZONE = re.compile(r"([+-]?)([0-9]{1,2})(?::([0-5][0-9]))?")
_PERMISSIONS = frozenset({"SPOT", "MARGIN", "LEVERAGED"})
_STATUSES = frozenset({"TRADING", "END_OF_DAY", "HALT", "BREAK", "CANCEL_ONLY"})
_names = msgspec.json.Decoder(list[str]).decode


def ping(_call: Call) -> Nothing:
    """`GET /api/v3/ping` and `ping`."""
    return Nothing()


def server_time(call: Call) -> ServerTime:
    """`GET /api/v3/time` and `time`."""
    return ServerTime(server_time=call.now_ms)


# --- symbols


def listed_names(call: Call, parameter: str) -> list[str]:
    """A parameter that is a list, as JSON.

    Raises Fault (-1100, -1151) for what is no list, or names one twice.
    """
    try:
        names = _names(call.params.get(parameter))
    except msgspec.DecodeError:
        raise illegal(parameter, _LIST) from None
    if len(set(names)) != len(names):
        raise Fault(400, -1151, "Symbol is present multiple times in the list.")
    return names


def symbols_asked(call: Call) -> list[str]:
    """The symbols that ``symbol`` or ``symbols`` name, or all; with ``symbolStatus`` those alone that have it.

    Raises Fault for both (-1128), for an unknown one (-1121), and for a status that a single one does not have (-1220).
    """
    given = call.params
    if given.get("symbol") and given.get("symbols"):
        raise Fault(400, -1128, "Combination of optional parameters invalid.")
    listed = [call.listed(name) for name in listed_names(call, "symbols")] if given.get("symbols") else None
    names = call.symbols() if listed is None else listed
    status = given.get("symbolStatus")
    if not status:
        return names
    if status not in _STATUSES:
        raise Fault(400, -1122, "Invalid symbolStatus.")
    fitting = [name for name in names if call.state.exchange.venues[name].instrument.status == status]
    if given.get("symbol") and not fitting:
        raise Fault(400, -1220, f"The symbol's status does not match the requested symbolStatus '{status}'.")
    return fitting


def exchange_info(call: Call) -> ExchangeInfo:
    """`GET /api/v3/exchangeInfo` and `exchangeInfo`: one kind of choice at a time.

    Raises Fault (-1128) for two, (-1121) for an unknown symbol, (-1130) for an unknown permission.
    """
    given, state = call.params, call.state
    _check_choice(call, ("symbol", "symbols", "permissions"))
    _check_choice(call, ("symbol", "symbols", "symbolStatus"))
    names = symbols_asked(call)
    if given.get("permissions"):
        wanted = (
            set(listed_names(call, "permissions"))
            if given.get("permissions").startswith("[")
            else {given.get("permissions")}
        )
        if not wanted <= _PERMISSIONS:
            raise malformed("permissions")
        names = [name for name in names if "SPOT" in wanted or ("MARGIN" in wanted and state.markets[name].margin)]
    statuses = {symbol: venue.instrument.status for symbol, venue in state.exchange.venues.items()}
    return info.exchange_info(
        [state.markets[name] for name in names],
        statuses,
        state.limits.rules(),
        state.exchange.limits,
        call.now_ms,
        sets=given.get("showPermissionSets", "true").lower() != "false",
    )


def _check_choice(call: Call, names: Iterable[str]) -> None:
    """Raises Fault (-1128) when more than one of these parameters is there."""
    if sum(bool(call.params.get(name)) for name in names) > 1:
        raise Fault(400, -1128, "Combination of optional parameters invalid.")


# --- book


def depth_snapshot(best: Depth) -> DepthSnapshot:
    """The book: neither time nor symbol."""
    return DepthSnapshot(last_update_id=best.update_id, bids=best.bids, asks=best.asks)


def depth(call: Call) -> DepthSnapshot:
    """`GET /api/v3/depth` and `depth`: more than 5,000 levels are cut."""
    symbol = _symbol_of_status(call)
    limit = call.params.optional_integer("limit", 100)
    if limit < 1:
        raise malformed("limit")
    return depth_snapshot(top(symbol, call.state.exchange.venues[symbol], min(limit, _MOST_LEVELS), call.now_ms))


def _symbol_of_status(call: Call) -> str:
    """The symbol asked for. Raises Fault (-1220) when it has another ``symbolStatus`` than is asked for."""
    call.symbol()
    (symbol,) = symbols_asked(call)
    return symbol


def book_ticker(call: Call) -> BookTickerRow | list[BookTickerRow]:
    """`GET /api/v3/ticker/bookTicker` and `ticker.book`, of one symbol, some, or all."""
    rows: list[BookTickerRow] = []
    for symbol in symbols_asked(call):
        best = top(symbol, call.state.exchange.venues[symbol], 1, call.now_ms)
        bid, ask = next(iter(best.bids), ("0.00000000",) * 2), next(iter(best.asks), ("0.00000000",) * 2)
        rows.append(BookTickerRow(symbol=symbol, bid_price=bid[0], bid_qty=bid[1], ask_price=ask[0], ask_qty=ask[1]))
    return one_or_all(call, rows)


def price_ticker(call: Call) -> PriceTicker | list[PriceTicker]:
    """`GET /api/v3/ticker/price` and `ticker.price`, of one symbol, some, or all."""
    venues = call.state.exchange.venues
    rows = [PriceTicker(symbol=symbol, price=_eight(venues[symbol].last_px)) for symbol in symbols_asked(call)]
    return one_or_all(call, rows)


def one_or_all(call: Call, rows: list[T]) -> T | list[T]:
    """A single answer when ``symbol`` was asked for."""
    return rows[0] if call.params.get("symbol") else rows


# --- trades


def trades(call: Call) -> list[dict[str, object]]:
    """`GET /api/v3/trades` and `trades.recent`: the newest, oldest first."""
    rows = list(call.state.tapes[call.symbol()].trades)
    return _trade_rows(rows[-call.limit(500, 1000) :])


def historical_trades(call: Call) -> list[dict[str, object]]:
    """`GET /api/v3/historicalTrades` and `trades.historical`: from a trade id on, else the newest."""
    return _trade_rows(chosen_trades(call, 500, 1000))


def block_trades(call: Call) -> list[spot.BlockTradeRow]:
    """`GET /api/v3/historicalBlockTrades`: nobody here trades past the book."""
    call.symbol()
    call.params.integer("fromId")
    return []


def _trade_rows(rows: Iterable[Traded]) -> list[dict[str, object]]:
    return [
        {
            "id": row.trade_id,
            "price": _eight(row.px),
            "qty": _eight(row.qty),
            "quoteQty": _eight(row.px * row.qty),
            "time": ms(row.ts_ns),
            "isBuyerMaker": row.buyer_is_maker,
            "isBestMatch": True,
        }
        for row in rows
    ]


def agg_trades(call: Call) -> list[dict[str, object]]:
    """`GET /api/v3/aggTrades` and `trades.aggregate`: from an id or a time on, else the newest.

    Raises Fault for an id together with times (-1128), and for times in the wrong order (-1023).
    """
    return [aggregate_row(row) for row in chosen_aggregates(call)]


def aggregate_row(row: Aggregate) -> dict[str, object]:
    """One row."""
    return {
        "a": row.agg_id,
        "p": _eight(row.px),
        "q": _eight(row.qty),
        "f": row.first_trade_id,
        "l": row.last_trade_id,
        "T": ms(row.ts_ns),
        "m": row.buyer_is_maker,
        "M": True,
    }


# --- bars and averages


def klines(call: Call) -> list[KlineRow]:
    """`GET /api/v3/klines`, `uiKlines` and their like on the WS-API.

    Raises Fault for an unknown interval (-1120), times in the wrong order (-1023), and nobody's time zone (-1130).
    """
    symbol, interval, offset_ms = call.symbol(), call.params.text("interval"), zone_ms(call)
    tape = call.state.tapes[symbol]
    if interval != "1s":
        archive = ZonedBars(tape.bars, offset_ms) if offset_ms else tape.bars
        return as_rows(map(in_eight_digits, chosen_bars(call, archive, KLINE_INTERVALS, _MOST_KLINES)))
    limit = call.limit(500, _MOST_KLINES)
    start_ms, end_ms = call.params.maybe_time("startTime"), call.params.maybe_time("endTime")
    end_ms = call.now_ms if end_ms is None else end_ms
    if start_ms is not None and start_ms > end_ms:
        raise Fault(400, -1023, "Start time is greater than end time.")
    bars = [bar for bar in _seconds(tape, call.now_ms) if (start_ms or 0) <= bar.start_ms <= end_ms]
    return as_rows(map(in_eight_digits, bars[-limit:] if start_ms is None else bars[:limit]))


def zone_ms(call: Call) -> int:
    """How far the clocks of ``timeZone`` are ahead of UTC: hours, or hours and minutes, from -12:00 to +14:00.

    Raises Fault (-1130) for anything else.
    """
    match = _ZONE.fullmatch(call.params.get("timeZone", "0"))
    if match is None:
        raise malformed("timeZone")
    sign, hours, minutes = match.groups()
    offset_ms = (int(hours) * 60 + int(minutes or 0)) * _MINUTE_MS * (-1 if sign == "-" else 1)
    if not -12 * _HOUR_MS <= offset_ms <= 14 * _HOUR_MS:
        raise malformed("timeZone")
    return offset_ms


def _seconds(tape: Tape, now_ms: int) -> list[Bar]:
    """Bars of a second, from the oldest trade that is kept, but no longer than two hours."""
    builder, bars = BarBuilder("1s"), list[Bar]()
    for trade in tape.trades:
        if ms(trade.ts_ns) >= now_ms - 2 * _HOUR_MS:
            bars += builder.add_bar(trade_bar(trade))
    bars += builder.advance(now_ms)
    return bars if builder.current is None else [*bars, builder.current]


def average_px(call: Call) -> spot.AveragePrice:
    """`GET /api/v3/avgPrice` and `avgPrice`."""
    symbol = call.symbol()
    tape, minutes = call.state.tapes[symbol], call.state.markets[symbol].average_minutes
    px = call.state.exchange.average_px(symbol, call.now_ns, minutes)
    last_ms = ms(tape.trades[-1].ts_ns) if tape.trades else call.now_ms
    return spot.AveragePrice(mins=minutes, price=_eight(px), close_time=last_ms)


def execution_rules(call: Call) -> spot.ExecutionRules:
    """`GET /api/v3/executionRules` and `executionRules`: a symbol has none, unless the operator gave it one."""
    _check_choice(call, ("symbol", "symbols", "symbolStatus"))
    exchange = call.state.exchange
    return spot.ExecutionRules(
        symbol_rules=[
            spot.RulesOfSymbol(symbol=name, rules=_rules(exchange.range_of(name))) for name in symbols_asked(call)
        ]
    )


def _rules(allowed: PriceRange | None) -> list[spot.ExecutionRule]:
    if allowed is None or not allowed.has_rule:
        return []
    rule = spot.ExecutionRule(
        rule_type="PRICE_RANGE",
        bid_limit_mult_up=_multiplier(allowed.bid_up),
        bid_limit_mult_down=_multiplier(allowed.bid_down),
        ask_limit_mult_up=_multiplier(allowed.ask_up),
        ask_limit_mult_down=_multiplier(allowed.ask_down),
    )
    return [rule]


def _multiplier(value: Decimal | None) -> str | UnsetType:
    return UNSET if value is None else format(value, ".4f")


def reference_price(call: Call) -> spot.ReferencePrice:
    """`GET /api/v3/referencePrice` and `referencePrice`: a symbol has none, unless the operator gave it one.

    Raises Fault (-2043).
    """
    symbol = call.symbol()
    price = reference_text(_range_of(call, symbol))
    return spot.ReferencePrice(symbol=symbol, reference_price=price, timestamp=call.now_ms)


def reference_calculation(call: Call) -> spot.ReferencePriceCalculation:
    """`GET /api/v3/referencePrice/calculation` and `referencePrice.calculation`: set by hand, which is method 0.

    Raises Fault (-2043).
    """
    symbol = _symbol_of_status(call)
    _range_of(call, symbol)
    return spot.ReferencePriceCalculation(symbol=symbol, calculation_type="EXTERNAL", external_calculation_id=0)


def _range_of(call: Call, symbol: str) -> PriceRange:
    known = call.state.exchange.range_of(symbol)
    if known is None:
        raise Fault(400, -2043, "This symbol doesn't have a reference price.")
    return known


def reference_text(known: PriceRange) -> str | None:
    """A reference price as it is told."""
    return None if known.reference_px is None else _eight(known.reference_px)


def _eight(value: Decimal) -> str:
    return format(value, ".8f")
