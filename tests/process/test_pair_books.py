"""A strategy with a session on spot and one on futures: both books are exact, whatever its fees were paid in."""

from __future__ import annotations

from pathlib import Path

from tests.campaign.pair import run_pair

EXECUTIONS = 240
"""A thousand: ``make campaign PRODUCT=pair ORDERS=1000``."""


def test_spot_against_the_perpetual_in_one_engine(tmp_path: Path) -> None:
    result = run_pair(tmp_path, EXECUTIONS)
    assert result.differences == []
    assert result.executions.total() >= EXECUTIONS
    # In the coin when it was bought, in the money when it was sold, then in BNB.
    assert all(result.executions[asset] > EXECUTIONS / 40 for asset in ("DOGE", "USDT", "BNB", "usdm")), result
