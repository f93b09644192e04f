"""The exchange's rules of each symbol, kept up to date: symbols are listed, settled and closed while a gateway runs."""

from __future__ import annotations

from collections.abc import Callable

from tradingsys.core.commands import InstrumentsQuery, VenueRules
from tradingsys.core.errors import TradingError
from tradingsys.core.instrument import Instrument
from tradingsys.gateway.seams import Log
from tradingsys.oms.procedure import ask, until
from tradingsys.oms.session_book import SessionBook

__all__ = ["SymbolRules", "explain_status"]

_NS_PER_S = 1_000_000_000
_EVERY_S = 300
_AT_MOST_EVERY_S = 10
"""However many reasons there are: reading takes the loop some milliseconds, and costs request weight."""
_SHOWN = 5

_MEANINGS = {
    "TRADING": "it trades",
    "PENDING_TRADING": "listed, trading has not begun",
    "PRE_DELIVERING": "about to be delivered",
    "DELIVERING": "being delivered",
    "DELIVERED": "delivered, it will not trade again",
    "PRE_SETTLE": "about to be settled",
    "SETTLING": "being settled, as before a delisting",
    "CLOSE": "closed, it will not trade again",
    "PRE_TRADING": "its trading has not begun",
    "POST_TRADING": "its trading is over for now",
    "END_OF_DAY": "its trading day is over",
    "HALT": "the exchange halted it",
    "AUCTION_MATCH": "in an auction",
    "BREAK": "it pauses, or was taken off the exchange",
    "CANCEL_ONLY": "only cancels are taken",
}
"""As `exchangeInfo` of futures and of spot are documented."""


def explain_status(status: str) -> str:
    """The exchange's word, and what it means."""
    return f"{status} ({_MEANINGS.get(status, 'a word that this version does not know')})"


class SymbolRules:
    """Reads the rules anew now and then, and when there is reason to."""

    def __init__(
        self, book: SessionBook, log: Log, now_ns: Callable[[], int], take: Callable[[VenueRules], None]
    ) -> None:
        """``take`` is given all rules at each reading."""
        self.instruments: dict[str, Instrument] = {}
        self.text = ""
        """What strategies should know of symbols that do not trade."""
        self._book = book
        self._log = log
        self._now_ns = now_ns
        self._take = take
        self._read_ns: int | None = None
        self._is_wanted = self._is_reading = False
        self._changed: set[str] = set()
        self._unreadable: frozenset[str] = frozenset()

    def learn(self, rules: VenueRules) -> None:
        """The rules as they are now."""
        before = dict(self.instruments)
        self._unreadable = frozenset(rules.unreadable)
        self._read_ns = self._now_ns()
        self.instruments.clear()
        self.instruments |= {instrument.symbol: instrument for instrument in rules.instruments}
        if before:
            for symbol in sorted(before.keys() | self.instruments.keys()):
                self._compare(symbol, before.get(symbol), self.instruments.get(symbol))
        self.tell()

    def tell(self) -> None:
        """Something changed that `text` is about."""
        told = [
            f"{symbol.lower()} does not trade: {explain_status(instrument.status)}"
            for symbol in sorted(self._book.symbols)
            if (instrument := self.instruments.get(symbol)) is not None
            and not instrument.is_trading
            and (
                symbol in self._changed or any(net for (_, held), net in self._book.positions.items() if held == symbol)
            )
        ]
        more = [f"and {len(told) - _SHOWN} more"] if len(told) > _SHOWN else []
        self.text = "; ".join([*told[:_SHOWN], *more])

    async def watch(self) -> None:
        """For as long as the process lives: read every few minutes."""
        while True:
            await until(self._now_ns() + _EVERY_S * _NS_PER_S)
            await self.read_again()

    async def read_again(self) -> None:
        """Read, but not so soon after the last time: then when that is over. A failure waits for the next occasion."""
        self._is_wanted = True
        if self._is_reading:
            return
        self._is_reading = True
        try:
            while self._is_wanted:
                due_ns = 0 if self._read_ns is None else self._read_ns + _AT_MOST_EVERY_S * _NS_PER_S
                if due_ns > self._now_ns():
                    await until(due_ns)
                self._is_wanted = False  # what is wanted from here on may be younger than the answer
                rules = await ask(InstrumentsQuery())
                if rules.instruments:  # an answer without any is a fault of the exchange, not the end of all trading
                    self._take(rules)
        except TradingError as error:
            self._log.info("the symbols' rules could not be read anew, the known ones stay", reason=error)
        finally:
            self._is_reading = False

    def _compare(self, symbol: str, before: Instrument | None, now: Instrument | None) -> None:
        was = before.status if before else "not listed"
        status = now.status if now else "UNREADABLE" if symbol in self._unreadable else "not listed"
        if was == status:
            return
        self._changed.add(symbol)
        # Everybody who trades it must know; of the other hundreds a line for the curious is enough.
        write = self._log.warning if symbol in self._book.symbols else self._log.info
        write("the exchange changed a symbol's status", symbol=symbol, was=was, now=status)
