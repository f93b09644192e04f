"""The operator's window into the box: its ledger and accounts as JSON, trades by hand, and levers.

It belongs to the box, not to any venue. It answers this machine only, and no browser.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from tradingsys.sim.admin_calls import Box, Handler, Problem
from tradingsys.sim.admin_controls import CONTROLS
from tradingsys.sim.admin_faults import FAULTS
from tradingsys.sim.admin_orders import ORDERS
from tradingsys.sim.admin_reads import READS
from tradingsys.sim.faces.transport import Reply, Request, WsOutput

__all__ = ["CALLS", "Admin"]

_JSON = {"Content-Type": "application/json"}
_LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]", ""})
CALLS = {**READS, **ORDERS, **CONTROLS, **FAULTS}
"""Everything that can be asked of any box, by method and path."""


class Admin:
    """Answers requests under ``/admin/``."""

    def __init__(self, box: Box) -> None:
        self._box = box
        self._calls = CALLS

    def add(self, calls: Mapping[tuple[str, str], Handler]) -> None:
        """Answer more calls."""
        self._calls = {**self._calls, **calls}

    def answer(self, request: Request, now_ns: int) -> tuple[Reply, list[WsOutput]]:
        """The reply, and what is to be sent to others."""
        try:
            if "origin" in request.headers:
                raise Problem(403, "not from a browser")
            host, _, _ = request.headers.get("host", "").rpartition(":")
            if (host or request.headers.get("host", "")) not in _LOCAL_HOSTS:
                raise Problem(403, "from this machine only: use localhost")
            handler = self._calls.get((request.method, request.path))
            if handler is None:
                known = ", ".join(f"{method} {path}" for method, path in self._calls)
                raise Problem(404, f"no such call; there are {known}")
            result, outputs = handler(self._box, request, now_ns)
        except Problem as problem:
            return Reply(problem.status, msgspec.json.encode({"error": problem.text}), _JSON), []
        return Reply(200, msgspec.json.encode(result), _JSON), list(outputs)
