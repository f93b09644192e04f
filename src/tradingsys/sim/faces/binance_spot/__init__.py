"""Binance spot, and cross margin beside it, in the server's role."""

from tradingsys.sim.faces.binance_spot.face import Face
from tradingsys.sim.faces.binance_spot.limits import ORDERS_PER_10S
from tradingsys.sim.faces.binance_spot.wallets import Wallets

__all__ = ["ORDERS_PER_10S", "Face", "Wallets"]
