"""Asks the exchange what symbols trade at where no stream says so: orders are measured with nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from tradingsys.core.commands import PriceQuery
from tradingsys.core.errors import TradingError
from tradingsys.gateway.host import Host
from tradingsys.oms.procedure import Signal, Turn, ask, until

__all__ = ["PriceReading"]

_NS_PER_S = 1_000_000_000
_NS_PER_MS = 1_000_000
_AGAIN_NS = _NS_PER_S
"""Of one symbol no sooner than that, however often orders and subscriptions want it."""
_SOON_NS = _NS_PER_S
"""So long somebody waits for a price at the most."""
_NEVER_NS = -(10**18)


class PriceReading:
    """Of symbols that are in use, well before their latest price is too old; of others when somebody wants it.

    Of one symbol one question is under way at a time; those of many symbols take turns, whichever of them are answered.
    """

    def __init__(self, gateway: Host) -> None:
        self._gateway = gateway
        self._asked_ns: dict[str, int] = {}
        """When a question about a symbol was begun last."""
        self._in_vain: Counter[str] = Counter()
        """How often in a row that brought no price."""
        self._asking: set[str] = set()
        self._soon: dict[str, Signal] = {}
        """Symbols whose price may be there in a moment."""

    def keep_fresh(self, symbols: Iterable[str], max_age_s: int) -> None:
        """Ask about those whose latest price is half as old as it may be, in good time for one answer to be lost.

        What is not answered again is asked less and less often, down to once in so long as a price may be old.
        """
        prices, now_ns = self._gateway.market.prices, self._gateway.now_ns()
        half_ns = max_age_s * _NS_PER_S // 2
        pauses_ns = [half_ns // 2, half_ns // 2, half_ns, 2 * half_ns]
        unasked = [
            symbol
            for symbol in symbols
            if now_ns - self._asked(symbol) >= pauses_ns[min(self._in_vain[symbol], len(pauses_ns) - 1)]
        ]
        for symbol in sorted(unasked, key=lambda each: (self._asked(each), each)):
            told_ns = prices.newest_ns(symbol)
            if told_ns is None or now_ns - told_ns >= half_ns:
                self.ask(symbol)

    def ask(self, symbol: str) -> None:
        """Ask about one now, unless that is under way or was done a moment ago."""
        now_ns = self._gateway.now_ns()
        if symbol in self._asking or now_ns - self._asked(symbol) < _AGAIN_NS:
            return
        self._asked_ns[symbol] = now_ns
        self._asking.add(symbol)
        self._soon[symbol] = Signal()
        self._gateway.run(self._read(symbol))
        if symbol in self._asking:
            self._gateway.run(self._wait_no_longer(symbol, self._soon[symbol]))

    async def expect(self, symbols: Iterable[str]) -> None:
        """Wait for what is answered within a second of being asked."""
        expected = [(symbol, self._soon[symbol]) for symbol in symbols if symbol in self._soon]
        for symbol, soon in expected:
            if self._soon.get(symbol) is soon:
                await soon

    def _asked(self, symbol: str) -> int:
        return self._asked_ns.get(symbol, _NEVER_NS)

    async def _read(self, symbol: str) -> None:
        gateway = self._gateway
        self._in_vain[symbol] += 1
        try:
            price = await ask(PriceQuery(symbol), Turn.PRICES)
        except TradingError as error:
            gateway.log.debug("a price could not be read", symbol=symbol, reason=str(error))
        else:
            if price.px is not None:
                del self._in_vain[symbol]
                age_ns = max(0, gateway.venue.venue_ms() - price.ts_ms) * _NS_PER_MS
                gateway.market.prices.read(symbol, price.px, gateway.now_ns() - age_ns)
        finally:
            self._asking.discard(symbol)
            self._over(symbol)

    async def _wait_no_longer(self, symbol: str, soon: Signal) -> None:
        await until(self._gateway.now_ns() + _SOON_NS)
        if self._soon.get(symbol) is soon:
            self._over(symbol)

    def _over(self, symbol: str) -> None:
        soon = self._soon.pop(symbol, None)
        if soon is not None:
            soon.give()
