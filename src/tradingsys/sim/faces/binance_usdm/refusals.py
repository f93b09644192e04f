"""The exchange's refusals in the venue's words."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tradingsys.sim.events import Refusal
from tradingsys.sim.faces.binance.faults import Fault

__all__ = ["REFUSALS", "refused"]


def refused(refusal: Refusal, detail: str = "") -> Fault:
    """The exchange refused."""
    code, text = REFUSALS[refusal]
    return Fault(400, code, text.replace("{}", detail))


_NOT_RECORDED = "The order will not be recorded in the order history"

REFUSALS: Mapping[Refusal, tuple[int, str]] = MappingProxyType(
    {
        Refusal.UNKNOWN_SYMBOL: (-1121, "Invalid symbol."),
        Refusal.OFF_GRID: (-1111, "Precision is over the maximum defined for this asset."),
        Refusal.DUPLICATE_CLIENT_ORDER_ID: (-4116, "ClientOrderId is duplicated."),
        Refusal.INSUFFICIENT_MARGIN: (-2019, "Margin is insufficient."),
        Refusal.WOULD_TAKE: (
            -5022,
            "Due to the order could not be executed as maker, the Post Only order will be rejected. " + _NOT_RECORDED,
        ),
        Refusal.NOT_FILLABLE: (
            -5021,
            "Due to the order could not be filled immediately, the FOK order has been rejected. " + _NOT_RECORDED,
        ),
        Refusal.REDUCE_ONLY: (-2022, "ReduceOnly Order is rejected."),
        Refusal.REDUCE_ONLY_EXCEEDS: (
            -4118,
            "ReduceOnly Order Failed. Please check your existing position and open orders",
        ),
        Refusal.TOO_MANY_ORDERS: (-2025, "Reach max open order limit."),
        Refusal.UNKNOWN_ORDER: (-2011, "Unknown order sent."),
        Refusal.NOT_TRADING: (-4140, "Invalid symbol status for opening position."),
        Refusal.CLOSED: (-4141, "Symbol is closed."),
        Refusal.MAX_POSITION: (-2027, "Exceeded the maximum allowable position at current leverage."),
        Refusal.NO_DEPTH: (-5041, "No depth matches this BBO order."),
        Refusal.WRONG_SIDE: (-1117, "Invalid side."),
        Refusal.NOT_LIMIT: (-5025, "Only limit order is supported."),
        Refusal.UNCHANGED: (-5027, "No need to modify the order."),
        Refusal.TOO_MANY_AMENDS: (-5026, "Exceed maximum modify order limit."),
        Refusal.TOO_MANY_CONDITIONS: (-4045, "Reach max stop order limit."),
        Refusal.WOULD_TRIGGER: (-2021, "Order would immediately trigger."),
        Refusal.NO_POSITION: (-4054, "Cannot add position margin: position is 0."),
        Refusal.INVALID_LEVERAGE: (-4028, "Leverage {} is not valid"),
        Refusal.LEVERAGE_NEEDS_MARGIN: (
            -2028,
            "Leverage is smaller than permitted: insufficient margin balance.",
        ),
        Refusal.LEVERAGE_LOWERED: (
            -4161,
            "Leverage reduction is not supported in Isolated Margin Mode with open positions.",
        ),
        Refusal.OPEN_ORDERS: (-4047, "Margin type cannot be changed if there exists open orders."),
        Refusal.OPEN_POSITION: (-4048, "Margin type cannot be changed if there exists position."),
        Refusal.NOT_ISOLATED: (-4049, "Add margin only support for isolated position."),
        Refusal.CROSS_BALANCE: (-4050, "Cross balance insufficient."),
        Refusal.ISOLATED_BALANCE: (-4051, "Isolated balance insufficient."),
    }
)
"""The exchange's refusals in the venue's words."""
