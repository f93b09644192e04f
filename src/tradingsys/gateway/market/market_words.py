"""How the market says what an order means, where that depends on how it stands."""

from __future__ import annotations

from decimal import Decimal

from msgspec import structs

from tradingsys.core.enums import OrderType
from tradingsys.core.instrument import Instrument
from tradingsys.core.order import Terms

__all__ = ["in_market_words"]


def in_market_words(terms: Terms, instrument: Instrument, reference_px: Decimal | None) -> Terms:
    """The terms as the market takes them.

    A trailing stop that begins to follow at a better price than the market's is a take-profit where assets are traded
    (Binance's page on trailing stops of spot); one that begins at a worse price is a stop there. Without
    ``reference_px`` it is taken for the latter.
    """
    begin = terms.activation_px
    if instrument.spot is None or begin is None or reference_px is None:
        return terms
    is_better = (begin - reference_px) * terms.side.sign < 0
    if not is_better or OrderType.TAKE_PROFIT_MARKET not in instrument.order_types:
        return terms
    return structs.replace(terms, order_type=OrderType.TAKE_PROFIT_MARKET, stop_px=begin, activation_px=None)
