"""A client without a network: it signs, sends and collects."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from random import Random
from typing import Any

import msgspec

from tradingsys.core.enums import OrderType, Side
from tradingsys.sim.events import NewOrder
from tradingsys.sim.faces.binance_usdm import ApiKey
from tradingsys.sim.faces.transport import Reply, Request, WsClose, WsOutput, WsPing, WsSend
from tradingsys.sim.simulator import Simulator
from tradingsys.venues.auth import HmacSigner, Signer
from tradingsys.venues.binance.signing import query_text, sign_query, sign_ws_params

from .exchange_rig import MS, T0

__all__ = ["KEY", "Client"]

KEY = "key"
CROWD = "crowd"

Value = Any


class Client:
    """Account ``main`` on a box where nobody trades unless told to (or the background flow is on)."""

    def __init__(
        self, *, flow: Random | None = None, pace: float = 1.0, signer: Signer | None = None, deposit: str = "100000"
    ) -> None:
        self.signer = signer or HmacSigner("secret")
        self.now_ns = T0
        self.box = Simulator(
            now_ns=T0,
            accounts={"main": {"USDT": Decimal(deposit)}, "other": {"USDT": Decimal(deposit)}},
            keys=[
                ApiKey(KEY, "main", self.signer.verifier()),
                ApiKey("other", "other", HmacSigner("other")),
            ],
            flow=flow,
            pace=pace,
        )
        self.box.exchange.open_account(CROWD, {}, is_house=True)
        self.frames: dict[int, list[Any]] = {}
        self.closed: dict[int, int] = {}
        self.pings: dict[int, list[int]] = {}
        """When each websocket was pinged, in ms."""
        self.answers_pings = True
        self._last_conn_id = 0

    @property
    def now_ms(self) -> int:
        return self.now_ns // MS

    # --- HTTP

    def raw(self, method: str, path: str, query: bytes = b"", body: bytes = b"", key: str | None = KEY) -> Reply:
        self.now_ns += MS
        headers = {} if key is None else {"x-mbx-apikey": key}
        reply, outputs = self.box.http(Request(method, path, query, headers, body), self.now_ns)
        self._take(outputs)
        return reply

    def call(self, method: str, path: str, *, sign: bool = True, **params: Value) -> Any:
        """The decoded answer of a call that must succeed."""
        reply = self.reply(method, path, sign=sign, **params)
        assert reply.status == 200, reply.body
        return msgspec.json.decode(reply.body)

    def reply(self, method: str, path: str, *, sign: bool = True, **params: Value) -> Reply:
        given: Mapping[str, Value] = {"timestamp": self.now_ms + 1, **params} if sign else params
        query = sign_query(self.signer, given) if sign else query_text(given)
        return self.raw(method, path, query.encode())

    def error(self, method: str, path: str, *, sign: bool = True, **params: Value) -> tuple[int, int]:
        """(HTTP status, code) of a call that must fail."""
        reply = self.reply(method, path, sign=sign, **params)
        assert reply.status >= 400, reply.body
        return reply.status, msgspec.json.decode(reply.body)["code"]

    def limit(self, side: str = "BUY", qty: str = "100", px: str = "0.59", **more: Value) -> dict[str, Any]:
        """Parameters of a limit order for DOGEUSDT."""
        wanted: dict[str, Value] = {
            "symbol": "DOGEUSDT",
            "side": side,
            "type": "LIMIT",
            "timeInForce": "GTC",
            "quantity": qty,
            "price": px,
        }
        return {name: value for name, value in {**wanted, **more}.items() if value != ""}

    def crowd(self, side: Side, qty: str, px: str, symbol: str = "DOGEUSDT") -> None:
        """Somebody else's order."""
        self.now_ns += MS
        order = NewOrder(CROWD, symbol, side, OrderType.LIMIT, Decimal(qty), Decimal(px))
        self._take(self.box.place(order, self.now_ns)[1])

    def quote(self) -> None:
        """A market around 0.60."""
        self.crowd(Side.BUY, "5000", "0.599")
        self.crowd(Side.SELL, "5000", "0.601")

    # --- websockets

    def open(self, target: str) -> int:
        refusal = self.box.ws_refusal(target, self.now_ns)
        assert refusal is None, refusal
        self._last_conn_id += 1
        self.frames[self._last_conn_id] = []
        self._take(self.box.ws_open(self._last_conn_id, target, self.now_ns))
        return self._last_conn_id

    def listen(self, query: str = "") -> int:
        """A user stream."""
        key = self.call("POST", "/fapi/v1/listenKey", sign=False)["listenKey"]
        return self.open(f"/private/ws/{key}{query}")

    def send(self, conn_id: int, data: bytes) -> None:
        self.now_ns += MS
        self._take(self.box.ws_frame(conn_id, data, self.now_ns))

    def control(self, conn_id: int, method: str, params: object = None, request_id: object = 1) -> Any:
        frame: dict[str, object] = {"method": method, "id": request_id}
        if params is not None:
            frame["params"] = params
        self.send(conn_id, msgspec.json.encode(frame))
        return self.frames[conn_id].pop()

    def ws_call(self, conn_id: int, method: str, *, sign: bool = True, **params: Value) -> Any:
        """The reply of the WS-API, first in line."""
        given: Mapping[str, Value] = params
        if sign:
            given = sign_ws_params(self.signer, {"apiKey": KEY, "timestamp": self.now_ms + 1, **params})
        seen = len(self.frames[conn_id])
        self.send(conn_id, msgspec.json.encode({"id": "r", "method": method, "params": given}))
        return self.frames[conn_id].pop(seen)

    def run(self, milliseconds: int) -> None:
        """Let time pass, waking exactly when something is due."""
        end_ns = self.now_ns + milliseconds * MS
        while True:
            deadline_ns = self.box.next_deadline_ns
            if deadline_ns is None or deadline_ns > end_ns:
                break
            self.now_ns = max(self.now_ns, deadline_ns)
            self._take(self.box.tick(self.now_ns))
        self.now_ns = end_ns
        self._take(self.box.tick(self.now_ns))

    def take(self, conn_id: int) -> list[Any]:
        """Frames since the last call."""
        frames, self.frames[conn_id] = self.frames[conn_id], []
        return frames

    def _take(self, outputs: list[WsOutput]) -> None:
        for output in outputs:
            match output:
                case WsSend(conn_id, data):
                    self.frames[conn_id].append(msgspec.json.decode(data))
                case WsClose(conn_id, code):
                    self.closed[conn_id] = code
                case WsPing(conn_id):
                    self.pings.setdefault(conn_id, []).append(self.now_ms)
                    if self.answers_pings:
                        self.box.ws_pong(conn_id)
