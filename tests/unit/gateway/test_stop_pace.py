"""How soon the kill switch acts: not measured, but counted."""

from __future__ import annotations

from tests.unit.gateway.scene import Scene
from tradingsys.core.commands import CancelOrder


def test_a_halt_sends_the_cancels_of_all_orders_before_it_answers(scene: Scene) -> None:
    client, desk = scene.client(), scene.client(None)
    desk.result("operate", {"token": "s3cret"})
    for _ in range(70):
        scene.accepts(client.order())
    view = desk.result("op.halt", {"session_id": 1})
    assert sum(isinstance(command, CancelOrder) for command in scene.venue.commands) == 70
    assert len(view["left"]) == 50, "so many are shown"
