"""Binance's exchange of assets in the server's role: spot's protocol, and margin's beside it."""

from tradingsys.sim.faces.binance_assets.face import Face
from tradingsys.sim.faces.binance_spot.wallets import Wallets

__all__ = ["Face", "Wallets"]
