"""Cancels that the gateway sends by itself, until an order is gone."""

from __future__ import annotations

from tradingsys.gateway.host import Host
from tradingsys.gateway.ordering.cancels import cancel_of
from tradingsys.oms.throttle import Share
from tradingsys.oms.tracked_order import TrackedOrder

__all__ = ["Canceling"]

_NS_PER_MS = 1_000_000
_FIRST_WAIT_NS = 500 * _NS_PER_MS
_LONGEST_WAIT_NS = 8_000 * _NS_PER_MS


class Canceling:
    """Cancels orders again and again, ever less often, for as long as they are open."""

    def __init__(self, gateway: Host) -> None:
        self._gateway = gateway
        self._due: dict[str, tuple[int, int]] = {}
        """By client order id: when to try again, and how long to wait then."""

    def cancel(self, order: TrackedOrder) -> bool:
        """Cancel it, unless that is under way or was tried a moment ago; whether something was sent."""
        gateway, now_ns = self._gateway, self._gateway.now_ns()
        command, (due_ns, wait_ns) = cancel_of(order), self._due.get(order.client_order_id, (0, _FIRST_WAIT_NS))
        if command is None or now_ns < due_ns or gateway.orders is None or not gateway.venue.trading.is_up:
            return False
        if not gateway.venue.admits(command, Share.CANCELS):
            return False
        self._due[order.client_order_id] = now_ns + wait_ns, min(2 * wait_ns, _LONGEST_WAIT_NS)
        gateway.orders.canceling(command)
        gateway.venue.send(command)
        return True

    def forget(self) -> None:
        """Nothing is to be canceled any more."""
        self._due.clear()
