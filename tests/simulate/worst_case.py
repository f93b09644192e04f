"""At every moment: what the exchange could still execute for us, a ready gateway counts at least."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from tradingsys.core.ids import decode_client_order_id
from tradingsys.oms.session_book import SessionBook
from tradingsys.sim.exchange import Exchange
from tradingsys.sim.spot_exchange import SpotExchange

__all__ = ["uncounted"]


def uncounted(exchange: Exchange | SpotExchange, account: str, book: SessionBook) -> Iterator[str]:
    """Orders open at the exchange that the book does not have, believes to be over, or counts with less."""
    for client_order_id, symbol, qty in _open(exchange, account):
        key = decode_client_order_id(client_order_id)
        if key is None or key.lineage != book.lineage or symbol not in book.symbols:
            continue
        order = book.order(client_order_id)
        if order is None:
            yield f"{client_order_id} is open, and the gateway knows nothing of it"
            continue
        counted = order.worst_leaves_qty + order.facts.cum_qty
        if counted < qty:
            yield f"{client_order_id} is open with {qty}, and the gateway counts {counted} ({order.status})"


def _open(exchange: Exchange | SpotExchange, account: str) -> Iterator[tuple[str, str, Decimal]]:
    for order in exchange.open_orders(account):
        parent = exchange.ledger.conditions.get(order.algo_id)
        name = order.client_order_id if parent is None else parent.client_algo_id
        yield name, order.symbol, order.qty
    if isinstance(exchange, SpotExchange):
        return
    for condition in exchange.open_conditions(account):
        yield condition.client_algo_id, condition.terms.symbol, condition.terms.qty
