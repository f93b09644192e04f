"""What passes and what stays open while a limit stops a session."""

from __future__ import annotations

from pathlib import Path

from tests.unit.gateway.limited_scene import (
    REDUCE,
    limited,
    loser,
    marks_at,
    used,
)
from tests.unit.gateway.test_conditional_orders import STOP
from tradingsys.core.commands import CancelOrder
from tradingsys.core.enums import TradingState
from tradingsys.wire.messages import ErrorCode


def test_who_is_halted_keeps_a_stop_that_is_too_large_by_now(tmp_path: Path) -> None:
    """Where several hold a symbol the exchange does not know that it only reduces; another could not be sent."""
    scene = limited(tmp_path, max_executions=4)
    client = scene.holder(1, "30")
    scene.holder(2, "10")
    stop = client.order(**STOP, stop_price="0.5", quantity="30", reduce_only=True)
    quote = client.order(side="SELL", price="0.7", quantity="19")
    sold = client.order(side="SELL", price="0.6", quantity="11")
    for each in (stop, quote, sold):
        scene.accepts(each)
    for qty in ("5", "5", "1"):
        scene.fills_order(sold, qty)
    scene.run(3)
    assert scene.gateway.book.halts.state(1, "DOGEUSDT") is TradingState.HALTED
    assert [each.client_order_id for each in scene.venue.sent(CancelOrder)] == [quote]


def test_who_trades_too_often_has_no_orders_left_that_add(tmp_path: Path) -> None:
    scene = limited(tmp_path, max_executions=2)
    client = scene.holder(1, "30")
    resting, stop = client.order(quantity="10"), client.order(side="SELL", quantity="30", price="0.7")
    for each in (resting, stop):
        scene.accepts(each)
    scene.fills_order(resting, "1")
    scene.run(3)
    assert [each.client_order_id for each in scene.venue.sent(CancelOrder)] == [resting]


def test_a_days_loss_lets_only_reduce_and_twice_as_much_nothing(tmp_path: Path) -> None:
    scene, client = loser(tmp_path)
    marks_at(scene, "0.501")
    adding = client.order(price="0.5", quantity="1")
    scene.accepts(adding)
    marks_at(scene, "0.4999")
    assert used(scene, "max_daily_loss") == [("10", "10.01", 0)]
    code, text = client.error("order", client.order_params(quantity="1"))
    assert "max_daily_loss: 10.01 USDT were lost since midnight UTC, allowed 10 USDT" in text
    assert [each.client_order_id for each in scene.venue.sent(CancelOrder)] == [adding], "what adds does not stay"
    protects = client.order(side="SELL", quantity="1", price="0.5")
    scene.accepts(protects)
    marks_at(scene, "0.399")
    scene.run(3)
    assert {each.client_order_id for each in scene.venue.sent(CancelOrder)} == {adding}
    code, text = client.error("order", client.order_params(**REDUCE))
    assert code == ErrorCode.HALTED and "20.10 USDT were lost" in text
