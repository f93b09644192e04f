"""Which parameters each HTTP call of spot reads: the venue refuses a request that names any other.

The names are those of the tables of its documentation. What its WS-API does with others is not known: there they are
taken, as clients in wide use send some.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["PARAMETERS"]

_OF_SIGNATURE = frozenset({"timestamp", "recvWindow", "signature"})


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _prefixed(prefix: str, names: frozenset[str]) -> frozenset[str]:
    return frozenset(prefix + name[0].upper() + name[1:] for name in names)


_SOME_SYMBOLS = _names("symbol symbols symbolStatus")
_PAGE = _names("startTime endTime limit")
_BARS = _PAGE | _names("symbol interval timeZone")
_PEG = _names("pegPriceType pegOffsetType pegOffsetValue")
_STRATEGY = _names("strategyId strategyType")
_TOLD = _names("newOrderRespType selfTradePreventionMode")
_ORDER_BY_SOR = _TOLD | _STRATEGY | _names("symbol side type timeInForce quantity price newClientOrderId icebergQty")
_ORDER = _ORDER_BY_SOR | _PEG | _names("quoteOrderQty stopPrice trailingDelta")
_NAMED = _names("symbol orderId origClientOrderId")
_TEST = _names("computeCommissionRates")

# Of lists
_LIST = _TOLD | _names("symbol listClientOrderId")
_LEG = _STRATEGY | _PEG | _names("type clientOrderId icebergQty price timeInForce")
_CONDITION = _LEG | _names("stopPrice trailingDelta")
_WORKING = _prefixed("working", _LEG | _names("side quantity"))
_PENDING = _prefixed("pending", _CONDITION | _names("side"))
_PENDING_PAIR = _prefixed("pendingAbove", _CONDITION) | _prefixed("pendingBelow", _CONDITION) | _names("pendingSide")
_OLDER_OCO = (
    _LIST
    | _prefixed("limit", _STRATEGY | _names("clientOrderId icebergQty"))
    | _prefixed("stop", _STRATEGY | _names("clientOrderId icebergQty"))
    | _names("side quantity price stopPrice trailingDelta stopLimitPrice stopLimitTimeInForce")
)

_PUBLIC: Mapping[tuple[str, str], frozenset[str]] = {
    ("GET", "ping"): frozenset(),
    ("GET", "time"): frozenset(),
    ("GET", "exchangeInfo"): _SOME_SYMBOLS | _names("permissions showPermissionSets"),
    ("GET", "depth"): _names("symbol limit symbolStatus"),
    ("GET", "trades"): _names("symbol limit"),
    ("GET", "historicalTrades"): _names("symbol limit fromId"),
    ("GET", "historicalBlockTrades"): _names("symbol limit fromId"),
    ("GET", "aggTrades"): _PAGE | _names("symbol fromId"),
    ("GET", "klines"): _BARS,
    ("GET", "uiKlines"): _BARS,
    ("GET", "avgPrice"): _names("symbol"),
    ("GET", "ticker/24hr"): _SOME_SYMBOLS | _names("type"),
    ("GET", "ticker/tradingDay"): _SOME_SYMBOLS | _names("type timeZone"),
    ("GET", "ticker"): _SOME_SYMBOLS | _names("type windowSize"),
    ("GET", "ticker/price"): _SOME_SYMBOLS,
    ("GET", "ticker/bookTicker"): _SOME_SYMBOLS,
    ("GET", "executionRules"): _SOME_SYMBOLS,
    ("GET", "referencePrice"): _names("symbol"),
    ("GET", "referencePrice/calculation"): _names("symbol symbolStatus"),
}
_SIGNED: Mapping[tuple[str, str], frozenset[str]] = {
    ("POST", "order"): _ORDER,
    ("POST", "order/test"): _ORDER | _TEST,
    ("DELETE", "order"): _NAMED | _names("newClientOrderId cancelRestrictions"),
    ("DELETE", "openOrders"): _names("symbol"),
    ("POST", "order/cancelReplace"): _ORDER
    | _names("cancelReplaceMode cancelNewClientOrderId cancelOrigClientOrderId cancelOrderId cancelRestrictions")
    | _names("orderRateLimitExceededMode"),
    ("PUT", "order/amend/keepPriority"): _NAMED | _names("newClientOrderId newQty"),
    ("POST", "orderList/oco"): _LIST
    | _prefixed("above", _CONDITION)
    | _prefixed("below", _CONDITION)
    | _names("side quantity"),
    ("POST", "orderList/oto"): _LIST | _WORKING | _PENDING | _names("pendingQuantity"),
    ("POST", "orderList/otoco"): _LIST | _WORKING | _PENDING_PAIR | _names("pendingQuantity"),
    ("POST", "orderList/opo"): _LIST | _WORKING | _PENDING,
    ("POST", "orderList/opoco"): _LIST | _WORKING | _PENDING_PAIR,
    ("POST", "order/oco"): _OLDER_OCO,
    ("DELETE", "orderList"): _names("symbol orderListId listClientOrderId newClientOrderId"),
    ("POST", "sor/order"): _ORDER_BY_SOR,
    ("POST", "sor/order/test"): _ORDER_BY_SOR | _TEST,
    ("GET", "order"): _NAMED,
    ("GET", "openOrders"): _names("symbol"),
    ("GET", "allOrders"): _PAGE | _names("symbol orderId"),
    ("GET", "orderList"): _names("orderListId origClientOrderId"),
    ("GET", "allOrderList"): _PAGE | _names("fromId"),
    ("GET", "openOrderList"): frozenset(),
    ("GET", "order/amendments"): _names("symbol orderId fromExecutionId limit"),
    ("GET", "myTrades"): _PAGE | _names("symbol orderId fromId"),
    ("GET", "myPreventedMatches"): _names("symbol preventedMatchId orderId fromPreventedMatchId limit"),
    ("GET", "myAllocations"): _PAGE | _names("symbol fromAllocationId orderId"),
    ("GET", "account"): _names("omitZeroBalances"),
    ("GET", "account/commission"): _names("symbol"),
    ("GET", "rateLimit/order"): frozenset(),
    ("GET", "myFilters"): _names("symbol"),
}
PARAMETERS: Mapping[tuple[str, str], frozenset[str]] = MappingProxyType(
    {
        **{(verb, f"/api/v3/{name}"): names for (verb, name), names in _PUBLIC.items()},
        **{(verb, f"/api/v3/{name}"): names | _OF_SIGNATURE for (verb, name), names in _SIGNED.items()},
    }
)
"""By HTTP method and path."""
