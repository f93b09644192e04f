from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tradingsys.core.commands import RateLimit
from tradingsys.oms.throttle import Lacking, Share, Throttle

LIMITS = (RateLimit("orders", 10_000, 10), RateLimit("weight", 60_000, 100))


def test_a_tenth_of_every_window_is_kept_for_cancels() -> None:
    throttle = Throttle(LIMITS)
    for _ in range(9):
        assert throttle.admits({"orders": 1}, 0)
        throttle.spend({"orders": 1}, 0)
    assert not throttle.admits({"orders": 1}, 0)
    assert throttle.admits({"orders": 1}, 0, Share.CANCELS)
    throttle.spend({"orders": 1}, 0)
    assert not throttle.admits({"orders": 1}, 0, Share.CANCELS)
    assert throttle.retry_ms({"orders": 1}, 9_999) == 1
    assert throttle.admits({"orders": 1}, 10_000), "windows are fixed by the venue's clock"


def test_the_venues_count_can_only_raise_ours() -> None:
    throttle = Throttle(LIMITS)
    throttle.spend({"weight": 50}, 9_000)
    throttle.seen({("weight", 60_000): 3}, 9_000)
    assert not throttle.admits({"weight": 41}, 9_000)
    throttle.seen({("weight", 60_000): 89}, 9_000)
    assert not throttle.admits({"weight": 2}, 9_000) and throttle.admits({"weight": 1}, 9_000)


def test_a_count_of_the_window_before_does_not_fill_the_new_one() -> None:
    throttle = Throttle(LIMITS)
    throttle.spend({"weight": 89}, 59_000)
    throttle.seen({("weight", 60_000): 89, ("orders", 10_000): 9}, 60_050)
    assert throttle.admits({"weight": 90, "orders": 9}, 60_050)
    throttle.seen({("weight", 60_000): 89, ("orders", 10_000): 9}, 62_500)
    assert not throttle.admits({"weight": 2}, 62_500) and not throttle.admits({"orders": 1}, 62_500)


def test_what_must_wait_waits_for_the_window_that_is_full() -> None:
    throttle = Throttle(LIMITS)
    throttle.spend({"weight": 70, "orders": 9}, 1_000)
    assert throttle.retry_ms({"weight": 1}, 1_000, Share.OWN_QUESTIONS) == 59_000
    assert throttle.retry_ms({"orders": 1}, 1_000) == 9_000
    assert throttle.retry_ms({"orders": 1, "weight": 21}, 1_000) == 59_000
    assert throttle.retry_ms({"weight": 1}, 1_000) == 0, "orders have room"


def test_an_unlimited_kind_is_never_refused() -> None:
    assert Throttle().admits({"orders": 1_000}, 5)


@given(st.lists(st.tuples(st.integers(0, 3_000), st.integers(1, 5), st.sampled_from(Share)), max_size=200))
def test_never_more_than_the_limit_in_any_window(requests: list[tuple[int, int, Share]]) -> None:
    throttle = Throttle(LIMITS)
    now, sent = 0, dict[int, int]()
    for wait, cost, share in requests:
        now += wait
        if throttle.admits({"orders": cost}, now, share):
            throttle.spend({"orders": cost}, now)
            sent[now // 10_000] = sent.get(now // 10_000, 0) + cost
    assert all(count <= 10 for count in sent.values())


@given(st.lists(st.tuples(st.integers(0, 3_000), st.integers(1, 20), st.sampled_from(Share)), max_size=200))
def test_no_kind_of_request_makes_a_window_fuller_than_its_share(requests: list[tuple[int, int, Share]]) -> None:
    throttle = Throttle(LIMITS)
    now, sent = 0, dict[int, int]()
    for wait, cost, share in requests:
        now += wait
        window = now // 60_000
        if throttle.admits({"weight": cost}, now, share):
            throttle.spend({"weight": cost}, now)
            sent[window] = sent.get(window, 0) + cost
            assert sent[window] <= share
        else:
            assert sent.get(window, 0) + cost > share


def test_who_took_most_of_a_window_filled_it() -> None:
    throttle = Throttle((RateLimit("orders", 10_000, 100),))

    def sends(session: int | None, times: int) -> None:
        throttle.spend({"orders": times}, 5_000)
        if session is not None:
            throttle.charge(session, {"orders": times}, 5_000)

    def filled(at_ms: int = 5_000) -> list[int]:
        return [session for session in (1, 2) if throttle.is_filled_by(session, {"orders": 1}, at_ms)]

    sends(1, 46)
    assert not filled(), "there is room"
    sends(2, 20)
    sends(None, 24)
    assert filled() == [1]
    sends(None, 2)
    assert not filled(), "not more than all others"
    assert not filled(10_000)
    throttle.charge(1, {"orders": 90}, 10_000)
    throttle.seen({("orders", 10_000): 95}, 13_000)
    assert filled(13_000) == [1]


def test_why_there_is_no_room_has_figures() -> None:
    throttle = Throttle(LIMITS)
    throttle.spend({"orders": 9, "weight": 89}, 0)
    assert throttle.lacking({"orders": 1, "weight": 1}, 0) == Lacking("orders", 10_000, 9, 10)
    assert throttle.lacking({"orders": 1, "weight": 2}, 0) == Lacking("weight", 60_000, 90, 91), "full for longer"
    assert throttle.lacking({"orders": 2}, 0, Share.CANCELS) == Lacking("orders", 10_000, 10, 11)
