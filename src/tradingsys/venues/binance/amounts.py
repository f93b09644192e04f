"""Whether an order is about too little, or too much: by its symbol's rules, or by how the exchange refused it."""

from __future__ import annotations

from decimal import Decimal

from tradingsys.core.enums import OrderType
from tradingsys.core.instrument import Instrument
from tradingsys.core.order import Terms
from tradingsys.venues.binance.filters import FilterDialect, Rule, broken_rule
from tradingsys.venues.protocol import Misfit

__all__ = ["misfit", "refused_misfit"]

_TOO_LITTLE = {
    Rule.QTY_TOO_LOW: "the least quantity is {}",
    Rule.MARKET_QTY_TOO_LOW: "the least quantity at market is {}",
    Rule.NOTIONAL_TOO_LOW: "the least value is {}",
}
_TOO_MUCH = {
    Rule.QTY_TOO_HIGH: "the largest quantity is {}",
    Rule.MARKET_QTY_TOO_HIGH: "the largest quantity at market is {}",
    Rule.NOTIONAL_TOO_HIGH: "the greatest value is {}",
}
_OF_MARKET = frozenset({Rule.MARKET_QTY_TOO_LOW, Rule.MARKET_QTY_TOO_HIGH})
_OF_VALUE = frozenset({Rule.NOTIONAL_TOO_LOW, Rule.NOTIONAL_TOO_HIGH})
_ZERO = Decimal(0)
_SURELY = Decimal("1.25")
"""The exchange values orders at market by a price of its own, on spot by an average of minutes: what is nearer to a
bound than this is for it to decide."""
_NEAR = 4
"""What it refused is beyond a bound that we know, or not far from it."""


def misfit(dialect: FilterDialect, rules: Instrument, terms: Terms, px: Decimal | None) -> Misfit | None:
    """By the rules as they are known, with a price that need not be the exchange's own."""
    for known, factor in ((_TOO_LITTLE, _SURELY), (_TOO_MUCH, 1 / _SURELY)):
        broken = broken_rule(dialect, rules, terms, mark_px=None if px is None else px * factor)
        if broken is not None and broken[0] in known:
            return Misfit(known is _TOO_LITTLE, known[broken[0]].replace("{}", broken[1]))
    return None


def refused_misfit(
    dialect: FilterDialect, rules: Instrument, terms: Terms, px: Decimal | None, code: int, message: str
) -> Misfit | None:
    """By what the exchange answered. Some of its words mean too little and too much: then by which of both it is near.

    None where that is not certain.
    """
    told = {rule for rule in (*_TOO_LITTLE, *_TOO_MUCH) if _says(dialect, rule, code, message)}
    is_either = len({rule in _TOO_LITTLE for rule in told}) == 2
    if not told:
        return None
    if not is_either:
        return Misfit(told <= _TOO_LITTLE.keys(), message)
    value = terms.order_qty if not told & _OF_VALUE else None if px is None else terms.order_qty * px
    least, most = _bounds(rules, terms, told)
    is_little = least > 0 and (not most if value is None else value < least * _NEAR)
    is_much = most > 0 and (not least if value is None else value * _NEAR > most)
    return Misfit(is_little, message) if is_little != is_much else None


def _says(dialect: FilterDialect, rule: Rule, code: int, message: str) -> bool:
    answers = [dialect.answers[rule]] if rule in dialect.answers else []
    return any(
        code == known and message.startswith(words.partition("{}")[0])
        for known, words in (*answers, *dialect.synonyms.get(rule, ()))
    )


def _bounds(rules: Instrument, terms: Terms, told: set[Rule]) -> tuple[Decimal, Decimal]:
    """Least and most; 0 where there is none."""
    if told & _OF_MARKET:
        return rules.market_min_qty, rules.market_max_qty
    if not told & _OF_VALUE:
        return rules.min_qty, rules.max_qty
    own, is_market = rules.spot, terms.order_type is OrderType.MARKET
    if own is None:
        return rules.min_notional, _ZERO
    least = rules.min_notional if own.min_notional_of_market or not is_market else _ZERO
    most = own.max_notional if own.max_notional_of_market or not is_market else None
    return least, most or _ZERO
