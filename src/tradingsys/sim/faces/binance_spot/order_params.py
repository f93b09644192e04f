"""Reading what an order shall be, alone or in a list, with spot's words for what is wrong with it."""

from __future__ import annotations

import re
from decimal import Decimal

from tradingsys.core.enums import OrderType, SelfTradePrevention, Side, SideEffect, TimeInForce
from tradingsys.sim.faces.binance.faults import Fault, illegal, malformed, missing
from tradingsys.sim.faces.binance.params import Params
from tradingsys.sim.order_records import NewOrder
from tradingsys.venues.binance import words

__all__ = ["DEFAULT_PREVENTION", "client_id", "leg_params", "order_name", "read_order", "side"]

DEFAULT_PREVENTION = SelfTradePrevention.EXPIRE_MAKER
"""Of every symbol in the box, as exchangeInfo states."""

_CLIENT_ID = re.compile(r"^[a-zA-Z0-9-_]{1,36}$")
_TIMES_IN_FORCE = frozenset({"GTC", "IOC", "FOK"})
_LEAST_STRATEGY_TYPE = 1_000_000
_MARKETS = frozenset({OrderType.MARKET, OrderType.STOP_MARKET, OrderType.TAKE_PROFIT_MARKET})
_PEGS = ("pegPriceType", "pegOffsetType", "pegOffsetValue")
_LEG_FIELDS = {
    "type": "Type",
    "side": "Side",
    "quantity": "Quantity",
    "price": "Price",
    "stopPrice": "StopPrice",
    "trailingDelta": "TrailingDelta",
    "timeInForce": "TimeInForce",
    "icebergQty": "IcebergQty",
    "newClientOrderId": "ClientOrderId",
    "strategyId": "StrategyId",
    "strategyType": "StrategyType",
    **{name: name[0].upper() + name[1:] for name in _PEGS},
}
_OF_ALL = ("symbol", "side", "quantity", "selfTradePreventionMode", "sideEffectType", "autoRepayAtCancel")


def client_id(given: Params, name: str) -> str:
    """A client's own id, empty when absent.

    Raises Fault (-1100).
    """
    text = given.get(name)
    if text and not _CLIENT_ID.fullmatch(text):
        raise illegal(name, _CLIENT_ID.pattern)
    return text


def side(given: Params, name: str = "side") -> Side:
    """Which side an order is on.

    Raises Fault (-1102, -1117).
    """
    found = words.SIDES.get(given.text(name))
    if found is None:
        raise Fault(400, -1117, "Invalid side.")
    return found


def order_name(given: Params) -> tuple[int | None, str | None]:
    """Which order is meant: by the exchange's id, by the client's, or by both.

    Raises Fault (-1102) when neither is given.
    """
    order_id, own_id = given.maybe_integer("orderId"), given.get("origClientOrderId")
    if order_id is None and not own_id:
        raise Fault(400, -1102, "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!")
    return order_id, own_id or None


def leg_params(given: Params, prefix: str) -> Params:
    """The parameters of one order of a list, by the names that they have for an order alone."""
    values = {name: given.values[name] for name in _OF_ALL if name in given.values}
    for name, suffix in _LEG_FIELDS.items():
        if f"{prefix}{suffix}" in given.values:
            values[name] = given.values[f"{prefix}{suffix}"]
    return Params(values)


def read_order(given: Params, account: str) -> NewOrder:
    """An order as it was asked for; the symbol's own rules are not looked at.

    Raises Fault for what is missing (-1102), for nobody's word (-1115, -1116, -1117, -1130), for characters that are
    not allowed (-1100) and for what this type of order does not have (-1106).
    """
    order_type, post_only = _order_type(given)
    its_side = side(given)
    px, qty, quote_qty = _amounts(given, order_type)
    trigger_px, trailing_bps = _trigger(given, order_type)
    time_in_force = _time_in_force(given, order_type, post_only)
    _refuse_pegs(given)
    return NewOrder(
        account=account,
        symbol=given.text("symbol"),
        side=its_side,
        order_type=order_type,
        qty=qty,
        px=px,
        time_in_force=time_in_force,
        post_only=post_only,
        client_order_id=client_id(given, "newClientOrderId"),
        self_trade_prevention=_prevention(given),
        trigger_px=trigger_px,
        trailing_bps=trailing_bps,
        iceberg_qty=_iceberg(given, order_type, post_only, time_in_force, qty),
        quote_qty=quote_qty,
        strategy_id=given.maybe_integer("strategyId"),
        strategy_type=_strategy_type(given),
        side_effect=_side_effect(given),
        repay_at_cancel=given.get("autoRepayAtCancel", "true").lower() != "false",
    )


def _order_type(given: Params) -> tuple[OrderType, bool]:
    word = given.text("type")
    found = words.SPOT_ORDER_TYPES.get(word)
    if found is None:
        raise Fault(400, -1116, "Invalid orderType.")
    return found, word == "LIMIT_MAKER"


def _amounts(given: Params, order_type: OrderType) -> tuple[Decimal | None, Decimal, Decimal | None]:
    """Price, quantity, and quantity in quote."""
    px, quote_qty = given.maybe_decimal("price"), given.maybe_decimal("quoteOrderQty")
    if order_type in _MARKETS and px is not None:
        raise _not_required("price")
    if order_type not in _MARKETS:
        px = _positive("price", given.decimal("price"))
    if quote_qty is not None and order_type is not OrderType.MARKET:
        raise _not_required("quoteOrderQty")
    if quote_qty is None:
        return px, _positive("quantity", given.decimal("quantity")), None
    if given.get("quantity"):
        raise Fault(400, -1128, "Combination of optional parameters invalid.")
    return px, Decimal(0), _positive("quoteOrderQty", quote_qty)


def _positive(name: str, value: Decimal) -> Decimal:
    if value <= 0:
        raise Fault(400, -1013, f"Invalid {name}.")
    return value


def _trigger(given: Params, order_type: OrderType) -> tuple[Decimal | None, int | None]:
    trigger_px, trailing_bps = given.maybe_decimal("stopPrice"), given.maybe_integer("trailingDelta")
    if not order_type.is_conditional:
        for name in ("stopPrice", "trailingDelta"):
            if given.get(name):
                raise _not_required(name)
        return None, None
    if trigger_px is None and trailing_bps is None:
        raise Fault(400, -1102, "Param 'stopPrice' or 'trailingDelta' must be sent, but both were empty/null!")
    return None if trigger_px is None else _positive("stopPrice", trigger_px), trailing_bps


def _time_in_force(given: Params, order_type: OrderType, post_only: bool) -> TimeInForce:
    word = given.get("timeInForce")
    if order_type in _MARKETS or post_only:
        if word:
            raise Fault(400, -1114, "TimeInForce parameter sent when not required.")
        return TimeInForce.GTC
    if not word:
        raise missing("timeInForce")
    if word not in _TIMES_IN_FORCE:
        raise Fault(400, -1115, "Invalid timeInForce.")
    return TimeInForce(word)


def _iceberg(
    given: Params, order_type: OrderType, post_only: bool, time_in_force: TimeInForce, qty: Decimal
) -> Decimal | None:
    shown = given.maybe_decimal("icebergQty")
    if not shown:
        return None
    if order_type in _MARKETS:
        raise _not_required("icebergQty")
    if time_in_force is not TimeInForce.GTC and not post_only:
        raise Fault(400, -1115, "Invalid timeInForce.")
    if shown > qty:
        raise Fault(400, -1013, "IcebergQty exceeds QTY.")
    return shown


def _prevention(given: Params) -> SelfTradePrevention:
    word = given.get("selfTradePreventionMode")
    if not word:
        return DEFAULT_PREVENTION
    found = words.SELF_TRADE_PREVENTIONS.get(word)
    if found is None:
        raise malformed("selfTradePreventionMode")
    return found


def _strategy_type(given: Params) -> int | None:
    found = given.maybe_integer("strategyType")
    if found is not None and found < _LEAST_STRATEGY_TYPE:
        raise Fault(400, -1134, "Parameter 'strategyType' was less than 1000000.")
    return found


def _side_effect(given: Params) -> SideEffect:
    word = given.get("sideEffectType")
    if not word:
        return SideEffect.NO_SIDE_EFFECT
    found = SideEffect.__members__.get(word)
    if found is None:
        raise malformed("sideEffectType")
    return found


def _refuse_pegs(given: Params) -> None:
    """No symbol of the box has ``pegInstructionsAllowed``."""
    if any(given.get(name) for name in _PEGS):
        raise Fault(400, -1013, "Peg instructions are not supported for this symbol.")


def _not_required(name: str) -> Fault:
    return Fault(400, -1106, f"Parameter '{name}' sent when not required.")
