"""Sessions on spot and on margin, and a person's hand on the account: every book equals the exchange's ledger."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from tests.campaign.asset_books import Records, compare
from tests.campaign.asset_campaign import AssetResult, run_assets
from tests.campaign.asset_tally import Change, holdings, tally_assets
from tests.campaign.campaign import Plan
from tradingsys.core.ids import EXTERNAL

_PLAN = Plan(200, 50.0, processes=2, sessions_each=4, seed=5, kills=1)

_FILL = (
    "symbol, trade_id, order_id, session_id, client_order_id, side, px, qty, fee, fee_asset, is_maker, realized_pnl, "
    "ts_event_ms"
)
_ONE_FILL = (
    "(symbol, trade_id, order_id) IN (SELECT symbol, trade_id, order_id FROM fills WHERE session_id > 0 LIMIT 1)"
)
_ONE_LINE = "(session_id, symbol) IN (SELECT session_id, symbol FROM performance WHERE symbol = 'BTCUSDT' LIMIT 1)"
_MISTAKES = [
    (f"DELETE FROM fills WHERE {_ONE_FILL}", ["is not in the books"]),
    (f"UPDATE fills SET trade_id = trade_id || '1' WHERE {_ONE_FILL}", ["is not in the books", "never happened"]),
    (f"INSERT INTO fills ({_FILL}) SELECT symbol, trade_id || '1', {_FILL.removeprefix('symbol, trade_id, ')} "
     f"FROM fills WHERE {_ONE_FILL}", ["never happened", ": fills is "]),
    (f"UPDATE fills SET session_id = session_id + 1 WHERE {_ONE_FILL}", ["at the exchange", ": fills is "]),
    (f"UPDATE fills SET fee_asset = 'XRP' WHERE {_ONE_FILL}", ["'XRP'"]),
    (f"UPDATE performance SET quote_flow = quote_flow + 1 WHERE {_ONE_LINE}", [" USDT in the books", "sum to"]),
    (f"UPDATE performance SET fees = json_set(fees, '$.BNB', '9') WHERE {_ONE_LINE}", ["fees is", " BNB in the books"]),
    ("UPDATE ledger SET amount = amount + 1 WHERE kind = 'BASELINE' AND asset = 'USDT'", ["session -1 has"]),
]  # fmt: skip
"""What is done to a book, and what must be said of it."""


def test_books_of_spot_equal_the_ledger_and_no_mistake_in_them_is_overlooked(tmp_path: Path) -> None:
    result = run_assets(tmp_path, "spot", _PLAN, _look_for_mistakes)
    _assert_sound(result)
    assert not result.loans


def test_books_of_margin_equal_the_ledger(tmp_path: Path) -> None:
    result = run_assets(tmp_path, "margin", _PLAN)
    _assert_sound(result)
    assert result.interest


def _assert_sound(result: AssetResult) -> None:
    assert result.differences == []
    assert result.executions > _PLAN.requests / 20
    assert len({session for session, _ in result.lines} - {EXTERNAL}) > 1
    assert result.lists and result.orders and len(result.fee_assets) > 1
    assert result.by_hand.keys() >= {"market", "limit", "transfer", "deposit"}


def _look_for_mistakes(records: Records) -> None:
    for statement, words in _MISTAKES:
        said = "\n".join(compare(records.spoiled(statement), [], at_rest=True))
        assert all(word in said for word in words), (statement, said)


def _row(side: str, qty: str, px: str, fee: str, fee_asset: str, number: int) -> dict[str, object]:
    return {"symbol": "ETHBTC", "side": side, "qty": qty, "px": px, "fee": fee, "fee_asset": fee_asset,
            "exec_id": number, "order_id": number, "client_order_id": ""}  # fmt: skip


def test_the_tally_counts_as_the_market_of_coins_does() -> None:
    rows = [
        _row("BUY", "2", "10", "0.5", "ETH", 1),
        _row("SELL", "0.0001", "0.04167", "0.001", "BNB", 3),
        _row("SELL", "1.4999", "12", "0.1", "BTC", 4),
        _row("BUY", "1", "8", "0.25", "ETH", 2),
    ]
    (line,) = tally_assets(rows).values()
    assert (line.executed, line.net) == (Fraction("1.5"), Fraction("0.75"))
    # 2 at 10, of which a fee took a quarter, and 1 at 8, whose fee again leaves the average as it was.
    assert line.entry_px == Fraction(1_500_000 * 10 + 1_000_000 * 8, 2_500_000)
    assert line.quote_flow == Fraction("-28") + Fraction("0.00000416") + Fraction("17.9988")
    assert {asset: str(fee) for asset, fee in line.fees.items()} == {"ETH": "0.75", "BNB": "0.001", "BTC": "0.1"}


def test_interest_is_borne_by_who_is_short_at_its_instant() -> None:
    def change(ts_ms: int, amount: str, session: int | None) -> Change:
        return Change(ts_ms, 0 if session is not None else 1, "BTC", Fraction(amount), session)

    charge = change(5, "-0.00000010", None)
    given = [charge, change(1, "7", EXTERNAL), change(5, "-2", 1), change(4, "-1", 2), change(6, "-9", 3)]
    held = holdings(given)
    assert held[1, "BTC"] == -2 - Fraction("0.00000007")
    assert held[2, "BTC"] == -1 - Fraction("0.00000003")
    assert (held[3, "BTC"], held[EXTERNAL, "BTC"]) == (Fraction(-9), Fraction(7))
    assert holdings([charge, change(1, "7", EXTERNAL)])[EXTERNAL, "BTC"] == 7 - Fraction("0.0000001")
