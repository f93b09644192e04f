"""The campaign in small: fifty lives of every kind and profile for each module of tests, which run side by side."""

from __future__ import annotations

from collections import Counter
from typing import ClassVar

import pytest

from tests.simulate.campaign import command, run
from tests.simulate.sometimes import never_met
from tests.simulate.verdict import Verdict

__all__ = ["Lives"]

_SCATTER = 3
"""So few lives must have met what so many times fewer of a campaign have at the least: all of them together meet it."""
_TOLD = 40
"""So many of the last lines of a life that went wrong."""


class Lives:
    """Of ``seeds``; `make simulate` lives any number of them."""

    seeds: ClassVar[range]

    @pytest.fixture(scope="class")
    @classmethod
    def lives(cls) -> list[Verdict]:
        return [verdict for verdict, _ in run(cls.seeds, None, None, jobs=1)]

    def test_each_ends_well(self, lives: list[Verdict]) -> None:
        wrong = [verdict for verdict in lives if verdict.violations]
        told = [[command(each.seed, None, None), *each.violations, *each.trace[-_TOLD:]] for each in wrong]
        assert not wrong, "\n".join(line for lines in told for line in lines)

    def test_together_they_meet_what_they_are_about(self, lives: list[Verdict]) -> None:
        met = sum((verdict.counts for verdict in lives), Counter[str]())
        assert not list(never_met(met, len(lives) // _SCATTER)), met
