"""The terms that a request asks for, if they are ones that its symbol has: spot trades assets, futures contracts."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import structs

from tradingsys.core.asset_terms import not_of_assets
from tradingsys.core.enums import SelfTradePrevention, SideEffect
from tradingsys.core.errors import InvalidOrder
from tradingsys.core.instrument import Instrument, SpotRules
from tradingsys.core.order import Terms
from tradingsys.gateway.views.views import terms_of
from tradingsys.wire.messages import ErrorCode, OrderParams

__all__ = ["fitting_terms"]

_Fault = tuple[bool, str]


def fitting_terms(params: OrderParams, instrument: Instrument) -> Terms:
    """What a request asks for. Raises InvalidOrder for words, numbers and options that its symbol does not have."""
    try:
        terms = terms_of(params)
    except ValueError as error:
        raise InvalidOrder(str(error), code=ErrorCode.INVALID_ORDER) from None
    if params.order_type not in instrument.order_types:
        raise InvalidOrder(
            f"{params.order_type} is not offered for {params.symbol}: {', '.join(instrument.order_types)}",
            code=ErrorCode.INVALID_ORDER,
        )
    if params.price is not None and not params.order_type.has_price:
        raise InvalidOrder(
            f"a {params.order_type} order has no price: leave it out, or send an order at a limit",
            code=ErrorCode.INVALID_ORDER,
        )
    _check_options(terms, instrument)
    # Two sessions of one account never trade with each other; said explicitly, as the venue's default is not certain.
    return structs.replace(terms, symbol=instrument.symbol, self_trade_prevention=SelfTradePrevention.EXPIRE_TAKER)


def _check_options(terms: Terms, instrument: Instrument) -> None:
    if instrument.spot is None:
        why = _first(_of_contracts(terms))
    else:
        why = not_of_assets(terms) or _first(_of_assets(terms, instrument.spot))
    if why is not None:
        raise InvalidOrder(why.format(instrument.symbol.lower()), code=ErrorCode.INVALID_ORDER)


def _first(faults: Iterable[_Fault]) -> str | None:
    return next((why for is_wrong, why in faults if is_wrong), None)


def _of_contracts(terms: Terms) -> Iterable[_Fault]:
    return (
        (terms.quote_order_qty is not None, "quote_quantity is for spot: say how many {0} with quantity"),
        (terms.iceberg_qty is not None, "iceberg_quantity is for spot: {0} has none"),
        (terms.side_effect is not None, "side_effect is for margin accounts: leave it out"),
    )


def _of_assets(terms: Terms, rules: SpotRules) -> Iterable[_Fault]:
    in_quote, trailing = terms.quote_order_qty is not None, terms.callback_rate is not None
    borrows = terms.side_effect not in (None, SideEffect.NO_SIDE_EFFECT)
    return (
        (in_quote and not rules.quote_order_qty, "{0} takes no orders for a quote_quantity: use quantity"),
        (in_quote and terms.reduce_only, "reduce_only needs a quantity: what a quote_quantity comes to is not known"),
        (terms.iceberg_qty is not None and not rules.iceberg, "{0} takes no iceberg orders"),
        (trailing and not rules.trailing, "{0} takes no trailing stops"),
        (trailing and not terms.order_type.is_conditional, "callback_rate is for stops and take-profits"),
        (borrows and not rules.margin, "side_effect is for margin accounts, and {0} is not traded on margin here"),
    )
