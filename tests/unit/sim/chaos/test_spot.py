"""Chaos on the spot segment of the box: the same faults by the same numbers, and a notice before the end."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.unit.sim.face_rig import CROWD
from tradingsys.core.enums import OrderType, Side
from tradingsys.sim.chaos import PROFILES
from tradingsys.sim.chaos.faults import Fault
from tradingsys.sim.events import NewOrder
from tradingsys.sim.faces.transport import WsRefuse
from tradingsys.sim.simulator import Product

from .rig import Troubled, always, profile

ORDER = "/api/v3/order"
API = "/ws-api/v3"


class SpotTroubled(Troubled):
    """Account ``main`` on spot, at a market of 0.60."""

    def quote(self) -> None:
        self.box.spot_exchange.open_account(CROWD, {}, is_house=True)
        for side, px in ((Side.BUY, "0.599"), (Side.SELL, "0.601")):
            order = NewOrder(CROWD, "DOGEUSDT", side, OrderType.LIMIT, Decimal(5000), Decimal(px))
            self.box.place(order, self.now_ns, Product.SPOT)

    def open(self, target: str) -> int:
        refusal = self.box.ws_refusal(target, self.now_ns, Product.SPOT)
        assert refusal is None, refusal
        self._last_conn_id += 1
        self.frames[self._last_conn_id] = []
        self._take(self.box.ws_open(self._last_conn_id, target, self.now_ns, Product.SPOT))
        return self._last_conn_id

    def place(self, client_order_id: str, **terms: Any) -> int:
        terms = self.limit(newClientOrderId=client_order_id, **terms)
        return self.reply("POST", ORDER, **terms).status

    def listen(self, query: str = "") -> int:
        """The account's events, on a WS-API connection."""
        del query
        conn_id = self.open(API)
        self.ask(conn_id, "userDataStream.subscribe.signature")
        (answer,) = self.take(conn_id)
        assert answer["status"] == 200, answer
        return conn_id


def told(client: Troubled, user: int) -> list[str]:
    """Client ids of orders' events so far."""
    frames = [frame["event"] for frame in client.take(user) if "event" in frame]
    return [event["c"] for event in frames if event["e"] == "executionReport"]


@pytest.mark.parametrize(
    ("fault", "acts"),
    [
        (Fault.ANSWER_TIMEOUT, True),
        (Fault.ANSWER_UNKNOWN, True),
        (Fault.ANSWER_DROPPED, True),
        (Fault.ANSWER_MISSING, True),
        (Fault.REQUEST_CUT, False),
        (Fault.UNAVAILABLE, False),
        (Fault.OVERLOADED, False),
        (Fault.INTERNAL, False),
    ],
)
def test_an_order_is_live_or_it_is_not(fault: Fault, acts: bool) -> None:
    client = SpotTroubled(profile(orders=always(fault)))
    user = client.listen()
    assert client.place("mine") != 200
    assert told(client, user) == (["mine"] if acts else [])
    client.admin("chaos", on=False)
    found = client.call("GET", "/api/v3/openOrders", symbol="DOGEUSDT")
    assert [row["clientOrderId"] for row in found] == (["mine"] if acts else [])


def test_spot_and_futures_count_their_orders_together() -> None:
    wanted = profile(orders={Fault.ANSWER_MISSING: 0.5})
    alone, both = SpotTroubled(wanted, 3), SpotTroubled(wanted, 3)
    fates = [alone.place(f"n{number}") for number in range(12)]
    mixed = [Troubled.place(both, f"n{number}") if number % 2 else both.place(f"n{number}") for number in range(12)]
    assert mixed == fates
    assert len(set(fates)) == 2


def test_answers_pass_where_events_are_held_on_the_same_websocket() -> None:
    client = SpotTroubled(profile(account=always(Fault.EVENT_LATE), account_late_ms=(100, 100)))
    user = client.listen()
    client.ask(user, "order.place", **client.limit(newClientOrderId="mine"))
    (answer,) = client.take(user)
    assert (answer["id"], answer["status"]) == ("r", 200)
    client.run(100)
    assert told(client, user) == ["mine"]


def test_a_late_answer_is_overtaken_by_its_events() -> None:
    client = SpotTroubled(profile(orders=always(Fault.ANSWER_LATE), answers_late_ms=(100, 100)))
    user = client.listen()
    client.ask(user, "order.place", **client.limit(newClientOrderId="mine"))
    assert told(client, user) == ["mine"]
    client.run(100)
    (answer,) = client.take(user)
    assert (answer["id"], answer["status"]) == ("r", 200)


def test_the_public_market_of_spot_is_a_market() -> None:
    client = SpotTroubled(profile(market=always(Fault.MARKET_LOST)))
    market = client.open("/ws/dogeusdt@bookTicker")
    client.place("mine", px="0.6")
    assert client.take(market) == []
    assert set(client.counts()) == {"market_lost"}


def test_the_stream_of_a_margin_accounts_risk_is_an_accounts() -> None:
    client = SpotTroubled(profile(account=always(Fault.EVENT_LOST)))
    key = client.call("POST", "/sapi/v1/margin/listen-key", sign=False)["listenKey"]
    risk = client.open(f"/ws/{key}")
    client.call("POST", "/sapi/v1/margin/borrow-repay", asset="USDT", amount="50", isIsolated="FALSE", type="BORROW")
    assert client.take(risk) == []
    assert set(client.counts()) == {"event_lost"}


def test_orders_of_spot_fill_in_parts_too() -> None:
    client = SpotTroubled(PROFILES["partial"])
    assert client.place("mine", px="0.601", qty="1000") == 200
    trades = client.call("GET", "/api/v3/myTrades", symbol="DOGEUSDT")
    assert len(trades) > 3
    assert sum(Decimal(row["qty"]) for row in trades) == 1000


def test_a_restart_may_be_announced_and_then_ends_old_websockets_last() -> None:
    ends = set()
    for seed in range(6):
        client = SpotTroubled(profile(), seed)
        user, market = client.listen(), client.open("/ws")
        futures = Troubled.open(client, "/public/ws")
        client.admin("chaos", now="restart")
        client.run(1)
        notices = [frame.get("event", frame)["e"] for each in (user, market) for frame in client.take(each)]
        is_announced = bool(notices)
        assert notices == (["serverShutdown"] * 2 if is_announced else [])
        assert set(client.closed) == ({futures} if is_announced else {futures, user, market})
        assert isinstance(client.box.ws_refusal("/public/ws", client.now_ns), WsRefuse)
        assert (client.box.ws_refusal("/ws", client.now_ns, Product.SPOT) is None) is is_announced
        newcomer = client.open("/ws") if is_announced else None
        client.run(6_001)
        assert set(client.closed) == {futures, user, market}
        assert newcomer not in client.closed
        assert client.box.ws_refusal("/public/ws", client.now_ns) is None
        ends.add(is_announced)
    assert ends == {True, False}


def test_streams_of_spot_end() -> None:
    client = SpotTroubled(profile())
    user = client.listen()
    client.admin("chaos", now="stream_end")
    client.run(1)
    assert [frame["event"]["e"] for frame in client.take(user)] == ["eventStreamTerminated"]
    client.place("mine")
    assert client.take(user) == []
    assert client.closed == {}


@pytest.mark.parametrize("name", PROFILES)
def test_every_profile_can_be_lived_with_and_ended(name: str) -> None:
    client = SpotTroubled(PROFILES[name], 4)
    client.listen()
    for number in range(40):
        client.place(f"n{number}")
        client.run(5_000)
    client.admin("chaos", on=False)
    client.run(5_000)
    user = client.listen()
    assert client.place("last") == 200
    assert told(client, user) == ["last"]
