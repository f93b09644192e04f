"""What the gateway concludes from answers that are old, late, missing or contradicted by what comes meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.simulate.faults import Faults
from tests.simulate.rig import Rig
from tradingsys.core.enums import Side
from tradingsys.core.ids import EXTERNAL

STALE = Faults(staleness_ms=490)


def test_a_trade_just_before_a_symbol_enters_is_counted_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # History lags, positions do not: the trade is in the position before it is among the trades.
    monkeypatch.setattr("tests.simulate.venue._READS", ("/userTrades",))
    monkeypatch.setattr("tests.simulate.past._delay_ns", lambda _row, staleness_ns: staleness_ns)
    rig = Rig(tmp_path, faults=STALE)
    client = rig.client(None)
    client.login(1)
    rig.house(Side.SELL, 100, "0.6")
    rig.by_hand(Side.BUY, 40)
    assert "error" not in client.ask("subscribe", ["dogeusdt@depth"], 3.0)
    rig.run(10)
    assert rig.net(EXTERNAL) == 40 and not rig.gateway.gateway.recovery.differences
