"""The commands that stop trading and let it go on: ``halt``, ``cancel``, ``flatten`` and ``resume``."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from cyclopts import Parameter, Token
from rich.console import Console

from tradingsys.cli.exits import OK, UNCONFIRMED
from tradingsys.cli.operate import tables
from tradingsys.cli.operate.source import Source, opened
from tradingsys.cli.operate.target import find_target
from tradingsys.cli.operating import COMMON, Common, number_of, symbol_of, tell
from tradingsys.core.enums import Side
from tradingsys.core.errors import ConfigError, TransportError
from tradingsys.core.ids import EXTERNAL, MAX_SESSION
from tradingsys.core.records import Scope
from tradingsys.net import loop
from tradingsys.wire.operator import HaltParams, ScopeParams, StoppingView

__all__ = ["cancel", "flatten", "halt", "resume", "trading_session"]

_LOOK_S = 0.25
_LONGEST_WAIT_S = 3_600

Begin = Callable[[Source], Coroutine[Any, Any, StoppingView]]


def trading_session(type_: type, tokens: Sequence[Token]) -> int:
    """Raises ValueError for what is no session that sends orders."""
    del type_
    text = tokens[0].value
    if text.upper() in ("EXTERNAL", str(EXTERNAL)):
        raise ValueError("EXTERNAL is what belongs to no session: it sends no orders")
    return number_of(text, 0, MAX_SESSION, "a session")


def _seconds(type_: type, tokens: Sequence[Token]) -> int:
    del type_
    return number_of(tokens[0].value, 0, _LONGEST_WAIT_S, "a number of seconds")


@Parameter(name="*")
@dataclass(frozen=True)
class Where:
    """Whose orders, and on what; with neither all of the account's."""

    session: Annotated[int | None, Parameter(converter=trading_session)] = None
    "Only of this session."
    symbol: Annotated[str | None, Parameter(converter=symbol_of)] = None
    "Only on this symbol."
    reason: str = ""
    "Why: strategies, other operators and the log are told."

    @property
    def scope(self) -> Scope:
        """The same as the books have it."""
        return Scope(self.session, (self.symbol or "").upper())


_EVERYWHERE = Where()
_Wait = Annotated[int, Parameter(name="--wait", converter=_seconds)]
_WAIT_S = 30


def halt(
    *,
    where: Where = _EVERYWHERE,
    reducing: Annotated[bool, Parameter(negative="")] = False,
    keep_orders: Annotated[bool, Parameter(negative="")] = False,
    wait_s: _Wait = _WAIT_S,
    common: Common = COMMON,
) -> int:
    """Take no new orders, cancel the open ones, and see at the exchange that they are gone.

    It stands over restarts until "tradingsys resume". Of a gateway that does not run it holds from its next start on.

    Parameters
    ----------
    reducing:
        Let orders pass that reduce what their session holds, and leave those open that do.
    keep_orders:
        Cancel nothing.
    wait_s:
        Seconds to wait for the exchange's confirmation; the gateway goes on in any case.
    """
    params = HaltParams(where.session, where.symbol or "", where.reason, reducing, keep_orders)
    done = f"{where.scope}: {'only orders that reduce are taken' if reducing else 'no new orders are taken'}"
    return _carry_out(common, lambda source: source.halt(params), done, where, wait_s)


def cancel(*, where: Where = _EVERYWHERE, wait_s: _Wait = _WAIT_S, common: Common = COMMON) -> int:
    """Cancel the open orders, and see at the exchange that they are gone. Strategies may send new ones at once.

    Parameters
    ----------
    wait_s:
        Seconds to wait for the exchange's confirmation; the gateway goes on in any case.
    """
    params = ScopeParams(where.session, where.symbol or "", where.reason)
    done = f"{where.scope}: open orders are canceled, and nothing is halted by it"
    return _carry_out(common, lambda source: source.cancel(params), done, None, wait_s)


def flatten(*, where: Where = _EVERYWHERE, wait_s: _Wait = _WAIT_S, common: Common = COMMON) -> int:
    """Halt, cancel, and trade away at market what each session holds, until it holds nothing.

    Each session's position is its own: opposite ones are both traded away. It stays halted until "tradingsys resume".

    Parameters
    ----------
    wait_s:
        Seconds to wait for the exchange's confirmation; the gateway goes on in any case, also when it is restarted.
    """
    params = ScopeParams(where.session, where.symbol or "", where.reason)
    done = f"{where.scope}: no new orders are taken, and what is held is traded away"
    return _carry_out(common, lambda source: source.flatten(params), done, where, wait_s)


def resume(
    symbol: Annotated[str | None, Parameter(converter=symbol_of)] = None,
    /,
    *,
    where: Where = _EVERYWHERE,
    account: Annotated[bool, Parameter(negative="")] = False,
    common: Common = COMMON,
) -> int:
    """Allow orders again; look at "tradingsys status" and "tradingsys explain SYMBOL" first.

    It lifts what was imposed on exactly what is named: a halt of the account does not end with one of a session.

    Parameters
    ----------
    symbol:
        Such as btcusdt.
    account:
        Lift what was imposed on the whole account.
    """
    if symbol is not None and where.symbol is not None:
        raise ConfigError("name the symbol once", key="resume")
    scope = Scope(where.session, (symbol or where.symbol or "").upper())
    if (scope == Scope()) is not account:
        raise ConfigError("name a symbol, a --session, both, or the whole --account", key="resume")
    params = ScopeParams(scope.session, scope.symbol.lower(), where.reason)

    def say(out: Console, _: object) -> None:
        out.print(f"{scope}: orders are allowed again")

    return tell(common, "status", lambda source: source.resume(params), say)


def _carry_out(common: Common, begin: Begin, done: str, halted: Where | None, wait_s: int) -> int:
    """Begin, tell how it goes, and how it ended."""

    async def run() -> int:
        async with opened(find_target(common.config, common.addr, common.db)) as source:
            view = await begin(source)
            again = common.commands.line(f"resume {halted.scope.words}") if halted is not None else ""
            view = await _wait(source, view, wait_s, quiet=common.json)
            if common.json:
                told = {"source": source.where, "stopping": view}
                sys.stdout.write(msgspec.json.format(msgspec.json.encode(told), indent=2).decode() + "\n")
            else:
                out = tables.console()
                _say(out, view, done)
                if again:
                    out.print(f"to allow orders again: {again}")
                out.print(str(source.where), style="dim")
            return UNCONFIRMED if view.confirmed is False else OK

    return loop.run(run())


async def _wait(source: Source, view: StoppingView, wait_s: int, *, quiet: bool) -> StoppingView:
    """Ask how far it is until it is confirmed, or that took too long."""
    clock = asyncio.get_running_loop()
    until, told = clock.time() + wait_s, ""
    while view.number and not view.confirmed and clock.time() < until:
        now = _progress(view)
        if now != told and not quiet:
            sys.stderr.write(f"{now}\n")
            told = now
        await asyncio.sleep(_LOOK_S)
        try:
            view = msgspec.structs.replace(await source.stopping(view.number), stands=view.stands)
        except TransportError as error:
            sys.stderr.write(f"{error}: what was imposed stands, and is gone on with when the gateway is back\n")
            break
    return view


def _progress(view: StoppingView) -> str:
    count = len(view.left)
    orders = f"{count} order{'' if count == 1 else 's'} to cancel" if count else ""
    parts = [orders, *view.held[:3], view.problem]
    return f"{view.scope}: " + ("; ".join(filter(None, parts)) or "asking the exchange whether it is so")


def _say(out: Console, view: StoppingView, done: str) -> None:
    out.print(view.stands or done)  # what was asked for is not what is so where more stood before
    if view.confirmed:
        gone = (
            f"{view.canceled} order{'' if view.canceled == 1 else 's'} gone" if view.canceled else "no order was open"
        )
        out.print(f"confirmed by the exchange: {gone}")
    for traded in view.traded:
        verb = "sold" if traded.side is Side.SELL else "bought"
        out.print(f"traded away: session {traded.session_id} {verb} {traded.quantity} {traded.symbol}")
    for row in view.left:
        order = row.order
        doubt = ", in doubt" if order.in_doubt else ""
        out.print(
            f"still there: session {row.session_id} {order.client_order_id} {order.side.lower()} {order.quantity}"
            f" {order.symbol} ({order.status}{doubt})"
        )
    for held in view.held:
        out.print(f"left: {held}")
    if view.problem:
        out.print(view.problem)
    if view.confirmed is False:
        goes_on = "the gateway goes on with it" if view.number else "nothing was canceled"
        out.print(f"NOT confirmed yet: {goes_on}", style="bold")
