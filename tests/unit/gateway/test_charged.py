"""What an answer costs that is given later, from pos.db, is repaid by whoever asked."""

import json
from pathlib import Path

from tests.unit.gateway.scene import Scene, SceneClient


def charged(client: SceneClient) -> list[str]:
    """What the answers were about that it had to pay for."""
    return [next(iter(json.loads(data)["result"]), "") for data in client.peer.charged_for]


def test_a_page_of_executions(tmp_path: Path) -> None:
    scene = Scene(tmp_path).ready()
    client = scene.client()
    order = client.order()
    scene.accepts(order)
    scene.fills_order(order, "30")
    assert not client.peer.charged_for, "what is answered at once is seen by whoever handed the request on"
    params = {"lineage": client.login_result["lineage"], "after": [client.login_result["epoch"], 0]}
    found = client.result("get_fills", params)
    assert len(found["orders"]) == 1 and charged(client) == ["orders"]


def test_orders_and_executions_that_only_the_file_has(tmp_path: Path) -> None:
    scene = Scene(tmp_path).ready()
    client = scene.client()
    order = client.order()
    scene.accepts(order)
    scene.fills_order(order, "30")
    operator = scene.operator()
    for method in ("op.orders", "op.fills"):
        operator.peer.charged_for.clear()
        assert len(operator.result(method, {"open_only": False})) == 1
        assert len(operator.peer.charged_for) == 1
