"""Edits of positions that a start must refuse."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import apsw

from tests.simulate.rig import Rig
from tests.simulate.scenes.stage import executed, rest, trade
from tradingsys.core.errors import ConfigError


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
