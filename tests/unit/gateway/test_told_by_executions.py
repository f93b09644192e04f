"""Orders of which only executions tell at first: the exchange's word about what was ordered is on its way."""

from __future__ import annotations

from decimal import Decimal

from msgspec import structs
from pytest import MonkeyPatch

from tests.unit.gateway.scene import Scene
from tradingsys.core.enums import OrderType, Side, TimeInForce
from tradingsys.core.ids import OrderKey, encode_client_order_id
from tradingsys.core.order import Fill, Order, Terms
from tradingsys.core.reports import OrderChanged
from tradingsys.wire.messages import ErrorCode

SYMBOL = "DOGEUSDT"


def of_an_earlier_epoch(scene: Scene) -> str:
    book = scene.gateway.book
    return encode_client_order_id(OrderKey(1, book.lineage, scene.client().login_result["epoch"] - 1, 1, 7))


def told(scene: Scene, name: str, **facts: object) -> None:
    scene.says(OrderChanged(Order((name,), "77", **facts), SYMBOL, scene.now_ms()))  # type: ignore[arg-type]


def test_an_execution_is_told_before_anybody_knows_what_was_ordered(scene: Scene) -> None:
    name = of_an_earlier_epoch(scene)
    client = scene.client(instance="i1")
    fill = Fill("5", SYMBOL, "77", Side.BUY, Decimal("0.6"), Decimal(12), scene.now_ms())
    told(scene, name, fills={"5": fill})
    assert [push["net"] for push in client.pushes("position")] == ["12"]
    view = client.last_order()
    assert [row["exec_id"] for row in view["fills"]] == ["5"], "what a position has is told with its executions"
    assert view["terms_unknown"] and view["in_doubt"] and view["status"] == "PARTIALLY_FILLED"
    assert (view["symbol"], view["side"], view["quantity"], view["cum_qty"]) == ("dogeusdt", "BUY", "12", "12")
    late = scene.client(instance="i1")
    [found] = late.login_result["snapshot"]["orders"]
    assert found["terms_unknown"] and [row["exec_id"] for row in found["fills"]] == ["5"]
    terms = Terms(SYMBOL, Side.BUY, OrderType.LIMIT, Decimal(30), Decimal("0.6"), TimeInForce.GTC, version_ms=9)
    told(scene, name, terms=terms, accepted=True)
    view = late.last_order()
    assert "terms_unknown" not in view and "in_doubt" not in view and "fills" not in view
    assert (view["quantity"], view["price"], view["status"]) == ("30", "0.6", "PARTIALLY_FILLED")


def test_who_knows_no_terms_either_makes_none_up(scene: Scene) -> None:
    name = of_an_earlier_epoch(scene)
    client = scene.client(instance="i1")
    item = {"client_order_id": name, "symbol": "dogeusdt", "side": "BUY", "order_type": "LIMIT", "quantity": "12"}
    told(scene, name, fills={"5": Fill("5", SYMBOL, "77", Side.BUY, Decimal("0.6"), Decimal(12), scene.now_ms())})
    [view] = client.result("resolve", {"orders": [item | {"terms_unknown": True}]})["orders"]
    assert view["terms_unknown"] and view["in_doubt"], "that 12 were ordered is not known"


def test_an_order_that_nobody_knows_the_terms_of_is_asked_for_again(scene: Scene, monkeypatch: MonkeyPatch) -> None:
    """The book lost it once more, and its executions are not read yet."""
    name = of_an_earlier_epoch(scene)
    client = scene.client(instance="i1")
    assert scene.gateway.orders is not None
    unproven = scene.gateway.orders._unproven
    monkeypatch.setattr(unproven, "_incarnation", structs.replace(unproven._incarnation, first_epoch=0))
    item = {"client_order_id": name, "symbol": "dogeusdt", "side": "BUY", "order_type": "LIMIT", "quantity": "12"}
    code, _ = client.error("resolve", {"orders": [item | {"terms_unknown": True}]})
    assert code == ErrorCode.NOT_READY and not scene.gateway.book.open_orders()
