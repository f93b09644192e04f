"""Edits of positions that a start must refuse."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import apsw
import pytest

from tests.simulate.rig import Rig
from tests.simulate.scenes.stage import executed, rest, trade
from tradingsys.core.errors import ConfigError
from tradingsys.store.read import reading


def test_a_start_names_every_edit_of_what_moved_meanwhile_and_the_next_one_takes_the_others(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    clients = [rig.client(session) for session in (1, 2, 3)]
    for client in clients:
        trade(client, rig, 10)
    for client in clients[:2]:
        rest(client)
    rig.gateway.kill("by the test", power_cut=False)
    executed(rig, 30)
    with rig.machine.disk.by_hand():
        shell = apsw.Connection(str(rig.folder / "pos.db"))
        shell.execute("UPDATE positions SET net = '7' WHERE session_id > 0")
        shell.close()
    rig.start(until_ready=False)
    rig.run(8)
    failure = rig.gateway.failure
    assert isinstance(failure, ConfigError)
    for session in (1, 2):
        assert f"session {session} dogeusdt was edited from 10 to 7" in str(failure)
        assert f"SET net = '7' WHERE session_id = {session} AND symbol = 'dogeusdt'" in failure.hint
    assert str(failure).count("its net is 25 now") == 2
    assert "session 3" not in str(failure)
    rig.start()
    assert rig.nets(1, 2, 3, -1) == [Decimal(25), Decimal(25), Decimal(7), Decimal(3)]


@pytest.mark.parametrize("also_moves", [False, True], ids=["where it was", "moved by the start"])
def test_a_start_refuses_the_edit_before_it_and_the_same_made_while_it_reads_waits_for_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, also_moves: bool
) -> None:
    rig = Rig(tmp_path)
    editor, net = rig.machine.editor, "UPDATE positions SET net = '7' WHERE session_id = 1"
    monkeypatch.setattr(editor, "_statements", lambda shell: [((1, "DOGEUSDT"), net)])
    client = rig.client()
    trade(client, rig, 10)
    editor.edit(is_up=True)
    trade(client, rig, 20)
    rest(client)
    rig.run(1)
    rig.gateway.kill("by the test", power_cut=False)
    if also_moves:
        executed(rig)
    rig.start(until_ready=False)
    editor.edit(is_up=True)
    rig.run(8)
    now = 45 if also_moves else 30
    assert f"was edited from 10 to 7, but it also traded: its net is {now} now" in str(rig.gateway.failure)
    first, second = editor.edits
    assert (first.outcome, first.was_told, second.outcome, second.was_told) == ("refused", True, "waits", False)
    rig.start(until_ready=False)
    rig.run(8)
    if also_moves:
        assert "was edited from 30 to 7, but it also traded: its net is 45 now" in str(rig.gateway.failure)
        assert second.was_told
    else:
        assert rig.gateway.gateway.is_ready
        assert rig.nets(1, -1) == [Decimal(7), Decimal(23)]
    with reading(rig.folder / "pos.db") as conn:
        editor.look(conn)
    assert not editor.wrong
    assert second.outcome == ("refused" if also_moves else "taken")
