from __future__ import annotations

from decimal import Decimal

from tradingsys.core.enums import OrderType
from tradingsys.sim.markets import load_markets


def test_every_market_is_consistent() -> None:
    for market in load_markets():
        instrument = market.instrument
        assert market.start_price % instrument.tick_size == 0
        assert market.price.step.as_tuple().exponent == -market.price.digits
        assert market.lot.step.as_tuple().exponent == -market.lot.digits
        assert market.price.min % market.price.step == 0
        assert OrderType.MARKET in instrument.order_types


def test_ten_doge_pass_the_notional_filter() -> None:
    (doge,) = [market for market in load_markets() if market.symbol == "DOGEUSDT"]
    assert 10 * doge.start_price * Decimal("0.9") > doge.min_notional
