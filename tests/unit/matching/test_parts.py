"""What could trade at once may trade in parts: the same quantity at the same price, in more executions."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tradingsys.core.enums import SelfTradePrevention, Side
from tradingsys.matching.order_book import BookOrder, Match, OrderBook


def trade(parts: list[int], *, lots: int) -> list[tuple[int, int]]:
    """(maker, lots) of each match of a purchase, with those parts first and everything after them."""
    book, rest = OrderBook(), list(parts)
    if parts:
        book.part = lambda _taker, _maker, most: min(rest.pop(0), most) if rest else most
    for order_id, qty in ((1, 7), (2, 5)):
        book.rest(BookOrder(order_id, "maker", Side.SELL, 100, qty))
    taker = BookOrder(3, "taker", Side.BUY, 100, lots)
    matches = [each for each in book.match(taker, 100, SelfTradePrevention.NONE) if isinstance(each, Match)]
    assert taker.leaves == max(0, lots - 12)
    assert book.qty_at(Side.SELL, 100) == max(0, 12 - lots)
    return [(match.maker.order_id, match.qty) for match in matches]


def test_an_order_may_fill_in_parts() -> None:
    assert trade([], lots=9) == [(1, 7), (2, 2)]
    assert trade([3, 1], lots=9) == [(1, 3), (1, 1), (1, 3), (2, 2)]


@given(st.lists(st.integers(1, 9), min_size=1), st.integers(1, 20))
def test_whoever_came_first_still_trades_first(parts: list[int], lots: int) -> None:
    matches = trade(parts, lots=lots)
    assert [maker for maker, _ in matches] == sorted(maker for maker, _ in matches)
    assert sum(qty for _, qty in matches) == min(lots, 12)
