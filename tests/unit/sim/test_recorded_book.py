"""Our orders in a recorded book: never before their turn, never more than was traded, nothing lost."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tradingsys.core.enums import SelfTradePrevention, Side
from tradingsys.matching.order_book import BookOrder, Match, Prevented
from tradingsys.sim.recorded_book import RecordedBook

HOUSE = "house"
NONE = SelfTradePrevention.NONE
FAR = 10**9


def book(bids: dict[int, int] | None = None, asks: dict[int, int] | None = None) -> RecordedBook:
    made = RecordedBook(HOUSE)
    for number, side in enumerate(Side):
        made.rest(BookOrder(-1 - number, HOUSE, side, 1, FAR))
    made.change((bids or {}).items(), (asks or {}).items(), 1)
    made.take_changes()
    return made


def order(order_id: int, side: Side, px: int, lots: int, account: str = "me") -> BookOrder:
    return BookOrder(order_id, account, side, px, lots)


def take(made: RecordedBook, taker: BookOrder, limit: int | None = None) -> list[tuple[int, int]]:
    return [(step.px, step.qty) for step in made.match(taker, limit, NONE) if isinstance(step, Match)]


def trade(made: RecordedBook, px: int, lots: int, *, sell: bool = True, ts_ms: int = 100) -> dict[int, int]:
    """What each of our orders got of a recorded trade."""
    grants = made.traded(px, lots, buyer_is_maker=sell, ts_ms=ts_ms)
    if not grants:
        return {}
    total = sum(lots for _, lots in grants)
    taker = order(-9, Side.SELL if sell else Side.BUY, px, total, HOUSE)
    filled: dict[int, int] = {}
    for step in made.match(taker, None, NONE):
        assert isinstance(step, Match)
        filled[step.maker.order_id] = filled.get(step.maker.order_id, 0) + step.qty
    assert taker.leaves == 0
    return filled


# --- takers


def test_a_taker_takes_recorded_levels_best_first() -> None:
    made = book(asks={101: 5, 102: 7})
    assert take(made, order(1, Side.BUY, 102, 8), 102) == [(101, 5), (102, 3)]
    assert made.levels(Side.SELL, 9) == [(101, 5), (102, 7)], "the recording shows what was recorded"
    assert made.take_changes() == ([], [])


def test_what_was_taken_is_gone_until_the_level_changes() -> None:
    made = book(asks={101: 5, 102: 7})
    take(made, order(1, Side.BUY, 101, 4), 101)
    assert made.available(Side.BUY, 101) == 1
    assert take(made, order(2, Side.BUY, 101, 4), 101) == [(101, 1)]
    assert not made.would_take(Side.BUY, 101)
    made.change([], [(101, 3)], 2)
    assert made.would_take(Side.BUY, 101)
    assert take(made, order(3, Side.BUY, 102, 4), 102) == [(101, 3), (102, 1)]


def test_accounts_meet_each_other_behind_the_recording() -> None:
    made = book(bids={99: 5}, asks={101: 5})
    made.rest(order(1, Side.SELL, 101, 3, "other"))
    made.rest(order(2, Side.SELL, 100, 2, "other"))
    assert take(made, order(3, Side.BUY, 101, 9), 101) == [(100, 2), (101, 5), (101, 2)]
    assert 2 not in made


def test_self_trade_prevention_among_our_own() -> None:
    made = book()
    made.rest(order(1, Side.SELL, 100, 3))
    (step,) = made.match(order(2, Side.BUY, 100, 3), 100, SelfTradePrevention.EXPIRE_MAKER)
    assert isinstance(step, Prevented)
    assert step.maker_expires
    assert 1 not in made


# --- waiting


def test_a_resting_order_waits_for_the_quantity_before_it() -> None:
    made = book(bids={100: 10})
    made.rest(order(1, Side.BUY, 100, 4))
    assert trade(made, 100, 6) == {}
    assert made.ahead_of(1) == 4
    assert trade(made, 100, 5) == {1: 1}
    assert trade(made, 100, 50) == {1: 3}
    assert 1 not in made


def test_cancels_come_from_behind_us() -> None:
    made = book(bids={100: 10})
    made.rest(order(1, Side.BUY, 100, 4))
    made.change([(100, 25)], [], 2)
    made.change([(100, 11)], [], 3)
    assert made.ahead_of(1) == 10
    made.change([(100, 6)], [], 4)
    assert made.ahead_of(1) == 6, "there is no more than this altogether"


def test_who_comes_later_waits_for_what_came_between() -> None:
    made = book(bids={100: 10})
    made.rest(order(1, Side.BUY, 100, 4))
    made.change([(100, 15)], [], 2)
    made.rest(order(2, Side.BUY, 100, 4))
    assert trade(made, 100, 12) == {1: 2}
    assert trade(made, 100, 4) == {1: 2}
    assert trade(made, 100, 5) == {2: 2}


def test_a_trade_through_our_price_leaves_nobody_before_us() -> None:
    made = book(bids={100: 10, 99: 10})
    made.rest(order(1, Side.BUY, 100, 4))
    assert trade(made, 99, 3) == {1: 3}


def test_a_better_price_is_first_in_line() -> None:
    made = book(bids={100: 10}, asks={103: 5})
    made.rest(order(1, Side.BUY, 101, 4))
    assert trade(made, 100, 3) == {1: 3}
    assert trade(made, 103, 3, sell=False) == {}


def test_a_change_that_knew_the_trade_already_counts_once() -> None:
    made = book(bids={100: 10})
    made.rest(order(1, Side.BUY, 100, 4))
    made.change([(100, 6)], [], 50)
    assert trade(made, 100, 4, ts_ms=50) == {}
    assert made.ahead_of(1) == 6
    made.change([(100, 0)], [], 60)
    assert trade(made, 100, 5, ts_ms=60) == {}, "of these, six went to those before us"
    assert trade(made, 100, 3, ts_ms=60) == {1: 2}


class Waiting(RuleBasedStateMachine):
    """Random books and trades around a few of our orders, and a plain account of what may happen."""

    def __init__(self) -> None:
        super().__init__()
        self.book = book(bids={100: 5, 99: 5, 98: 5}, asks={101: 5})
        self.ts_ms = 10
        self.changed_ms = 1
        self.last_id = 0
        self.wanted: dict[int, tuple[int, int]] = {}
        self.filled: dict[int, int] = {}
        self.ahead: dict[int, int] = {}
        """The most that may still be before an order: less only by trades, and by its level being smaller."""

    @rule(px=st.sampled_from([98, 99, 100]), lots=st.integers(1, 12))
    def place(self, px: int, lots: int) -> None:
        self.last_id += 1
        self.wanted[self.last_id] = (px, lots)
        self.filled[self.last_id] = 0
        self.ahead[self.last_id] = self.book.qty_at(Side.BUY, px)
        self.book.rest(order(self.last_id, Side.BUY, px, lots))

    @precondition(lambda self: self.wanted)
    @rule(pick=st.randoms(use_true_random=False))
    def cancel(self, pick: object) -> None:
        order_id = pick.choice(sorted(self.wanted))  # type: ignore[attr-defined]
        gone = self.book.cancel(order_id)
        if gone is not None:
            assert gone.leaves == self.wanted[order_id][1] - self.filled[order_id]
            del self.wanted[order_id]

    @rule(px=st.sampled_from([98, 99, 100]), lots=st.integers(0, 12))
    def change(self, px: int, lots: int) -> None:
        self.changed_ms = self.ts_ms = self.ts_ms + 1
        self.book.change([(px, lots)], [], self.ts_ms)
        for order_id, (own_px, _) in self.wanted.items():
            if own_px == px:
                self.ahead[order_id] = min(self.ahead[order_id], lots)

    @rule(px=st.sampled_from([97, 98, 99, 100]), lots=st.integers(1, 15), age=st.integers(0, 1))
    def trade(self, px: int, lots: int, age: int) -> None:
        self.ts_ms += 1 - age
        got = trade(self.book, px, lots, ts_ms=self.ts_ms)
        assert sum(got.values()) <= lots, "never more than was traded"
        is_late = self.ts_ms <= self.changed_ms
        for order_id, (own_px, _) in sorted(self.wanted.items(), key=lambda item: (-item[1][0], item[0])):
            mine = got.get(order_id, 0)
            if own_px < px:
                assert not mine
            elif own_px == px:
                if mine:
                    assert lots - mine >= self.ahead[order_id], "never before those ahead of it"
                if not is_late:
                    self.ahead[order_id] = max(0, self.ahead[order_id] - lots)
            else:
                self.ahead[order_id] = 0
            self.filled[order_id] += mine

    @invariant()
    def nothing_is_lost(self) -> None:
        for order_id, (_, lots) in self.wanted.items():
            filled = self.filled[order_id]
            assert filled <= lots
            assert (order_id in self.book) is (filled < lots)
            if order_id in self.book:
                assert self.book.ahead_of(order_id) >= 0

    @invariant()
    def the_recording_is_not_moved(self) -> None:
        levels = self.book.levels(Side.BUY, 9)
        assert levels == sorted(levels, reverse=True)
        assert all(lots > 0 for _, lots in levels)


Waiting.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestWaiting = Waiting.TestCase


@given(
    levels=st.dictionaries(st.integers(90, 110), st.integers(0, 9)),
    more=st.dictionaries(st.integers(90, 110), st.integers(0, 9)),
)
def test_a_new_image_replaces_everything(levels: dict[int, int], more: dict[int, int]) -> None:
    made = book(asks=levels)
    made.replace([], more.items(), 2)
    assert made.levels(Side.SELL, 99) == sorted((px, lots) for px, lots in more.items() if lots)
    changed = dict(made.take_changes()[1])
    for px in levels.keys() | more.keys():
        assert (changed.get(px) is not None) or levels.get(px, 0) == more.get(px, 0)
