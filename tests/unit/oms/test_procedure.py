from __future__ import annotations

import pytest

from tradingsys.core.commands import PositionsQuery, TimeQuery
from tradingsys.core.errors import TransportError
from tradingsys.oms.procedure import Procedures, Turn, ask, until


def test_answers_and_instants_resume_what_waits_for_them() -> None:
    procedures, seen = Procedures(), list[object]()

    async def work() -> None:
        seen.append(await ask(TimeQuery()))
        await until(50)
        seen.append("later")
        try:
            await ask(PositionsQuery())
        except TransportError as error:
            seen.append(str(error))

    procedures.start(work())
    [(token, query, turn)] = procedures.take_queries()
    assert (query, turn) == (TimeQuery(), Turn.TIME) and procedures.take_queries() == []
    procedures.answer(token, 123, None)
    assert seen == [123] and procedures.next_deadline_ns == 50
    procedures.tick(49)
    assert seen == [123]
    procedures.tick(50)
    [(token, *_)] = procedures.take_queries()
    procedures.answer(token, None, TransportError("gone", sent=True))
    assert seen == [123, "later", "gone"] and procedures.idle


def test_an_answer_nobody_waits_for_is_ignored() -> None:
    procedures = Procedures()
    procedures.answer(7, None, None)
    assert procedures.idle


def test_instants_come_in_order_of_time_then_of_asking() -> None:
    procedures, seen = Procedures(), list[str]()

    async def wait(at: int, name: str) -> None:
        await until(at)
        seen.append(name)

    for at, name in ((20, "c"), (10, "a"), (10, "b")):
        procedures.start(wait(at, name))
    procedures.tick(30)
    assert seen == ["a", "b", "c"]


def test_an_unexpected_error_is_told_and_what_must_not_end_begins_anew() -> None:
    told = list[tuple[str, str, bool]]()
    procedures = Procedures(lambda what, error, goes_on: told.append((what.split(".")[-1], str(error), goes_on)))

    async def once() -> None:
        await until(10)
        raise ValueError("a mistake")

    async def watch() -> None:
        while True:
            await ask(TimeQuery())
            await until(20)
            raise ZeroDivisionError("another")

    procedures.start(once())
    procedures.keep(watch)
    [(token, *_)] = procedures.take_queries()
    procedures.answer(token, 1, None)
    procedures.tick(20)
    assert told == [("once", "a mistake", False), ("watch", "another", True)]
    due_ns = procedures.next_deadline_ns
    assert due_ns is not None and due_ns >= 250_000_000 and not procedures.take_queries()
    procedures.tick(due_ns)
    assert [query for _, query, _ in procedures.take_queries()] == [TimeQuery()], "it watches again"


def test_what_fails_at_once_does_not_do_so_all_the_time() -> None:
    told = list[str]()
    procedures = Procedures(lambda what, error, goes_on: told.append(what.split(".")[-1]))

    async def watch() -> None:
        raise ValueError("a mistake")

    procedures.keep(watch)
    for now_ns in range(0, 10**9, 10**7):
        procedures.tick(now_ns)
    assert told == ["watch"] * 4


def test_without_anybody_to_tell_an_unexpected_error_is_raised() -> None:
    async def wrong() -> None:
        await until(10)
        raise ValueError("a mistake")

    procedures = Procedures()
    procedures.start(wrong())
    with pytest.raises(ValueError, match="a mistake"):
        procedures.tick(10)
