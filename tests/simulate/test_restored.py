"""A backup that does not know a symbol yet is put in the place of the book, and strategies come before it is read."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from tests.simulate.rig import Rig
from tradingsys.core.enums import Side
from tradingsys.store.restoring import restore


def test_a_symbol_that_is_read_again_is_not_begun_anew_by_a_strategy_that_subscribes_meanwhile(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    backup = rig.gateway.store.backup("early")
    client = rig.client(1)
    rig.house(Side.SELL, 20, "0.6")
    assert "error" not in client.ask("order", client.order_params(quantity="20"), 1.0)
    assert rig.net(1) == 20
    rig.gateway.kill("by the test")
    restore(backup, tmp_path / "pos.db")
    rig.machine.disk.settle()
    rig.machine.hands.scan = {"DOGEUSDT"}
    rig.start(until_ready=False)
    while not rig.gateway.accepting:
        rig.run(0.05)
    rig.client(2)
    rig.run(10)
    assert rig.gateway.gateway.is_ready
    assert rig.nets(1, 2, -1) == [Decimal(20), Decimal(0), Decimal(0)]
