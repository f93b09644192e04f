"""The demonstration in a terminal: one live screen, or a plain line now and then where there is no terminal."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Protocol

from rich import box
from rich.console import Console, Group, RenderableType
from rich.layout import Layout
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from tradingsys.cli.demo.reckoning import Reckoning
from tradingsys.cli.demo.scene import Scene
from tradingsys.core.ids import EXTERNAL
from tradingsys.core.instrument import plain

__all__ = ["View", "show_reckoning", "view_for"]

_BOOK_LEVELS = 8
_PLAIN_EVERY_S = 3.0
_FRAMES_PER_S = 8
_SCREEN_LINES = 34


class View(Protocol):
    """Shows a scene; entered before the first and left after the last."""

    def __enter__(self) -> View:
        """Take the terminal."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give it back."""

    def show(self, scene: Scene) -> None:
        """This is how things are now."""


def view_for(console: Console) -> View:
    """The view that suits the console."""
    return _LiveView(console) if console.is_terminal else _PlainView(console)


class _PlainView:
    def __init__(self, console: Console) -> None:
        self._console = console
        self._status = ""
        self._next = 0.0

    def __enter__(self) -> View:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing was taken."""

    def show(self, scene: Scene) -> None:
        if scene.status != self._status:
            self._status = scene.status
            self._say(scene.status)
        now = time.monotonic()
        if scene.book is None or now < self._next:
            return
        self._next = now + _PLAIN_EVERY_S
        book = scene.book
        quote = f"{book.bids[0][0]} / {book.asks[0][0]}" if book.bids and book.asks else "-"
        held = "  ".join(f"{each.name} {plain(each.net)} ({each.fills} fills)" for each in scene.sessions)
        self._say(f"{scene.elapsed_s:5.1f} s  {scene.symbol} {quote}   {held}")

    def _say(self, text: str) -> None:
        self._console.print(text, highlight=False, soft_wrap=True)


class _LiveView:
    def __init__(self, console: Console) -> None:
        self._live = Live(console=console, refresh_per_second=_FRAMES_PER_S, auto_refresh=False, transient=True)
        self._height = min(console.height - 1, _SCREEN_LINES)
        self._next = 0.0

    def __enter__(self) -> View:
        self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.__exit__(kind, error, trace)

    def show(self, scene: Scene) -> None:
        now = time.monotonic()
        if now >= self._next:
            self._next = now + 1 / _FRAMES_PER_S
            self._live.update(_screen(scene, self._height), refresh=True)


def _screen(scene: Scene, height: int) -> RenderableType:
    layout = Layout(size=height)
    layout.split_column(
        Layout(_header(scene), size=4), Layout(name="middle", size=_BOOK_LEVELS * 2 + 4), Layout(name="news")
    )
    layout["middle"].split_row(Layout(_book(scene), ratio=2), Layout(name="right", ratio=3))
    layout["right"].split_column(Layout(_sessions(scene), ratio=3), Layout(_account(scene), ratio=2))
    room = max(1, height - 4 - (_BOOK_LEVELS * 2 + 4) - 2)
    layout["news"].update(_news(scene, room))
    return Group(layout)


def _header(scene: Scene) -> RenderableType:
    bar = ProgressBar(total=scene.seconds, completed=min(scene.elapsed_s, scene.seconds))
    words = Text.assemble(
        ("tradingsys demo  ", "bold"), "exchange in a box · gateway · three strategies   ", (scene.status, "cyan")
    )
    return Panel(Group(words, bar), box=box.ROUNDED)


def _book(scene: Scene) -> RenderableType:
    table = Table(box=None, expand=True, show_header=False, padding=(0, 1))
    table.add_column(justify="right")
    table.add_column(justify="right")
    if scene.book is not None:
        for px, qty in reversed(scene.book.asks[:_BOOK_LEVELS]):
            table.add_row(Text(px, "red"), qty)
        table.add_row("", "")
        for px, qty in scene.book.bids[:_BOOK_LEVELS]:
            table.add_row(Text(px, "green"), qty)
    return Panel(table, title=f"book of {scene.symbol}")


def _sessions(scene: Scene) -> RenderableType:
    table = Table(box=None, expand=True, padding=(0, 1))
    table.add_column("session")
    for name in ("position", "orders", "fills"):
        table.add_column(name, justify="right")
    for each in scene.sessions:
        label = Text.assemble(f"{each.session} ", (each.name, "bold"), "\n", (f"  {each.does}", "dim"))
        table.add_row(label, _signed(plain(each.net)), str(each.orders), str(each.fills))
    return Panel(table, title="strategies, as booked in pos.db")


def _account(scene: Scene) -> RenderableType:
    table = Table(box=None, expand=True, show_header=False, padding=(0, 1))
    table.add_column()
    table.add_column(justify="right")
    total = sum((each.net for each in scene.sessions), scene.external)
    table.add_row("wallet", "-" if scene.wallet is None else f"{scene.wallet:.4f} USDT")
    table.add_row(f"position in {scene.symbol}", _signed(plain(scene.account_net)))
    table.add_row("sessions + EXTERNAL", _signed(plain(total)))
    return Panel(table, title="account, as the exchange has it")


def _news(scene: Scene, lines: int) -> RenderableType:
    table = Table.grid(padding=(0, 1), expand=True)
    table.add_column(no_wrap=True, style="bold")
    table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
    for fact in list(scene.facts)[-lines:]:
        table.add_row(fact.name, Text(fact.text, "green" if "FILLED" in fact.text else ""))
    return Panel(table, title="orders as they change, as the strategies print them")


def _signed(text: str) -> Text:
    return Text(text, "red" if text.startswith("-") else "green" if text != "0" else "")


def show_reckoning(console: Console, reckoning: Reckoning, names: dict[int, str]) -> None:
    """The summary: both records side by side."""
    table = Table(title="The gateway's books beside the exchange's ledger", box=box.SIMPLE_HEAD)
    table.add_column("session")
    table.add_column("symbol")
    for name in ("fills booked", "at the exchange", "position booked", "at the exchange", "difference"):
        table.add_column(name, justify="right")
    for line in reckoning.lines:
        who = "EXTERNAL" if line.session == EXTERNAL else f"{line.session} {names.get(line.session, '')}".rstrip()
        table.add_row(
            who,
            line.symbol.lower(),
            str(line.fills_booked),
            str(line.fills_at_exchange),
            plain(line.net_booked),
            plain(line.net_at_exchange),
            _verdict(plain(line.difference)),
        )
    table.add_section()
    for symbol, difference in reckoning.account_differences.items():
        account = reckoning.account.get(symbol)
        table.add_row(
            "all, beside the account",
            symbol.lower(),
            str(reckoning.fills),
            "",
            plain(sum((line.net_booked for line in reckoning.lines if line.symbol == symbol), start=difference * 0)),
            "0" if account is None else plain(account),
            _verdict(plain(difference)),
        )
    console.print(table)


def _verdict(difference: str) -> Text:
    return Text(difference, "bold green" if difference == "0" else "bold red")
