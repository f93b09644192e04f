"""The book against the simplest thing that could be one: two dicts."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tradingsys.core.book import Book

levels = st.tuples(
    st.integers(1, 30).map(lambda tick: f"{tick / 10:.1f}"),
    st.sampled_from(["0", "0.000", "1", "2.50", "1000"]),
)
changes = st.lists(levels, max_size=8)
updates = st.tuples(st.sampled_from(["apply", "replace"]), changes, changes)


@given(st.lists(updates, max_size=12), st.integers(0, 40))
def test_a_book_is_two_sorted_dicts(
    history: list[tuple[str, list[tuple[str, str]], list[tuple[str, str]]]], n: int
) -> None:
    book = Book()
    bids: dict[Decimal, Decimal] = {}
    asks: dict[Decimal, Decimal] = {}
    for how, bid_changes, ask_changes in history:
        if how == "replace":
            book.replace(bid_changes, ask_changes)
            bids.clear()
            asks.clear()
        else:
            book.apply(bid_changes, ask_changes)
        for model, side in ((bids, bid_changes), (asks, ask_changes)):
            for px, qty in side:
                model[Decimal(px)] = Decimal(qty)
        best_first = sorted((level for level in bids.items() if level[1]), reverse=True)
        assert book.bids(n) == best_first[:n]
        assert book.best_bid == (best_first[0] if best_first else None)
        best_first = sorted(level for level in asks.items() if level[1])
        assert book.asks(n) == best_first[:n]
        assert book.best_ask == (best_first[0] if best_first else None)


def test_two_spellings_of_a_price_are_one_level() -> None:
    book = Book()
    book.apply([("100.10", "1")], [])
    book.apply([("100.1", "2")], [])
    assert book.bids(5) == [(Decimal("100.1"), Decimal(2))]
