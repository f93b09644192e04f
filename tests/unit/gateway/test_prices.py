from __future__ import annotations

from decimal import Decimal

from tradingsys.core.market import Depth
from tradingsys.gateway.prices import Prices


def test_a_price_is_known_and_grows_old_when_a_side_of_the_book_is_gone() -> None:
    prices = Prices()
    prices.note(Depth("DOGEUSDT", 0, [("0.5", "9")], [("0.7", "9")]), 100)
    for at_ns in (200, 300):
        prices.note(Depth("DOGEUSDT", 0, [("0.5", "9")], []), at_ns)
    assert prices.best("DOGEUSDT") is None and prices.worth("DOGEUSDT") == Decimal("0.6")
    assert prices.measure("DOGEUSDT", 100, 300).px == Decimal("0.6")
    assert prices.measure("DOGEUSDT", 101, 300).px is None, "of the book that was"
