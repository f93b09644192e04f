"""How fast a session may act: at the border of each window."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.oms.books import SYMBOL, intent
from tradingsys.core.enums import Side
from tradingsys.oms.limit_checks import Asked, Denial, Proposed
from tradingsys.oms.limits import Limits
from tradingsys.oms.pace import Pace, Rate, Window

S = 1_000_000_000


def asked(qty: str = "10", count: int = 1, *, is_new: bool = True) -> Asked:
    terms = intent(1, 1, Side.BUY, qty).terms
    return Asked.of(1, SYMBOL, (Proposed(terms, Decimal(qty), Decimal(qty)),) * count, is_new=is_new)


def sent(pace: Pace, request: Asked, now_ns: int) -> Denial | None:
    denial = pace.check(request, now_ns)
    if denial is None:
        pace.passed(request, now_ns)
    return denial


def test_a_burst_passes_then_only_the_rate() -> None:
    pace = Pace(Limits(max_orders_per_s=10, order_burst=5, max_same_orders=None))
    assert [sent(pace, asked(), 0) for _ in range(5)] == [None] * 5
    assert pace.rate.ahead(0) == 5
    denied = Denial(
        "max_orders_per_s", "5 at once, then 10 a second", "6 at once", "orders and amends come to 6 at once"
    )
    assert sent(pace, asked(), 0) == denied
    assert sent(pace, asked(is_new=False), S // 10 - 1) == denied, "amends count too"
    assert sent(pace, asked(), S // 10) is None
    assert sent(pace, asked(), S // 10) == denied, "what was denied was not waiting"
    assert [sent(pace, asked(), 10 * S) for _ in range(6)].count(None) == 5, "a pause saves up one burst, not more"


def test_a_list_counts_as_many_orders_as_it_has() -> None:
    pace = Pace(Limits(max_orders_per_s=1, order_burst=3, max_same_orders=None))
    assert sent(pace, asked(count=2), 0) is None
    assert sent(pace, asked(count=2), 0) is not None
    assert sent(pace, asked(), 0) is None


@given(st.lists(st.integers(0, 300), max_size=60), st.integers(1, 20), st.integers(1, 10))
def test_no_more_than_rate_and_burst_allow_within_any_time(gaps_ms: list[int], rate: int, burst: int) -> None:
    pace = Pace(Limits(max_orders_per_s=rate, order_burst=burst, max_same_orders=None))
    now_ns, passed = 0, list[int]()
    for gap_ms in gaps_ms:
        now_ns += gap_ms * 1_000_000
        if sent(pace, asked(), now_ns) is None:
            passed.append(now_ns)
    for first, begin_ns in enumerate(passed):
        for count, end_ns in enumerate(passed[first:], 1):
            assert count <= burst + (end_ns - begin_ns) // (S // rate) + 1


def test_orders_of_one_kind_are_counted_for_a_second() -> None:
    pace = Pace(Limits(max_orders_per_s=None, max_same_orders=2))
    assert sent(pace, asked(), 0) is None and sent(pace, asked(), 1) is None
    reason = "2 orders of this side, price and quantity were sent within a second"
    assert sent(pace, asked(), S) == Denial("max_same_orders", "2", "3", reason)
    assert sent(pace, asked("11"), S) is None and sent(pace, asked(is_new=False), S) is None
    assert sent(pace, asked(), S + 1) is None, "the first of them is longer ago"
    assert sent(pace, asked(), S + 1) is not None


def test_without_limits_everything_passes() -> None:
    pace = Pace(Limits(max_orders_per_s=None, max_same_orders=None))
    assert not any(sent(pace, asked(), 0) for _ in range(1_000)) and not pace.rate.ahead(0)


def test_who_is_counted_one_by_one_is_let_pass_as_often_as_orders_are() -> None:
    rate = Rate(10, 5)
    assert [rate.takes(0) for _ in range(7)] == [True] * 5 + [False] * 2
    assert not rate.takes(S // 10 - 1) and rate.takes(S // 10) and not rate.takes(S // 10)
    assert [rate.takes(10 * S) for _ in range(6)].count(True) == 5


def test_a_window_is_full_when_so_much_happened_within_it() -> None:
    window = Window(3, 10)
    assert [window.note(at * S) for at in (0, 5, 11, 12, 15, 40)] == [False, False, False, True, True, False]
    assert window.count(40 * S) == 1
    window.clear()
    assert window.count(40 * S) == 0
    assert not Window(None, 10).note(0)
