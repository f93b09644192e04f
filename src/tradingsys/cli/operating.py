"""The commands that watch and correct: ``status``, ``sessions``, ``orders``, ``fills``, ``pos``, ``explain``, …

Each asks the running gateway, or reads its book at rest when none answers, and says which of the two it was.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
from cyclopts import Parameter, Token
from rich.console import Console

from tradingsys.cli.exits import OK
from tradingsys.cli.operate import tables
from tradingsys.cli.operate.explaining import explain as explain_to
from tradingsys.cli.operate.source import Source, opened
from tradingsys.cli.operate.target import command_line, find_target
from tradingsys.core.command_line import CommandLine
from tradingsys.core.ids import EXTERNAL, MAX_SESSION
from tradingsys.core.instrument import plain
from tradingsys.net import loop
from tradingsys.store.edits import parse_net
from tradingsys.wire.operator import Selection, SessionFill, SessionOrder, SetPositionParams, SetPositionResult

__all__ = [
    "COMMON",
    "Common",
    "explain",
    "fills",
    "number_of",
    "orders",
    "sessions",
    "set_",
    "show",
    "status",
    "symbol_of",
    "tell",
]

T = TypeVar("T")

_SYMBOL = re.compile(r"\w{2,40}")
_MAX_LIMIT = 1_000
"""As many as a gateway tells."""


def _session(type_: type, tokens: Sequence[Token]) -> int:
    del type_
    text = tokens[0].value
    if text.upper() in ("EXTERNAL", str(EXTERNAL)):
        return EXTERNAL
    return number_of(text, 0, MAX_SESSION, "a session")


def _own_session(type_: type, tokens: Sequence[Token]) -> int:
    del type_
    text = tokens[0].value
    if text.upper() in ("EXTERNAL", str(EXTERNAL)):
        raise ValueError("EXTERNAL follows from the sessions: set a session's position, EXTERNAL takes the difference")
    return number_of(text, 0, MAX_SESSION, "a session")


def _limit(type_: type, tokens: Sequence[Token]) -> int:
    del type_
    return number_of(tokens[0].value, 1, _MAX_LIMIT, "a number of rows")


def number_of(text: str, least: int, most: int, what: str) -> int:
    """Raises ValueError for a text that is no number between these."""
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1
    if not least <= number <= most:
        raise ValueError(f"{text} is not {what}: {least} to {most}")
    return number


def symbol_of(type_: type, tokens: Sequence[Token]) -> str:
    """Raises ValueError for what cannot be a symbol."""
    del type_
    text = tokens[0].value
    if not _SYMBOL.fullmatch(text):
        raise ValueError(f"{text!r} is no symbol such as btcusdt")
    return text.lower()


def _net(type_: type, tokens: Sequence[Token]) -> str:
    del type_
    net = parse_net(tokens[0].value)
    if net is None:
        raise ValueError(f"{tokens[0].value} is no quantity such as 0, 1.5 or -0.001")
    return plain(net)


@Parameter(name="*")
@dataclass(frozen=True)
class Common:
    """What every one of these commands takes."""

    config: Annotated[Path | None, Parameter(name=["--config", "-c"])] = None
    "The gateway's configuration; unless something is named, the first there is of usdt.json, spot.json, margin.json."
    addr: str | None = None
    "Ask the gateway at this address instead, such as ws://localhost:8111."
    db: Path | None = None
    "Read this book, at rest; together with --addr: when no gateway answers there."
    json: Annotated[bool, Parameter(negative="")] = False
    "Print JSON."

    @property
    def commands(self) -> CommandLine:
        """What people are told to type to ask the same gateway."""
        return command_line(self.config, self.addr, self.db)


@Parameter(name="*")
@dataclass(frozen=True)
class Filters:
    """Which rows."""

    session: Annotated[int | None, Parameter(converter=_session)] = None
    "Only of this session; EXTERNAL is what belongs to none."
    symbol: Annotated[str | None, Parameter(converter=symbol_of)] = None
    "Only of this symbol."
    limit: Annotated[int, Parameter(converter=_limit)] = 100
    "At most so many rows."


COMMON, _FILTERS = Common(), Filters()


def status(*, common: Common = COMMON) -> int:
    """How the gateway is: ready or not and why, open orders, halts, differences between books and account."""
    return tell(common, "status", lambda source: source.status(), partial(tables.status, commands=common.commands))


def sessions(*, common: Common = COMMON) -> int:
    """Every session with its owner, open orders, orders in doubt and number of symbols held."""
    return tell(common, "sessions", lambda source: source.sessions(), tables.sessions)


def orders(
    *,
    filters: Filters = _FILTERS,
    all_: Annotated[bool, Parameter(name="--all", negative="")] = False,
    common: Common = COMMON,
) -> int:
    """Orders that may still execute, newest first.

    Parameters
    ----------
    all_:
        Closed ones too.
    """
    chosen = Selection(filters.session, filters.symbol, open_only=not all_, limit=filters.limit)

    async def ask(source: Source) -> list[SessionOrder]:
        return await source.orders(chosen)

    return tell(common, "orders", ask, tables.orders)


def fills(*, filters: Filters = _FILTERS, common: Common = COMMON) -> int:
    """Executions, newest first."""
    chosen = Selection(filters.session, filters.symbol, limit=filters.limit)

    async def ask(source: Source) -> list[SessionFill]:
        return await source.fills(chosen)

    return tell(common, "fills", ask, tables.fills)


def show(*, filters: Filters = _FILTERS, common: Common = COMMON) -> int:
    """What each session holds, what it paid, and what it earned."""
    chosen = Selection(filters.session, filters.symbol, limit=filters.limit)
    return tell(common, "positions", lambda source: source.positions(chosen), tables.positions)


def set_(
    session: Annotated[int, Parameter(converter=_own_session)],
    symbol: Annotated[str, Parameter(converter=symbol_of)],
    net: Annotated[str, Parameter(converter=_net, allow_leading_hyphen=True)],
    /,
    *,
    common: Common = COMMON,
) -> int:
    """Make a session's position NET; EXTERNAL takes the difference, so that their sum stays what the account holds.

    No order is sent. In a running gateway it counts at once; without one it is booked when the gateway starts.

    Parameters
    ----------
    session:
        Number of the session, 0 to 65535.
    symbol:
        Such as btcusdt.
    net:
        Positive is long, negative short.
    """
    params = SetPositionParams(session, symbol, net)

    def say(out: Console, done: SetPositionResult) -> None:
        out.print(
            f"session {done.session_id}, {done.symbol.lower()}: {done.before} → {done.after},"
            f" EXTERNAL is {done.external}"
        )

    return tell(common, "set", lambda source: source.set_position(params), say, "booked at the gateway's next start")


def explain(symbol: Annotated[str, Parameter(converter=symbol_of)], /, *, common: Common = COMMON) -> int:
    """How the account's position on a symbol comes about: who holds what, what is open, in doubt, corrected or halted.

    Parameters
    ----------
    symbol:
        Such as btcusdt.
    """
    return tell(
        common, "explanation", lambda source: source.explain(symbol), partial(explain_to, commands=common.commands)
    )


def tell(
    common: Common,
    name: str,
    ask: Callable[[Source], Coroutine[Any, Any, T]],
    show_to: Callable[[Console, T], None],
    at_rest: str = "",
) -> int:
    """Ask whoever there is, and print the answer with its source."""

    async def run() -> None:
        async with opened(find_target(common.config, common.addr, common.db)) as source:
            answer = await ask(source)
            if common.json:
                told = {"source": source.where, name: answer}
                sys.stdout.write(msgspec.json.format(msgspec.json.encode(told), indent=2).decode() + "\n")
                return
            out = tables.console()
            show_to(out, answer)
            out.print(f"{source.where}{'; ' + at_rest if at_rest and source.where.kind == 'book' else ''}", style="dim")

    loop.run(run())
    return OK
