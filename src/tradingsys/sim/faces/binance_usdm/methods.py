"""Which method of the WS-API of futures is answered by what, and what it costs."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tradingsys.sim.faces.binance.routes import Route, keyed, order, public, signed
from tradingsys.sim.faces.binance.troubles import Asked
from tradingsys.sim.faces.binance_usdm import account_reads, algo_orders, market_reads, order_reads, orders
from tradingsys.sim.faces.binance_usdm.call import State
from tradingsys.sim.faces.binance_usdm.rest import depth_weight
from tradingsys.sim.faces.binance_usdm.user_streams import UserStreams

__all__ = ["ASKED", "methods"]

_METHODS: dict[str, Route[State]] = {
    "ping": public(market_reads.ping, 1),
    "time": public(market_reads.server_time, 1),
    "depth": public(market_reads.depth, depth_weight),
    "ticker.price": public(market_reads.price_ticker, 1),
    "ticker.book": public(market_reads.book_ticker, 2),
    "order.place": order(orders.place, 0),
    "order.modify": order(orders.modify, 0),
    "order.cancel": signed(orders.cancel, 1),
    "order.status": signed(order_reads.query, 1),
    "algoOrder.place": signed(algo_orders.place, 0),
    "algoOrder.cancel": signed(algo_orders.cancel, 1),
    "account.position": signed(account_reads.positions_v2, 5),
    "account.balance": signed(account_reads.balances, 5),
    "account.status": signed(account_reads.account_v1, 5),
    "v2/account.position": signed(account_reads.positions, 5),
    "v2/account.balance": signed(account_reads.balances, 5),
    "v2/account.status": signed(account_reads.account_status, 5),
}
ASKED: Mapping[str, Asked] = MappingProxyType(
    {
        "order.place": Asked.PLACE,
        "algoOrder.place": Asked.PLACE,
        "order.modify": Asked.MODIFY,
        "order.cancel": Asked.CANCEL,
        "algoOrder.cancel": Asked.CANCEL,
    }
)
"""What methods want with an order."""


def methods(users: UserStreams) -> dict[str, Route[State]]:
    """Everything that can be asked."""
    return {
        **_METHODS,
        "userDataStream.start": keyed(users.keys.start, 1),
        "userDataStream.ping": keyed(users.keys.keep_alive, 1),
        "userDataStream.stop": keyed(users.keys.close, 1),
    }
