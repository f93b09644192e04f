"""Restricting orders, and lifting that, while no gateway runs: it finds what stands when it starts."""

from __future__ import annotations

from pathlib import Path

import apsw

from tradingsys.cli.operate.edit import alone_with
from tradingsys.core.command_line import CommandLine
from tradingsys.core.errors import TradingError
from tradingsys.core.records import HaltCause, Scope
from tradingsys.oms.effects import Effect, Save
from tradingsys.oms.halts import Halts, by_operator, wanted
from tradingsys.store.kill_file import kill_path
from tradingsys.store.sqlite import rows, transaction
from tradingsys.store.standing_rows import forgive_day, read_halts, write_halt
from tradingsys.wire.operator import HaltParams, ScopeParams

__all__ = ["impose", "lift", "scope_of"]


def scope_of(params: HaltParams | ScopeParams) -> Scope:
    """What is meant."""
    return Scope(params.session_id, params.symbol.upper())


def impose(path: Path, params: HaltParams, now_ms: int) -> None:
    """Write a restriction into a book at rest. Raises TradingError when it cannot be."""
    scope, effects = scope_of(params), list[Effect]()
    state, duty = wanted(reducing=params.reducing, keep_orders=params.keep_orders)
    told = by_operator(params.reason)
    with alone_with(path) as conn:
        _check(conn, path, scope)
        Halts(read_halts(conn), effects, CommandLine()).impose(scope, state, HaltCause.OPERATOR, told, now_ms, duty)
        _save(conn, effects)


def lift(path: Path, params: ScopeParams) -> None:
    """Lift what was imposed on exactly this, in a book at rest. Raises TradingError when there is nothing."""
    scope, effects = scope_of(params), list[Effect]()
    if scope == Scope() and kill_path(path).exists():
        raise TradingError(f"{kill_path(path)} is there: as long as it is, the account stays halted; remove it first")
    with alone_with(path) as conn:
        _check(conn, path, Scope(scope.session))
        halts = Halts(read_halts(conn), effects, CommandLine())
        is_limited = not scope.symbol and any(row.cause is HaltCause.LIMIT for row in halts.of(scope))
        if not halts.lift(scope, 0):
            raise TradingError(f"{scope} is not halted in {path}")
        _save(conn, effects, forgiven=scope if is_limited else None)


def _check(conn: apsw.Connection, path: Path, scope: Scope) -> None:
    known = {str(name) for (name,) in rows(conn, "SELECT symbol FROM symbols")}
    if scope.symbol and scope.symbol not in known:
        told = ", ".join(sorted(map(str.lower, known))) or "none yet"
        raise TradingError(f"{path} knows no symbol {scope.symbol.lower()}; it knows {told}")


def _save(conn: apsw.Connection, effects: list[Effect], forgiven: Scope | None = None) -> None:
    with transaction(conn):
        if forgiven is not None:
            forgive_day(forgiven.session, conn)
        for effect in effects:
            if isinstance(effect, Save):
                write_halt(effect.record, conn)  # type: ignore[arg-type]
