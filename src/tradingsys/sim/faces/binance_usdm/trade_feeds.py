"""Streams of trades and bars as futures write them."""

from __future__ import annotations

from msgspec import UNSET, structs

from tradingsys.core.market import Kline
from tradingsys.core.market import Trade as PublicTrade
from tradingsys.sim.events import Traded
from tradingsys.sim.faces.binance.feed import MS
from tradingsys.sim.faces.binance.figures import ms
from tradingsys.sim.faces.binance.trade_feeds import KlineFeed
from tradingsys.sim.faces.binance_usdm.exchange_info import CONTRACT_TYPE, USDM
from tradingsys.sim.tape import Aggregate
from tradingsys.venues.binance import encode_market
from tradingsys.venues.binance.encode import decimal_text
from tradingsys.venues.binance.messages import ContinuousKline, Message, TradeTick

__all__ = ["KLINE_NS", "ContinuousKlineFeed", "agg_trade", "trade_tick"]

KLINE_NS = 250 * MS


def trade_tick(trade: Traded) -> TradeTick:
    """A trade. The venue does not document this stream any more, and sends it."""
    return TradeTick(
        ts_sent_ms=ms(trade.ts_ns),
        ts_event_ms=ms(trade.ts_ns),
        symbol=trade.symbol,
        trade_id=trade.trade_id,
        px=decimal_text(trade.px),
        qty=decimal_text(trade.qty),
        trade_kind="MARKET",
        buyer_is_maker=trade.buyer_is_maker,
        symbol_type=USDM,
    )


def agg_trade(trade: PublicTrade, aggregate: Aggregate, sent_ms: int) -> Message:
    """Trades of one price within 100 ms."""
    return encode_market.agg_trade(
        trade, first_trade_id=aggregate.first_trade_id, last_trade_id=aggregate.last_trade_id, sent_ms=sent_ms
    )


class ContinuousKlineFeed(KlineFeed):
    """The bars of whatever contract is a pair's current one of its kind: here, of the perpetual one."""

    def _write(self, kline: Kline) -> Message:
        message = encode_market.kline(kline)
        unnamed = structs.replace(message.bar, symbol=UNSET)
        return ContinuousKline(
            ts_sent_ms=message.ts_sent_ms, pair=self.symbol, contract_type=CONTRACT_TYPE, bar=unnamed
        )
