"""Whoever was away for so long that a snapshot comes is told what was executed meanwhile, whoever sent the orders."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.simulate.faults import Faults
from tests.simulate.rig import Json, Rig, WireClient
from tests.simulate.scenes.stage import SLOW_DISK
from tests.unit.gateway.test_stopping import holder, operator
from tradingsys.core.enums import Side
from tradingsys.gateway.clients import sessions
from tradingsys.gateway.requests import fill_requests
from tradingsys.wire.messages import ErrorCode

Cursor = list[int]


def cursor_of(client: WireClient) -> Cursor:
    last = client.events[-1]
    return [last["epoch"], last["n"]]


def since(client: WireClient, after: Cursor) -> Json:
    """One page."""
    params = {"lineage": client.login_result["lineage"], "after": after}
    found: Json = client.ask("get_fills", params)["result"]
    return found


def executions(found: Json) -> list[tuple[str, str]]:
    return [(view["side"], fill["qty"]) for view in found["orders"] for fill in view["fills"]]


def executions_told(client: WireClient) -> list[Json]:
    return [fill for push in client.pushes("order") for fill in push["order"].get("fills", ())]


def comes_back(rig: Rig, after: Cursor, **more: object) -> WireClient:
    client = rig.client(None)
    assert "resumed" not in client.login(1, cursor=after, **more)
    return client


@pytest.mark.parametrize("is_killed_at_once", [False, True])
def test_what_the_gateway_traded_away_itself(rig: Rig, is_killed_at_once: bool) -> None:
    one = holder(rig, 1, 30)
    after = cursor_of(one)
    rig.house(Side.BUY, 100, "0.59")
    one._link.close()  # type: ignore[union-attr]
    rig.run(1)
    operator(rig).ask("op.flatten", {"session_id": 1}, 0.0 if is_killed_at_once else 3.0)
    rig.restart()
    rig.run(5)
    again = comes_back(rig, after)
    assert again.login_result["snapshot"]["positions"][0]["net"] == "0"
    found = since(again, after)
    assert executions(found) == [("SELL", "30")] and "next" not in found
    (view,) = found["orders"]
    assert (view["status"], view["order_type"], view["fills"][0]["fee_asset"]) == ("FILLED", "MARKET", "USDT")
    snapshot = again.login_result["snapshot"]
    assert since(again, [snapshot["epoch"], snapshot["n"]]) == {"orders": []}


def test_an_onlooker_that_was_away(rig: Rig) -> None:
    owner, onlooker = rig.client(1, instance="i1"), rig.client(1, instance="i2", trading=False)
    after = [onlooker.login_result["epoch"], 0]
    onlooker._link.close()  # type: ignore[union-attr]
    rig.house(Side.SELL, 10, "0.6")
    owner.ask("order", owner.order_params(quantity="10"))
    rig.run(1)
    rig.restart()
    assert executions(since(comes_back(rig, after, instance="i2", trading=False), after)) == [("BUY", "10")]


def test_more_than_is_kept_for_those_that_come_back(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "_MAX_REPLAY_BYTES", 1_000)
    client = rig.client()
    rig.house(Side.SELL, 50, "0.6")
    after = [client.login_result["epoch"], 0]
    for qty in ("10", "11", "12"):
        client.ask("order", client.order_params(quantity=qty))
    client._link.close()  # type: ignore[union-attr]
    rig.run(1)
    again = comes_back(rig, after)
    assert executions(since(again, after)) == [("BUY", "10"), ("BUY", "11"), ("BUY", "12")]


def test_page_by_page(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fill_requests, "_MOST_FILLS", 2)
    client = rig.client()
    after = [client.login_result["epoch"], 0]
    client.ask("order", client.order_params(quantity="30"))
    for qty in (9, 10, 11):
        rig.house(Side.SELL, qty, "0.6")
    rig.house(Side.SELL, 50, "0.6")
    client.ask("order", client.order_params(quantity="12"))
    rig.restart()
    again = comes_back(rig, after)
    pages: list[Json] = []
    place: Cursor | None = after
    while place is not None:
        pages.append(since(again, place))
        place = pages[-1].get("next")
    assert [len(executions(page)) for page in pages] == [2, 2, 0]
    assert [each for page in pages for each in executions(page)] == [("BUY", qty) for qty in ("9", "10", "11", "12")]
    assert [len(page["orders"]) for page in pages] == [1, 2, 0], "of one order as long as no other comes between"


def test_executions_that_were_never_written_are_told_by_the_next_gateway(tmp_path: Path) -> None:
    """And who began with them knows that they are his already: they are in his snapshot, though their order is over."""
    rig = Rig(tmp_path)
    client = rig.client()
    rig.house(Side.SELL, 50, "0.6")
    after = [client.login_result["epoch"], 0]
    gateway = rig.gateway.gateway
    gateway.store.commit = lambda records, done: None  # type: ignore[method-assign]
    client.ask("order", client.order_params(quantity="10"))
    (view,) = rig.client(1, instance="me").login_result["snapshot"]["orders"]
    assert (view["status"], [fill["qty"] for fill in view["fills"]]) == ("FILLED", ["10"])
    rig.restart()
    (told,) = since(comes_back(rig, after), after)["orders"]
    assert told["fills"][0]["exec_id"] == view["fills"][0]["exec_id"]


def test_what_is_on_its_way_to_the_file_is_told(tmp_path: Path) -> None:
    rig = Rig(tmp_path, faults=Faults(disk=SLOW_DISK))
    client = rig.client()
    rig.house(Side.SELL, 50, "0.6")
    after = [client.login_result["epoch"], 0]
    client.ask("order", client.order_params(quantity="10"), 0.0)
    while not executions_told(client):
        rig.run(0.001)
    assert rig.gateway.gateway.sessions.session(1).unsaved.orders  # type: ignore[union-attr]
    assert executions(since(client, after)) == [("BUY", "10")]


def test_others_are_told_nothing(rig: Rig) -> None:
    holder(rig, 1, 30)
    other = rig.client(2, instance="i2")
    assert since(other, [1, 0]) == {"orders": []}


def test_wrong_questions(rig: Rig) -> None:
    client = rig.client()
    lineage, epoch = client.login_result["lineage"], client.login_result["epoch"]
    for params in (
        {"lineage": "zzzzz", "after": [epoch, 0]},
        {"lineage": lineage, "after": [epoch + 1, 0]},
        {"lineage": lineage, "after": [epoch, 10_000]},
        {"lineage": lineage, "after": [-1, 0]},
        {"lineage": lineage, "after": [epoch, -1]},
        {"lineage": lineage, "after": [2**62, 2**62]},
        {"lineage": lineage, "after": [1, 2**63]},
        {"lineage": lineage, "after": [epoch]},
        {"lineage": lineage, "after": "x"},
        {"lineage": lineage},
        None,
    ):
        assert client.error("get_fills", params) == ErrorCode.BAD_REQUEST
    assert rig.client(None).error("get_fills", {"lineage": lineage, "after": [1, 0]}) == ErrorCode.LOGIN_FIRST


def test_nothing_came_after_an_event_that_an_earlier_run_cannot_have_reached(rig: Rig) -> None:
    """How far it came is not kept; SQLite takes each number that a request may carry."""
    client = holder(rig, 1, 30)
    earlier = client.login_result["epoch"]
    rig.restart()
    assert since(comes_back(rig, [earlier, 0]), [earlier, 2**63 - 1]) == {"orders": []}


def test_one_question_at_a_time(rig: Rig) -> None:
    client = rig.client()
    params = {"lineage": client.login_result["lineage"], "after": [1, 0]}
    waiting: list[object] = []
    rig.gateway.gateway.store.look = lambda question, done: waiting.append(done)  # type: ignore[method-assign]
    client.send_raw(json.dumps({"id": 1000, "method": "get_fills", "params": params}).encode())
    rig.run(1)
    assert client.error("get_fills", params) == ErrorCode.DENIED and len(waiting) == 1
