"""Which parameters requests to trade have: others are refused, as they are by the venue."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from tradingsys.sim.faces.binance.faults import Fault
from tradingsys.sim.faces.binance_spot.call import Call
from tradingsys.venues.binance.spot_lists import behind

__all__ = ["PARAMETERS", "reading"]

_OF_ALL = frozenset({"timestamp", "recvWindow", "signature"})
_TERMS = ("type", "timeInForce", "price", "stopPrice", "trailingDelta", "icebergQty", "strategyId", "strategyType")
_PEG = ("pegPriceType", "pegOffsetType", "pegOffsetValue")
_ID = "newClientOrderId"
_STP = "selfTradePreventionMode"
_RESPONSE = "newOrderRespType"

_ORDER = frozenset({"symbol", "side", "quantity", "quoteOrderQty", _ID, _RESPONSE, _STP, *_TERMS, *_PEG})
_CANCELING = frozenset({"symbol", "orderId", "origClientOrderId", _ID, "cancelRestrictions"})
_CANCELING_LIST = frozenset({"symbol", "orderListId", "listClientOrderId", _ID})
_AMENDING = frozenset({"symbol", "orderId", "origClientOrderId", _ID, "newQty"})
_REPLACING = _ORDER | {
    "cancelReplaceMode", "cancelOrderId", "cancelOrigClientOrderId", "cancelNewClientOrderId", "cancelRestrictions",
    "orderRateLimitExceededMode",
}  # fmt: skip


def _of_list(shared: Iterable[str], **prefixed: Iterable[str]) -> frozenset[str]:
    names = {"symbol", "listClientOrderId", _RESPONSE, _STP, *shared}
    for prefix, more in prefixed.items():
        names |= {behind(prefix, name) for name in (*_TERMS, *_PEG, "clientOrderId", *more)}
    return frozenset(names)


_ALONE = ("side", "quantity")
_OCO = _of_list(_ALONE, above=(), below=())
_OTO = _of_list((), working=_ALONE, pending=_ALONE)
_OTOCO = _of_list(("pendingSide", "pendingQuantity"), working=_ALONE, pendingAbove=(), pendingBelow=())
_OLDER_OCO = frozenset(
    {
        "symbol", "listClientOrderId", _RESPONSE, _STP, *_ALONE, "price", "stopPrice", "trailingDelta",
        "stopLimitPrice", "stopLimitTimeInForce",
        *(f"{leg}{name}" for leg in ("limit", "stop") for name in
          ("ClientOrderId", "IcebergQty", "StrategyId", "StrategyType")),
    }
)  # fmt: skip


PARAMETERS: Mapping[tuple[str, str], frozenset[str]] = MappingProxyType(
    {
        ("POST", "/api/v3/order"): _ORDER,
        ("POST", "/api/v3/order/test"): _ORDER | {"computeCommissionRates"},
        ("DELETE", "/api/v3/order"): _CANCELING,
        ("DELETE", "/api/v3/openOrders"): frozenset({"symbol"}),
        ("POST", "/api/v3/order/cancelReplace"): _REPLACING,
        ("PUT", "/api/v3/order/amend/keepPriority"): _AMENDING,
        ("POST", "/api/v3/order/oco"): _OLDER_OCO,
        ("POST", "/api/v3/orderList/oco"): _OCO,
        ("POST", "/api/v3/orderList/oto"): _OTO,
        ("POST", "/api/v3/orderList/otoco"): _OTOCO,
        ("POST", "/api/v3/orderList/opo"): _OTO,
        ("POST", "/api/v3/orderList/opoco"): _OTOCO,
        ("DELETE", "/api/v3/orderList"): _CANCELING_LIST,
    }
)
"""By method and path; of OPO and OPOCO, the quantity that they must not have too, which is refused in other words."""


def reading(answer: Callable[[Call], object], known: frozenset[str]) -> Callable[[Call], object]:
    """The same answer for requests that have no parameter that nobody reads.

    Raises Fault (-1104) for others.
    """
    read = known | _OF_ALL

    def answered(call: Call) -> object:
        sent = call.params.values
        unread = sent.keys() - read
        if unread:
            text = f"read '{len(sent) - len(unread)}' parameter(s) but was sent '{len(sent)}'."
            raise Fault(400, -1104, f"Not all sent parameters were read; {text}")
        return answer(call)

    return answered
