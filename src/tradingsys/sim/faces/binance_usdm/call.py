"""One request on its way to the function that answers it."""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct

from tradingsys.sim.exchange import Exchange
from tradingsys.sim.faces.binance import call
from tradingsys.sim.faces.binance.troubles import Troubles
from tradingsys.sim.faces.binance_usdm.limits import UsdmLimits
from tradingsys.sim.gauge import Gauge
from tradingsys.sim.markets import Market
from tradingsys.sim.tape import Tape

__all__ = ["Call", "Settings", "State"]


class Settings(Struct):
    """What an account has switched, beside its positions."""

    hedge_mode: bool = False
    multi_asset: bool = False
    fee_burn: bool = False
    """Fees in BNB; without any, which nobody has here, they are paid as ever."""


class State(call.State):
    """What the answering functions share: the exchange, and what this venue keeps beside it."""

    markets: dict[str, Market]
    limits: UsdmLimits

    def __init__(
        self,
        exchange: Exchange,
        markets: dict[str, Market],
        tapes: dict[str, Tape],
        gauges: dict[str, Gauge],
        limits: UsdmLimits,
        troubles: Troubles,
    ) -> None:
        super().__init__(markets, tapes, limits, troubles)
        self.exchange = exchange
        self.gauges = gauges
        self.settings: dict[str, Settings] = {}

    def settings_of(self, account: str) -> Settings:
        """An account's switches; a new account has the defaults."""
        return self.settings.setdefault(account, Settings())

    def read(self, now_ns: int) -> None:
        """See `call.State`: mark and index prices."""
        for gauge in self.gauges.values():
            gauge.read(now_ns)


Call: TypeAlias = call.Call[State]
