"""A start dies at every named point, by a kill and by a power cut: what it was about happens once all the same."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import apsw
import pytest

from tests.simulate.ambush import POINTS, Killed
from tests.simulate.rig import Rig
from tradingsys.core.enums import Side

MOST_DEATHS = 2
LONGEST_START_S = 90
"""Who starts so often waits for the exchange's rate limit."""


@pytest.mark.parametrize("power_cut", [False, True], ids=["kill", "power cut"])
def test_an_edit_by_sql_is_taken_up_once_whatever_the_start_dies_of(tmp_path: Path, power_cut: bool) -> None:
    rig = Rig(tmp_path)
    client = rig.client(1)
    rig.house(Side.SELL, 20, "0.6")
    assert "error" not in client.ask("order", client.order_params(quantity="20"), 1.0)
    rig.gateway.kill("by the test", power_cut=False)
    died = set[str]()
    for number, (point, _) in enumerate(POINTS, 30):
        _edit(rig, number)
        for nth in range(MOST_DEATHS):
            rig.machine.troubles.ambush.wait_at(point, nth)
            if not _dies(rig, power_cut=power_cut):
                break
            died.add(point)
        rig.machine.troubles.ambush.leave()
        if not rig.gateway.alive:
            _dies(rig, power_cut=False)
        assert rig.gateway.gateway.is_ready, f"{point}: {rig.gateway.gateway.text}"
        assert rig.nets(1, -1) == [Decimal(number), Decimal(20 - number)], point
        assert not rig.machine.disk.broken, point
        rig.gateway.kill("by the test", power_cut=False)
    assert {point for point in POINTS_OF_A_START if point not in died} == set()


POINTS_OF_A_START = {
    f"{when} {what}"
    for when in ("before", "after")
    for what in (
        "a journal write",
        "a journal sync",
        "a wal write",
        "a wal sync",
        "a copy write",
        "a copy sync",
        "a folder sync",
        "a renaming",
        "a ticket's issue",
        "an epoch begins",
        "READY is marked",
        "an answer is handled",
    )
}


def _edit(rig: Rig, net: int) -> None:
    with rig.machine.disk.by_hand():
        shell = apsw.Connection(str(rig.folder / "pos.db"))
        shell.execute("UPDATE positions SET net = ? WHERE session_id = 1 AND symbol = 'dogeusdt'", (str(net),))
        shell.close()
    rig.machine.disk.settle()


def _dies(rig: Rig, *, power_cut: bool) -> bool:
    """Whether this start dies before it is READY."""
    rig.faults = type(rig.faults)(power_cut=float(power_cut))
    try:
        rig.start(until_ready=False)
    except Killed:
        rig.machine.process_died(power_cut=power_cut)
        return True
    for _ in range(LONGEST_START_S):
        if rig.gateway.alive and not rig.gateway.gateway.is_ready:
            rig.run(1)
    return not rig.gateway.alive
