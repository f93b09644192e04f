"""Core values as Binance's messages: the exchange's role.

Each function builds a message; `to_bytes` writes it, and `combined` wraps it for a combined stream. Decimals are
written out in full, with the digits the value carries and never with an exponent.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import msgspec
from msgspec import UNSET, UnsetType

from tradingsys.core.enums import TriggerPrice
from tradingsys.core.errors import VenueError
from tradingsys.core.order import Fill, Order, Terms
from tradingsys.core.position import FLAT, Position
from tradingsys.core.reports import AccountChanged, OrderChanged
from tradingsys.venues.binance import messages, words

__all__ = [
    "account_update",
    "balance",
    "combined",
    "decimal_text",
    "error",
    "listen_key_expired",
    "numeric_id",
    "optional",
    "order_query",
    "order_reply",
    "order_trade_update",
    "position_risk",
    "terms_of",
    "to_bytes",
    "trade_lite",
    "user_trade",
    "ws_api_error",
    "ws_api_reply",
]

_ZERO = Decimal(0)

to_bytes = msgspec.json.Encoder().encode
"""The bytes of any message, or list of messages."""


def decimal_text(value: Decimal | None) -> str:
    """A number in full; None as the 0 that the exchange writes for it."""
    return "0" if value is None else format(value, "f")


def combined(stream: str, message: messages.Message) -> bytes:
    """The bytes of an event on a combined connection."""
    return to_bytes(messages.Combined(stream=stream, data=message))


def order_trade_update(
    report: OrderChanged,
    *,
    sent_ms: int | None = None,
    avg_px: Decimal | None = None,
    execution_type: str | None = None,
) -> messages.OrderTradeUpdate:
    """What happened to an order with one client id, a numeric venue id, terms, and one fill at most.

    ``avg_px`` is the order's average so far; without ``execution_type`` it follows from the facts: a fill is a TRADE
    (CALCULATED for a liquidation), a closed order's is its status.
    """
    order, terms = report.order, terms_of(report.order)
    fill = next(iter(order.fills.values()), None)
    price, stop_px = decimal_text(terms.price), decimal_text(terms.stop_px)
    type_word = words.ORDER_TYPE_WORDS[terms.order_type]
    update = messages.OrderUpdate(
        symbol=terms.symbol,
        client_order_id=order.client_order_ids[0],
        side=terms.side,
        order_type=type_word,
        time_in_force=words.time_in_force_word(terms.time_in_force, terms.post_only),
        order_qty=decimal_text(terms.order_qty),
        price=price,
        avg_px=decimal_text(order.avg_px if avg_px is None else avg_px),
        stop_px=stop_px,
        execution_type=execution_type or _execution_type(report, fill),
        order_status=order.status,
        order_id=numeric_id(order),
        last_qty=decimal_text(fill.last_qty if fill else None),
        cum_qty=decimal_text(order.venue_cum_qty),
        last_px=decimal_text(fill.last_px if fill else None),
        fee_asset=fill.fee_asset if fill and fill.fee_asset else UNSET,
        fee=optional(fill.fee) if fill else UNSET,
        ts_event_ms=fill.ts_event_ms if fill else report.ts_event_ms,
        trade_id=int(fill.exec_id) if fill else 0,
        bids_notional="0",
        asks_notional="0",
        is_maker=(UNSET if fill.is_maker is None else fill.is_maker) if fill else False,
        reduce_only=terms.reduce_only,
        modify_id=str(terms.revision) if terms.revision else UNSET,
        working_type=words.WORKING_TYPE_WORDS[terms.trigger_price or TriggerPrice.LAST],
        original_type=type_word,
        position_side="BOTH",
        close_position=terms.close_position,
        activation_px=optional(terms.activation_px),
        callback_rate=optional(terms.callback_rate),
        price_protect=terms.price_protect,
        ignored_si=0,
        ignored_ss=0,
        realized_pnl=optional(fill.realized_pnl) if fill else "0",
        self_trade_prevention=terms.self_trade_prevention or UNSET,
        price_match=terms.price_match or "NONE",
        good_till_ms=terms.good_till_ms or 0,
        expiry_reason=words.EXPIRY_REASON_CODES.get(order.closed.reason, "0") if order.closed else "0",
    )
    return messages.OrderTradeUpdate(
        ts_sent_ms=report.ts_event_ms if sent_ms is None else sent_ms, ts_event_ms=report.ts_event_ms, order=update
    )


def trade_lite(
    report: OrderChanged, *, order_qty: Decimal, price: Decimal | None, sent_ms: int | None = None
) -> messages.TradeLite:
    """The thin, early copy of the execution in ``report``."""
    (fill,) = report.order.fills.values()
    return messages.TradeLite(
        ts_sent_ms=report.ts_event_ms if sent_ms is None else sent_ms,
        ts_event_ms=report.ts_event_ms,
        symbol=fill.symbol,
        order_qty=decimal_text(order_qty),
        price=decimal_text(price),
        is_maker=fill.is_maker is True,
        client_order_id=report.order.client_order_ids[0],
        side=fill.side,
        last_px=decimal_text(fill.last_px),
        last_qty=decimal_text(fill.last_qty),
        trade_id=int(fill.exec_id),
        order_id=int(fill.venue_order_id),
    )


def account_update(
    report: AccountChanged,
    *,
    sent_ms: int | None = None,
    balance_changes: Mapping[str, Decimal] = {},
    positions: Mapping[str, Position] = {},
    unrealized_pnl: Mapping[str, Decimal] = {},
    symbol: str | UnsetType = UNSET,
) -> messages.AccountUpdate:
    """Balances and positions that changed. The optional mappings add what a report does not carry.

    ``balance_changes`` are transfers and funding, without profit and fees; ``symbol`` is told for funding only.
    """
    rows = []
    for name, qty in report.positions.items():
        position = positions.get(name, FLAT)
        entry_px = decimal_text(position.entry_px)
        rows.append(
            messages.PositionChange(
                symbol=name,
                qty=decimal_text(qty),
                entry_px=entry_px,
                break_even_px=entry_px,
                accumulated_realized=decimal_text(position.realized_pnl),
                unrealized_pnl=decimal_text(unrealized_pnl.get(name)),
                margin_type="cross",
                isolated_wallet="0",
                position_side="BOTH",
            )
        )
    update = messages.UpdateOfAccount(
        reason=report.reason,
        balances=[
            messages.BalanceChange(
                asset=asset,
                wallet_balance=decimal_text(wallet),
                cross_wallet=decimal_text(wallet),
                change=decimal_text(balance_changes.get(asset)),
            )
            for asset, wallet in report.balances.items()
        ],
        positions=rows,
        symbol=symbol,
    )
    return messages.AccountUpdate(
        ts_sent_ms=report.ts_event_ms if sent_ms is None else sent_ms, ts_event_ms=report.ts_event_ms, update=update
    )


def listen_key_expired(listen_key: str, sent_ms: int) -> messages.ListenKeyExpired:
    """The account's stream ended; its socket stays open."""
    return messages.ListenKeyExpired(ts_sent_ms=sent_ms, listen_key=listen_key)


def order_reply(order: Order) -> messages.OrderReply:
    """The answer to placing, amending or cancelling; its time is that of the order's terms or of its closing."""
    terms = terms_of(order)
    type_word = words.ORDER_TYPE_WORDS[terms.order_type]
    return messages.OrderReply(
        order_id=numeric_id(order),
        symbol=terms.symbol,
        status=order.status,
        client_order_id=order.client_order_ids[0],
        modify_id=terms.revision or UNSET,
        price=decimal_text(terms.price),
        orig_qty=decimal_text(terms.order_qty),
        executed_qty=decimal_text(order.cum_qty),
        cum_qty=decimal_text(order.cum_qty),
        time_in_force=words.time_in_force_word(terms.time_in_force, terms.post_only),
        type=type_word,
        reduce_only=terms.reduce_only,
        close_position=terms.close_position,
        side=terms.side,
        position_side="BOTH",
        stop_price=decimal_text(terms.stop_px),
        activate_price=optional(terms.activation_px),
        price_rate=optional(terms.callback_rate),
        working_type=words.WORKING_TYPE_WORDS[terms.trigger_price or TriggerPrice.LAST],
        price_protect=terms.price_protect,
        orig_type=type_word,
        price_match=terms.price_match or "NONE",
        self_trade_prevention_mode=terms.self_trade_prevention or UNSET,
        good_till_date=terms.good_till_ms or 0,
        update_time=max(terms.version_ms, order.closed.ts_event_ms if order.closed else 0),
    )


def order_query(order: Order, *, placed_ms: int, avg_px: Decimal | None = None) -> messages.OrderReply:
    """An order as `GET /order` and `GET /openOrders` show it."""
    average = order.avg_px if avg_px is None else avg_px
    return msgspec.structs.replace(
        order_reply(order),
        cum_qty=UNSET,
        avg_price=decimal_text(average),
        cum_quote=decimal_text((average or _ZERO) * order.cum_qty),
        time=placed_ms,
    )


def user_trade(fill: Fill) -> messages.UserTrade:
    """A row of the account's history; fee and maker flag are those of the fill, 0 and false when it has none."""
    return messages.UserTrade(
        buyer=fill.signed_qty > 0,
        commission=decimal_text(fill.fee),
        commission_asset=fill.fee_asset or "",
        id=int(fill.exec_id),
        maker=fill.is_maker is True,
        order_id=int(fill.venue_order_id),
        price=decimal_text(fill.last_px),
        qty=decimal_text(fill.last_qty),
        quote_qty=decimal_text(fill.last_px * fill.last_qty),
        base_qty=decimal_text(fill.last_qty),
        realized_pnl=optional(fill.realized_pnl),
        side=fill.side,
        position_side="BOTH",
        symbol=fill.symbol,
        pair=fill.symbol,
        time=fill.ts_event_ms,
    )


def position_risk(
    symbol: str, position: Position, *, mark_px: Decimal, margin_asset: str, updated_ms: int, leverage: int = 20
) -> messages.PositionRisk:
    """A row of `GET /fapi/v3/positionRisk`, cross margin."""
    notional_value = position.net * mark_px
    initial = decimal_text(abs(notional_value) / leverage)
    return messages.PositionRisk(
        symbol=symbol,
        position_side="BOTH",
        position_amt=decimal_text(position.net),
        entry_price=decimal_text(position.entry_px),
        break_even_price=decimal_text(position.entry_px),
        mark_price=decimal_text(mark_px),
        un_realized_profit=decimal_text(notional_value - position.net * position.entry_px),
        liquidation_price="0",
        isolated_margin="0",
        notional=decimal_text(notional_value),
        margin_asset=margin_asset,
        isolated_wallet="0",
        initial_margin=initial,
        maint_margin="0",
        position_initial_margin=initial,
        open_order_initial_margin="0",
        adl=0,
        bid_notional="0",
        ask_notional="0",
        update_time=updated_ms,
    )


def balance(
    asset: str, wallet: Decimal, *, unrealized_pnl: Decimal, available: Decimal, updated_ms: int, alias: str
) -> messages.Balance:
    """A row of `GET /fapi/v3/balance`."""
    return messages.Balance(
        account_alias=alias,
        asset=asset,
        balance=decimal_text(wallet),
        cross_wallet_balance=decimal_text(wallet),
        cross_un_pnl=decimal_text(unrealized_pnl),
        available_balance=decimal_text(available),
        max_withdraw_amount=decimal_text(available),
        margin_available=True,
        update_time=updated_ms,
    )


def error(failure: VenueError) -> messages.ErrorBody:
    """The body of a REST error, and the ``error`` of a WS-API reply."""
    return messages.ErrorBody(code=failure.code, msg=failure.message)


def ws_api_reply(
    request_id: messages.RequestId, result: object, rate_limits: list[messages.RateLimitRule] | UnsetType = UNSET
) -> bytes:
    """The bytes of a successful WS-API reply; ``result`` is a message, a list of them, or a plain dict."""
    raw = msgspec.Raw(to_bytes(result))
    return to_bytes(messages.WsApiReply(id=request_id, status=200, result=raw, rate_limits=rate_limits))


def ws_api_error(
    request_id: messages.RequestId,
    status: int,
    body: messages.ErrorBody,
    rate_limits: list[messages.RateLimitRule] | UnsetType = UNSET,
) -> bytes:
    """The bytes of a failed WS-API reply; ``status`` is what HTTP would have said."""
    return to_bytes(messages.WsApiReply(id=request_id, status=status, error=body, rate_limits=rate_limits))


def _execution_type(report: OrderChanged, fill: Fill | None) -> str:
    if fill is not None:
        forced = report.order.forced or words.forced_by_id(report.order.client_order_ids[0])
        return "CALCULATED" if forced in ("liquidation", "auto-deleveraging") else "TRADE"
    if report.order.closed is not None:
        # EXPIRED_IN_MATCH is a status; the event that brings it is EXPIRED.
        return report.order.closed.status.value.removesuffix("_IN_MATCH")
    return "NEW"


def terms_of(order: Order) -> Terms:
    """The terms of an order that has some."""
    if order.terms is None:
        raise ValueError("an order without terms cannot be shown")
    return order.terms


def numeric_id(order: Order) -> int:
    """The venue's id of an order that has one."""
    if order.venue_order_id is None:
        raise ValueError("an order without the venue's id cannot be shown")
    return int(order.venue_order_id)


def optional(value: Decimal | None) -> str | UnsetType:
    """A number in full; None as an absent field."""
    return UNSET if value is None else decimal_text(value)
