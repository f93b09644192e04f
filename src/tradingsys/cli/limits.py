"""``tradingsys limits``: what sessions and the account may do, and how much of it is done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console

from tradingsys.cli.operate import tables
from tradingsys.cli.operate.source import Source
from tradingsys.cli.operating import COMMON, Common, tell
from tradingsys.cli.stopping import trading_session
from tradingsys.wire.operator import LimitView, Selection

__all__ = ["limits"]


def limits(
    *,
    session: Annotated[int | None, Parameter(converter=trading_session)] = None,
    all_: Annotated[bool, Parameter(name="--all", negative="")] = False,
    common: Common = COMMON,
) -> int:
    """What of each limit is used, and how many orders it denied since the gateway's start.

    Parameters
    ----------
    session:
        Only this session's; else the account's too.
    all_:
        Also what is no limit, because the configuration says null.
    """

    async def ask(source: Source) -> list[LimitView]:
        views = await source.limits(Selection(session))
        return [view for view in views if all_ or view.allowed]

    return tell(common, "limits", ask, _show)


def _show(out: Console, rows: Sequence[LimitView]) -> None:
    table = tables.new_table(
        ("session", "r"), ("limit", ""), ("symbol", ""), ("used", "r"), ("allowed", "r"), ("denied", "r")
    )
    for row in rows:
        whose = "all" if row.session_id is None else str(row.session_id)
        table.add_row(whose, row.limit, row.symbol, row.used, row.allowed or "-", str(row.denied or ""))
    tables.print_table(out, table, "no limits")
