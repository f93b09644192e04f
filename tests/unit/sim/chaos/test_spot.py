"""Chaos on the spot segment of the box: what it shares with futures, and a notice before the end."""

from __future__ import annotations

from tradingsys.sim.chaos.faults import Fault
from tradingsys.sim.faces.transport import WsRefuse
from tradingsys.sim.simulator import Product

from .rig import MarginTroubled, SpotTroubled, Troubled, always, profile


def test_all_products_count_their_orders_together() -> None:
    wanted = profile(orders={Fault.ANSWER_MISSING: 0.5})
    alone, mixed = SpotTroubled(wanted, 3), SpotTroubled(wanted, 3)
    fates = [alone.place(f"n{number}") for number in range(12)]
    paths = [each.order for each in (Troubled, SpotTroubled, MarginTroubled)]
    assert fates == [
        mixed.reply("POST", paths[number % 3], **mixed.limit(newClientOrderId=f"n{number}")).status
        for number in range(12)
    ]
    assert len(set(fates)) == 2


def test_answers_pass_where_events_are_held_on_the_same_websocket() -> None:
    client = SpotTroubled(profile(account=always(Fault.EVENT_LATE), account_late_ms=(100, 100)))
    user = client.listen()
    client.ask(user, "order.place", **client.limit(newClientOrderId="mine"))
    (answer,) = client.take(user)
    assert (answer["id"], answer["status"]) == ("r", 200)
    client.run(100)
    assert client.heard(user) == ["mine"]


def test_a_late_answer_is_overtaken_by_its_events() -> None:
    client = SpotTroubled(profile(orders=always(Fault.ANSWER_LATE), answers_late_ms=(100, 100)))
    user = client.listen()
    client.ask(user, "order.place", **client.limit(newClientOrderId="mine"))
    assert client.heard(user) == ["mine"]
    client.run(100)
    (answer,) = client.take(user)
    assert (answer["id"], answer["status"]) == ("r", 200)


def test_the_stream_of_a_margin_accounts_risk_is_an_accounts() -> None:
    client = SpotTroubled(profile(account=always(Fault.EVENT_LOST)))
    key = client.call("POST", "/sapi/v1/margin/listen-key", sign=False)["listenKey"]
    risk = client.open(f"/ws/{key}")
    client.call("POST", "/sapi/v1/margin/borrow-repay", asset="USDT", amount="50", isIsolated="FALSE", type="BORROW")
    assert client.take(risk) == []
    assert set(client.counts()) == {"event_lost"}


def test_a_restart_may_be_announced_and_then_ends_old_websockets_last() -> None:
    ends = set()
    for seed in range(6):
        client = SpotTroubled(profile(), seed)
        user, market = client.listen(), client.watch()
        futures = Troubled.open(client, "/public/ws")
        client.admin("chaos", now="restart")
        client.run(1)
        notices = [frame.get("event", frame)["e"] for each in (user, market) for frame in client.take(each)]
        is_announced = bool(notices)
        assert notices == (["serverShutdown"] * 2 if is_announced else [])
        assert set(client.closed) == ({futures} if is_announced else {futures, user, market})
        assert isinstance(client.box.ws_refusal("/public/ws", client.now_ns), WsRefuse)
        assert (client.box.ws_refusal("/ws", client.now_ns, Product.SPOT) is None) is is_announced
        newcomer = client.watch() if is_announced else None
        client.run(6_001)
        assert set(client.closed) == {futures, user, market}
        assert newcomer not in client.closed
        assert client.box.ws_refusal("/public/ws", client.now_ns) is None
        ends.add(is_announced)
    assert ends == {True, False}
