"""Spot's lists of orders as Binance's messages: the exchange's role; margin's are the same messages."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import UNSET, UnsetType

from tradingsys.core.order import Order
from tradingsys.venues.binance.encode import numeric_id, terms_of
from tradingsys.venues.binance.messages import spot

__all__ = ["list_status", "order_list"]


def order_list(
    list_id: int,
    orders: Iterable[Order],
    *,
    contingency: str,
    status_type: str,
    order_status: str,
    client_order_id: str,
    transact_ms: int,
    reports: list[spot.OrderReply] | UnsetType = UNSET,
) -> spot.OrderList:
    """A list of orders of one symbol; the words are the exchange's, as in `messages.spot.OrderList`."""
    rows = [
        spot.ListedOrder(
            symbol=terms_of(order).symbol, order_id=numeric_id(order), client_order_id=order.client_order_ids[0]
        )
        for order in orders
    ]
    return spot.OrderList(
        order_list_id=list_id,
        contingency_type=contingency,
        list_status_type=status_type,
        list_order_status=order_status,
        list_client_order_id=client_order_id,
        transaction_time=transact_ms,
        symbol=rows[0].symbol if rows else UNSET,
        orders=rows,
        order_reports=reports,
    )


def list_status(told: spot.OrderList, *, sent_ms: int, reject_reason: str = "NONE") -> spot.ListStatus:
    """The event about a list of orders."""
    return spot.ListStatus(
        ts_sent_ms=sent_ms,
        symbol=told.symbol or "",
        order_list_id=told.order_list_id,
        contingency_type=told.contingency_type,
        list_status_type=told.list_status_type,
        list_order_status=told.list_order_status,
        reject_reason=reject_reason,
        list_client_order_id=told.list_client_order_id,
        ts_event_ms=told.transaction_time,
        orders=[
            spot.OrderOfList(symbol=row.symbol, order_id=row.order_id, client_order_id=row.client_order_id)
            for row in told.orders
        ],
    )
