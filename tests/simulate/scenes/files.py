"""Files are not what the last gateway left: restored, edited, damaged or torn."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import apsw
from msgspec import structs

from tests.simulate.life import SETTINGS
from tests.simulate.rig import Rig, WireClient
from tests.simulate.scenes.stage import (
    NOT_TOLD,
    Scene,
    a_copy_trades,
    answered,
    executed,
    executed_after_a_start,
    judged,
    rest,
    trade,
)
from tradingsys.core.enums import Side
from tradingsys.core.errors import ConfigError
from tradingsys.core.records import HaltCause
from tradingsys.sim.state import Options

__all__ = [
    "backup",
    "copied",
    "edit",
    "edit_not_told",
    "edit_running",
    "flip",
    "found",
    "scanned_later",
    "subscribed_before_found",
    "torn",
]


@Scene
def backup(rig: Rig) -> Iterator[str]:
    """Yesterday's copy of pos.db takes the place of today's, without a reboot."""
    trade(rig.client(), rig, 10)
    rig.gateway.stop()
    kept = _kept(rig)
    rig.start()
    trade(rig.client(), rig, 20)
    rig.gateway.kill("for good", power_cut=False)
    _restore(rig, kept)
    rig.start(until_ready=False)
    rig.run(15)
    trade(rig.client(), rig, 40)
    yield from judged(rig, 70)


@Scene
def copied(rig: Rig) -> Iterator[str]:
    """A gateway with a copy of the book, of which this one knows nothing, buys for its session."""
    rig.client()
    book = rig.gateway.gateway.book
    a_copy_trades(rig, book.lineage, 10)
    if [row.cause for row in book.halts] != [HaltCause.COPIED_BOOK]:
        yield f"another gateway used a copy of the book, and this one goes on: {book.halts}"


def _edit_while_down(rig: Rig, net: int) -> None:
    """No gateway runs, an order of session 1 is executed, and somebody edits its position by SQL."""
    client = rig.client()
    trade(client, rig, 10)
    rest(client)
    rig.gateway.kill("by the test", power_cut=False)
    executed(rig)
    _execute(rig.folder, f"UPDATE positions SET net = '{net}' WHERE session_id = 1")


@Scene
def edit(rig: Rig) -> Iterator[str]:
    """Somebody edits a position by SQL which an order of its session changes at the same time."""
    _edit_while_down(rig, 100)
    rig.start(until_ready=False)
    rig.run(8)
    if rig.gateway.gateway.is_ready:
        yield f"an edit was taken of a position that moved meanwhile: {rig.net(1)}"


@Scene
def edit_not_told(rig: Rig) -> Iterator[str]:
    """Somebody edits a position by SQL, and the exchange does not tell for minutes what was executed before."""
    _edit_while_down(rig, 7)
    with answered(rig, NOT_TOLD):
        rig.start(until_ready=False)
        rig.run(90)
        if not rig.gateway.gateway.is_ready:
            yield f"the scene did not come about: {rig.gateway.gateway.text}"
    rig.run(150)
    if rig.net(1) != 25:
        yield f"an edit was taken before it was told what had been executed: {rig.net(1)}, and 25 should be there"


@Scene
def edit_running(rig: Rig) -> Iterator[str]:
    """Somebody edits positions while the gateway runs: one that rests afterwards, and one that moves."""
    still, moving = rig.client(1), rig.client(2)
    trade(still, rig, 10)
    trade(moving, rig, 10)
    with rig.machine.disk.by_hand(), closing(apsw.Connection(str(rig.folder / "pos.db"))) as shell:
        shell.execute("UPDATE positions SET net = '7' WHERE session_id > 0")
    trade(moving, rig, 20)
    rig.run(1)
    rig.gateway.kill("by the test", power_cut=False)
    rig.start(until_ready=False)
    rig.run(4)
    if not isinstance(rig.gateway.failure, ConfigError):
        yield f"an edit was not refused, though its position moved: {rig.net(2)}"
        return
    for _ in range(2):
        rig.restart()
        if rig.nets(1, 2, -1) != [7, 30, 3]:
            yield f"7, 30 and 3 should be there: {rig.nets(1, 2, -1)}"


@Scene
def flip(rig: Rig) -> Iterator[str]:
    """A record of the journal says something else than what was written, and can be read all the same."""
    rest(rig.client())
    rig.gateway.kill("by the test", power_cut=False)
    journal = rig.folder / "pos.db.journal"
    content = journal.read_bytes()
    assert content.count(b"session\x01") == 1
    journal.write_bytes(content.replace(b"session\x01", b"session\x02"))
    _execute(rig.folder, "DELETE FROM orders")  # as if power had been cut before it was there
    yield from executed_after_a_start(rig)


@Scene
def found(rig: Rig) -> Iterator[str]:
    """A copy of pos.db from before a symbol was traded is put back, and only an open order tells of the symbol."""
    rig.gateway.stop()
    _loses_what_was_triggered(rig)
    rig.start(until_ready=False)
    while not rig.gateway.gateway.is_ready:
        rig.run(0.02)
    yield from judged(rig, 0)


@Scene
def subscribed_before_found(rig: Rig) -> Iterator[str]:
    """The same, and a strategy subscribes while the start still looks for what was lost."""
    rig.gateway.stop()
    _loses_what_was_triggered(rig, 30)
    rig.start(until_ready=False)
    rig.run(1)
    client = WireClient(rig)
    client.login()
    client.send_raw(b'{"id": 99, "method": "subscribe", "params": ["dogeusdt@depth"]}')
    rig.run(15)
    yield from judged(rig, 20)


@Scene
def scanned_later(rig: Rig) -> Iterator[str]:
    """The same, nothing tells of the symbol, and only the second start is told to read it."""
    rig.gateway.stop()
    _loses_what_was_triggered(rig)
    rig.venue.cancel_by_hand()
    rig.start(until_ready=False)
    rig.run(12)
    rig.gateway.stop()
    rig.settings = structs.replace(SETTINGS, scan=("DOGEUSDT",))
    rig.start(until_ready=False)
    rig.run(12)
    yield from judged(rig, 0)


@Scene
def torn(rig: Rig) -> Iterator[str]:
    """The journal ends in the middle of a record; later the process dies, and nothing else."""
    rest(rig.client())
    rig.gateway.kill("by the test", power_cut=False)
    journal = rig.folder / "pos.db.journal"
    journal.write_bytes(journal.read_bytes()[:-7])
    rig.start(until_ready=False)
    rig.run(12)
    rest(rig.client())
    rig.gateway.kill("by the test", power_cut=False)
    rig.start(until_ready=False)
    if not rig.gateway.store.saved.journal_proven:
        yield "the death of a process was taken for a power cut"
    rig.run(12)
    yield from judged(rig, 0)


def _kept(rig: Rig) -> Path:
    """A copy of pos.db as it is."""
    kept = rig.folder.parent / f"{rig.folder.name} of yesterday"
    shutil.copytree(rig.folder, kept, ignore=shutil.ignore_patterns("shm"))
    return kept


def _restore(rig: Rig, kept: Path) -> None:
    for path in rig.folder.glob("pos.db*"):
        path.unlink()
    for path in kept.glob("pos.db*"):
        shutil.copy(path, rig.folder / path.name)
    shutil.rmtree(kept)


def _loses_what_was_triggered(rig: Rig, bought: int = 10) -> None:
    """Session 1 buys and waits to sell 10, pos.db is put back as it was before, and the stop is triggered: what it
    becomes has an id of the exchange's making. Another order of the session rests.
    """
    rig.simulator.exchange._state.options = Options(child_keeps_client_id=False)
    kept = _kept(rig)
    rig.start()
    client = rig.client()
    trade(client, rig, bought)
    stop = {"order_type": "STOP_MARKET", "stop_price": "0.59", "side": "SELL", "price": None, "time_in_force": None}
    assert "error" not in client.ask("order", client.order_params(**stop))
    client.ask("order", client.order_params(quantity="15", price="0.55"))
    rig.gateway.kill("for good", power_cut=False)
    _restore(rig, kept)
    rig.house(Side.BUY, 100, "0.58")
    rig.house(Side.SELL, 5, "0.58")


def _execute(folder: Path, statement: str) -> None:
    with closing(sqlite3.connect(folder / "pos.db")) as conn, conn:
        conn.execute(statement)
