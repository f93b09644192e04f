"""``python -m tests.simulate.layers --seeds 30``: lives in which only one source of truth tells anything, since what
two tell hides that one is not listened to.

The account's stream of events, the history of trades, and questions about orders each tell the gateway what became of
its orders. Here two of them are silent or know nothing, and what must be true with the third alone is judged.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from msgspec import structs

from tests.simulate.faults import Faults
from tests.simulate.incarnation import Incarnation
from tests.simulate.judge import Judge
from tests.simulate.life import ACCOUNT, SETTINGS, Life
from tests.simulate.quiet import quiet
from tests.simulate.truth import Truth
from tests.simulate.verdict import Verdict
from tests.simulate.wish import PRICES
from tests.simulate.world import ms
from tradingsys.core.ids import EXTERNAL
from tradingsys.core.io import Frame, Input
from tradingsys.oms import trade_history
from tradingsys.oms.recovery import Timing
from tradingsys.sim.events import Execution
from tradingsys.sim.faces.transport import Reply, Request, WsOutput
from tradingsys.store import read
from tradingsys.store.read import reading

__all__ = ["Layer", "LayerLife", "command"]

_NO_SUCH_ORDER = Reply(400, b'{"code":-2013,"msg":"Order does not exist."}')
_NONE = Reply(200, b"[]")
_LISTS = ("/openOrders", "/openAlgoOrders", "/allAlgoOrders")
_ORDERS = ("/order", "/algoOrder")
_PAGE = 3
_DIES_OF_READING = 0.06


class Layer(StrEnum):
    """What tells something."""

    STREAM = "stream"
    """Events of the account, late and more than once, but never lost while somebody listens; restarts are orderly.
    Everything that the gateway was told is booked, once and to its owner.
    """
    HISTORY = "history"
    """The history of trades, in pages of few rows, and whose an order is by the exchange's own id. No event, and no
    question by our id finds an order; gateways die while they take in what they read. The books equal the ledger.
    """
    QUERIES = "queries"
    """Questions about orders. No event, no trade is ever shown. Nothing is booked; every order is known as it is at
    the exchange, and what it executed is told as not booked yet.
    """


_COMMON = Faults(
    lose_reply=0.08,
    lose_request=0.05,
    late_request=0.1,
    strategy_kills_per_s=0.05,
    drops_per_s=0.1,
    half_open=0.5,
    gateway_kills_per_s=0.15,
)
_FAULTS = {
    Layer.STREAM: structs.replace(_COMMON, late_event=0.2, duplicate_event=0.3, manual_trades_per_s=0.3),
    Layer.HISTORY: structs.replace(
        _COMMON,
        lose_event=1.0,
        manual_trades_per_s=4.0,
        gateway_kills_per_s=0.05,
        restart_ms=20.0,
        power_cut=0.2,
        staleness_ms=490.0,
        fundings_per_s=0.2,
    ),
    Layer.QUERIES: structs.replace(_COMMON, lose_event=1.0, kill_at_send=0.03, power_cut=0.3),
}


class LayerLife(Life):
    """A life in which all but one are silent."""

    settings = structs.replace(
        SETTINGS,
        timing=Timing(first_retry_ms=20, longest_retry_ms=50),
        cadence=structs.replace(SETTINGS.cadence, first_audit_ms=1_000_000),
    )
    """Who gets no answer asks again at once, and nobody compares the books with a history that shows nothing."""

    def __init__(self, seed: int, folder: Path, layer: Layer) -> None:
        self.layer = layer
        self._heard: set[tuple[str, int, int]] = set()
        """Symbol, trade and order of executions that a living gateway was told of by an event."""
        super().__init__(seed, folder, faults=_FAULTS[layer])
        answer = self.venue.simulator.http

        def http(request: Request, now_ns: int) -> tuple[Reply, list[WsOutput]]:
            withheld = self._withheld(request)
            if withheld is not None:
                return withheld, []
            self._die_of_reading(request)
            with self._positions():
                return answer(request, now_ns)

        self.venue.simulator.http = http  # type: ignore[method-assign]

    def live(self) -> Verdict:
        """As any life; where history is all there is, its pages end everywhere."""
        with pytest.MonkeyPatch.context() as patch:
            if self.layer is Layer.HISTORY:
                patch.setattr(trade_history, "_PAGE", _PAGE)
            return super().live()

    # ---- what is not told

    def _withheld(self, request: Request) -> Reply | None:
        """What a silent source says; None where this layer answers."""
        if request.method != "GET":
            return None
        if request.path.endswith("/userTrades") and self.layer is not Layer.HISTORY:
            return _NONE
        if self.layer is Layer.QUERIES:
            return None
        if request.path.endswith(_LISTS):
            return _NONE
        is_by_venue_id = "orderId" in parse_qs(request.query.decode())
        if request.path.endswith(_ORDERS) and not (self.layer is Layer.HISTORY and is_by_venue_id):
            return _NO_SUCH_ORDER
        return None

    @contextmanager
    def _positions(self) -> Iterator[None]:
        """The account shows no more than this layer tells: a difference is another rule's business."""
        if self.layer is Layer.HISTORY:
            yield
            return
        account = self.venue.simulator.exchange.accounts[ACCOUNT]
        true = account.positions
        nets: Counter[str] = Counter()
        for row in self._told():
            nets[row.symbol] += row.qty * row.side.sign  # type: ignore[assignment]
        account.positions = {symbol: structs.replace(held, net=Decimal(nets[symbol])) for symbol, held in true.items()}
        try:
            yield
        finally:
            account.positions = true

    def _told(self) -> Iterator[Execution]:
        """Executions that this layer told the gateway of."""
        for row in self.venue.simulator.exchange.ledger.executions:
            is_told = (row.symbol, row.exec_id, row.order_id) in self._heard
            if row.account == ACCOUNT and (is_told or self.layer is Layer.HISTORY):
                yield row

    # ---- how gateways live

    def _run_gateway(self) -> None:
        super()._run_gateway()
        assert self.gateway is not None
        self._listen(self.gateway)

    def _listen(self, incarnation: Incarnation) -> None:
        gateway = incarnation.gateway
        take = gateway.venue_event

        def venue_event(event: Input) -> None:
            if isinstance(event, Frame) and event.channel == "user":
                self._note(event.data)
            take(event)

        gateway.venue_event = venue_event  # type: ignore[method-assign]

    def _note(self, data: bytes) -> None:
        message = json.loads(data)
        event = message.get("o", message)
        if message.get("e") in ("ORDER_TRADE_UPDATE", "TRADE_LITE") and event.get("t"):
            self._heard.add((event["s"], event["t"], event["i"]))

    def _kill_gateway(self) -> None:
        """With the stream alone nobody reads again what a death took, nor what has no owner yet: there a gateway is
        stopped, and not before it has booked what it was told.
        """
        gateway = self.gateway
        if self.layer is not Layer.STREAM:
            super()._kill_gateway()
        elif gateway is not None and gateway.alive and not gateway.gateway.book.unattributed:
            self.counts["restarts"] += 1
            gateway.stop()
            self.world.after(ms(20), self._start_gateway)

    def _die_of_reading(self, request: Request) -> None:
        """With what history told in memory, or on its way to the disk."""
        is_history = request.path.endswith("/userTrades") and self.layer is Layer.HISTORY
        if is_history and not self.is_quiet and self.world.chance(_DIES_OF_READING):
            gateway = self.gateway
            assert gateway is not None
            self.counts["deaths of reading"] += 1
            self.world.after(ms(self.world.rng.uniform(1, 40)), lambda: gateway.kill("with what it read"))

    def _trade_by_hand(self) -> None:
        """Not before symbols are accounted for: no history tells what was traded while they were entered."""
        gateway = self.gateway
        if gateway is not None and len(gateway.gateway.book.symbols) == len(PRICES):
            super()._trade_by_hand()

    # ---- judgement

    def _judge(self, gateway: Incarnation) -> list[str]:
        gateway.gateway.flush()
        with reading(self.folder / "pos.db") as conn:
            judge = Judge(self, conn)
            self.counts += judge.seen()
            booked: Counter[tuple[object, ...]] = Counter(
                (session, row.fill.symbol, row.fill.exec_id, row.fill.venue_order_id)
                for session in (*(each.session for each in self.strategies), EXTERNAL)
                for row in read.fills(conn, session, limit=1_000_000)
            )
            violations = list(self._of_this_layer(judge))
        violations += self._books(judge.truth, booked, gateway)
        violations += self.venue.sent.wrong()
        if not gateway.gateway.is_ready:
            violations.append(f"the gateway is not ready: {gateway.gateway.text}")
        if gateway.gateway.recovery.differences:
            violations.append(f"differences: {gateway.gateway.recovery.differences}")
        return violations

    def _noticed(self) -> list[str]:
        """What questions do not find is not counted; where they are all there is, it is."""
        return [*self.overseer.wrong, *self.asked.wrong, *(self._uncounted if self.layer is Layer.QUERIES else ())]

    def _of_this_layer(self, judge: Judge) -> Iterator[str]:
        match self.layer:
            case Layer.HISTORY:
                yield from judge.money()
            case Layer.QUERIES:
                yield from judge.orders()
                yield from self.witness.verdicts(judge.truth)
                yield from (f"at {at}: {what}" for what, at in self._uncounted.items())

    def _books(self, truth: Truth, booked: Counter[tuple[object, ...]], gateway: Incarnation) -> Iterator[str]:
        """What this layer told is booked, once and to its owner; and nothing else."""
        told: Counter[tuple[object, ...]] = Counter()
        nets: dict[tuple[int, str], Decimal] = defaultdict(Decimal)
        book = gateway.gateway.book
        for row in self._told():
            if row.exec_id >= book.symbols.get(row.symbol, row.exec_id + 1):
                owner = truth.owner(row)
                session = owner.key.session if owner else EXTERNAL
                told[session, row.symbol, str(row.exec_id), str(row.order_id)] += 1
                nets[session, row.symbol] += row.qty * row.side.sign
        for missing in (told - booked).elements():
            yield f"told by the {self.layer}, and not booked: {missing}"
        for invented in (booked - told).elements():
            yield f"not told by the {self.layer}, and booked: {invented}"
        for (session, symbol), net in book.positions.items():
            if session != EXTERNAL and net != nets[session, symbol]:
                told_net = nets[session, symbol]
                yield f"session {session} {symbol}: the {self.layer} told of {told_net}, the book has {net}"
        if book.unattributed:
            yield f"fills without owner: {book.unattributed}"


def command(layer: Layer, seed: int) -> str:
    """What replays a life, also where all that it needs is in a virtual environment that make keeps."""
    return f'make layers SEEDS=1 ARGS="--layer {layer} --first {seed}"'


@quiet()
def main() -> int:
    """So many lives of each layer; 1 when one ended badly."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulate.layers", description=__doc__)
    parser.add_argument("--seeds", type=int, default=30, help="how many lives of each layer")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--layer", type=Layer, choices=list(Layer), help="only this one")
    options = parser.parse_args()
    failed = 0
    for layer in [options.layer] if options.layer else Layer:
        began, counts = time.monotonic(), Counter[str]()
        for seed in range(options.first, options.first + options.seeds):
            with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
                verdict = LayerLife(seed, Path(folder), layer).live()
            counts += verdict.counts
            failed += bool(verdict.violations)
            for violation in verdict.violations:
                print(f"{command(layer, seed)}  {violation}")
        met = ", ".join(f"{counts[what]} {what}" for what in ("orders accepted", "executions", "gateway starts"))
        print(f"{layer}: {options.seeds} lives in {time.monotonic() - began:.0f} s, {met}", flush=True)
    print(f"{failed} with violations")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
