"""The demonstration in a terminal: one live screen, or a plain line now and then where there is no terminal."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from decimal import Decimal
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

_PRINTED_ORDER = re.compile(r"Order\(([0-9:]{8})\.\d+ (.*)\)")
_PLAIN_EVERY_S = 3.0
_FRAMES_PER_S = 8
_HEADER, _ACCOUNT = 4, 5
"""Lines that these panels take, frame included."""
_MIDDLE_LEAST, _MIDDLE_MOST = 11, 19
_NEWS_WANTED = 9


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


def view_for(console: Console, now_s: Callable[[], float] = time.monotonic) -> View:
    """The view that suits the console; it shows what there is now and then, by the clock ``now_s``."""
    return _LiveView(console, now_s) if console.is_terminal else _PlainView(console, now_s)


class _PlainView:
    def __init__(self, console: Console, now_s: Callable[[], float]) -> None:
        self._console = console
        self._now_s = now_s
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
        now = self._now_s()
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
    def __init__(self, console: Console, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._live = Live(console=console, screen=True, auto_refresh=False)
        self._next = 0.0

    def __enter__(self) -> View:
        self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.__exit__(kind, error, trace)

    def show(self, scene: Scene) -> None:
        now = self._now_s()
        if now >= self._next:
            self._next = now + 1 / _FRAMES_PER_S
            self._live.update(_screen(scene, self._live.console.height), refresh=True)


def _screen(scene: Scene, height: int) -> RenderableType:
    middle = min(_MIDDLE_MOST, max(_MIDDLE_LEAST, height - _HEADER - _NEWS_WANTED))
    news = height - _HEADER - middle
    layout = Layout()
    layout.split_column(Layout(_header(scene), size=_HEADER), Layout(name="middle", size=middle))
    layout["middle"].split_row(Layout(_book(scene, (middle - 3) // 2), ratio=2), Layout(name="right", ratio=3))
    layout["right"].split_column(
        Layout(_sessions(scene, is_roomy=middle > _MIDDLE_LEAST + len(scene.sessions))),
        Layout(_account(scene), size=_ACCOUNT),
    )
    if news > 2:
        layout.add_split(Layout(_news(scene, news - 2)))
    return layout


def _header(scene: Scene) -> RenderableType:
    bar = ProgressBar(total=scene.seconds, completed=min(scene.elapsed_s, scene.seconds))
    words = Text.assemble(
        ("tradingsys demo  ", "bold"), "exchange in a box · gateway · three strategies   ", (scene.status, "cyan")
    )
    return Panel(Group(words, bar), box=box.ROUNDED)


def _book(scene: Scene, levels: int) -> RenderableType:
    table = Table(box=None, expand=True, show_header=False, padding=(0, 1))
    table.add_column(justify="right")
    table.add_column(justify="right")
    if scene.book is not None:
        for px, qty in reversed(scene.book.asks[:levels]):
            table.add_row(Text(px, "red"), qty)
        table.add_row("", "")
        for px, qty in scene.book.bids[:levels]:
            table.add_row(Text(px, "green"), qty)
    return Panel(table, title=f"book of {scene.symbol}")


def _sessions(scene: Scene, *, is_roomy: bool) -> RenderableType:
    table = Table(box=None, expand=True, padding=(0, 1))
    table.add_column("session")
    for name in ("position", "orders", "fills"):
        table.add_column(name, justify="right")
    for each in scene.sessions:
        label = Text.assemble(f"{each.session} ", (each.name, "bold"))
        if is_roomy:
            label.append(f"\n  {each.does}", "dim")
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
        table.add_row(fact.name, Text(_short(fact.text), "green" if ": FILLED" in fact.text else ""))
    return Panel(table, title="orders as they change, as the strategies print them")


def _short(text: str) -> str:
    """An order as it prints itself, without what the panel's frame says already."""
    order = _PRINTED_ORDER.fullmatch(text)
    return f"{order[1]} {order[2]}" if order else text


def _signed(text: str) -> Text:
    return Text(text, "red" if text.startswith("-") else "green" if text != "0" else "")


def show_reckoning(console: Console, reckoning: Reckoning, names: dict[int, str]) -> None:
    """The summary: both records side by side."""
    table = Table(title="The gateway's books beside the exchange's ledger", box=box.SIMPLE_HEAD, padding=0)
    table.add_column("session", no_wrap=True)
    table.add_column("symbol", no_wrap=True)
    for name in ("fills\nbooked", "fills\nin ledger", "position\nbooked", "position\nin ledger", "\ndifference"):
        table.add_column(name, justify="right", no_wrap=True)
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
    console.print(table)
    for symbol, difference in reckoning.account_differences.items():
        held = plain(reckoning.account.get(symbol, Decimal(0)))
        words = f"The account holds {held} {symbol.lower()}; sessions and EXTERNAL less that: "
        console.print(Text.assemble(words, _verdict(plain(difference))))


def _verdict(difference: str) -> Text:
    return Text(difference, "bold green" if difference == "0" else "bold red")
