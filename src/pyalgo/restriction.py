"""What a session may send, by its gateway's last word."""

from __future__ import annotations

from tradingsys.core.enums import TradingState
from tradingsys.wire.messages import TradingPush

__all__ = ["Restriction"]

_NONE = TradingPush(TradingState.ACTIVE)


class Restriction:
    """Nothing is restricted until a gateway says so; after each login it says so anew."""

    def __init__(self) -> None:
        self._told = _NONE

    def state(self, symbol: str) -> TradingState:
        """On a symbol; with an empty one, on any that is not restricted by itself."""
        return self._told.symbols.get(symbol, self._told.state)

    def heard(self, push: TradingPush) -> bool:
        """Take the gateway's word; whether less is allowed anywhere than before."""
        symbols = {*push.symbols, *self._told.symbols, ""}
        before = {symbol: self.state(symbol) for symbol in symbols}
        self._told = push
        return any(self.state(symbol).severity > before[symbol].severity for symbol in symbols)

    def forget(self) -> None:
        """Another login."""
        self._told = _NONE
