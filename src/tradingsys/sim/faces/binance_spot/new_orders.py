"""From an order as it was asked for to one that its symbol's rules allow, as the exchange takes it."""

from __future__ import annotations

from tradingsys.core.commands import PlaceOrder
from tradingsys.core.enums import OrderType, SelfTradePrevention, SideEffect, TimeInForce
from tradingsys.core.order import Terms
from tradingsys.sim.faces.binance.faults import Fault
from tradingsys.sim.faces.binance.params import Params
from tradingsys.sim.faces.binance_spot.call import Call
from tradingsys.sim.order_records import NewOrder
from tradingsys.venues.binance import filters, words
from tradingsys.venues.binance.spot import FILTERS
from tradingsys.venues.binance.spot_lists import behind

__all__ = ["DEFAULT_PREVENTION", "new_order"]

DEFAULT_PREVENTION = SelfTradePrevention.EXPIRE_MAKER
"""Of every symbol in the box, as exchangeInfo states."""

_LEAST_STRATEGY_TYPE = 1_000_000
_PEGS = ("pegPriceType", "pegOffsetType", "pegOffsetValue")


def new_order(call: Call, placed: PlaceOrder, prefix: str = "") -> NewOrder:
    """An order for the exchange; ``prefix`` stands before the names of a list's parameters that are of this order.

    How many orders may be open is the exchange's to say. Raises Fault or VenueError.
    """
    given, terms = call.params, placed.terms
    _check_rules(call, terms)
    _refuse_pegs(given, prefix)
    is_trailing = terms.order_type is OrderType.TRAILING_STOP_MARKET
    return NewOrder(
        account=call.account,
        symbol=terms.symbol,
        side=terms.side,
        order_type=OrderType.STOP_MARKET if is_trailing else terms.order_type,
        qty=terms.order_qty,
        px=terms.price,
        time_in_force=terms.time_in_force or TimeInForce.GTC,
        post_only=terms.post_only,
        client_order_id=placed.client_order_id,
        self_trade_prevention=terms.self_trade_prevention or DEFAULT_PREVENTION,
        trigger_px=terms.activation_px if is_trailing else terms.stop_px,
        trailing_bps=None if terms.callback_rate is None else words.trailing_delta(terms.callback_rate),
        iceberg_qty=terms.iceberg_qty,
        quote_qty=terms.quote_order_qty,
        strategy_id=given.maybe_integer(behind(prefix, "strategyId")),
        strategy_type=_strategy_type(given, behind(prefix, "strategyType")),
        side_effect=terms.side_effect or SideEffect.NO_SIDE_EFFECT,
        repay_at_cancel=given.get("autoRepayAtCancel", "true").lower() != "false",
    )


def _check_rules(call: Call, terms: Terms) -> None:
    exchange = call.state.exchange
    symbol = call.listed(terms.symbol)
    rules, measured_px = exchange.venues[symbol].instrument, exchange.measured_px(symbol, call.now_ns)
    refusal = filters.check_order(FILTERS, rules, terms, mark_px=measured_px)
    if refusal is not None:
        raise refusal


def _strategy_type(given: Params, name: str) -> int | None:
    found = given.maybe_integer(name)
    if found is not None and found < _LEAST_STRATEGY_TYPE:
        raise Fault(400, -1134, f"Parameter '{name}' was less than {_LEAST_STRATEGY_TYPE}.")
    return found


def _refuse_pegs(given: Params, prefix: str) -> None:
    """No symbol of the box has ``pegInstructionsAllowed``."""
    if any(given.get(behind(prefix, name)) for name in _PEGS):
        raise Fault(400, -1013, "Pegged orders are not supported for this symbol.")
