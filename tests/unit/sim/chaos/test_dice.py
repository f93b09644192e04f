"""Chance that can be repeated."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tradingsys.sim.chaos.dice import Dice, Throw, pick


@given(st.integers(0, 2**31), st.lists(st.sampled_from("abc"), max_size=40))
def test_a_throw_depends_on_seed_kind_and_number_alone(seed: int, kinds: list[str]) -> None:
    mixed, alone = Dice(seed), Dice(seed)
    thrown = [mixed.throw(kind) for kind in kinds]
    for kind in "abc":
        own = [throw for each, throw in zip(kinds, thrown, strict=True) if each == kind]
        assert own == [alone.throw(kind) for _ in own]
    assert all(0 <= number < 1 for throw in thrown for number in throw)


def test_another_seed_or_kind_throws_something_else() -> None:
    first = Dice(1).throw("a")
    assert first != Dice(2).throw("a")
    assert first != Dice(1).throw("b")
    assert len(set(first)) == 4


def test_rates_are_kept() -> None:
    dice = Dice(3)
    picked = [pick({"x": 0.2, "y": 0.3}, dice.throw("k")) for _ in range(4_000)]
    assert 700 < picked.count("x") < 900
    assert 1_100 < picked.count("y") < 1_300


def test_something_certain_and_something_that_never_is() -> None:
    most = Throw(1 - 2**-53, 0, 0, 0)
    assert pick({"never": 0.0, "always": 1.0}, most) == "always"
    assert pick({"never": 0.0}, Throw(0, 0, 0, 0)) is None
    assert pick({}, most) is None
