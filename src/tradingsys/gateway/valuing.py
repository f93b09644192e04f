"""What symbols and assets are worth in USDT, as far as somebody follows their prices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import partial

from tradingsys.core.instrument import Instrument
from tradingsys.gateway.prices import Prices
from tradingsys.oms.earnings import Holding
from tradingsys.oms.limit_checks import Reference
from tradingsys.oms.session_book import SessionBook

__all__ = ["Valuing"]

_NS_PER_S = 1_000_000_000
_DOLLARS = frozenset({"USDT", "USDC", "FDUSD", "TUSD", "USD1", "BUSD", "DAI", "USD"})
"""Assets that count as USDT."""
_ONE = Decimal(1)
_ZERO = Decimal(0)


class Valuing:
    """Of orders and of what sessions hold."""

    def __init__(self, prices: Prices, instruments: Mapping[str, Instrument], book: SessionBook) -> None:
        self._prices, self._instruments, self._book = prices, instruments, book

    def reference(self, symbol: str, max_age_s: int | None, now_ns: int) -> Reference:
        """What an order on a symbol is measured with now."""
        oldest_ns = None if max_age_s is None else now_ns - max_age_s * _NS_PER_S
        px, problem = self._prices.measure(symbol, oldest_ns, now_ns)
        quote = self._quote_asset(symbol)
        rate = self.rate(quote)
        if rate is None:
            problem = problem or f"what a {quote} is worth is not known: subscribe {quote.lower()}usdt"
            rate = _ONE
        worth = px * rate if px is not None else self.worth(symbol)
        if not self._book.exposure.is_valued(symbol):
            self._book.exposure.value(symbol, worth)
        return Reference(px, rate, problem, worth, partial(self._prices.levels, symbol))

    def refresh(self) -> None:
        """Prices have changed: so has what all lines are worth."""
        symbols = {symbol for lines in self._book.exposure.lines.values() for symbol in lines}
        for symbol in sorted(symbols):
            self._book.exposure.value(symbol, self.worth(symbol))

    def worth(self, symbol: str) -> Decimal:
        """Of one unit of a symbol, as it was last known; what was paid for it where no price ever was."""
        px = self._prices.worth(symbol) or self._paid(symbol)
        return px * (self.rate(self._quote_asset(symbol)) or _ONE)

    def rate(self, asset: str) -> Decimal | None:
        """What one unit of an asset is worth; None where that is not known."""
        if asset in _DOLLARS:
            return _ONE
        px = self._prices.worth(f"{asset}USDT")
        if px is None:
            inverse = self._prices.worth(f"USDT{asset}")
            px = _ONE / inverse if inverse else None
        return px

    def holdings(self, session: int) -> Iterator[Holding]:
        """What a session holds, and held, with what it trades at."""
        for symbol in self._book.exposure.lines.get(session, ()):
            position = self._book.position(session, symbol)
            yield Holding(position, self._quote_asset(symbol), self._prices.worth(symbol))

    def _paid(self, symbol: str) -> Decimal:
        for (session, held), net in self._book.positions.items():
            entry_px = self._book.position(session, symbol).entry_px if held == symbol and net else None
            if entry_px is not None:
                return entry_px
        return _ZERO

    def _quote_asset(self, symbol: str) -> str:
        instrument = self._instruments.get(symbol)
        return instrument.quote_asset if instrument is not None else "USDT"
