"""Reduce-only orders that outlive their position: canceled, before they could open another one."""

from __future__ import annotations

from decimal import Decimal

from tradingsys.gateway.host import Host
from tradingsys.gateway.stops.canceling import Canceling

__all__ = ["OutlivedOrders"]

_LEAST = Decimal("1e-18")
"""Of a symbol that is not listed any more."""


class OutlivedOrders:
    """Looks for orders that only the gateway keeps from doing more than reduce, once there is nothing to reduce."""

    def __init__(self, gateway: Host) -> None:
        self._gateway = gateway
        self._canceling = Canceling(gateway)

    def look(self) -> None:
        """Cancel what is to be canceled now."""
        orders = self._gateway.orders
        outlived = [] if orders is None else list(orders.reducing.outlived(self._lot))
        if not outlived:
            self._canceling.forget()
        for order in outlived:
            if self._canceling.cancel(order):
                self._gateway.log.info(
                    "canceling a reduce-only order: its session holds nothing more that it could reduce",
                    session=order.session,
                    symbol=order.symbol,
                    order=order.client_order_id,
                )

    def _lot(self, symbol: str) -> Decimal:
        instrument = self._gateway.instruments.get(symbol)
        return _LEAST if instrument is None else instrument.lot_size
