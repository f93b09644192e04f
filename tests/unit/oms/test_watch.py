"""What is looked at again and again: a fault in one of the looks is told by its name."""

from __future__ import annotations

import pytest

from tests.unit.oms.table import Table
from tradingsys.core.errors import TradingError
from tradingsys.oms.procedure import Procedures


def test_no_two_looks_have_the_same_name() -> None:
    begun = [begin() for begin in Table().watch(1_000).procedures]
    names = [getattr(each, "__qualname__", "") for each in begun]
    for each in begun:
        each.close()
    assert len({*names}) == len(names), names


def test_a_fault_names_the_look_that_it_is_in(monkeypatch: pytest.MonkeyPatch) -> None:
    table, told = Table(), list[str]()

    async def breaks() -> None:
        raise ZeroDivisionError

    breaks.__qualname__ = "Recovery.pull_funding"
    monkeypatch.setattr(table.recovery, "pull_funding", breaks)

    def noted(what: str, error: Exception, goes_on: bool) -> None:
        assert goes_on and not isinstance(error, TradingError)
        told.append(what)

    table.procedures = Procedures(noted)
    for begin in table.watch(1_000).procedures:
        table.procedures.keep(begin)
    table.wait(1_500)
    assert told == ["Recovery.pull_funding"]
