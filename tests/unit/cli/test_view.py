"""The demonstration's view shows what the scene knows, at any size of terminal."""

from __future__ import annotations

import io
from decimal import Decimal

import pytest
from rich.console import Console

from tradingsys.cli.demo.reckoning import Line, Reckoning
from tradingsys.cli.demo.scene import Fact, Scene
from tradingsys.cli.demo.story import strategies
from tradingsys.cli.demo.view import show_reckoning, view_for
from tradingsys.core.ids import EXTERNAL
from tradingsys.wire.messages import DepthPush


def terminal(width: int, height: int) -> Console:
    return Console(file=io.StringIO(), force_terminal=True, width=width, height=height, color_system=None)


def shown(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def scene() -> Scene:
    levels = 20
    made = Scene("dogeusdt", 30.0, strategies(), elapsed_s=12.0, status="trading", wallet=Decimal("99999.5"))
    made.book = DepthPush(
        symbol="dogeusdt",
        stream="dogeusdt@depth",
        ts_venue_ms=1,
        ts_gateway_in_ns=1,
        ts_gateway_out_ns=1,
        bids=[(f"0.{59999 - level}", "1500") for level in range(levels)],
        asks=[(f"0.{60001 + level}", "2500") for level in range(levels)],
    )
    made.sessions[1].net, made.sessions[1].fills = Decimal(-20), 7
    made.facts.extend(Fact("momentum", f"Order(09:30:00.123 #{number} dogeusdt BUY: FILLED)") for number in range(50))
    return made


@pytest.mark.parametrize("size", [(80, 24), (100, 40), (200, 60), (80, 16)])
def test_a_terminal_of_any_size_shows_the_best_prices_and_every_strategy(size: tuple[int, int]) -> None:
    console = terminal(*size)
    with view_for(console) as view:
        view.show(scene())
    text = shown(console)
    assert "0.59999" in text
    assert "0.60001" in text
    for each in strategies():
        assert each.name in text
    assert "-20" in text


def test_the_latest_news_are_at_the_bottom() -> None:
    console = terminal(100, 40)
    with view_for(console) as view:
        view.show(scene())
    assert "momentum 09:30:00 #49 dogeusdt BUY: FILLED " in shown(console)
    assert "#0 dogeusdt" not in shown(console)


def test_without_a_terminal_there_are_plain_lines() -> None:
    console = Console(file=io.StringIO(), width=80)
    line = (
        " 12.0 s  dogeusdt 0.59999 / 0.60001   quote_and_kill 0 (0 fills)  momentum -20 (7 fills)"
        "  mean_reversion 0 (0 fills)\n"
    )
    at_s = iter((0.0, 2.9, 3.0))
    with view_for(console, lambda: next(at_s)) as view:
        view.show(scene())
        view.show(scene())
        assert shown(console) == "trading\n" + line
        view.show(scene())
    assert shown(console) == "trading\n" + 2 * line


def test_the_summary_fits_a_narrow_terminal_and_tells_differences() -> None:
    lines = [
        Line(1, "DOGEUSDT", 12, 12, Decimal(10), Decimal(10)),
        Line(EXTERNAL, "DOGEUSDT", 0, 1, Decimal(0), Decimal(7)),
    ]
    console = terminal(80, 40)
    show_reckoning(console, Reckoning(lines, {"DOGEUSDT": Decimal(17)}), {1: "mean_reversion"})
    text = shown(console)
    assert "1 mean_reversion" in text
    assert "EXTERNAL" in text
    assert "The account holds 17 dogeusdt; sessions and EXTERNAL less that: -7" in text
    assert max(len(line) for line in text.splitlines()) <= 80
