"""Binance USDⓈ-M futures, in the server's role."""

from tradingsys.sim.faces.binance_usdm.face import Face
from tradingsys.sim.faces.binance_usdm.params import ApiKey

__all__ = ["ApiKey", "Face"]
