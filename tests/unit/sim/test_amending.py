"""Orders get another price or quantity."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from tradingsys.core.enums import OrderStatus, PriceMatch, Side, TimeInForce
from tradingsys.sim.events import Amended, Canceled, ChangeRefused, ExchangeEvent, Executed, NewAmend, Refusal

from .exchange_rig import DOGE, MS, Rig, kinds

D = Decimal
BUY, SELL = Side.BUY, Side.SELL


def amend(
    rig: Rig,
    cid: str,
    qty: str,
    px: str | None,
    *,
    side: Side = BUY,
    account: str = "a",
    modify_id: int = 0,
    match: PriceMatch | None = None,
) -> list[ExchangeEvent]:
    rig.now_ns += MS
    order_id = rig.exchange.venues[DOGE].client_ids.get((account, cid), -1)
    px_or_none = None if px is None else D(px)
    wish = NewAmend(account, DOGE, side, D(qty), px_or_none, order_id, None, modify_id, match)
    return rig.exchange.amend(wish, rig.now_ns)


def refusal(events: Sequence[ExchangeEvent]) -> Refusal:
    (event,) = events
    assert isinstance(event, ChangeRefused)
    return event.refusal


def test_an_amended_order_keeps_its_ids_and_loses_its_place() -> None:
    rig = Rig()
    rig.place("a", BUY, "10", "0.50", cid="first")
    rig.place("a", BUY, "10", "0.50", cid="second")
    before = rig.exchange.ledger.order("a", DOGE, client_order_id="first")
    events = amend(rig, "first", "9", "0.50", modify_id=7)
    assert kinds(events) == ["Amended", "BookChanged"]
    (amended, _) = events
    assert isinstance(amended, Amended)
    assert before is not None
    assert (amended.order.order_id, amended.order.client_order_id) == (before.order_id, "first")
    assert (amended.order.qty, amended.order.modify_id, amended.order.amends) == (D(9), 7, 1)
    sold = rig.place("b", SELL, "10", "0.50")
    (fill, _) = [event.execution for event in sold if isinstance(event, Executed)]
    assert fill.client_order_id == "second"
    (row,) = rig.exchange.ledger.amendments
    assert (row.qty_before, row.qty, row.px_before, row.px, row.count) == (D(10), D(9), D("0.5"), D("0.5"), 1)


def test_an_amend_can_trade_at_once() -> None:
    rig = Rig()
    rig.place("b", SELL, "4", "0.60")
    rig.place("a", BUY, "10", "0.50", cid="x")
    events = amend(rig, "x", "10", "0.60")
    assert kinds(events)[:2] == ["Amended", "Traded"]
    (order,) = rig.exchange.open_orders("a")
    assert (order.cum_qty, order.px, order.status) == (D(4), D("0.60"), OrderStatus.PARTIALLY_FILLED)
    assert rig.exchange.accounts["a"].open_notional(DOGE, BUY) == D("3.60")
    assert rig.exchange.venues[DOGE].book.levels(BUY, 5) == [(60000, 6)]


def test_a_quantity_that_was_executed_already_ends_the_order() -> None:
    rig = Rig()
    rig.place("a", BUY, "10", "0.50", cid="x")
    rig.place("b", SELL, "4", "0.50")
    (canceled, *_) = amend(rig, "x", "4", "0.51")
    assert isinstance(canceled, Canceled)
    assert canceled.order.cum_qty == 4
    assert rig.exchange.accounts["a"].open_notional(DOGE, BUY) == 0


def test_a_post_only_order_that_would_take_is_canceled() -> None:
    rig = Rig()
    rig.place("b", SELL, "10", "0.60")
    rig.place("a", BUY, "10", "0.50", cid="x", post_only=True)
    assert kinds(amend(rig, "x", "10", "0.60"))[0] == "Canceled"
    assert rig.net("a") == 0


def test_what_cannot_be_amended_stays_as_it_is() -> None:
    rig = Rig(deposit="100")
    rig.place("a", BUY, "1000", "0.50", cid="x")
    assert refusal(amend(rig, "x", "1000", "0.50")) is Refusal.UNCHANGED
    assert refusal(amend(rig, "x", "10", "0.40", side=SELL)) is Refusal.WRONG_SIDE
    assert refusal(amend(rig, "nope", "10", "0.40")) is Refusal.UNKNOWN_ORDER
    assert refusal(amend(rig, "x", "10.5", "0.40")) is Refusal.OFF_GRID
    assert refusal(amend(rig, "x", "9000", "0.50")) is Refusal.INSUFFICIENT_MARGIN
    assert refusal(amend(rig, "x", "10", None, match=PriceMatch.OPPONENT)) is Refusal.NO_DEPTH
    (order,) = rig.exchange.open_orders("a")
    assert (order.qty, order.px, order.amends) == (D(1000), D("0.50"), 0)
    assert rig.exchange.ledger.amendments == []


def test_a_price_can_be_taken_from_the_book() -> None:
    rig = Rig()
    rig.place("b", SELL, "10", "0.60")
    rig.place("a", BUY, "10", "0.50", cid="x")
    (amended, *_) = amend(rig, "x", "10", None, match=PriceMatch.OPPONENT)
    assert isinstance(amended, Amended)
    assert (amended.order.px, amended.order.price_match) == (D("0.60"), PriceMatch.OPPONENT)
    assert rig.net("a") == 10


def test_an_order_keeps_its_end() -> None:
    rig = Rig()
    end_ms = rig.now_ns // MS + 1000
    rig.place("a", BUY, "10", "0.50", cid="x", tif=TimeInForce.GTD, good_till_ms=end_ms)
    amend(rig, "x", "11", "0.50")
    assert "Expired" in kinds(rig.exchange.tick(end_ms * MS))


def test_a_countdown_cancels_one_symbols_orders_unless_renewed() -> None:
    rig = Rig()
    rig.place("a", BUY, "10", "0.50", cid="x")
    rig.place("b", BUY, "10", "0.50", cid="y")
    rig.exchange.count_down("a", DOGE, 1_000, rig.now_ns)
    rig.exchange.count_down("a", DOGE, 2_000, rig.now_ns)
    rig.exchange.count_down("b", DOGE, 1_000, rig.now_ns)
    rig.exchange.count_down("b", DOGE, 0, rig.now_ns)
    assert kinds(rig.exchange.tick(rig.now_ns + 1_999 * MS)) == []
    assert kinds(rig.exchange.tick(rig.now_ns + 2_000 * MS)) == ["Canceled", "BookChanged"]
    assert [order.client_order_id for order in rig.exchange.open_orders("b")] == ["y"]
