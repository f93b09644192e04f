"""The exchange's records as core facts, which the venue's codec writes."""

from __future__ import annotations

from decimal import Decimal

from msgspec import UNSET, structs

from tradingsys.core.enums import OrderStatus, OrderType
from tradingsys.core.order import Closed, Fill, Order, Terms
from tradingsys.core.position import Position
from tradingsys.core.reports import OrderChanged
from tradingsys.sim.events import Amendment, Execution, ExpiryReason, OrderRecord
from tradingsys.sim.faces.binance.figures import eight_digits, ms, shown_px
from tradingsys.venues.binance import encode, messages, words

__all__ = [
    "amend_reply",
    "amendment",
    "order_history",
    "order_query",
    "order_reply",
    "order_test_reply",
    "order_trade_update",
    "shown_position",
    "trade_lite",
    "user_trade",
]

_CLOSED = frozenset({OrderStatus.CANCELED, OrderStatus.EXPIRED, OrderStatus.EXPIRED_IN_MATCH})
_EXPIRY_CODES = {
    ExpiryReason.SELF_TRADE: "1",
    ExpiryReason.UNFILLED_IMMEDIATE: "2",
    ExpiryReason.SELF_TRADE_IMMEDIATE: "3",
    ExpiryReason.REDUCE_ONLY: "4",
    ExpiryReason.LIQUIDATION: "5",
    ExpiryReason.DELISTED: "7",
    ExpiryReason.UNFILLED_MARKET: "9",
}


def _order(record: OrderRecord, fill: Fill | None = None) -> Order:
    is_market = record.order_type is OrderType.MARKET
    closed = None
    if record.status in _CLOSED:
        reason = words.EXPIRY_REASONS[_EXPIRY_CODES[record.expiry]] if record.expiry in _EXPIRY_CODES else ""
        closed = Closed(record.status, ms(record.updated_ns), 0, reason)
    return Order(
        client_order_ids=(record.client_order_id,),
        venue_order_id=str(record.order_id),
        terms=Terms(
            symbol=record.symbol,
            side=record.side,
            order_type=record.order_type,
            order_qty=record.qty,
            price=record.px,
            time_in_force=None if is_market else record.time_in_force,
            post_only=record.post_only,
            reduce_only=record.reduce_only,
            self_trade_prevention=record.self_trade_prevention,
            version_ms=ms(record.updated_ns),
            good_till_ms=record.good_till_ms or None,
            price_match=record.price_match,
        ),
        accepted=True,
        forced=record.forced,
        venue_cum_qty=record.cum_qty,
        closed=closed,
        fills={fill.exec_id: fill} if fill is not None else {},
    )


def _fill(row: Execution) -> Fill:
    return Fill(
        exec_id=str(row.exec_id),
        symbol=row.symbol,
        venue_order_id=str(row.order_id),
        side=row.side,
        last_px=row.px,
        last_qty=row.qty,
        ts_event_ms=ms(row.ts_ns),
        is_maker=row.is_maker,
        fee=row.fee,
        fee_asset=row.fee_asset,
        realized_pnl=eight_digits(row.realized_pnl),
    )


def order_reply(record: OrderRecord) -> messages.OrderReply:
    """The answer to placing and cancelling."""
    return encode.order_reply(_order(record))


def amend_reply(record: OrderRecord) -> messages.OrderReply:
    """The answer to changing an order."""
    return structs.replace(order_reply(record), pair=record.symbol, modify_id=record.modify_id or UNSET)


def order_query(record: OrderRecord) -> messages.OrderReply:
    """The answer to a query."""
    reply = encode.order_query(_order(record), placed_ms=ms(record.created_ns), avg_px=shown_px(record.avg_px))
    return structs.replace(reply, cum_quote=encode.decimal_text(record.cum_quote))


def order_history(record: OrderRecord) -> messages.OrderReply:
    """A row of `GET /fapi/v1/allOrders` and `GET /fapi/v1/forceOrders`."""
    base = encode.decimal_text(record.cum_qty)
    return structs.replace(order_query(record), pair=record.symbol, cum_base=base)


def order_test_reply(record: OrderRecord) -> messages.OrderReply:
    """The answer to a test order, which still has what other answers lost."""
    reply = encode.order_query(_order(record), placed_ms=0, avg_px=Decimal(0))
    return structs.replace(reply, cum_qty="0", time=UNSET)


def order_trade_update(
    record: OrderRecord,
    ts_ns: int,
    bids_notional: Decimal,
    asks_notional: Decimal,
    execution: Execution | None = None,
    *,
    is_amendment: bool = False,
) -> messages.OrderTradeUpdate:
    """The event about an order as it was right after it happened."""
    fill = None if execution is None else _fill(execution)
    report = OrderChanged(_order(record, fill), record.symbol, ms(ts_ns))
    kind = "AMENDMENT" if is_amendment else None
    update = encode.order_trade_update(report, avg_px=shown_px(record.avg_px), execution_type=kind)
    order = structs.replace(
        update.order,
        bids_notional=encode.decimal_text(bids_notional),
        asks_notional=encode.decimal_text(asks_notional),
        modify_id=str(record.modify_id) if is_amendment and record.modify_id else UNSET,
    )
    return structs.replace(update, order=order)


def trade_lite(record: OrderRecord, execution: Execution) -> messages.TradeLite:
    """The thin copy of an execution that arrives first."""
    report = OrderChanged(_order(record, _fill(execution)), record.symbol, ms(execution.ts_ns))
    return encode.trade_lite(report, order_qty=record.qty, price=record.px)


def user_trade(row: Execution) -> messages.UserTrade:
    """A row of the account's history."""
    return structs.replace(encode.user_trade(_fill(row)), margin_asset=row.fee_asset)


def shown_position(position: Position) -> Position:
    """A position with the digits the venue shows."""
    return Position(position.net, shown_px(position.entry_px), eight_digits(position.realized_pnl))


def amendment(row: Amendment) -> messages.OrderAmendment:
    """A row of an order's changes."""
    return messages.OrderAmendment(
        amendment_id=row.amendment_id,
        symbol=row.symbol,
        pair=row.symbol,
        order_id=row.order_id,
        client_order_id=row.client_order_id,
        time=ms(row.ts_ns),
        amendment=messages.Amendment(
            price=_change(row.px_before, row.px),
            orig_qty=_change(row.qty_before, row.qty),
            count=row.count,
            modify_id=row.modify_id,
        ),
    )


def _change(before: Decimal, after: Decimal) -> messages.AmendedValue:
    return messages.AmendedValue(before=encode.decimal_text(before), after=encode.decimal_text(after))
