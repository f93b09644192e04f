"""What the page says of chaos."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tradingsys.gateway.main import _SIM_STALENESS_MS
from tradingsys.sim.chaos import PROFILES
from tradingsys.sim.chaos.faults import Fault
from tradingsys.sim.chaos.profiles import EPISODES

PAGE = (Path(__file__).parents[4] / "docs" / "simulator.md").read_text("utf-8").partition("### Chaos")[2]


def test_every_profile_has_its_row_in_the_order_of_the_list() -> None:
    assert re.findall(r"^\| `(\w+)` \|[^|]+\|[^|]*\|[^|]*\|$", PAGE, re.MULTILINE) == list(PROFILES)


def test_every_count_is_explained() -> None:
    table = PAGE.partition("| counted as |")[2]
    assert re.findall(r"`([a-z]+_?[a-z]*)`[,|\s]", re.sub(r"(?<=\|) [^|]* \|$", "", table, flags=re.MULTILINE)) == list(
        Fault
    )


def test_what_can_happen_at_once_is_named() -> None:
    told = re.search(r"and `now`: (.*?) happens at once", PAGE, re.DOTALL)
    assert told is not None
    assert re.findall(r"`(\w+)`", told[1]) == list(EPISODES)


@pytest.mark.parametrize("name", PROFILES)
def test_the_truth_is_never_further_behind_than_gateways_expect(name: str) -> None:
    """A stale answer repeats one that did not find what was too young then."""
    wanted = PROFILES[name]
    stale_ms = wanted.stale_ms if Fault.READ_STALE in wanted.reads else 0
    assert wanted.queries_late_ms + stale_ms <= _SIM_STALENESS_MS
