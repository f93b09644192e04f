"""A gateway whose exchange answers what it is told to, by the order or the question it is asked about."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from msgspec import Struct, structs

from tests.bad_input.conftest import start_gateway
from tests.bad_input.exchange import ACCOUNT, SEGMENTS, Exchange, Loop, error
from tests.bad_input.launcher import Launcher
from tests.bad_input.line import Line
from tradingsys.core.instrument import plain
from tradingsys.sim.faces.transport import Reply, Request
from tradingsys.venues.binance.error_codes import ErrorTable
from tradingsys.venues.binance.products import PRODUCTS

__all__ = ["ACCOUNTS", "AccountWords", "VenuePlace"]

Json = dict[str, Any]
Refusal = tuple[int, int, str]
"""HTTP status, code, message."""


class AccountWords(Struct, frozen=True):
    """How an account of one product is traded."""

    errors: ErrorTable
    resting: Json
    """Terms of an order that rests, in our words."""
    amended: Json
    """What it is changed to."""
    path: str
    """Of orders, by REST."""
    klines: str
    ways: dict[str, str]
    """What is done, by the method that does it: of the WS-API or of REST."""
    loans: tuple[str, ...] = ()
    holder: str = ACCOUNT


_SPOT_WAYS = {
    "order.place": "place",
    "order.amend.keepPriority": "amend",
    "order.cancel": "cancel",
    "orderList.place.oco": "list",
}
ACCOUNTS = {
    "usdt": AccountWords(
        PRODUCTS["usdm"].errors,
        {"price": "0.06", "quantity": "300"},
        {"price": "0.05"},
        "/fapi/v1/order",
        "/fapi/v1/klines",
        {"order.place": "place", "order.modify": "amend", "order.cancel": "cancel"},
    ),
    "spot": AccountWords(
        PRODUCTS["spot"].errors,
        {"price": "0.6", "quantity": "300"},
        {"quantity": "250"},
        "/api/v3/order",
        "/api/v3/klines",
        _SPOT_WAYS,
    ),
    "margin": AccountWords(
        PRODUCTS["margin"].errors,
        {"price": "0.6", "quantity": "300"},
        {},
        "/sapi/v1/margin/order",
        "/api/v3/klines",
        {"POST": "place", "DELETE": "cancel"},
        loans=("/sapi/v1/margin/borrow-repay", "/sapi/v1/margin/maxBorrowable"),
        holder=f"{ACCOUNT}/margin",
    ),
}
"""By the names of their configurations."""


class VenuePlace:
    """Refusals are looked up by what an order is: its quantity, or its client order id."""

    def __init__(
        self, loop: Loop, launcher: Launcher, folder: Path, account: str, exchange: Exchange, **config: Any
    ) -> None:
        self.words, self.segment = ACCOUNTS[account], SEGMENTS[account]
        self.exchange = exchange
        box = self.exchange.box
        box.on_frame, box.on_request = self._on_frame, self._on_request
        box.on_send, box.on_reply = self._on_send, self._on_reply
        self.refusals: dict[tuple[str, str], Refusal] = {}
        """By way and quantity, or way and the order's name at the exchange."""
        self.questions = 0
        """For single orders, so far."""
        self.lost: dict[str, Refusal] = {}
        """By quantity: orders that are placed in truth, while the answer says this and no event tells of them."""
        self.asked: set[str] = set()
        """Client order ids that were asked for, and refused once."""
        path = self.exchange.config(folder, account, symbols=["dogeusdt"], **config)
        self.gateway = start_gateway(launcher, folder, account)
        self.line = Line(loop, path).login(1)

    def open_orders(self) -> list[Json]:
        """What the exchange has open of the account."""
        rows: list[Json] = self.exchange.admin(f"orders?product={self.segment}")
        return [row for row in rows if row["status"] == "NEW" and row["account"] == self.words.holder]

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
        refusal = self._refusal(frame.get("method", ""), frame.get("params") or {})
        if refusal is None:
            return None
        status, code, message = refusal
        return json.dumps({"id": frame["id"], "status": status, "error": {"code": code, "msg": message}}).encode()

    def _on_request(self, request: Request) -> Reply | None:
        if request.path == self.words.klines and ("klines", "") in self.refusals:
            return error(*self.refusals["klines", ""])
        if request.path in self.words.loans and ("loans", "") in self.refusals:
            return error(*self.refusals["loans", ""])
        if request.path == f"{self.words.path}/oco":
            params = dict(parse_qsl(request.query.decode()) + parse_qsl(request.body.decode()))
            refusal = self.refusals.get(("list", _plain(params.get("quantity"))))
            return None if refusal is None else error(*refusal)
        if request.path != self.words.path:
            return None
        params = dict(parse_qsl(request.query.decode()) + parse_qsl(request.body.decode()))
        if request.method == "GET":
            self.questions += 1
            named = params.get("origClientOrderId", "")
            refusal = self.refusals.get(("ask", named))
            if refusal is not None and named not in self.asked:
                self.asked.add(named)
                return error(*refusal)
            return None
        refusal = self._refusal(request.method, params)
        return None if refusal is None else error(*refusal)

    def _on_reply(self, request: Request, reply: Reply) -> Reply:
        if request.path == self.words.path and request.method == "POST" and self.lost:
            refusal = self._lost(json.loads(reply.body))
            return reply if refusal is None else error(*refusal)
        if request.path.endswith("/openOrders") and reply.status == 200 and self.lost:
            shown = [row for row in json.loads(reply.body) if not self._is_hidden(row)]
            return structs.replace(reply, body=json.dumps(shown).encode())
        return reply

    def _is_hidden(self, row: Json) -> bool:
        """Lists do not show an order before the question for it was refused: nothing else may find it."""
        named = row["clientOrderId"]
        return ("ask", named) in self.refusals and named not in self.asked

    def _on_send(self, data: bytes) -> bytes | None:
        if not self.lost:
            return data
        told = json.loads(data)
        refusal = self._lost(told.get("result"))
        if refusal is not None:
            status, code, message = refusal
            return json.dumps({"id": told["id"], "status": status, "error": {"code": code, "msg": message}}).encode()
        event = told.get("o") or told.get("event")
        return None if isinstance(event, dict) and _plain(event.get("q")) in self.lost else data

    def _lost(self, result: object) -> Refusal | None:
        """What is answered instead of this result; the order may be asked for by its name from now on."""
        quantity = _plain(result.get("origQty")) if isinstance(result, dict) else ""
        refusal = self.lost.get(quantity)
        if refusal is not None and isinstance(result, dict) and ("ask", quantity) in self.refusals:
            self.refusals["ask", result["clientOrderId"]] = self.refusals.pop(("ask", quantity))
        return refusal

    def _refusal(self, method: str, params: Json) -> Refusal | None:
        way = self.words.ways.get(method, "")
        named = params.get("orderId") or params.get("origClientOrderId") or params.get("newClientOrderId")
        return self.refusals.get((way, _plain(params.get("quantity")))) or self.refusals.get((way, str(named)))


def _plain(quantity: object) -> str:
    """As we write it."""
    return plain(Decimal(quantity)) if isinstance(quantity, str) else ""
