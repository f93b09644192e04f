from __future__ import annotations

from decimal import Decimal

import pytest

from tradingsys.core.market import BestBidOffer, Depth
from tradingsys.gateway.market import prices as module
from tradingsys.gateway.market.prices import Prices


def book(bid: str, ask: str) -> BestBidOffer:
    return BestBidOffer("DOGEUSDT", 0, bid, "9", ask, "9")


@pytest.mark.parametrize(
    "gone",
    [
        Depth("DOGEUSDT", 0, [("0.5", "9")], []),
        book("0.00000", "0.45"),
        book("0.5", "much"),
        Depth("DOGEUSDT", 0, [("0.9", "9")], [("0.7", "9")]),
        book("0.9", "0.7"),
    ],
)
def test_what_a_book_without_a_middle_was_before_is_known_and_grows_old(gone: Depth | BestBidOffer) -> None:
    prices = Prices()
    prices.note(Depth("DOGEUSDT", 0, [("0.5", "9")], [("0.7", "9")]), 100)
    for at_ns in (200, 300):
        prices.note(gone, at_ns)
    prices.note(Depth("DOGEUSDT", 0, [], []), 400)
    assert prices.best("DOGEUSDT") is None and prices.worth("DOGEUSDT", 400) == Decimal("0.6")
    assert prices.measure("DOGEUSDT", 100, 400).px == Decimal("0.6")
    assert prices.measure("DOGEUSDT", 101, 400).px is None, "of the book that was"


def test_a_crossed_book_measures_nothing_until_it_is_old_and_something_newer_is_known() -> None:
    prices = Prices()
    prices.note(book("0.7", "0.7"), 100)
    prices.read("DOGEUSDT", Decimal("0.6"), 200)
    assert "crossed" in prices.measure("DOGEUSDT", 100, 300).problem
    assert prices.measure("DOGEUSDT", 101, 300).px == Decimal("0.6")
    assert "crossed" in prices.measure("DOGEUSDT", None, 300).problem, "nothing is too old then"


def test_what_was_asked_for_since_outlives_the_middle_of_an_older_book() -> None:
    prices = Prices()
    prices.note(book("0.5", "0.7"), 100)
    prices.read("DOGEUSDT", Decimal("0.65"), 900)
    prices.note(book("0.00000", "0.7"), 1_000)
    assert prices.measure("DOGEUSDT", 500, 1_100).px == Decimal("0.65")


def test_what_a_book_tells_is_read_when_somebody_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def number(text: str) -> Decimal:
        read.append(text)
        return Decimal(text)

    monkeypatch.setattr(module, "_number", number)
    prices = Prices()
    for at_ns in range(1_000):
        prices.note(book("0.5", "0.7"), at_ns)
    assert len(read) < 200
    read.clear()
    for _ in range(3):
        assert prices.measure("DOGEUSDT", 999, 1_000).px == Decimal("0.6")
    assert read == ["0.5", "0.7"]


@pytest.mark.parametrize("without", range(1, 50))
def test_the_last_middle_of_a_book_is_known_however_much_came_since(without: int) -> None:
    prices = Prices()
    for at_ns in range(100):
        prices.note(book("0.5", "0.7") if at_ns < 99 else book("0.6", "0.8"), at_ns)
    for at_ns in range(100, 100 + without):
        prices.note(book("0.9", "0.8"), at_ns)
    assert prices.worth("DOGEUSDT", 200) == Decimal("0.7")
    assert prices.newest_ns("DOGEUSDT") == 99


def test_what_was_asked_for_is_worth_more_than_a_stream_that_is_silent() -> None:
    prices, second = Prices(), 1_000_000_000
    prices.note(book("0.5", "0.7"), 0)
    prices.read("DOGEUSDT", Decimal("0.4"), 26 * second)
    for at_s, worth, worth_now in ((30, "0.6", "0.6"), (31, "0.4", "0.4"), (56, "0.4", "0.4"), (57, "0.4", None)):
        assert prices.worth("DOGEUSDT", at_s * second) == Decimal(worth)
        assert prices.worth_now("DOGEUSDT", at_s * second) == (worth_now and Decimal(worth_now))
    prices.note(book("0.5", "0.7"), 60 * second)
    assert prices.worth("DOGEUSDT", 60 * second) == Decimal("0.6")
