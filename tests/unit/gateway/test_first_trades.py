"""What a session loses and pays in its first moments is part of its day."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.unit.gateway.limited_scene import limited, tells_prices, trades_at, used
from tests.unit.gateway.scene import Scene
from tests.unit.gateway.scripted_venue import instrument


def fresh(folder: Path) -> Scene:
    scene = limited(folder, max_daily_loss=Decimal(50), max_reference_age_s=30)
    scene.venue.instruments.append(instrument("BNBUSDT"))
    scene = scene.restart()
    tells_prices(scene)
    trades_at(scene, "0.6")
    return scene


@pytest.mark.parametrize("restarts", [False, True])
def test_what_is_lost_at_once_is_lost_today(tmp_path: Path, restarts: bool) -> None:
    scene = fresh(tmp_path)
    client = scene.client()
    for side, px in (("BUY", "0.6"), ("SELL", "0.5")):
        order = client.order(side=side, quantity="300")
        scene.accepts(order)
        scene.fills_order(order, "300", px=px, fee="0")
    if restarts:
        scene = scene.restart()
    scene.run(3)
    assert used(scene, "max_daily_loss") == [("50", "30", 0)]


def test_what_is_paid_at_once_in_other_assets_is_paid_today(tmp_path: Path) -> None:
    scene = fresh(tmp_path)
    trades_at(scene, "100", symbol="BNBUSDT")
    order = scene.client().order(quantity="100")
    scene.accepts(order)
    scene.fills_order(order, "100", px="0.6", fee="0.2", fee_asset="BNB")
    scene.run(3)
    ((_, loss, _),) = used(scene, "max_daily_loss")
    assert Decimal(20) <= Decimal(loss) < Decimal("20.01")
