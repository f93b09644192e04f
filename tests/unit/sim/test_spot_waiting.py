"""Orders that wait for a price, and amends."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tradingsys.core.enums import OrderStatus, OrderType, Side
from tradingsys.sim.events import (
    Amended,
    BookChanged,
    Executed,
    Expired,
    ExpiryReason,
    Refusal,
)

from .spot_rig import DOGE, SpotRig, kinds, only, order, refusal

BUY, SELL = Side.BUY, Side.SELL
D = Decimal


def test_a_stop_works_under_its_own_id() -> None:
    rig = SpotRig()
    rig.quote(BUY, "100", "0.55")
    stop = rig.rest(order("a", SELL, "10", None, OrderType.STOP_MARKET, trigger="0.58"))
    assert (stop.status, stop.is_working, stop.working_ns) == (OrderStatus.NEW, False, 0)
    assert rig.locked("a", "DOGE") == 10
    assert rig.trade_at("0.59") == []
    events = rig.trade_at("0.58")
    assert kinds(events) == ["Triggered", "Traded", "Executed", "BookChanged", "BalancesChanged"]
    done = rig.now(stop)
    assert (done.order_id, done.status, done.is_working) == (stop.order_id, OrderStatus.FILLED, True)
    assert done.working_ns == rig.now_ns
    assert rig.free("a", "USDT") == D(100000) + D("5.5") - D("0.0055")


def test_a_stop_limit_rests_once_triggered() -> None:
    rig = SpotRig()
    stop = rig.rest(order("a", BUY, "10", "0.65", OrderType.STOP_LIMIT, trigger="0.62"))
    assert not only(rig.events, BookChanged)
    assert rig.locked("a", "USDT") == D("6.5")
    rig.trade_at("0.63")
    assert only(rig.events, BookChanged)[-1].bids == [(65000, 10)]
    assert kinds(rig.cancel(stop)) == ["Canceled", "BookChanged", "BalancesChanged"]


def test_a_triggered_market_order_that_cannot_be_paid_is_rejected_whole() -> None:
    """`user-data-stream.md`: of contingent orders REJECTED means, commonly, lack of funds."""
    rig = SpotRig(deposits={"USDT": "10"})
    stop = rig.rest(order("a", BUY, "10", None, OrderType.STOP_MARKET, trigger="0.7"))
    assert (rig.free("a", "USDT"), rig.locked("a", "USDT")) == (D(3), D(7))
    rig.quote(SELL, "100", "1.5")
    assert kinds(rig.trade_at("0.7")) == ["Expired", "BalancesChanged"]
    done = rig.now(stop)
    assert (done.status, done.expiry, done.cum_qty) == (OrderStatus.EXPIRED, ExpiryReason.UNPAYABLE, D(0))
    assert (rig.free("a", "USDT"), rig.locked("a", "USDT")) == (D(10), D(0))
    stop = rig.rest(order("a", BUY, "10", None, OrderType.STOP_MARKET, trigger="0.75"))
    rig.quote(SELL, "100", "0.9")
    rig.trade_at("0.8")
    assert (rig.now(stop).cum_qty, rig.free("a", "USDT")) == (D(10), D(1))


@pytest.mark.parametrize(
    ("side", "kind", "trigger", "bps", "path", "fires_at"),
    [
        # The scenarios A to E of Binance's questions and answers on trailing stops, at a hundred-thousandth.
        (BUY, OrderType.STOP_LIMIT, "0.44", 500, "0.37 0.43 0.44 0.45 0.46 0.42 0.44099 0.441", "0.441"),
        (SELL, OrderType.STOP_LIMIT, "0.39", 1000, "0.415 0.39 0.37 0.41 0.36901 0.369", "0.369"),
        (BUY, OrderType.TAKE_PROFIT_LIMIT, "0.38", 850, "0.42 0.38 0.37 0.39 0.38 0.40144 0.40145", "0.40145"),
        (SELL, OrderType.TAKE_PROFIT_LIMIT, "0.42", 750, "0.415 0.39 0.42 0.45 0.44 0.465 0.43013 0.43012", "0.43012"),
        (SELL, OrderType.STOP_LIMIT, None, 700, "0.42 0.395 0.455 0.42316 0.42315", "0.42315"),
    ],
)
def test_trailing_stops(side: Side, kind: OrderType, trigger: str | None, bps: int, path: str, fires_at: str) -> None:
    rig = SpotRig()
    rig.trade_at("0.40")
    stop = rig.rest(order("a", side, "10", "0.41", kind, trigger=trigger, bps=bps))
    assert (stop.trailing_ns > 0) is (trigger is None)
    for px in path.split():
        rig.trade_at(px)
        assert rig.now(stop).is_working is (px == fires_at), px
    assert rig.now(stop).trailing_ns > 0


def test_a_canceled_stop_never_fires() -> None:
    rig = SpotRig()
    stop = rig.rest(order("a", SELL, "10", None, OrderType.STOP_MARKET, trigger="0.58"))
    rig.cancel(stop)
    assert rig.locked("a", "DOGE") == 0
    assert kinds(rig.trade_at("0.5")) == []


def test_only_so_many_conditional_orders() -> None:
    rig = SpotRig()
    for _ in range(5):
        rig.rest(order("a", SELL, "10", None, OrderType.STOP_MARKET, trigger="0.58"))
    fifth = rig.place(order("a", SELL, "10", None, OrderType.STOP_MARKET, trigger="0.58"))
    assert refusal(list(fifth)) is Refusal.TOO_MANY_CONDITIONS


# --- amends


def test_an_amended_order_keeps_its_place_and_gets_a_name() -> None:
    rig = SpotRig()
    first = rig.rest(order("a", BUY, "10", "0.5", cid="one"))
    rig.rest(order("b", BUY, "10", "0.5"))
    events = rig.amend(first, "6")
    assert kinds(events) == ["Amended", "BookChanged", "BalancesChanged"]
    amended = only(events, Amended)[0]
    assert (amended.order.order_id, amended.order.qty, amended.order.amends) == (first.order_id, D(6), 1)
    assert amended.order.client_order_id not in ("", "one")
    assert amended.amendment is not None
    row = rig.exchange.ledger.amendments[0]
    assert (row.client_order_id, row.new_client_order_id) == ("one", amended.order.client_order_id)
    assert (row.qty_before, row.qty) == (D(10), D(6))
    assert rig.locked("a", "USDT") == 3
    fills = only(rig.place(order("house", SELL, "8", "0.5")), Executed)
    assert [(fill.order.account, fill.execution.qty) for fill in fills] == [("a", D(6)), ("b", D(2))]
    found = rig.exchange.ledger.order("a", DOGE, client_order_id=amended.order.client_order_id)
    assert found is not None and found.order_id == first.order_id


def test_an_amend_may_keep_the_name_and_must_make_it_smaller() -> None:
    rig = SpotRig()
    mine = rig.rest(order("a", BUY, "30", "0.5", cid="one"))
    other = rig.rest(order("a", BUY, "30", "0.5", cid="two"))
    assert rig.amend(mine, "29", "one") and rig.now(mine).client_order_id == "one"
    assert refusal(list(rig.amend(mine, "29"))) is Refusal.UNCHANGED
    assert refusal(list(rig.amend(mine, "40"))) is Refusal.NOT_SMALLER
    assert refusal(list(rig.amend(mine, "20", "two"))) is Refusal.CLIENT_ID_IN_USE
    for number in range(9):
        assert kinds(rig.amend(mine, str(28 - number), "one"))[0] == "Amended"
    assert refusal(list(rig.amend(mine, "5", "one"))) is Refusal.TOO_MANY_AMENDS
    rig.cancel(other)
    assert refusal(list(rig.amend(other, "20"))) is Refusal.UNKNOWN_ORDER


def test_an_amend_that_leaves_nothing_ends_the_order() -> None:
    rig = SpotRig()
    mine = rig.rest(order("a", BUY, "30", "0.5"))
    rig.place(order("b", SELL, "20", "0.5"))
    ended = only(rig.amend(mine, "20"), Expired)[0].order
    assert (ended.status, ended.expiry, ended.cum_qty) == (OrderStatus.EXPIRED, ExpiryReason.AMENDED, D(20))
    assert rig.locked("a", "USDT") == 0
