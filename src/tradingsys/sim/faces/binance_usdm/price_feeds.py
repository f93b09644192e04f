"""Streams of mark prices, of prices of a day, of liquidations, and of contracts."""

from __future__ import annotations

from collections.abc import Iterable

from tradingsys.sim.events import OrderRecord
from tradingsys.sim.faces.binance.feed import MS, Feed, Payload, next_beat
from tradingsys.sim.faces.binance.figures import ms
from tradingsys.sim.faces.binance.ticker_feed import in_short
from tradingsys.sim.faces.binance_usdm.call import State
from tradingsys.sim.faces.binance_usdm.exchange_info import CONTRACT_TYPE, USDM
from tradingsys.sim.faces.binance_usdm.price_reads import day_of
from tradingsys.venues.binance import encode_market
from tradingsys.venues.binance.encode import decimal_text
from tradingsys.venues.binance.messages import (
    ContractBracket,
    ContractInfo,
    ForcedOrder,
    ForceOrder,
    MarkPriceUpdate,
    MiniTicker,
)

__all__ = ["ContractFeed", "ForceOrderFeed", "MarkPriceFeed", "mini_ticker"]

_FORCED_NS = 1_000 * MS


class MarkPriceFeed(Feed):
    """Mark prices at every beat, of one symbol or of all in one array."""

    def __init__(self, state: State, symbol: str, period_ns: int, now_ns: int) -> None:
        self.symbol = symbol
        self._state, self._period_ns = state, period_ns
        self.next_ns = next_beat(period_ns, now_ns)

    def due(self, now_ns: int) -> Iterable[Payload]:
        """See `Feed`."""
        self.next_ns = next_beat(self._period_ns, now_ns)
        if self.symbol:
            return (self._message(self.symbol, now_ns),)
        return ([self._message(symbol, now_ns) for symbol in self._state.markets],)

    def _message(self, symbol: str, now_ns: int) -> MarkPriceUpdate:
        venue = self._state.exchange.venues[symbol]
        return encode_market.mark_price(
            symbol,
            venue.mark.px,
            index_px=venue.index.px,
            funding_rate=venue.funding_rate,
            next_funding_ms=venue.next_funding_ms,
            sent_ms=ms(now_ns),
        )


def mini_ticker(state: State, symbol: str, now_ms: int) -> MiniTicker:
    """The last 24 hours of a symbol, in short."""
    return in_short(day_of(state, symbol, now_ms))


class ForceOrderFeed(Feed):
    """The largest liquidation of each second and symbol, by what it executed."""

    def __init__(self, symbol: str) -> None:
        self.symbol = symbol
        self._seen: dict[int, OrderRecord] = {}

    def on_forced(self, order: OrderRecord) -> Iterable[Payload]:
        """See `Feed`."""
        self._seen[order.order_id] = order
        if self.next_ns is None:
            self.next_ns = next_beat(_FORCED_NS, order.updated_ns)
        return ()

    def due(self, now_ns: int) -> Iterable[Payload]:
        """See `Feed`."""
        self.next_ns = None
        seen, self._seen = self._seen, {}
        largest: dict[str, OrderRecord] = {}
        for order in (order for order in seen.values() if order.cum_qty):
            known = largest.get(order.symbol)
            if known is None or order.cum_quote > known.cum_quote:
                largest[order.symbol] = order
        return [_force_order(order, ms(now_ns)) for order in largest.values()]


def _force_order(order: OrderRecord, now_ms: int) -> ForceOrder:
    return ForceOrder(
        ts_sent_ms=now_ms,
        order=ForcedOrder(
            symbol=order.symbol,
            side=order.side.value,
            order_type="LIMIT",
            time_in_force="IOC",
            order_qty=decimal_text(order.qty),
            price=decimal_text(order.px),
            avg_px=decimal_text(order.avg_px),
            order_status=order.status.value,
            last_qty=decimal_text(order.cum_qty),
            cum_qty=decimal_text(order.cum_qty),
            ts_event_ms=ms(order.updated_ns),
        ),
        pair=order.symbol,
        symbol_type=USDM,
    )


class ContractFeed(Feed):
    """Symbols whose status changes, with their leverage brackets."""

    def __init__(self, state: State) -> None:
        self._state = state

    def on_contract(self, symbol: str, now_ns: int) -> Iterable[Payload]:
        """See `Feed`."""
        venue, market = self._state.exchange.venues[symbol], self._state.markets[symbol]
        tiers = venue.tiers.rows
        brackets = [
            ContractBracket(
                bracket=number,
                notional_floor=int(tier.floor),
                notional_cap=int(tier.cap),
                maint_margin_ratio=float(tier.ratio),
                cum=float(tier.deduction),
                min_leverage=(tiers[number].leverage if number < len(tiers) else 0) + 1,
                max_leverage=tier.leverage,
            )
            for number, tier in enumerate(tiers, 1)
        ]
        yield ContractInfo(
            ts_sent_ms=ms(now_ns),
            symbol=symbol,
            contract_type=CONTRACT_TYPE,
            delivery_ms=market.delivery_ms,
            onboard_ms=market.onboard_ms,
            status=venue.instrument.status,
            brackets=brackets,
            symbol_type=USDM,
        )
