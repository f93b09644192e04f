from __future__ import annotations

from tradingsys.core.commands import PositionsQuery, TimeQuery
from tradingsys.core.errors import TransportError
from tradingsys.oms.procedure import Procedures, ask, until


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
    [(token, query)] = procedures.take_queries()
    assert query == TimeQuery() and procedures.take_queries() == []
    procedures.answer(token, 123, None)
    assert seen == [123] and procedures.next_deadline_ns == 50
    procedures.tick(49)
    assert seen == [123]
    procedures.tick(50)
    [(token, _)] = procedures.take_queries()
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
