"""Market data as the wire shows it."""

from __future__ import annotations

from collections.abc import Callable

from tradingsys.core.market import BestBidOffer, Depth, Kline, MarkPrice, Trade
from tradingsys.venues.protocol import MarketEvent
from tradingsys.wire.codec import encode
from tradingsys.wire.messages import DepthPush, KlinePush, MarkPush, TradePush

__all__ = ["encode_event"]

_NS_PER_MS = 1_000_000


def encode_event(symbol: str, stream: str, event: MarketEvent, in_ns: int, out_ns: Callable[[], int]) -> bytes:
    """An event that arrived at ``in_ns`` (Unix) as a frame; ``out_ns`` is the time now."""
    ts_venue_ms = event.ts_event_ms or in_ns // _NS_PER_MS
    match event:
        case Depth():
            return _depth(symbol, stream, ts_venue_ms, in_ns, out_ns(), event.bids, event.asks)
        case BestBidOffer():
            bids, asks = [(event.bid_px, event.bid_qty)], [(event.ask_px, event.ask_qty)]
            return _depth(symbol, stream, ts_venue_ms, in_ns, out_ns(), bids, asks)
        case Trade():
            return _trade(symbol, stream, ts_venue_ms, in_ns, out_ns(), event)
        case Kline():
            return _kline(symbol, stream, ts_venue_ms, in_ns, out_ns(), event)
        case MarkPrice():
            return _mark(symbol, stream, ts_venue_ms, in_ns, out_ns(), event)


def _depth(
    symbol: str,
    stream: str,
    ts_venue_ms: int,
    in_ns: int,
    out_ns: int,
    bids: list[tuple[str, str]],
    asks: list[tuple[str, str]],
) -> bytes:
    return encode(
        DepthPush(
            symbol=symbol,
            stream=stream,
            ts_venue_ms=ts_venue_ms,
            ts_gateway_in_ns=in_ns,
            ts_gateway_out_ns=out_ns,
            bids=bids,
            asks=asks,
        )
    )


def _trade(symbol: str, stream: str, ts_venue_ms: int, in_ns: int, out_ns: int, trade: Trade) -> bytes:
    return encode(
        TradePush(
            symbol=symbol,
            stream=stream,
            ts_venue_ms=ts_venue_ms,
            ts_gateway_in_ns=in_ns,
            ts_gateway_out_ns=out_ns,
            trade_id=trade.trade_id,
            px=trade.px,
            qty=trade.qty,
            buyer_is_maker=trade.buyer_is_maker,
        )
    )


def _mark(symbol: str, stream: str, ts_venue_ms: int, in_ns: int, out_ns: int, mark: MarkPrice) -> bytes:
    return encode(
        MarkPush(
            symbol=symbol,
            stream=stream,
            ts_venue_ms=ts_venue_ms,
            ts_gateway_in_ns=in_ns,
            ts_gateway_out_ns=out_ns,
            mark_px=mark.mark_px,
            index_px=mark.index_px,
            settle_px=mark.settle_px,
            funding_rate=mark.funding_rate,
            next_funding_ms=mark.next_funding_ms,
        )
    )


def _kline(symbol: str, stream: str, ts_venue_ms: int, in_ns: int, out_ns: int, bar: Kline) -> bytes:
    return encode(
        KlinePush(
            symbol=symbol,
            stream=stream,
            ts_venue_ms=ts_venue_ms,
            ts_gateway_in_ns=in_ns,
            ts_gateway_out_ns=out_ns,
            interval=bar.interval,
            start_ms=bar.open_ms,
            close_ms=bar.close_ms,
            open=bar.open,
            high=bar.high,
            low=bar.low,
            close=bar.close,
            volume=bar.volume,
            amount=bar.quote_volume,
            buy_volume=bar.buy_volume,
            buy_amount=bar.buy_quote_volume,
            trade_count=bar.trade_count,
            first_trade_id=bar.first_trade_id,
            last_trade_id=bar.last_trade_id,
            is_closed=bar.is_closed,
        )
    )
