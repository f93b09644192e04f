"""Connections that logged in without trading: they are told what the session's owner is told, and can do nothing."""

from __future__ import annotations

from tests.unit.gateway.scene import Scene, SceneClient
from tests.unit.gateway.scripted_venue import Json
from tradingsys.core.commands import OpenOrdersQuery
from tradingsys.wire.messages import ErrorCode

TOLD = ("snapshot", "order", "position")


def events(client: SceneClient) -> list[Json]:
    return [message for message in client.messages if message.get("type") in TOLD]


def test_an_onlooker_begins_with_the_session_as_it_is(scene: Scene) -> None:
    scene.holder(1, "30")
    first = scene.client(1, trading=False)
    snapshot = first.login_result["snapshot"]
    assert snapshot["positions"][0]["net"] == "30"
    assert snapshot["n"] == scene.client(1, trading=False, instance="x").login_result["snapshot"]["n"] > 0


def test_onlookers_are_told_what_the_owner_is_told(scene: Scene) -> None:
    owner = scene.client(1)
    onlookers = [scene.client(1, trading=False, instance=f"x{number}") for number in range(2)]
    stranger = scene.client(2, trading=False)
    order = owner.order(quantity="30")
    scene.accepts(order)
    scene.fills_order(order, "12")
    assert [event["type"] for event in events(owner)] == ["order", "position", "order"]
    assert [events(each) for each in onlookers] == [events(owner)] * 2
    assert not events(stranger)


def test_an_onlooker_needs_no_owner_and_keeps_none_out(scene: Scene) -> None:
    owner, onlooker = scene.client(1), scene.client(1, trading=False, instance="x")
    order = owner.order(quantity="30")
    scene.accepts(order)
    scene.gateway.peer_closed(owner.peer)
    scene.fills_order(order, "30")
    assert onlooker.last_order()["status"] == "FILLED"
    scene.client(1, instance="another")
    scene.gateway.peer_closed(onlooker.peer)
    assert not scene.gateway.sessions.session(1).onlookers  # type: ignore[union-attr]


def test_an_onlooker_that_comes_back_misses_nothing(scene: Scene) -> None:
    owner, onlooker = scene.client(1), scene.client(1, trading=False, instance="x")
    order = owner.order(quantity="30")
    scene.accepts(order)
    seen = [onlooker.pushes("order")[-1]["epoch"], onlooker.pushes("order")[-1]["n"]]
    scene.gateway.peer_closed(onlooker.peer)
    scene.fills_order(order, "30")
    again = scene.client(1, trading=False, instance="x", cursor=seen)
    assert again.login_result["resumed"] and [event["n"] - seen[1] for event in events(again)] == [1, 2]


def test_one_that_changes_its_mind_is_told_everything_once(scene: Scene) -> None:
    client = scene.client(1, trading=False)
    client.login(1, trading=True)
    order = client.order(quantity="30")
    scene.accepts(order)
    assert [event["type"] for event in events(client)] == ["order"]
    client.login(1, trading=False)
    assert client.error("cancel", {"client_order_id": order})[0] == ErrorCode.NON_TRADING
    scene.fills_order(order, "30")
    assert len(events(client)) == 3


def test_an_onlooker_may_ask_what_became_of_an_order(scene: Scene) -> None:
    owner, onlooker = scene.client(1), scene.client(1, trading=False, instance="x")
    order = owner.order(quantity="30")
    scene.accepts(order)
    asked = {"client_order_id": order, "symbol": "dogeusdt", "side": "BUY", "order_type": "LIMIT", "quantity": "30"}
    (view,) = onlooker.result("resolve", {"orders": [asked]})["orders"]
    assert view["status"] == "NEW"
    assert scene.client(2, trading=False).error("resolve", {"orders": [asked]})[0] == ErrorCode.NO_SUCH_ORDER
    assert scene.client(None).error("resolve", {"orders": []})[0] == ErrorCode.LOGIN_FIRST


def test_an_onlooker_of_a_starting_gateway_gets_its_snapshot_when_that_is_ready(scene: Scene) -> None:
    scene.holder(1, "30")
    scene.gateway.stop()
    answer = scene.venue.answers.pop(OpenOrdersQuery)
    scene.start()
    scene.run(1)
    onlooker = scene.client(1, trading=False)
    assert not scene.gateway.is_ready and "snapshot" not in onlooker.login_result
    scene.venue.answers[OpenOrdersQuery] = answer
    scene.answer(OpenOrdersQuery, [])
    scene.ready()
    (push,) = onlooker.pushes("snapshot")
    assert push["snapshot"]["positions"][0]["net"] == "30"


def test_sessions_that_were_only_looked_at_are_not_listed(scene: Scene) -> None:
    scene.client(5, trading=False)
    scene.client(6)
    operator = scene.client(None)
    operator.result("operate", {"token": "s3cret"})
    assert [row["session_id"] for row in operator.result("op.sessions")] == [6, -1]
