"""Copies of pos.db while the gateway runs, and what becomes of a gateway whose book was lost."""

from __future__ import annotations

from pathlib import Path

from msgspec import structs

from tests.simulate.rig import Rig
from tests.unit.gateway.scene import SETTINGS, Scene
from tradingsys.core.enums import Side
from tradingsys.gateway.backups import BackupSettings
from tradingsys.store.backups import check_copy
from tradingsys.store.read import positions, reading
from tradingsys.store.restoring import restore
from tradingsys.wire.messages import ErrorCode


def copies(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.bak"))


def test_a_copy_from_time_to_time_while_something_changes(tmp_path: Path) -> None:
    settings = structs.replace(SETTINGS, backups=BackupSettings(every_h=0.5, keep=2))
    scene = Scene(tmp_path, settings).ready()
    scene.holder(1, "30")
    scene.run(1_700)
    assert copies(tmp_path) == []
    scene.run(110)
    assert copies(tmp_path) == ["pos.db.periodic-1.bak"]
    scene.run(4_000)
    assert copies(tmp_path) == ["pos.db.periodic-1.bak"], "nothing changed"
    for session in (2, 3):
        scene.holder(session, "10")
        scene.run(1_800)
    assert copies(tmp_path) == ["pos.db.periodic-2.bak", "pos.db.periodic-3.bak"]


def test_the_books_are_copied_before_a_person_changes_them(tmp_path: Path) -> None:
    folder = tmp_path / "copies"
    folder.mkdir()
    scene = Scene(tmp_path, structs.replace(SETTINGS, backups=BackupSettings(directory=str(folder)))).ready()
    scene.holder(1, "30")
    operator = scene.client(None)
    operator.result("operate", {"token": "s3cret"})
    wish = {"session_id": 1, "symbol": "dogeusdt", "net": "4"}
    assert operator.result("op.set_position", wish)["after"] == "4"
    assert copies(folder) == ["pos.db.before-pos-set-1.bak"]
    with reading(folder / "pos.db.before-pos-set-1.bak") as conn:
        assert [row.net for row in positions(conn, 1)] == [30]
    for copy in folder.iterdir():
        copy.unlink()
    folder.rmdir()
    code, text = operator.error("op.set_position", {**wish, "net": "7"})
    assert code == ErrorCode.UNDEFINED and "nothing was changed" in text
    assert scene.gateway.book.net(1, "DOGEUSDT") == 4
    assert scene.failures == [], "trading goes on"


def test_the_way_back_after_the_book_was_lost(rig: Rig) -> None:
    """Trade, back up, trade on, lose the file, restore, start: the books are the exchange's, and no id comes twice."""
    client = rig.client()
    rig.house(Side.SELL, 500, "0.6")
    ids = [client.ask("order", client.order_params())["result"]["client_order_id"]]
    rig.run(2)
    copy = rig.gateway.store.backup("periodic")
    ids.append(client.ask("order", client.order_params(quantity="25"))["result"]["client_order_id"])
    ids.append(client.ask("order", client.order_params(price="0.59", quantity="9"))["result"]["client_order_id"])
    rig.run(2)
    assert rig.net(1) == 35
    rig.gateway.kill("by the test")
    for path in rig.folder.glob("pos.db*"):
        if not path.name.endswith(".bak") and not path.name.endswith(".lock"):
            path.unlink()
    rig.house(Side.SELL, 9, "0.59")
    restore(copy, rig.folder / "pos.db")
    rig.start(until_ready=False)
    rig.run(3)
    assert "no earlier order can still arrive" in rig.gateway.gateway.text
    rig.run(10)
    assert rig.gateway.gateway.is_ready
    book = rig.gateway.gateway.book
    assert rig.nets(1, -1) == [44, 0] and book.differences == {} and not [*book.halts]
    assert set(ids) <= book.orders.keys() and not book.open_orders()
    client = rig.client()
    ids.append(client.ask("order", client.order_params())["result"]["client_order_id"])
    rig.run(2)
    assert len(set(ids)) == 4 and rig.net(1) == 54
    again = check_copy(rig.gateway.store.backup("after"))
    assert again is not None and again.orders == 4
    assert rig.simulator.exchange.accounts["account"].position("DOGEUSDT").net == 54
