"""Real `tradingsys` processes, many of them: everything is imported once, and each is forked from there.

As a program (``python -m tests.bad_input.launcher``) it reads one JSON line for each process to start, and prints its
number, later its exit code. `Launcher` is the other end.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

__all__ = ["ROOT", "Launched", "Launcher", "running_launcher"]

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 45.0
"""For anything that happens by itself on a machine that is busy."""


class Launched:
    """One command line that runs, or ran, in a process of its own."""

    def __init__(self, launcher: Launcher, pid: int, out: Path, err: Path) -> None:
        self._launcher, self.pid = launcher, pid
        self._out, self._err = out, err

    @property
    def out(self) -> str:
        """What it printed so far."""
        return self._out.read_text("utf-8", "replace")

    @property
    def err(self) -> str:
        """What it complained of, or logged, so far."""
        return self._err.read_text("utf-8", "replace")

    @property
    def code(self) -> int | None:
        """Its exit code; None as long as it runs."""
        return self._launcher.codes.get(self.pid)

    def wait(self) -> int:
        """Its exit code, as soon as it has one."""
        self.until("its end", lambda: self.code is not None)
        assert self.code is not None
        return self.code

    def wait_or_kill(self, longest_s: float) -> None:
        """For one that may hang."""
        deadline = time.monotonic() + longest_s
        while self.code is None and time.monotonic() < deadline:
            time.sleep(0.01)
        if self.code is None:
            self.stop(signal.SIGKILL)

    def until(self, what: str, look: Callable[[], bool]) -> None:
        """Wait for something that happens by itself."""
        deadline = time.monotonic() + PATIENCE_S
        while not look():
            assert time.monotonic() < deadline, f"waited {PATIENCE_S:.0f} s for {what}:\n{self.err}"
            time.sleep(0.01)

    def until_said(self, *words: str, patience_s: float = 20.0) -> None:
        """Wait until it has logged all of this, or has ended, or never will."""
        deadline = time.monotonic() + patience_s
        while not all(word in self.err for word in words) and self.code is None and time.monotonic() < deadline:
            time.sleep(0.01)

    def says(self, *words: str) -> None:
        """Wait until it has logged all of this, which it must do alive."""
        self.until_said(*words, patience_s=PATIENCE_S)
        missing = [word for word in words if word not in self.err]
        assert not missing, f"did not say {missing}, exit code {self.code}:\n{self.err}"

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ask it to end; returns its exit code."""
        os.kill(self.pid, number)
        return self.wait()


class Launcher:
    """Starts processes."""

    def __init__(self) -> None:
        environ = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))}
        self._popen = subprocess.Popen(
            [sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environ
        )
        self.codes: dict[int, int] = {}
        self._started: list[int] = []
        self._names = 0
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def start(self, folder: Path, *arguments: str) -> Launched:
        """``tradingsys`` with these arguments, in a folder of its own."""
        self._names += 1
        out, err = folder.parent / f"{self._names}.out", folder.parent / f"{self._names}.err"
        out.touch()
        err.touch()
        assert self._popen.stdin is not None
        known = len(self._started)
        order = {"cwd": str(folder), "arguments": arguments, "out": str(out), "err": str(err)}
        self._popen.stdin.write(json.dumps(order) + "\n")
        self._popen.stdin.flush()
        deadline = time.monotonic() + PATIENCE_S
        while len(self._started) == known:
            assert self._popen.poll() is None and time.monotonic() < deadline, "the launcher does not answer"
            time.sleep(0.002)
        return Launched(self, self._started[known], out, err)

    def close(self) -> None:
        """End it, and whatever it started and is left."""
        for pid in set(self._started) - self.codes.keys():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        assert self._popen.stdin is not None
        self._popen.stdin.close()
        self._popen.wait(PATIENCE_S)
        self._thread.join()
        assert self._popen.stdout is not None
        self._popen.stdout.close()

    def _read(self) -> None:
        assert self._popen.stdout is not None
        for line in self._popen.stdout:
            told = json.loads(line)
            if "code" in told:
                self.codes[told["pid"]] = told["code"]
            else:
                self._started.append(told["pid"])


@contextlib.contextmanager
def running_launcher() -> Iterator[Launcher]:
    launcher = Launcher()
    try:
        yield launcher
    finally:
        launcher.close()


# ---- the program


def _serve() -> None:
    # The commands import what they need when they run: here once for all of them.
    import tradingsys.cli.operating
    import tradingsys.cli.recording
    import tradingsys.cli.sim
    import tradingsys.cli.start
    import tradingsys.gateway.main  # noqa: F401

    children: set[int] = set()
    gc.freeze()  # what was imported is no garbage, in none of them
    unread = b""
    is_open = True
    while is_open or children:
        ready = is_open and select.select([0], [], [], 0.01)[0]
        if ready:
            data = os.read(0, 65_536)
            is_open = bool(data)
            *lines, unread = (unread + data).split(b"\n")
            for line in lines:
                pid = _fork(json.loads(line))
                children.add(pid)
                print(json.dumps({"pid": pid}), flush=True)
        elif not is_open:
            time.sleep(0.01)
        for pid in list(children):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                children.remove(pid)
                print(json.dumps({"pid": pid, "code": os.waitstatus_to_exitcode(status)}), flush=True)


def _fork(order: dict[str, Any]) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        for number, path in ((1, order["out"]), (2, order["err"])):
            os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.chdir(order["cwd"])
        os.environ.update(XDG_CONFIG_HOME=order["cwd"], XDG_RUNTIME_DIR=order["cwd"], COLUMNS="80")
        sys.argv = ["tradingsys", *order["arguments"]]
        from tradingsys.cli.app import main

        main()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    except BaseException:  # noqa: BLE001 - told as the interpreter would
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    _serve()
