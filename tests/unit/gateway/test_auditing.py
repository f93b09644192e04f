"""Once a day history is asked again, and has the last word on what is booked."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest
from msgspec import structs

from tests.simulate.rig import Rig
from tests.unit.gateway.scene import SETTINGS, Scene
from tradingsys.core.commands import TimeQuery, TradesQuery
from tradingsys.core.enums import Side, TradingState
from tradingsys.core.errors import TransportError
from tradingsys.core.records import HaltCause
from tradingsys.oms.cadence import Cadence
from tradingsys.wire.messages import ErrorCode

FIRST_S, DAY_S = 100, 150
"""Days are short here."""
DAILY = structs.replace(
    SETTINGS,
    cadence=Cadence(10**9, 10**9, slot_ms=500, audit_ms=DAY_S * 1_000, first_audit_ms=FIRST_S * 1_000),
)


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """Two sessions bought, and history was read since."""
    scene = Scene(tmp_path, DAILY).ready()
    fills = scene.venue.fills
    scene.venue.answers[TradesQuery] = lambda query: tuple(
        row for row in fills if query.from_id is None or any(int(each) >= query.from_id for each in row.fills)
    )
    for session in (1, 2):
        scene.holder(session, "30")
    scene.run(10)
    return scene


def found(scene: Scene) -> dict[str, str]:
    return {row.scope.symbol: row.reason for row in scene.gateway.book.halts if row.cause is HaltCause.AUDIT}


def sql(scene: Scene, statement: str) -> None:
    conn = apsw.Connection(str(scene.folder / "pos.db"))
    conn.execute(statement)
    conn.close()


def cannot_open(_: Path) -> None:
    raise apsw.CantOpenError("unable to open database file")


def test_books_that_are_right_are_audited_each_day_and_nothing_follows(scene: Scene) -> None:
    scene.run(FIRST_S)
    assert sum("audited" in line for line in scene.logged) == 1
    scene.run(2 * DAY_S + 5)
    assert sum("audited" in line for line in scene.logged) == 3
    assert found(scene) == {}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("px = '0.61'", "trade 1 of order 1000 (buy 30 at 0.6, fee 0.001 USDT) is booked as"),
        ("qty = '3'", "is booked as trade 1 of order 1000 (buy 3 at 0.6"),
        ("side = 'SELL'", "is booked as trade 1 of order 1000 (sell 30 at 0.6"),
        ("fee = '0.002'", "fee 0.002 USDT"),
        ("fee = NULL", "fee unknown"),
        (
            "order_id = '4711'",
            "trade 1 of order 4711 (buy 30 at 0.6, fee 0.001 USDT) is booked, and the exchange does not",
        ),
        ("session_id = 2", "trade 1 is booked to session 2, and its order"),
    ],
)
def test_an_execution_that_is_booked_otherwise_is_found(scene: Scene, change: str, words: str) -> None:
    sql(scene, f"UPDATE fills SET {change} WHERE trade_id = '1'")
    scene.run(FIRST_S)
    reason = found(scene)["DOGEUSDT"]
    assert words in reason and "tradingsys resume dogeusdt" in reason
    [row] = scene.gateway.book.halts.of(next(iter(scene.gateway.book.halts)).scope)
    client = scene.client()
    assert row.state is TradingState.REDUCING and client.error("order", client.order_params())[0] == ErrorCode.HALTED
    client.order(side="SELL", quantity="10")


def test_one_that_is_not_booked_is_found_and_told_once(scene: Scene) -> None:
    sql(scene, "DELETE FROM fills WHERE trade_id = '1'")
    scene.run(FIRST_S)
    assert "trade 1 of order 1000 (buy 30 at 0.6, fee 0.001 USDT) is not booked" in found(scene)["DOGEUSDT"]
    desk = scene.client(None)
    desk.result("operate", {"token": "s3cret"})
    desk.result("op.resume", {"symbol": "dogeusdt"})
    scene.run(DAY_S + 5)
    assert "DOGEUSDT" not in found(scene) and sum("audited" in line for line in scene.logged) == 2


def test_one_that_came_while_it_was_asked_is_no_finding_however_little_is_known_of_the_time(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Answers to what time it is take three seconds each way or the other: by that it may be later than it is."""
    tell = scene.venue.answers[TradesQuery]
    sold = scene.client(1).order(side="SELL", quantity="10")
    scene.accepts(sold)
    scene.run(FIRST_S // 4)
    scene.venue.answers[TimeQuery] = lambda _: TransportError("no answer", sent=True)
    scene.venue.clock.doubt()
    scene.venue.clock.set(scene.now_ms() + 2_900, scene.now_ns - 3_000 * 10**6, scene.now_ns + 3_000 * 10**6)
    asked: list[TradesQuery] = []

    def told_late(query: TradesQuery) -> object:
        asked.append(query)
        if len(asked) == 2:
            with monkeypatch.context() as patch:
                patch.setattr(scene, "says", lambda *_: None)  # its event is lost
                scene.fills_order(sold, "10")
        return tell(query)

    scene.venue.answers[TradesQuery] = told_late
    scene.run(FIRST_S)
    assert len(asked) >= 2 and any("audited" in line for line in scene.logged)
    assert found(scene) == {}


def test_what_is_found_while_something_stands_is_told_with_it(scene: Scene) -> None:
    sql(scene, "UPDATE fills SET fee = '0.002' WHERE trade_id = '1'")
    scene.run(FIRST_S)
    assert "trade 1" in found(scene)["DOGEUSDT"]
    sql(scene, "UPDATE fills SET fee = '0.003' WHERE trade_id = '2'")
    scene.run(DAY_S)
    assert "trade 2" in found(scene)["DOGEUSDT"] and "trade 1" in found(scene)["DOGEUSDT"]
    scene.operator().result("op.resume", {"symbol": "dogeusdt"})
    sql(scene, "UPDATE fills SET fee = '0.004' WHERE trade_id = '2'")
    scene.run(DAY_S)
    assert "trade 2" in found(scene)["DOGEUSDT"] and "trade 1" not in found(scene)["DOGEUSDT"]


def test_what_stood_before_a_restart_is_told_with_what_is_found_after_it(scene: Scene) -> None:
    sql(scene, "UPDATE fills SET fee = '0.002' WHERE trade_id = '1'")
    scene.run(FIRST_S)
    first = found(scene)["DOGEUSDT"]
    scene.restart()
    scene.run(FIRST_S)
    assert found(scene)["DOGEUSDT"] == first, "the same is no news"
    scene.run(DAY_S)
    scene.restart()
    client = scene.client(1)
    sold = client.order(side="SELL", quantity="10")
    scene.accepts(sold)
    scene.fills_order(sold, "10")
    scene.run(5)
    sql(scene, "UPDATE fills SET fee = '0.003' WHERE trade_id = '3'")
    scene.run(FIRST_S)
    both = found(scene)["DOGEUSDT"]
    assert "trade 3" in both and both.count("trade 1 ") == first.count("trade 1 ")


def test_what_could_not_be_read_is_no_finding_and_is_said(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("tradingsys.store.store.reading", cannot_open)
        scene.run(FIRST_S)
    assert found(scene) == {}
    [line] = [line for line in scene.logged if "info: audited" in line]
    assert "'skipped': ['pos.db', 'DOGEUSDT']" in line
    sql(scene, "UPDATE fills SET fee = '0.002' WHERE trade_id = '1'")
    scene.run(DAY_S + 5)
    assert "trade 1" in found(scene)["DOGEUSDT"]


def test_what_could_not_be_audited_for_days_is_audited_then(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.run(FIRST_S)  # until then all is right
    client = scene.client(3)
    bought = client.order()
    scene.accepts(bought)
    scene.fills_order(bought, "15")
    scene.fills_order(bought, "15")
    scene.run(5)
    sql(scene, "UPDATE fills SET fee = '0.002' WHERE trade_id = '3'")

    with monkeypatch.context() as patch:
        patch.setattr("tradingsys.store.store.reading", cannot_open)
        scene.run(3 * DAY_S)
    assert found(scene) == {}
    scene.run(DAY_S)
    assert "trade 3" in found(scene)["DOGEUSDT"]


def test_a_file_whose_positions_do_not_follow_from_its_executions_restricts_the_account(scene: Scene) -> None:
    sql(scene, "UPDATE fills SET qty = '31' WHERE trade_id = '1'")
    scene.run(FIRST_S)
    reason = found(scene)[""]
    assert "session 1 holds 30 DOGEUSDT by positions_basis, but 31 by its executions" in reason
    assert "tradingsys resume --account" in reason


def test_history_is_read_page_by_page_and_trades_with_oneself_are_two_halves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the simulator: many pages, and both sides of one trade on two of them."""
    monkeypatch.setattr("tradingsys.gateway.rereading._PAGE", 3)
    rig = Rig(tmp_path)
    client = rig.client()
    rig.house(Side.SELL, 500, "0.6")
    for _ in range(4):
        client.ask("order", client.order_params())
        rig.by_hand(Side.BUY, 7)
    rig.run(60)
    assert any("audited" in line for line in rig.world.trace)
    assert not [*rig.gateway.gateway.book.halts]
    conn = apsw.Connection(str(tmp_path / "pos.db"))
    conn.execute("UPDATE fills SET px = '0.7' WHERE trade_id = (SELECT max(CAST(trade_id AS INTEGER)) FROM fills)")
    conn.close()
    rig.run(60)
    assert [row.cause for row in rig.gateway.gateway.book.halts] == [HaltCause.AUDIT]
