"""One request on its way to the function that answers it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, TypeVar

from tradingsys.sim.events import ExchangeEvent
from tradingsys.sim.faces.binance.faults import Fault, malformed
from tradingsys.sim.faces.binance.figures import ms
from tradingsys.sim.faces.binance.limits import Limits
from tradingsys.sim.faces.binance.params import Params
from tradingsys.sim.faces.binance.troubles import Troubles
from tradingsys.sim.tape import Tape

__all__ = ["Call", "S", "State"]


class State:
    """What the answering functions share: what the venue keeps beside the exchange."""

    def __init__(
        self, markets: Mapping[str, object], tapes: dict[str, Tape], limits: Limits, troubles: Troubles
    ) -> None:
        self.markets = markets
        """By symbol."""
        self.tapes = tapes
        self.limits = limits
        self.troubles = troubles
        self.recorded: frozenset[str] = frozenset()
        """Symbols whose public market is a recording."""
        self.happened: list[ExchangeEvent] = []
        """Events that requests caused, waiting to be published."""

    def check_name(self, name: str) -> None:
        """Raises Fault for a name that no symbol can have, where that is another mistake than an unknown one."""

    def read(self, now_ns: int) -> None:
        """Look at what must be looked at again and again."""


S = TypeVar("S", bound=State)


class Call(Generic[S]):
    """A request, who sent it, and when."""

    __slots__ = ("account", "api_key", "now_ns", "params", "state")

    def __init__(self, state: S, params: Params, now_ns: int, account: str = "", api_key: str = "") -> None:
        self.state = state
        self.params = params
        self.now_ns = now_ns
        self.account = account
        """Empty on public calls."""
        self.api_key = api_key

    @property
    def now_ms(self) -> int:
        """The venue's time."""
        return ms(self.now_ns)

    @property
    def reduces(self) -> bool:
        """Whether it is about an order that says it can only reduce a position."""
        return "true" in (self.params.get("reduceOnly").lower(), self.params.get("closePosition").lower())

    def symbol(self) -> str:
        """The symbol asked for.

        Raises Fault when it is missing (-1102) or unknown (-1121).
        """
        return self.known_symbol("symbol")

    def known_symbol(self, parameter: str) -> str:
        """The symbol that a parameter names.

        Raises Fault when it is missing (-1102) or unknown (-1121).
        """
        return self.listed(self.params.text(parameter))

    def maybe_symbol(self) -> str | None:
        """The symbol asked for, if any.

        Raises Fault for an unknown one (-1121).
        """
        name = self.params.get("symbol")
        return self.listed(name) if name else None

    def symbols(self) -> list[str]:
        """The one symbol asked for, or all."""
        name = self.maybe_symbol()
        return [name] if name is not None else list(self.state.markets)

    def limit(self, default: int, highest: int) -> int:
        """The parameter ``limit``.

        Raises Fault (-1130) outside of 1 to ``highest``: the venue does not cut it, as clients of its users found out
        (ccxt issue 9904).
        """
        limit = self.params.optional_integer("limit", default)
        if not 1 <= limit <= highest:
            raise malformed("limit")
        return limit

    def listed(self, name: str) -> str:
        """A symbol of this name.

        Raises Fault (-1121) when there is none.
        """
        if name not in self.state.markets:
            self.state.check_name(name)
            raise Fault(400, -1121, "Invalid symbol.")
        return name
