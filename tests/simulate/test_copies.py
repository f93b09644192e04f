"""When a copy of the book is judged."""

from __future__ import annotations

import pytest
from msgspec import Struct

from tests.simulate.copies import LEARNING_S, learn
from tests.simulate.world import World, s


class Asker(Struct):
    questions_waiting: int


@pytest.mark.parametrize("waits", [[], [(0.5, 12)], [(0.5, 12), (14.5, 20)]])
def test_what_had_to_wait_before_it_was_asked_has_time_to_be_answered(waits: list[tuple[float, float]]) -> None:
    world, asker = World(1), Asker(0)
    began_ns = world.now_ns
    for since_s, until_s in waits:
        world.after(s(since_s), lambda: setattr(asker, "questions_waiting", 1))
        world.after(s(until_s), lambda: setattr(asker, "questions_waiting", 0))
    learn(world, (Asker(0), asker))
    learned_ns = world.now_ns - began_ns
    assert learned_ns == s(LEARNING_S + max((until_s for _, until_s in waits), default=0))
