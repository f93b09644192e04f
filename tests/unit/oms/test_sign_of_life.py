"""Whether the venue answers at all, for whoever finds no answer."""

from __future__ import annotations

from tradingsys.core.commands import OpenOrdersQuery
from tradingsys.core.errors import TradingError, TransportError
from tradingsys.oms.procedure import Procedures
from tradingsys.oms.sign_of_life import SignOfLife

S = 1_000_000_000
SILENCE = TransportError("no answer in time", sent=True)


class Desk:
    """Asks at an instant, and is answered at once."""

    def __init__(self) -> None:
        self.now_ns = 0
        self.procedures = Procedures()
        self.life = SignOfLife(lambda: self.now_ns)
        self.asked = 0

    def sees(self, at_s: int, *, asked_s: int, error: TradingError | None = None) -> bool:
        self.now_ns, told = at_s * S, list[bool]()

        async def ask() -> None:
            told.append(await self.life.was_seen(asked_s * S))

        self.procedures.start(ask())
        self.answer(error)
        [seen] = told
        return seen

    def answer(self, error: TradingError | None = None) -> None:
        for token, query, _ in self.procedures.take_queries():
            assert query == OpenOrdersQuery()
            self.asked += 1
            self.procedures.answer(token, None if error else (), error)


def test_a_question_counts_that_was_asked_when_others_had_been_answered_for_some_time() -> None:
    desk = Desk()
    assert not desk.sees(100, asked_s=95), "the venue may just have come back"
    assert not desk.sees(114, asked_s=104)
    assert desk.sees(134, asked_s=124)
    assert desk.sees(136, asked_s=126) and desk.asked == 2, "not asked for each"


def test_a_venue_that_was_down_has_to_answer_for_some_time_again() -> None:
    desk = Desk()
    desk.sees(100, asked_s=95)
    assert desk.sees(125, asked_s=121)
    assert not desk.sees(150, asked_s=140, error=SILENCE)
    assert not desk.sees(175, asked_s=165)
    assert desk.sees(200, asked_s=196)


def test_what_was_seen_long_ago_says_nothing() -> None:
    desk = Desk()
    desk.sees(100, asked_s=95)
    assert not desk.sees(1_000, asked_s=990), "it may have been down in between"


def test_all_who_ask_at_once_share_one_question() -> None:
    desk, told = Desk(), list[bool]()

    async def ask() -> None:
        told.append(await desk.life.was_seen(0))

    for _ in range(3):
        desk.procedures.start(ask())
    desk.answer()
    assert told == [False] * 3 and desk.asked == 1
