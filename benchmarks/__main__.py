"""Latency through the gateway beside the latency of the bare hops, measured in turns."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable

import uvloop
from rich.console import Console
from rich.table import Table

from benchmarks.chains import bare_chain, gateway_chain
from benchmarks.measure import Sample, latency, pooled

Chain = Callable[[int, int, float], Awaitable[Sample]]


async def measure(rounds: int, ticks: int, warm_up: int, pause_s: float) -> tuple[Sample, Sample]:
    """(bare, gateway): the chains take turns, so that a noisy moment of the machine hits both."""
    bare: list[Sample] = []
    gateway: list[Sample] = []
    for _ in range(rounds):
        bare.append(await bare_chain(ticks, warm_up, pause_s))
        gateway.append(await gateway_chain(ticks, warm_up, pause_s))
    return pooled(bare), pooled(gateway)


def table(bare: Sample, gateway: Sample) -> Table:
    """Both chains and their ratio."""
    shown = Table(
        "", "", "bare hops", "gateway + pyalgo", "ratio", title=f"microseconds, {len(bare.to_order_ns)} ticks"
    )
    for column in shown.columns[2:]:
        column.justify = "right"
    rows = (
        ("tick → strategy", bare.to_strategy_ns, gateway.to_strategy_ns),
        ("tick → order at exchange", bare.to_order_ns, gateway.to_order_ns),
    )
    for what, bare_ns, gateway_ns in rows:
        one, other = latency(bare_ns), latency(gateway_ns)
        shown.add_row(what, "p50", f"{one.p50_us:.0f}", f"{other.p50_us:.0f}", f"{other.p50_us / one.p50_us:.2f}")
        shown.add_row("", "p99", f"{one.p99_us:.0f}", f"{other.p99_us:.0f}", f"{other.p99_us / one.p99_us:.2f}")
    return shown


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--ticks", type=int, default=700, help="per round, the warm-up included")
    parser.add_argument("--warm-up", type=int, default=100)
    parser.add_argument("--pause-ms", type=float, default=8.0, help="between an order's arrival and the next tick")
    options = parser.parse_args()
    loop: asyncio.Runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
    with loop:
        bare, gateway = loop.run(measure(options.rounds, options.ticks, options.warm_up, options.pause_ms / 1000))
    Console().print(table(bare, gateway))
    return 0


if __name__ == "__main__":
    sys.exit(main())
