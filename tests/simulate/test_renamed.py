"""Orders that people rename by hand, over and over."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.simulate.spot_life import SpotLife

_RENAMED, _LIVES = 500, 12
"""So many orders are renamed in the first few of these lives; a gateway may be down during most of any one of them."""


def test_orders_that_people_rename_stay_the_sessions(tmp_path: Path) -> None:
    renamed = 0
    for seed in range(_LIVES):
        verdict = SpotLife(seed, tmp_path / str(seed), wire=False, renames=True).live()
        assert not verdict.violations, "\n".join([f"seed {seed}", *verdict.violations, *verdict.trace[-40:]])
        renamed += verdict.counts["orders renamed by hand"]
        if renamed > _RENAMED:
            return
    pytest.fail(f"only {renamed} orders were renamed in {_LIVES} lives")
