"""Every known mistake, made in the product, is noticed by a life; and what one source of truth tells is enough."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.simulate.faults import Profile
from tests.simulate.layers import Layer, LayerLife
from tests.simulate.mistakes import LineIsGone, Mistake, make
from tests.simulate.mutants import CANARY, MISTAKES, tried
from tradingsys.oms.fill_book import FillBook

_LIVES = 40
_LAYER_LIVES = 3


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_a_mistake_in_the_product_does_not_survive(mistake: Mistake) -> None:
    fate = tried(mistake, range(_LIVES))
    assert fate.caught_by is not None, fate.violation


def test_a_gateway_that_books_nothing_is_noticed_at_once() -> None:
    assert tried(CANARY, range(1)).caught_by == 1


def test_a_mistake_in_a_line_that_is_gone_is_none() -> None:
    mistake = Mistake("no_such_line", Profile.NORMAL, FillBook.book, "known = self._no_such_thing", "known = None")
    assert tried(mistake, range(1)).caught_by is None
    with pytest.MonkeyPatch.context() as patch, pytest.raises(LineIsGone, match="has 0 lines"):
        make(mistake, patch)


def test_a_mistake_is_undone() -> None:
    before = FillBook.book.__code__
    with pytest.MonkeyPatch.context() as patch:
        make(CANARY, patch)
        assert FillBook.book.__code__ is not before
    assert FillBook.book.__code__ is before


@pytest.mark.parametrize("layer", Layer)
@pytest.mark.parametrize("seed", range(_LAYER_LIVES))
def test_one_source_of_truth_is_enough_for_what_it_tells(layer: Layer, seed: int, tmp_path: Path) -> None:
    verdict = LayerLife(seed, tmp_path, layer).live()
    assert not verdict.violations, "\n".join([*verdict.violations, *verdict.trace[-40:]])
    assert verdict.counts["executions"] + verdict.counts["orders accepted"] > 0
