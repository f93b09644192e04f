"""What a stretch plays on: simulator, gateway and strategies as processes, and the wires between them."""

from __future__ import annotations

import json
import os
import resource
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from heapq import heappop, heappush
from pathlib import Path
from random import Random
from typing import Any, get_args

import msgspec
from msgspec import Struct, structs

from tests.campaign.asset_campaign import DEPOSITS
from tests.campaign.hand import Hand
from tests.chaos.arrivals import ARRIVALS
from tests.chaos.clocks import Haste, set_clock
from tests.chaos.crash_points import Crash
from tests.chaos.product import Setting
from tests.chaos.proxy import Line, Wires
from tests.chaos.strategies import QUIET
from tests.process.desk import Desk
from tests.process.world import Process, World, eventually, free_port
from tradingsys.oms.limits import AccountLimits, Limits

__all__ = ["GAUGE", "PRODUCTS", "Cast", "Stage"]

GAUGE = "gauge.json"
"""Where a gateway in a hurry counts: see `gauge.Gauge`."""

_RECV_WINDOW_MS = 1_500
_SETTING = "-m", "tests.chaos.product"
_HURRIED_JOURNAL = Setting(small_segments=True)
_FOREVER = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


class _Product(Struct, frozen=True):
    command: str
    config: str
    db: str
    admin: str


PRODUCTS = {
    "usdm": _Product("usdt", "usdt.json", "pos.db", "futures"),
    "spot": _Product("spot", "spot.json", "spot.db", "spot"),
}


class Cast(Struct, frozen=True):
    """Who plays."""

    processes: int = 4
    sessions_each: int = 5
    per_second: float = 40.0
    """Requests of all strategies together."""

    @property
    def sessions(self) -> range:
        """All numbers."""
        return range(1, 1 + self.processes * self.sessions_each)


class Stage:
    """Everything that can be hit, and what was done to it."""

    def __init__(
        self,
        world: World,
        wires: Wires,
        product: str,
        cast: Cast,
        random: Random,
        setting: Setting,
        haste: Haste | None,
    ) -> None:
        self.world, self.wires, self.product, self.cast, self.random = world, wires, product, cast, random
        self.kind = PRODUCTS[product]
        self.desk = Desk(world)
        self.db = world.directory / self.kind.db
        self.gateway: Process | None = None
        self.gateways = 0
        self.strategies: list[Process] = []
        self.faults: Counter[str] = Counter()
        self.disk_was_full = False
        """In the life of the gateway that runs, or ran last."""
        self._setting = structs.replace(setting, clock="clock", haste=haste, gauge=None if haste is None else GAUGE)
        self._recv_window_ms = round(_RECV_WINDOW_MS * (1 if haste is None else haste.speed))
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._planned = 0
        set_clock(world.directory / "clock", 0)
        self._port = free_port()
        self.exchange_lines, self.strategy_lines = self._wire()

    @classmethod
    @contextmanager
    def built(
        cls,
        directory: Path,
        product: str,
        cast: Cast,
        seed: int,
        profile: str,
        setting: Setting = _HURRIED_JOURNAL,
        haste: Haste | None = None,
    ) -> Iterator[Stage]:
        """With a simulator that runs; strategies, and gateways with this setting, are started by whoever plays."""
        options = [f"--seed={seed}", f"--chaos={profile}", "--orders-per-minute=10000000", "--deposit=100000000"]
        if haste is not None:
            options.append(f"--speed={haste.speed}")
        program = (*_SETTING, msgspec.json.encode(Setting(generous=True, began=haste, arrivals=str(ARRIVALS))).decode())
        wires = Wires()
        directory.mkdir(parents=True, exist_ok=True)
        try:
            with World.running(directory, sim_options=options, sim_program=program) as world:
                stage = cls(world, wires, product, cast, Random(seed), setting, haste)
                if product == "spot":
                    hand = Hand(world, product, stage.random)
                    for asset, amount in DEPOSITS[product].items():
                        hand.deposit(asset, amount)
                yield stage
        finally:
            wires.close()

    # ---- processes

    def start_gateway(self, crash: Crash | None = None) -> Process:
        """The product's gateway, that will die at this instant if it gets there."""
        setting = msgspec.json.encode(structs.replace(self._setting, crash=crash)).decode()
        command = (self.kind.command, f"-c={self.kind.config}", "-l=info")
        self.gateway = self.world.start("gateway", *_SETTING, setting, *command)
        self.gateways += 1
        self.disk_was_full = False
        return self.gateway

    def start_strategies(self) -> None:
        """All that do not run."""
        for number in range(self.cast.processes):
            known = self.strategies[number : number + 1]
            if known and known[0].is_running:
                continue
            self.strategies[number : number + 1] = [self._start_strategy(number)]

    def _start_strategy(self, number: int) -> Process:
        cast = self.cast
        return self.world.start(
            "strategies",
            "-m",
            "tests.chaos.strategies",
            f"ws://127.0.0.1:{self.strategy_lines[number].port}",
            self.product,
            str(cast.sessions[number * cast.sessions_each]),
            str(cast.sessions_each),
            str(cast.per_second / cast.processes),
            str(self.random.randrange(2**31)),
            PYALGO_TOKEN=self.token(),
        )

    def token(self) -> str:
        """The local port's, made by the first gateway."""
        path = self.world.directory / "tradingsys" / f"token-{self._port}"
        eventually("the gateway's token", path.exists)
        return path.read_text().strip()

    def signal(self, process: Process | None, number: signal.Signals) -> None:
        """To one that runs."""
        if process is not None and process.is_running:
            process.popen.send_signal(number)

    def limit_files(self, size: int | None) -> None:
        """No file of the gateway can grow beyond ``size``, as on a disk that is full; None lifts it."""
        if self.gateway is not None and self.gateway.is_running:
            limit = _FOREVER if size is None else (size, resource.RLIM_INFINITY)
            resource.prlimit(self.gateway.popen.pid, resource.RLIMIT_FSIZE, limit)

    @property
    def files(self) -> list[Path]:
        """The book, its log and the journal."""
        return [path for path in self.world.directory.glob(f"{self.kind.db}*") if not path.name.endswith(".lock")]

    def cut_power(self) -> None:
        """What a power cut adds to the death of the gateway: no ticket, and a journal that lost some of its tail."""
        for ticket in self.world.directory.glob("*.ticket"):
            ticket.unlink()
        journal = Path(f"{self.db}.journal")
        with suppress(FileNotFoundError):
            size, header = journal.stat().st_size, len(journal.read_bytes().split(b"\n", 1)[0]) + 1
            if size > header:
                os.truncate(journal, self.random.randint(header, size))

    # ---- time

    def later(self, after_s: float, action: Callable[[], None]) -> None:
        """Do something in so many seconds, whatever lives then."""
        self._planned += 1
        heappush(self._agenda, (time.monotonic() + after_s, self._planned, action))

    def turn(self, *, all_of_it: bool = False) -> None:
        """Do what is due, or all that is planned."""
        while self._agenda and (all_of_it or self._agenda[0][0] <= time.monotonic()):
            heappop(self._agenda)[2]()

    # ---- the exchange

    def ask(self, what: str) -> Any:
        """The exchange's own records of the account."""
        return self.world.admin(f"{what}?product={self.kind.admin}&account=main")

    @property
    def executions(self) -> int:
        """How many the exchange has."""
        count: int = self.world.admin(f"status?product={self.kind.admin}")["executions"]
        return count

    def status(self) -> dict[str, Any] | None:
        """The gateway's, if it answers."""
        try:
            found: dict[str, Any] = self.desk.ask("status", f"-c={self.kind.config}")
        except AssertionError:
            return None
        return found["status"] if found["source"]["kind"] == "gateway" else None

    # ---- the end

    def calm(self) -> None:
        """End every fault and every whim, and wait until nothing is open or in doubt any more."""
        self.turn(all_of_it=True)
        for line in (*self.exchange_lines, *self.strategy_lines):
            self.wires.mend(line)
        self.limit_files(None)
        self.world.admin("chaos", {"on": False})
        if self.gateway is None or not self.gateway.is_running or self.disk_was_full:
            if self.gateway is not None and self.gateway.is_running:
                self.gateway.kill()
            self.start_gateway()
        self.start_strategies()
        (self.world.directory / QUIET).touch()
        assert self.gateway is not None
        self.world.wait_until_ready(self.gateway)
        for strategy in self.strategies:
            eventually("strategies to begin", partial(_has_begun, strategy))

    def _wire(self) -> tuple[list[Line], list[Line]]:
        """Between gateway and exchange, and between each process of strategies and the gateway."""
        path = self.world.directory / self.kind.config
        config = json.loads(path.read_text())
        lines: dict[int, Line] = {}
        urls = {}
        for name, url in config["urls"].items():
            scheme, _, rest = url.partition("://localhost:")
            port, slash, way = rest.partition("/")
            line = lines.setdefault(int(port), self.wires.to(int(port)))
            urls[name] = f"{scheme}://127.0.0.1:{line.port}{slash}{way}"
        own = {
            "urls": urls,
            "local": f"ws://localhost:{self._port}",
            "recv_window_ms": self._recv_window_ms,
            "limits": {**_unlimited(Limits), "account": _unlimited(AccountLimits)},
        }
        path.write_text(json.dumps(config | own))
        return list(lines.values()), [self.wires.to(self._port) for _ in range(self.cast.processes)]


def _has_begun(strategy: Process) -> bool:
    return bool(strategy.out) or not strategy.is_running


def _unlimited(limits: type[Struct]) -> dict[str, Any]:
    """Every limit that can be lifted: strategies that act at random mean nothing by it."""
    return {each.name: None for each in structs.fields(limits) if type(None) in get_args(each.type)}
