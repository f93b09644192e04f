"""A whole gateway with a venue that says only what the test lets it say, and clients word for word."""

from __future__ import annotations

import json
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

from msgspec import structs

from tests.unit.gateway.peers import RecordedPeer
from tests.unit.gateway.scripted_venue import START_MS, SYMBOL, Json, ScriptedVenue, answer_to
from tradingsys.core.commands import ReplaceOrder
from tradingsys.core.enums import AccountKind
from tradingsys.core.errors import TradingError
from tradingsys.core.io import Frame, Transmission
from tradingsys.core.order import Fill, Order
from tradingsys.core.reports import (
    OrderChanged,
    OrderRequest,
    Outcome,
    Report,
    RequestDone,
)
from tradingsys.core.venue_clock import VenueClock
from tradingsys.gateway.configuration.session_config import UNLIMITED
from tradingsys.gateway.kernel import Gateway
from tradingsys.gateway.ordering.orders import OrderSettings
from tradingsys.gateway.settings import GatewaySettings
from tradingsys.oms.cadence import Cadence
from tradingsys.oms.tracked_order import TrackedOrder
from tradingsys.store import InlineRunner, Store
from tradingsys.venues.binance.market import BinanceMarket
from tradingsys.venues.binance.product import Endpoints
from tradingsys.venues.binance.products import PRODUCTS

ACCOUNT = "test"
SETTINGS = GatewaySettings(
    OrderSettings(recv_window_ms=2_000),
    symbols=(SYMBOL,),
    watch_ms=10**9,
    cadence=Cadence(slot_ms=10**9, first_audit_ms=10**12),
    token="s3cret",
    environment="test",
    db="pos.db",
    shows_old_rules=lambda code, _: code == -4140,
    limits=UNLIMITED,
)


class SceneClient:
    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.peer = RecordedPeer()
        scene.gateway.peer_opened(self.peer)
        self.login_result: Json = {}
        self._ids = count(1)
        self._seq = count(1)

    @property
    def messages(self) -> list[Json]:
        return [json.loads(data) for data in self.peer.sent]

    def say(self, data: bytes) -> None:
        self.scene.gateway.peer_frame(self.peer, data)

    def request(self, method: str, params: object = None) -> int:
        """Send, and return the request's id."""
        request_id = next(self._ids)
        self.say(json.dumps({"id": request_id, "method": method, "params": params}).encode())
        return request_id

    def reply_to(self, request_id: int) -> Json | None:
        replies = [message for message in self.messages if message.get("id", "") == request_id]
        assert len(replies) <= 1, f"{len(replies)} replies"
        return replies[0] if replies else None

    def ask(self, method: str, params: object = None) -> Json:
        reply = self.reply_to(self.request(method, params))
        assert reply is not None, f"{method}: no reply"
        return reply

    def result(self, method: str, params: object = None) -> Any:
        reply = self.ask(method, params)
        assert "error" not in reply, reply
        return reply.get("result")

    def error(self, method: str, params: object = None) -> tuple[int, str]:
        reply = self.ask(method, params)
        assert "error" in reply, reply
        return reply["error"]["code"], reply["error"]["msg"]

    def login(self, session: int, **more: object) -> Json:
        params = {"session_id": session, "name": "test", "trading": True, "instance": f"i{session}", "token": "s3cret"}
        self.login_result = self.result("login", params | more)
        return self.login_result

    def order_params(self, **changes: object) -> Json:
        login = self.login_result
        return {
            "lineage": login["lineage"],
            "epoch": login["epoch"],
            "login": login["login"],
            "seq": next(self._seq),
            "symbol": "dogeusdt",
            "side": "BUY",
            "order_type": "LIMIT",
            "quantity": "30",
            "price": "0.6",
            "time_in_force": "GTC",
        } | changes

    def order(self, **changes: object) -> str:
        client_order_id: str = self.result("order", self.order_params(**changes))["client_order_id"]
        return client_order_id

    def pushes(self, kind: str) -> list[Json]:
        return [message for message in self.messages if message.get("type") == kind]

    def last_order(self) -> Json:
        order: Json = self.pushes("order")[-1]["order"]
        return order


class Scene:
    """Clock, transport, log and venue of one test; the gateway is READY."""

    def __init__(
        self,
        folder: Path,
        settings: GatewaySettings = SETTINGS,
        *,
        wall_off_ms: int = 0,
        venue: ScriptedVenue | None = None,
    ) -> None:
        self.now_ns = 10**9
        self.wall_off_ms = wall_off_ms
        self.folder = folder
        self.logged: list[str] = []
        self.performed: list[Transmission] = []
        self.failures: list[TradingError] = []
        self.venue = venue or ScriptedVenue()
        self.settings = settings
        self._venue_ids = count(1_000)
        self._exec_ids = count(1)
        self.start()

    def start(self) -> None:
        (self.folder / "shm").mkdir(exist_ok=True)
        self.store = Store.open(
            self.folder / "pos.db",
            account=ACCOUNT,
            random_lineage=7,
            wall_ms=START_MS,
            ticket_dir=self.folder / "shm",
            runner=InlineRunner(),
        )
        product = PRODUCTS[self.settings.product]
        market = BinanceMarket(product, Endpoints("http://sim", "ws://sim/api", "ws://sim"))
        self.gateway = Gateway(
            self.settings,
            self.venue,
            market,
            self.store,
            self,
            self,
            self,
            accepting=lambda: None,
            failed=self.failures.append,
        )
        self.gateway.start()

    def ready(self) -> Scene:
        self.run(40)
        assert self.gateway.is_ready, self.gateway.text
        return self

    def restart(self) -> Scene:
        self.gateway.stop()
        self.venue.clock = VenueClock()
        self.start()
        return self.ready()

    # ---- the seams

    def monotonic_ns(self) -> int:
        return self.now_ns

    def wall_ns(self) -> int:
        return (START_MS + self.wall_off_ms) * 1_000_000 + self.now_ns

    def perform(self, transmission: Transmission) -> None:
        self.performed.append(transmission)

    def debug(self, event: str, /, **fields: object) -> None: ...

    def info(self, event: str, /, **fields: object) -> None:
        self.logged.append(f"info: {event} {fields or ''}")

    def warning(self, event: str, /, **fields: object) -> None:
        self.logged.append(f"warning: {event} {fields or ''}")

    def error(self, event: str, /, **fields: object) -> None:
        self.logged.append(f"error: {event} {fields or ''}")

    # ---- what happens

    def run(self, seconds: float) -> None:
        end_ns = self.now_ns + int(seconds * 1e9)
        while (due_ns := self.gateway.next_deadline_ns) is not None and due_ns <= end_ns:
            self.now_ns = max(self.now_ns, due_ns)
            self.gateway.tick()
        self.now_ns = end_ns

    def says(self, *reports: Report) -> None:
        """The venue says this."""
        self.venue.said += reports
        self.gateway.venue_event(Frame("trade", b""))

    def answer(self, kind: type, outcome: object) -> None:
        """Answer the oldest open question of a kind."""
        ask = next(ask for ask in self.venue.open_asks if isinstance(ask.query, kind))
        self.venue.open_asks.remove(ask)
        self.says(answer_to(ask, outcome))

    def now_ms(self) -> int:
        return START_MS + self.now_ns // 1_000_000

    def tracked(self, client_order_id: str) -> TrackedOrder:
        order = self.gateway.book.order(client_order_id)
        assert order is not None
        return order

    def ends(
        self,
        client_order_id: str,
        request: OrderRequest,
        outcome: Outcome,
        error: TradingError | None = None,
        revision: int | None = None,
    ) -> None:
        """A request about an order ends; of amends, if not told which, the last one."""
        last = self.tracked(client_order_id).revisions if request is OrderRequest.REPLACE else 0
        self.says(RequestDone(client_order_id, request, outcome, error, last if revision is None else revision))

    def accepts(self, client_order_id: str) -> Order:
        """The venue takes an order that was sent."""
        command = next(each for each in self.venue.placed() if each.client_order_id == client_order_id)
        terms = structs.replace(command.terms, version_ms=self.now_ms())
        number = str(next(self._venue_ids))
        # Futures keep conditional orders apart until they are triggered.
        is_conditional = terms.order_type.is_conditional and self.venue.account_kind is AccountKind.CONTRACTS
        order = Order(
            (client_order_id,),
            None if is_conditional else number,
            terms,
            accepted=True,
            algo_id=number if is_conditional else None,
        )
        self.says(
            OrderChanged(order, terms.symbol, self.now_ms()),
            RequestDone(client_order_id, OrderRequest.PLACE, Outcome.ACCEPTED),
        )
        return order

    def amends(self, client_order_id: str) -> None:
        """The venue takes the last amend of an order, and answers."""
        revision = self.learns_of_amend(client_order_id)
        self.ends(client_order_id, OrderRequest.REPLACE, Outcome.ACCEPTED, revision=revision)

    def learns_of_amend(self, client_order_id: str) -> int:
        """The venue takes the last amend of an order; its answer is still to come. Returns which one it was."""
        command: ReplaceOrder = [
            each for each in self.venue.sent(ReplaceOrder) if each.client_order_id == client_order_id
        ][-1]
        facts = self.tracked(client_order_id).facts
        assert facts.terms is not None
        terms = structs.replace(
            facts.terms,
            order_qty=command.order_qty,
            price=command.price,
            version_ms=self.now_ms(),
            revision=command.revision,
        )
        self.says(OrderChanged(structs.replace(facts, terms=terms), terms.symbol, self.now_ms()))
        return command.revision

    def fills_order(
        self, client_order_id: str, qty: str, px: str = "0.6", fee: str = "0.001", fee_asset: str = "USDT"
    ) -> None:
        """The venue executes a part of an order."""
        order = self.tracked(client_order_id)
        terms, venue_order_id = order.facts.terms, order.facts.venue_order_id
        assert terms is not None and venue_order_id is not None
        fill = Fill(
            str(next(self._exec_ids)),
            terms.symbol,
            venue_order_id,
            terms.side,
            Decimal(px),
            Decimal(qty),
            self.now_ms(),
            True,
            Decimal(fee),
            fee_asset,
        )
        facts = Order((client_order_id,), venue_order_id, fills={fill.exec_id: fill})
        self.venue.fills.append(structs.replace(facts, client_order_ids=()))
        self.venue.executed(fill)
        self.says(OrderChanged(facts, terms.symbol, self.now_ms()))

    def client(self, session: int | None = 1, **more: object) -> SceneClient:
        client = SceneClient(self)
        if session is not None:
            client.login(session, **more)
        return client

    def operator(self) -> SceneClient:
        """A client that gives a person's orders."""
        client = SceneClient(self)
        client.result("operate", {"token": "s3cret"})
        return client

    def holder(self, session: int, qty: str, side: str = "BUY") -> SceneClient:
        """A client whose session holds something."""
        client = self.client(session)
        client_order_id = client.order(side=side, quantity=qty)
        self.accepts(client_order_id)
        self.fills_order(client_order_id, qty)
        return client
