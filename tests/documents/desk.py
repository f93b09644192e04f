"""Where the commands of a page are typed: a directory with a simulator and a gateway, at addresses of their own."""

from __future__ import annotations

import gc
import io
import json
import re
import shlex
import sys
import urllib.error
import urllib.request
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import apsw
import pytest

from tests.process.world import ROOT, Process, World, eventually, free_port
from tradingsys.cli.app import app, execute

__all__ = ["Desk", "Shown", "commands"]

_ADMIN, _STREAMS, _LOCAL = "localhost:8100", "localhost:8101", "localhost:8111"
"""What the pages say."""
_BESIDE = {"spot": "localhost:8112", "margin": "localhost:8113"}
"""The other gateways that stand at the desk, by their configurations, and where the pages say that they are."""
_TAPE_S = 1.5, 6.0, 24.0
"""How long a tape is: where nothing came in the time, as a busy machine was still connecting, the next is longer."""
_TARGETS = re.compile(r"^([a-z]+):", re.MULTILINE)
_SYMBOLS = ["btcusdt", "dogeusdt"]
_ELSEWHERE = {"git", "cd", "mkdir", "pip", ".", "python3", "apt"}
"""Getting the program: what `tests.process.test_demo` does with a wheel and an environment of its own."""


class Shown(NamedTuple):
    """What a command had to say."""

    words: list[str]
    out: str
    err: str = ""


class Done(NamedTuple):
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


def commands(text: str) -> Iterator[list[str]]:
    """The commands of a shell block, split as a shell would, comments left out."""
    for line in text.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        if words:
            yield words


class Desk:
    """Types commands, one after the other."""

    _seen: ClassVar[dict[tuple[str, ...], Shown]] = {}

    def __init__(self, world: World) -> None:
        self.world = world
        self._places = 0

    @classmethod
    @contextmanager
    def ready(cls, directory: Path) -> Iterator[Desk]:
        """A desk whose gateway takes orders."""
        with World.running(directory) as world:
            path = directory / "usdt.json"
            path.write_text(json.dumps(json.loads(path.read_text()) | {"symbols": _SYMBOLS}))
            gateways = [world.start_gateway()]
            for name in _BESIDE:
                path = directory / f"{name}.json"
                config = json.loads(path.read_text()) | {"local": f"ws://localhost:{free_port()}"}
                path.write_text(json.dumps(config | {"symbols": ["btcusdt"]}))
                gateways.append(world.start(name, "-m", "tradingsys", "spot", f"-c={name}.json"))
            for gateway in gateways:
                world.wait_until_ready(gateway)
            yield cls(world)

    def here(self, text: str) -> str:
        """A text of the pages with the addresses of this desk."""
        urls = json.loads((self.world.directory / "usdt.json").read_text())["urls"]
        for told, scheme, is_ in ((_ADMIN, "http://", urls["rest"]), (_STREAMS, "ws://", urls["streams"])):
            text = text.replace(told, is_.removeprefix(scheme))
        for name, told in _BESIDE.items():
            local = json.loads((self.world.directory / f"{name}.json").read_text())["local"]
            text = text.replace(told, local.removeprefix("ws://"))
        return text.replace(_LOCAL, f"localhost:{self.world.port}")

    def type(self, words: list[str]) -> Shown:
        """Do what a line says. Fails for a program that is not known, or an unexpected end."""
        match words:
            case ["tradingsys", command, *rest]:
                return self._tradingsys(command, rest)
            case ["make", *rest]:
                told = {word for word in rest if "=" not in word}
                assert told <= set(_TARGETS.findall((ROOT / "Makefile").read_text("utf-8"))), words
            case ["curl", *rest]:
                return Shown(words, self._curl(rest))
            case ["sqlite3", path, query]:
                return Shown(words, "\n".join("|".join(map(str, row)) for row in self.query(query, path)))
            case ["python", program] if program.endswith(".py"):
                pass  # test_python runs the program that the page shows
            case [program, *_] if program in _ELSEWHERE or program.startswith("./"):
                pass
            case _:
                raise AssertionError(f"no test knows how to do this: {shlex.join(words)}")
        return Shown(words, "")

    def run(self, *words: str, where: Path | None = None, stdin: str = "") -> Done:
        """A command of ours, to its end; in this process, because there are so many."""
        out, err = io.StringIO(), io.StringIO()
        home = str(self.world.directory)
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            patch.chdir(where or self.world.directory)
            patch.setattr(sys, "stdin", io.StringIO(stdin))
            for name, value in (("XDG_CONFIG_HOME", home), ("XDG_RUNTIME_DIR", home), ("COLUMNS", "100")):
                patch.setenv(name, value)
            code = execute(list(words))
        # Sockets that a command had no time to close end with its process; here they are swept up after it.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()
        return Done(code, out.getvalue(), err.getvalue())

    def query(self, sql: str, path: str = "pos.db") -> list[tuple[Any, ...]]:
        """What a statement finds in, or does to, a copy of the book."""
        original = apsw.Connection(str(self.world.directory / path), flags=apsw.SQLITE_OPEN_READONLY)
        copy = apsw.Connection(":memory:")
        with copy.backup("main", original, "main") as backup:
            backup.step()
        rows = list(copy.execute(sql))
        copy.close()
        original.close()
        return rows

    def place(self) -> Path:
        """A new directory with a configuration for another gateway of the same account."""
        self._places += 1
        made = self.world.directory / f"place-{self._places}"
        made.mkdir()
        for name in ("usdt.json", "private_key.pem", *(f"{name}.json" for name in _BESIDE)):
            (made / name).write_bytes((self.world.directory / name).read_bytes())
        return made

    # ---- commands that do not simply answer

    def _tradingsys(self, command: str, rest: list[str]) -> Shown:
        words = ["tradingsys", command, *rest]
        if command == "demo" or command.startswith("-"):
            return self.parse(words)  # the demonstration has a test of its own
        special = {"sim": self._sim, "init": self._init, "record": self._record}
        if command in special or command in ("usdt", "spot"):
            # They begin with nothing and leave nothing behind: once is enough for all pages.
            if tuple(words) not in self._seen:
                self._seen[tuple(words)] = special[command](rest) if command in special else self._run(command, rest)
            return self._seen[tuple(words)]
        if command == "resume":
            self._halt(rest)
        done = self.run(*map(self.here, words[1:]))
        is_refused = "--account" in rest and "the account is not halted" in done.stderr
        assert done.returncode == (1 if is_refused else 0), (words, done.returncode, done.stdout, done.stderr)
        assert "Traceback" not in done.stderr, done.stderr
        return Shown(words, done.stdout, done.stderr)

    @staticmethod
    def parse(words: list[str]) -> Shown:
        """Only look whether it could be done."""
        assert words[0] == "tradingsys", words
        app.parse_args(words[1:], exit_on_error=False, print_error=False)
        return Shown(words, "")

    def _sim(self, rest: list[str]) -> Shown:
        at = self.place()
        if "--write-config" in rest:
            for written in at.iterdir():
                written.unlink()
        if "--replay" in rest:
            done = self._tape(at / rest[rest.index("--replay") + 1], "btcusdt@depth", "btcusdt@trade")
            assert done.returncode == 0, done.stderr
        free_ports = [] if "--port" in rest else ["--port=0"]
        sim = self._start("sim", at, ["sim", *rest, *free_ports])
        eventually("its addresses", lambda: "Ctrl-C stops it" in sim.out or not sim.is_running)
        assert sim.is_running, (rest, sim.err)
        assert sim.stop(2) == 0, sim.err
        return Shown(["tradingsys", "sim", *rest], sim.out, sim.err)

    def _run(self, command: str, rest: list[str]) -> Shown:
        at = self.place()
        path = at / next(word for word in rest if word.endswith(".json")).removeprefix("-c=")
        path.write_text(json.dumps(json.loads(path.read_text()) | {"local": f"ws://localhost:{free_port()}"}))
        gateway = self._start("gateway", at, [command, *rest])
        self.world.wait_until_ready(gateway)
        assert gateway.stop(2) == 0, gateway.err
        return Shown(["tradingsys", command, *rest], gateway.out, gateway.err)

    def _init(self, rest: list[str]) -> Shown:
        at = self.place()
        for config in at.glob("*.json"):
            config.unlink()
        if "--pem" not in rest:  # a page whose reader has the simulator's key already names another file
            (at / "private_key.pem").unlink()
        is_for_real = "--environment" in rest and "sim" not in rest
        done = self.run("init", *rest, where=at, stdin="\nan-api-key\n\n\n" if is_for_real else "\n" * 6)
        assert done.returncode == 0, (rest, done.stderr)
        return Shown(["tradingsys", "init", *rest], done.stdout, re.sub(r"^.*(?=Wrote )", "", done.stderr))

    def _record(self, rest: list[str]) -> Shown:
        rest = [word for word in rest if not word.startswith("--duration")]
        rest = [word for word in rest if not re.fullmatch(r"\d+[smh]", word)]
        where = self.world.directory / rest[rest.index("-o") + 1]
        where.unlink(missing_ok=True)
        done = self._tape(Path(where.name), *(word for word in rest if word not in ("-o", where.name)))
        assert done.returncode == 0, done.stderr
        assert where.exists()
        return Shown(["tradingsys", "record", *rest], done.stdout, done.stderr)

    def _tape(self, file: Path, *words: str) -> Done:
        """A book without its beginning is nothing that can be played."""
        config = () if "-c" in words else ("-c", "usdt.json")
        has_book = any("@depth" in word for word in words)
        for seconds in _TAPE_S:
            (self.world.directory / file).unlink(missing_ok=True)
            done = self.run("record", "-o", str(file), f"--duration={seconds}", *config, *words)
            if done.returncode == 0 and not (has_book and re.search(r'snapshots"?: ?0', done.stdout)):
                break
        return done

    def _start(self, name: str, at: Path, arguments: list[str]) -> Process:
        return self.world.start(name, "-m", "tradingsys", *arguments, cwd=at)

    def _halt(self, rest: list[str]) -> None:
        """What there is to resume: a liquidation halts a symbol, and nothing but a contradiction the account."""
        if "--account" in rest or "--session" in rest:
            return
        large = {"symbol": "DOGEUSDT", "side": "BUY", "qty": "1500000", "price": "0.59"}
        # A page may have rehearsed it itself.
        if not any(row["qty"] == large["qty"] for row in self.world.orders()):
            for what, body in (("price", {"price": "0.6"}), ("trade", large), ("price", {"price": "0.5"})):
                self.world.admin(what, {"symbol": "DOGEUSDT", **body})

        def is_halted() -> bool:
            halts = json.loads(self.run("status", "--json").stdout)["status"]["halts"]
            return any(halt["cause"] == "FORCED" for halt in halts)

        eventually("a halt", is_halted)

    def _curl(self, rest: list[str]) -> str:
        url = next(word for word in rest if "localhost" in word)
        data = rest[rest.index("-d") + 1].encode() if "-d" in rest else None
        try:
            with urllib.request.urlopen(urllib.request.Request(f"http://{self.here(url)}", data)) as reply:
                return str(reply.read(), "utf-8")
        except urllib.error.HTTPError as error:
            raise AssertionError(f"curl {rest}: {error.code} {error.read().decode()}") from error
