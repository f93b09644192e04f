"""A client at a box that is troubled as a test wishes."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from random import Random
from typing import Any

import msgspec

from tests.unit.sim.face_rig import KEY, Client
from tradingsys.core.enums import OrderType, Side
from tradingsys.sim.chaos import Chaos, Profile
from tradingsys.sim.chaos.faults import Fault
from tradingsys.sim.events import NewOrder
from tradingsys.sim.faces.transport import WsOutput
from tradingsys.venues.binance.signing import sign_ws_params

__all__ = ["ORDER", "Troubled", "always", "profile"]

ORDER = "/fapi/v1/order"
ASK, BID = "0.601", "0.599"


def profile(**settings: Any) -> Profile:
    """One with these rates and nothing else."""
    return Profile("test", "as a test wishes", **settings)


def always(fault: Fault) -> Mapping[Fault, float]:
    """Every event of a kind meets it."""
    return {fault: 1.0}


class Troubled(Client):
    """Account ``main``, in a market around 0.60, and chaos before it."""

    box: Any

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
        return self.reply("POST", ORDER, **self.limit(newClientOrderId=client_order_id, **terms)).status

    def ask(self, conn_id: int, method: str, **params: Any) -> None:
        """Send a request; its answer is in the frames, if there is one."""
        given = sign_ws_params(self.signer, {"apiKey": KEY, "timestamp": self.now_ms + 1, **params})
        self.send(conn_id, msgspec.json.encode({"id": "r", "method": method, "params": given}))

    def live(self) -> list[str]:
        """Client ids of all orders that the exchange ever had."""
        return [row["client_order_id"] for row in self.admin("orders")]

    def admin(self, path: str, **body: Any) -> Any:
        """Ask the operator's window, or tell it something."""
        method, data = ("POST", msgspec.json.encode(body)) if body else ("GET", b"")
        reply = self.raw(method, f"/admin/{path}", body=data)
        assert reply.status == 200, reply.body
        return msgspec.json.decode(reply.body)

    def crowd_trades(self) -> None:
        """Strangers trade with each other."""
        now_ns = self.now_ns
        for side in (Side.BUY, Side.SELL):
            order = NewOrder("crowd", "DOGEUSDT", side, OrderType.LIMIT, Decimal(50), Decimal("0.6"))
            self.inner.place(order, now_ns)

    def counts(self) -> dict[str, int]:
        """What went wrong so far."""
        counts: dict[str, int] = self.admin("chaos")["counts"]
        return counts
