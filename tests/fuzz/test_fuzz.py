"""Some wrong inputs for every parser; ``make fuzz`` takes many more."""

from __future__ import annotations

from itertools import islice

import pytest

from tests.fuzz.mutator import Mutator
from tests.fuzz.run import fuzz
from tests.fuzz.targets import TARGETS, Target

RUNS = 150


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_wrong_input_is_refused_as_documented(target: Target) -> None:
    outcome = fuzz(target, RUNS, seed=7)
    assert not outcome.findings, "\n".join(f"{each.data[:300]!r}\n{each.what}" for each in outcome.findings)
    assert outcome.runs == RUNS and outcome.reached


@pytest.mark.parametrize(
    "target", [each for each in TARGETS if each.inputs is not None], ids=lambda target: target.name
)
def test_inputs_that_are_made_for_a_parser_get_far(target: Target) -> None:
    outcome = fuzz(target, 600, seed=7)
    assert outcome.runs / 5 < outcome.refused < outcome.runs * 4 / 5
    assert len(outcome.reached) > 60


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_right_input_is_taken(target: Target) -> None:
    feed, taken = target.prepare(), 0
    for sample in target.samples():
        try:
            feed(sample)
        except target.documented:
            continue
        taken += 1
    assert taken


def test_a_parser_that_fails_or_hangs_is_found() -> None:
    def fails(data: bytes) -> None:
        if b"NaN" in data:
            raise KeyError("not documented")

    outcome = fuzz(Target("bad", lambda: [b'{"a":1}'], lambda: fails, (ValueError,)), 2_000, seed=1)
    assert [each for each in outcome.findings if "KeyError" in each.what and b"NaN" in each.data]


def test_the_same_seed_makes_the_same_inputs() -> None:
    first, second = (list(islice(Mutator("x 1", [b'{"a":[1,{"b":"c"}]}', b"plain"]), 500)) for _ in range(2))
    assert first == second and len(set(first)) > 300
