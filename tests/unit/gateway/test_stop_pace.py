"""How soon the kill switch acts: not measured, but counted."""

from __future__ import annotations

import pytest

from tests.unit.gateway.scene import Scene
from tradingsys.core.commands import CancelOrder, OpenOrdersQuery, OrderQuery
from tradingsys.core.errors import CancelRejected, TradingError, TransportError, VenueError
from tradingsys.core.reports import OrderRequest, Outcome


def test_a_halt_sends_the_cancels_of_all_orders_before_it_answers(scene: Scene) -> None:
    client, desk = scene.client(), scene.client(None)
    desk.result("operate", {"token": "s3cret"})
    for _ in range(70):
        scene.accepts(client.order())
    view = desk.result("op.halt", {"session_id": 1})
    assert sum(isinstance(command, CancelOrder) for command in scene.venue.commands) == 70
    assert len(view["left"]) == 50, "so many are shown"


@pytest.mark.parametrize(
    ("outcome", "error"),
    [
        (Outcome.IN_DOUBT, TransportError("no answer in time", sent=True)),
        (Outcome.REFUSED, CancelRejected(-1121, "Invalid symbol.")),
    ],
)
def test_a_cancel_is_repeated_though_nobody_tells_what_became_of_the_first(
    scene: Scene, outcome: Outcome, error: TradingError
) -> None:
    client = scene.client()
    order = client.order()
    facts = scene.accepts(order)
    scene.venue.answers |= {OrderQuery: lambda _: VenueError(-4000, "no"), OpenOrdersQuery: lambda _: (facts,)}
    client.result("cancel", {"client_order_id": order})
    scene.ends(order, OrderRequest.CANCEL, outcome, error)
    client.result("cancel", {"client_order_id": order})
    assert len(scene.venue.sent(CancelOrder)) == 1, "for a moment it is asked about"
    scene.operator().result("op.halt", {})
    for times in range(2, 5):
        scene.run(20)
        assert len(scene.venue.sent(CancelOrder)) == times
        scene.ends(order, OrderRequest.CANCEL, outcome, error)
    told = client.pushes("request_failed")
    assert len(told) == (3 if outcome is Outcome.REFUSED else 0)
