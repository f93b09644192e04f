"""What bad neighbours cost a good strategy, and the gateway's memory.

One gateway, one strategy that answers each tick with an order, and beside it one who sleeps five seconds in each
callback, one who floods, one who sends garbage, one who reads byte by byte, one with 180 open orders who logs in again
and again, one who asks for the rules of 600 symbols all the time, and all of them; and first one who only burns the
processor's time, next to which the others are to be seen. Each stretch with a
neighbour has one without right beside it, in turns before and after, so that a noisy moment of the machine hits both;
the intervals are of 95 %, by drawing the pairs anew.

A neighbour can take the gateway's loop, and it can take the machine. The first is what a gateway can prevent and what
is measured here: neighbours have less of a right to the cores (``--nice 19``), as if they had cores of their own. What
the second costs, ``--nice 0`` shows: neighbours that never rest then have the same right to a core as the gateway and
the good strategy, and where there are fewer cores than processes that want one all of them wait, whatever the gateway
does. A user who cannot trust a neighbour on that gives it a core of its own, or less of a right to those of others.

Memory is what of the gateway's process is resident (``/proc/<pid>/statm``): the most in a stretch less what it was at
its beginning. What the kernel holds for a connection comes on top, and is bounded by 1.1 MiB.

``python -m benchmarks.neighbours --rounds 6``
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import msgspec
import uvloop
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from msgspec import Struct
from rich.console import Console
from rich.table import Table

from benchmarks.chains import free_port, line, process
from benchmarks.measure import latency
from benchmarks.neighbour import KINDS
from benchmarks.venue import API_KEY, MeasuringVenue
from tradingsys.venues.auth import load_signer

__all__ = ["main"]

_TOGETHER = "all of them"
_WARM_UP = 100
_SETTLE_S = 0.3
_SAMPLE_S = 0.05
_DRAWS = 400
_MIB = 2**20
_LIMITS = {"max_orders_per_s": 10**6, "order_burst": 10**6, "max_same_orders": 10**6, "max_open_orders": 10**6}


class Stretch(Struct):
    """So many ticks, with neighbours or without: latencies in nanoseconds, memory in bytes."""

    first: int
    end: int
    grown: int
    did: int = 0
    """How often the neighbours did what they do."""
    busy: float = 0.0
    """What part of the time the gateway's process used a core."""
    to_strategy_ns: list[int] = []
    to_answer_ns: list[int] = []


class Pair(Struct):
    """The same without and with."""

    alone: Stretch
    beside: Stretch


MEASURES: dict[str, Callable[[Stretch], list[int]]] = {
    "tick → strategy": lambda stretch: stretch.to_strategy_ns,
    "order → answer": lambda stretch: stretch.to_answer_ns,
}


class Bench:
    """The gateway, the good strategy, and who comes and goes beside them."""

    def __init__(
        self, venue: MeasuringVenue, address: str, gateway_pid: int, ticks: int, folder: Path, nice: int
    ) -> None:
        self._venue, self._address, self._pid = venue, address, gateway_pid
        self._ticks, self._folder, self._nice = ticks, folder, nice
        self._next = 1

    async def warm_up(self) -> None:
        """Ticks that do not count."""
        await self._tick(_WARM_UP)

    async def pair(self, kind: str, *, is_reversed: bool) -> Pair:
        """One stretch without, one with: in this order, or the other way round."""
        kinds = [*KINDS] if kind == _TOGETHER else [kind]
        if is_reversed:
            beside = await self._stretch(kinds)
            return Pair(await self._stretch([]), beside)
        alone = await self._stretch([])
        return Pair(alone, await self._stretch(kinds))

    async def _stretch(self, kinds: Sequence[str]) -> Stretch:
        await asyncio.sleep(_SETTLE_S)
        before = self._resident()
        async with contextlib.AsyncExitStack() as leaving:
            counts = [await leaving.enter_async_context(self._neighbour(kind)) for kind in kinds]
            if kinds:
                await asyncio.sleep(_SETTLE_S)
            first, most = self._next, [self._resident()]
            used_s, began_s = self._used_s(), time.monotonic()
            watching = asyncio.get_running_loop().create_task(self._watch(most))
            try:
                await self._tick(self._ticks)
            finally:
                watching.cancel()
            busy = (self._used_s() - used_s) / (time.monotonic() - began_s)
            return Stretch(first, self._next, max(most) - before, sum(count[0] for count in counts), busy)

    async def _tick(self, ticks: int) -> None:
        await self._venue.run(ticks, 0.004, first=self._next)
        self._next += ticks

    @contextlib.asynccontextmanager
    async def _neighbour(self, kind: str) -> AsyncIterator[list[int]]:
        program = ("-m", "benchmarks.neighbour", kind, self._address, str(self._nice))
        async with process(*program, directory=self._folder) as child:
            told = asyncio.ensure_future(line(child))
            while not (await asyncio.wait([told], timeout=_SETTLE_S))[0]:
                await self._tick(1)  # a callback needs something to be called for
            count = [int(told.result())]

            async def listen() -> None:
                assert child.stdout is not None
                while data := await child.stdout.readline():
                    count[0] = int(data)

            listening = asyncio.get_running_loop().create_task(listen())
            try:
                yield count
            finally:
                listening.cancel()
                child.kill()

    async def _watch(self, most: list[int]) -> None:
        while True:
            await asyncio.sleep(_SAMPLE_S)
            most.append(self._resident())

    def _resident(self) -> int:
        pages = int(Path(f"/proc/{self._pid}/statm").read_text("ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def _used_s(self) -> float:
        """The processor's time that all threads of the gateway have used."""
        fields = Path(f"/proc/{self._pid}/stat").read_text("ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def measure(rounds: int, ticks: int, kinds: Sequence[str], nice: int) -> dict[str, list[Pair]]:
    """All pairs, by kind of neighbour."""
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")
    venue = MeasuringVenue(load_signer(pem_text=pem))
    url = f"ws://127.0.0.1:{await venue.start()}"
    pairs: dict[str, list[Pair]] = {kind: [] for kind in kinds}
    with tempfile.TemporaryDirectory(prefix="tradingsys-bench-") as name:
        folder, port = Path(name), free_port()
        address = f"ws://localhost:{port}"
        config = {
            "apikey": API_KEY,
            "pem": "key.pem",
            "local": address,
            "environment": "sim",
            "urls": {"rest": f"http://127.0.0.1:{venue.http_port}", "ws_api": f"{url}/ws-fapi/v1", "streams": url},
            "limits": _LIMITS,
        }
        (folder / "key.pem").write_text(pem)
        (folder / "usdt.json").write_bytes(msgspec.json.encode(config))
        gateway_program = ("-m", "tradingsys", "usdt", "-c=usdt.json", "-l=error")
        async with process(*gateway_program, directory=folder) as gateway:
            good_program = ("-m", "benchmarks.strategy", address, "answers")
            async with process(*good_program, directory=folder) as good:
                assert await line(good) == "ready"
                await venue.subscribed.wait()
                bench = Bench(venue, address, gateway.pid, ticks, folder, nice)
                await bench.warm_up()
                for number in range(rounds):
                    for kind in kinds:
                        pairs[kind].append(await bench.pair(kind, is_reversed=bool(number % 2)))
                good.terminate()
                told = json.loads(await line(good))
    await venue.stop()
    seen_ns, sent_ns, answered_ns = ({int(tick): ns for tick, ns in times.items()} for times in told)
    for pair in (pair for of_kind in pairs.values() for pair in of_kind):
        for stretch in (pair.alone, pair.beside):
            counted = range(stretch.first, stretch.end)
            stretch.to_strategy_ns = [seen_ns[tick] - venue.tick_ns[tick] for tick in counted]
            stretch.to_answer_ns = [answered_ns[tick] - sent_ns[tick] for tick in counted if tick in answered_ns]
    return pairs


def p99_us(pairs: Sequence[Pair], side: Callable[[Pair], Stretch], measure_of: Callable[[Stretch], list[int]]) -> float:
    """Of all stretches on one side as one."""
    return latency([ns for pair in pairs for ns in measure_of(side(pair))]).p99_us


def interval(pairs: Sequence[Pair], measure_of: Callable[[Stretch], list[int]]) -> tuple[float, float, float]:
    """How many times as long it takes beside a neighbour (p99), and between what that lies."""

    def ratio(of: Sequence[Pair]) -> float:
        return p99_us(of, lambda pair: pair.beside, measure_of) / p99_us(of, lambda pair: pair.alone, measure_of)

    chance = random.Random(1)
    drawn = sorted(ratio(chance.choices(pairs, k=len(pairs))) for _ in range(_DRAWS))
    return ratio(pairs), drawn[_DRAWS * 25 // 1000], drawn[_DRAWS * 975 // 1000 - 1]


def results(pairs: dict[str, list[Pair]], nice: int) -> list[dict[str, object]]:
    """One row for each kind of neighbour and each measure."""
    rows: list[dict[str, object]] = []
    for kind, of_kind in pairs.items():
        for what, measure_of in MEASURES.items():
            middle, low, high = interval(of_kind, measure_of)
            rows.append(
                {
                    "neighbour": kind,
                    "measure": what,
                    "nice": nice,
                    "alone_p99_us": p99_us(of_kind, lambda pair: pair.alone, measure_of),
                    "beside_p99_us": p99_us(of_kind, lambda pair: pair.beside, measure_of),
                    "ratio": middle,
                    "ratio_low": low,
                    "ratio_high": high,
                    "grown_mib": max(pair.beside.grown for pair in of_kind) / _MIB,
                    "grown_alone_mib": max(pair.alone.grown for pair in of_kind) / _MIB,
                    "busy": statistics.fmean(pair.beside.busy for pair in of_kind),
                    "busy_alone": statistics.fmean(pair.alone.busy for pair in of_kind),
                    "did": sum(pair.beside.did for pair in of_kind),
                    "answers": sum(len(measure_of(pair.beside)) for pair in of_kind),
                }
            )
    return rows


def table(rows: Sequence[dict[str, object]], nice: int) -> Table:
    """For people."""
    columns = ("neighbour", "", "p99 alone", "beside", "ratio", "95 %", "memory", "core", "it did")
    shown = Table(*columns, title=f"microseconds, MiB; neighbours at nice {nice}")
    for row in rows:
        shown.add_row(
            str(row["neighbour"]),
            str(row["measure"]),
            f"{row['alone_p99_us']:.0f}",
            f"{row['beside_p99_us']:.0f}",
            f"{row['ratio']:.2f}",
            f"{row['ratio_low']:.2f} … {row['ratio_high']:.2f}",
            f"+{row['grown_mib']:.1f}",
            f"{row['busy']:.2f} ({row['busy_alone']:.2f})",
            str(row["did"]),
        )
    return shown


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.neighbours", description=__doc__)
    parser.add_argument("--rounds", type=int, default=6, help="pairs for each kind of neighbour")
    parser.add_argument("--ticks", type=int, default=150, help="of a stretch")
    parser.add_argument("--only", choices=[*KINDS, _TOGETHER], help="one kind of neighbour")
    parser.add_argument("--nice", type=int, choices=range(20), default=19, help="of the neighbours; see above")
    parser.add_argument("--json", action="store_true", help="the same as JSON")
    options = parser.parse_args()
    kinds = [options.only] if options.only else [*KINDS, _TOGETHER]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        rows = results(runner.run(measure(options.rounds, options.ticks, kinds, options.nice)), options.nice)
    if options.json:
        print(json.dumps(rows, indent=1))
    else:
        Console().print(table(rows, options.nice))
    return 0


if __name__ == "__main__":
    sys.exit(main())
