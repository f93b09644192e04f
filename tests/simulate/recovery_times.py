"""How soon is it known what became of an order, and how soon is a missed execution booked?

``python -m tests.simulate.recovery_times --lives 100``. The gateway's own code, with the margins that it has against
the real exchange, in virtual time: of each life's orders 30 % are accepted and the answers lost, with the events about
them, 10 % never arrive, and of all other events of the account's stream most are lost. Questions are answered from a
state up to two seconds old.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct, structs

from tests.simulate.faults import Faults
from tests.simulate.life import ACCOUNT, SETTINGS
from tests.simulate.network import is_order_request
from tests.simulate.rig import Rig, WireClient
from tests.simulate.world import s
from tradingsys.core.enums import OrderStatus, Side
from tradingsys.core.io import HttpFailed, HttpRequest, Transmission
from tradingsys.oms.cadence import Cadence
from tradingsys.oms.recovery import Margins

__all__ = ["Figures", "measure"]

_SETTINGS = structs.replace(SETTINGS, margins=Margins(), watch_ms=30_000, cadence=Cadence(), symbols=("DOGEUSDT",))
_FAULTS = Faults(lose_event=0.7, staleness_ms=1_990)
_FATES = {
    "answered": _FAULTS,
    "answer lost": structs.replace(_FAULTS, lose_reply=1, lose_event=1),
    "never arrives": _FAULTS,
}
_SHARES = (60, 30, 10)
_STEP_S = 0.05
_AT_ONCE_S = 0.2
"""What is booked so soon was told by the stream, and never missed."""
_ORDERS = 24
_SYMBOL = "DOGEUSDT"
_TARGETS_S = {"found": 3.0, "proven absent": 2 + 15.0, "booked": 12.0}


class Figures(Struct):
    """Seconds, by what was waited for, and what must be zero."""

    waits: dict[str, list[float]]
    duplicates: int = 0
    unsettled: int = 0

    def lines(self) -> Iterator[str]:
        """For people, and whether each target was met."""
        for what, seconds in self.waits.items():
            seconds.sort()
            if seconds:
                at = {share: seconds[min(len(seconds) - 1, len(seconds) * share // 100)] for share in (50, 99)}
                verdict = "met" if at[99] <= _TARGETS_S[what] else "MISSED"
                told = f"p50 {at[50]:6.2f} s   p99 {at[99]:6.2f} s   longest {seconds[-1]:6.2f} s"
                yield f"{what:14} {len(seconds):6}   {told}   (p99 at most {_TARGETS_S[what]:g} s: {verdict})"
        yield f"duplicate orders {self.duplicates}, orders still in doubt {self.unsettled}"

    @property
    def are_met(self) -> bool:
        """Whether all is as it should be."""
        return not self.duplicates and not self.unsettled and not any("MISSED" in line for line in self.lines())


class _Watch:
    """Looks at exchange and gateway from time to time, and notes when each knew what."""

    def __init__(self, rig: Rig, figures: Figures) -> None:
        self.rig, self.figures = rig, figures
        self.asked_ns: dict[str, int] = {}
        self._accepted_ns: dict[str, int] = {}
        self._executed_ns: dict[tuple[str, str], int] = {}
        self._known: set[str] = set()
        self._booked: set[tuple[str, str]] = set()
        self._look()

    def _look(self) -> None:
        world = self.rig.world
        book, now_ns = self.rig.gateway.gateway.book, world.now_ns
        for record in self.rig.simulator.exchange.ledger.orders(ACCOUNT, _SYMBOL):
            self._accepted_ns.setdefault(record.client_order_id, now_ns)
        for trade in self.rig.simulator.exchange.ledger.executions_of(ACCOUNT, _SYMBOL):
            key = (str(trade.exec_id), str(trade.order_id))
            self._executed_ns.setdefault(key, now_ns)
            is_settled = trade.exec_id < book.watermarks[_SYMBOL]
            if key not in self._booked and (is_settled or (_SYMBOL, *key) in book._fills._booked.get(_SYMBOL, ())):
                self._booked.add(key)
                if now_ns - self._executed_ns[key] > s(_AT_ONCE_S):
                    self._note("booked", now_ns - self._executed_ns[key])
        for name, asked_ns in self.asked_ns.items():
            order = book.orders.get(name)
            if order is None or name in self._known:
                continue
            if order.has_evidence:
                self._known.add(name)
                self._note("found", now_ns - self._accepted_ns.get(name, asked_ns))
            elif order.status is OrderStatus.ABSENT:
                self._known.add(name)
                self._note("proven absent", now_ns - asked_ns)
        world.after(s(_STEP_S), self._look)

    def _note(self, what: str, waited_ns: int) -> None:
        self.figures.waits[what].append(waited_ns / 1e9)


def measure(seed: int, folder: Path, figures: Figures) -> None:
    """One life."""
    rig = Rig(folder, settings=_SETTINGS, seed=seed)
    client = rig.client()
    watch = _Watch(rig, figures)
    rig.faults = _FAULTS
    for number in range(_ORDERS):
        _order(rig, client, watch, number)
        rig.run(rig.world.rng.uniform(0.5, 3))
        if rig.world.chance(0.5):  # somebody takes what rests
            side = rig.world.rng.choice((Side.BUY, Side.SELL))
            rig.venue.order("house", _SYMBOL, side, rig.world.rng.randint(5, 60), None, f"house-{rig.world.steps}")
    rig.run(30)
    rig.faults = Faults.none()
    rig.run(30)
    accepted = Counter(record.client_order_id for record in rig.simulator.exchange.ledger.orders(ACCOUNT, _SYMBOL))
    figures.duplicates += sum(count - 1 for count in accepted.values())
    figures.unsettled += sum(order.in_doubt for order in rig.gateway.gateway.book.orders.values())


def _order(rig: Rig, client: WireClient, watch: _Watch, number: int) -> None:
    (fate,) = rig.world.rng.choices(list(_FATES), _SHARES)
    side, px = (("BUY", "0.599"), ("SELL", "0.601"))[number % 2]
    rig.faults = _FATES[fate]
    if fate == "never arrives":
        _lose_next_order(rig)
    known = set(rig.gateway.gateway.book.orders)
    client.ask("order", client.order_params(side=side, price=px, quantity=str(20 + number)), 0.1)
    rig.faults = _FAULTS
    if fate != "answered":
        for name in rig.gateway.gateway.book.orders.keys() - known:
            watch.asked_ns[name] = rig.world.now_ns - s(0.1)


def _lose_next_order(rig: Rig) -> None:
    network = rig.gateway.network
    perform = network.perform

    def lose(transmission: Transmission) -> None:
        if not is_order_request(transmission):
            perform(transmission)
            return
        network.perform = perform  # type: ignore[method-assign]
        if isinstance(transmission, HttpRequest):
            failure = HttpFailed(transmission.token, True, "no answer in time")
            rig.world.after(transmission.timeout_ns, lambda: network._tell(failure))

    network.perform = lose  # type: ignore[method-assign]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulate.recovery_times", description=__doc__)
    parser.add_argument("--lives", type=int, default=100)
    figures = Figures({what: [] for what in _TARGETS_S})
    lives = parser.parse_args().lives
    for seed in range(lives):
        with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
            measure(seed, Path(folder), figures)
    print(f"{lives} lives, {lives * _ORDERS} orders")
    print("\n".join(figures.lines()))
    return 0 if figures.are_met else 1


if __name__ == "__main__":
    sys.exit(main())
