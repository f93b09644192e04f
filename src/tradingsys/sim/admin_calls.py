"""What the operator's calls share: the box they work on, how they fail, and how they read what they were sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple, Protocol, TypeVar
from urllib.parse import parse_qsl

import msgspec

from tradingsys.sim.events import ExchangeEvent
from tradingsys.sim.faces.binance.face import Face
from tradingsys.sim.faces.transport import Request, WsOutput

__all__ = [
    "Answer",
    "Box",
    "Handler",
    "Part",
    "Problem",
    "Row",
    "Whole",
    "decode",
    "filters",
    "known_account",
    "number",
    "text",
]

Row = dict[str, object]

T = TypeVar("T")


class Problem(Exception):
    """A call that cannot be: an HTTP status and the reason."""

    def __init__(self, status: int, text: str) -> None:
        self.status, self.text = status, text
        super().__init__(text)


class Part(Protocol):
    """One exchange of the box."""

    exchange: Any
    face: Face[Any]

    def move_price(self, symbol: str, ticks: int, now_ns: int) -> list[WsOutput]:
        """Let the market trade at another price. Raises LookupError when nobody makes the market."""

    def market_status(self, now_ns: int) -> Row:
        """What makes the market."""


class Whole(Protocol):
    """All of the box."""

    @property
    def default_account(self) -> str:
        """Whose orders are meant when nobody is named."""

    def advance(self, by_ns: int, now_ns: int) -> list[WsOutput]:
        """Jump into the future."""


class Box:
    """What the operator works on: one exchange of the box, and the whole of it where that is one and the same."""

    def __init__(self, whole: Whole, part: Part) -> None:
        self._whole = whole
        self.exchange = part.exchange
        self.face = part.face
        self.move_price = part.move_price
        self.market_status = part.market_status

    @property
    def default_account(self) -> str:
        """Whose orders are meant when nobody is named."""
        return self._whole.default_account

    def absorb(self, events: Iterable[ExchangeEvent], now_ns: int) -> list[WsOutput]:
        """Tell listeners what happened."""
        return self.face.absorb(events, now_ns)

    def advance(self, by_ns: int, now_ns: int) -> list[WsOutput]:
        """Jump into the future."""
        return self._whole.advance(by_ns, now_ns)


class Answer(NamedTuple):
    """What a call answers, and what it caused."""

    result: object
    outputs: Sequence[WsOutput] = ()


Handler = Callable[[Box, Request, int], Answer]


def decode(data: bytes, kind: type[T]) -> T:
    """The body of a call. Raises Problem."""
    try:
        return msgspec.json.decode(data or b"{}", type=kind)
    except msgspec.DecodeError as error:
        raise Problem(400, str(error)) from None


def number(given: str) -> Decimal:
    """A decimal. Raises Problem for what is none."""
    try:
        value = Decimal(given)
    except InvalidOperation:
        raise Problem(400, f"not a number: {given!r}") from None
    if not value.is_finite():
        raise Problem(400, f"not a number: {given!r}")
    return value


def text(value: Decimal | None) -> str | None:
    """A decimal's digits."""
    return None if value is None else format(value, "f")


def filters(request: Request) -> tuple[str, str]:
    """The account and the symbol asked for, each empty for all. Raises Problem for anything else."""
    given = dict(parse_qsl(request.query.decode("latin-1")))
    unknown = given.keys() - {"account", "symbol"}
    if unknown:
        raise Problem(400, f"unknown filter {min(unknown)!r}; there are account and symbol")
    return given.get("account", ""), given.get("symbol", "").upper()


def known_account(box: Box, name: str) -> str:
    """An account that somebody trades with, the first one unless named. Raises Problem."""
    name = name or box.default_account
    account = box.exchange.accounts.get(name)
    if account is None or account.is_house:
        raise Problem(400, f"no account {name!r}")
    return name
