"""What reaches the exchange, taken or not: requests about orders are written down before the exchange looks at them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from tests.simulate.network import is_order_request
from tests.simulate.sent import SentRequests
from tradingsys.core.io import HttpRequest, WsFrame
from tradingsys.sim.chaos import Chaos
from tradingsys.sim.faces.transport import Reply, Request, WsOutput

__all__ = ["ARRIVALS", "arrived_twice", "keep_arrivals"]

ARRIVALS = Path("arrivals.jsonl")
"""In the directory of the exchange's process."""


class _Arrival(Struct, frozen=True):
    method: str
    """Of HTTP; empty for a frame of a websocket."""
    said: str
    """Path and query, or the frame."""

    @property
    def request(self) -> HttpRequest | WsFrame:
        """As who sent it has it."""
        if self.method:
            return HttpRequest(0, self.method, self.said, {})
        return WsFrame("", self.said.encode())


def keep_arrivals(path: Path) -> None:
    """Of the exchange in this process, from now on."""
    to = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    http, ws_frame = Chaos.http, Chaos.ws_frame

    def keep(arrival: _Arrival) -> None:
        if is_order_request(arrival.request):
            os.write(to, msgspec.json.encode(arrival) + b"\n")

    def heed_http(self: Chaos, request: Request, now_ns: int) -> tuple[Reply, list[WsOutput]]:
        keep(_Arrival(request.method, f"{request.path}?{request.query.decode()}"))
        return http(self, request, now_ns)

    def heed_frame(self: Chaos, conn_id: int, data: bytes, now_ns: int) -> list[WsOutput]:
        keep(_Arrival("", data.decode(errors="replace")))
        return ws_frame(self, conn_id, data, now_ns)

    Chaos.http, Chaos.ws_frame = heed_http, heed_frame  # type: ignore[method-assign]


def arrived_twice(path: Path) -> Iterator[str]:
    """New orders, lists and amends of which the exchange was told more than once: whether it took one or none."""
    sent = SentRequests()
    for line in path.read_bytes().splitlines():
        sent.note(msgspec.json.decode(line, type=_Arrival).request)
    yield from sent.wrong()
