"""Which method of the WS-API of spot is answered by what, and what it costs."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tradingsys.sim.faces.binance.routes import Route
from tradingsys.sim.faces.binance.troubles import Asked
from tradingsys.sim.faces.binance_spot import order_lists
from tradingsys.sim.faces.binance_spot.call import State
from tradingsys.sim.faces.binance_spot.rest import ROUTES

__all__ = ["ASKED", "METHODS"]

_AS_BY_REST = {
    "ping": ("GET", "ping"),
    "time": ("GET", "time"),
    "exchangeInfo": ("GET", "exchangeInfo"),
    "depth": ("GET", "depth"),
    "trades.recent": ("GET", "trades"),
    "trades.historical": ("GET", "historicalTrades"),
    "trades.aggregate": ("GET", "aggTrades"),
    "blockTrades.historical": ("GET", "historicalBlockTrades"),
    "klines": ("GET", "klines"),
    "uiKlines": ("GET", "uiKlines"),
    "avgPrice": ("GET", "avgPrice"),
    "ticker.24hr": ("GET", "ticker/24hr"),
    "ticker.tradingDay": ("GET", "ticker/tradingDay"),
    "ticker": ("GET", "ticker"),
    "ticker.price": ("GET", "ticker/price"),
    "ticker.book": ("GET", "ticker/bookTicker"),
    "executionRules": ("GET", "executionRules"),
    "referencePrice": ("GET", "referencePrice"),
    "referencePrice.calculation": ("GET", "referencePrice/calculation"),
    "order.place": ("POST", "order"),
    "order.test": ("POST", "order/test"),
    "order.cancelReplace": ("POST", "order/cancelReplace"),
    "order.amend.keepPriority": ("PUT", "order/amend/keepPriority"),
    "openOrders.cancelAll": ("DELETE", "openOrders"),
    "orderList.place": ("POST", "order/oco"),
    "orderList.place.oco": ("POST", "orderList/oco"),
    "orderList.place.oto": ("POST", "orderList/oto"),
    "orderList.place.otoco": ("POST", "orderList/otoco"),
    "orderList.place.opo": ("POST", "orderList/opo"),
    "orderList.place.opoco": ("POST", "orderList/opoco"),
    "orderList.cancel": ("DELETE", "orderList"),
    "sor.order.place": ("POST", "sor/order"),
    "sor.order.test": ("POST", "sor/order/test"),
    "order.status": ("GET", "order"),
    "openOrders.status": ("GET", "openOrders"),
    "allOrders": ("GET", "allOrders"),
    "orderList.status": ("GET", "orderList"),
    "openOrderLists.status": ("GET", "openOrderList"),
    "allOrderLists": ("GET", "allOrderList"),
    "order.amendments": ("GET", "order/amendments"),
    "myTrades": ("GET", "myTrades"),
    "myPreventedMatches": ("GET", "myPreventedMatches"),
    "myAllocations": ("GET", "myAllocations"),
    "account.status": ("GET", "account"),
    "account.commission": ("GET", "account/commission"),
    "account.rateLimits.orders": ("GET", "rateLimit/order"),
    "myFilters": ("GET", "myFilters"),
}
_CANCEL = ROUTES["DELETE", "/api/v3/order"]

METHODS: Mapping[str, Route[State]] = MappingProxyType(
    {
        **{name: ROUTES[verb, f"/api/v3/{path}"] for name, (verb, path) in _AS_BY_REST.items()},
        # By REST the order alone is told, here the list that it belongs to.
        "order.cancel": Route(order_lists.cancel_of_list, _CANCEL.security, _CANCEL.weight, is_free_when_done=True),
    }
)
"""Everything that can be asked."""

ASKED: Mapping[str, Asked] = MappingProxyType(
    {
        **dict.fromkeys(
            (
                "order.place",
                "order.cancelReplace",
                "orderList.place",
                "orderList.place.oco",
                "orderList.place.oto",
                "orderList.place.otoco",
                "orderList.place.opo",
                "orderList.place.opoco",
            ),
            Asked.PLACE,
        ),
        "order.amend.keepPriority": Asked.MODIFY,
        **dict.fromkeys(("order.cancel", "openOrders.cancelAll", "orderList.cancel"), Asked.CANCEL),
    }
)
"""What methods want with an order."""
