"""Each limit of orders and positions: what passes, what does not, and what is said about it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from msgspec import structs

from tests.unit.oms.books import EPOCH, SYMBOL, client_id, empty_book, intent
from tradingsys.core.enums import OrderType, PriceMatch, Side, TimeInForce
from tradingsys.core.order import Terms
from tradingsys.core.records import Intent
from tradingsys.oms.limit_checks import Asked, Denial, Proposed, Reference, check
from tradingsys.oms.limits import AccountLimits, Limits
from tradingsys.oms.session_book import SessionBook

PX = Decimal("0.6")
LEVELS = {
    Side.BUY: [(Decimal("0.601"), Decimal(50)), (Decimal("0.62"), Decimal(50)), (Decimal("0.9"), Decimal(1000))],
    Side.SELL: [(Decimal("0.599"), Decimal(1000))],
}
AT = Reference(PX, worth=PX, levels=LEVELS.__getitem__)
BLIND = Reference(None, worth=PX, problem="no price is known")


def terms(side: Side = Side.BUY, qty: str = "10", price: str | None = "0.6", **more: Any) -> Terms:
    kind = OrderType.MARKET if price is None else OrderType.LIMIT
    limit = None if price is None else Decimal(price)
    return structs.replace(Terms(SYMBOL, side, kind, Decimal(qty), limit, TimeInForce.GTC), **more)


def asked(*all_terms: Terms, session: int = 1, **more: bool) -> Asked:
    sizes = [each.order_qty or (each.quote_order_qty or Decimal(0)) / PX for each in all_terms]
    proposed = (Proposed(each, size, size) for each, size in zip(all_terms, sizes, strict=True))
    return Asked.of(session, SYMBOL, tuple(proposed), **more)


def judge(
    book: SessionBook,
    request: Asked,
    reference: Reference = AT,
    account: Mapping[str, Any] = {},
    **limits: Any,
) -> Denial | None:
    book.exposure.value(SYMBOL, reference.worth)
    held = structs.replace(NONE, **limits)
    all_sessions = structs.replace(AccountLimits(max_gross_notional=None), **account)
    return check(held, all_sessions, request, book.exposure, reference)


NONE = Limits(
    **dict.fromkeys(
        (
            "max_order_notional",
            "max_aggressive_pct",
            "max_passive_pct",
            "max_reference_age_s",
            "max_position_notional",
            "max_gross_notional",
            "max_unexecuted_notional",
            "max_open_orders",
            "max_open_orders_of_symbol",
        )
    )  # type: ignore[arg-type]
)
MONEY = Decimal(60)


@pytest.fixture
def book() -> SessionBook:
    return empty_book()


def holding(book: SessionBook, net: int, session: int = 1) -> SessionBook:
    book.set_net(session, SYMBOL, Decimal(net), EPOCH, "set by hand")
    return book


def under_way(book: SessionBook, *sizes: tuple[Side, str], session: int = 1) -> SessionBook:
    for number, (side, qty) in enumerate(sizes, 1):
        book.track(intent(session, number, side, qty))
    return book


@pytest.mark.parametrize(
    ("limit", "allowed", "order", "told"),
    [
        (
            "max_order_notional",
            Decimal(5),
            terms(),
            Denial("max_order_notional", "5 USDT", "6 USDT", "it comes to 6 USDT"),
        ),
        (
            "max_order_notional",
            Decimal(5),
            terms(price=None),
            Denial("max_order_notional", "5 USDT", "6 USDT", "it comes to 6 USDT"),
        ),
        (
            "max_order_notional",
            Decimal(5),
            terms(Side.SELL, price="0.1"),
            Denial("max_order_notional", "5 USDT", "6 USDT", "it comes to 6 USDT"),
        ),
        (
            "max_order_notional",
            Decimal("0.5"),
            terms(qty="0", price=None, quote_order_qty=Decimal(2)),
            Denial("max_order_notional", "0.5 USDT", "2 USDT", "it comes to 2 USDT"),
        ),
        ("max_order_qty", Decimal(9), terms(), Denial("max_order_qty", "9", "10", "its quantity is 10")),
        (
            "max_aggressive_pct",
            Decimal(2),
            terms(price="0.63"),
            Denial("max_aggressive_pct", "2 %", "5.00 %", "it buys at 0.63, 5.00 % beyond 0.6"),
        ),
        (
            "max_aggressive_pct",
            Decimal(2),
            terms(Side.SELL, price="0.57"),
            Denial("max_aggressive_pct", "2 %", "5.00 %", "it sells at 0.57, 5.00 % beyond 0.6"),
        ),
        (
            "max_aggressive_pct",
            Decimal(2),
            terms(qty="60", price=None),
            Denial("max_aggressive_pct", "2 %", "3.33 %", "it would trade up to 0.62, 3.33 % beyond 0.6"),
        ),
        (
            "max_aggressive_pct",
            Decimal(2),
            terms(qty="60", price=None, order_type=OrderType.LIMIT, price_match=PriceMatch.OPPONENT_5),
            Denial("max_aggressive_pct", "2 %", "3.33 %", "it would trade up to 0.62, 3.33 % beyond 0.6"),
        ),
        (
            "max_aggressive_pct",
            Decimal(2),
            terms(price="0.54", order_type=OrderType.STOP_LIMIT, stop_px=Decimal("0.5")),
            Denial("max_aggressive_pct", "2 %", "8.00 %", "it buys at 0.54, 8.00 % beyond 0.5"),
        ),
        (
            "max_passive_pct",
            Decimal(20),
            terms(price="0.3"),
            Denial("max_passive_pct", "20 %", "50.00 %", "it buys at 0.3, 50.00 % away from 0.6"),
        ),
        (
            "max_passive_pct",
            Decimal(20),
            terms(Side.SELL, price="0.9"),
            Denial("max_passive_pct", "20 %", "50.00 %", "it sells at 0.9, 50.00 % away from 0.6"),
        ),
        (
            "max_passive_pct",
            Decimal(20),
            terms(price=None, order_type=OrderType.STOP_MARKET, stop_px=Decimal("0.9")),
            Denial("max_passive_pct", "20 %", "50.00 %", "it waits for 0.9, 50.00 % away from 0.6"),
        ),
        (
            "max_position_notional",
            Decimal(5),
            terms(),
            Denial(
                "max_position_notional",
                "5 USDT",
                "6 USDT",
                "the session's position in dogeusdt could come to 6 USDT long",
            ),
        ),
        (
            "max_gross_notional",
            Decimal(5),
            terms(Side.SELL),
            Denial("max_gross_notional", "5 USDT", "6 USDT", "all positions of the session could come to 6 USDT"),
        ),
        (
            "max_unexecuted_notional",
            Decimal(5),
            terms(),
            Denial(
                "max_unexecuted_notional", "5 USDT", "6 USDT", "the session's orders under way would come to 6 USDT"
            ),
        ),
        ("max_open_orders", 0, terms(), Denial("max_open_orders", "0", "0", "0 orders are open")),
        (
            "max_open_orders_of_symbol",
            0,
            terms(),
            Denial("max_open_orders_of_symbol", "0", "0", "0 orders are open on dogeusdt"),
        ),
    ],
)
def test_each_limit_says_what_it_allows_and_what_was_observed(
    book: SessionBook, limit: str, allowed: Any, order: Terms, told: Denial
) -> None:
    request = asked(order)
    assert judge(book, request) is None
    assert judge(book, request, **{limit: allowed}) == told
    assert judge(book, request, **{limit: allowed * 20 + 100}) is None


@pytest.mark.parametrize(
    ("limit", "allowed", "told"),
    [
        (
            "max_gross_notional",
            Decimal(11),
            Denial(
                "account: max_gross_notional",
                "11 USDT",
                "12 USDT",
                "the positions of all sessions could come to 12 USDT",
            ),
        ),
        (
            "max_unexecuted_notional",
            Decimal(11),
            Denial(
                "account: max_unexecuted_notional",
                "11 USDT",
                "12 USDT",
                "the orders under way of all sessions would come to 12 USDT",
            ),
        ),
        ("max_open_orders", 1, Denial("account: max_open_orders", "1", "1", "1 orders are open of all sessions")),
    ],
)
def test_what_all_sessions_do_is_limited_too(book: SessionBook, limit: str, allowed: Decimal, told: Denial) -> None:
    under_way(book, (Side.SELL, "10"), session=2)
    assert judge(book, asked(terms()), account={limit: allowed}) == told
    assert judge(book, asked(terms()), account={limit: allowed + 1}) is None


def test_a_position_is_counted_as_large_as_it_could_become(book: SessionBook) -> None:
    under_way(holding(book, 40), (Side.BUY, "30"), (Side.SELL, "100"))
    assert judge(book, asked(terms(qty="30")), max_position_notional=MONEY) is None
    assert judge(book, asked(terms(qty="30.1")), max_position_notional=MONEY) is not None, "sales make up for nothing"
    assert judge(book, asked(terms(Side.SELL, "40")), max_position_notional=MONEY) is None
    assert judge(book, asked(terms(Side.SELL, "40.1")), max_position_notional=MONEY) is not None


def test_what_only_reduces_is_never_too_large(book: SessionBook) -> None:
    under_way(holding(book, -1000), (Side.BUY, "400"))
    everything: dict[str, Any] = {
        "max_order_notional": Decimal(1),
        "max_order_qty": Decimal(1),
        "max_reference_age_s": 5,
        "max_position_notional": Decimal(1),
        "max_gross_notional": Decimal(1),
        "max_unexecuted_notional": Decimal(1),
        "block_in_doubt": True,
    }
    account = {"max_gross_notional": Decimal(1), "max_unexecuted_notional": Decimal(1)}
    assert judge(book, asked(terms(qty="600", price=None)), BLIND, account, **everything) is None
    assert judge(book, asked(terms(qty="601")), BLIND, account, **everything) is not None
    assert judge(book, asked(terms(Side.SELL, "1")), BLIND, account, **everything) is not None
    assert judge(book, asked(terms(qty="5000", reduce_only=True)), BLIND, account, **everything) is None


def test_what_reduces_at_once_passes_however_many_orders_are_open(book: SessionBook) -> None:
    under_way(holding(book, 20), (Side.SELL, "10"))
    assert judge(book, asked(terms(Side.SELL)), max_open_orders=1) is not None
    assert judge(book, asked(terms(Side.SELL, price=None)), max_open_orders=1) is None
    assert judge(book, asked(terms(Side.SELL, time_in_force=TimeInForce.IOC)), max_open_orders=1) is None
    assert judge(book, asked(terms(Side.BUY, price=None)), max_open_orders=1) is not None


def test_a_wrong_price_is_refused_even_if_it_reduces(book: SessionBook) -> None:
    assert judge(holding(book, 10), asked(terms(Side.SELL, price="0.06")), max_aggressive_pct=Decimal(10)) is not None


def test_without_a_price_only_what_reduces_is_sent(book: SessionBook) -> None:
    denied = judge(book, asked(terms()), BLIND, max_reference_age_s=5)
    assert denied == Denial("max_reference_age_s", "5 s", "no price", "no price is known")
    assert judge(book, asked(terms()), BLIND) is None, "for those who switched it off"
    assert judge(holding(book, 10), asked(terms(Side.SELL)), BLIND, max_reference_age_s=5) is None
    for_an_amount = terms(Side.SELL, qty="0", price=None, quote_order_qty=Decimal(6))
    assert judge(book, asked(for_an_amount)) is None
    assert judge(book, asked(for_an_amount), BLIND, max_reference_age_s=5) is not None, "of how many nobody knows"


AMOUNTS = ("max_order_notional", "max_position_notional", "max_gross_notional", "max_unexecuted_notional")


@pytest.mark.parametrize("limit", AMOUNTS)
def test_what_cannot_be_measured_at_all_passes_no_limit_of_an_amount(book: SessionBook, limit: str) -> None:
    unknown = Reference(None, problem="no price is known", known="no price")
    of_no_worth = Reference(PX, rate=Decimal(0), problem="what a BTC is worth is not known", known="no price")
    limited: dict[str, Any] = {limit: Decimal(5)}
    at_market = asked(terms(price=None))
    for reference in (unknown, of_no_worth):
        for order in (asked(terms()), at_market):
            denial = judge(book, order, reference, **limited)
            assert denial == Denial(limit, "5 USDT", "no price", reference.problem)
            assert judge(book, order, reference) is None, "for those who limit nothing"
    assert judge(book, at_market, unknown, {"max_gross_notional": MONEY}) == Denial(
        "account: max_gross_notional", "60 USDT", "no price", "no price is known"
    )
    unsized = Asked.of(1, SYMBOL, (Proposed(terms(price=None), Decimal(0), Decimal(0)),))
    assert judge(book, unsized, **limited) is not None
    assert judge(book, at_market, BLIND, **limited) == judge(book, at_market, **limited), "an old price will do"
    assert judge(holding(book, 10), asked(terms(Side.SELL)), unknown, **limited) is None


def test_an_order_in_doubt_keeps_others_of_its_side_back_where_that_is_wanted(book: SessionBook) -> None:
    under_way(book, (Side.BUY, "1"))
    book.doubt(book.orders[client_id(1, 1)])
    reason = f"order {client_id(1, 1)} is in doubt on the same symbol and side"
    assert judge(book, asked(terms()), block_in_doubt=True) == Denial("block_in_doubt", "0", "1", reason)
    assert judge(book, asked(terms(Side.SELL)), block_in_doubt=True) is None
    assert judge(book, asked(terms())) is None


def test_of_two_orders_of_which_one_cancels_the_other_the_larger_counts(book: SessionBook) -> None:
    one, other = client_id(1, 1), client_id(1, 2)
    for name, rival, qty in ((one, other, "70"), (other, one, "50")):
        book.track(Intent(name, 1, terms(Side.SELL, qty), EPOCH, 2_000, rival=rival))
    assert judge(book, asked(terms(Side.SELL, "30")), max_position_notional=MONEY) is None
    assert judge(book, asked(terms(Side.SELL, "31")), max_position_notional=MONEY) is not None


def test_an_amend_is_asked_about_what_it_adds(book: SessionBook) -> None:
    under_way(book, (Side.BUY, "90"))
    amend = Asked.of(1, SYMBOL, (Proposed(terms(qty="100"), Decimal(100), Decimal(10)),), is_new=False)
    limits: dict[str, Any] = {"max_position_notional": MONEY, "max_open_orders": 1, "max_open_orders_of_symbol": 1}
    assert judge(book, amend, **limits) is None
    larger = Asked.of(1, SYMBOL, (Proposed(terms(qty="101"), Decimal(101), Decimal(11)),), is_new=False)
    denial = judge(book, larger, **limits)
    assert denial is not None and denial.limit == "max_position_notional"
    assert judge(book, amend, max_order_notional=Decimal(59)) is not None, "the whole order counts for its own size"


def test_amounts_of_other_quote_assets_count_what_they_are_worth(book: SessionBook) -> None:
    in_btc = structs.replace(AT, rate=Decimal(100_000))
    denial = judge(book, asked(terms()), in_btc, max_order_notional=Decimal(599_999))
    assert denial is not None and denial.observed == "600000 USDT"


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        (terms(price="0.5"), terms(Side.SELL, price="0.52"), None),
        (terms(price="0.5"), terms(Side.SELL, price="0.44"), "it sells at 0.44, 12.00 % beyond 0.5"),
        (terms(price="0.7"), terms(Side.SELL, price="0.52"), "it sells at 0.52, 13.33 % beyond 0.6"),
        (terms(Side.SELL, price="0.7"), terms(price="0.75"), None),
        (terms(Side.SELL, price="0.7"), terms(price="0.9"), "it buys at 0.9, 28.57 % beyond 0.7"),
        (terms(price=None), terms(Side.SELL, price="0.52"), "it sells at 0.52, 13.33 % beyond 0.6"),
        (terms(price="0.5"), terms(Side.SELL, price=None, qty="60"), None),
    ],
)
def test_what_waits_for_another_order_is_measured_with_the_market_of_then(
    book: SessionBook, first: Terms, second: Terms, told: str | None
) -> None:
    size = second.order_qty
    request = Asked.of(1, SYMBOL, (Proposed(second, size, size, first),))
    denial = judge(book, request, max_aggressive_pct=Decimal(10))
    assert told == (denial and denial.reason)


def test_a_price_of_the_own_side_takes_nothing(book: SessionBook) -> None:
    queued = terms(qty="60", price=None, order_type=OrderType.LIMIT, price_match=PriceMatch.QUEUE_5)
    assert judge(book, asked(queued), max_aggressive_pct=Decimal(2)) is None
