"""Answers for people about assets and debts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from rich.console import Console
from rich.table import Table

from tradingsys.cli.operate import tables
from tradingsys.core.command_line import CommandLine
from tradingsys.core.ids import EXTERNAL
from tradingsys.core.instrument import plain
from tradingsys.wire.messages import BalanceView, BorrowableView, MarginView
from tradingsys.wire.operator import AssetView, SessionAsset

__all__ = ["assets", "margin"]


def assets(out: Console, rows: Sequence[AssetView], commands: CommandLine) -> None:
    """Who has what of each asset, and what the account has."""
    owes = any(row.borrowed != "0" or row.interest != "0" for row in rows)
    columns = [("asset", ""), ("sessions", "r"), ("EXTERNAL", "r"), ("in all", "r"), ("account", "r")]
    columns += [("difference", "r")]
    table = tables.new_table(*columns, *([("borrowed", "r"), ("interest", "r")] if owes else []))
    for row in rows:
        cells = [row.asset, _sum(row.sessions, external=False), _sum(row.sessions, external=True), row.total]
        cells += [row.account or "-", row.difference or "-"]
        table.add_row(*cells, *([row.borrowed, row.interest] if owes else []))
    tables.print_table(out, table, "no assets yet: the first subscription with trading=True enters those of its symbol")
    for row in rows:
        if row.difference not in (None, "0"):
            out.print(
                f"{row.asset}: the books are off by {row.difference}. For a moment that is normal, while an execution"
                " or a transfer is on its way. If it stays and nothing explains it, a person may book it to EXTERNAL:"
                f" {commands.line(f'pos accept {row.asset}')}"
            )


def margin(
    out: Console, told: MarginView, owed: Sequence[BalanceView], borrowable: Mapping[str, BorrowableView]
) -> None:
    """How far from liquidation, and what is owed."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("margin level", told.level)
    table.add_row("nothing more is lent", f"at {told.normal_bar}")
    table.add_row("margin call", f"at {told.margin_call_bar}")
    table.add_row("liquidation", f"at {told.liquidation_bar}")
    table.add_row("assets", f"{told.total_asset_btc} BTC")
    table.add_row("debts", f"{told.total_liability_btc} BTC")
    out.print(table)
    debts = {row.asset: row for row in owed}
    debt_table = tables.new_table(("asset", ""), ("borrowed", "r"), ("interest", "r"), ("can be borrowed", "r"))
    for asset in dict.fromkeys((*debts, *borrowable)):
        row, more = debts.get(asset, BalanceView(asset, "0")), borrowable.get(asset)
        room = "-" if more is None else plain(min(Decimal(more.amount), Decimal(more.limit)))
        debt_table.add_row(asset, row.borrowed, row.interest, room)
    tables.print_table(out, debt_table, "nothing is owed")


def _sum(sessions: Sequence[SessionAsset], *, external: bool) -> str:
    amounts = (Decimal(row.amount) for row in sessions if (row.session_id == EXTERNAL) is external)
    return plain(sum(amounts, Decimal(0)))
