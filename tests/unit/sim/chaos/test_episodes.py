"""A schedule that the seed alone decides."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tradingsys.sim.chaos.dice import Dice
from tradingsys.sim.chaos.episodes import Episodes
from tradingsys.sim.chaos.faults import Fault
from tradingsys.sim.chaos.profiles import EPISODES, Episode

S = 1_000_000_000
KINDS = (Episode(Fault.BAN, (10, 20), (2, 4)), Episode(Fault.SOCKET_END, (5, 6)))


def told(seed: int, start_ns: int, until_s: int, kinds: tuple[Episode, ...] = KINDS) -> list[tuple[Fault, bool, int]]:
    """(what, whether it begins, when, since the start in ns), with somebody who looks exactly in time."""
    episodes = Episodes(kinds, Dice(seed), start_ns)
    found = []
    while (due_ns := episodes.next_deadline_ns) is not None and due_ns < start_ns + until_s * S:
        found += [(turn.fault, turn.begins, due_ns - start_ns) for turn in episodes.turns(due_ns)]
    return found


@given(st.integers(0, 2**31), st.integers(0, 10**18))
def test_it_is_the_same_whenever_the_box_starts(seed: int, start_ns: int) -> None:
    assert told(seed, 0, 100) == told(seed, start_ns, 100)


def test_kinds_do_not_know_of_each_other() -> None:
    together = told(1, 0, 300)
    for kind in KINDS:
        assert [turn for turn in together if turn[0] is kind.fault] == told(1, 0, 300, (kind,))


def test_gaps_and_lengths_are_as_the_profile_says() -> None:
    turns = [turn for turn in told(2, 0, 1_000) if turn[0] is Fault.BAN]
    ended_ns = 0
    for (_, begins, begin_ns), (_, goes_on, end_ns) in zip(turns[::2], turns[1::2], strict=False):
        assert begins and not goes_on
        assert 10 * S <= begin_ns - ended_ns <= 20 * S
        assert 2 * S <= end_ns - begin_ns <= 4 * S
        ended_ns = end_ns
    assert len(turns) > 80


def test_who_looks_late_misses_nothing_that_lasts() -> None:
    exact = told(3, 0, 60, KINDS[:1])
    episodes, late = Episodes(KINDS[:1], Dice(3), 0), []
    for at_s in range(7, 67, 7):
        late += [(turn.fault, turn.begins) for turn in episodes.turns(at_s * S)]
    assert late[: len(exact)] == [turn[:2] for turn in exact]


def test_something_happens_at_once_when_told_so() -> None:
    episodes = Episodes((), Dice(1), 0)
    assert episodes.next_deadline_ns is None
    episodes.begin(Fault.RESTART, 5 * S)
    (turn,) = episodes.turns(5 * S)
    assert (turn.fault, turn.begins) == (Fault.RESTART, True)
    assert episodes.lasting == {Fault.RESTART: turn.ends_ns}
    episodes.begin(Fault.RESTART, 5 * S)  # it is under way
    least_s, most_s = EPISODES[Fault.RESTART].lasts_s
    assert 5 * S + least_s * S <= turn.ends_ns <= 5 * S + most_s * S
    (end,) = episodes.turns(turn.ends_ns)
    assert not end.begins
    assert episodes.next_deadline_ns is None  # not a kind of this profile: once is all


def test_what_the_profile_has_goes_on_after_an_extra_turn() -> None:
    episodes = Episodes(KINDS, Dice(1), 0)
    episodes.begin(Fault.SOCKET_END, S)
    assert [turn.begins for turn in episodes.turns(S)] == [True, False]
    assert episodes.next_deadline_ns is not None
    assert 6 * S <= episodes.next_deadline_ns <= 7 * S
