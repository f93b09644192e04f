"""The local port of a running gateway, where strategies say what they should not."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from tests.bad_input.exchange import SEGMENTS, Exchange, Loop
from tests.bad_input.launcher import Launched
from tests.bad_input.line import Line

__all__ = ["WirePlace"]

Json = dict[str, Any]


class WirePlace:
    """``owner`` trades in session 1 and ``other`` in session 2; strangers come and go."""

    def __init__(self, loop: Loop, exchange: Exchange, gateway: Launched, config: Path) -> None:
        self.loop, self.exchange, self.gateway, self.config = loop, exchange, gateway, config
        self.owner, self.other = self.line().login(1), self.line().login(2)
        self.segment = SEGMENTS[config.stem]
        for line in (self.owner, self.other):
            line.result("subscribe", ["dogeusdt@depth"])

    def line(self) -> Line:
        """A new connection."""
        return Line(self.loop, self.config)

    def admin(self, what: str) -> Any:
        """What the exchange says of the segment that is traded here."""
        return self.exchange.admin(f"{what}?product={self.segment}")

    def raw(self, data: bytes, *, binary: bool = False) -> Json:
        """What the owner is told about bytes."""
        return self.owner.answer_to(data, binary=binary)

    def ask(self, method: str, params: object = None) -> Json:
        """What the owner is told about a request."""
        return self.owner.ask(method, params)

    def order(self, **changes: object) -> Json:
        """What the owner is told about an order; a change to ... leaves a field out."""
        params = self.owner.order_params() | changes
        return self.owner.ask("order", {name: value for name, value in params.items() if value is not ...})

    def order_list(self, contingency: str, *legs: Json) -> Json:
        """What the owner is told about orders that depend on each other."""
        orders = [self.owner.order_params() | leg for leg in legs]
        return self.owner.ask("order_list", {"contingency": contingency, "orders": orders})

    def of_others_list(self, method: str, legs: tuple[Json, ...], **changes: object) -> Json:
        """What the other session is told about an order of the owner's list, which stays as it is."""
        names = self.order_list("OCO", *legs)["result"]["client_order_ids"]
        for name in names:
            self.owner.order_that("rests", name, lambda order: order["status"] == "NEW")
        replies = [self.other.ask(method, {"client_order_id": name, **changes}) for name in names]
        assert {row["client_order_id"] for row in self.admin("orders") if row["status"] == "NEW"} >= set(names)
        assert not any(self.other.orders(name) for name in names)
        self.cancel(self.owner, names[0])
        for name in names:
            self.owner.order_that("is canceled", name, lambda order: order["status"] == "CANCELED")
        assert replies[0]["error"] == replies[1]["error"]
        return replies[0]

    def refused(self, **changes: object) -> Json:
        """What the exchange itself says of an order."""
        return self._refusal(self.order(**changes)["result"]["client_order_id"])

    def refused_list(self, contingency: str, *legs: Json) -> Json:
        """What the exchange itself says of orders that depend on each other: the same of each."""
        names = self.order_list(contingency, *legs)["result"]["client_order_ids"]
        first, *others = [self._refusal(name) for name in names]
        assert all(other == first for other in others), (first, others)
        return first

    def _refusal(self, client_order_id: str) -> Json:
        order = self.owner.order_that("is refused", client_order_id, lambda order: order["status"] == "REJECTED")
        return {"error": {"code": order["code"], "msg": order["reason"]}}

    def amend(self, terms: Json | None = None, **changes: object) -> Json:
        """What the owner is told about the change of a resting order, which has ``terms``."""
        client_order_id = self.owner.order(**(terms or {}))
        self.owner.order_that("rests", client_order_id, lambda order: order["status"] == "NEW")
        reply = self.owner.ask("amend", {"client_order_id": client_order_id, **changes})
        self.cancel(self.owner, client_order_id)
        return reply

    def stranger(self, method: str, params: Any = None, **changes: object) -> Json:
        """What a connection without session is told; logins carry what is needed unless changed."""
        line = self.line()
        if method == "login":
            known = {"session_id": 5, "name": "x", "trading": True, "instance": "me", "token": line.token}
            params = known | changes
        reply = line.ask(method, params)
        line.close()
        return reply

    def watcher(self, method: str, params: object = None) -> Json:
        """What a session that does not trade is told."""
        line = self.line()
        line.login_result = line.result(
            "login", {"session_id": 1, "name": "w", "trading": False, "instance": "w", "token": line.token}
        )
        reply = line.ask(method, line.order_params() if params is None else params)
        line.close()
        return reply

    def oversized(self) -> Json:
        """A message beyond the limit costs its sender the connection; the reason stands for an answer."""
        line = self.line()
        line.say(b" " * (64 * 1024 + 1))
        reason = line.wait_for("the end of the connection", lambda: line.gone)
        return {"error": {"code": 1009, "msg": reason}}

    def handshake(self, *headers: str, path: str = "/") -> Json:
        """What an upgrade request with other headers is told; the status stands for a code."""
        port = int(self.owner.url.rpartition(":")[2])
        usual = ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13")
        lines = [f"GET {path} HTTP/1.1", *usual, "Sec-WebSocket-Key: " + "A" * 22, *headers, "", ""]

        async def knock() -> str:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write("\r\n".join(lines).encode())
            async with asyncio.timeout(5):
                answer = (await reader.read(4096)).decode()
            writer.close()
            return answer

        answer = self.loop.run(knock())
        return {"error": {"code": int(answer.split()[1]), "msg": answer}}

    def flood(self) -> Json:
        """Far more messages than a connection may send."""
        line = self.line()
        line.say(*[b"junk"] * 3_000)
        reason = line.wait_for("the end of the connection", lambda: line.gone)
        codes = {message["error"]["code"] for message in line.messages}
        return {"error": {"code": min(codes), "msg": reason}}

    def with_status(self, status: str) -> Json:
        """What becomes of an order when the exchange has just given its symbol another status than TRADING."""
        self.exchange.admin("symbol", {"symbol": "DOGEUSDT", "status": status})
        sent = self.owner.order()
        refused = self.owner.order_that("is refused", sent, lambda order: order["status"] == "REJECTED")
        self.exchange.admin("symbol", {"symbol": "DOGEUSDT", "status": "TRADING"})
        return {"error": {"code": refused["code"], "msg": refused["reason"]}}

    def cancel(self, line: Line, client_order_id: str) -> None:
        line.result("cancel", {"client_order_id": client_order_id})
        line.order_that("is canceled", client_order_id, lambda order: order["status"] == "CANCELED")

    def assert_everybody_trades(self) -> None:
        """Both owners still have their sessions, and orders reach the exchange."""
        for line in (self.owner, self.other):
            client_order_id = line.order()
            line.order_that("rests", client_order_id, lambda order: order["status"] == "NEW")
            self.cancel(line, client_order_id)
        assert self.gateway.code is None
