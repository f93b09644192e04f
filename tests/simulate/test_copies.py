"""When a copy of the book is judged."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from msgspec import Struct

from tests.simulate.copies import LEARNING_S, Copy, learn
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


class Judged(Copy):
    """Of which the original trades, and did not send anything."""

    def __init__(self, world: World) -> None:
        life: Any = SimpleNamespace(world=world, more_s=0, strategies=[SimpleNamespace(active=False)])
        self._life, self.is_alone, self._copy_trades = life, False, False
        self.judged_ns = 0

    def _has_sent(self, gateway: object, since_ns: int) -> bool:
        self.judged_ns = self._life.world.now_ns
        return False


@pytest.mark.parametrize("who_waits", [0, 1], ids=["the copy", "the original"])
def test_neither_a_copy_nor_who_trades_beside_it_is_judged_before_it_could_ask(who_waits: int) -> None:
    world, askers = World(1), [Asker(0), Asker(0)]
    askers[who_waits].questions_waiting = 1
    world.after(s(12), lambda: setattr(askers[who_waits], "questions_waiting", 0))
    gateways: list[Any] = [SimpleNamespace(gateway=SimpleNamespace(venue=asker)) for asker in askers]
    copy, began_ns = Judged(world), world.now_ns
    assert not [*copy._trade(*gateways)]
    assert copy.judged_ns - began_ns >= s(12 + LEARNING_S)
