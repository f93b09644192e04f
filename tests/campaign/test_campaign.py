"""Twenty sessions, five symbols, orders of every kind: every book equals the exchange's ledger."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.campaign.campaign import Plan, run
from tests.campaign.strategy import CONDITIONALS, LIMITS, MARKETS
from tests.campaign.tally import tally

_ORDERS = {"LIMIT GTC FILLED", "LIMIT GTC CANCELED", "LIMIT IOC EXPIRED", "LIMIT FOK FILLED", "LIMIT GTD CANCELED",
           "MARKET GTC FILLED"}  # fmt: skip
_CONDITIONS = {
    f"{order_type} {status}"
    for order_type in ("STOP_LIMIT", "STOP_MARKET", "TAKE_PROFIT_LIMIT", "TAKE_PROFIT_MARKET")
    for status in ("CANCELED", "FINISHED")
} | {"TRAILING_STOP_MARKET CANCELED"}
_KINDS = {f"{order_type} {tif}" for order_type, tif in (*MARKETS, *LIMITS, *CONDITIONALS)}
_RARE = 4
"""So many kinds may be missing: the dice, and the market, decide."""
_EXPECTED_REFUSALS = {
    "-5021",  # FOK that cannot be filled
    "-5022",  # post-only that would take
    "-2021",  # a stop beyond the market, which moved meanwhile
    "-30002",  # no gateway, or it has no connection yet
    "-10008",  # the gateway reads what happened meanwhile
    "-10012",  # a cancel of what was on its way to a gateway that ended: nobody has asked yet what became of it
    "-10006",  # reduce-only without anything to reduce; too little worth after a move
    "-4164",  # the same in the exchange's words
    "-2011",  # a cancel too late
    "-2013",  # an amend too late
    "-5027",  # an amend of nothing
    "-1021",  # older than the exchange takes it, on a machine that is very busy
    "-4118",  # reduce-only that others' orders keep from reducing
    "-2022",
}


@pytest.mark.parametrize("foreign_child_ids", [False, True])
def test_books_of_many_sessions_equal_the_ledger(tmp_path: Path, foreign_child_ids: bool) -> None:
    plan = Plan(300, seed=7, foreign_child_ids=True) if foreign_child_ids else Plan(900, stops=2)
    result = run(tmp_path, plan)
    assert result.differences == []
    assert result.executions > plan.requests / 20
    assert result.amendments > plan.requests / 100
    assert {session for session, _ in result.lines} <= set(range(1, plan.sessions + 1))
    assert set(result.refused) <= _EXPECTED_REFUSALS, result.refused
    if not foreign_child_ids:  # long enough for sessions to trade, and for nearly every kind of order to end
        assert len({session for session, _ in result.lines}) > plan.sessions / 2
        accepted = {ended.rpartition(" ")[0] for ended in result.ended if not ended.endswith(" REJECTED")}
        assert accepted <= _KINDS and len(_KINDS - accepted) < _RARE, result.ended
        assert len(_ORDERS - result.orders.keys()) < _RARE, result.orders
        assert len(_CONDITIONS - result.conditions.keys()) < _RARE, result.conditions


def test_the_tally_counts_as_the_field_does() -> None:
    def row(side: str, qty: str, px: str, order_id: int = 1) -> dict[str, object]:
        return {"symbol": "X", "side": side, "qty": qty, "px": px, "order_id": order_id, "client_order_id": "",
                "fee": "0.1", "fee_asset": "USDT"}  # fmt: skip

    rows = [row("BUY", "2", "10"), row("BUY", "1", "13"), row("SELL", "1", "12"), row("SELL", "3", "9")]
    (line,) = tally(rows, []).values()
    assert line.fills == 4
    assert line.net == -1
    assert line.entry_px == 9
    assert line.realized_pnl == (12 - 11) + 2 * (9 - 11)
    assert str(line.fees["USDT"]) == "0.4"
