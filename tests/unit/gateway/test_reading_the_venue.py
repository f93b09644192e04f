"""What the gateway concludes from answers that are old, late, missing or contradicted by what comes meanwhile."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest
from msgspec import structs

from tests.simulate.faults import Faults
from tests.simulate.life import ACCOUNT, SETTINGS
from tests.simulate.rig import Rig
from tradingsys.core.enums import Side
from tradingsys.core.ids import EXTERNAL
from tradingsys.oms.recovery import Recovery
from tradingsys.sim.faces.transport import Reply, Request, WsOutput
from tradingsys.store.read import reading
from tradingsys.wire.messages import ErrorCode

NO_WATCH = structs.replace(SETTINGS, watch_ms=10**9)
STALE = Faults(staleness_ms=490)


def test_a_trade_just_before_a_symbol_enters_is_counted_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # History lags, positions do not: the trade is in the position before it is among the trades.
    monkeypatch.setattr("tests.simulate.venue._READS", ("/userTrades",))
    monkeypatch.setattr("tests.simulate.past.delay_ns", lambda _row, staleness_ns: staleness_ns)
    rig = Rig(tmp_path, faults=STALE)
    client = rig.client(None)
    client.login(1)
    rig.house(Side.SELL, 100, "0.6")
    rig.by_hand(Side.BUY, 40)
    assert "error" not in client.ask("subscribe", ["dogeusdt@depth"], 3.0)
    rig.run(10)
    assert rig.net(EXTERNAL) == 40 and not rig.gateway.gateway.recovery.differences


def test_no_strategy_hears_of_positions_before_every_execution_has_its_owner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = Rig(tmp_path)
    client = rig.client()
    client.ask("order", client.order_params())
    rig.gateway.kill("by a power cut")
    _lose_all_orders(rig)
    rig.house(Side.SELL, 10, "0.6")
    http = rig.simulator.http

    def no_orders(request: Request, now_ns: int) -> tuple[Reply, list[WsOutput]]:
        if request.path.endswith("/order"):
            return Reply(503, b'{"code":0,"msg":"busy"}', {}), []
        return http(request, now_ns)

    monkeypatch.setattr(rig.simulator, "http", no_orders)
    gateway = rig.start(until_ready=False).gateway
    rig.run(15)
    assert (len(gateway.book.unattributed), gateway.is_ready) == (1, False)
    monkeypatch.setattr(rig.simulator, "http", http)
    rig.run(8)
    assert rig.gateway.gateway.is_ready
    assert rig.nets(1, EXTERNAL) == [10, 0]


def test_what_happens_while_the_stream_breaks_during_the_boot_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = Rig(tmp_path, settings=NO_WATCH)
    client = rig.client()
    client_order_id = client.ask("order", client.order_params())["result"]["client_order_id"]
    rig.gateway.kill("by the test")
    check_account, calls = Recovery.check_account, list[Recovery]()

    async def check_in_a_gap(self: Recovery) -> None:
        calls.append(self)
        if len(calls) == 1:
            network = rig.gateway.network
            network._cut(network._conn_ids["user"], "by the test")
            rig.simulator.exchange.cancel(ACCOUNT, "DOGEUSDT", rig.world.now_ns, client_order_id=client_order_id)
            await self._inquiry.wait(2_000)  # the stream comes back before READY
        await check_account(self)

    monkeypatch.setattr(Recovery, "check_account", check_in_a_gap)
    rig.start()
    assert not rig.gateway.gateway.book.open_orders()


def test_an_answer_older_than_the_gap_is_not_the_last_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.simulate.past.delay_ns", lambda _row, staleness_ns: staleness_ns)
    rig = Rig(tmp_path, settings=NO_WATCH)
    client = rig.client()
    client.ask("order", client.order_params())
    rig.gateway.kill("by the test")
    rig.house(Side.SELL, 10, "0.6")
    rig.faults = STALE
    monkeypatch.setattr(rig.world.rng, "choice", max)
    rig.start()
    assert rig.nets(1, EXTERNAL) == [10, 0] and not rig.gateway.gateway.book.open_orders()


def test_a_symbol_is_durable_before_anybody_can_trade_it(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    client = rig.client(None)
    client.login(1)
    client.send_raw(b'{"id":77,"method":"subscribe","params":["dogeusdt@depth"]}')
    for _ in range(1_500):
        rig.run(0.001)
        if known := set(rig.gateway.gateway.book.symbols):
            break
    with reading(tmp_path / "pos.db") as conn:
        kept = {str(symbol) for (symbol,) in conn.execute("SELECT symbol FROM symbols")}
    assert known == kept == {"DOGEUSDT"}


def test_what_is_reduced_already_counts_before_its_executions_are_booked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = Rig(tmp_path)
    client = rig.client()
    rig.house(Side.SELL, 10, "0.6")
    client.ask("order", client.order_params())
    rig.house(Side.BUY, 100, "0.59")
    assert rig.net(1) == 10

    async def nothing(self: Recovery, symbol: str) -> None:
        del self, symbol

    monkeypatch.setattr(Recovery, "pull_trades", nothing)
    rig.faults = Faults(lose_event=1.0)
    reduce = {"side": "SELL", "price": "0.59", "reduce_only": True}
    client.ask("order", client.order_params(**reduce))
    [order] = rig.gateway.gateway.book.open_orders(1)
    for _ in range(100):
        if order.facts.missing_qty:
            break
        rig.run(0.1)
    assert rig.net(1) == order.facts.missing_qty == 10
    assert client.error("order", client.order_params(**reduce)) == ErrorCode.INVALID_ORDER


def test_a_symbol_that_does_not_exist_is_named_instead_of_waited_for(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.gateway.stop()
    rig.settings = structs.replace(SETTINGS, symbols=("DOGEUSD",))
    gateway = rig.start(until_ready=False)
    rig.run(5)
    assert "dogeusd" in str(gateway.failure)


def test_an_edit_of_a_symbol_that_does_not_exist_is_named_instead_of_waited_for(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.gateway.stop()
    conn = apsw.Connection(str(tmp_path / "pos.db"))
    conn.execute("INSERT INTO positions VALUES (3, 'dogeusd', '5')")
    conn.close()
    gateway = rig.start(until_ready=False)
    rig.run(5)
    assert "dogeusd" in str(gateway.failure) and "session 3" in str(gateway.failure)


def test_a_symbol_that_is_no_longer_listed_does_not_keep_the_gateway_from_starting(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.client()
    rig.gateway.stop()
    conn = apsw.Connection(str(tmp_path / "pos.db"))
    conn.execute("INSERT INTO symbols (symbol, first_trade_id) VALUES ('LUNAUSDT', 1)")
    conn.close()
    rig.start()
    rig.run(20)
    assert rig.gateway.gateway.is_ready and not rig.gateway.gateway.recovery.differences


def _lose_all_orders(rig: Rig) -> None:
    """As if the power had failed before anything of an order reached the disk."""
    for ticket in (rig.folder / "shm").iterdir():
        ticket.unlink()
    journal = rig.folder / "pos.db.journal"
    journal.write_bytes(journal.read_bytes().split(b"\n")[0] + b"\n")
    conn = apsw.Connection(str(rig.folder / "pos.db"))
    conn.execute("DELETE FROM orders")
    conn.close()


def test_a_scan_after_restoring_an_older_book_gives_every_session_its_trades_back(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.house(Side.SELL, 100, "0.6")
    rig.pass_idly(4_000)
    rig.by_hand(Side.BUY, 7)  # held before anybody here accounted for the symbol
    rig.gateway.stop()
    older = (tmp_path / "pos.db").read_bytes()
    rig.start()
    client = rig.client()
    client.ask("order", client.order_params(quantity="30"))
    rig.by_hand(Side.BUY, 20)
    rig.run(1)
    assert rig.nets(1, EXTERNAL) == [30, 27]
    rig.gateway.stop()
    for path in (*tmp_path.glob("pos.db*"), *(tmp_path / "shm").glob("*")):
        path.unlink()
    (tmp_path / "pos.db").write_bytes(older)
    rig.settings = structs.replace(SETTINGS, scan=("DOGEUSDT",))
    rig.start(until_ready=False)
    rig.run(12)
    assert rig.gateway.gateway.is_ready
    assert rig.nets(1, EXTERNAL) == [30, 27]
    assert rig.gateway.gateway.recovery.differences == {} and not rig.gateway.gateway.halting.reason
