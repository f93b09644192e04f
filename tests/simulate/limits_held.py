"""At every moment: what sessions hold, and have open at the exchange, is within their limits."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from tests.simulate.wish import PRICES
from tradingsys.core.enums import Side
from tradingsys.core.ids import decode_client_order_id
from tradingsys.gateway.session_config import UNLIMITED, LimitsConfig
from tradingsys.oms.limits import Limits
from tradingsys.sim.exchange import Exchange

__all__ = ["TIGHT", "beyond"]

_MOST_ORDERS, _MOST_NOTIONAL = 5, Decimal(90)
_PRICES_MOVE = Decimal("1.1")
"""What was within a limit at the price of its moment is worth so much more at another, at most."""

_NONE = {name: getattr(UNLIMITED, name) for name in LimitsConfig.__struct_fields__}
_TIGHT = {
    "max_open_orders": _MOST_ORDERS,
    "max_position_notional": _MOST_NOTIONAL,
    # What a position is worth is known only with a price: as young as it must be where nobody says otherwise.
    "max_reference_age_s": Limits().max_reference_age_s,
}
TIGHT = LimitsConfig(**_NONE | _TIGHT)
"""Limits that strategies run into all the time."""


def beyond(exchange: Exchange, account: str, lineage: str) -> Iterator[str]:
    """Sessions with more orders, or that could come to hold more, than they may."""
    orders: dict[int, int] = {}
    under_way: dict[tuple[int, str, Side], Decimal] = {}
    for name, symbol, side, leaves in _open(exchange, account):
        key = decode_client_order_id(name)
        if key is not None and key.lineage == lineage:
            orders[key.session] = orders.get(key.session, 0) + 1
            place = (key.session, symbol, side)
            under_way[place] = under_way.get(place, Decimal(0)) + leaves
    for session, count in orders.items():
        if count > _MOST_ORDERS:
            yield f"session {session} has {count} open orders, and may have {_MOST_ORDERS}"
    nets = _nets(exchange, account, lineage)
    for (session, symbol, side), leaves in under_way.items():
        net = nets.get((session, symbol), Decimal(0))
        worst = (net * side.sign + leaves) * PRICES[symbol.lower()]
        # What only reduces may be larger than what is held: the gateway counts it on its own side alone.
        if worst > _MOST_NOTIONAL * _PRICES_MOVE:
            yield f"session {session} could come to hold {worst} USDT of {symbol}, and may {_MOST_NOTIONAL}"


def _open(exchange: Exchange, account: str) -> Iterator[tuple[str, str, Side, Decimal]]:
    for order in exchange.open_orders(account):
        parent = exchange.ledger.conditions.get(order.algo_id)
        name = order.client_order_id if parent is None else parent.client_algo_id
        yield name, order.symbol, order.side, order.qty - order.cum_qty
    for condition in exchange.open_conditions(account):
        terms = condition.terms
        yield condition.client_algo_id, terms.symbol, terms.side, terms.qty


def _nets(exchange: Exchange, account: str, lineage: str) -> dict[tuple[int, str], Decimal]:
    ledger = exchange.ledger
    nets: dict[tuple[int, str], Decimal] = {}
    for row in ledger.executions:
        record = ledger.order(account, row.symbol, row.order_id) if row.account == account else None
        if record is None:
            continue
        parent = ledger.conditions.get(record.algo_id)
        key = decode_client_order_id(record.client_order_id if parent is None else parent.client_algo_id)
        if key is not None and key.lineage == lineage:
            nets[key.session, row.symbol] = nets.get((key.session, row.symbol), Decimal(0)) + row.qty * row.side.sign
    return nets
