"""Every known mistake, made in the product, is noticed by a life; and what one source of truth tells is enough."""

from __future__ import annotations

import gc
import sys
from pathlib import Path

import pytest
from msgspec import structs

from tests.simulate.faults import Profile
from tests.simulate.layers import Layer, LayerLife
from tests.simulate.mistakes import LineIsGone, Lives, Mistake, OnSpot, make
from tests.simulate.mutants import CANARY, MISTAKES, noticed_by, tried, violation_without
from tests.simulate.scenes import SCENES, Scene
from tradingsys.oms.fill_book import FillBook

_LIVES = 120
_EVERY = 3
"""Of the mistakes that no scene tells of; a life takes about a second, and `make mutants` tries all of them."""
_DESCRIPTORS = Path("/proc/self/fd")
_LAYER_EXECUTIONS, _LAYER_LIVES = 30, 16
"""So many are met in the first few of these lives; a gateway may be starting during most of any one of them."""


def quickly_tried() -> list[Mistake]:
    by_life = [mistake for mistake in MISTAKES if mistake.scene is None]
    left_out = {mistake.name for number, mistake in enumerate(by_life) if number % _EVERY}
    return [mistake for mistake in MISTAKES if mistake.name not in left_out]


@pytest.mark.parametrize("mistake", quickly_tried(), ids=lambda mistake: mistake.name)
def test_a_mistake_in_the_product_does_not_survive(mistake: Mistake) -> None:
    if mistake.scene is not None:
        mistake = structs.replace(mistake, lives=mistake.scene)
    soon = noticed_by().get(mistake.name, 0)
    fate = tried(mistake, [soon, *range(soon), *range(soon + 1, _LIVES)])
    assert fate.caught_by is not None, fate.violation


def test_a_gateway_that_books_nothing_is_noticed_at_once() -> None:
    assert tried(CANARY, range(1)).caught_by == 1


def test_a_mistake_in_a_line_that_is_gone_is_none() -> None:
    mistake = Mistake("no_such_line", Profile.NORMAL, FillBook.book, "known = self._no_such_thing", "known = None")
    assert tried(mistake, range(1)).caught_by is None
    with pytest.MonkeyPatch.context() as patch, pytest.raises(LineIsGone, match="has 0 lines"):
        make(mistake, patch)


def test_a_badly_written_mistake_is_not_noticed_but_told_to_be_broken() -> None:
    known = "known = self._booked.get(fill.symbol, {}).get(fill.key)"
    mistake = Mistake("badly_written", Profile.NORMAL, FillBook.book, known, "known = self._no_such_thing")
    fate = tried(mistake, range(1))
    assert fate.caught_by is None
    assert "the life of seed 0 broke: AttributeError: 'FillBook' object has no attribute" in fate.violation


def test_a_mistake_is_undone() -> None:
    before = FillBook.book.__code__
    with pytest.MonkeyPatch.context() as patch:
        make(CANARY, patch)
        assert FillBook.book.__code__ is not before
    assert FillBook.book.__code__ is before


@pytest.mark.skipif(sys.platform != "linux", reason="its descriptors are counted")
@pytest.mark.parametrize(("lives", "seed"), [(SCENES[0], 0), (Profile.KILLS, 2), (OnSpot(Profile.KILLS), 2)], ids=str)
def test_who_was_killed_or_given_up_keeps_no_file_open(lives: Lives, seed: int) -> None:
    before = len(list(_DESCRIPTORS.iterdir()))
    with pytest.MonkeyPatch.context() as patch:
        make(CANARY, patch)
        violation_without.__wrapped__(seed, lives)
    gc.collect()
    assert len(list(_DESCRIPTORS.iterdir())) == before


@pytest.mark.parametrize("scene", SCENES, ids=str)
def test_a_story_ends_well(scene: Scene) -> None:
    assert not violation_without(0, scene)


@pytest.mark.parametrize("layer", Layer)
def test_one_source_of_truth_is_enough_for_what_it_tells(layer: Layer, tmp_path: Path) -> None:
    executions = 0
    for seed in range(_LAYER_LIVES):
        verdict = LayerLife(seed, tmp_path / str(seed), layer).live()
        assert not verdict.violations, "\n".join([f"seed {seed}", *verdict.violations, *verdict.trace[-40:]])
        executions += verdict.counts["executions"]
        if executions >= _LAYER_EXECUTIONS:
            return
    pytest.fail(f"only {executions} executions in {_LAYER_LIVES} lives")
