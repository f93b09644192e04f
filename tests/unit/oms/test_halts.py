"""What may be sent where: the strictest of all restrictions that match, each lifted by itself."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradingsys.core.command_line import CommandLine
from tradingsys.core.enums import OrderType, Side, TradingState
from tradingsys.core.order import Terms
from tradingsys.core.records import HaltCause, HaltDuty, HaltRecord, Intent, Scope
from tradingsys.oms.effects import Effect, Halt, Save
from tradingsys.oms.excess import beyond
from tradingsys.oms.halts import Halts
from tradingsys.oms.tracked_order import TrackedOrder

ACTIVE, REDUCING, HALTED = TradingState
BTC, DOGE = "BTCUSDT", "DOGEUSDT"
NOW_MS = 1_800_000_000_000
SCOPES = [Scope(session, symbol) for session in (None, 1, 2) for symbol in ("", BTC, DOGE)]


def halts(*saved: HaltRecord) -> tuple[Halts, list[Effect]]:
    effects: list[Effect] = []
    return Halts(saved, effects, CommandLine(("-c", "usdt.json"))), effects


def test_whoever_resumes_ends_a_cancel_only_where_nothing_else_stands() -> None:
    book, _ = halts()
    book.impose(Scope(1), HALTED, HaltCause.LIMIT, "test", NOW_MS)
    book.impose(Scope(1), ACTIVE, HaltCause.CANCEL, "test", NOW_MS, HaltDuty.CANCEL)
    assert book.lift(Scope(1), NOW_MS)
    assert [row.cause for row in book] == [HaltCause.CANCEL]
    assert book.lift(Scope(1), NOW_MS)
    assert not len(book)


@pytest.mark.parametrize(
    ("scope", "matched"),
    [
        (Scope(), {(1, BTC), (1, DOGE), (2, BTC), (2, DOGE)}),
        (Scope(1), {(1, BTC), (1, DOGE)}),
        (Scope(symbol=BTC), {(1, BTC), (2, BTC)}),
        (Scope(2, DOGE), {(2, DOGE)}),
    ],
)
def test_a_scope_matches_what_it_names(scope: Scope, matched: set[tuple[int, str]]) -> None:
    book, _ = halts()
    assert book.impose(scope, HALTED, HaltCause.OPERATOR, "test", NOW_MS)
    places = [(session, symbol) for session in (1, 2) for symbol in (BTC, DOGE)]
    assert {place for place in places if book.state(*place) is HALTED} == matched
    assert {place for place in places if book.why(*place)} == matched


@given(
    st.lists(
        st.tuples(
            st.sampled_from(SCOPES),
            st.sampled_from([REDUCING, HALTED]),
            st.sampled_from([HaltCause.OPERATOR, HaltCause.FORCED, HaltCause.LIMIT]),
            st.booleans(),
        ),
        max_size=12,
    )
)
def test_the_strictest_of_all_that_match_counts_and_what_is_saved_is_the_same(
    steps: list[tuple[Scope, TradingState, HaltCause, bool]],
) -> None:
    book, effects = halts()
    model: dict[tuple[Scope, HaltCause], TradingState] = {}
    for number, (scope, state, cause, lifts) in enumerate(steps):
        if lifts:
            assert book.lift(scope, NOW_MS, cause) is (model.pop((scope, cause), None) is not None)
            continue
        known = model.get((scope, cause), ACTIVE)
        news = book.impose(scope, state, cause, f"reason {number}", NOW_MS + number)
        assert news is (cause is HaltCause.OPERATOR or state.severity > known.severity)
        model[scope, cause] = max(state, known, key=lambda each: each.severity)
    stored: dict[tuple[Scope, HaltCause], HaltRecord] = {}
    for effect in effects:
        if isinstance(effect, Save) and isinstance(effect.record, HaltRecord):
            row = effect.record
            stored.pop((row.scope, row.cause), None)
            if row.state is not ACTIVE:
                stored[row.scope, row.cause] = row
    again, _ = halts(*stored.values())
    for session in (1, 2, 3):
        for symbol in (BTC, DOGE, "ADAUSDT"):
            matching = [state for (scope, _), state in model.items() if scope.covers(session, symbol)]
            worst = max(matching, key=lambda state: state.severity, default=ACTIVE)
            assert book.state(session, symbol) is again.state(session, symbol) is worst


def test_the_end_of_one_cause_is_not_the_end_of_another() -> None:
    book, effects = halts()
    book.impose(Scope(), REDUCING, HaltCause.DIFFERENCE, "off by one", NOW_MS)
    book.impose(Scope(), HALTED, HaltCause.OPERATOR, "first", NOW_MS)
    assert book.lift(Scope(), NOW_MS, HaltCause.OPERATOR)
    assert book.state(1, BTC) is REDUCING and "off by one" in book.why(1, BTC)
    assert not book.lift(Scope(1), NOW_MS), "the account's is not a session's to lift"
    assert book.lift(Scope(), NOW_MS) and not len(book)
    assert [effect.record.reason for effect in effects if isinstance(effect, Halt)] == ["off by one", "first"]


def test_what_stands_keeps_its_reason_unless_less_is_allowed_or_a_person_speaks() -> None:
    book, _ = halts()
    assert book.impose(Scope(1), REDUCING, HaltCause.LIMIT, "first", NOW_MS)
    assert not book.impose(Scope(1), REDUCING, HaltCause.LIMIT, "second", NOW_MS + 1)
    assert book.impose(Scope(1), HALTED, HaltCause.LIMIT, "worse", NOW_MS + 2)
    assert not book.impose(Scope(1), REDUCING, HaltCause.LIMIT, "better", NOW_MS + 3)
    assert book.impose(Scope(1), HALTED, HaltCause.LIMIT, "and more", NOW_MS + 4, HaltDuty.FLATTEN)
    [row] = book
    assert (row.reason, row.ts_ms) == ("and more", NOW_MS + 4)
    assert book.impose(Scope(1), HALTED, HaltCause.OPERATOR, "stop", NOW_MS)
    assert not book.impose(Scope(1), HALTED, HaltCause.OPERATOR, "stop", NOW_MS + 1)
    assert book.impose(Scope(1), REDUCING, HaltCause.OPERATOR, "slowly", NOW_MS + 2)
    assert [(row.state, row.reason) for row in book][-1] == (HALTED, "slowly"), "only lifting it allows more"


def test_a_refusal_says_which_scope_since_when_why_and_what_lifts_it() -> None:
    book, _ = halts()
    book.impose(Scope(3, BTC), REDUCING, HaltCause.OPERATOR, "by an operator: slowly", NOW_MS)
    assert book.why(3, BTC) == (
        "session 3 on btcusdt is reducing since 2027-01-15 08:00:00 UTC: by an operator: slowly "
        "(`tradingsys resume btcusdt --session 3 -c usdt.json` lifts it)"
    )
    book.forced(BTC, "liquidation", NOW_MS)
    assert book.why(3, BTC).count("tradingsys resume") == 1, "the strictest, with the command that it names itself"
    assert "`tradingsys resume --account -c usdt.json`" in _account_told()


def _account_told() -> str:
    book, _ = halts()
    book.impose(Scope(), HALTED, HaltCause.KILL_FILE, "smoke", NOW_MS)
    return book.why(9, DOGE)


def test_what_is_flat_is_not_flattened_again() -> None:
    book, _ = halts()
    book.impose(Scope(1), HALTED, HaltCause.OPERATOR, "enough", NOW_MS, HaltDuty.FLATTEN)
    [row] = book
    assert book.flattened(row).duty is HaltDuty.CANCEL
    assert [row.duty for row in book] == [HaltDuty.CANCEL]
    book.impose(Scope(1), HALTED, HaltCause.OPERATOR, "once more", NOW_MS, HaltDuty.FLATTEN)
    book.flattened(row)
    assert [row.duty for row in book] == [HaltDuty.FLATTEN], "that was about another one"


def order(name: str, side: Side, qty: int, **terms: object) -> TrackedOrder:
    kind = terms.pop("order_type", OrderType.LIMIT)
    rival = str(terms.pop("rival", ""))
    asked = Terms(BTC, side, kind, Decimal(qty), Decimal(1), **terms)  # type: ignore[arg-type]
    return TrackedOrder.of_intent(Intent(name, 1, asked, NOW_MS + len(name), 2_000, rival=rival))


def names(orders: list[TrackedOrder]) -> list[str]:
    return [each.client_order_id for each in orders]


def test_of_open_orders_those_that_do_more_than_reduce_go() -> None:
    orders = [
        order("a", Side.SELL, 6),
        order("bb", Side.BUY, 1),
        order("ccc", Side.SELL, 5),
        order("dddd", Side.SELL, 4),
    ]
    assert names(beyond(REDUCING, orders, Decimal(10))) == ["bb", "ccc"], "the oldest that fit may stay"
    assert names(beyond(REDUCING, orders, Decimal(-1))) == ["a", "ccc", "dddd"]
    assert names(beyond(REDUCING, orders, Decimal(0))) == ["a", "bb", "ccc", "dddd"]
    assert names(beyond(HALTED, orders, Decimal(10))) == ["a", "bb", "ccc", "dddd"]
    assert beyond(ACTIVE, orders, Decimal(0)) == []


def test_a_stop_beside_a_target_stays() -> None:
    stop = order("a", Side.SELL, 10, order_type=OrderType.STOP_MARKET, stop_px=Decimal(1), reduce_only=True)
    target = order("bb", Side.SELL, 10, reduce_only=True)
    assert beyond(REDUCING, [stop, target], Decimal(10)) == []
    pair = [order("c", Side.SELL, 10, rival="dd"), order("dd", Side.SELL, 10, rival="c")]
    assert beyond(REDUCING, pair, Decimal(10)) == []
