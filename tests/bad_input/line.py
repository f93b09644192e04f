"""A strategy's side of the local port, word for word, over a real socket."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from tests.bad_input.exchange import Loop
from tradingsys.net import ws
from tradingsys.wire.messages import ErrorCode

__all__ = ["Line"]

PATIENCE_S = 30.0
_PACE_S = 0.005
"""A connection may send 200 messages a second."""
Json = dict[str, Any]


class Line:
    """One connection; everything that came is in ``messages``."""

    def __init__(self, loop: Loop, config: Path) -> None:
        self._loop = loop
        self.price = "0.06" if config.stem == "usdt" else "0.6"
        """Of orders that name none."""
        self.url = json.loads(config.read_text())["local"]
        port = self.url.rpartition(":")[2]
        self.token = (config.parent / "tradingsys" / f"token-{port}").read_text().strip()
        self.messages: list[Json] = []
        self.gone: str | None = None
        self._ids, self._seq = count(1), count(1)
        self.login_result: Json = {}
        loop.run(ws.connect(self.url, self))

    # ---- the socket's side

    def opened(self, conn: ws.Connection) -> None:
        self._conn = conn
        self._loop.connections.append(conn)

    def frame(self, data: bytes, is_text: bool) -> None:
        self.messages.append(json.loads(data))

    def closed(self, reason: str) -> None:
        self.gone = reason

    # ---- the test's side

    def wait_for(self, what: str, look: Callable[[], Any]) -> Any:
        deadline = time.monotonic() + PATIENCE_S
        while not (found := look()):
            assert time.monotonic() < deadline, f"waited {PATIENCE_S:.0f} s for {what}: {self.messages[-3:]}"
            time.sleep(0.002)
        return found

    def say(self, *messages: bytes, binary: bool = False) -> None:
        """Send anything."""

        async def send() -> None:
            for data in messages:
                (self._conn.send_binary if binary else self._conn.send)(data)

        self._loop.run(send())

    def request(self, method: str, params: object = None) -> int:
        """Send a request, and return its id."""
        time.sleep(_PACE_S)
        request_id = next(self._ids)
        self.say(json.dumps({"id": request_id, "method": method, "params": params}).encode())
        return request_id

    def reply_to(self, request_id: int) -> Json:
        found = self.wait_for(f"the reply to {request_id}", lambda: self._replies(request_id))
        assert len(found) == 1, found
        reply: Json = found[0]
        return reply

    def ask(self, method: str, params: object = None) -> Json:
        return self.reply_to(self.request(method, params))

    def result(self, method: str, params: object = None) -> Any:
        reply = self.ask(method, params)
        assert "error" not in reply, reply
        return reply.get("result")

    def answer_to(self, data: bytes, *, binary: bool = False) -> Json:
        """The error that something gets which has no readable id."""
        before = len(self.messages)
        self.say(data, binary=binary)

        def answer() -> list[Json]:
            return [each for each in self.messages[before:] if "error" in each]

        [reply] = self.wait_for("an answer", answer)
        found: Json = reply
        return found

    def login(self, session: int, **more: object) -> Line:
        params = {"session_id": session, "name": "test", "trading": True, "instance": f"i{session}"}
        self.login_result = self.result("login", params | {"token": self.token} | more)
        self.wait_for("the snapshot", lambda: self.login_result.get("snapshot") or self.pushes("snapshot"))
        return self

    def order_params(self, **changes: object) -> Json:
        key = {name: self.login_result.get(name) for name in ("lineage", "epoch", "login")}
        terms = {"symbol": "dogeusdt", "side": "BUY", "order_type": "LIMIT", "quantity": "200", "price": self.price}
        return {**key, "seq": next(self._seq), **terms, "time_in_force": "GTC"} | changes

    def order(self, **changes: object) -> str:
        """The client order id of an order that was sent."""
        client_order_id: str = self._taken("order", lambda: self.order_params(**changes))["client_order_id"]
        return client_order_id

    def order_list(self, contingency: str, *legs: Json) -> list[str]:
        """The client order ids of a list's orders, which differ from others by these terms."""
        sent = self._taken(
            "order_list", lambda: {"contingency": contingency, "orders": [self.order_params(**leg) for leg in legs]}
        )
        client_order_ids: list[str] = sent["client_order_ids"]
        return client_order_ids

    def _taken(self, method: str, params: Callable[[], Json]) -> Json:
        """What a request to send orders is answered.

        The account's stream is opened anew when it tells nothing readable of orders: nothing is sent meanwhile.
        """

        def sent() -> Json | None:
            reply = self.ask(method, params())
            if reply.get("error", {}).get("code") == ErrorCode.DISCONNECTED:
                return None
            assert "error" not in reply, reply
            result: Json = reply["result"]
            return result

        found: Json = self.wait_for(f"an {method} to be sent", sent)
        return found

    def pushes(self, kind: str) -> list[Json]:
        return [message for message in self.messages if message.get("type") == kind]

    def orders(self, client_order_id: str) -> list[Json]:
        """Everything that was told of an order."""
        pushed = (push["order"] for push in self.pushes("order"))
        return [order for order in pushed if order["client_order_id"] == client_order_id]

    def order_that(self, what: str, client_order_id: str, is_it: Callable[[Json], bool]) -> Json:
        found: list[Json] = self.wait_for(
            f"an order that {what}", lambda: [each for each in self.orders(client_order_id) if is_it(each)]
        )
        return found[-1]

    def close(self) -> None:
        async def close() -> None:
            self._conn.close()

        self._loop.run(close())

    def _replies(self, request_id: int) -> list[Json]:
        return [each for each in self.messages if each.get("id", "") == request_id and "type" not in each]
