"""Which orders make a list, and which say what only orders for contracts can."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from tradingsys.core.asset_terms import not_of_assets
from tradingsys.core.enums import Contingency, OrderType, PriceMatch, Side, TimeInForce, TriggerPrice
from tradingsys.core.order import Terms
from tradingsys.core.order_lists import misfit, pair_of, resting

D = Decimal
LIMIT = Terms("BTCUSDT", Side.SELL, OrderType.LIMIT, D(2), D(110), TimeInForce.GTC)
STOP = Terms("BTCUSDT", Side.SELL, OrderType.STOP_MARKET, D(2), stop_px=D(90))
TRAIL = structs.replace(STOP, order_type=OrderType.TRAILING_STOP_MARKET, stop_px=None, callback_rate=D(1))
TARGET = structs.replace(STOP, order_type=OrderType.TAKE_PROFIT_MARKET, stop_px=D(110))


def change(terms: Terms, **changes: Any) -> Terms:
    return structs.replace(terms, **changes)


@given(st.permutations([LIMIT, STOP]), st.booleans())
def test_of_a_pair_one_takes_profit_and_the_other_stops_a_loss(pair: list[Terms], is_buy: bool) -> None:
    one, other = (change(leg, side=Side.BUY) if is_buy else leg for leg in pair)
    why = misfit(Contingency.OCO, (one, other))
    assert (why is None) is not is_buy
    assert not is_buy or "takes its profit below" in str(why)
    assert misfit(Contingency.OTOCO, (LIMIT, one, other)) == why
    assert (pair_of(Contingency.OTO, pair), pair_of(Contingency.OTOCO, [LIMIT, *pair])) == (None, tuple(pair))


@pytest.mark.parametrize(
    ("legs", "words"),
    [
        ((LIMIT, TRAIL), None),
        ((TARGET, TRAIL), None),
        ((TARGET, change(TRAIL, activation_px=D(100))), None),
        ((TARGET, change(TRAIL, activation_px=D(111))), "takes its profit above"),
        ((LIMIT, change(STOP, stop_px=D(110))), "takes its profit above"),
        ((change(LIMIT, time_in_force=TimeInForce.IOC), STOP), "it cannot be IOC"),
        ((STOP, TRAIL), "one order takes profit"),
        ((LIMIT, TARGET), "one order takes profit"),
    ],
)
def test_what_a_pair_may_be(legs: tuple[Terms, Terms], words: str | None) -> None:
    for pair in (legs, legs[::-1]):
        why = misfit(Contingency.OCO, pair)
        assert why is None if words is None else why is not None and words in why


@given(st.sampled_from(OrderType))
def test_an_order_stops_a_loss_or_takes_a_profit_if_it_waits(order_type: OrderType) -> None:
    assert order_type.stops_loss + order_type.takes_profit == order_type.is_conditional


def test_only_limit_orders_of_a_pair_are_made_to_rest() -> None:
    assert resting(LIMIT) == change(LIMIT, post_only=True) == resting(resting(LIMIT))
    assert resting(STOP) is STOP


@pytest.mark.parametrize(
    "changes",
    [
        {"close_position": True},
        {"price": None, "price_match": PriceMatch.QUEUE},
        {"trigger_price": TriggerPrice.MARK},
        {"price_protect": True},
        {"time_in_force": TimeInForce.GTD},
        {"good_till_ms": 5},
        {"quote_order_qty": D(5)},
        {"order_type": OrderType.MARKET, "iceberg_qty": D(1)},
    ],
)
def test_what_only_contracts_have_is_told(changes: dict[str, Any]) -> None:
    assert not_of_assets(LIMIT) is None and not_of_assets(change(LIMIT, iceberg_qty=D(1))) is None
    assert not_of_assets(change(LIMIT, **changes)) is not None
