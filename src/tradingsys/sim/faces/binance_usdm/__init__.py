"""Binance USDⓈ-M futures, in the server's role."""

from tradingsys.sim.faces.binance.params import ApiKey
from tradingsys.sim.faces.binance_usdm.face import Face
from tradingsys.sim.faces.binance_usdm.limits import ORDERS_PER_MINUTE

__all__ = ["ORDERS_PER_MINUTE", "ApiKey", "Face"]
