"""Market data as the wire shows it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tradingsys.core.market import BestBidOffer, Depth, Kline, MarkPrice, Trade
from tradingsys.venues.protocol import MarketEvent
from tradingsys.wire.codec import encode
from tradingsys.wire.messages import DepthPush, KlinePush, MarkPush, TradePush

__all__ = ["encode_event"]


def encode_event(
    symbol: str, stream: str, event: MarketEvent, ts_ms: int, in_ns: int, now_ns: Callable[[], int]
) -> bytes:
    """An event of the venue's time ``ts_ms`` that arrived at ``in_ns`` (Unix) as a frame that leaves now."""
    stamp = {
        "symbol": symbol,
        "stream": stream,
        "ts_venue_ms": ts_ms,
        "ts_gateway_in_ns": in_ns,
        "ts_gateway_out_ns": now_ns(),
    }
    return encode(_push(event, stamp))


def _push(event: MarketEvent, stamp: dict[str, Any]) -> DepthPush | TradePush | KlinePush | MarkPush:
    match event:
        case Depth():
            return DepthPush(**stamp, bids=event.bids, asks=event.asks)
        case BestBidOffer():
            bids, asks = [(event.bid_px, event.bid_qty)], [(event.ask_px, event.ask_qty)]
            return DepthPush(**stamp, bids=bids, asks=asks)
        case Trade():
            return TradePush(
                **stamp,
                trade_id=event.trade_id,
                px=event.px,
                qty=event.qty,
                buyer_is_maker=event.buyer_is_maker,
            )
        case Kline():
            return KlinePush(
                **stamp,
                interval=event.interval,
                start_ms=event.open_ms,
                close_ms=event.close_ms,
                open=event.open,
                high=event.high,
                low=event.low,
                close=event.close,
                volume=event.volume,
                amount=event.quote_volume,
                buy_volume=event.buy_volume,
                buy_amount=event.buy_quote_volume,
                trade_count=event.trade_count,
                first_trade_id=event.first_trade_id,
                last_trade_id=event.last_trade_id,
                is_closed=event.is_closed,
            )
        case MarkPrice():
            return MarkPush(
                **stamp,
                mark_px=event.mark_px,
                index_px=event.index_px,
                settle_px=event.settle_px,
                funding_rate=event.funding_rate,
                next_funding_ms=event.next_funding_ms,
            )
