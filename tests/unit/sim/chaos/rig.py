"""A client of each product at a box that is troubled as a test wishes."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from random import Random
from types import MappingProxyType
from typing import Any

import msgspec
import pytest

from tests.unit.sim.face_rig import CROWD, KEY, Client
from tradingsys.core.enums import OrderType, Side
from tradingsys.sim.chaos import Chaos, Profile
from tradingsys.sim.chaos.faults import Fault
from tradingsys.sim.events import NewOrder
from tradingsys.sim.faces.transport import WsOutput
from tradingsys.sim.simulator import Product
from tradingsys.venues.binance.signing import sign_ws_params

__all__ = [
    "ASK",
    "BID",
    "EVERY_PRODUCT",
    "MarginTroubled",
    "SpotTroubled",
    "Troubled",
    "always",
    "profile",
]

ASK, BID = "0.601", "0.599"


def profile(**settings: Any) -> Profile:
    """One with these rates and nothing else."""
    return Profile("test", "as a test wishes", **settings)


def always(fault: Fault) -> Mapping[Fault, float]:
    """Every event of a kind meets it."""
    return {fault: 1.0}


class Troubled(Client):
    """Account ``main`` on futures, in a market around 0.60, and chaos before it."""

    box: Any
    product = Product.FUTURES
    order = "/fapi/v1/order"
    open_orders = "/fapi/v1/openOrders"
    ws_api = "/ws-fapi/v1"
    market_stream = "/public/ws/dogeusdt@bookTicker"
    says: Mapping[Fault, int] = MappingProxyType({Fault.ANSWER_TIMEOUT: 408, Fault.ANSWER_UNKNOWN: 503})
    """The HTTP statuses that are not the same everywhere."""

    def __init__(self, wanted: Profile, seed: int = 1, *, flow: Random | None = None) -> None:
        super().__init__(flow=flow)
        if flow is None:
            self.quote()
        self.inner = self.box
        self.chaos = self.box = Chaos(self.inner, wanted, seed, self.now_ns)
        self.sent: list[WsOutput] = []
        """Everything that any websocket was told."""

    def _take(self, outputs: list[WsOutput]) -> None:
        if hasattr(self, "sent"):
            self.sent += outputs
        super()._take(outputs)

    def place(self, client_order_id: str, **terms: Any) -> int:
        """A bid that rests, unless the terms say otherwise; the answer's status."""
        return self.reply("POST", self.order, **self.limit(newClientOrderId=client_order_id, **terms)).status

    def ask(self, conn_id: int, method: str, **params: Any) -> None:
        """Send a request; its answer is in the frames, if there is one."""
        given = sign_ws_params(self.signer, {"apiKey": KEY, "timestamp": self.now_ms + 1, **params})
        self.send(conn_id, msgspec.json.encode({"id": "r", "method": method, "params": given}))

    def live(self) -> list[str]:
        """Client ids of all orders that the exchange ever had."""
        return [row["client_order_id"] for row in self.admin_rows("orders")]

    def cancel(self, client_order_id: str) -> int:
        """The answer's status."""
        return self.reply("DELETE", self.order, symbol="DOGEUSDT", origClientOrderId=client_order_id).status

    def is_refused(self, target: str) -> bool:
        """Whether a websocket cannot be opened at the moment."""
        return self.box.ws_refusal(target, self.now_ns, self.product) is not None

    def watch(self) -> int:
        """A websocket that is told of the market's best prices."""
        return self.open(self.market_stream)

    def heard(self, user: int) -> list[str]:
        """Client ids of the orders' events that came since the last look."""
        return [event["o"]["c"] for event in self.take(user) if event["e"] == "ORDER_TRADE_UPDATE"]

    def open_ids(self) -> list[str]:
        """Client ids of the orders that are open, as the exchange answers."""
        return [row["clientOrderId"] for row in self.call("GET", self.open_orders, symbol="DOGEUSDT")]

    def admin(self, path: str, **body: Any) -> Any:
        """Ask the operator's window, or tell it something."""
        method, data = ("POST", msgspec.json.encode(body)) if body else ("GET", b"")
        reply = self.raw(method, f"/admin/{path}", body=data)
        assert reply.status == 200, reply.body
        return msgspec.json.decode(reply.body)

    def admin_rows(self, what: str) -> list[dict[str, Any]]:
        """A table of the operator's, of this product."""
        query = f"product={'futures' if self.product is Product.FUTURES else 'spot'}"
        rows: list[dict[str, Any]] = msgspec.json.decode(self.raw("GET", f"/admin/{what}", query.encode()).body)
        return rows

    def crowd_trades(self) -> None:
        """Strangers trade with each other."""
        now_ns = self.now_ns
        for side in (Side.BUY, Side.SELL):
            order = NewOrder("crowd", "DOGEUSDT", side, OrderType.LIMIT, Decimal(50), Decimal("0.6"))
            self.inner.place(order, now_ns, self.product)

    def counts(self) -> dict[str, int]:
        """What went wrong so far."""
        counts: dict[str, int] = self.admin("chaos")["counts"]
        return counts


class SpotTroubled(Troubled):
    """Account ``main`` on spot, in the same market."""

    product = Product.SPOT
    order = "/api/v3/order"
    open_orders = "/api/v3/openOrders"
    ws_api = "/ws-api/v3"
    market_stream = "/ws/dogeusdt@bookTicker"
    says = MappingProxyType({Fault.ANSWER_TIMEOUT: 504, Fault.ANSWER_UNKNOWN: 502, Fault.INTERNAL: 500})

    def quote(self) -> None:
        """A market around 0.60, and coins to sell."""
        exchange = self.box.spot_exchange
        exchange.open_account(CROWD, {}, is_house=True)
        for account in ("main", "main/margin"):
            exchange.transfer(account, "DOGE", Decimal(10_000), self.now_ns)
        for side, px in ((Side.BUY, BID), (Side.SELL, ASK)):
            order = NewOrder(CROWD, "DOGEUSDT", side, OrderType.LIMIT, Decimal(5000), Decimal(px))
            self.box.place(order, self.now_ns, Product.SPOT)

    def open(self, target: str) -> int:
        refusal = self.box.ws_refusal(target, self.now_ns, Product.SPOT)
        assert refusal is None, refusal
        self._last_conn_id += 1
        self.frames[self._last_conn_id] = []
        self._take(self.box.ws_open(self._last_conn_id, target, self.now_ns, Product.SPOT))
        return self._last_conn_id

    def listen(self, query: str = "") -> int:
        """The account's events, on a WS-API connection."""
        conn_id = self.open(self.ws_api + query)
        self.ask(conn_id, "userDataStream.subscribe.signature")
        (answer,) = self.take(conn_id)
        assert answer["status"] == 200, answer
        return conn_id

    def heard(self, user: int) -> list[str]:
        frames = [frame["event"] for frame in self.take(user) if "event" in frame]
        return [event["c"] for event in frames if event["e"] == "executionReport"]


class MarginTroubled(SpotTroubled):
    """The account's wallet on margin: REST alone, in spot's books."""

    order = "/sapi/v1/margin/order"
    open_orders = "/sapi/v1/margin/openOrders"

    def listen(self, query: str = "") -> int:
        token = self.call("POST", "/sapi/v1/userListenToken", sign=False)["token"]
        conn_id = self.open(self.ws_api + query)
        asking = {"id": "r", "method": "userDataStream.subscribe.listenToken", "params": {"listenToken": token}}
        self.send(conn_id, msgspec.json.encode(asking))
        (answer,) = self.take(conn_id)
        assert answer["status"] == 200, answer
        return conn_id


EVERY_PRODUCT = pytest.mark.parametrize("product", [Troubled, SpotTroubled, MarginTroubled])
"""A test that is given the class of its client."""
