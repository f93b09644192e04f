"""What a route of the REST interface is: who answers, who may ask, and what it costs."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto

from msgspec import Struct

from tradingsys.sim.faces.binance_usdm.call import Call
from tradingsys.sim.faces.binance_usdm.params import Params

__all__ = ["Route", "Routes", "Security", "fixed", "order", "per_symbol", "public", "signed"]


class Security(Enum):
    """What a request must prove."""

    NONE = auto()
    KEY = auto()
    """The API key alone."""
    SIGNED = auto()


class Route(Struct, frozen=True):
    """One call."""

    answer: Callable[[Call], object]
    security: Security
    weight: Callable[[Params], int]
    is_order: bool = False
    """Whether its reply tells the order counts."""


Routes = dict[tuple[str, str], Route]
"""By method and path."""


def fixed(weight: int) -> Callable[[Params], int]:
    """Always the same."""
    return lambda _params: weight


def per_symbol(one: int, every: int) -> Callable[[Params], int]:
    """More for all symbols than for one."""
    return lambda params: one if params.get("symbol") else every


def public(answer: Callable[[Call], object], weight: int | Callable[[Params], int]) -> Route:
    """For everybody."""
    return Route(answer, Security.NONE, fixed(weight) if isinstance(weight, int) else weight)


def signed(answer: Callable[[Call], object], weight: int | Callable[[Params], int]) -> Route:
    """For owners of a key."""
    return Route(answer, Security.SIGNED, fixed(weight) if isinstance(weight, int) else weight)


def order(answer: Callable[[Call], object], weight: int = 0) -> Route:
    """The same, counted as an order."""
    return Route(answer, Security.SIGNED, fixed(weight), is_order=True)
