"""Frames on their way: none is lost or made up, and order is kept."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tradingsys.sim.chaos.lines import Line
from tradingsys.sim.faces.transport import WsOutput, WsSend


def frame(number: int) -> WsSend:
    return WsSend(1, b"%d" % number)


def numbers(outputs: list[WsOutput]) -> list[int]:
    return [int(output.data) for output in outputs if isinstance(output, WsSend)]


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 100))))
def test_late_frames_hold_up_those_behind_them(steps: list[tuple[int, int]]) -> None:
    line, now_ns, sent = Line(), 0, []
    for number, (passed, late) in enumerate(steps):
        now_ns += passed
        line.put(frame(number), now_ns + late)
        sent += numbers(line.ready(now_ns))
    while (deadline_ns := line.next_deadline_ns) is not None:
        now_ns = max(now_ns, deadline_ns)
        sent += numbers(line.ready(now_ns))
    assert sent == list(range(len(steps)))
    assert line.is_empty


def test_a_swapped_frame_comes_after_the_next_one() -> None:
    line = Line()
    line.swap(frame(1), 0)
    assert line.ready(0) == []
    line.put(frame(2), 0)
    line.put(frame(3), 0)
    assert numbers(line.ready(0)) == [2, 1, 3]


def test_a_swapped_frame_that_nothing_follows_comes_all_the_same() -> None:
    line = Line()
    line.swap(frame(1), 0)
    deadline_ns = line.next_deadline_ns
    assert deadline_ns is not None
    assert line.ready(deadline_ns - 1) == []
    assert numbers(line.ready(deadline_ns)) == [1]


def test_two_frames_to_be_swapped_change_places() -> None:
    line = Line()
    line.swap(frame(1), 0)
    line.swap(frame(2), 0)
    assert numbers(line.ready(0)) == [2, 1]


def test_everything_can_be_had_at_once() -> None:
    line = Line()
    line.put(frame(1), 10**9)
    line.swap(frame(2), 0)
    assert numbers(line.all()) == [1, 2]
    assert line.is_empty
    assert line.next_deadline_ns is None
