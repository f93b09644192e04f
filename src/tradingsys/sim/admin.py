"""The operator's window into the box: its ledger and accounts as JSON, trades by hand, and levers.

It belongs to the box, not to any venue. It answers this machine only, and no browser.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from urllib.parse import parse_qsl, urlencode

import msgspec
from msgspec import structs

from tradingsys.sim.admin_calls import Box, Handler, Part, Problem, Whole
from tradingsys.sim.admin_controls import CONTROLS
from tradingsys.sim.admin_faults import FAULTS
from tradingsys.sim.admin_orders import ORDERS
from tradingsys.sim.admin_reads import READS
from tradingsys.sim.admin_spot import SPOT_READS
from tradingsys.sim.faces.transport import Reply, Request, WsOutput

__all__ = ["CALLS", "Admin", "Product"]

_JSON = {"Content-Type": "application/json"}
_LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]", ""})
CALLS = {**READS, **ORDERS, **CONTROLS, **FAULTS}
"""Everything that can be asked of any box, by method and path."""


class Product(StrEnum):
    """What is traded: each on an exchange of its own, with its own books, wallets and protocol."""

    FUTURES = "futures"
    SPOT = "spot"
    """Margin too: it trades in the same books."""


class Admin:
    """Answers requests under ``/admin/``."""

    def __init__(self, whole: Whole, parts: Mapping[Product, Part]) -> None:
        self._boxes = {product: Box(whole, part) for product, part in parts.items()}
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
            request, product = _addressed(request)
            handler = self._calls.get((request.method, request.path))
            if product is Product.SPOT:
                handler = SPOT_READS.get((request.method, request.path), handler)
            if handler is None:
                known = ", ".join(f"{method} {path}" for method, path in self._calls)
                raise Problem(404, f"no such call; there are {known}")
            result, outputs = handler(self._boxes[product], request, now_ns)
        except Problem as problem:
            return Reply(problem.status, msgspec.json.encode({"error": problem.text}), _JSON), []
        return Reply(200, msgspec.json.encode(result), _JSON), list(outputs)


def _addressed(request: Request) -> tuple[Request, Product]:
    """The call without its ``product``, and which is meant: futures unless it says so.

    Raises Problem for nobody's.
    """
    given = parse_qsl(request.query.decode("latin-1"), keep_blank_values=True)
    named = [value for name, value in given if name == "product"]
    if named:
        rest = [(name, value) for name, value in given if name != "product"]
        request = structs.replace(request, query=urlencode(rest).encode())
    elif request.body:
        try:
            body = msgspec.json.decode(request.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return request, Product.FUTURES
        if isinstance(body, dict) and "product" in body:
            named = [str(body.pop("product"))]
            request = structs.replace(request, body=msgspec.json.encode(body))
    try:
        return request, Product(named[0]) if named else Product.FUTURES
    except ValueError:
        raise Problem(400, f"no product {named[0]!r}; there are {', '.join(Product)}") from None
