"""The venue's time is known to within half a round trip."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradingsys.core.venue_clock import VenueClock

MS = 1_000_000


@given(
    offset_ms=st.integers(0, 2 * 10**12),
    sent_ns=st.integers(0, 10**15),
    there_ns=st.integers(0, 5 * 10**9),
    back_ns=st.integers(0, 5 * 10**9),
    later_ns=st.integers(0, 10**15),
)
def test_the_clock_errs_by_half_the_round_trip_at_most(
    offset_ms: int, sent_ns: int, there_ns: int, back_ns: int, later_ns: int
) -> None:
    clock = VenueClock()
    read_ns = sent_ns + there_ns
    clock.set(read_ns // MS + offset_ms, sent_ns, read_ns + back_ns)
    true_ms = (read_ns + later_ns) // MS + offset_ms
    assert abs(clock.now_ms(read_ns + later_ns) - true_ms) <= clock.uncertainty_ms(read_ns + later_ns) + 2


def test_before_the_venue_spoke_there_is_no_time() -> None:
    clock = VenueClock()
    assert not clock.is_set
    with pytest.raises(RuntimeError):
        clock.now_ms(0)


def test_an_answer_that_knows_more_replaces_one_that_knows_less() -> None:
    clock = VenueClock()
    clock.set(1_050, 0, 100 * MS)
    clock.set(1_010, 10 * MS, 14 * MS)
    assert clock.is_set
    assert clock.uncertainty_ms(14 * MS) == 2
    assert clock.now_ms(12 * MS) == 1_010


def test_a_slow_answer_does_not_spoil_a_good_one() -> None:
    clock = VenueClock()
    clock.set(1_010, 10 * MS, 14 * MS)
    clock.set(1_100, 20 * MS, 3_020 * MS)
    assert clock.now_ms(12 * MS) == 1_010 and clock.uncertainty_ms(3_020 * MS) < 4


def test_a_slow_answer_replaces_one_so_old_that_it_knows_less() -> None:
    clock = VenueClock()
    clock.set(0, 0, 2 * MS)
    hour_ns = 3_600_000 * MS
    clock.set(3_600_300, hour_ns, hour_ns + 400 * MS)
    assert clock.uncertainty_ms(hour_ns + 400 * MS) == 200
    assert clock.now_ms(hour_ns + 200 * MS) == 3_600_300


def test_an_answer_that_contradicts_means_that_the_venue_set_its_clock() -> None:
    clock = VenueClock()
    clock.set(1_000, 0, 2 * MS)
    clock.set(61_000, 0, 1_000 * MS)
    assert clock.now_ms(500 * MS) == 61_000


def test_a_doubted_clock_is_certain_again_once_the_venue_tells_its_time_however_slowly() -> None:
    clock = VenueClock()
    clock.set(1_000, 0, 2 * MS)
    clock.doubt()
    assert clock.is_set and clock.uncertainty_ms(2 * MS) > 3_600_000
    clock.set(61_000, 0, 1_000 * MS)
    assert (clock.now_ms(500 * MS), clock.uncertainty_ms(1_000 * MS)) == (61_000, 500)
