"""The book against a slow, obvious model, and its rules one by one."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradingsys.core.enums import SelfTradePrevention, Side
from tradingsys.matching.order_book import BookOrder, Match, OrderBook, Prevented

BUY, SELL = Side.BUY, Side.SELL
NONE = SelfTradePrevention.NONE


def order(order_id: int, side: Side, px: int, qty: int, account: str = "a") -> BookOrder:
    return BookOrder(order_id, account, side, px, qty)


def book_of(*orders: BookOrder) -> OrderBook:
    book = OrderBook()
    for each in orders:
        book.rest(each)
    return book


def matches(steps: Iterable[Match | Prevented]) -> list[tuple[int, int, int]]:
    return [(step.maker.order_id, step.px, step.qty) for step in steps if isinstance(step, Match)]


def test_better_price_then_earlier_order_trades_first() -> None:
    book = book_of(order(1, SELL, 101, 5), order(2, SELL, 100, 2), order(3, SELL, 100, 4))
    taker = order(9, BUY, 101, 8, "b")
    assert matches(book.match(taker, 101, NONE)) == [(2, 100, 2), (3, 100, 4), (1, 101, 2)]
    assert taker.leaves == 0
    assert book.levels(SELL, 5) == [(101, 3)]


def test_a_partly_filled_maker_keeps_its_place() -> None:
    book = book_of(order(1, BUY, 100, 5), order(2, BUY, 100, 5))
    assert matches(book.match(order(8, SELL, 100, 3, "b"), 100, NONE)) == [(1, 100, 3)]
    assert matches(book.match(order(9, SELL, 100, 3, "b"), 100, NONE)) == [(1, 100, 2), (2, 100, 1)]


def test_nothing_trades_beyond_the_limit() -> None:
    book = book_of(order(1, SELL, 101, 5))
    taker = order(9, BUY, 100, 5, "b")
    assert not book.would_take(BUY, 100)
    assert book.would_take(BUY, 101)
    assert list(book.match(taker, 100, NONE)) == []
    assert taker.leaves == 5


def test_available_counts_what_a_limit_reaches() -> None:
    book = book_of(order(1, BUY, 100, 5), order(2, BUY, 99, 7), order(3, BUY, 98, 1))
    assert [book.available(SELL, limit) for limit in (101, 100, 99, None)] == [0, 5, 12, 13]


def test_changes_tell_touched_levels_once() -> None:
    book = book_of(order(1, BUY, 100, 5), order(2, SELL, 102, 1))
    assert book.take_changes() == ([(100, 5)], [(102, 1)])
    book.cancel(1)
    assert book.take_changes() == ([(100, 0)], [])
    assert book.take_changes() == ([], [])
    assert book.cancel(1) is None


def self_trade(prevention: SelfTradePrevention) -> tuple[list[Match | Prevented], BookOrder, OrderBook]:
    book = book_of(order(1, SELL, 100, 5, "me"), order(2, SELL, 101, 5, "other"))
    taker = order(9, BUY, 101, 7, "me")
    return list(book.match(taker, 101, prevention)), taker, book


def test_expire_taker_stops_before_the_own_order() -> None:
    steps, taker, book = self_trade(SelfTradePrevention.EXPIRE_TAKER)
    (step,) = steps
    assert isinstance(step, Prevented)
    assert (step.maker_expires, step.taker_expires, taker.leaves) == (False, True, 7)
    assert 1 in book


def test_expire_maker_goes_on_with_the_next_order() -> None:
    steps, taker, book = self_trade(SelfTradePrevention.EXPIRE_MAKER)
    assert isinstance(steps[0], Prevented)
    assert (steps[0].maker_expires, steps[0].taker_expires) == (True, False)
    assert matches(steps) == [(2, 101, 5)]
    assert taker.leaves == 2
    assert 1 not in book


def test_expire_both_ends_both() -> None:
    steps, _, book = self_trade(SelfTradePrevention.EXPIRE_BOTH)
    (step,) = steps
    assert isinstance(step, Prevented)
    assert (step.maker_expires, step.taker_expires) == (True, True)
    assert 1 not in book


def test_without_prevention_an_account_trades_with_itself() -> None:
    steps, _, _ = self_trade(NONE)
    assert matches(steps) == [(1, 100, 5), (2, 101, 2)]


requests = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(list(Side)), st.integers(90, 110), st.integers(1, 9)),
        st.integers(1, 60),
    ),
    max_size=60,
)


@given(requests)
def test_the_book_equals_a_sorted_list(steps: list[tuple[Side, int, int] | int]) -> None:
    book = OrderBook()
    model: list[tuple[int, Side, int, int]] = []  # order id, side, price, leaves; in order of arrival
    for order_id, step in enumerate(steps, 1):
        if isinstance(step, int):
            cancelled = book.cancel(step)
            assert (cancelled is not None) == any(row[0] == step for row in model)
            model = [row for row in model if row[0] != step]
            continue
        side, px, qty = step
        taker = order(order_id, side, px, qty)
        done = matches(book.match(taker, px, NONE))
        queue = sorted(
            (row for row in model if row[1] is side.opposite and (px - row[2]) * side.sign >= 0),
            key=lambda row: (row[2] * side.sign, row[0]),
        )
        expected = []
        for maker_id, maker_side, maker_px, leaves in queue:
            traded = min(qty, leaves)
            if not traded:
                break
            qty -= traded
            expected.append((maker_id, maker_px, traded))
            model = [(maker_id, maker_side, maker_px, leaves - traded) if row[0] == maker_id else row for row in model]
        model = [row for row in model if row[3]]
        assert done == expected
        assert taker.leaves == qty
        if qty:
            book.rest(taker)
            model.append((order_id, side, px, qty))
    for side in Side:
        totals: dict[int, int] = {}
        for _, row_side, px, leaves in model:
            if row_side is side:
                totals[px] = totals.get(px, 0) + leaves
        assert book.levels(side, 100) == sorted(totals.items(), key=lambda level: -level[0] * side.sign)
    bid, ask = book.best(BUY), book.best(SELL)
    assert bid is None or ask is None or bid < ask


def _iceberg(order_id: int, account: str, lots: int, peak: int, px: int = 100) -> BookOrder:
    return BookOrder(order_id, account, Side.SELL, px, lots, peak)


def test_an_iceberg_shows_its_peak_and_refills_behind_the_others() -> None:
    book = OrderBook()
    book.rest(_iceberg(1, "a", 10, 4))
    book.rest(BookOrder(2, "b", Side.SELL, 100, 5))
    assert book.levels(Side.SELL, 1) == [(100, 9)]
    assert book.available(Side.BUY, 100) == 15
    assert list(book.reach(Side.BUY, None)) == [(100, 10, "a"), (100, 5, "b")]
    taker = BookOrder(3, "c", Side.BUY, 100, 12)
    steps = [(step.maker.order_id, step.qty) for step in book.match(taker, 100, SelfTradePrevention.NONE)]
    assert steps == [(1, 4), (2, 5), (1, 3)]
    assert book.levels(Side.SELL, 1) == [(100, 1)]
    assert book.available(Side.BUY, 100) == 3


def test_a_taker_that_is_an_iceberg_hides_only_what_rests() -> None:
    book = OrderBook()
    book.rest(BookOrder(1, "a", Side.BUY, 100, 3))
    taker = _iceberg(2, "b", 10, 4)
    assert [step.qty for step in book.match(taker, 100, SelfTradePrevention.NONE)] == [3]
    book.rest(taker)
    assert (taker.leaves, taker.hidden) == (4, 3)


def test_a_smaller_order_keeps_its_place_and_hides_less_first() -> None:
    book = OrderBook()
    book.rest(_iceberg(1, "a", 10, 4))
    book.rest(BookOrder(2, "b", Side.SELL, 100, 5))
    book.shrink(1, 3)
    assert book.levels(Side.SELL, 1) == [(100, 9)]
    book.shrink(1, 5)
    assert book.levels(Side.SELL, 1) == [(100, 7)]
    taker = BookOrder(3, "c", Side.BUY, 100, 7)
    assert [step.maker.order_id for step in book.match(taker, 100, SelfTradePrevention.NONE)] == [1, 2]
    assert book.best(Side.SELL) is None


def test_a_canceled_iceberg_leaves_nothing_hidden() -> None:
    book = OrderBook()
    book.rest(_iceberg(1, "a", 10, 4))
    book.cancel(1)
    assert book.available(Side.BUY, None) == 0


@pytest.mark.parametrize(
    ("maker", "taker", "ends"), [(6, 2, (False, True)), (2, 6, (True, False)), (3, 3, (True, True))]
)
def test_decrement_takes_from_both(maker: int, taker: int, ends: tuple[bool, bool]) -> None:
    book = OrderBook()
    book.rest(BookOrder(1, "a", Side.BUY, 100, maker))
    incoming = BookOrder(2, "a", Side.SELL, 100, taker)
    steps = list(book.match(incoming, 100, SelfTradePrevention.DECREMENT))
    assert [(type(step), step.qty) for step in steps] == [(Prevented, min(maker, taker))]
    step = steps[0]
    assert isinstance(step, Prevented)
    assert (step.maker_expires, step.taker_expires) == ends
    assert book.qty_at(Side.BUY, 100) == maker - min(maker, taker)
    assert incoming.leaves == taker - min(maker, taker)
    assert (1 in book) is not step.maker_expires


@given(
    st.lists(
        st.tuples(
            st.sampled_from(Side), st.integers(95, 105), st.integers(1, 30), st.integers(0, 5), st.sampled_from("ab"),
            st.sampled_from(SelfTradePrevention), st.integers(0, 40),
        ),
        max_size=40,
    )
)  # fmt: skip
def test_nothing_is_lost_or_shown_twice_whatever_hides_shrinks_or_is_prevented(
    script: list[tuple[Side, int, int, int, str, SelfTradePrevention, int]],
) -> None:
    book, resting = OrderBook(), dict[int, BookOrder]()
    for number, (side, px, lots, peak, account, prevention, touched) in enumerate(script):
        taker = BookOrder(number, account, side, px, lots, peak)
        taken = prevented = 0
        expired = False
        reachable = sum(each for _, each, _ in book.reach(side, px))
        assert reachable == book.available(side, px)
        for step in book.match(taker, px, prevention):
            taken += step.qty if isinstance(step, Match) else 0
            if isinstance(step, Prevented):
                prevented += step.qty
                expired = step.taker_expires
                assert step.maker.account == account
                assert (step.maker.order_id in book) is not step.maker_expires
        assert taken + prevented + taker.leaves == lots
        assert taken + prevented <= reachable
        if taker.leaves and not expired:
            book.rest(taker)
            resting[number] = taker
        other = resting.get(touched)
        if other is not None and touched in book and other.leaves + other.hidden > 1:
            before = book.available(other.side.opposite, None)
            book.shrink(touched, 1)
            assert book.available(other.side.opposite, None) == before - 1
        for half in Side:
            shown: dict[int, int] = {}
            for order_id, each in resting.items():
                if order_id in book and each.side is half:
                    assert each.leaves > 0 and (not each.hidden or each.leaves <= each.peak)
                    shown[each.px] = shown.get(each.px, 0) + each.leaves
            assert dict(book.levels(half, 100)) == shown
