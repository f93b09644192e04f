"""From an order as it was asked for to one that its symbol's rules allow, as the exchange takes it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TypeAlias

from msgspec import structs

from tradingsys.core.commands import PlaceOrder
from tradingsys.core.enums import OrderType, SelfTradePrevention, SideEffect, TimeInForce
from tradingsys.core.instrument import Instrument
from tradingsys.core.order import Terms
from tradingsys.sim.faces.binance.faults import Fault
from tradingsys.sim.faces.binance.params import Params
from tradingsys.sim.faces.binance_spot.call import Call
from tradingsys.sim.faces.binance_spot.refusals import filter_failure
from tradingsys.sim.order_records import NewOrder
from tradingsys.venues.binance import filters, words
from tradingsys.venues.binance.filters import Rule
from tradingsys.venues.binance.spot import FILTERS
from tradingsys.venues.binance.spot_lists import behind

__all__ = ["DEFAULT_PREVENTION", "new_order"]

DEFAULT_PREVENTION = SelfTradePrevention.EXPIRE_MAKER
"""Of every symbol in the box, as exchangeInfo states."""

_Check: TypeAlias = Callable[[filters.FilterDialect, Instrument, Terms, filters.Against], filters.Broken | None]
_OF_QTY = frozenset(
    {
        Rule.QTY_PRECISION,
        Rule.QTY_NOT_POSITIVE,
        Rule.QTY_TOO_LOW,
        Rule.QTY_TOO_HIGH,
        Rule.QTY_OFF_STEP,
        Rule.MARKET_QTY_TOO_LOW,
        Rule.MARKET_QTY_TOO_HIGH,
        Rule.MARKET_QTY_OFF_STEP,
        Rule.ICEBERG_EXCEEDS,
        Rule.ICEBERG_PARTS,
        Rule.NOTIONAL_TOO_LOW,
        Rule.NOTIONAL_TOO_HIGH,
    }
)


def _whatever_qty(check: _Check) -> _Check:
    def checked(
        dialect: filters.FilterDialect, rules: Instrument, terms: Terms, against: filters.Against
    ) -> filters.Broken | None:
        broken = check(dialect, rules, terms, against)
        return None if broken is not None and broken[0] in _OF_QTY else broken

    return checked


_UNPAID_FILTERS = structs.replace(FILTERS, checks=tuple(_whatever_qty(check) for check in FILTERS.checks))
_LEAST_STRATEGY_TYPE = 1_000_000
_PEGS = ("pegPriceType", "pegOffsetType", "pegOffsetValue")


def new_order(call: Call, placed: PlaceOrder, prefix: str = "", *, unpaid: bool = False) -> NewOrder:
    """An order for the exchange; ``prefix`` stands before the names of a list's parameters that are of this order.

    Of an ``unpaid`` one the quantity is not known yet, and not judged. How many orders may be open is the exchange's to
    say. Raises Fault or VenueError.
    """
    given, terms = call.params, placed.terms
    _check_rules(call, terms, _UNPAID_FILTERS if unpaid else FILTERS)
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


def _check_rules(call: Call, terms: Terms, dialect: filters.FilterDialect) -> None:
    exchange = call.state.exchange
    symbol = call.listed(terms.symbol)
    rules, measured_px = exchange.venues[symbol].instrument, exchange.measured_px(symbol, call.now_ns)
    refusal = filters.check_order(dialect, rules, terms, mark_px=measured_px)
    if refusal is not None:
        raise refusal
    if dialect is FILTERS and _is_beyond_own(call, rules, terms, measured_px):
        raise filter_failure("MAX_ASSET")


def _is_beyond_own(call: Call, rules: Instrument, terms: Terms, measured_px: Decimal) -> bool:
    """Whether an order is about more of an asset than the account may transact at once."""
    value = terms.quote_order_qty or terms.order_qty * (terms.price or terms.stop_px or measured_px)
    limits = call.state.exchange.asset_limits
    return any(
        amount > limits.get((call.account, asset), amount)
        for asset, amount in ((rules.base_asset, terms.order_qty), (rules.quote_asset, value))
    )


def _strategy_type(given: Params, name: str) -> int | None:
    found = given.maybe_integer(name)
    if found is not None and found < _LEAST_STRATEGY_TYPE:
        raise Fault(400, -1134, f"Parameter '{name}' was less than {_LEAST_STRATEGY_TYPE}.")
    return found


def _refuse_pegs(given: Params, prefix: str) -> None:
    """No symbol of the box has ``pegInstructionsAllowed``."""
    if any(given.get(behind(prefix, name)) for name in _PEGS):
        raise Fault(400, -1013, "Pegged orders are not supported for this symbol.")
