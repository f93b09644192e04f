"""Orders that wait for a price."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pytest

from tradingsys.core.enums import OrderType, SelfTradePrevention, Side, TimeInForce, TriggerPrice
from tradingsys.sim.conditions import ConditionStatus, NewCondition
from tradingsys.sim.events import ChangeRefused, ConditionChanged, ExchangeEvent, Executed, Refusal
from tradingsys.sim.exchange import Exchange
from tradingsys.sim.markets import load_markets
from tradingsys.sim.state import Options

from .exchange_rig import DOGE, MS, NS, Rig, kinds

D = Decimal
BUY, SELL = Side.BUY, Side.SELL
STOP, STOP_LIMIT = OrderType.STOP_MARKET, OrderType.STOP_LIMIT
TAKE, TRAIL = OrderType.TAKE_PROFIT_MARKET, OrderType.TRAILING_STOP_MARKET


def wait(rig: Rig, kind: OrderType, side: Side, trigger: str | None, qty: str = "10", **more: Any) -> Any:
    rig.now_ns += MS
    px = None if trigger is None else D(trigger)
    wish = NewCondition("a", DOGE, side, kind, D(qty), trigger_px=px, client_algo_id="stop", **more)
    return rig.exchange.place_condition(wish, rig.now_ns)


def print_at(rig: Rig, px: str) -> list[ExchangeEvent]:
    """Somebody else trades at a price, with nothing left in the way."""
    rig.place("b", SELL, "1", px)
    return rig.place("c", BUY, "1", px)


def states(events: Iterable[object]) -> list[ConditionStatus]:
    return [event.condition.status for event in events if isinstance(event, ConditionChanged)]


def market() -> Rig:
    """Last price 0.60, and depth far away from it."""
    rig = Rig("a", "b", "c")
    print_at(rig, "0.60")
    rig.place("b", SELL, "1000", "0.65")
    rig.place("b", BUY, "1000", "0.56")
    return rig


@pytest.mark.parametrize(
    ("kind", "side", "trigger", "before", "at"),
    [
        (STOP, BUY, "0.62", "0.61", "0.62"),
        (STOP, SELL, "0.58", "0.59", "0.58"),
        (TAKE, SELL, "0.62", "0.61", "0.63"),
        (TAKE, BUY, "0.58", "0.59", "0.57"),
    ],
)
def test_a_price_sets_an_order_off(kind: OrderType, side: Side, trigger: str, before: str, at: str) -> None:
    rig = market()
    assert states(wait(rig, kind, side, trigger)) == [ConditionStatus.NEW]
    assert states(print_at(rig, before)) == []
    events = print_at(rig, at)
    assert states(events) == [ConditionStatus.TRIGGERING, ConditionStatus.TRIGGERED, ConditionStatus.FINISHED]
    assert rig.net("a") == 10 * side.sign
    fills = [event.execution for event in events if isinstance(event, Executed)]
    (mine,) = [fill for fill in fills if fill.account == "a"]
    assert mine.client_order_id == "stop"
    found = rig.exchange.ledger.condition("a", client_algo_id="stop")
    assert found is not None
    assert (found.child_id, found.child_qty, found.child_px) == (mine.order_id, D(10), mine.px)
    assert rig.exchange.open_conditions("a") == []


def test_a_child_can_have_an_id_of_its_own() -> None:
    exchange = Exchange((each.listing for each in load_markets()), options=Options(child_keeps_client_id=False))
    rig = Rig("a", "b", "c")
    for name in ("a", "b", "c"):
        exchange.open_account(name, {"USDT": D(1000)})
    rig.exchange = exchange
    print_at(rig, "0.60")
    rig.place("b", SELL, "100", "0.65")
    wait(rig, STOP, BUY, "0.62")
    print_at(rig, "0.62")
    found = exchange.ledger.condition("a", client_algo_id="stop")
    assert found is not None
    child = exchange.ledger.order("a", DOGE, found.child_id)
    assert child is not None
    assert child.client_order_id not in ("", "stop")


def test_a_limit_child_rests_until_it_is_done() -> None:
    rig = market()
    wait(rig, STOP_LIMIT, BUY, "0.62", px=D("0.62"))
    assert states(print_at(rig, "0.62")) == [ConditionStatus.TRIGGERING, ConditionStatus.TRIGGERED]
    (child,) = rig.exchange.open_orders("a")
    assert (child.order_type, child.px) == (OrderType.LIMIT, D("0.62"))
    assert kinds(rig.exchange.cancel_condition("a", rig.now_ns, client_algo_id="stop")) == ["ChangeRefused"]
    events = rig.exchange.cancel("a", DOGE, rig.now_ns, client_order_id="stop")
    assert states(events) == [ConditionStatus.FINISHED]


def test_orders_fire_one_after_the_other_as_the_price_runs() -> None:
    rig = market()
    for number, trigger in enumerate(("0.62", "0.61")):
        rig.now_ns += MS
        wish = NewCondition("a", DOGE, BUY, STOP, D(10), trigger_px=D(trigger), client_algo_id=f"s{number}")
        rig.exchange.place_condition(wish, rig.now_ns)
    rig.place("b", SELL, "5", "0.61")
    events = rig.place("c", BUY, "5", "0.61")
    # The first one runs to 0.65, which sets the second one off.
    fired = [event.condition for event in events if isinstance(event, ConditionChanged)]
    triggering = [each.client_algo_id for each in fired if each.status is ConditionStatus.TRIGGERING]
    assert triggering == ["s1", "s0"]
    assert rig.net("a") == 20


def test_the_mark_price_can_be_watched_instead() -> None:
    rig = market()
    wait(rig, STOP, BUY, "0.62", trigger_price=TriggerPrice.MARK)
    assert states(print_at(rig, "0.63")) == []
    assert rig.exchange.next_deadline_ns is not None
    rig.exchange.cancel_all("b", DOGE, rig.now_ns)
    rig.place("b", BUY, "1000", "0.635")
    rig.place("b", SELL, "1000", "0.645")
    fired: list[ConditionStatus] = []
    for second in range(1, 60):
        fired += states(rig.exchange.tick(rig.now_ns + second * NS))
    assert fired == [ConditionStatus.TRIGGERING, ConditionStatus.TRIGGERED, ConditionStatus.FINISHED]


def test_a_mark_price_from_elsewhere_is_seen() -> None:
    rig = market()
    wait(rig, STOP, BUY, "0.62", trigger_price=TriggerPrice.MARK)
    rig.exchange.venues[DOGE].mark.set(D("0.63"))
    assert states(rig.exchange.tick(rig.now_ns))[0] is ConditionStatus.TRIGGERING


@pytest.mark.parametrize(
    ("kind", "side", "trigger"),
    [(STOP, BUY, "0.60"), (STOP, SELL, "0.61"), (TAKE, BUY, "0.61"), (TAKE, SELL, "0.60")],
)
def test_what_would_trigger_at_once_is_refused(kind: OrderType, side: Side, trigger: str) -> None:
    (event,) = wait(market(), kind, side, trigger)
    assert isinstance(event, ChangeRefused)
    assert event.refusal is Refusal.WOULD_TRIGGER


def test_a_trailing_stop_is_activated_and_then_follows() -> None:
    rig = market()
    (placed,) = wait(rig, TRAIL, SELL, None, activation_px=D("0.62"), callback_rate=D(1))
    assert not placed.condition.is_activated
    assert states(print_at(rig, "0.59")) == []
    (activated,) = [event for event in print_at(rig, "0.62") if isinstance(event, ConditionChanged)]
    assert (activated.condition.status, activated.condition.is_activated) == (ConditionStatus.NEW, True)
    assert states(print_at(rig, "0.64")) == []
    assert states(print_at(rig, "0.634")) == []
    assert states(print_at(rig, "0.6336"))[0] is ConditionStatus.TRIGGERING
    assert rig.net("a") == -10


def test_a_trailing_stop_without_an_activation_price_follows_from_now() -> None:
    rig = market()
    (placed,) = wait(rig, TRAIL, BUY, None, callback_rate=D(5))
    assert placed.condition.is_activated
    assert states(print_at(rig, "0.58")) == []
    assert states(print_at(rig, "0.609"))[0] is ConditionStatus.TRIGGERING


def test_closing_the_position_takes_what_there_is() -> None:
    rig = market()
    rig.place("a", BUY, "70", "0.65")
    print_at(rig, "0.60")
    wait(rig, STOP, SELL, "0.58", qty="0", close_position=True)
    rig.place("a", BUY, "7", "0.65")
    print_at(rig, "0.60")
    print_at(rig, "0.58")
    assert rig.net("a") == 0


def test_nothing_to_close_or_reduce_rejects() -> None:
    rig = market()
    wait(rig, STOP, SELL, "0.58", qty="0", close_position=True)
    events = print_at(rig, "0.58")
    assert states(events) == [ConditionStatus.TRIGGERING, ConditionStatus.REJECTED]
    wait(rig, STOP, SELL, "0.57", reduce_only=True)
    events = print_at(rig, "0.57")
    (_, rejected) = [event.condition for event in events if isinstance(event, ConditionChanged)]
    assert (rejected.status, rejected.reason) == (ConditionStatus.REJECTED, Refusal.REDUCE_ONLY.value)


def test_margin_is_checked_only_at_the_trigger() -> None:
    rig = market()
    wait(rig, STOP, BUY, "0.62", qty="9000000")
    assert states(print_at(rig, "0.62")) == [ConditionStatus.TRIGGERING, ConditionStatus.REJECTED]
    assert rig.net("a") == 0


def test_a_protected_order_does_not_trust_a_price_far_from_mark() -> None:
    rig = market()
    rig.exchange.cancel_all("b", DOGE, rig.now_ns)
    wait(rig, STOP, BUY, "0.62", price_protect=True)
    assert states(print_at(rig, "0.70")) == []
    rig.place("b", SELL, "100", "0.65")
    assert states(print_at(rig, "0.63"))[0] is ConditionStatus.TRIGGERING


def test_two_hundred_may_wait() -> None:
    rig = market()
    for number in range(200):
        wish = NewCondition("a", DOGE, BUY, STOP, D(1), trigger_px=D("0.7"), client_algo_id=str(number))
        assert kinds(rig.exchange.place_condition(wish, rig.now_ns)) == ["ConditionChanged"]
    (event,) = wait(rig, STOP, BUY, "0.62")
    assert event.refusal is Refusal.TOO_MANY_CONDITIONS
    rig.exchange.cancel_conditions("a", DOGE, rig.now_ns)
    assert states(wait(rig, STOP, BUY, "0.62")) == [ConditionStatus.NEW]
    (event,) = wait(rig, STOP, BUY, "0.62")
    assert event.refusal is Refusal.DUPLICATE_CLIENT_ORDER_ID


def test_an_order_with_an_end_expires_at_it() -> None:
    rig = market()
    end_ms = rig.now_ns // MS + 1000
    wait(rig, STOP_LIMIT, BUY, "0.62", px=D("0.62"), time_in_force=TimeInForce.GTD, good_till_ms=end_ms)
    assert states(rig.exchange.tick(end_ms * MS)) == [ConditionStatus.EXPIRED]


def test_an_order_bound_to_its_position_goes_with_it() -> None:
    rig = market()
    (event,) = wait(rig, STOP, SELL, "0.58", needs_position=True)
    assert event.refusal is Refusal.NO_POSITION
    rig.place("a", BUY, "10", "0.65")
    print_at(rig, "0.60")
    wait(rig, STOP, SELL, "0.58", needs_position=True, reduce_only=True)
    rig.place("b", BUY, "10", "0.59")
    rig.place("a", SELL, "5", "0.59")
    assert len(rig.exchange.open_conditions("a")) == 1
    assert states(rig.place("a", SELL, "5", "0.59")) == [ConditionStatus.EXPIRED]


def test_self_trade_prevention_of_the_child() -> None:
    rig = market()
    rig.exchange.cancel_all("b", DOGE, rig.now_ns)
    rig.place("a", SELL, "10", "0.65", cid="mine")
    wait(rig, STOP, BUY, "0.62", self_trade_prevention=SelfTradePrevention.EXPIRE_TAKER)
    assert states(print_at(rig, "0.62"))[-1] is ConditionStatus.FINISHED
    assert [order.client_order_id for order in rig.exchange.open_orders("a")] == ["mine"]
