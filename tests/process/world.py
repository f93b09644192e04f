"""A simulator, a gateway and strategies as real processes, in a directory of their own."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

import msgspec

from tests.process.forked import Forked, can_be_forked
from tradingsys.cli.demo.books import read_books
from tradingsys.cli.demo.reckoning import Books, Execution, Reckoning, reckon

__all__ = ["PATIENCE_S", "ROOT", "SYMBOL", "Process", "World", "eventually", "free_port"]

ROOT = Path(__file__).resolve().parents[2]
SYMBOL = "DOGEUSDT"
PATIENCE_S = 60.0
"""For anything that happens by itself on a machine that is busy."""

T = TypeVar("T")


def eventually(what: str, look: Callable[[], T | None]) -> T:
    """What ``look`` returns, as soon as that is something; a failure when it never is."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < deadline, f"waited {PATIENCE_S:.0f} s for {what}"
        time.sleep(0.05)


_CALM_MARKET = ("--seed=1", "--activity=0.25")
"""Hundreds of tests have an exchange beside them for a while, and few of them need much of its market."""


class Process:
    """One Python process; what it says is in files, to be read at any time."""

    def __init__(
        self,
        name: str,
        directory: Path,
        arguments: list[str],
        cwd: Path | None = None,
        environ: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._paths = {stream: directory / f"{name}.{stream}" for stream in ("out", "err")}
        all_of_environ = {
            **os.environ,
            "XDG_CONFIG_HOME": str(directory),
            "XDG_RUNTIME_DIR": str(directory),
            "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "src"))),
            "PYTHONUNBUFFERED": "1",
            "COLUMNS": "80",
            **environ,
        }
        self.popen: Forked | subprocess.Popen[bytes]
        if can_be_forked(arguments):
            self.popen = Forked(arguments, cwd or directory, all_of_environ, self._paths["out"], self._paths["err"])
            return
        with self._paths["out"].open("wb") as out, self._paths["err"].open("wb") as err:
            self.popen = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=cwd or directory,
                env=all_of_environ,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                process_group=0,  # Ctrl-C is meant for whoever started it, and ends it in an order of its own
            )

    @property
    def out(self) -> str:
        """What it printed so far."""
        return self._paths["out"].read_text("utf-8", errors="replace")

    @property
    def err(self) -> str:
        """What it complained of, or logged, so far."""
        return self._paths["err"].read_text("utf-8", errors="replace")

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self.popen.poll() is None

    def json_lines(self) -> list[Any]:
        """The complete lines it printed, each as JSON."""
        return [json.loads(line) for line in self.out.splitlines(keepends=True) if line.endswith("\n")]

    def kill(self) -> None:
        """As a power cut for this process alone."""
        self.popen.kill()
        self.popen.wait()

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ask it to end; returns its exit code."""
        self.popen.send_signal(number)
        return self.popen.wait(PATIENCE_S)


class World:
    """Started piece by piece; whatever is left is killed at the end."""

    def __init__(
        self,
        directory: Path,
        port: int | None = None,
        sim_options: Sequence[str] = (),
        sim_program: Sequence[str] = ("-m", "tradingsys"),
        limits: Mapping[str, object] = MappingProxyType({}),
    ) -> None:
        self.directory = directory
        self.db = directory / "pos.db"
        self._processes: list[Process] = []
        self._started = 0
        self._admin = ""
        self._wanted_port = port
        self._sim_options, self._sim_program = sim_options, sim_program
        self._limits = limits
        self.port = 0

    @classmethod
    @contextlib.contextmanager
    def running(
        cls,
        directory: Path,
        port: int | None = None,
        sim_options: Sequence[str] = _CALM_MARKET,
        sim_program: Sequence[str] = ("-m", "tradingsys"),
        limits: Mapping[str, object] = MappingProxyType({}),
    ) -> Iterator[World]:
        """A simulator whose configuration points the gateway to ``port``, or to a free one, and sets ``limits``."""
        world = cls(directory, port, sim_options, sim_program, limits)
        try:
            world._start_sim()
            yield world
        finally:
            for process in world._processes:
                process.kill()

    def start(self, name: str, *arguments: str, cwd: Path | None = None, **environ: str) -> Process:
        """Any Python process, in the world's directory if in no other; its files are named after it and a number."""
        self._started += 1
        process = Process(f"{self._started:02}-{name}", self.directory, list(arguments), cwd, environ)
        self._processes.append(process)
        return process

    @property
    def sim(self) -> Process:
        """The simulator's."""
        return self._processes[0]

    def start_gateway(self) -> Process:
        """The gateway; whether it is ready is `wait_until_ready`'s to find out."""
        return self.start("gateway", "-m", "tradingsys", "usdt", "-c=usdt.json", "-l=info")

    def start_program(self, name: str, *arguments: str) -> Process:
        """A strategy from ``tests/process/programs``, told the gateway's address first."""
        return self.start(name, "-m", f"tests.process.programs.{name}", f"ws://localhost:{self.port}", *arguments)

    @staticmethod
    def wait_until_ready(gateway: Process) -> None:
        """Until the gateway takes orders."""
        eventually("the gateway to get ready", lambda: " ready" in gateway.err or not gateway.is_running)
        assert gateway.is_running, gateway.err

    def said(self) -> dict[str, list[str]]:
        """All lines so far that are in the files of each process, by the file's name."""
        paths = sorted(path for path in self.directory.glob("*-*.*") if path.suffix in (".out", ".err"))
        return {path.name: path.read_text("utf-8", errors="replace").splitlines() for path in paths}

    # ---- the exchange's records

    @property
    def admin_address(self) -> str:
        """Of the simulator's operator's window, ``http://…/admin``."""
        return self._admin

    def admin(self, what: str, body: object = None) -> Any:
        """Ask the simulator's operator's window, or tell it something."""
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(f"{self._admin}/{what}", data)) as reply:
            return json.loads(reply.read())

    def ledger(self) -> list[Execution]:
        """Every execution of the account."""
        return msgspec.convert(self.admin("ledger"), list[Execution])

    def orders(self) -> list[dict[str, Any]]:
        """Every order of the account, as the exchange has it."""
        rows: list[dict[str, Any]] = self.admin("orders")
        return rows

    # ---- both records

    def books(self, *sessions: int) -> Books:
        """What pos.db says."""
        return read_books(self.db, sessions)

    def reckoning(self, *sessions: int) -> Reckoning:
        """Both records, side by side."""
        ledger = self.ledger()
        account = {row["symbol"]: Decimal(row["net"]) for row in self.admin("positions")}
        return reckon(self.books(*sessions), ledger, account)

    def assert_records_agree(self, *sessions: int) -> Reckoning:
        """Once nothing is under way, books and ledger are equal, by session and in sum."""
        with contextlib.suppress(AssertionError):
            eventually("the records to agree", lambda: self.reckoning(*sessions).agrees)
        reckoning = self.reckoning(*sessions)
        assert reckoning.agrees, reckoning
        return reckoning

    def _start_sim(self) -> None:
        sim = self.start("sim", *self._sim_program, "sim", "--port=0", "--write-config=.", "--json", *self._sim_options)
        eventually("the simulator's addresses", lambda: sim.out.endswith("\n") or not sim.is_running)
        assert sim.is_running, sim.err
        self._admin = json.loads(sim.out)["admin"]
        path = self.directory / "usdt.json"
        config = json.loads(path.read_text())
        self.port = self._wanted_port or free_port()
        config["local"] = f"ws://localhost:{self.port}"
        if self._limits:
            config["limits"] = dict(self._limits)
        path.write_text(json.dumps(config))


_claims = contextlib.ExitStack()
atexit.register(_claims.close)


def free_port() -> int:
    """One that nobody listens at, that no system gives to connections which begin before it is used, and that no other
    test is given, in this process or beside it: the UDP port of the same number is kept as the claim to it.
    """
    while True:
        port = random.SystemRandom().randrange(20_000, 30_000)
        with contextlib.ExitStack() as attempt, contextlib.suppress(OSError):
            attempt.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)).bind(("127.0.0.1", port))
            socket.create_server(("127.0.0.1", port)).close()
            _claims.push(attempt.pop_all())
            return port
