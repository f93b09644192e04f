"""The exchange's own countdown: it cancels the orders on a symbol when nothing is heard of this gateway any more."""

from __future__ import annotations

from tradingsys.core.commands import SetCountdown
from tradingsys.core.errors import TradingError
from tradingsys.gateway.host import Host
from tradingsys.oms.procedure import ask, until

__all__ = ["Countdown"]

_NS_PER_S = 1_000_000_000
_LOOK_NS = _NS_PER_S
_RENEWALS = 4
"""So often within the countdown: one answer that is lost must not cancel anything."""


class Countdown:
    """Armed on a symbol for as long as every session with open orders there wants it: it cancels them all."""

    def __init__(self, gateway: Host) -> None:
        self._gateway = gateway
        self._renew_ns: dict[str, int] = {}
        """When to renew, by symbol; those that are armed."""
        self._told = ""

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
            for symbol in sorted({*wanted, *self._renew_ns}):
                if symbol not in wanted:
                    await self._set(symbol, 0)
                elif self._gateway.now_ns() >= self._renew_ns.get(symbol, 0):
                    await self._set(symbol, seconds)

    def _wanted(self) -> set[str]:
        """Symbols with open orders, all of sessions that agreed."""
        sessions = self._gateway.settings.sessions
        agrees: dict[str, bool] = {}
        for order in self._gateway.book.open_orders():
            configured = sessions.get(order.session)
            agrees[order.symbol] = agrees.get(order.symbol, True) and configured is not None and configured.countdown
        return {symbol for symbol, is_wanted in agrees.items() if is_wanted}

    async def _set(self, symbol: str, seconds: int) -> None:
        try:
            await ask(SetCountdown(symbol, seconds * 1_000))
        except TradingError as error:
            if str(error) != self._told:
                self._told = str(error)
                self._gateway.log.warning("the exchange's countdown could not be set", symbol=symbol, reason=str(error))
        else:
            if seconds:
                self._renew_ns[symbol] = self._gateway.now_ns() + seconds * _NS_PER_S // _RENEWALS
            else:
                self._renew_ns.pop(symbol, None)
