"""A gateway whose exchange answers what it is told to, by the order or the question it is asked about."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.bad_input.conftest import start_gateway
from tests.bad_input.exchange import ACCOUNT, Exchange, Loop, error
from tests.bad_input.launcher import Launcher
from tests.bad_input.line import Line
from tradingsys.sim.faces.transport import Reply, Request

__all__ = ["VenuePlace"]

Json = dict[str, Any]
Refusal = tuple[int, int, str]
"""HTTP status, code, message."""
_WAYS = {"order.place": "place", "order.modify": "amend", "order.cancel": "cancel"}


class VenuePlace:
    """Refusals are looked up by what an order is: its quantity, or its client order id."""

    def __init__(self, loop: Loop, launcher: Launcher, folder: Path, **config: Any) -> None:
        self.exchange: Exchange = loop.exchange()
        box = self.exchange.box
        box.on_frame, box.on_request, box.on_send = self._on_frame, self._on_request, self._on_send
        self.refusals: dict[tuple[str, str], Refusal] = {}
        """By way and quantity, or way and the order's name at the exchange."""
        self.questions = 0
        """For single orders, so far."""
        self.lost: dict[str, Refusal] = {}
        """By quantity: orders that are placed in truth, while the answer says this and no event tells of them."""
        self.asked: set[str] = set()
        """Client order ids that were asked for, and refused once."""
        path = self.exchange.config(folder, symbols=["dogeusdt"], **config)
        self.gateway = start_gateway(launcher, folder)
        self.line = Line(loop, path).login(1)

    def open_orders(self) -> list[Json]:
        """What the exchange has open of the account."""
        rows: list[Json] = self.exchange.admin(f"orders?account={ACCOUNT}")
        return [row for row in rows if row["status"] == "NEW"]

    def resting(self, **terms: object) -> tuple[str, str]:
        """An order that rests at the exchange: our name of it, and the exchange's."""
        client_order_id = self.line.order(**terms)
        order = self.line.order_that("rests", client_order_id, lambda order: "venue_order_id" in order)
        return client_order_id, order["venue_order_id"]

    def failure(self, client_order_id: str, since: int) -> Json:
        """What is told of a cancel or an amend that was refused."""

        def look() -> list[Json]:
            pushes = self.line.messages[since:]
            return [
                push
                for push in pushes
                if push.get("type") == "request_failed" and push["client_order_id"] == client_order_id
            ]

        found: list[Json] = self.line.wait_for("a request_failed", look)
        return found[0]

    def _on_frame(self, frame: Json) -> bytes | None:
        way, params = _WAYS.get(frame["method"], ""), frame.get("params", {})
        named = params.get("orderId") or params.get("origClientOrderId") or params.get("newClientOrderId")
        refusal = self._refusal(way, str(params.get("quantity")), str(named))
        if refusal is None:
            return None
        status, code, message = refusal
        return json.dumps({"id": frame["id"], "status": status, "error": {"code": code, "msg": message}}).encode()

    def _on_request(self, request: Request) -> Reply | None:
        if request.path == "/fapi/v1/order" and request.method == "GET":
            self.questions += 1
            named = request.query.partition(b"origClientOrderId=")[2].partition(b"&")[0].decode()
            refusal = self.refusals.get(("ask", named))
            if refusal is not None and named not in self.asked:
                self.asked.add(named)
                return error(*refusal)
        if request.path == "/fapi/v1/klines" and ("klines", "") in self.refusals:
            return error(*self.refusals["klines", ""])
        return None

    def _on_send(self, data: bytes) -> bytes | None:
        if not self.lost:
            return data
        told = json.loads(data)
        if "result" in told and isinstance(told["result"], dict):
            refusal = self.lost.get(told["result"].get("origQty", ""))
            if refusal is not None:
                status, code, message = refusal
                named = told["result"]["clientOrderId"]
                self.refusals["ask", named] = self.refusals.pop(("ask", told["result"]["origQty"]))
                body = {"id": told["id"], "status": status, "error": {"code": code, "msg": message}}
                return json.dumps(body).encode()
        event = told.get("o")
        if isinstance(event, dict) and event.get("q") in self.lost:
            return None
        return data

    def _refusal(self, way: str, quantity: str, named: str) -> Refusal | None:
        return self.refusals.get((way, quantity)) or self.refusals.get((way, named))
