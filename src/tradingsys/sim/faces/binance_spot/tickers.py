"""Prices of a day, of a trading day, and of windows."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_EVEN, Decimal

from msgspec import structs

from tradingsys.core.bars import Bar
from tradingsys.sim.faces.binance.book_feeds import top
from tradingsys.sim.faces.binance.faults import Fault, malformed
from tradingsys.sim.faces.binance.ticker_feed import in_short
from tradingsys.sim.faces.binance_spot.call import Call, State
from tradingsys.sim.faces.binance_spot.market_reads import one_or_all, symbols_asked, zone_ms
from tradingsys.sim.zoned_bars import zoned_start_ms
from tradingsys.venues.binance.messages import MiniTicker, Ticker, spot

__all__ = ["day_of", "mini_ticker", "ticker", "ticker_24hr", "trading_day", "window_ticker"]

_MINUTE_MS = 60_000
_DAY_MINUTES = 1440
_UNITS = (1, 60, _DAY_MINUTES)
_WINDOW = re.compile(r"([1-9]|[1-5][0-9])m|([1-9]|1[0-9]|2[0-3])h|([1-7])d")
_PERCENT = Decimal("0.001")
_NOUGHT = "0.00000000"


def _bar_of(state: State, symbol: str, start_ms: int, now_ms: int) -> Bar:
    """Everything that was traded since a whole minute."""
    archive = state.tapes[symbol].bars
    archive.advance(now_ms)
    minutes = archive.bars("1m", start_ms)
    whole = minutes[0] if minutes else archive.minute
    for bar in minutes[1:]:
        whole = whole.join(bar)
    return whole


def _rolling(symbol: str, bar: Bar, end_ms: int, *, mini: bool) -> spot.RollingTicker:
    change = bar.close - bar.open
    told = spot.RollingTicker(
        symbol=symbol,
        open_price=_text(bar.open),
        high_price=_text(bar.high),
        low_price=_text(bar.low),
        last_price=_text(bar.close),
        volume=_text(bar.volume),
        quote_volume=_text(bar.quote_volume),
        open_time=bar.start_ms,
        close_time=end_ms,
        first_id=bar.first_trade_id,
        last_id=bar.last_trade_id,
        count=bar.trade_count,
    )
    if mini:
        return told
    return structs.replace(
        told,
        price_change=_text(change),
        price_change_percent=_percent(change, bar.open),
        weighted_avg_price=_text(_average(bar)),
    )


def _average(bar: Bar) -> Decimal:
    return bar.quote_volume / bar.volume if bar.volume else bar.close


def _percent(change: Decimal, before: Decimal) -> str:
    return format((change * 100 / before).quantize(_PERCENT, ROUND_HALF_EVEN), "f")


def _text(value: Decimal) -> str:
    return format(value, ".8f")


def day_of(state: State, symbol: str, now_ms: int) -> Ticker:
    """The 24 hours before now, in whole minutes up to the current one."""
    tape = state.tapes[symbol]
    tape.bars.advance(now_ms)
    bar = tape.bars.day()
    last = tape.trades[-1] if tape.trades else None
    best = top(symbol, state.exchange.venues[symbol], 1, now_ms)
    bid, ask = next(iter(best.bids), (_NOUGHT, _NOUGHT)), next(iter(best.asks), (_NOUGHT, _NOUGHT))
    change = bar.close - bar.open
    return Ticker(
        ts_sent_ms=now_ms,
        symbol=symbol,
        px_change=_text(change),
        px_change_percent=_percent(change, bar.open),
        avg_px=_text(_average(bar)),
        last_px=_text(bar.close),
        last_qty=_NOUGHT if last is None else _text(last.qty),
        open_px=_text(bar.open),
        high_px=_text(bar.high),
        low_px=_text(bar.low),
        volume=_text(bar.volume),
        quote_volume=_text(bar.quote_volume),
        open_ms=bar.start_ms,
        close_ms=now_ms,
        first_trade_id=bar.first_trade_id,
        last_trade_id=bar.last_trade_id,
        trade_count=bar.trade_count,
        previous_close_px=_text(bar.open),
        bid_px=bid[0],
        bid_qty=bid[1],
        ask_px=ask[0],
        ask_qty=ask[1],
    )


def mini_ticker(state: State, symbol: str, now_ms: int) -> MiniTicker:
    """The last 24 hours of a symbol, in short."""
    return in_short(day_of(state, symbol, now_ms))


def window_ticker(state: State, symbol: str, window: str, now_ms: int) -> spot.WindowTicker:
    """What happened in the last hour, four hours, or day (`@ticker_1h`)."""
    start_ms = _window_start(window, now_ms)
    row = _rolling(symbol, _bar_of(state, symbol, start_ms, now_ms), now_ms, mini=False)
    return spot.WindowTicker(
        event=f"{window}Ticker",
        ts_sent_ms=now_ms,
        symbol=symbol,
        px_change=row.price_change or _NOUGHT,
        px_change_percent=row.price_change_percent or "0.000",
        open_px=row.open_price,
        high_px=row.high_price,
        low_px=row.low_price,
        last_px=row.last_price,
        avg_px=row.weighted_avg_price or _NOUGHT,
        volume=row.volume,
        quote_volume=row.quote_volume,
        open_ms=row.open_time,
        close_ms=row.close_time,
        first_trade_id=row.first_id,
        last_trade_id=row.last_id,
        trade_count=row.count,
    )


def ticker_24hr(call: Call) -> object:
    """`GET /api/v3/ticker/24hr` and `ticker.24hr`, of one symbol, some, or all; `type=MINI` is short."""
    rows = [_day_row(call.state, symbol, call.now_ms, mini=_is_mini(call)) for symbol in symbols_asked(call)]
    return one_or_all(call, rows)


def _day_row(state: State, symbol: str, now_ms: int, *, mini: bool) -> dict[str, object]:
    day = day_of(state, symbol, now_ms)
    changes = {
        "priceChange": day.px_change,
        "priceChangePercent": day.px_change_percent,
        "weightedAvgPrice": day.avg_px,
        "prevClosePrice": day.previous_close_px,
        "lastPrice": day.last_px,
        "lastQty": day.last_qty,
        "bidPrice": day.bid_px,
        "bidQty": day.bid_qty,
        "askPrice": day.ask_px,
        "askQty": day.ask_qty,
    }
    return {
        "symbol": symbol,
        **({"lastPrice": day.last_px} if mini else changes),
        "openPrice": day.open_px,
        "highPrice": day.high_px,
        "lowPrice": day.low_px,
        "volume": day.volume,
        "quoteVolume": day.quote_volume,
        "openTime": day.open_ms,
        "closeTime": day.close_ms,
        "firstId": day.first_trade_id,
        "lastId": day.last_trade_id,
        "count": day.trade_count,
    }


def trading_day(call: Call) -> object:
    """`GET /api/v3/ticker/tradingDay` and `ticker.tradingDay`: since midnight, in UTC or where ``timeZone`` says.

    Raises Fault (-1130) for nobody's time zone.
    """
    start_ms = zoned_start_ms("1d", call.now_ms, zone_ms(call))
    return _rows(call, start_ms, start_ms + _DAY_MINUTES * _MINUTE_MS - 1)


def ticker(call: Call) -> object:
    """`GET /api/v3/ticker` and `ticker`: of a window from 1m to 59m, 1h to 23h, 1d to 7d.

    Raises Fault (-1130) for another window.
    """
    return _rows(call, _window_start(call.params.get("windowSize", "1d"), call.now_ms), call.now_ms)


def _rows(call: Call, start_ms: int, end_ms: int) -> object:
    if not (call.params.get("symbol") or call.params.get("symbols")):
        raise Fault(400, -1102, "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed.")
    mini = _is_mini(call)
    rows = [
        _rolling(symbol, _bar_of(call.state, symbol, start_ms, call.now_ms), end_ms, mini=mini)
        for symbol in symbols_asked(call)
    ]
    return one_or_all(call, rows)


def _window_start(window: str, now_ms: int) -> int:
    """The whole minute from which a window is counted."""
    match = _WINDOW.fullmatch(window)
    if match is None:
        raise malformed("windowSize")
    minutes = sum(int(count) * unit for count, unit in zip(match.groups("0"), _UNITS, strict=True))
    return (now_ms // _MINUTE_MS - minutes) * _MINUTE_MS


def _is_mini(call: Call) -> bool:
    kind = call.params.get("type", "FULL")
    if kind not in ("FULL", "MINI"):
        raise Fault(400, -1139, "Invalid ticker type.")
    return kind == "MINI"
