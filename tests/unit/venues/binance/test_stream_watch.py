"""A stream that is connected and brings nothing."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from tests.simulate.faults import Faults
from tests.simulate.rig import Rig
from tradingsys.venues.binance.stream_watch import StreamWatch

S = 1_000_000_000


def test_an_order_that_the_stream_tells_of_before_or_after_its_reply_was_not_missed() -> None:
    watch = StreamWatch()
    watch.told(["a"], 0)
    watch.accepted("a", S)
    watch.accepted("b", S)
    watch.told(["b"], 2 * S)
    assert watch.next_deadline_ns is None and watch.tick(10 * S) == (False, False)


def test_a_second_one_in_a_row_means_another_stream_and_then_ever_later() -> None:
    watch, opened = StreamWatch(), []
    for second in range(0, 2_000, 5):
        watch.accepted(f"order {second}", second * S)
        assert watch.tick((second + 1) * S) == (False, False)
        has_missed, is_dead = watch.tick((second + 2) * S)
        assert has_missed
        if is_dead:
            opened.append(second)
            watch.forget()
    gaps = [after - before for before, after in pairwise(opened)]
    assert opened[0] == 5 and gaps[0] >= 30 and gaps[-1] >= 600 and len(opened) < 10
    watch.told(["order 1995"], 2_000 * S)
    for second in (2_700, 2_705, 2_740, 2_745):
        watch.accepted(f"order {second}", second * S)
        dead = watch.tick((second + 2) * S)[1]
    assert dead, "it had been well in between"


def test_one_that_was_missed_among_many_is_no_death() -> None:
    watch = StreamWatch()
    for second in range(0, 100, 10):
        watch.accepted(f"missed {second}", second * S)
        assert watch.tick((second + 3) * S) == (True, False)
        watch.told([f"told {second}"], (second + 4) * S)


def test_what_a_silent_stream_kept_to_itself_is_read_and_another_is_opened(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    client = rig.client()
    rises = rig.gateway.gateway._stream_rises
    rig.faults = Faults(lose_event=1.0)
    for _ in range(2):
        client.ask("order", client.order_params(price="0.59"))
        rig.run(2.5)
    rig.run(1)
    assert rig.gateway.gateway._stream_rises == rises + 1
    rig.faults = Faults.none()
    client.ask("order", client.order_params(price="0.59"))
    rig.run(60)
    assert rig.gateway.gateway._stream_rises == rises + 1
