"""Conditional orders: the venue's Algo service, by REST and WS-API."""

from __future__ import annotations

from decimal import Decimal

from tradingsys.core.enums import OrderType, SelfTradePrevention, TimeInForce, TriggerPrice
from tradingsys.core.order import Terms
from tradingsys.sim.conditions import Condition, ConditionStatus, NewCondition
from tradingsys.sim.events import ChangeRefused, ConditionChanged, Refusal
from tradingsys.sim.faces.binance.faults import Fault, malformed
from tradingsys.sim.faces.binance.figures import ms
from tradingsys.sim.faces.binance_usdm import orders, render_conditions
from tradingsys.sim.faces.binance_usdm.call import Call
from tradingsys.sim.faces.binance_usdm.order_reads import is_forgotten, time_window
from tradingsys.sim.faces.binance_usdm.refusals import refused
from tradingsys.venues.binance import algo_requests, filters
from tradingsys.venues.binance.messages import AlgoCanceled, AlgoOrder, Done
from tradingsys.venues.binance.usdm import FILTERS

__all__ = ["all_orders", "cancel", "cancel_all", "open_orders", "place", "place_counted", "query"]

_CALLBACK_BOUNDS = (Decimal("0.1"), Decimal(20))
_DEFAULT_PREVENTION = SelfTradePrevention.EXPIRE_MAKER
_WITH_POSITION = "GTE_GTC"
# The band of a price lies around its trigger, and breaking it has codes of its own.
_TRIGGER_BAND = {-4016: -4183, -4024: -4184}
_IN_VAIN = frozenset({ConditionStatus.CANCELED, ConditionStatus.EXPIRED, ConditionStatus.REJECTED})


def place_counted(call: Call) -> AlgoOrder:
    """`POST /fapi/v1/algoOrder`, which counts as an order."""
    wish = _wish(call)
    call.state.limits.spend_order(call.account, call.now_ms)
    return _enter(call, wish)


def place(call: Call) -> AlgoOrder:
    """`algoOrder.place`."""
    return _enter(call, _wish(call))


def _enter(call: Call, wish: NewCondition) -> AlgoOrder:
    events = call.state.exchange.place_condition(wish, call.now_ns)
    call.state.happened += events
    first = events[0]
    if isinstance(first, ChangeRefused):
        # That GTE_GTC needs a position is documented, with which code it is refused without one is not.
        raise refused(Refusal.REDUCE_ONLY if first.refusal is Refusal.NO_POSITION else first.refusal)
    assert isinstance(first, ConditionChanged)
    return render_conditions.placed(first.condition)


def _wish(call: Call) -> NewCondition:
    symbol = call.symbol()
    orders.check_hedge(call)
    placed = algo_requests.parse_algo_place(call.params.values)
    terms = placed.terms
    orders.check_price_match(terms.price_match)
    _check_trigger(call, terms)
    if not terms.close_position:
        _check_filters(call, terms)
    return NewCondition(
        account=call.account,
        symbol=symbol,
        side=terms.side,
        order_type=terms.order_type,
        qty=terms.order_qty,
        px=terms.price,
        trigger_px=terms.stop_px,
        trigger_price=terms.trigger_price or TriggerPrice.LAST,
        time_in_force=terms.time_in_force or TimeInForce.GTC,
        post_only=terms.post_only,
        reduce_only=terms.reduce_only,
        close_position=terms.close_position,
        price_protect=terms.price_protect,
        needs_position=call.params.get("timeInForce") == _WITH_POSITION,
        activation_px=terms.activation_px,
        callback_rate=terms.callback_rate,
        client_algo_id=placed.client_order_id,
        self_trade_prevention=terms.self_trade_prevention or _DEFAULT_PREVENTION,
        good_till_ms=orders.good_till(call, terms),
        price_match=terms.price_match,
    )


def _check_trigger(call: Call, terms: Terms) -> None:
    rules = call.state.exchange.venues[terms.symbol].instrument
    for px in (terms.stop_px, terms.activation_px):
        if px is None:
            continue
        if px <= 0:
            raise (
                Fault(400, -4006, "Stop price less than zero.")
                if px is terms.stop_px
                else Fault(400, -4135, "Invalid activation price.")
            )
        if rules.max_price is not None and px > rules.max_price:
            raise Fault(400, -4007, "Stop price greater than max price.")
        if FILTERS.remainder(px, rules.min_price, rules.tick_size):
            raise Fault(400, -4014, "Price not increased by tick size.")
    if terms.callback_rate is not None:
        lowest, highest = _CALLBACK_BOUNDS
        if not lowest <= terms.callback_rate <= highest:
            raise malformed("callbackRate")


def _check_filters(call: Call, terms: Terms) -> None:
    """What the order will be must be allowed, except for what depends on the market of that moment."""
    venue = call.state.exchange.venues[terms.symbol]
    is_limit = terms.order_type.has_price and terms.price is not None
    child = Terms(
        terms.symbol,
        terms.side,
        OrderType.LIMIT if is_limit else OrderType.MARKET,
        terms.order_qty,
        terms.price,
        reduce_only=terms.reduce_only,
    )
    at = terms.stop_px or terms.activation_px or venue.mark.px
    broken = filters.check_order(FILTERS, venue.instrument, child, mark_px=at)
    if broken is not None:
        raise Fault(400, _TRIGGER_BAND.get(broken.code, broken.code), broken.message)


def cancel(call: Call) -> AlgoCanceled:
    """`DELETE /fapi/v1/algoOrder` and `algoOrder.cancel`.

    Raises Fault (-2011) for an order that does not wait any more.
    """
    algo_id, client_algo_id = algo_requests.parse_algo_name(call.params.values)
    events = call.state.exchange.cancel_condition(
        call.account, call.now_ns, algo_id=algo_id, client_algo_id=client_algo_id
    )
    call.state.happened += events
    first = events[0]
    if isinstance(first, ChangeRefused):
        raise refused(first.refusal)
    assert isinstance(first, ConditionChanged)
    return render_conditions.canceled(first.condition)


def cancel_all(call: Call) -> Done:
    """`DELETE /fapi/v1/algoOpenOrders`."""
    call.state.happened += call.state.exchange.cancel_conditions(call.account, call.symbol(), call.now_ns)
    return Done(code=200, msg="The operation of cancel all open order is done.")


def query(call: Call) -> AlgoOrder:
    """`GET /fapi/v1/algoOrder`: waiting or not.

    Raises Fault (-2013).
    """
    algo_id, client_algo_id = algo_requests.parse_algo_name(call.params.values)
    found = call.state.exchange.ledger.condition(call.account, algo_id, client_algo_id)
    if found is None or not _is_kept(call, found):
        raise Fault(400, -2013, "Order does not exist.")
    return render_conditions.queried(found)


def open_orders(call: Call) -> list[AlgoOrder]:
    """`GET /fapi/v1/openAlgoOrders`, of one symbol or all."""
    algo_id = call.params.maybe_integer("algoId")
    return [
        render_conditions.queried(each)
        for each in call.state.exchange.open_conditions(call.account, call.maybe_symbol())
        if algo_id in (None, each.algo_id) and _is_kept(call, each)
    ]


def all_orders(call: Call) -> list[AlgoOrder]:
    """`GET /fapi/v1/allAlgoOrders`: from an id on, or within a time window, else the newest."""
    symbol, params = call.symbol(), call.params
    from_id = params.maybe_integer("algoId")
    start_ms, end_ms = time_window(call)
    rows = [
        each
        for each in call.state.exchange.ledger.conditions.values()
        if (each.terms.account, each.terms.symbol) == (call.account, symbol)
        and (each.algo_id >= from_id if from_id is not None else start_ms <= ms(each.created_ns) <= end_ms)
        and _is_kept(call, each)
    ]
    limit = call.limit(500, 1000)
    oldest_first = from_id is not None or bool(params.get("startTime"))
    return [render_conditions.queried(each) for each in (rows[:limit] if oldest_first else rows[-limit:])]


def _is_kept(call: Call, condition: Condition) -> bool:
    if call.state.troubles.hides(condition.created_ns, call.now_ns):
        return False
    if condition.status in (ConditionStatus.NEW, ConditionStatus.TRIGGERING, ConditionStatus.TRIGGERED):
        return True
    return not is_forgotten(ms(condition.created_ns), call.now_ms, in_vain=condition.status in _IN_VAIN)
