"""The exchange's records as core facts, which the venue's codec writes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TypeVar

from msgspec import UNSET, Struct, structs

from tradingsys.core.enums import Contingency, OrderStatus, OrderType
from tradingsys.core.order import Closed, Fill, Order, Terms
from tradingsys.core.reports import OrderChanged
from tradingsys.sim.faces.binance.figures import eight_digits, ms
from tradingsys.sim.ledger import Ledger
from tradingsys.sim.order_lists import ListStatus, OrderListRecord
from tradingsys.sim.order_records import Execution, ExpiryReason, OrderRecord, PreventedMatch
from tradingsys.venues.binance import encode_spot, encode_spot_lists, words
from tradingsys.venues.binance.messages import spot

__all__ = [
    "Told",
    "amend_reply",
    "cancel_reply",
    "execution_report",
    "list_reply",
    "list_status",
    "order_query",
    "order_reply",
    "prevented_match",
    "user_trade",
]

_CLOSED = frozenset({OrderStatus.CANCELED, OrderStatus.EXPIRED, OrderStatus.EXPIRED_IN_MATCH, OrderStatus.REJECTED})
_REASON_WORDS = {
    ExpiryReason.UNFILLED_IMMEDIATE: "UNFILLED_IOC_QUANTITY_EXPIRED",
    ExpiryReason.UNFILLED_FOK: "UNFILLED_FOK_ORDER_EXPIRED",
    ExpiryReason.UNFILLED_MARKET: "INSUFFICIENT_LIQUIDITY",
    ExpiryReason.NO_LIQUIDITY: "INSUFFICIENT_LIQUIDITY",
    ExpiryReason.OTHER_LEG: "OCO_TRIGGER",
    ExpiryReason.FIRST_PHASE: "OTO_PHASE_ONE_EXPIRED",
    ExpiryReason.UNPAYABLE: "REJECTED",
    ExpiryReason.PRICE_RANGE: "EXECUTION_RULE_PRICE_RANGE_EXCEEDED",
    ExpiryReason.LIQUIDATION: "EXCHANGE_CANCELED",
    ExpiryReason.AMENDED: "EXCHANGE_CANCELED",
}
ToldT = TypeVar("ToldT", spot.OrderReply, spot.ExecutionReport)

_NO_GROUP = -1
"""Accounts of the box belong to no trade group."""
_MARKETS = frozenset({OrderType.MARKET, OrderType.STOP_MARKET, OrderType.TAKE_PROFIT_MARKET})


def _order(record: OrderRecord, fills: Iterable[Fill] = ()) -> Order:
    closed = None
    if record.status in _CLOSED:
        word = _REASON_WORDS.get(record.expiry) if record.expiry is not None else None
        closed = Closed(record.status, ms(record.updated_ns), 0, words.SPOT_REASONS[word] if word else "")
    has_time = record.order_type not in _MARKETS
    return Order(
        client_order_ids=(record.client_order_id,),
        venue_order_id=str(record.order_id),
        terms=Terms(
            symbol=record.symbol,
            side=record.side,
            order_type=record.order_type,
            order_qty=eight_digits(record.qty),
            price=_shown(record.px),
            time_in_force=record.time_in_force if has_time else None,
            post_only=record.post_only,
            self_trade_prevention=record.self_trade_prevention,
            version_ms=ms(record.updated_ns),
            stop_px=_shown(record.trigger_px),
            callback_rate=None if record.trailing_bps is None else words.callback_rate(record.trailing_bps),
            quote_order_qty=_shown(record.quote_qty),
            iceberg_qty=_shown(record.iceberg_qty),
        ),
        accepted=True,
        forced=record.forced,
        venue_cum_qty=eight_digits(record.cum_qty),
        closed=closed,
        fills={fill.exec_id: fill for fill in fills},
        list_id=str(record.list_id) if record.list_id >= 0 else None,
    )


def _shown(value: Decimal | None) -> Decimal | None:
    return None if value is None else eight_digits(value)


def _fill(row: Execution) -> Fill:
    return Fill(
        exec_id=str(row.exec_id),
        symbol=row.symbol,
        venue_order_id=str(row.order_id),
        side=row.side,
        last_px=eight_digits(row.px),
        last_qty=eight_digits(row.qty),
        ts_event_ms=ms(row.ts_ns),
        is_maker=row.is_maker,
        fee=eight_digits(row.fee),
        fee_asset=row.fee_asset,
    )


def _progress(record: OrderRecord) -> encode_spot.Progress:
    return encode_spot.Progress(
        status=record.status.value,
        created_ms=ms(record.created_ns),
        working_ms=ms(record.working_ns) if record.working_ns else None,
        trailing_ms=ms(record.trailing_ns) if record.trailing_ns else None,
        cum_quote_qty=eight_digits(record.cum_quote),
        prevented_qty=record.prevented_qty if record.prevented_id else None,
        prevented_match_id=record.prevented_id or None,
    )


def _told(reply: spot.OrderReply, record: OrderRecord) -> spot.OrderReply:
    """With what whoever sent the order wrote on it, and without a quantity where it has none yet."""
    return _with_strategy(reply if record.qty else structs.replace(reply, orig_qty=UNSET), record)


def _with_strategy(told: ToldT, record: OrderRecord) -> ToldT:
    if record.strategy_id is None and record.strategy_type is None:
        return told
    return structs.replace(
        told,
        strategy_id=UNSET if record.strategy_id is None else record.strategy_id,
        strategy_type=UNSET if record.strategy_type is None else record.strategy_type,
    )


def order_reply(
    kind: str, record: OrderRecord, rows: Sequence[Execution], met: Sequence[PreventedMatch] = ()
) -> spot.OrderReply:
    """The answer to placing, of a kind: ACK, RESULT or FULL, which has what it traded, and whom of its own it met."""
    order, placed_ms = _order(record), ms(record.created_ns)
    if kind == "ACK":
        return encode_spot.ack(order, transact_ms=placed_ms)
    reply = _told(encode_spot.order_reply(order, _progress(record), transact_ms=placed_ms), record)
    if kind == "RESULT":
        return reply
    reply = encode_spot.full(reply, [_fill(row) for row in rows])
    if not met:
        return reply
    return structs.replace(
        reply,
        prevented_matches=[_shown_match(each) for each in met],
        trade_group_id=_NO_GROUP if record.prevented_qty else UNSET,
    )


def _shown_match(row: PreventedMatch) -> spot.ShownPreventedMatch:
    return spot.ShownPreventedMatch(
        prevented_match_id=row.match_id,
        maker_symbol=row.symbol,
        maker_order_id=row.maker_id,
        price=format(row.px, ".8f"),
        taker_prevented_quantity=format(row.taker_qty, ".8f") if row.taker_qty else UNSET,
        maker_prevented_quantity=format(row.maker_qty, ".8f") if row.maker_qty else UNSET,
    )


def cancel_reply(record: OrderRecord, cancel_id: str) -> spot.OrderReply:
    """The answer to cancelling."""
    return _told(encode_spot.cancel_reply(_order(record), _progress(record), cancel_id=cancel_id), record)


def order_query(record: OrderRecord) -> spot.OrderReply:
    """The answer to a query."""
    return _told(encode_spot.order_query(_order(record), _progress(record)), record)


def amend_reply(
    record: OrderRecord, number: int, former_id: str, in_list: OrderListRecord | None, ledger: Ledger
) -> spot.AmendReply:
    """The answer to making an order smaller, with the number of what happened, and the client id it had before."""
    told = None if in_list is None else list_reply(in_list, ledger)
    return encode_spot.amend_reply(
        _order(record),
        _progress(record),
        execution_id=number,
        former_id=former_id,
        transact_ms=ms(record.updated_ns),
        in_list=UNSET
        if told is None
        else spot.AmendedList(
            order_list_id=told.order_list_id,
            contingency_type=told.contingency_type,
            list_order_status=told.list_order_status,
            list_client_order_id=told.list_client_order_id,
            symbol=record.symbol,
            orders=told.orders,
        ),
    )


class Told(Struct, frozen=True):
    """What happened to an order, beside what it is then."""

    ts_ns: int
    kind: str | None = None
    """The venue's word, where it does not follow from the rest."""
    execution: Execution | None = None
    cancel_id: str | None = None
    """The client id of the request that cancelled it."""
    former_id: str | None = None
    """Its client id before an amend."""
    prevented_qty: Decimal | None = None
    match: PreventedMatch | None = None
    """Took ``prevented_qty`` from it."""


def execution_report(record: OrderRecord, told: Told, execution_id: int) -> spot.ExecutionReport:
    """The event about an order as it was right after it happened."""
    execution, match = told.execution, told.match
    order = _order(record, () if execution is None else (_fill(execution),))
    report = encode_spot.execution_report(
        OrderChanged(order, record.symbol, ms(told.ts_ns)),
        _progress(record),
        execution_type=told.kind,
        execution_id=execution_id,
        cancel_id=told.cancel_id,
        former_id=told.former_id,
        last_prevented_qty=told.prevented_qty,
    )
    if match is not None:
        report = structs.replace(
            report,
            trade_group_id=_NO_GROUP,
            counter_order_id=match.maker_id if record.order_id == match.taker_id else match.taker_id,
            counter_symbol=record.symbol,
            prevented_execution_qty=format(match.qty, ".8f"),
            prevented_execution_px=format(match.px, ".8f"),
            prevented_execution_quote_qty=format(match.px * match.qty, ".8f"),
        )
    if execution is not None:
        report = structs.replace(report, last_quote_qty=_quote_text(execution))
        if record.order_type in _MARKETS:  # of its trades, `faqs/market_orders_faq.md` says so; when it is new, it is
            report = structs.replace(report, is_working=False)
    return _with_strategy(report, record)


def user_trade(row: Execution, *, is_margin: bool = False) -> spot.UserTrade:
    """A row of the account's history."""
    told = encode_spot.user_trade(_fill(row), list_id=row.list_id, is_margin=is_margin)
    return told if is_margin else structs.replace(told, quote_qty=_quote_text(row))


def _quote_text(row: Execution) -> str:
    return format(row.quote_qty or row.px * row.qty, ".8f")


def list_reply(record: OrderListRecord, ledger: Ledger, reports: list[spot.OrderReply] | None = None) -> spot.OrderList:
    """An order list, with what became of its orders if told."""
    orders = []
    for leg in record.legs:
        known = ledger.order(record.account, record.symbol, leg.order_id)
        if known is not None:
            orders.append(_order(structs.replace(known, client_order_id=leg.client_order_id)))
    return encode_spot_lists.order_list(
        record.list_id,
        orders,
        contingency="OCO" if record.contingency is Contingency.OCO else "OTO",
        status_type=record.step.value,
        order_status=record.status.value,
        client_order_id=record.client_list_id,
        transact_ms=ms(record.created_ns if record.status is ListStatus.EXECUTING else record.updated_ns),
        reports=UNSET if reports is None else reports,
    )


def list_status(record: OrderListRecord, ledger: Ledger) -> spot.ListStatus:
    """The event about a list."""
    return encode_spot_lists.list_status(list_reply(record, ledger), sent_ms=ms(record.updated_ns))


def prevented_match(row: PreventedMatch) -> spot.PreventedMatch:
    """Two orders of the account that did not trade."""
    return spot.PreventedMatch(
        symbol=row.symbol,
        prevented_match_id=row.match_id,
        taker_order_id=row.taker_id,
        maker_symbol=row.symbol,
        maker_order_id=row.maker_id,
        trade_group_id=_NO_GROUP,
        self_trade_prevention_mode=row.mode.value,
        price=format(row.px, "f"),
        maker_prevented_quantity=format(row.maker_qty, "f") if row.maker_qty else UNSET,
        taker_prevented_quantity=format(row.taker_qty, "f") if row.taker_qty else UNSET,
        transact_time=ms(row.ts_ns),
    )
