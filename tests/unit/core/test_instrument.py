"""Floats become exact decimals, and decimals plain text, without losing a tick on the way."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tradingsys.core.enums import ContractKind, OrderType, TimeInForce
from tradingsys.core.instrument import Instrument, plain, snap

STEPS = [Decimal(text) for text in ("1", "0.5", "0.25", "0.1", "0.01", "0.00001", "0.00000001", "10", "5")]

steps = st.sampled_from(STEPS)
decimals = st.decimals(allow_nan=False, allow_infinity=False, places=12, min_value=0, max_value=10**9)


def instrument(tick_size: Decimal = Decimal("0.1"), lot_size: Decimal = Decimal("0.001")) -> Instrument:
    one = Decimal(1)
    return Instrument(
        symbol="BTCUSDT",
        kind=ContractKind.LINEAR,
        base_asset="BTC",
        quote_asset="USDT",
        margin_asset="USDT",
        status="TRADING",
        is_trading=True,
        tick_size=tick_size,
        min_price=None,
        max_price=None,
        lot_size=lot_size,
        min_qty=lot_size,
        max_qty=one,
        market_lot_size=lot_size,
        market_min_qty=lot_size,
        market_max_qty=one,
        min_notional=one,
        price_precision=2,
        qty_precision=3,
        order_types=(OrderType.LIMIT,),
        times_in_force=(TimeInForce.GTC,),
        post_only=True,
    )


def test_a_difference_of_floats_keeps_its_step() -> None:
    assert snap(0.3 - 0.1, Decimal("0.1")) == Decimal("0.2")
    assert instrument(lot_size=Decimal("0.1")).floor_qty(snap(0.3 - 0.1, Decimal("0.1"))) == Decimal("0.2")


@given(st.integers(-(10**9), 10**9), steps)
def test_a_step_survives_the_way_through_a_float(count: int, step: Decimal) -> None:
    exact = count * step
    assert snap(float(plain(exact)), step) == exact


@given(st.floats(-1e9, 1e9), steps)
def test_a_snapped_float_moves_by_a_billionth_at_most(value: float, step: Decimal) -> None:
    exact, snapped = Decimal(repr(value)), snap(value, step)
    assert abs(snapped - exact) <= Decimal("1e-9")
    assert snapped == exact or snapped % step == 0


def test_an_off_tick_price_is_left_alone_for_the_caller_to_refuse() -> None:
    assert snap(100.05, Decimal("0.1")) == Decimal("100.05")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_cannot_be_traded(value: float) -> None:
    with pytest.raises(ValueError, match="not a number"):
        snap(value, Decimal("0.1"))


@given(decimals | decimals.map(lambda value: -value))
@example(Decimal("1E-8"))
@example(Decimal("1E+3"))
@example(Decimal("-0.00"))
def test_plain_text_is_the_same_number_without_exponent_or_idle_zeros(value: Decimal) -> None:
    text = plain(value)
    assert Decimal(text) == value
    assert set(text) <= set("-.0123456789")
    assert "." not in text or text[-1] not in "0."
    assert text != "-0"


@given(decimals, steps)
def test_flooring_a_quantity_loses_less_than_a_lot(qty: Decimal, lot: Decimal) -> None:
    floored = instrument(lot_size=lot).floor_qty(qty)
    assert floored % lot == 0
    assert 0 <= qty - floored < lot
