"""Triggers against asking every order about every price."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tradingsys.core.enums import Side
from tradingsys.sim.schedule import Due, Schedule
from tradingsys.sim.triggers import Triggers

D = Decimal
levels = st.integers(90, 110).map(D)


def test_the_forgotten_leave_nothing_behind() -> None:
    triggers = Triggers()
    for order_id in range(1_000):
        triggers.wait(order_id, D(100 + order_id), above=True)
        triggers.wait(-1 - order_id, D(order_id), above=False)
        if order_id >= 10:
            triggers.drop(order_id)
            triggers.drop(-1 - order_id)
    assert len(triggers._rising) + len(triggers._falling) < 200
    assert triggers.due(D(105)) == [0, 1, 2, 3, 4, 5]


@given(
    waits=st.lists(st.tuples(levels, st.booleans()), max_size=20),
    dropped=st.sets(st.integers(0, 19)),
    prices=st.lists(levels, max_size=20),
)
def test_every_order_fires_once_and_when_its_price_is_seen(
    waits: list[tuple[Decimal, bool]], dropped: set[int], prices: list[Decimal]
) -> None:
    triggers = Triggers()
    for order_id, (level, above) in enumerate(waits):
        triggers.wait(order_id, level, above=above)
    for order_id in dropped:
        triggers.drop(order_id)
    waiting = {order_id: wait for order_id, wait in enumerate(waits) if order_id not in dropped}
    for px in prices:
        expected = {order_id for order_id, (level, above) in waiting.items() if (px >= level if above else px <= level)}
        assert set(triggers.due(px)) == expected
        for order_id in expected:
            del waiting[order_id]
        assert bool(triggers) == bool(waiting)


def test_a_trailing_sell_follows_the_highest_price() -> None:
    triggers = Triggers()
    triggers.trail(1, Side.SELL, D(1), D(100))
    assert [triggers.due(D(px)) for px in ("99.01", "110", "108.91", "108.90")] == [[], [], [], [1]]
    assert not triggers


def test_a_trailing_buy_follows_the_lowest_price() -> None:
    triggers = Triggers()
    triggers.trail(1, Side.BUY, D("0.5"), D(100))
    assert [triggers.due(D(px)) for px in ("100.49", "90", "90.44", "90.45")] == [[], [], [], [1]]


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 50), st.booleans()), max_size=40))
def test_a_schedule_gives_everything_once_in_order(steps: list[tuple[int, int, bool]]) -> None:
    schedule = Schedule()
    model: dict[Due, int] = {}
    for number, at_ns, is_dropped in steps:
        key: Due = ("x", "", number)
        if is_dropped:
            schedule.drop(key)
            model.pop(key, None)
        else:
            schedule.put(key, at_ns)
            model[key] = at_ns
        assert schedule.next_ns == min(model.values(), default=None)
    last = -1
    while (at_ns_or_none := schedule.next_ns) is not None:
        assert at_ns_or_none >= last
        last = at_ns_or_none
        assert schedule.pop(last - 1) is None
        due = schedule.pop(last)
        assert due is not None
        assert model.pop(due) == last
    assert not model
