"""The port as operators see it: looking, correcting, resuming; without a session and without holding up anybody."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.unit.gateway.scene import Scene, SceneClient
from tests.unit.gateway.scripted_venue import Json
from tradingsys import __version__
from tradingsys.core.commands import Balance, BalancesQuery, PositionsQuery
from tradingsys.core.errors import TransportError
from tradingsys.core.ids import EXTERNAL
from tradingsys.core.reports import OrderRequest, Outcome, UserStreamState
from tradingsys.store.read import positions, reading
from tradingsys.wire import codec
from tradingsys.wire.messages import ErrorCode
from tradingsys.wire.operator import (
    Explanation,
    GatewayView,
    SessionFill,
    SessionOrder,
    SessionPositionView,
    SessionView,
)


@pytest.fixture
def operator(scene: Scene) -> SceneClient:
    return scene.operator()


def view(result: Any, kind: Any) -> Any:
    return msgspec.convert(result, kind)


def test_the_token_makes_an_operator(scene: Scene) -> None:
    client = scene.client(None)
    for method in ("op.status", "op.orders", "op.set_position", "op.resume"):
        code, text = client.error(method, {})
        assert code == ErrorCode.UNAUTHORIZED and "operate" in text
    for params in ({}, {"token": "wrong"}):
        assert client.error("operate", params)[0] == ErrorCode.UNAUTHORIZED
    assert client.error("operate", {"token": "s3cret", "protocol": 9})[0] == ErrorCode.BAD_REQUEST
    status = view(client.result("operate", {"token": "s3cret"}), GatewayView)
    assert (status.version, status.environment, status.account, status.db) == (__version__, "test", "SgsR", "pos.db")
    assert (status.ready, status.trading, status.market, status.text) == (True, True, True, "")
    assert status.streams == 0
    scene.client(1).result("subscribe", ["dogeusdt@depth", "dogeusdt@trade"])
    status = view(client.result("op.status"), GatewayView)
    assert (status.market, status.streams) == (False, 2), "nothing has come yet"
    assert (status.epoch, status.lineage) == (scene.gateway.epoch, scene.gateway.book.lineage)
    assert status.uptime_s == 40 and not client.pushes("status")
    assert not scene.gateway.clients[client.peer].is_stranger


def test_an_operator_has_no_session_and_a_session_no_operator(scene: Scene, operator: SceneClient) -> None:
    for method in ("login", "order", "subscribe", "get_positions"):
        code, text = operator.error(method, {"session_id": 1, "token": "s3cret"})
        assert code == ErrorCode.BAD_REQUEST and "open another one" in text
    code, text = operator.error("op.fly")
    assert code == ErrorCode.BAD_REQUEST and "op.set_position" in text and "login" not in text
    client = scene.client(1)
    assert "session 1 already" in client.error("operate", {"token": "s3cret"})[1]


def test_sessions_are_listed_with_what_they_have(scene: Scene, operator: SceneClient) -> None:
    scene.holder(1, "30")
    gone = scene.client(7, name="gone")
    gone.order()
    scene.gateway.peer_closed(gone.peer)
    rows = view(operator.result("op.sessions"), list[SessionView])
    assert rows == [
        SessionView(1, "test", True, 0, 0, 1),
        SessionView(7, "gone", False, 1, 0, 0),
        SessionView(EXTERNAL, "EXTERNAL", False, 0, 0, 0),
    ]
    scene.restart()
    operator = scene.client(None)
    operator.result("operate", {"token": "s3cret"})
    names = {row.session_id: row.name for row in view(operator.result("op.sessions"), list[SessionView])}
    assert names == {1: "test", 7: "gone", EXTERNAL: "EXTERNAL"}


def test_orders_are_chosen_newest_first(scene: Scene, operator: SceneClient) -> None:
    one, two = scene.holder(1, "30"), scene.client(2)
    scene.run(1)
    first = one.order(price="0.5")
    scene.run(1)
    second = two.order(price="0.4")

    def found(**params: object) -> list[tuple[int, str]]:
        rows = view(operator.result("op.orders", params), list[SessionOrder])
        return [(row.session_id, row.order.client_order_id) for row in rows]

    assert found() == [(2, second), (1, first)]
    assert found(session_id=1) == [(1, first)]
    assert found(limit=1) == [(2, second)] and found(limit=0) == [] and found(symbol="btcusdt") == []
    assert len(found(open_only=False)) == 3 and found(open_only=False, symbol="DOGEUSDT")[0] == (2, second)
    assert len(view(operator.result("op.orders"), list[SessionOrder])) == 2, "parameters may be left out"


def test_fills_are_listed_with_their_owner(scene: Scene, operator: SceneClient) -> None:
    scene.holder(1, "30")
    scene.run(1)
    scene.holder(2, "20")
    rows = view(operator.result("op.fills"), list[SessionFill])
    assert [(row.session_id, row.side, row.fill.qty) for row in rows] == [(2, "BUY", "20"), (1, "BUY", "30")]
    assert rows[0].fill.fee == "0.001" and rows[0].client_order_id is not None
    assert view(operator.result("op.fills", {"session_id": 1, "limit": 5}), list[SessionFill]) == [rows[1]]
    scene.restart()
    operator = scene.client(None)
    operator.result("operate", {"token": "s3cret"})
    assert view(operator.result("op.fills"), list[SessionFill]) == rows


def test_what_memory_forgot_is_looked_up(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every order and execution ever, newest first, whatever of them is still in memory."""
    monkeypatch.setattr("tradingsys.gateway.clients.recent_rows._FILLS", 1)
    monkeypatch.setattr("tradingsys.store.loading._KEEP_NEWEST", 1)
    for session in (1, 2, 3):
        scene.run(1)
        scene.holder(session, "30")
    scene.restart()
    scene.run(1)
    scene.holder(4, "30")
    scene.client(5).order()
    operator = scene.client(None)
    operator.result("operate", {"token": "s3cret"})
    assert len(scene.gateway.book.orders) < 5

    def owners(method: str, **selection: object) -> list[int]:
        return [row["session_id"] for row in operator.result(method, selection)]

    assert owners("op.fills") == [4, 3, 2, 1] and owners("op.orders", open_only=False) == [5, 4, 3, 2, 1]
    assert owners("op.fills", limit=2) == [4, 3] and owners("op.orders", open_only=False, limit=2) == [5, 4]
    assert owners("op.fills", session_id=2) == owners("op.orders", open_only=False, session_id=2) == [2]
    assert owners("op.fills", symbol="btcusdt") == []
    assert all(row["order"]["fills"] for row in operator.result("op.orders", {"open_only": False})[1:])


def test_a_book_that_cannot_be_looked_into_is_told_and_stops_nothing(scene: Scene, operator: SceneClient) -> None:
    (scene.folder / "pos.db").rename(scene.folder / "away.db")
    code, text = operator.error("op.fills")
    assert code == ErrorCode.UNDEFINED and "pos.db cannot be read" in text
    assert not scene.failures and operator.result("op.orders") == []


def test_positions_are_listed_with_what_they_earned(scene: Scene, operator: SceneClient) -> None:
    client = scene.holder(1, "30")
    [row] = view(operator.result("op.positions"), list[SessionPositionView])
    assert (row.session_id, row.position.net, row.position.entry_px) == (1, "30", "0.6")
    assert row.position.fees == {"USDT": "0.001"}
    [told] = client.result("get_positions")
    assert msgspec.to_builtins(row.position) == told
    assert operator.result("op.positions", {"session_id": 2}) == []


def test_a_position_is_set_against_external_and_durable_when_told(scene: Scene, operator: SceneClient) -> None:
    client = scene.holder(1, "30")
    result = operator.result("op.set_position", {"session_id": 1, "symbol": "dogeusdt", "net": "-5"})
    assert result == {"session_id": 1, "symbol": "dogeusdt", "before": "30", "after": "-5", "external": "35"}
    with reading(scene.folder / "pos.db") as conn:
        assert {(row.session, row.net) for row in positions(conn)} == {(1, Decimal(-5)), (EXTERNAL, Decimal(35))}
    assert client.pushes("position")[-1]["net"] == "-5", "the strategy is told"
    assert any("position set by an operator" in line for line in scene.logged)
    told = view(operator.result("op.explain", {"symbol": "DOGEusdt"}), Explanation)
    assert {row.session_id: row.position.net for row in told.positions} == {1: "-5", EXTERNAL: "35"}
    assert (told.total, told.account, told.difference) == ("30", "30", "0")
    assert "session 1 -35 (set by an operator)" in told.adjustments[1]
    assert "EXTERNAL +35" in told.adjustments[0]
    scene.restart()
    assert [scene.gateway.book.net(session, "DOGEUSDT") for session in (1, EXTERNAL)] == [-5, 35]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"session_id": -1}, ErrorCode.BAD_REQUEST),
        ({"session_id": 65_536}, ErrorCode.BAD_REQUEST),
        ({"net": "NaN"}, ErrorCode.BAD_REQUEST),
        ({"net": "1e9"}, ErrorCode.BAD_REQUEST),
        ({"net": ""}, ErrorCode.BAD_REQUEST),
        ({"net": 5}, ErrorCode.BAD_REQUEST),
        ({"symbol": "nosuchusdt"}, ErrorCode.INVALID_SYMBOL),
        ({"symbol": "btcusdt"}, ErrorCode.INVALID_SYMBOL),
    ],
)
def test_a_position_that_makes_no_sense_is_not_set(
    scene: Scene, operator: SceneClient, changes: dict[str, object], code: int
) -> None:
    params = {"session_id": 1, "symbol": "dogeusdt", "net": "5"} | changes
    assert operator.error("op.set_position", params)[0] == code
    assert not any(scene.gateway.book.positions.values())


def test_a_net_off_the_lot_is_not_set(scene: Scene, operator: SceneClient) -> None:
    params = {"session_id": 1, "symbol": "dogeusdt", "net": "-5.5"}
    code, text = operator.error("op.set_position", params)
    assert code == ErrorCode.BAD_REQUEST and "-5.5 is no multiple of dogeusdt's lot, 1" in text
    assert not any(scene.gateway.book.positions.values())


def test_while_an_execution_is_in_doubt_there_is_no_now(scene: Scene, operator: SceneClient) -> None:
    client = scene.client(1)
    coid = client.order()
    scene.ends(coid, OrderRequest.PLACE, Outcome.IN_DOUBT, TransportError("timeout", sent=True))
    params = {"session_id": 1, "symbol": "dogeusdt", "net": "5"}
    code, text = operator.error("op.set_position", params)
    assert code == ErrorCode.NOT_READY and coid in text and "try again" in text
    operator.result("op.set_position", params | {"session_id": 2})
    scene.run(60)
    assert client.last_order()["status"] == "ABSENT"
    operator.result("op.set_position", params)


def test_while_executions_may_be_missed_there_is_no_now(scene: Scene, operator: SceneClient) -> None:
    """A person has looked up the net; what is found out later would be added to it a second time."""
    scene.holder(1, "30")
    params = {"session_id": 1, "symbol": "dogeusdt", "net": "10"}
    scene.says(UserStreamState(False, "closed by peer"))
    code, text = operator.error("op.set_position", params)
    assert code == ErrorCode.NOT_READY and "closed by peer" in text
    scene.says(UserStreamState(True))
    assert operator.error("op.set_position", params)[0] == ErrorCode.NOT_READY, "the gap is being read"
    scene.run(10)
    assert operator.result("op.set_position", params)["after"] == "10"


def test_explain_does_not_wait_for_a_mute_exchange(scene: Scene, operator: SceneClient) -> None:
    scene.holder(1, "30")
    del scene.venue.answers[PositionsQuery]
    request = operator.request("op.explain", {"symbol": "dogeusdt"})
    scene.run(4)
    assert operator.reply_to(request) is None and "error" not in operator.ask("op.status")
    scene.run(1.1)
    reply = operator.reply_to(request)
    assert reply is not None
    told = view(reply["result"], Explanation)
    assert (told.account, told.difference, told.total) == (None, None, "30")
    again = operator.request("op.explain", {"symbol": "dogeusdt"})
    scene.gateway.peer_closed(operator.peer)
    scene.run(6)
    assert operator.reply_to(again) is None and not scene.gateway.halting.reason


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("op.explain", {"symbol": "dogeusdt"}),
        ("op.orders", {"open_only": False}),
        ("op.fills", {}),
        ("op.balances", {}),
    ],
)
def test_an_answer_of_more_than_a_message_is_an_error(
    scene: Scene, operator: SceneClient, monkeypatch: pytest.MonkeyPatch, method: str, params: Json
) -> None:
    scene.holder(1, "30")
    scene.venue.answers[BalancesQuery] = lambda _: (Balance("USDT", Decimal(9), Decimal(9)),)
    scene.run(1)
    monkeypatch.setattr(codec, "_MAX_ANSWER_BYTES", 16)
    code, text = operator.error(method, params)
    assert code == ErrorCode.DENIED and "ask for less at a time" in text
    assert not scene.gateway.halting.reason and not scene.failures


def test_explain_shows_a_difference(scene: Scene, operator: SceneClient) -> None:
    scene.holder(1, "30")
    scene.venue.positions["DOGEUSDT"] = Decimal(32)
    told = view(operator.result("op.explain", {"symbol": "dogeusdt"}), Explanation)
    assert (told.total, told.account, told.difference) == ("30", "32", "-2")
    assert (told.first_trade_id, told.halt, told.open_orders) == (0, "", [])


def test_before_the_books_are_read_an_operator_can_look(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.run(1)
    assert not scene.gateway.is_ready
    operator = scene.client(None)
    status = view(operator.result("operate", {"token": "s3cret"}), GatewayView)
    assert not status.ready and "reading" in status.text
    params = {"session_id": 1, "symbol": "dogeusdt", "net": "5"}
    assert operator.error("op.set_position", params)[0] == ErrorCode.NOT_READY
    assert operator.result("op.sessions")[-1]["name"] == "EXTERNAL"
