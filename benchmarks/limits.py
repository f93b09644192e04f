"""What limits cost: all checks of an order beside everything else that a gateway does with it.

20 sessions with 200 open orders each, on ten symbols; one of them sends on. Each order is handled twice, with all
limits in force and with none, in turns, so that a noisy moment of the machine hits both. A scripted venue takes the
orders: no socket, no signature, but the real journal.

``python -m benchmarks.limits``
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import tempfile
import time
from decimal import Decimal
from pathlib import Path

from msgspec import structs
from rich.console import Console
from rich.table import Table
from tests.unit.gateway.scene import SETTINGS, Scene, SceneClient
from tests.unit.gateway.scripted_venue import ScriptedVenue, instrument

from benchmarks.measure import latency
from tradingsys.core.commands import Command
from tradingsys.core.market import BestBidOffer
from tradingsys.gateway.configuration.session_config import UNLIMITED, LimitsConfig
from tradingsys.oms.limits import AccountLimits
from tradingsys.venues.protocol import Cost

__all__ = ["main"]

SESSIONS, ORDERS, SYMBOLS = 20, 200, 10
_PAUSE = 50
"""Orders between two pauses: a connection may send only so many messages a second."""
_ALL_LIMITS = LimitsConfig(
    max_order_qty=Decimal(10**9),
    max_position_notional=Decimal(10**9),
    max_gross_notional=Decimal(10**9),
    max_unexecuted_notional=Decimal(10**9),
    max_open_orders=10**6,
    max_open_orders_of_symbol=10**6,
    max_orders_per_s=10**6,
    order_burst=10**6,
    max_same_orders=10**6,
    block_in_doubt=True,
    account=AccountLimits(
        max_gross_notional=Decimal(10**9), max_unexecuted_notional=Decimal(10**9), max_open_orders=10**6
    ),
)
"""Wide, so that nothing is denied, and every one is asked."""


class _Venue(ScriptedVenue):
    """Takes any number of orders."""

    def __init__(self) -> None:
        super().__init__()
        self.instruments = [instrument(f"COIN{number}USDT") for number in range(SYMBOLS)]

    def cost(self, command: Command) -> Cost:  # noqa: ARG002 - the venue's method
        """Nothing."""
        return Cost(0, 0)


def _crowd(folder: Path, limits: LimitsConfig) -> tuple[Scene, SceneClient]:
    """A gateway whose sessions have all their orders open, and the one that sends on."""
    venue = _Venue()
    names = [each.symbol for each in venue.instruments]
    scene = Scene(folder, structs.replace(SETTINGS, limits=limits, symbols=tuple(names)), venue=venue).ready()
    _prices(scene)
    scene.store.commit = lambda records, done: done(None)  # type: ignore[method-assign]  # noqa: ARG005
    clients = [scene.client(session) for session in range(SESSIONS)]
    for client in clients:
        for number in range(ORDERS):
            if number % _PAUSE == 0:
                scene.run(1)
                _prices(scene)
            _handled_ns(client, number)
    return scene, clients[0]


def _prices(scene: Scene) -> None:
    for name in scene.settings.symbols:
        scene.gateway.market.prices.note(BestBidOffer(name, 0, "0.59999", "1000", "0.60001", "1000"), scene.now_ns)


def _handled_ns(client: SceneClient, number: int) -> int:
    """One order, from its bytes to the answer's."""
    side = "BUY" if number % 2 else "SELL"
    params = client.order_params(symbol=f"coin{number % SYMBOLS}usdt", side=side, quantity=str(10 + number % 50))
    data = json.dumps({"id": number, "method": "order", "params": params}).encode()
    began_ns = time.thread_time_ns()
    client.say(data)
    took_ns = time.thread_time_ns() - began_ns
    assert b'"error"' not in client.peer.sent[-1], client.peer.sent[-1]
    client.peer.sent.clear()
    return took_ns


def measure(orders: int) -> tuple[list[int], list[int], list[int]]:
    """Nanoseconds of each order: with limits, without, and of the checks alone."""
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        limited, client = _crowd(Path(first), _ALL_LIMITS)
        free, other = _crowd(Path(second), UNLIMITED)
        checks: list[int] = []
        ask = limited.gateway.limiting.order

        def timed(*args: object, **named: object) -> None:
            began_ns = time.thread_time_ns()
            ask(*args, **named)  # type: ignore[arg-type]
            checks.append(time.thread_time_ns() - began_ns)

        limited.gateway.limiting.order = timed  # type: ignore[method-assign]
        with_limits: list[int] = []
        without: list[int] = []
        gc.disable()
        for number in range(orders):
            if number % _PAUSE == 0:
                limited.run(1)
                free.run(1)
                _prices(limited)
                _prices(free)
                gc.collect()
            with_limits.append(_handled_ns(client, number))
            without.append(_handled_ns(other, number))
        gc.enable()
        return with_limits, without, checks


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.limits", description=__doc__)
    parser.add_argument("--orders", type=int, default=3_000)
    with_limits, without, checks = map(latency, measure(parser.parse_args().orders))
    shown = Table("", "p50", "p99", title=f"microseconds, {SESSIONS} sessions with {ORDERS} open orders each")
    for column in shown.columns[1:]:
        column.justify = "right"
    for what, told in (("all limits", checks), ("an order with them", with_limits), ("an order without", without)):
        shown.add_row(what, f"{told.p50_us:.1f}", f"{told.p99_us:.1f}")
    rest = f"{checks.p50_us / without.p50_us:.2f}", f"{checks.p99_us / without.p99_us:.2f}"
    shown.add_row("limits / everything else", *rest)
    Console().print(shown)
    return 0


if __name__ == "__main__":
    sys.exit(main())
