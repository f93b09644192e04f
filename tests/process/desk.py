"""The commands, as a person types them in a world's directory."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

from tests.process.world import PATIENCE_S, ROOT, World
from tradingsys.cli.app import execute

__all__ = ["Desk"]


class Desk:
    """Runs commands against a world's gateway, or its book."""

    def __init__(self, world: World) -> None:
        self.world = world
        here = str(world.directory)
        self._environ = {"XDG_CONFIG_HOME": here, "XDG_RUNTIME_DIR": here, "PYTHONPATH": str(ROOT)}

    def run(self, *words: str, code: int = 0) -> str:
        """All that a command says; its exit code must be ``code``. It runs here: a process takes a second to start."""
        out, err = io.StringIO(), io.StringIO()
        with self._at_home(), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            ended = execute(words)
        assert ended == code, f"{words}: {ended}\n{out.getvalue()}\n{err.getvalue()}"
        return out.getvalue() + err.getvalue()

    def spawn(self, *words: str, stdin: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
        """A command in a process of its own."""
        return subprocess.run(
            [sys.executable, "-m", "tradingsys", *words],
            cwd=self.world.directory,
            env=os.environ | self._environ | environ,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )

    def ask(self, *words: str) -> dict[str, Any]:
        """The JSON answer of a command."""
        answer: dict[str, Any] = json.loads(self.run(*words, "--json"))
        return answer

    @contextlib.contextmanager
    def _at_home(self) -> Iterator[None]:
        with patch.dict(os.environ, self._environ), contextlib.chdir(self.world.directory):
            yield
