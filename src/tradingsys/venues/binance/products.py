"""The products that one codec serves."""

from __future__ import annotations

from collections.abc import Mapping

from tradingsys.venues.binance.margin import MARGIN
from tradingsys.venues.binance.product import Product, endpoints
from tradingsys.venues.binance.spot import SPOT
from tradingsys.venues.binance.usdm import USDM

__all__ = ["MARGIN", "PRODUCTS", "SPOT", "USDM", "endpoints"]

PRODUCTS: Mapping[str, Product] = {product.name: product for product in (USDM, SPOT, MARGIN)}
"""By name: ``usdm``, ``spot``, ``margin``."""
