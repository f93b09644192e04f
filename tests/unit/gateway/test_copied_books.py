"""Two gateways with copies of one book: noticed, and what a person can do about it."""

from __future__ import annotations

from tests.simulate.rig import Rig
from tests.simulate.scenes.stage import a_copy_trades
from tradingsys.core.enums import Side
from tradingsys.core.records import HaltCause
from tradingsys.store.lineage import begin_lineage


def test_a_copy_is_noticed_until_one_of_them_has_a_lineage_of_its_own(rig: Rig) -> None:
    client = rig.client()
    rig.house(Side.SELL, 10, "0.6")
    client.ask("order", client.order_params())
    rig.run(2)
    lineage = rig.gateway.gateway.book.lineage
    a_copy_trades(rig, lineage, 7)
    assert [row.cause for row in rig.gateway.gateway.book.halts] == [HaltCause.COPIED_BOOK]
    rig.gateway.kill("by the test")
    done = begin_lineage(rig.folder / "pos.db", 4711)
    assert (done.before, done.open_orders) == (lineage, 0)
    rig.start(until_ready=False)
    rig.run(15)
    gateway = rig.gateway.gateway
    assert gateway.is_ready and [row.cause for row in gateway.book.halts] == [HaltCause.COPIED_BOOK], "until resumed"
    desk = rig.client(None)
    desk.ask("operate", {"token": "", "protocol": 1})
    assert "error" not in desk.ask("op.resume", {})
    nets = rig.nets(1, -1)
    assert sum(nets) == 17
    a_copy_trades(rig, lineage, 5)
    assert rig.nets(1, -1) == [nets[0], nets[1] + 5], "another book's orders are EXTERNAL's"
    assert not [*gateway.book.halts] and gateway.book.differences == {}
    client = rig.client()
    rig.house(Side.SELL, 10, "0.6")
    assert client.ask("order", client.order_params())["result"]["client_order_id"].startswith(f"T{done.lineage}")
    rig.run(2)
    assert rig.net(1) == nets[0] + 10
