"""One request on its way to the function that answers it."""

from __future__ import annotations

import re
from typing import TypeAlias

from tradingsys.sim.asset_events import BalancesChanged
from tradingsys.sim.events import ExchangeEvent
from tradingsys.sim.faces.binance import call
from tradingsys.sim.faces.binance.faults import illegal
from tradingsys.sim.faces.binance.figures import ms
from tradingsys.sim.faces.binance.troubles import Troubles
from tradingsys.sim.faces.binance_spot.limits import SpotLimits
from tradingsys.sim.spot_exchange import SpotExchange
from tradingsys.sim.spot_markets import SpotMarket
from tradingsys.sim.tape import Tape

__all__ = ["Call", "State"]

_NAME = re.compile(r"([^\Wa-z]|[-.]){1,50}")
_NAME_RANGE = r"^[\w\-._&&[^a-z]]{1,50}$"


class State(call.State):
    """What the answering functions share: the exchange, and what this venue keeps beside it."""

    markets: dict[str, SpotMarket]
    limits: SpotLimits

    def __init__(
        self,
        exchange: SpotExchange,
        markets: dict[str, SpotMarket],
        tapes: dict[str, Tape],
        limits: SpotLimits,
        troubles: Troubles,
    ) -> None:
        super().__init__(markets, tapes, limits, troubles)
        self.exchange = exchange
        self.cancel_ids: dict[tuple[str, int], str] = {}
        """Client ids of requests that cancel orders, by symbol and order, until the cancellation was told."""
        self.updated_ms: dict[str, int] = {}
        """When an account's balances last changed."""
        self._made_ids = 0

    def check_name(self, name: str) -> None:
        """Raises Fault (-1100) for lower case, and for characters that no name has."""
        if not _NAME.fullmatch(name):
            raise illegal("symbol", _NAME_RANGE)

    def made_id(self) -> str:
        """A client id of the exchange's making, never the same twice."""
        self._made_ids += 1
        number, text = (self.exchange.first_id << 20) + self._made_ids, ""
        while number:
            number, digit = divmod(number, 36)
            text = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + text
        return f"x-{text}"

    def happen(self, events: list[ExchangeEvent]) -> list[ExchangeEvent]:
        """Publish what a request caused, once it is answered."""
        self.happened += events
        for event in events:
            if isinstance(event, BalancesChanged):
                self.updated_ms[event.account] = ms(event.ts_ns)
        return events


Call: TypeAlias = call.Call[State]
