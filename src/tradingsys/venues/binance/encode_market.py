"""Market data as Binance's messages: the exchange's role."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from msgspec import UNSET, structs

from tradingsys.core.market import BestBidOffer, Depth, Kline, Level, MarkPrice, Trade
from tradingsys.venues.binance import messages
from tradingsys.venues.binance.encode import decimal_text

__all__ = [
    "agg_trade",
    "book_ticker",
    "depth_snapshot",
    "depth_update",
    "kline",
    "kline_row",
    "mark_price",
    "mark_price_update",
    "spot_agg_trade",
    "spot_book_ticker",
    "spot_depth",
    "spot_depth_update",
    "spot_trade",
]

_USDM = 1


def depth_update(depth: Depth, *, first_id: int, previous_id: int, sent_ms: int | None = None) -> messages.DepthUpdate:
    """The best levels (`@depth20`), or changed ones (`@depth`): futures write both alike.

    ``previous_id`` is the final id of the event before on the same stream; ids may jump, but this chain never breaks.
    """
    return messages.DepthUpdate(
        ts_sent_ms=depth.ts_event_ms if sent_ms is None else sent_ms,
        ts_event_ms=depth.ts_event_ms,
        symbol=depth.symbol,
        first_id=first_id,
        final_id=depth.update_id,
        previous_id=previous_id,
        bids=depth.bids,
        asks=depth.asks,
        pair=depth.symbol,
        symbol_type=_USDM,
    )


def depth_snapshot(depth: Depth, *, sent_ms: int | None = None) -> messages.DepthSnapshot:
    """The answer to `GET /fapi/v1/depth`."""
    return messages.DepthSnapshot(
        last_update_id=depth.update_id,
        ts_sent_ms=depth.ts_event_ms if sent_ms is None else sent_ms,
        ts_event_ms=depth.ts_event_ms,
        bids=depth.bids,
        asks=depth.asks,
    )


def book_ticker(bbo: BestBidOffer, *, sent_ms: int | None = None) -> messages.BookTicker:
    """Best bid and offer."""
    return messages.BookTicker(
        update_id=bbo.update_id,
        ts_sent_ms=bbo.ts_event_ms if sent_ms is None else sent_ms,
        ts_event_ms=bbo.ts_event_ms,
        symbol=bbo.symbol,
        pair=bbo.symbol,
        bid_px=bbo.bid_px,
        bid_qty=bbo.bid_qty,
        ask_px=bbo.ask_px,
        ask_qty=bbo.ask_qty,
        symbol_type=_USDM,
    )


def agg_trade(
    trade: Trade, *, first_trade_id: int | None = None, last_trade_id: int | None = None, sent_ms: int | None = None
) -> messages.AggTrade:
    """A public trade; by default the aggregate of one."""
    return messages.AggTrade(
        ts_sent_ms=trade.ts_event_ms if sent_ms is None else sent_ms,
        symbol=trade.symbol,
        trade_id=trade.trade_id,
        px=trade.px,
        qty=trade.qty,
        normal_qty=trade.qty,
        first_trade_id=trade.trade_id if first_trade_id is None else first_trade_id,
        last_trade_id=trade.trade_id if last_trade_id is None else last_trade_id,
        ts_event_ms=trade.ts_event_ms,
        buyer_is_maker=trade.buyer_is_maker,
        symbol_type=_USDM,
    )


def kline(bar: Kline) -> messages.KlineUpdate:
    """A candlestick."""
    return messages.KlineUpdate(
        ts_sent_ms=bar.ts_event_ms,
        symbol=bar.symbol,
        bar=messages.KlineBar(
            open_ms=bar.open_ms,
            close_ms=bar.close_ms,
            symbol=bar.symbol,
            interval=bar.interval,
            first_trade_id=bar.first_trade_id,
            last_trade_id=bar.last_trade_id,
            open_px=bar.open,
            close_px=bar.close,
            high_px=bar.high,
            low_px=bar.low,
            volume=bar.volume,
            trade_count=bar.trade_count,
            is_closed=bar.is_closed,
            quote_volume=bar.quote_volume,
            buy_volume=bar.buy_volume,
            buy_quote_volume=bar.buy_quote_volume,
            ignored="0",
        ),
    )


def mark_price(
    symbol: str, mark_px: Decimal, *, index_px: Decimal, funding_rate: Decimal, next_funding_ms: int, sent_ms: int
) -> messages.MarkPriceUpdate:
    """Mark price and funding."""
    return messages.MarkPriceUpdate(
        ts_sent_ms=sent_ms,
        symbol=symbol,
        mark_px=decimal_text(mark_px),
        moving_average_px=decimal_text(mark_px),
        index_px=decimal_text(index_px),
        settle_px=decimal_text(index_px),
        funding_rate=decimal_text(funding_rate),
        next_funding_ms=next_funding_ms,
        symbol_type=_USDM,
    )


def mark_price_update(mark: MarkPrice, *, moving_average_px: str | None = None) -> messages.MarkPriceUpdate:
    """Mark price and funding, from a value that has all of it."""
    return messages.MarkPriceUpdate(
        ts_sent_ms=mark.ts_event_ms,
        symbol=mark.symbol,
        mark_px=mark.mark_px,
        moving_average_px=mark.mark_px if moving_average_px is None else moving_average_px,
        index_px=mark.index_px,
        settle_px=mark.settle_px,
        funding_rate=mark.funding_rate,
        next_funding_ms=mark.next_funding_ms,
        symbol_type=_USDM,
    )


def kline_row(bar: Kline) -> messages.KlineRow:
    """A candlestick of history."""
    return messages.KlineRow(
        bar.open_ms,
        bar.open,
        bar.high,
        bar.low,
        bar.close,
        bar.volume,
        bar.close_ms,
        bar.quote_volume,
        bar.trade_count,
        bar.buy_volume,
        bar.buy_quote_volume,
    )


def spot_depth(depth: Depth) -> messages.DepthSnapshot:
    """The best levels of spot (`@depth20`, `GET /api/v3/depth`): neither symbol nor time."""
    return messages.DepthSnapshot(last_update_id=depth.update_id, bids=depth.bids, asks=depth.asks)


def spot_depth_update(
    symbol: str, *, first_id: int, final_id: int, bids: Sequence[Level], asks: Sequence[Level], sent_ms: int
) -> messages.DepthUpdate:
    """Changed levels of spot (`@depth`): ids are dense, each event begins after the one before."""
    return messages.DepthUpdate(
        ts_sent_ms=sent_ms, symbol=symbol, first_id=first_id, final_id=final_id, bids=list(bids), asks=list(asks)
    )


def spot_book_ticker(bbo: BestBidOffer) -> messages.spot.BookTicker:
    """Best bid and offer of spot: no time."""
    return messages.spot.BookTicker(
        update_id=bbo.update_id,
        symbol=bbo.symbol,
        bid_px=bbo.bid_px,
        bid_qty=bbo.bid_qty,
        ask_px=bbo.ask_px,
        ask_qty=bbo.ask_qty,
    )


def spot_trade(trade: Trade, *, sent_ms: int | None = None) -> messages.TradeTick:
    """One public trade of spot (`@trade`)."""
    return messages.TradeTick(
        ts_sent_ms=trade.ts_event_ms if sent_ms is None else sent_ms,
        ts_event_ms=trade.ts_event_ms,
        symbol=trade.symbol,
        trade_id=trade.trade_id,
        px=trade.px,
        qty=trade.qty,
        buyer_is_maker=trade.buyer_is_maker,
        ignored=True,
    )


def spot_agg_trade(
    trade: Trade, *, first_trade_id: int | None = None, last_trade_id: int | None = None, sent_ms: int | None = None
) -> messages.AggTrade:
    """Public trades of one taker at one price on spot (`@aggTrade`); by default the aggregate of one."""
    told = agg_trade(trade, first_trade_id=first_trade_id, last_trade_id=last_trade_id, sent_ms=sent_ms)
    return structs.replace(told, normal_qty=UNSET, symbol_type=UNSET, ignored=True)
