"""What is put aside, when, and when not."""

from __future__ import annotations

import pytest

from tests.unit.oms.books import SYMBOL
from tests.unit.oms.table import MS
from tradingsys.core.commands import OrderQuery, TradesQuery
from tradingsys.core.errors import Banned, RateLimited, TradingError, TransportError, VenueError, WrongTime
from tradingsys.oms.refusals import Refusals, _Refusal

S = 1_000 * MS
REFUSED = VenueError(-4000, "no")
SILENCE = TransportError("no answer in time", sent=True)


class Watch:
    """Refusals with a clock."""

    def __init__(self) -> None:
        self.now_ns = 0
        self.told: list[str] = []
        self.refusals = Refusals(lambda: self.now_ns, self.told.append)

    def refuses(self, query: OrderQuery | TradesQuery, error: TradingError = REFUSED, *, for_s: int = 0) -> bool:
        """Asked every four seconds; returns whether it is put aside then."""
        end_ns = self.now_ns + for_s * S
        self.refusals.failed(query, error)
        while self.now_ns < end_ns:
            self.now_ns += 4 * S
            self.refusals.failed(query, error)
        return self.refusals.is_put_off(query)


@pytest.fixture
def watch() -> Watch:
    return Watch()


def order(number: int, symbol: str = SYMBOL) -> OrderQuery:
    return OrderQuery(symbol, venue_order_id=str(number))


def test_a_refusal_is_waited_for_first(watch: Watch) -> None:
    assert not watch.refuses(order(1), for_s=40)
    assert watch.refuses(order(1), for_s=24)
    assert len(watch.told) == 1


@pytest.mark.parametrize("apart_s", [70, 3_600])
def test_one_that_passed_counts_no_more(watch: Watch, apart_s: int) -> None:
    watch.refuses(order(1), for_s=40)
    watch.now_ns += apart_s * S
    assert not watch.refuses(order(1))
    assert not watch.told


def test_nor_does_one_that_was_put_aside_and_never_met_again(watch: Watch) -> None:
    assert watch.refuses(order(1), for_s=64)
    watch.refusals.answered(order(2, "BTCUSDT"))
    watch.now_ns += 500 * S
    assert not watch.refuses(order(2))


def test_what_is_put_aside_counts_as_long_as_it_may_be_refused_again_when_it_is_due(watch: Watch) -> None:
    """The next question comes when others had their turn, not in the very instant."""
    assert watch.refuses(TradesQuery("AUSDT"), for_s=64)
    watch.now_ns += (60 + 290) * S
    assert watch.refuses(TradesQuery("BUSDT")), "nothing was answered meanwhile"


def test_what_was_put_aside_once_makes_no_other_refusal_final_a_day_later(watch: Watch) -> None:
    assert watch.refuses(TradesQuery("AUSDT"), for_s=64)
    watch.now_ns += 86_400 * S
    assert not watch.refuses(TradesQuery("BUSDT"))


def test_of_many_orders_of_a_symbol_the_first_is_waited_for(watch: Watch) -> None:
    watch.refuses(order(1), for_s=64)
    watch.refusals.answered(order(2))
    assert watch.refuses(order(3))
    assert len(watch.told) == 1, "told once"
    watch.refusals.answered(order(1))
    assert len(watch.told) == 1
    watch.refusals.answered(order(3))
    assert "again" in watch.told[-1], "when all are answered"


def test_of_many_symbols_the_first_is_waited_for_unless_others_are_answered(watch: Watch) -> None:
    watch.refuses(TradesQuery("AUSDT"), for_s=64)
    assert watch.refuses(TradesQuery("BUSDT"))
    assert not watch.refuses(order(1, "AUSDT")), "another question"
    watch.refusals.answered(TradesQuery("CUSDT"))
    assert not watch.refuses(TradesQuery("DUSDT"))


def test_one_more_refusal_costs_the_same_however_many_there_are(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    looked = 0
    has_passed = _Refusal.has_passed

    def counted(self: _Refusal, now_ns: int) -> bool:
        nonlocal looked
        looked += 1
        return has_passed(self, now_ns)

    monkeypatch.setattr(_Refusal, "has_passed", counted)
    watch.refuses(order(0), for_s=64)
    for number in range(1, 500):
        assert watch.refuses(order(number))
    assert looked < 10 * 500
    assert len(watch.told) == 1


def test_those_that_passed_make_room(watch: Watch) -> None:
    for number in range(500):
        watch.refuses(order(number))
    watch.now_ns += 120 * S
    for number in range(1_000, 1_400):
        watch.refuses(order(number))
    assert len(watch.refusals._refused._all) == 400


def test_that_others_of_a_symbol_are_put_aside_is_over_when_they_passed(watch: Watch) -> None:
    for number in range(3):
        assert watch.refuses(order(number), for_s=64 if not number else 0)
    watch.now_ns += 10_000 * S
    assert not watch.refuses(order(9))
    assert watch.refuses(order(9), for_s=64)
    assert len(watch.told) == 2, "it is told anew"


def test_silence_counts_only_for_long_and_is_asked_for_again_soon(watch: Watch) -> None:
    """Whether anything else is answered is for whoever asks to find out."""
    query, end_ns = TradesQuery(SYMBOL), 600 * S
    pauses: list[int] = []
    while watch.now_ns < end_ns:
        if not watch.refusals.is_put_off(query) and watch.refusals.is_without_answer(query, SILENCE):
            watch.refusals.failed(query, SILENCE)
            pauses.append(watch.now_ns // S)
        watch.now_ns += 4 * S
    assert pauses == [*range(60, 600, 60)]
    assert len(watch.told) == 1 and "does not answer" in watch.told[0]


def test_once_one_is_answered_others_of_its_kind_that_were_silent_are_due(watch: Watch) -> None:
    silent, also, refused = (TradesQuery(symbol) for symbol in ("AUSDT", "BUSDT", "CUSDT"))
    assert watch.refuses(silent, SILENCE, for_s=64)
    assert watch.refuses(also, SILENCE) and watch.refuses(refused)
    watch.refusals.answered(TradesQuery("DUSDT"))
    assert watch.refusals.is_put_off(silent), "that one was never silent"
    watch.refusals.answered(also)
    assert not watch.refusals.is_put_off(silent) and watch.refusals.is_put_off(refused)


@pytest.mark.parametrize("error", [WrongTime(-1021, "early"), RateLimited(-1003, "many"), Banned(-1003, "out")])
def test_what_is_said_to_all_questions_is_no_silence(watch: Watch, error: VenueError) -> None:
    for _ in range(100):
        assert not watch.refusals.is_without_answer(TradesQuery(SYMBOL), error)
        watch.now_ns += 4 * S
