"""Binance cross margin, in the server's role: spot's markets and words, and accounts that can borrow."""

from tradingsys.sim.faces.binance_margin.risk_streams import RiskStreams
from tradingsys.sim.faces.binance_margin.routes import margin_routes

__all__ = ["RiskStreams", "margin_routes"]
