"""What symbols and assets are worth in USDT, as far as their prices are known."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import partial

from tradingsys.core.enums import Side
from tradingsys.core.instrument import Instrument
from tradingsys.core.records import PriceRecord
from tradingsys.gateway.market.prices import Measured, Prices
from tradingsys.oms.earnings import Holding
from tradingsys.oms.limit_checks import Reference
from tradingsys.oms.session_book import SessionBook

__all__ = ["Valuing"]

_NS_PER_S = 1_000_000_000
_DOLLARS = frozenset({"USDT", "USDC", "FDUSD", "TUSD", "USD1", "BUSD", "DAI", "USD"})
"""Assets that count as USDT."""
_KEPT_PERCENT = 1
"""Prices are kept over restarts to within that."""
_ONE = Decimal(1)
_ZERO = Decimal(0)


class Valuing:
    """Of orders and of what sessions hold."""

    def __init__(
        self, prices: Prices, instruments: Mapping[str, Instrument], book: SessionBook, now_ns: Callable[[], int]
    ) -> None:
        self._prices, self._instruments, self._book, self._now_ns = prices, instruments, book, now_ns

    def reference(self, symbol: str, max_age_s: int | None) -> Reference:
        """What an order on a symbol is measured with now."""
        now_ns = self._now_ns()
        oldest_ns = None if max_age_s is None else now_ns - max_age_s * _NS_PER_S
        measured, rate = self._prices.measure(symbol, oldest_ns, now_ns), _ONE
        quote = self._quote_asset(symbol)
        if quote not in _DOLLARS:
            measured, rate = self._in_dollars(measured, quote, oldest_ns, now_ns)
        worth = self.worth(symbol) if measured.px is None or measured.problem else measured.px * rate
        if not self._book.exposure.worth(symbol):
            self._book.exposure.value(symbol, worth)
        levels = partial(self._prices.levels, symbol)
        return Reference(measured.px, rate, measured.problem, worth, levels, measured.known)

    def needed(self, symbol: str) -> tuple[str, ...]:
        """The symbols whose prices measure orders on this one: itself, and what its quote asset trades at."""
        return (symbol, *self.pairs(self._quote_asset(symbol)))

    def pairs(self, asset: str) -> tuple[str, ...]:
        """The symbols that tell what an asset is worth: what was earned and paid in it counts at that."""
        pairs = () if asset in _DOLLARS else (f"{asset}USDT", f"USDT{asset}")
        return tuple(pair for pair in pairs if pair in self._instruments)

    def _in_dollars(
        self, measured: Measured, quote: str, oldest_ns: int | None, now_ns: int
    ) -> tuple[Measured, Decimal]:
        """What is measured in another asset, with what that is worth: as it was last known where it cannot be measured,
        0 where it never was.
        """
        pairs = f"{quote}USDT", f"USDT{quote}"
        name = next((pair for pair in pairs if self._prices.newest_ns(pair) is not None), None)
        if name is None:
            problem = f"what a {quote} is worth is not known yet: it is being asked for"
            return (measured if measured.problem else Measured(measured.px, problem, "no price")), _ZERO
        rate = self._prices.measure(name, oldest_ns, now_ns)
        if rate.px is None:
            last = self.rate(quote) or _ZERO
            return (measured if measured.problem else Measured(measured.px, rate.problem, rate.known)), last
        return measured, rate.px if name == pairs[0] else _ONE / rate.px

    def refresh(self) -> None:
        """Prices have changed: so has what all lines are worth, and what is to be known of them after a restart."""
        symbols = {symbol for lines in self._book.exposure.lines.values() for symbol in lines}
        for symbol in symbols:
            self._book.exposure.value(symbol, self.worth(symbol))
        for needed in sorted({each for symbol in symbols for each in self.needed(symbol)}):
            self._keep(needed)

    def _keep(self, symbol: str) -> None:
        px, quote, kept = self._told_px(symbol), self._quote_asset(symbol), self._book.prices.get(symbol)
        if px is None:
            return
        if kept is None or kept.quote_asset != quote or abs(px - kept.px) * 100 > kept.px * _KEPT_PERCENT:
            self._book.keep_price(PriceRecord(symbol, px, quote))

    def worth(self, symbol: str) -> Decimal:
        """Of one unit of a symbol, as it was last known, before a restart too; what was paid for it where no price ever
        was; else 0.
        """
        quote = self._quote_asset(symbol)
        px, rate = self._told_px(symbol), self.rate(quote)
        if px is not None and rate is not None:
            return px * rate
        last_rate = rate or _rate(quote, self._last_px) or _ZERO
        return self._book.exposure.worth(symbol) or self._last_px(symbol) * last_rate

    def lowest_px(self, symbol: str, side: Side) -> Decimal | None:
        """Of what the book shows for an order of this side and what else is known, however old; None if nothing is."""
        best, known = self._prices.best(symbol), self._last_px(symbol)
        shown = best and (best[1] if side is Side.BUY else best[0])
        return min((px for px in (shown, known) if px), default=None)

    def rate(self, asset: str) -> Decimal | None:
        """What one unit of an asset is worth; None where that is not known."""
        return _rate(asset, self.px)

    def last_rate(self, asset: str) -> Decimal | None:
        """The same, as it was last known, before a restart too."""
        return self.rate(asset) or _rate(asset, self._kept_px)

    def holdings(self, session: int, *, as_known_last: bool = False) -> Iterator[Holding]:
        """What a session holds, and held, with what it trades at: what is not listed any more, or with
        ``as_known_last`` all that nobody tells, as it was known last, else with what was paid.
        """
        for symbol in self._book.exposure.lines.get(session, ()):
            position, px = self._book.position(session, symbol), self.px(symbol)
            if px is None and (as_known_last or symbol not in self._instruments):
                px = self._kept_px(symbol) or position.entry_px
            yield Holding(position, self._quote_asset(symbol), px, symbol)

    def px(self, symbol: str) -> Decimal | None:
        """What it trades at; of what is not listed any more, what it did. All else is asked for, and told soon."""
        px = self._told_px(symbol)
        return self._kept_px(symbol) if px is None and symbol not in self._instruments else px

    def px_now(self, symbol: str) -> Decimal | None:
        """The same, but of what is listed nothing that was told longer ago than a moment."""
        if symbol not in self._instruments:
            return self.px(symbol)
        return self._prices.worth_now(symbol, self._now_ns())

    def _told_px(self, symbol: str) -> Decimal | None:
        return self._prices.worth(symbol, self._now_ns())

    def _last_px(self, symbol: str) -> Decimal:
        """As it was last known, before a restart too; what was paid where no price ever was; 0 without either."""
        return self._told_px(symbol) or self._kept_px(symbol) or self._paid(symbol)

    def _kept_px(self, symbol: str) -> Decimal | None:
        kept = self._book.prices.get(symbol)
        return None if kept is None else kept.px

    def _paid(self, symbol: str) -> Decimal:
        for (session, held), net in self._book.positions.items():
            entry_px = self._book.position(session, symbol).entry_px if held == symbol and net else None
            if entry_px is not None:
                return entry_px
        return _ZERO

    def _quote_asset(self, symbol: str) -> str:
        """What it is paid with, also when it is not listed any more."""
        known = self._instruments.get(symbol) or self._book.prices.get(symbol)
        return known.quote_asset if known is not None else "USDT"


def _rate(asset: str, px_of: Callable[[str], Decimal | None]) -> Decimal | None:
    """What one unit is worth by these prices."""
    if asset in _DOLLARS:
        return _ONE
    px, inverse = px_of(f"{asset}USDT"), px_of(f"USDT{asset}")
    return px or (_ONE / inverse if inverse else None)
