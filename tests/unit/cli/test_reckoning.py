"""The demonstration's comparison notices every way in which two records can differ."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec import structs

from tradingsys.cli.demo.reckoning import Books, Execution, reckon
from tradingsys.core.enums import Side
from tradingsys.core.ids import EXTERNAL, OrderKey, encode_client_order_id

LINEAGE = "q3Xz1"
DOGE = "DOGEUSDT"


def execution(session: int, side: Side, qty: int, lineage: str = LINEAGE) -> Execution:
    key = OrderKey(session, lineage, 1_700_000_000_000, 1, 1)
    return Execution(DOGE, side, Decimal(qty), encode_client_order_id(key))


LEDGER = [execution(1, Side.BUY, 10), execution(2, Side.SELL, 20), execution(2, Side.BUY, 5)]
BY_HAND = Execution(DOGE, Side.BUY, Decimal(7), "web_1")
BOOKS = Books(LINEAGE, {(1, DOGE): Decimal(10), (2, DOGE): Decimal(-15)}, {(1, DOGE): 1, (2, DOGE): 2})
ACCOUNT = {DOGE: Decimal(-5)}


def test_equal_records_agree() -> None:
    reckoning = reckon(BOOKS, LEDGER, ACCOUNT)
    assert reckoning.agrees
    assert reckoning.fills == 3
    assert [[line.session, line.net_at_exchange] for line in reckoning.lines] == [[1, 10], [2, -15], [EXTERNAL, 0]]
    assert reckoning.account_differences == {DOGE: 0}


def test_a_trade_by_hand_is_external() -> None:
    account = {DOGE: Decimal(2)}
    assert not reckon(BOOKS, [*LEDGER, BY_HAND], account).agrees
    nets, fills = {**BOOKS.nets, (EXTERNAL, DOGE): Decimal(7)}, {**BOOKS.fills, (EXTERNAL, DOGE): 1}
    assert reckon(structs.replace(BOOKS, nets=nets, fills=fills), [*LEDGER, BY_HAND], account).agrees


def test_orders_of_another_book_are_external() -> None:
    foreign = execution(1, Side.BUY, 3, lineage="other")
    line = reckon(BOOKS, [*LEDGER, foreign], ACCOUNT).lines[-1]
    assert [line.session, line.net_at_exchange, line.difference] == [EXTERNAL, 3, -3]


@pytest.mark.parametrize(
    ("nets", "fills"),
    [
        ({(1, DOGE): Decimal(11), (2, DOGE): Decimal(-15)}, BOOKS.fills),
        # Misplaced: the sum is right, the sessions are not.
        ({(1, DOGE): Decimal(-15), (2, DOGE): Decimal(10)}, BOOKS.fills),
        # Booked twice, in both directions.
        (BOOKS.nets, {(1, DOGE): 1, (2, DOGE): 4}),
        ({}, {}),
    ],
)
def test_books_that_differ_are_noticed(nets: dict[tuple[int, str], Decimal], fills: dict[tuple[int, str], int]) -> None:
    assert not reckon(Books(LINEAGE, nets, fills), LEDGER, ACCOUNT).agrees


def test_an_account_that_holds_more_than_the_books_is_noticed() -> None:
    reckoning = reckon(BOOKS, LEDGER, {DOGE: Decimal(-5), "BTCUSDT": Decimal(1)})
    assert not reckoning.agrees
    assert reckoning.account_differences == {"BTCUSDT": -1, DOGE: 0}
