"""How it ends that a limit stops a session: by itself, over restarts, by a person who forgives."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from tests.unit.gateway.limited_scene import (
    denied,
    limited,
    loser,
    marks_at,
    trades_at,
    used,
)
from tradingsys.cli.operate.halting import lift
from tradingsys.core.enums import TradingState
from tradingsys.core.venue_clock import VenueClock
from tradingsys.wire.messages import ErrorCode
from tradingsys.wire.operator import ScopeParams


def test_too_many_executions_halt_the_session_until_a_person_resumes_it(tmp_path: Path) -> None:
    scene = limited(tmp_path, max_executions=3, executions_window_s=60)
    client = scene.client()
    order = client.order()
    scene.accepts(order)
    for _ in range(3):
        scene.fills_order(order, "1")
    code, text = client.error("order", client.order_params())
    assert code == ErrorCode.HALTED and "max_executions: 3 executions within 60 s" in text
    scene.restart()
    client = scene.client()
    scene.run(600)
    assert client.error("order", client.order_params())[0] == ErrorCode.HALTED, "over a restart too"
    scene.operator().result("op.resume", {"session_id": 1})
    order = client.order()
    assert used(scene, "max_executions") == [("3", "0 in 60 s", 0)]
    scene.accepts(order)
    for _ in range(2):
        scene.fills_order(order, "1")
        client.order()
    scene.fills_order(order, "1")
    assert client.error("order", client.order_params())[0] == ErrorCode.HALTED, "as much again, and no more"
    scene.operator().result("op.resume", {"session_id": 1})
    scene.fills_order(order, "1")
    client.order()


def test_a_storms_minute_is_over_after_a_restart_too_and_begins_no_other(tmp_path: Path) -> None:
    scene = limited(
        tmp_path, max_rejections=3, rejections_window_s=300, max_order_qty=Decimal(30), max_order_notional=Decimal(100)
    )
    trades_at(scene, "0.6")
    client = scene.client()
    for _ in range(3):
        denied(client, quantity="31")
    code, text = client.error("order", client.order_params())
    assert code == ErrorCode.HALTED and " until 20" in text
    scene.restart()
    client = scene.client()
    assert client.error("order", client.order_params())[0] == ErrorCode.HALTED
    scene.run(62)
    trades_at(scene, "0.6")
    client.order()
    for _ in range(3):
        client.order()
        denied(client, quantity="31")
    client.error("order", client.order_params())
    scene.run(64)
    client.order()
    denied(client, quantity="31")
    client.order()


def test_what_a_pause_ends_is_not_what_a_person_must_see(tmp_path: Path) -> None:
    scene = limited(tmp_path, max_rejections=1, max_executions=2, max_order_qty=Decimal(30))
    trades_at(scene, "0.6")
    client = scene.client()
    resting = client.order()
    scene.accepts(resting)
    denied(client, quantity="31")
    assert "for a minute" in client.error("order", client.order_params())[1]
    for _ in range(2):
        scene.fills_order(resting, "1")
    scene.run(300)
    assert "max_executions: 2 executions" in client.error("order", client.order_params())[1]


def test_a_storms_pause_does_not_end_what_a_days_loss_restricts(tmp_path: Path) -> None:
    scene = limited(tmp_path, max_rejections=1, max_order_qty=Decimal(10_000), max_daily_loss=Decimal(100))
    trades_at(scene, "0.6")
    client = scene.holder(1, "1000")
    scene.run(4)
    denied(client, quantity="10001")
    trades_at(scene, "0.45")
    scene.run(4)  # a loss of 150
    assert scene.gateway.book.halts.state(1, "DOGEUSDT") is TradingState.HALTED
    trades_at(scene, "0.55")
    scene.run(66)
    assert scene.gateway.book.halts.state(1, "DOGEUSDT") is TradingState.REDUCING


def test_who_ends_a_storms_pause_forgives_no_loss(tmp_path: Path) -> None:
    scene = limited(tmp_path, max_rejections=1, max_order_qty=Decimal(100), max_daily_loss=Decimal(10))
    trades_at(scene, "0.6")
    client = scene.holder(1, "100")
    scene.run(4)
    trades_at(scene, "0.51")
    scene.run(4)
    denied(client, quantity="101")
    scene.run(4)
    scene.operator().result("op.resume", {"session_id": 1})
    client.order(quantity="1")
    assert used(scene, "max_daily_loss") == [("10", "9", 0)]


def test_a_restart_forgives_no_loss_and_a_person_does(tmp_path: Path) -> None:
    scene, client = loser(tmp_path)
    marks_at(scene, "0.55")
    scene.restart()
    client = scene.client()
    marks_at(scene, "0.4999")
    assert "max_daily_loss" in client.error("order", client.order_params(quantity="1"))[1]
    scene.operator().result("op.resume", {"session_id": 1})
    scene.run(3)
    client.order(quantity="1")
    marks_at(scene, "0.401")
    client.order(quantity="1")
    marks_at(scene, "0.398")
    assert "max_daily_loss" in client.error("order", client.order_params(quantity="1"))[1]


def test_a_person_forgives_before_it_is_known_again_what_was_lost(tmp_path: Path) -> None:
    scene, _ = loser(tmp_path)
    marks_at(scene, "0.399")
    scene.restart()
    scene.operator().result("op.resume", {"session_id": 1})
    client = scene.client()
    client.order(quantity="1")
    marks_at(scene, "0.399")
    client.order(quantity="1")
    marks_at(scene, "0.298")
    assert "max_daily_loss: 10.10 USDT" in client.error("order", client.order_params(quantity="1"))[1]


def test_a_person_forgives_a_loss_at_rest_too(tmp_path: Path) -> None:
    scene, client = loser(tmp_path)
    marks_at(scene, "0.4999")
    assert "max_daily_loss" in client.error("order", client.order_params(quantity="1"))[1]
    scene.gateway.stop()
    lift(tmp_path / "pos.db", ScopeParams(session_id=1))
    scene.venue.clock = VenueClock()
    scene.start()
    scene.ready()
    client = scene.client()
    marks_at(scene, "0.4999")
    client.order(quantity="1")


def test_a_loss_is_forgiven_when_the_day_is_over(tmp_path: Path) -> None:
    scene, client = loser(tmp_path)
    marks_at(scene, "0.4999")
    assert "max_daily_loss" in client.error("order", client.order_params(quantity="1"))[1]
    scene.now_ns += 86_400 * 10**9
    scene.run(60)
    client.order(quantity="1")
