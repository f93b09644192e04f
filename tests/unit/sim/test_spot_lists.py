"""Orders that depend on each other."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tradingsys.core.enums import Contingency, OrderStatus, OrderType, Side
from tradingsys.sim.asset_events import ListChanged, ListRejected
from tradingsys.sim.events import (
    Accepted,
    Amended,
    Canceled,
    CancelRefused,
    ExchangeEvent,
    Expired,
    ExpiryReason,
    NewOrder,
    OrderRecord,
    Refusal,
)
from tradingsys.sim.order_lists import ListStatus, ListStep

from .spot_rig import DOGE, SpotRig, kinds, only, order

BUY, SELL = Side.BUY, Side.SELL
OCO, OTO, OTOCO = Contingency.OCO, Contingency.OTO, Contingency.OTOCO
D = Decimal
STOP, STOP_LIMIT, TAKE = OrderType.STOP_MARKET, OrderType.STOP_LIMIT, OrderType.TAKE_PROFIT_MARKET


def above(qty: str = "10", px: str = "0.7", account: str = "a") -> NewOrder:
    return order(account, SELL, qty, px, maker=True, cid="above")


def below(qty: str = "10", px: str = "0.5", account: str = "a") -> NewOrder:
    return order(account, SELL, qty, None, STOP, trigger=px, cid="below")


def records(events: list[ExchangeEvent]) -> list[OrderRecord]:
    return [event.order for event in only(events, Accepted)]


def steps(rig: SpotRig) -> list[tuple[ListStep, ListStatus]]:
    return [(event.record.step, event.record.status) for event in only(rig.events, ListChanged)]


DONE = (ListStep.ALL_DONE, ListStatus.ALL_DONE)
STARTED = (ListStep.EXEC_STARTED, ListStatus.EXECUTING)


def test_a_pair_begins_together_and_locks_once() -> None:
    rig = SpotRig()
    events = rig.place_list(OCO, above(), below(), name="pair")
    assert kinds(events) == ["ListChanged", "Accepted", "Accepted", "BookChanged", "BalancesChanged"]
    record = only(events, ListChanged)[0].record
    assert (record.client_list_id, record.contingency, record.symbol) == ("pair", OCO, DOGE)
    assert [leg.client_order_id for leg in record.legs] == ["above", "below"]
    assert all(each.list_id == record.list_id for each in records(events))
    assert rig.locked("a", "DOGE") == 10
    assert rig.exchange.open_lists("a") == [record]
    assert rig.exchange.ledger.order_list("a", client_list_id="pair") == record


def test_of_a_buying_pair_the_dearer_is_locked() -> None:
    rig = SpotRig()
    stop = order("a", BUY, "10", "0.8", STOP_LIMIT, trigger="0.7")
    rig.place_list(OCO, stop, order("a", BUY, "10", "0.5", maker=True))
    assert rig.locked("a", "USDT") == 8


def test_what_there_are_too_many_of_is_named() -> None:
    rig = SpotRig()
    for _ in range(4):
        rig.rest(order("a", SELL, "1", None, STOP, trigger="0.58"))
    both = (below(), order("a", SELL, "10", None, TAKE, trigger="0.7"))
    assert [event.refusal for event in only(rig.place_list(OCO, *both), ListRejected)] == [Refusal.TOO_MANY_CONDITIONS]
    assert only(rig.place_list(OCO, above(), below()), ListChanged)
    for _ in range(193):
        rig.rest(order("a", BUY, "1", "0.3"))
    many = rig.place_list(OCO, above(), below())
    assert [event.refusal for event in only(many, ListRejected)] == [Refusal.TOO_MANY_ORDERS]


def test_when_the_stop_triggers_the_limit_order_expires_first() -> None:
    rig = SpotRig()
    limit, stop = records(rig.place_list(OCO, above(), below()))
    rig.quote(BUY, "100", "0.45")
    events = rig.trade_at("0.5")
    assert kinds(events) == [
        "Expired",
        "Triggered",
        "Traded",
        "Executed",
        "BookChanged",
        "ListChanged",
        "BalancesChanged",
    ]
    assert only(events, Expired)[0].order.expiry is ExpiryReason.OTHER_LEG
    assert (rig.now(limit).status, rig.now(stop).status) == (OrderStatus.EXPIRED, OrderStatus.FILLED)
    assert steps(rig) == [STARTED, DONE]
    assert rig.locked("a", "DOGE") == 0


def test_a_triggered_stop_limit_order_rests_alone() -> None:
    rig = SpotRig()
    stop = order("a", SELL, "10", "0.49", STOP_LIMIT, trigger="0.5")
    limit, waiting = records(rig.place_list(OCO, above(), stop))
    rig.trade_at("0.5")
    assert (rig.now(limit).expiry, rig.now(waiting).status) == (ExpiryReason.OTHER_LEG, OrderStatus.NEW)
    assert (rig.locked("a", "DOGE"), steps(rig)) == (D(10), [STARTED])
    rig.quote(BUY, "10", "0.49")
    assert steps(rig) == [STARTED, DONE]


def test_the_first_fill_of_the_limit_order_ends_the_stop() -> None:
    rig = SpotRig()
    limit, stop = records(rig.place_list(OCO, above(), below()))
    events = rig.place(order("b", BUY, "4", "0.7"))
    assert rig.now(stop).expiry is ExpiryReason.OTHER_LEG
    assert (rig.now(limit).status, rig.locked("a", "DOGE")) == (OrderStatus.PARTIALLY_FILLED, D(6))
    assert not only(events, ListChanged)
    rig.place(order("b", BUY, "6", "0.7"))
    assert steps(rig) == [STARTED, DONE]


@pytest.mark.parametrize("number", [0, 1])
def test_cancelling_one_cancels_both(number: int) -> None:
    rig = SpotRig()
    pair = records(rig.place_list(OCO, above(), below()))
    events = rig.cancel(pair[number])
    assert [event.order.order_id for event in only(events, Canceled)] == [
        pair[number].order_id,
        pair[1 - number].order_id,
    ]
    assert steps(rig)[-1] == DONE
    assert rig.locked("a", "DOGE") == 0


def test_a_list_is_cancelled_by_either_id() -> None:
    rig = SpotRig()
    for number in range(2):
        record = only(rig.place_list(OCO, above(), below(), name=f"pair{number}"), ListChanged)[0].record
        name = {"list_id": record.list_id} if number else {"client_list_id": record.client_list_id}
        events = rig.exchange.cancel_list("a", DOGE, rig.now_ns, **name)
        assert [kind for kind in kinds(events) if kind != "BookChanged"] == [
            "Canceled",
            "Canceled",
            "ListChanged",
            "BalancesChanged",
        ]
        again = rig.exchange.cancel_list("a", DOGE, rig.now_ns, **name)
        assert again == [CancelRefused("a", DOGE, Refusal.UNKNOWN_LIST)]


def test_an_amend_of_one_makes_both_smaller() -> None:
    rig = SpotRig()
    limit, stop = records(rig.place_list(OCO, above(), below()))
    events = rig.amend(limit, "7", "other")
    assert [event.order.qty for event in only(events, Amended)] == [D(7), D(7)]
    record = only(events, ListChanged)[0].record
    assert (record.step, [leg.client_order_id for leg in record.legs]) == (ListStep.UPDATED, ["other", "below"])
    assert rig.locked("a", "DOGE") == 7
    assert rig.now(stop).client_order_id == "below"


@pytest.mark.parametrize(
    ("legs", "refused", "number"),
    [
        ((above(px="0.55"), below()), Refusal.BAD_LIST_PRICES, 0),
        ((above(), below(px="0.65")), Refusal.BAD_LIST_PRICES, 0),
        ((above(qty="100001"), below(qty="100001")), Refusal.INSUFFICIENT_BALANCE, 0),
        (
            (above(), order("a", SELL, "10", None, STOP, trigger="0.5", cid="above")),
            Refusal.DUPLICATE_CLIENT_ORDER_ID,
            0,
        ),
        ((above(), below(qty="10.5")), Refusal.OFF_GRID, 1),
    ],
)
def test_a_list_is_refused_as_a_whole(legs: tuple[NewOrder, ...], refused: Refusal, number: int) -> None:
    rig = SpotRig()
    rejected = rig.place_list(OCO, *legs)
    assert len(rejected) == 1 and isinstance(rejected[0], ListRejected)
    assert (rejected[0].refusal, rejected[0].leg) == (refused, number)
    assert not rig.exchange.open_orders("a") and not rig.exchange.open_lists("a")
    assert rig.locked("a", "DOGE") == 0


def test_the_pending_order_begins_when_the_working_one_is_filled() -> None:
    rig = SpotRig(deposits={"USDT": "10"})
    working, pending = records(rig.place_list(OTO, order("a", BUY, "10", "0.5"), order("a", SELL, "9", "0.7")))
    assert (pending.status, pending.is_working) == (OrderStatus.PENDING_NEW, False)
    rig.quote(SELL, "6", "0.5")
    assert (rig.now(working).status, rig.now(pending).status) == (OrderStatus.PARTIALLY_FILLED, OrderStatus.PENDING_NEW)
    rig.quote(SELL, "4", "0.5")
    begun = rig.now(pending)
    assert (begun.status, begun.is_working, begun.working_ns) == (OrderStatus.NEW, True, rig.now_ns)
    assert [each.status for each in records(rig.events) if each.order_id == pending.order_id] == [
        OrderStatus.PENDING_NEW,
        OrderStatus.NEW,
    ]
    assert (rig.free("a", "DOGE"), rig.locked("a", "DOGE")) == (D("0.99"), D(9))
    assert steps(rig) == [STARTED]
    rig.quote(BUY, "9", "0.7")
    assert steps(rig) == [STARTED, DONE]


def test_a_working_order_that_fills_at_once_is_told_after_its_pending_one() -> None:
    rig = SpotRig()
    rig.quote(SELL, "10", "0.5")
    events = rig.place_list(OTO, order("a", BUY, "10", "0.5"), order("a", SELL, "9", "0.7"))
    assert [each.status for each in records(events)] == [OrderStatus.NEW, OrderStatus.PENDING_NEW, OrderStatus.NEW]


def test_what_the_pending_order_sells_may_not_be_enough() -> None:
    rig = SpotRig(deposits={"USDT": "10"})
    _, pending = records(rig.place_list(OTO, order("a", BUY, "10", "0.5"), order("a", SELL, "10", "0.7")))
    rig.quote(SELL, "10", "0.5")  # the fee leaves 9.99
    assert (rig.now(pending).status, rig.now(pending).expiry) == (OrderStatus.EXPIRED, ExpiryReason.UNPAYABLE)
    assert steps(rig) == [STARTED, DONE]


def test_a_working_order_that_ends_unfilled_takes_the_pending_one_along() -> None:
    rig = SpotRig()
    working, pending = records(rig.place_list(OTO, order("a", BUY, "10", "0.5"), order("a", SELL, "10", "0.7")))
    rig.quote(SELL, "4", "0.5")
    rig.amend(working, "4")
    assert (rig.now(pending).status, rig.now(pending).expiry) == (OrderStatus.EXPIRED, ExpiryReason.FIRST_PHASE)
    assert steps(rig)[-1] == DONE


@pytest.mark.parametrize("number", [0, 1])
def test_cancelling_either_order_cancels_the_list(number: int) -> None:
    rig = SpotRig()
    orders = records(rig.place_list(OTO, order("a", BUY, "10", "0.5"), order("a", SELL, "10", "0.7")))
    rig.cancel(orders[number])
    assert {rig.now(each).status for each in orders} == {OrderStatus.CANCELED}
    assert steps(rig) == [STARTED, DONE]


def test_one_triggers_a_pair() -> None:
    rig = SpotRig()
    first, limit, stop = records(rig.place_list(OTOCO, order("a", BUY, "10", "0.55"), above("9"), below("9")))
    assert {rig.now(each).status for each in (limit, stop)} == {OrderStatus.PENDING_NEW}
    rig.quote(SELL, "10", "0.55")
    assert rig.now(first).status is OrderStatus.FILLED
    assert (rig.now(limit).is_working, rig.now(stop).is_working) == (True, False)
    assert rig.locked("a", "DOGE") == 9
    rig.quote(BUY, "9", "0.7")
    assert (rig.now(limit).status, rig.now(stop).expiry) == (OrderStatus.FILLED, ExpiryReason.OTHER_LEG)
    assert steps(rig) == [STARTED, DONE]


def test_a_pending_stop_that_is_due_when_its_turn_comes_triggers() -> None:
    rig = SpotRig()
    rig.quote(BUY, "20", "0.4")
    first, stop = records(rig.place_list(OTO, order("a", BUY, "10", "0.45"), below("9", px="0.5")))
    rig.quote(SELL, "10", "0.45")
    assert (rig.now(first).status, rig.now(stop).status) == (OrderStatus.FILLED, OrderStatus.FILLED)
    assert steps(rig) == [STARTED, DONE]


def test_a_take_profit_may_be_the_order_above() -> None:
    rig = SpotRig()
    rig.quote(BUY, "20", "0.58")
    take = order("a", SELL, "10", None, TAKE, trigger="0.7")
    first, second = records(rig.place_list(OCO, take, below()))
    rig.trade_at("0.71")
    assert (rig.now(first).status, rig.now(second).status) == (OrderStatus.FILLED, OrderStatus.EXPIRED)


def test_only_so_many_lists() -> None:
    rig = SpotRig()
    for number in range(20):
        rig.place_list(OTO, order("a", BUY, "10", "0.5"), order("a", SELL, "10", "0.7"), name=str(number))
    last = rig.place_list(OTO, order("a", BUY, "10", "0.5"), order("a", SELL, "10", "0.7"))
    assert isinstance(last[0], ListRejected) and last[0].refusal is Refusal.TOO_MANY_LISTS
    rig.exchange.cancel_all("a", DOGE, rig.now_ns)
    assert not rig.exchange.open_lists("a")
