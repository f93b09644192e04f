"""Asks the exchange what symbols trade at where no stream says so: orders are measured with nothing else."""

from __future__ import annotations

from collections.abc import Iterable

from tradingsys.core.commands import KlinesQuery
from tradingsys.core.errors import TradingError
from tradingsys.gateway.host import Host
from tradingsys.oms.procedure import ask

__all__ = ["PriceReading"]

_NS_PER_S = 1_000_000_000
_AGAIN_NS = _NS_PER_S
"""Of one symbol no sooner than that, however often orders want it."""


class PriceReading:
    """Of symbols that are in use, well before their latest price is too old; of others when an order wanted it."""

    def __init__(self, gateway: Host) -> None:
        self._gateway = gateway
        self._begun_ns: dict[str, int] = {}
        """When a symbol was asked about last."""
        self._asking: set[str] = set()

    def keep_fresh(self, symbols: Iterable[str], max_age_s: int, most: int) -> None:
        """Ask about those whose latest price is half as old as it may be, about so many at the most, oldest first."""
        prices, now_ns = self._gateway.market.prices, self._gateway.now_ns()
        told = {symbol: prices.newest_ns(symbol) for symbol in symbols}
        old = [
            symbol for symbol, at_ns in told.items() if at_ns is None or 2 * (now_ns - at_ns) >= max_age_s * _NS_PER_S
        ]
        for symbol in sorted(old, key=lambda each: (told[each] or 0, each))[:most]:
            self.ask(symbol)

    def ask(self, symbol: str) -> None:
        """Ask about one now, unless that is under way or was done a moment ago."""
        now_ns = self._gateway.now_ns()
        if symbol in self._asking or now_ns - self._begun_ns.get(symbol, -_AGAIN_NS) < _AGAIN_NS:
            return
        self._begun_ns[symbol] = now_ns
        self._gateway.run(self.read([symbol]))

    async def read(self, symbols: Iterable[str]) -> None:
        """Ask about each: the close of its latest bar is the price of its latest trade."""
        for symbol in symbols:
            self._asking.add(symbol)
            asked_ns = self._gateway.now_ns()
            try:
                bars = await ask(KlinesQuery(symbol, "1m", 1))
            except TradingError as error:
                self._gateway.log.debug("a price could not be read", symbol=symbol, reason=str(error))
            else:
                for bar in bars[-1:]:
                    self._gateway.market.prices.read(symbol, bar.close, asked_ns)
            finally:
                self._asking.discard(symbol)
