"""What a call is, by REST or WS-API: who answers, who may ask, and what it costs."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from typing import Generic, TypeAlias

from msgspec import Struct

from tradingsys.sim.faces.binance.call import Call, S
from tradingsys.sim.faces.binance.faults import Fault
from tradingsys.sim.faces.binance.params import Params

__all__ = ["Route", "Routes", "Security", "check_names", "fixed", "keyed", "order", "per_symbol", "public", "signed"]


class Security(Enum):
    """What a request must prove."""

    NONE = auto()
    KEY = auto()
    """The API key alone."""
    SIGNED = auto()


class Route(Struct, Generic[S], frozen=True):
    """One call."""

    answer: Callable[[Call[S]], object]
    security: Security
    weight: Callable[[Params], int]
    is_order: bool = False
    """Whether its reply tells the order counts."""
    is_free_when_done: bool = False
    """Whether it weighs nothing unless it is refused."""
    is_of_account: bool = False
    """Whether it weighs on the account instead of the address."""
    parameters: frozenset[str] | None = None
    """What it reads, when it refuses whatever else is sent."""


Routes: TypeAlias = dict[tuple[str, str], Route[S]]
"""By method and path."""


def fixed(weight: int) -> Callable[[Params], int]:
    """Always the same."""
    return lambda _params: weight


def per_symbol(one: int, every: int) -> Callable[[Params], int]:
    """More for all symbols than for one."""
    return lambda params: one if params.get("symbol") else every


def _weight(weight: int | Callable[[Params], int]) -> Callable[[Params], int]:
    return fixed(weight) if isinstance(weight, int) else weight


def public(answer: Callable[[Call[S]], object], weight: int | Callable[[Params], int]) -> Route[S]:
    """For everybody."""
    return Route(answer, Security.NONE, _weight(weight))


def keyed(answer: Callable[[Call[S]], object], weight: int | Callable[[Params], int]) -> Route[S]:
    """For whoever names a key."""
    return Route(answer, Security.KEY, _weight(weight))


def signed(answer: Callable[[Call[S]], object], weight: int | Callable[[Params], int]) -> Route[S]:
    """For owners of a key."""
    return Route(answer, Security.SIGNED, _weight(weight))


def order(answer: Callable[[Call[S]], object], weight: int = 0) -> Route[S]:
    """The same, counted as an order."""
    return Route(answer, Security.SIGNED, fixed(weight), is_order=True)


def check_names(given: Params, known: frozenset[str] | None) -> None:
    """Look at the names of a request's parameters, where a call refuses what it does not read.

    Raises Fault for one that is there twice, or when there are more than the call has (-1101), for one that the call
    does not have (-1104), and for one without a value (-1105).
    """
    if known is None:
        return
    if given.repeated:
        raise Fault(400, -1101, f"Duplicate values for parameter '{given.repeated}'.")
    sent, read = len(given.values), sum(name in known for name in given.values)
    if sent > len(known):
        raise Fault(400, -1101, f"Too many parameters; expected '{len(known)}' and received '{sent}'.")
    if read < sent:
        text = f"Not all sent parameters were read; read '{read}' parameter(s) but was sent '{sent}'."
        raise Fault(400, -1104, text)
    for name, value in given.values.items():
        if value == "":
            raise Fault(400, -1105, f"Parameter '{name}' was empty.")
