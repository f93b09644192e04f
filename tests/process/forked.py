"""Processes that need not import the program: each is forked from one that has.

A fresh interpreter takes half a second of a core to import a gateway or a simulator, and these tests start hundreds.
As a program (``python -m tests.process.forked``) this has imported everything, reads one line of JSON for each process
to start, and prints its number, later its exit code. `Forked` is such a process, seen as `subprocess.Popen` shows one;
it begins and ends as `python -m` lets a module begin and end. Interpreters of their own, from the first line on, are
what `test_demo`, `test_sim`, the examples and the tests of chaos start.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import runpy
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = ["Forked", "can_be_forked"]

_ROOT = Path(__file__).resolve().parents[2]
_MODULES = ("tradingsys.cli.app", "tradingsys.cli.sim", "tradingsys.gateway.main", "pyalgo")
"""What `tradingsys` imports as soon as it knows what to do, and strategies at once."""


def can_be_forked(arguments: Sequence[str]) -> bool:
    """Whether these are arguments of an interpreter that runs one of our modules, where processes can be forked."""
    match arguments:
        case ["-m", module, *_]:
            return sys.platform == "linux" and (module == "tradingsys" or module.startswith("tests.process.programs."))
        case _:
            return False


class Forked:
    """One that was started; nothing is read of it while nobody asks."""

    def __init__(self, arguments: Sequence[str], cwd: Path, environ: Mapping[str, str], out: Path, err: Path) -> None:
        self.args = list(arguments)
        self.returncode: int | None = None
        for path in (out, err):
            path.write_bytes(b"")
        order = {"arguments": self.args, "cwd": str(cwd), "environ": dict(environ), "out": str(out), "err": str(err)}
        self.pid = _Parent.of_this_process().start(order)

    def poll(self) -> int | None:
        """Its exit code, or minus the signal that killed it; None as long as it runs."""
        if self.returncode is None:
            parent = _Parent.of_this_process()
            parent.read(0.0)
            self.returncode = parent.ended.pop(self.pid, None)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, as soon as it has one. Raises subprocess.TimeoutExpired."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            left = 60.0 if deadline is None else deadline - time.monotonic()
            if left <= 0:
                raise subprocess.TimeoutExpired(self.args, timeout or 0.0)
            _Parent.of_this_process().read(left)
        return code

    def send_signal(self, number: int) -> None:
        """Unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """As a power cut for this process alone."""
        self.send_signal(signal.SIGKILL)


class _Parent:
    """The process that all are forked from, one for each that runs tests."""

    _known: tuple[int, _Parent] | None = None

    def __init__(self) -> None:
        path = os.pathsep.join((str(_ROOT), str(_ROOT / "src")))
        self._popen = subprocess.Popen(
            [sys.executable, "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=_ROOT,
            env=os.environ | {"PYTHONPATH": path, "PYTHONUNBUFFERED": "1", "COLUMNS": "80"},
            process_group=0,
            bufsize=0,
        )
        self._unread = b""
        self._started: list[int] = []
        self.ended: dict[int, int] = {}
        atexit.register(self._close)

    @classmethod
    def of_this_process(cls) -> _Parent:
        """Who was made before this process was forked from another is that one's."""
        if cls._known is None or cls._known[0] != os.getpid():
            cls._known = os.getpid(), cls()
        return cls._known[1]

    def start(self, order: Mapping[str, object]) -> int:
        """The number of a process that runs from now on."""
        assert self._popen.stdin is not None
        data = memoryview(json.dumps(order).encode() + b"\n")
        while data:
            data = data[self._popen.stdin.write(data) :]
        while not self._started:
            self.read(60.0)
        return self._started.pop()

    def read(self, patience_s: float) -> None:
        """What it says within so many seconds."""
        assert self._popen.stdout is not None
        if not select.select([self._popen.stdout], [], [], patience_s)[0]:
            return
        data = self._popen.stdout.read(65_536)
        assert data, "the process that all are forked from has ended"
        *lines, self._unread = (self._unread + data).split(b"\n")
        for line in lines:
            told = json.loads(line)
            if "code" in told:
                self.ended[told["pid"]] = told["code"]
            else:
                self._started.append(told["pid"])

    def _close(self) -> None:
        if _Parent._known is None or _Parent._known[0] != os.getpid():
            return
        assert self._popen.stdin is not None and self._popen.stdout is not None
        self._popen.stdin.close()
        try:
            self._popen.wait(10.0)
        except subprocess.TimeoutExpired:  # another process forked from this one still holds the pipe
            self._popen.kill()
            self._popen.wait()
        self._popen.stdout.close()


# ---- the program


def _serve() -> dict[str, Any] | None:
    """Returns in each process that is forked with what it is to do, and in this one at the end."""
    wakes, wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    children: set[int] = set()
    unread = b""
    while True:
        ready = select.select([0, wakes], [], [])[0]
        if wakes in ready:
            os.read(wakes, 4_096)
            for pid in list(children):
                ended, status = os.waitpid(pid, os.WNOHANG)
                if ended:
                    children.remove(pid)
                    _say(pid=pid, code=os.waitstatus_to_exitcode(status))
        if 0 not in ready:
            continue
        data = os.read(0, 65_536)
        if not data:
            for pid in children:
                os.kill(pid, signal.SIGKILL)
            return None
        *lines, unread = (unread + data).split(b"\n")
        for line in lines:
            pid = os.fork()
            if not pid:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                os.close(wakes)
                os.close(wake)
                order: dict[str, Any] = json.loads(line)
                return order
            children.add(pid)
            _say(pid=pid)


def _say(**told: int) -> None:
    os.write(1, json.dumps(told).encode() + b"\n")


def _become(order: dict[str, Any]) -> None:
    """What a process that is started finds, and then the module."""
    os.setpgid(0, 0)
    for number, path in ((1, order["out"]), (2, order["err"])):
        opened = os.open(path, os.O_WRONLY)
        os.dup2(opened, number)
        os.close(opened)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.environ.clear()
    os.environ.update(order["environ"])
    os.chdir(order["cwd"])
    sys.path[0] = order["cwd"]
    _, module, *arguments = order["arguments"]
    sys.argv = [module, *arguments]
    gc.enable()
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    gc.disable()
    for _module in _MODULES:
        importlib.import_module(_module)
    gc.freeze()
    if (_order := _serve()) is not None:
        _become(_order)
