from decimal import Decimal

import pytest

from tradingsys.venues.binance.depth import DepthChange, DepthSequencer, DepthState, SequenceRule

D = Decimal


def spot(first: int, final: int, qty: str = "1") -> DepthChange:
    return DepthChange(first, final, [("10", qty)], [])


def futures(first: int, final: int, previous: int, qty: str = "1") -> DepthChange:
    return DepthChange(first, final, [("10", qty)], [], previous)


def test_waiting_changes_join_the_snapshot_and_old_ones_are_dropped() -> None:
    sequencer = DepthSequencer(SequenceRule.SPOT)
    for event in (spot(1, 3, "111"), spot(4, 6, "2"), spot(7, 7, "3")):
        assert sequencer.change(event) is DepthState.WAITING
    assert sequencer.snapshot(5, [("9", "1")], [("11", "1")]) is DepthState.IN_STEP
    assert (sequencer.update_id, sequencer.book.best_bid) == (7, (D(10), D(3)))


def test_a_snapshot_older_than_the_changes_asks_for_another() -> None:
    sequencer = DepthSequencer(SequenceRule.SPOT)
    sequencer.change(spot(10, 12, "2"))
    sequencer.change(spot(13, 14, "3"))
    assert sequencer.snapshot(8, [], []) is DepthState.WAITING
    assert sequencer.snapshot(9, [], []) is DepthState.IN_STEP
    assert (sequencer.update_id, sequencer.book.best_bid) == (14, (D(10), D(3)))


def test_a_spot_gap_throws_the_book_away_and_keeps_the_change() -> None:
    sequencer = DepthSequencer(SequenceRule.SPOT)
    sequencer.snapshot(5, [("9", "1")], [])
    assert sequencer.change(spot(7, 8)) is DepthState.WAITING
    assert sequencer.book.best_bid is None
    assert sequencer.snapshot(7, [("9", "1")], []) is DepthState.IN_STEP
    assert sequencer.update_id == 8


def test_repeated_spot_changes_are_skipped() -> None:
    sequencer = DepthSequencer(SequenceRule.SPOT)
    sequencer.snapshot(5, [], [])
    sequencer.change(spot(6, 8, "2"))
    assert sequencer.change(spot(6, 8, "999")) is DepthState.IN_STEP
    assert sequencer.book.best_bid == (D(10), D(2))


def test_futures_ids_may_jump_but_their_chain_must_not_break() -> None:
    sequencer = DepthSequencer(SequenceRule.FUTURES)
    sequencer.snapshot(100, [], [])
    assert sequencer.change(futures(90, 95, 80, "999")) is DepthState.IN_STEP
    assert not sequencer.book.bids(1)
    assert sequencer.change(futures(96, 104, 95)) is DepthState.IN_STEP
    assert sequencer.change(futures(150, 160, 104, "2")) is DepthState.IN_STEP
    assert sequencer.book.best_bid == (D(10), D(2))
    assert sequencer.change(futures(161, 170, 159)) is DepthState.WAITING


def test_a_futures_change_may_end_at_the_snapshot_or_follow_it() -> None:
    for event in (futures(95, 100, 90), futures(105, 110, 100), futures(105, 110, 98)):
        sequencer = DepthSequencer(SequenceRule.FUTURES)
        sequencer.snapshot(100, [], [])
        assert sequencer.change(event) is DepthState.IN_STEP
        assert sequencer.update_id == event.final_id
    sequencer = DepthSequencer(SequenceRule.FUTURES)
    sequencer.snapshot(100, [], [])
    assert sequencer.change(futures(105, 110, 101)) is DepthState.WAITING


@pytest.mark.parametrize("rule", list(SequenceRule))
def test_only_so_many_changes_wait(rule: SequenceRule) -> None:
    sequencer = DepthSequencer(rule)
    for final_id in range(1, 12_001):
        sequencer.change(DepthChange(final_id, final_id, [("10", str(final_id))], [], final_id - 1))
    assert sequencer.snapshot(1, [], []) is DepthState.WAITING
    assert sequencer.snapshot(5_000, [], []) is DepthState.IN_STEP
    assert sequencer.book.best_bid == (D(10), D(12_000))
