"""Binance USDⓈ-M futures, in the server's role."""

from tradingsys.sim.faces.binance_usdm.face import Face
from tradingsys.sim.faces.binance_usdm.limits import ORDERS_PER_MINUTE
from tradingsys.sim.faces.binance_usdm.params import ApiKey

__all__ = ["ORDERS_PER_MINUTE", "ApiKey", "Face"]
