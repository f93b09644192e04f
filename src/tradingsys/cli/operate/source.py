"""Where an answer comes from: a running gateway, or its book at rest. Both tell the same, in the wire's words."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol

from tradingsys.cli.operate.book import Book
from tradingsys.cli.operate.client import NoGateway, Operator, operating
from tradingsys.cli.operate.target import Target, Where, is_held
from tradingsys.core.command_line import CommandLine
from tradingsys.core.errors import TradingError, TransportError
from tradingsys.net.clock import SystemClock
from tradingsys.wire.messages import AssetParams, BalanceView, BorrowableView, LoanParams, LoanResult, MarginView
from tradingsys.wire.operator import (
    AcceptResult,
    AssetView,
    ExplainParams,
    Explanation,
    GatewayView,
    HaltParams,
    LimitView,
    ScopeParams,
    Selection,
    SessionFill,
    SessionOrder,
    SessionPositionView,
    SessionView,
    SetPositionParams,
    SetPositionResult,
    StoppingParams,
    StoppingView,
)

__all__ = ["Running", "Source", "opened"]


class Source(Protocol):
    """What can be asked."""

    where: Where

    async def status(self) -> GatewayView:
        """How it is."""

    async def sessions(self) -> list[SessionView]:
        """Who has, or had, anything."""

    async def orders(self, selection: Selection) -> list[SessionOrder]:
        """Newest first."""

    async def fills(self, selection: Selection) -> list[SessionFill]:
        """Newest first."""

    async def positions(self, selection: Selection) -> list[SessionPositionView]:
        """By session and symbol."""

    async def explain(self, symbol: str) -> Explanation:
        """How the account's position comes about."""

    async def limits(self, selection: Selection) -> list[LimitView]:
        """What of each limit is used."""

    async def set_position(self, params: SetPositionParams) -> SetPositionResult:
        """Correct what a session holds."""

    async def halt(self, params: HaltParams) -> StoppingView:
        """Allow no more orders, or only reducing ones, and cancel what is open."""

    async def cancel(self, params: ScopeParams) -> StoppingView:
        """Cancel what is open, and restrict nothing."""

    async def flatten(self, params: ScopeParams) -> StoppingView:
        """Halt, cancel, and trade away what sessions hold."""

    async def stopping(self, number: int) -> StoppingView:
        """How far one of these is."""

    async def resume(self, params: ScopeParams) -> GatewayView:
        """Lift what was imposed on exactly this."""

    async def assets(self) -> list[AssetView]:
        """What sessions, EXTERNAL and the account have of each asset."""

    async def accept(self, asset: str) -> AcceptResult:
        """Book a difference to EXTERNAL."""

    async def balances(self) -> list[BalanceView]:
        """What the account has, and owes."""

    async def margin(self) -> MarginView:
        """How far a margin account is from liquidation."""

    async def borrowable(self, asset: str) -> BorrowableView:
        """How much more of an asset."""

    async def loan(self, params: LoanParams, *, borrows: bool) -> LoanResult:
        """Borrow or pay back, once."""


class Running:
    """A gateway that answers."""

    def __init__(self, operator: Operator, addr: str, commands: CommandLine) -> None:
        self.where = Where("gateway", addr)
        self._operator = operator
        self._commands = commands

    async def status(self) -> GatewayView:
        """How it is."""
        return await self._operator.request("op.status", None, GatewayView)

    async def sessions(self) -> list[SessionView]:
        """Who has, or had, anything."""
        return await self._operator.request("op.sessions", None, list[SessionView])

    async def orders(self, selection: Selection) -> list[SessionOrder]:
        """Newest first."""
        return await self._operator.request("op.orders", selection, list[SessionOrder])

    async def fills(self, selection: Selection) -> list[SessionFill]:
        """Newest first."""
        return await self._operator.request("op.fills", selection, list[SessionFill])

    async def positions(self, selection: Selection) -> list[SessionPositionView]:
        """By session and symbol."""
        return await self._operator.request("op.positions", selection, list[SessionPositionView])

    async def explain(self, symbol: str) -> Explanation:
        """How the account's position comes about."""
        return await self._operator.request("op.explain", ExplainParams(symbol), Explanation)

    async def limits(self, selection: Selection) -> list[LimitView]:
        """What of each limit is used."""
        return await self._operator.request("op.limits", selection, list[LimitView])

    async def set_position(self, params: SetPositionParams) -> SetPositionResult:
        """Correct what a session holds."""
        return await self._operator.request("op.set_position", params, SetPositionResult)

    async def halt(self, params: HaltParams) -> StoppingView:
        """Allow no more orders, or only reducing ones, and cancel what is open."""
        return await self._operator.request("op.halt", params, StoppingView)

    async def cancel(self, params: ScopeParams) -> StoppingView:
        """Cancel what is open, and restrict nothing."""
        return await self._operator.request("op.cancel", params, StoppingView)

    async def flatten(self, params: ScopeParams) -> StoppingView:
        """Halt, cancel, and trade away what sessions hold."""
        return await self._operator.request("op.flatten", params, StoppingView)

    async def stopping(self, number: int) -> StoppingView:
        """How far one of these is."""
        return await self._operator.request("op.stopping", StoppingParams(number), StoppingView)

    async def resume(self, params: ScopeParams) -> GatewayView:
        """Lift what was imposed on exactly this."""
        await self._operator.request("op.resume", params, object)
        return await self.status()

    async def assets(self) -> list[AssetView]:
        """What sessions, EXTERNAL and the account have of each asset."""
        return await self._operator.request("op.assets", None, list[AssetView])

    async def accept(self, asset: str) -> AcceptResult:
        """Book a difference to EXTERNAL."""
        return await self._operator.request("op.accept", AssetParams(asset), AcceptResult)

    async def balances(self) -> list[BalanceView]:
        """What the account has, and owes."""
        return await self._operator.request("op.balances", None, list[BalanceView])

    async def margin(self) -> MarginView:
        """How far a margin account is from liquidation."""
        return await self._operator.request("op.margin", None, MarginView)

    async def borrowable(self, asset: str) -> BorrowableView:
        """How much more of an asset."""
        return await self._operator.request("op.borrowable", AssetParams(asset), BorrowableView)

    async def loan(self, params: LoanParams, *, borrows: bool) -> LoanResult:
        """Borrow or pay back, once."""
        try:
            return await self._operator.request("op.borrow" if borrows else "op.repay", params, LoanResult)
        except TransportError as error:
            raise TradingError(
                f"{error}: it may or may not have been done; look: {self._commands.line(f'margin {params.asset}')}"
            ) from None


@contextlib.asynccontextmanager
async def opened(target: Target) -> AsyncIterator[Source]:
    """The running gateway if one answers, else the book at rest.

    Raises NothingThere when there is neither.
    """
    reason = ""
    async with contextlib.AsyncExitStack() as stack:
        if target.addr is not None:
            try:
                operator = await stack.enter_async_context(operating(target.addr))
            except NoGateway as error:
                reason = str(error)
            else:
                yield Running(operator, target.addr, target.commands)
                return
        if target.db is None or not target.db.exists():
            raise target.nothing(reason)
        yield Book(
            target.db, Where("book", str(target.db), _note(target, target.db)), SystemClock().wall_ns() // 1_000_000
        )


def _note(target: Target, db: Path) -> str:
    notes = [f"no gateway answers at {target.addr}"] if target.addr else []
    with contextlib.suppress(OSError):
        if is_held(db):
            notes.append("but one holds this file: what it did in the last moments may be missing")
    return ", ".join(notes)
