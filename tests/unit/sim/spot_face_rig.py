"""A client of spot and margin without a network."""

from __future__ import annotations

from decimal import Decimal
from random import Random
from typing import Any

import msgspec

from tradingsys.core.enums import OrderType, Side
from tradingsys.sim.events import NewOrder
from tradingsys.sim.simulator import Product
from tradingsys.venues.auth import Signer

from .exchange_rig import MS
from .face_rig import CROWD, KEY, Client

__all__ = ["KEY", "ORDER", "SpotClient", "oco", "place"]

ORDER = "/api/v3/order"
_COINS = Decimal(10_000)


class SpotClient(Client):
    """Account ``main`` with 100,000 USDT and 10,000 DOGE, in its spot wallet and on margin."""

    def __init__(self, *, flow: Random | None = None, signer: Signer | None = None) -> None:
        super().__init__(flow=flow, signer=signer)
        exchange = self.box.spot_exchange
        exchange.open_account(CROWD, {}, is_house=True)
        for name in ("main", "main/margin"):
            exchange.transfer(name, "DOGE", _COINS, self.now_ns)

    def limit(self, side: str = "BUY", qty: str = "100", px: str = "0.59", **more: Any) -> dict[str, Any]:
        """Parameters of a limit order for DOGEUSDT; those that are empty are left out."""
        return super().limit(side, qty, px, **more)

    def crowd(self, side: Side, qty: str, px: str, symbol: str = "DOGEUSDT") -> None:
        """Somebody else's order."""
        self.now_ns += MS
        order = NewOrder(CROWD, symbol, side, OrderType.LIMIT, Decimal(qty), Decimal(px))
        self._take(self.box.place(order, self.now_ns, Product.SPOT)[1])

    def open(self, target: str) -> int:
        refusal = self.box.ws_refusal(target, self.now_ns, Product.SPOT)
        assert refusal is None, refusal
        self._last_conn_id += 1
        self.frames[self._last_conn_id] = []
        self._take(self.box.ws_open(self._last_conn_id, target, self.now_ns, Product.SPOT))
        return self._last_conn_id

    def listen(self, query: str = "") -> int:
        """A connection with the account's events."""
        conn = self.open(f"/ws-api/v3{query}")
        assert self.ws_call(conn, "userDataStream.subscribe.signature")["result"] == {"subscriptionId": 0}
        return conn

    def events(self, conn: int) -> list[dict[str, Any]]:
        """What happened to the account since the last call."""
        return [frame["event"] for frame in self.take(conn) if "event" in frame]

    def refusal(self, method: str, path: str, **params: Any) -> tuple[int, str]:
        """Code and message of a call that must fail."""
        reply = self.reply(method, path, **params)
        assert reply.status >= 400, reply.body
        told = msgspec.json.decode(reply.body)
        return told["code"], told["msg"]


def place(client: SpotClient, **more: Any) -> dict[str, Any]:
    """A limit order for DOGEUSDT; see `SpotClient.limit`."""
    told: dict[str, Any] = client.call("POST", ORDER, **client.limit(**more))
    return told


def oco(**more: str) -> dict[str, Any]:
    """Parameters of a pair for DOGEUSDT."""
    return {
        "symbol": "DOGEUSDT",
        "side": "SELL",
        "quantity": "100",
        "aboveType": "LIMIT_MAKER",
        "abovePrice": "0.62",
        "belowType": "STOP_LOSS_LIMIT",
        "belowStopPrice": "0.58",
        "belowPrice": "0.579",
        "belowTimeInForce": "GTC",
        **more,
    }
