"""What a session could come to hold: kept up with every change it is what a sum over all orders says."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import example, given
from hypothesis import strategies as st
from msgspec import structs

from tests.unit.oms.books import EPOCH, SYMBOL, client_id, empty_book, fill, intent
from tradingsys.core.commands import ReplaceOrder
from tradingsys.core.enums import OrderStatus, Side
from tradingsys.core.ids import EXTERNAL
from tradingsys.core.order import Closed, Order
from tradingsys.core.records import Intent
from tradingsys.oms.exposure import Exposure, Line
from tradingsys.oms.session_book import SessionBook

ZERO = Decimal(0)
SESSIONS = (1, 2)


def summed(book: SessionBook) -> dict[int, tuple[Decimal, Decimal, Decimal, int, set[str]]]:
    """By session, from scratch: net, buys, sells, open orders, orders in doubt."""
    sums: dict[int, tuple[Decimal, Decimal, Decimal, int, set[str]]] = {}
    for session in SESSIONS:
        under_way = dict.fromkeys(Side, ZERO)
        rivals: dict[str, list[Decimal]] = {}
        mine = [
            order
            for order in book.orders.values()
            if order.session == session and order.known_terms is not None and not order.is_unproven
        ]
        for order in mine:
            assert order.known_terms is not None
            side = order.known_terms.side
            under_way[side] += order.facts.missing_qty
            if order.rival:
                rivals.setdefault("|".join([side, *sorted((order.client_order_id, order.rival))]), []).append(
                    order.worst_leaves_qty
                )
            else:
                under_way[side] += order.worst_leaves_qty
        for name, sizes in rivals.items():
            under_way[Side(name.split("|")[0])] += max(sizes)
        is_open = [order for order in mine if order.is_open]
        doubts = {order.client_order_id for order in is_open if order.in_doubt}
        sums[session] = (book.net(session, SYMBOL), under_way[Side.BUY], under_way[Side.SELL], len(is_open), doubts)
    return sums


def assert_kept_up(book: SessionBook, worth: Decimal) -> None:
    kept = {session: book.exposure.line(session, SYMBOL) for session in SESSIONS}
    assert {
        session: (line.net, line.buys, line.sells, line.orders, set(line.doubts)) for session, line in kept.items()
    } == summed(book)
    totals = {session: book.exposure.total(session) for session in SESSIONS}
    for session, line in kept.items():
        total = totals[session]
        assert (total.gross, total.under_way, total.orders) == (
            line.worst() * worth,
            line.under_way * worth,
            line.orders,
        )
    account = book.exposure.account
    assert account.gross == sum(total.gross for total in totals.values())
    assert account.under_way == sum(total.under_way for total in totals.values())
    assert account.orders == sum(total.orders for total in totals.values())


SEQS = st.integers(1, 6)
STEPS = st.lists(st.tuples(st.integers(0, 10), SEQS, st.integers(0, 12)), max_size=40)


def step(book: SessionBook, what: int, seq: int, number: int) -> None:
    session, side = 1 + seq % 2, Side.BUY if seq % 3 else Side.SELL
    name = client_id(session, seq)
    order = book.orders.get(name)
    terms = structs.replace(intent(session, seq, side).terms, version_ms=EPOCH + number)
    said = Order((name,), str(seq), terms, accepted=True)
    if order is None:
        rival = client_id(session, seq + 2) if seq in (1, 2) else client_id(session, seq - 2) if seq in (3, 4) else ""
        sent_ms = EPOCH if seq != 6 else 0  # told by its strategy alone
        book.track(Intent(name, session, structs.replace(terms, version_ms=0), sent_ms, 2_000, rival=rival))
        return
    match what:
        case 0:
            book.learn(said, SYMBOL, EPOCH)
        case 1:
            executed = fill(100 + seq * 20 + number, str(seq), "1", side)
            book.learn(Order(venue_order_id=str(seq), fills={executed.exec_id: executed}), SYMBOL, EPOCH)
        case 2:
            book.learn(structs.replace(said, venue_cum_qty=Decimal(min(number, 10))), SYMBOL, EPOCH)
        case 3:
            book.learn(structs.replace(said, closed=Closed(OrderStatus.CANCELED, EPOCH + number)), SYMBOL, EPOCH)
        case 4:
            book.doubt(order)
        case 5:
            book.believe_absent(order)
        case 6:
            book.refuse(order, Closed(OrderStatus.REJECTED, EPOCH, -1, "no"))
        case 7:
            revision, qty = order.revisions + 1, Decimal(number + 1)
            book.replacing(order, ReplaceOrder(name, SYMBOL, side, qty, Decimal(1), revision, EPOCH, 2_000))
        case 8:
            book.replace_ended(order)
        case 9:
            if order.replace is not None:
                changed = structs.replace(
                    terms, order_qty=order.replace.order_qty, revision=order.replace.revision, version_ms=EPOCH + 50
                )
                book.learn(structs.replace(said, terms=changed), SYMBOL, EPOCH)
        case 10:
            if not order.has_evidence:
                book.untrack(order)
    if number == 12:
        book.set_net(session, SYMBOL, Decimal(seq), EPOCH, "set by hand")


@given(STEPS)
@example([(0, 6, 0), (4, 6, 0), (0, 6, 0)])
def test_what_is_kept_up_is_what_a_sum_over_all_orders_says(steps: list[tuple[int, int, int]]) -> None:
    book, worth = empty_book(), ZERO
    for what, seq, number in steps:
        step(book, what, seq, number)
        if number == 11:
            worth = Decimal(seq)
            book.exposure.value(SYMBOL, worth)
        assert_kept_up(book, worth)


def test_longs_and_shorts_are_apart() -> None:
    line = Line()
    line.net, line.buys, line.sells = Decimal(2), Decimal(5), Decimal(4)
    assert line.worst() == 7 and line.worst_of(Side.SELL) == 2, "what is sold makes up for nothing that is bought"
    assert line.worst(sells=Decimal(10)) == 12


def test_only_as_much_as_is_held_reduces() -> None:
    book = empty_book()
    book.set_net(1, SYMBOL, Decimal(10), EPOCH, "set by hand")
    book.track(intent(1, 1, Side.SELL, "4"))
    line = book.exposure.line(1, SYMBOL)
    assert line.worst_of(Side.SELL, Decimal(6)) == 0 < line.worst_of(Side.BUY, Decimal("0.1"))


def test_what_belongs_to_no_session_is_nobodys_exposure() -> None:
    assert not Exposure({(EXTERNAL, SYMBOL): Decimal(5)}).lines
