"""Questions that the exchange refuses to answer, and the lives in which it does."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

import pytest

from tests.simulate.faults import Faults, Profile
from tests.simulate.kinds import live
from tests.simulate.rig import Rig
from tests.simulate.scenes.stage import executed, rest
from tests.simulate.unanswered import Manner, Question, Refusing, Topic, Unanswered
from tests.simulate.world import World, s

_MET_LATELY = (300, 310, 304, 319)
"""Lives of the profile that met what they are about."""
_DOGE, _ADA = Question(Topic.EXECUTIONS, "DOGEUSDT"), Question(Topic.EXECUTIONS, "ADAUSDT")


def _unanswered() -> tuple[World, Unanswered]:
    world = World(1)
    return world, Unanswered(world, Counter())


def test_what_is_refused_is_so_for_a_time_and_nothing_else_is() -> None:
    world, unanswered = _unanswered()
    topics = frozenset({Topic.EXECUTIONS})
    unanswered.add(Refusing(topics, "DOGEUSDT", Manner.FORBIDDEN, world.now_ns + s(10)))
    reply = unanswered.instead(_DOGE)
    assert reply is not None and reply.status == 403
    assert unanswered.instead(_ADA) is None
    assert unanswered.instead(Question(Topic.OPEN_ORDERS)) is None
    assert unanswered.was_refused(_DOGE, s(1)) and not unanswered.was_refused(_ADA, s(1))
    world.run_for(s(10))
    assert unanswered.instead(_DOGE) is None
    assert unanswered.was_refused(_DOGE, s(11)) and not unanswered.was_refused(_DOGE, s(10))


def test_every_topic_is_refused_in_every_manner_sooner_or_later() -> None:
    _, unanswered = _unanswered()
    rng = Random(1)
    drawn = [unanswered.begin(["DOGEUSDT", "ADAUSDT"], (5, 240), rng) for _ in range(1_000)]
    met = {
        (topic, each.manner) for each in drawn for topic in each.topics if each.refuses(Question(topic, each.symbol))
    }
    assert {topic for topic, _ in met} == set(Topic) and {manner for _, manner in met} == set(Manner)
    assert {each.symbol for each in drawn} == {"", "DOGEUSDT", "ADAUSDT"}
    of_all = {topic for each in drawn if each.symbol for topic in each.topics}
    assert of_all == {Topic.EXECUTIONS, Topic.CONDITIONAL_ORDERS, Topic.ONE_ORDER}
    assert (Topic.ACCOUNT, Manner.PERMISSION) not in met  # it ends a start


@pytest.mark.parametrize("manner", Manner)
def test_an_execution_waits_until_it_is_told(manner: Manner, tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rest(rig.client())
    topics = frozenset({Topic.EXECUTIONS})
    rig.venue.unanswered.add(Refusing(topics, "", manner, rig.world.now_ns + s(30)))
    rig.faults = Faults(lose_event=1.0)
    executed(rig)
    rig.run(20)
    assert rig.net(1) == 0
    rig.run(30)
    assert rig.net(1) == 15


def test_lives_are_refused_what_they_need(tmp_path: Path) -> None:
    wanted = {
        "executions that waited for a refused question",
        "starts that were READY while questions were refused",
    }
    for seed in dict.fromkeys([*_MET_LATELY, *range(300, 340)]):
        verdict = live(seed, tmp_path / str(seed), profile=Profile.REFUSED)
        assert not verdict.violations, "\n".join([f"seed {seed}", *verdict.violations])
        wanted -= {what for what in wanted if verdict.counts[what]}
        if not wanted:
            return
    pytest.fail(f"never met: {wanted}")
