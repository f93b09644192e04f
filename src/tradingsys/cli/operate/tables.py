"""Answers for people: tables that fit the terminal, numbers to the right, times in the reader's zone."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from rich import box
from rich.console import Console
from rich.table import Table

from tradingsys.cli.operate.target import NOT_ANSWERING, NOT_RUNNING
from tradingsys.core.command_line import CommandLine
from tradingsys.core.ids import EXTERNAL
from tradingsys.core.instrument import plain
from tradingsys.core.records import HaltCause, Scope
from tradingsys.gateway.configuration.products import ProductName
from tradingsys.wire.messages import OrderView, PositionView
from tradingsys.wire.operator import (
    GatewayView,
    SessionFill,
    SessionOrder,
    SessionPositionView,
    SessionView,
)

__all__ = [
    "console",
    "fills",
    "new_table",
    "orders",
    "positions",
    "print_table",
    "session_name",
    "sessions",
    "status",
    "time_text",
]

_PIPE_WIDTH = 160
_NARROW = 130
_DECIMALS = 8
"""Below that, columns that one can do without are left out."""


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Nobody reads any more: how that ends is for the command line to say, once for all commands."""
        raise BrokenPipeError


def console() -> Console:
    """Standard output; wide enough for any table when it is no terminal."""
    is_wide = not sys.stdout.isatty() and "COLUMNS" not in os.environ
    return _Console(width=_PIPE_WIDTH if is_wide else None, highlight=False, markup=False, emoji=False)


def time_text(ts_ms: int) -> str:
    """A moment in the reader's zone."""
    return datetime.fromtimestamp(ts_ms / 1000).astimezone().strftime("%Y-%m-%d %H:%M:%S") if ts_ms else "-"


def session_name(session: int) -> str:
    """Its number, or the word for what belongs to none."""
    return "EXTERNAL" if session == EXTERNAL else str(session)


def status(out: Console, view: GatewayView, commands: CommandLine) -> None:
    """How a gateway is."""
    is_running = view.text not in (NOT_RUNNING, NOT_ANSWERING)
    state = "ready" if view.ready else "not ready"
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("state", (f"{state}: {view.text}" if view.text else state) if is_running else view.text)
    if view.left_alone_until_ms:
        table.add_row(
            "LEFT ALONE", f"the exchange is asked nothing until {time_text(view.left_alone_until_ms)}: it said so"
        )
    if is_running:
        table.add_row("orders to the exchange", "yes" if view.trading else "no")
        table.add_row("market data", _market(view))
        table.add_row("up for", _span(view.uptime_s))
        table.add_row("sessions with an owner", str(view.sessions))
    table.add_row("product", view.product or "-")
    table.add_row("environment", view.environment)
    table.add_row("account", view.account or "-")
    table.add_row("book", f"{view.db}, lineage {view.lineage}, epoch {view.epoch} ({time_text(view.epoch)})")
    table.add_row("open orders", f"{view.open_orders}, {view.in_doubt} of them in doubt")
    table.add_row("version", view.version)
    for halt in view.halts:
        scope = Scope(halt.session_id, halt.symbol.upper())
        where = "the whole account" if scope == Scope() else str(scope)
        if halt.cause == HaltCause.CANCEL:
            table.add_row("canceling", f"{where}, what was sent until {time_text(halt.ts_ms)}: {halt.reason}")
            continue
        again = commands.line(f"resume {scope.words}")
        table.add_row(halt.state, f"{where}, since {time_text(halt.ts_ms)}: {halt.reason} (look, then: {again})")
    for limit in view.nearly:
        whose = "all sessions" if limit.session_id is None else f"session {limit.session_id}"
        what = " ".join(filter(None, (limit.limit, limit.symbol)))
        table.add_row("nearly used", f"{whose}: {what}: {limit.used}, allowed {limit.allowed} ({limit.percent} %)")
    if view.margin:
        table.add_row("MARGIN", f"{view.margin} (see: {commands.line('margin')})")
    for name, difference in view.differences.items():
        how = commands.line(f"explain {name}" if view.product == ProductName.USDM else "assets")
        table.add_row("DIFFERENCE", f"{name}: {difference} (see: {how})")
    out.print(table)


def _market(view: GatewayView) -> str:
    if not view.streams:
        return "nobody follows any"
    return f"{'yes' if view.market else 'no'}, {view.streams} stream{'' if view.streams == 1 else 's'}"


def sessions(out: Console, rows: Sequence[SessionView]) -> None:
    """Who trades."""
    table = new_table(
        ("session", "r"),
        ("name", ""),
        ("connected", ""),
        ("open", "r"),
        ("in doubt", "r"),
        ("symbols", "r"),
        ("fullest limit", ""),
    )
    for row in rows:
        connected = "yes" if row.is_connected else "-"
        name = "" if row.session_id == EXTERNAL else row.name
        fullest = f"{row.limits[0].limit} {row.limits[0].percent} %" if row.limits else ""
        cells = [session_name(row.session_id), name, connected, str(row.open_orders), str(row.in_doubt)]
        table.add_row(*cells, str(row.positions), fullest)
    print_table(out, table, "no sessions")


def orders(out: Console, rows: Sequence[SessionOrder]) -> None:
    """Orders, newest first."""
    is_narrow = out.width < _NARROW
    columns = [(_time_title(), ""), ("session", "r"), ("symbol", ""), ("side", ""), ("type", "")]
    columns += [("quantity", "r"), ("price", "r"), ("done", "r"), ("status", "")]
    table = new_table(*columns, *([] if is_narrow else [("order", "")]))
    for row in rows:
        order = row.order
        cells = [time_text(order.ts_ms), session_name(row.session_id), order.symbol, order.side.value.lower()]
        cells += [_kind(order), _quantity(order), _price(order), order.cum_qty, _state(order)]
        table.add_row(*cells, *([] if is_narrow else [order.client_order_id]))
    print_table(out, table, "no orders")


def fills(out: Console, rows: Sequence[SessionFill]) -> None:
    """Executions, newest first."""
    is_narrow = out.width < _NARROW
    columns = [(_time_title(), ""), ("session", "r"), ("symbol", ""), ("side", ""), ("quantity", "r"), ("price", "r")]
    columns += [("fee", "r"), ("role", "")]
    table = new_table(*columns, *([] if is_narrow else [("trade", "r"), ("order", "")]))
    for row in rows:
        fill = row.fill
        role = {None: "-", True: "maker", False: "taker"}[fill.making]
        fee = "-" if fill.fee is None else f"{fill.fee} {fill.fee_asset or ''}".rstrip()
        cells = [time_text(fill.ts_ms), session_name(row.session_id), row.symbol.lower(), row.side.lower()]
        cells += [fill.qty, fill.px, fee, role]
        table.add_row(*cells, *([] if is_narrow else [fill.exec_id, row.client_order_id or "-"]))
    print_table(out, table, "no fills")


def positions(out: Console, rows: Sequence[SessionPositionView]) -> None:
    """What sessions hold; where assets are held, beside what was executed."""
    has_assets = any(row.position.net_executed is not None for row in rows)
    columns = [("session", "r"), ("symbol", ""), ("net", "r"), ("entry", "r"), ("realised", "r"), ("fees", "r")]
    columns.insert(3, ("executed", "r")) if has_assets else columns.append(("funding", "r"))
    table = new_table(*columns)
    for row in sorted(rows, key=lambda row: (row.session_id == EXTERNAL, row.session_id, row.position.symbol)):
        held = row.position
        cells = [
            session_name(row.session_id),
            held.symbol.lower(),
            _net(held),
            _legible(held.entry_px) if held.entry_px else "-",
            _legible(held.realized_pnl),
            _amounts(held.fees),
        ]
        cells.insert(3, held.net_executed or "-") if has_assets else cells.append(_amounts(held.funding))
        table.add_row(*cells)
    print_table(out, table, "no positions")


def _legible(amount: str) -> str:
    """At most eight decimals; averages have many more, which JSON keeps."""
    value = Decimal(amount)
    exact = plain(value)
    return exact if len(exact.partition(".")[2]) <= _DECIMALS else plain(round(value, _DECIMALS))


def new_table(*columns: tuple[str, str]) -> Table:
    """With these titles, each on the left or (``r``) on the right."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for title, side in columns:
        # Numbers and ids are broken where there is no room, never cut off; a time stays in one piece.
        is_time = title.startswith("time")
        table.add_column(title, justify="right" if side else "left", overflow="fold", no_wrap=is_time)
    return table


def print_table(out: Console, table: Table, nothing: str) -> None:
    """Its rows, or that there is ``nothing``."""
    out.print(table if table.row_count else nothing)


def _time_title() -> str:
    offset = datetime.now().astimezone().strftime("%z")
    return f"time (UTC{offset[:3]}:{offset[3:]})"


def _kind(order: OrderView) -> str:
    words: Iterable[str] = (
        order.order_type.value.lower().replace("_", " "),
        order.time_in_force.value if order.time_in_force else "",
        "post-only" if order.post_only else "",
        "reduce-only" if order.reduce_only else "",
        order.side_effect.value.lower().replace("_", " ") if order.side_effect else "",
        f"list {order.list_id}" if order.list_id else "",
    )
    return " ".join(word for word in words if word)


def _quantity(order: OrderView) -> str:
    is_known = order.quantity != "0" or order.quote_quantity is None
    shown = f" (shows {order.iceberg_quantity})" if order.iceberg_quantity else ""
    return (order.quantity if is_known else f"for {order.quote_quantity} of the quote asset") + shown


def _price(order: OrderView) -> str:
    trigger = f"at {order.stop_price}" if order.stop_price else ""
    trail = f"trails {order.callback_rate}%" if order.callback_rate else ""
    return " ".join(part for part in (order.price or "", trigger, trail) if part) or "-"


def _state(order: OrderView) -> str:
    state = order.status.value.lower().replace("_", " ")
    doubt = " (in doubt)" if order.in_doubt else ""
    reason = f": {order.reason}" if order.reason else ""
    return f"{state}{doubt}{reason}"


def _net(held: PositionView) -> str:
    coming = [f"+{held.unbooked_buy}"] if held.unbooked_buy != "0" else []
    coming += [f"-{held.unbooked_sell}"] if held.unbooked_sell != "0" else []
    return f"{held.net} ({' '.join(coming)} coming)" if coming else held.net


def _amounts(amounts: dict[str, str]) -> str:
    return ", ".join(f"{amount} {asset}" for asset, amount in amounts.items()) or "-"


def _span(seconds: int) -> str:
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3600)
    minutes, rest = divmod(rest, 60)
    return f"{days} d {hours} h" if days else f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
