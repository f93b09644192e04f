"""Binance's messages as core values.

Every function takes a message and raises `msgspec.ValidationError` when a value in it makes no sense; unknown words
(statuses, types) are no such case, they merely carry less meaning.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation

from msgspec import UNSET, Raw, UnsetType, ValidationError, json

from tradingsys.core.enums import OrderStatus, OrderType, Side, TimeInForce, TriggerPrice
from tradingsys.core.market import BestBidOffer, Depth, Kline, MarkPrice, Trade
from tradingsys.core.order import Closed, Fill, Order, Terms
from tradingsys.core.reports import AccountChanged, OrderChanged
from tradingsys.venues.binance import messages, words

__all__ = [
    "account_update",
    "agg_trade",
    "batch",
    "book_ticker",
    "closed",
    "decimal",
    "depth",
    "depth_update",
    "kline",
    "mark_price",
    "optional",
    "order_reply",
    "order_reply_changed",
    "order_trade_update",
    "past_kline",
    "positions",
    "positive",
    "side",
    "time_in_force",
    "trade_lite",
    "trigger_price",
    "type_and_qty",
    "user_trade",
]

_read_batch = json.Decoder(list[Raw]).decode
_read_order = json.Decoder(messages.OrderReply).decode
_read_error = json.Decoder(messages.ErrorBody).decode

_CLOSING = frozenset({OrderStatus.CANCELED, OrderStatus.REJECTED, OrderStatus.EXPIRED, OrderStatus.EXPIRED_IN_MATCH})
_EXECUTING = frozenset({"TRADE", "CALCULATED"})
_MOST_DIGITS = 27
"""Before or after the point: as many as decimals are computed with."""


def decimal(text: str) -> Decimal:
    """A number's exact value."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ValidationError(f"not a number: {text!r}") from None
    # An exponent is a number's cheapest mistake: written out, 1E+999999 is a megabyte.
    if not value.is_finite() or abs(value.adjusted()) > _MOST_DIGITS:
        raise ValidationError(f"not a number of any order, trade or account: {text[:50]!r}")
    return value


def order_trade_update(message: messages.OrderTradeUpdate) -> OrderChanged:
    """Facts of one order; an execution comes as its one fill."""
    update = message.order
    order_type, order_qty, price = type_and_qty(update.order_type, update.order_qty, update.price)
    terms = Terms(
        update.symbol,
        side(update.side),
        order_type,
        order_qty,
        price,
        *time_in_force(update.order_type, update.time_in_force),
        reduce_only=update.reduce_only is True,
        stop_px=positive(update.stop_px),
        self_trade_prevention=words.SELF_TRADE_PREVENTIONS.get(update.self_trade_prevention or ""),
        version_ms=update.ts_event_ms,
        close_position=update.close_position is True,
        callback_rate=positive(update.callback_rate),
        activation_px=positive(update.activation_px),
        good_till_ms=update.good_till_ms or None,
        price_match=words.PRICE_MATCHES.get(update.price_match or ""),
        trigger_price=trigger_price(order_type, update.working_type),
        price_protect=update.price_protect is True,
        revision=_revision(update),
    )
    is_rejected = update.order_status == OrderStatus.REJECTED
    is_liquidation = update.execution_type == "CALCULATED"
    fill = _stream_fill(update)
    order = Order(
        (update.client_order_id,),
        str(update.order_id),
        terms,
        accepted=not is_rejected,
        venue_cum_qty=decimal(update.cum_qty),
        closed=closed(update.order_status, update.ts_event_ms, _expiry_reason(update.expiry_reason)),
        fills={fill.exec_id: fill} if fill else {},
        forced=words.forced_by_id(update.client_order_id) or ("liquidation" if is_liquidation else ""),
    )
    return OrderChanged(order, update.symbol, message.ts_event_ms)


def _revision(update: messages.OrderUpdate) -> int:
    text = str(update.modify_id)
    return int(text) if text.isdecimal() else 0


def trade_lite(message: messages.TradeLite) -> OrderChanged:
    """An execution without its fee, of an order whose other terms this message does not tell."""
    fill = Fill(
        str(message.trade_id),
        message.symbol,
        str(message.order_id),
        side(message.side),
        decimal(message.last_px),
        decimal(message.last_qty),
        message.ts_event_ms,
        is_maker=message.is_maker,
    )
    order = Order(
        (message.client_order_id,),
        fill.venue_order_id,
        accepted=True,
        fills={fill.exec_id: fill},
        forced=words.forced_by_id(message.client_order_id),
    )
    return OrderChanged(order, message.symbol, message.ts_event_ms)


def order_reply(message: messages.OrderReply) -> Order:
    """Facts of an order from any REST or WS-API answer; it never tells single executions."""
    order_type, order_qty, price = type_and_qty(message.type, message.orig_qty, message.price)
    terms = Terms(
        message.symbol,
        side(message.side),
        order_type,
        order_qty,
        price,
        *time_in_force(message.type, message.time_in_force),
        reduce_only=message.reduce_only is True,
        stop_px=positive(message.stop_price),
        self_trade_prevention=words.SELF_TRADE_PREVENTIONS.get(message.self_trade_prevention_mode or ""),
        version_ms=message.update_time,
        close_position=message.close_position is True,
        callback_rate=positive(message.price_rate),
        activation_px=positive(message.activate_price),
        good_till_ms=message.good_till_date or None,
        price_match=words.PRICE_MATCHES.get(message.price_match or ""),
        trigger_price=trigger_price(order_type, message.working_type),
        price_protect=message.price_protect is True,
        revision=message.modify_id or 0,
    )
    return Order(
        (message.client_order_id,),
        str(message.order_id),
        terms,
        accepted=message.status != OrderStatus.REJECTED,
        venue_cum_qty=decimal(message.executed_qty),
        closed=closed(message.status, message.update_time),
        forced=words.forced_by_id(message.client_order_id),
        created_ms=message.time or 0,
    )


def order_reply_changed(message: messages.OrderReply) -> OrderChanged:
    """The same facts as a report."""
    return OrderChanged(order_reply(message), message.symbol, message.update_time)


def batch(data: bytes) -> list[messages.OrderReply | messages.ErrorBody]:
    """The answer to several orders at once: for each, in their order, its facts or why it was refused."""
    told: list[messages.OrderReply | messages.ErrorBody] = []
    for raw in _read_batch(data):
        try:
            told.append(_read_order(raw))
        except ValidationError:
            told.append(_read_error(raw))
    return told


def user_trade(message: messages.UserTrade) -> Order:
    """One execution from history, as an order known by its venue id only."""
    fill = Fill(
        str(message.id),
        message.symbol,
        str(message.order_id),
        side(message.side),
        decimal(message.price),
        decimal(message.qty),
        message.time,
        is_maker=message.maker,
        fee=decimal(message.commission),
        fee_asset=message.commission_asset,
        realized_pnl=optional(message.realized_pnl),
    )
    return Order((), fill.venue_order_id, accepted=True, fills={fill.exec_id: fill})


def account_update(message: messages.AccountUpdate) -> AccountChanged:
    """Wallet balances and net positions that changed; in hedge mode both sides of a symbol are added up."""
    update = message.update
    net: defaultdict[str, Decimal] = defaultdict(Decimal)
    for position in update.positions or ():
        net[position.symbol] += decimal(position.qty)
    wallet = {balance.asset: decimal(balance.wallet_balance) for balance in update.balances or ()}
    return AccountChanged(update.reason, message.ts_event_ms, wallet, dict(net))


def positions(rows: Iterable[messages.PositionRisk]) -> dict[str, Decimal]:
    """Net positions other than flat; the exchange also lists flat symbols that have open orders."""
    net: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        net[row.symbol] += decimal(row.position_amt)
    return {symbol: qty for symbol, qty in net.items() if qty}


def depth_update(message: messages.DepthUpdate) -> Depth:
    """The best levels from a partial depth stream, which on futures looks like a change but is whole."""
    ts_event_ms = message.ts_sent_ms if message.ts_event_ms is UNSET else message.ts_event_ms
    return Depth(message.symbol, ts_event_ms, message.bids, message.asks, message.final_id)


def depth(message: messages.DepthSnapshot, symbol: str) -> Depth:
    """A book by REST; spot tells no time (0)."""
    ts_event_ms = 0 if message.ts_event_ms is UNSET else message.ts_event_ms
    return Depth(symbol, ts_event_ms, message.bids, message.asks, message.last_update_id)


def book_ticker(message: messages.BookTicker) -> BestBidOffer:
    """Best bid and offer; spot tells no time (0)."""
    return BestBidOffer(
        message.symbol,
        0 if message.ts_event_ms is UNSET else message.ts_event_ms,
        message.bid_px,
        message.bid_qty,
        message.ask_px,
        message.ask_qty,
        message.update_id,
    )


def agg_trade(message: messages.AggTrade) -> Trade:
    """A public trade."""
    return Trade(message.symbol, message.ts_event_ms, message.trade_id, message.px, message.qty, message.buyer_is_maker)


def kline(message: messages.KlineUpdate) -> Kline:
    """A candlestick."""
    bar = message.bar
    return Kline(
        message.symbol,
        bar.interval,
        message.ts_sent_ms,
        bar.open_ms,
        bar.close_ms,
        bar.open_px,
        bar.high_px,
        bar.low_px,
        bar.close_px,
        bar.volume,
        bar.quote_volume,
        bar.buy_volume,
        bar.buy_quote_volume,
        bar.trade_count,
        bar.first_trade_id,
        bar.last_trade_id,
        bar.is_closed,
    )


def past_kline(row: messages.KlineRow, symbol: str, interval: str, now_ms: int) -> Kline:
    """A candlestick from history, which tells neither trade ids (-1) nor whether it is closed: the time does."""
    return Kline(
        symbol,
        interval,
        min(row.close_ms, now_ms),
        row.open_ms,
        row.close_ms,
        row.open_px,
        row.high_px,
        row.low_px,
        row.close_px,
        row.volume,
        row.quote_volume,
        row.buy_volume,
        row.buy_quote_volume,
        row.trade_count,
        -1,
        -1,
        row.close_ms < now_ms,
    )


def mark_price(message: messages.MarkPriceUpdate) -> MarkPrice:
    """Mark price and funding; what a contract does not have is empty."""
    return MarkPrice(
        message.symbol,
        message.ts_sent_ms,
        message.mark_px,
        message.index_px or "",
        message.settle_px or "",
        message.funding_rate or "",
        message.next_funding_ms or 0,
    )


def _stream_fill(update: messages.OrderUpdate) -> Fill | None:
    # A liquidation is announced by a CALCULATED event without quantity before it executes.
    last_qty = decimal(update.last_qty)
    if update.execution_type not in _EXECUTING or not last_qty or update.trade_id <= 0:
        return None
    has_fee = update.fee is not UNSET and bool(update.fee_asset)
    return Fill(
        str(update.trade_id),
        update.symbol,
        str(update.order_id),
        side(update.side),
        decimal(update.last_px),
        last_qty,
        update.ts_event_ms,
        is_maker=None if update.is_maker is UNSET else update.is_maker,
        fee=optional(update.fee) if has_fee else None,
        fee_asset=update.fee_asset or None if has_fee else None,
        realized_pnl=optional(update.realized_pnl),
    )


def closed(status: str, ts_event_ms: int, reason: str = "") -> Closed | None:
    """How an order ended, if its status is an end."""
    known = words.STATUSES.get(status)
    return None if known is None or known not in _CLOSING else Closed(known, ts_event_ms, reason=reason)


def _expiry_reason(code: str | UnsetType) -> str:
    return words.EXPIRY_REASONS.get(code or "0", f"expiry reason {code}")


def side(word: str) -> Side:
    """The side; raises ValidationError for any third one."""
    known = words.SIDES.get(word)
    if known is None:
        raise ValidationError(f"neither buy nor sell: {word!r}")
    return known


def type_and_qty(
    word: str, qty: str, price: str | UnsetType, order_types: Mapping[str, OrderType] = words.ORDER_TYPES
) -> tuple[OrderType, Decimal, Decimal | None]:
    """Type, quantity and price of an order."""
    px = positive(price)
    # An order type of tomorrow is one with a price or one without.
    order_type = order_types.get(word) or (OrderType.MARKET if px is None else OrderType.LIMIT)
    return order_type, decimal(qty), px


def trigger_price(order_type: OrderType, word: str | UnsetType) -> TriggerPrice | None:
    """What triggers a conditional order; others are shown with the word too, where it means nothing."""
    return words.WORKING_TYPES.get(word or "") if order_type.is_conditional else None


def time_in_force(order_type: str, word: str | UnsetType) -> tuple[TimeInForce | None, bool]:
    """(time in force, post-only); market orders are shown with a word too, where it means nothing."""
    return (None, False) if order_type == "MARKET" else words.time_in_force(word or "")


def positive(text: str | UnsetType) -> Decimal | None:
    """A number, None for the 0 that the venue writes where there is none."""
    return (decimal(text) or None) if text else None


def optional(text: str | UnsetType) -> Decimal | None:
    """A number, None where there is none."""
    return decimal(text) if text else None
