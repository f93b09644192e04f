"""The exchange's own countdown: it cancels the orders on a symbol when nothing is heard of this gateway any more."""

from __future__ import annotations

from msgspec import Struct

from tradingsys.core.commands import SetCountdown
from tradingsys.core.errors import TradingError
from tradingsys.gateway.configuration.session_config import LONGEST_COUNTDOWN_S
from tradingsys.gateway.host import Host
from tradingsys.gateway.views.views import told_ms
from tradingsys.oms.procedure import Turn, ask, until

__all__ = ["Countdown"]

_NS_PER_S = 1_000_000_000
_NS_PER_MS = 1_000_000
_LOOK_NS = _NS_PER_S
_LONGEST_NS = LONGEST_COUNTDOWN_S * _NS_PER_S
_RENEWALS = 4
"""So often within the countdown: one answer that is lost must not cancel anything."""
_MUCH_PERCENT = 10
"""Of the rate limit, for renewals alone."""


class _Armed(Struct):
    """A symbol on which it may be running."""

    over_ns: int
    """When it has run out, whatever the answers were: nothing is left to be stopped."""
    seconds: int = 0
    """What the exchange was asked for last; 0 stops it."""
    due_ns: int = 0
    """When to ask for the same again."""
    failures: int = 0
    """In a row."""


class Countdown:
    """Armed on a symbol for as long as every session with open orders there wants it: it cancels them all."""

    def __init__(self, gateway: Host) -> None:
        self._gateway = gateway
        self._armed: dict[str, _Armed] = {}
        self._asking: set[str] = set()
        self._told = ""
        self._is_much = False

    async def watch(self) -> None:
        """For as long as the process lives, if that is configured."""
        seconds = self._gateway.settings.countdown_s
        if seconds is None:
            return
        self._armed = {symbol: _Armed(self._gateway.now_ns() + _LONGEST_NS) for symbol in self._perhaps_armed()}
        while True:
            await until(self._gateway.now_ns() + _LOOK_NS)
            wanted = self._wanted()
            self._tell_if_much(len(wanted), seconds)
            for symbol in sorted({*wanted, *self._armed} - self._asking):
                self._look_at(symbol, seconds if symbol in wanted else 0, seconds * _NS_PER_S // _RENEWALS)

    def _look_at(self, symbol: str, seconds: int, renewal_ns: int) -> None:
        now_ns = self._gateway.now_ns()
        armed = self._armed.setdefault(symbol, _Armed(now_ns))
        if not seconds and now_ns >= armed.over_ns:
            del self._armed[symbol]
            return
        if seconds != armed.seconds:
            armed.seconds, armed.due_ns, armed.failures = seconds, 0, 0
        if now_ns >= armed.due_ns:
            self._gateway.run(self._set(symbol, armed, renewal_ns))

    def _perhaps_armed(self) -> set[str]:
        """Symbols on which an earlier run had orders so lately that what it armed, for whatever time, may run still."""
        book, since_ms = self._gateway.book, self._gateway.venue.venue_ms() - _LONGEST_NS // _NS_PER_MS
        return {order.symbol for order in book.orders.values() if order.is_open or told_ms(order) >= since_ms}

    def _wanted(self) -> set[str]:
        """Symbols with open orders, all of sessions that agreed."""
        sessions = self._gateway.settings.sessions
        agrees: dict[str, bool] = {}
        for order in self._gateway.book.open_orders():
            if order.is_past:
                continue
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

    async def _set(self, symbol: str, armed: _Armed, renewal_ns: int) -> None:
        """Each symbol by itself: an answer that is late must not hold up the others. What fails is tried again at the
        next look, and then ever later, as late as it would be renewed.
        """
        self._asking.add(symbol)
        wait_ns = renewal_ns
        try:
            await ask(SetCountdown(symbol, armed.seconds * 1_000), Turn.STOPPING)
        except TradingError as error:
            wait_ns = min(_LOOK_NS * (2**armed.failures - 1), renewal_ns)
            armed.failures += 1
            if str(error) != self._told:
                self._told = str(error)
                self._gateway.log.warning("the exchange's countdown could not be set", symbol=symbol, reason=str(error))
        else:
            armed.failures = 0
            if not armed.seconds:
                del self._armed[symbol]
        finally:
            now_ns = self._gateway.now_ns()
            armed.due_ns = now_ns + wait_ns
            armed.over_ns = max(armed.over_ns, now_ns + armed.seconds * _NS_PER_S)  # whatever the answer
            self._asking.discard(symbol)
