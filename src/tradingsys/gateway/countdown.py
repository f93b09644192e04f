"""The exchange's own countdown: it cancels the orders on a symbol when nothing is heard of this gateway any more."""

from __future__ import annotations

from tradingsys.core.commands import SetCountdown
from tradingsys.core.errors import TradingError
from tradingsys.gateway.host import Host
from tradingsys.oms.procedure import Turn, ask, until

__all__ = ["Countdown"]

_NS_PER_S = 1_000_000_000
_LOOK_NS = _NS_PER_S
_RENEWALS = 4
"""So often within the countdown: one answer that is lost must not cancel anything."""
_MUCH_PERCENT = 10
"""Of the rate limit, for renewals alone."""


class Countdown:
    """Armed on a symbol for as long as every session with open orders there wants it: it cancels them all."""

    def __init__(self, gateway: Host) -> None:
        self._gateway = gateway
        self._renew_ns: dict[str, int] = {}
        """When to renew, by symbol; those that may be armed."""
        self._asking: set[str] = set()
        self._told = ""
        self._is_much = False

    async def watch(self) -> None:
        """For as long as the process lives, if that is configured."""
        seconds = self._gateway.settings.countdown_s
        if seconds is None:
            return
        # What an earlier run armed may be armed still.
        self._renew_ns = dict.fromkeys((order.symbol for order in self._gateway.book.open_orders()), 0)
        while True:
            await until(self._gateway.now_ns() + _LOOK_NS)
            wanted = self._wanted()
            self._tell_if_much(len(wanted), seconds)
            for symbol in sorted({*wanted, *self._renew_ns} - self._asking):
                if symbol not in wanted:
                    self._gateway.run(self._set(symbol, 0))
                elif self._gateway.now_ns() >= self._renew_ns.get(symbol, 0):
                    self._gateway.run(self._set(symbol, seconds))

    def _wanted(self) -> set[str]:
        """Symbols with open orders, all of sessions that agreed."""
        sessions = self._gateway.settings.sessions
        agrees: dict[str, bool] = {}
        for order in self._gateway.book.open_orders():
            configured = sessions.get(order.session)
            agrees[order.symbol] = agrees.get(order.symbol, True) and configured is not None and configured.countdown
        return {symbol for symbol, is_wanted in agrees.items() if is_wanted}

    def _tell_if_much(self, symbols: int, seconds: int) -> None:
        percent = self._gateway.venue.percent(SetCountdown("", seconds * 1_000), symbols * _RENEWALS, seconds * 1_000)
        was_much, self._is_much = self._is_much, percent > _MUCH_PERCENT
        if self._is_much and not was_much:
            self._gateway.log.warning(
                "renewing the exchange's countdown takes much of the rate limit: a longer countdown_s takes less",
                symbols=symbols,
                countdown_s=seconds,
                percent=percent,
            )

    async def _set(self, symbol: str, seconds: int) -> None:
        """Each symbol by itself: an answer that is late must not hold up the others."""
        self._asking.add(symbol)
        if seconds:
            self._renew_ns.setdefault(symbol, 0)  # whatever the answer: it may be armed
        try:
            await ask(SetCountdown(symbol, seconds * 1_000), Turn.STOPPING)
        except TradingError as error:
            if str(error) != self._told:
                self._told = str(error)
                self._gateway.log.warning("the exchange's countdown could not be set", symbol=symbol, reason=str(error))
        else:
            if seconds:
                self._renew_ns[symbol] = self._gateway.now_ns() + seconds * _NS_PER_S // _RENEWALS
            else:
                self._renew_ns.pop(symbol, None)
        finally:
            self._asking.discard(symbol)
