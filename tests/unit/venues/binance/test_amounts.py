"""Whether an order is too little or too much: by rules, and by words of the exchange that can mean both."""

from decimal import Decimal

import pytest
from msgspec import structs

from tests.unit.venues.binance import test_spot_filters
from tradingsys.core.enums import OrderType, Side
from tradingsys.core.instrument import SpotRules
from tradingsys.core.order import Terms
from tradingsys.sim.markets import load_markets
from tradingsys.venues.binance.amounts import misfit, refused_misfit
from tradingsys.venues.binance.spot_filters import FILTERS as SPOT
from tradingsys.venues.binance.usdm import FILTERS as USDM
from tradingsys.venues.protocol import Misfit

D = Decimal
RULES = structs.replace(
    test_spot_filters.RULES,
    lot_size=D("0.05"),
    min_qty=D("0.15"),
    max_qty=D(1000),
    market_lot_size=D("0.05"),
    market_min_qty=D(0),
    market_max_qty=D(100),
    min_notional=D(5),
    spot=SpotRules(max_notional=D(9000)),
)
"""Worth 5 to 9000; least quantity 0.15, most 1000; at market 100."""
FUTURES = next(market.instrument for market in load_markets() if market.symbol == "DOGEUSDT")


def sell(qty: str, *, reduce_only: bool = False) -> Terms:
    return Terms("AUSDT", Side.SELL, OrderType.MARKET, D(qty), reduce_only=reduce_only)


@pytest.mark.parametrize(
    ("qty", "px", "is_too_little"),
    [
        ("0.1", None, True),
        ("0.15", None, None),
        ("0.15", "20", True),
        ("0.2", "20", None),  # worth 4, and the exchange's own price may be a quarter higher
        ("1", "20", None),
        ("100", "100", None),
        ("100", "200", False),
        ("150", None, False),
    ],
)
def test_by_its_rules_an_order_is_what_it_surely_is(qty: str, px: str | None, is_too_little: bool | None) -> None:
    found = misfit(SPOT, RULES, sell(qty), None if px is None else D(px))
    assert (found.is_too_little if found else None) is is_too_little


@pytest.mark.parametrize(
    ("message", "qty", "px", "is_too_little"),
    [
        ("NOTIONAL", "0.2", "20", True),
        ("NOTIONAL (order more)", "0.2", "20", True),
        ("NOTIONAL", "1", "20", None),  # neither is near
        ("NOTIONAL", "100", "80", False),
        ("NOTIONAL", "1", None, None),
        ("MIN_NOTIONAL", "1", None, True),
        ("LOT_SIZE", "0.2", None, True),
        ("LOT_SIZE", "50", None, None),
        ("LOT_SIZE", "999", None, False),
        ("MARKET_LOT_SIZE", "90", None, False),
        ("MARKET_LOT_SIZE", "1", None, None),
        ("MAX_NUM_ORDERS", "0.2", "20", None),
    ],
)
def test_of_words_that_mean_both_the_nearer_is_meant(
    message: str, qty: str, px: str | None, is_too_little: bool | None
) -> None:
    told = f"Filter failure: {message}"
    found = refused_misfit(SPOT, RULES, sell(qty), None if px is None else D(px), -1013, told)
    assert found == (None if is_too_little is None else Misfit(is_too_little, told))


@pytest.mark.parametrize(
    ("code", "message", "is_too_little"),
    [
        (-4164, "Order's notional must be no smaller than 5.0 (unless you choose reduce only).", True),
        (-4004, "Quantity less than min quantity.", True),
        (-4005, "Quantity greater than max quantity.", False),
        (-4023, "Quantity not increased by step size.", None),
        (-2019, "Margin is insufficient.", None),
    ],
)
def test_futures_have_a_code_for_each(code: int, message: str, is_too_little: bool | None) -> None:
    found = refused_misfit(USDM, FUTURES, sell("3"), None, code, message)
    assert (found.is_too_little if found else None) is is_too_little


def test_on_futures_what_only_reduces_may_be_worth_little() -> None:
    assert misfit(USDM, FUTURES, sell("3", reduce_only=True), D("0.6")) is None
    found = misfit(USDM, FUTURES, sell("3"), D("0.6"))
    assert found is not None and found.is_too_little
