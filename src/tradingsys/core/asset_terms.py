"""What an order may say where assets are traded."""

from __future__ import annotations

from tradingsys.core.enums import OrderType, TimeInForce, TriggerPrice
from tradingsys.core.order import Terms

__all__ = ["not_of_assets"]


def not_of_assets(terms: Terms) -> str | None:
    """What terms say that only orders for contracts can, or that does not go together; None when they are an order
    for assets. "Reduce only" is for whoever keeps it: no exchange does.
    """
    faults = (
        (terms.close_position, "close_position is for futures: sell what is held, reduce_only"),
        (terms.price_match is not None, "price_match is for futures: name the price"),
        (terms.trigger_price is TriggerPrice.MARK, "assets have no mark price: they are triggered by the last price"),
        (terms.price_protect, "price_protect is for futures: assets have no mark price to compare with, leave it out"),
        (
            terms.time_in_force is TimeInForce.GTD or terms.good_till_ms is not None,
            "GTD is for futures: send GTC and cancel it in time",
        ),
        (
            terms.quote_order_qty is not None and terms.order_type is not OrderType.MARKET,
            "quote_quantity is for MARKET orders: use quantity",
        ),
        (
            terms.iceberg_qty is not None and not terms.order_type.has_price,
            "iceberg_quantity is for orders at a limit: leave it out",
        ),
    )
    return next((why for is_wrong, why in faults if is_wrong), None)
