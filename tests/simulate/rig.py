"""A gateway on a faultless network, and a client that speaks the wire word for word."""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.simulate.faults import Faults
from tests.simulate.incarnation import Incarnation
from tests.simulate.life import ACCOUNT, SETTINGS, make_simulator, signer
from tests.simulate.machine import Machine
from tests.simulate.venue import Venue
from tests.simulate.world import World, ms, s
from tradingsys.core.enums import Side
from tradingsys.venues.binance.account import BinanceProtocol
from tradingsys.venues.binance.market import BinanceMarket
from tradingsys.venues.binance.product import Endpoints
from tradingsys.venues.binance.usdm import USDM
from tradingsys.venues.protocol import VenueProtocol

__all__ = ["Rig", "WireClient", "close_rigs"]

_URLS = Endpoints("http://sim", "ws://sim/ws-fapi/v1", "ws://sim")
Json = dict[str, Any]
_TICK_MS = 20
_RIGS: list[Rig] = []


class WireClient:
    """Sends what it is told, keeps what it gets; takes a strategy's place at a `SimPeer`."""

    session = 0

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._link = rig.gateway.connect(self)
        assert self._link is not None, "the gateway does not accept strategies"
        self.messages: list[Json] = []
        self.is_closed = False
        self._id = 0
        self._seq = 0
        self.login_result: Json = {}

    def received(self, data: bytes) -> None:
        self.messages.append(json.loads(data))

    def closed(self) -> None:
        self.is_closed = True

    def send_raw(self, data: bytes) -> None:
        assert self._link is not None
        self._link.send(data)
        self._rig.run(0.1)

    def ask(self, method: str, params: object = None, wait_s: float = 0.3) -> Json:
        """The reply to a request."""
        self._id += 1
        self.send_raw(json.dumps({"id": self._id, "method": method, "params": params}).encode())
        self._rig.run(wait_s)
        replies = [message for message in self.messages if message.get("id") == self._id]
        assert len(replies) == 1, f"{method}: {len(replies)} replies"
        return replies[0]

    def error(self, method: str, params: object = None) -> int:
        """The code of the error that a request gets."""
        reply = self.ask(method, params)
        assert "error" in reply, reply
        assert reply["error"]["msg"]
        return int(reply["error"]["code"])

    def login(self, session: int = 1, **more: object) -> Json:
        params = {"session_id": session, "name": "test", "trading": True, "instance": "me"} | more
        self.login_result = self.ask("login", params)["result"]
        return self.login_result

    def order_params(self, **changes: object) -> Json:
        self._seq += 1
        return {
            "lineage": self.login_result["lineage"],
            "epoch": self.login_result["epoch"],
            "login": self.login_result["login"],
            "seq": self._seq,
            "symbol": "dogeusdt",
            "side": "BUY",
            "order_type": "LIMIT",
            "quantity": "10",
            "price": "0.6",
            "time_in_force": "GTC",
        } | changes

    @property
    def events(self) -> list[Json]:
        """What was told of orders and positions."""
        return [message for message in self.messages if message.get("type") in ("order", "position")]

    def pushes(self, kind: str) -> list[Json]:
        return [message for message in self.messages if message.get("type") == kind]

    def last_order(self) -> Json:
        order: Json = self.pushes("order")[-1]["order"]
        return order


class Rig:
    """A world with one gateway in it."""

    boot_s = 6
    """Within which a gateway is ready."""
    _tick_ms = _TICK_MS

    def __init__(
        self, folder: Path, *, settings: object = SETTINGS, faults: Faults | None = None, seed: int = 1
    ) -> None:
        self.world = World(seed)
        self.folder = folder
        self.faults = faults or Faults.none()
        self.settings = settings
        self.simulator = make_simulator(self.world.now_ns)
        self.venue = Venue(self.world, self.simulator, ["DOGEUSDT"], ACCOUNT)
        self.venue.troubles.faults = lambda: self.faults
        self.machine = Machine(self.world, folder, lambda: self.faults, Counter())
        self._tick()
        self.start()
        _RIGS.append(self)

    def start(self, *, until_ready: bool = True) -> Incarnation:
        self.gateway = Incarnation(
            self.world,
            self.venue,
            self.machine,
            self.settings,  # type: ignore[arg-type]
            self.protocol,
            self.market(),
            lambda: self.faults,
            lambda power_cut: None,
        )
        if until_ready:
            self.run(self.boot_s)
            assert self.gateway.gateway.is_ready, self.gateway.gateway.text
        return self.gateway

    def close(self) -> None:
        """No file stays open, and the folder is one like any again."""
        self.gateway.release()
        self.machine.close()

    def protocol(self) -> VenueProtocol:
        """What a gateway speaks to the exchange about the account."""
        return BinanceProtocol(USDM, _URLS, "key", signer())

    def market(self) -> BinanceMarket:
        """The same about the market."""
        return BinanceMarket(USDM, _URLS)

    def restart(self) -> Incarnation:
        self.gateway.kill("by the test")
        return self.start()

    def run(self, seconds: float) -> None:
        self.world.run_for(s(seconds))

    def pass_idly(self, seconds: float) -> None:
        """Run as long, while nothing happens at the exchange: it need not look fifty times a second."""
        self._tick_ms = 1_000
        self.run(seconds)
        self._tick_ms = _TICK_MS

    def client(self, session: int | None = 1, **more: object) -> WireClient:
        """A connection, logged in to a session and subscribed to its symbol unless told otherwise."""
        client = WireClient(self)
        self.run(0.1)
        if session is not None:
            client.login(session, **more)
            assert "error" not in client.ask("subscribe", ["dogeusdt@depth"], 1.5)
        return client

    def house(self, side: Side, qty: int, px: str) -> None:
        self.venue.order("house", "DOGEUSDT", side, qty, Decimal(px), f"house-{self.world.steps}")
        self.run(0.2)

    def by_hand(self, side: Side, qty: int) -> None:
        self.venue.order(ACCOUNT, "DOGEUSDT", side, qty, None, f"web_{self.world.steps}")
        self.run(0.2)

    def net(self, session: int) -> Decimal:
        return self.gateway.gateway.book.net(session, "DOGEUSDT")

    def nets(self, *sessions: int) -> list[Decimal]:
        return [self.net(session) for session in sessions]

    def _tick(self) -> None:
        self.venue.tick()
        self.world.after(ms(self._tick_ms), self._tick)


def close_rigs() -> None:
    """All that tests have left."""
    while _RIGS:
        _RIGS.pop().close()
