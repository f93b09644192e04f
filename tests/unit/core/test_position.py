"""Positions conserve money: what was realised and what is open add up to the cash that moved."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tradingsys.core.contract import notional, pnl
from tradingsys.core.enums import ContractKind, Side
from tradingsys.core.position import FLAT, Position

quantities = st.integers(1, 10**6).map(lambda n: Decimal(n).scaleb(-3))
prices = st.integers(1, 10**8).map(lambda n: Decimal(n).scaleb(-3))
trades = st.lists(st.tuples(st.sampled_from(Side), quantities, prices), max_size=30)
kinds = st.sampled_from(ContractKind)

TINY = Decimal("1e-12")
"""An average entry price may have no finite decimal expansion; 28 digits leave far less than this."""


@given(trades, prices, kinds)
def test_realised_and_open_profit_equal_the_cash_flow(
    trades: list[tuple[Side, Decimal, Decimal]], mark: Decimal, kind: ContractKind
) -> None:
    position, cash = FLAT, Decimal(0)
    for side, qty, px in trades:
        position = position.after(side, qty, px, kind)
        cash -= side.sign * notional(kind, qty, px)
    assert position.net == sum((side.sign * qty for side, qty, _ in trades), Decimal(0))
    unrealised = pnl(kind, position.net, position.entry_px, mark)
    assert abs(position.realized_pnl + unrealised - (cash + notional(kind, position.net, mark))) < TINY


@given(trades)
def test_the_entry_price_is_zero_when_flat_and_a_traded_price_range_otherwise(
    trades: list[tuple[Side, Decimal, Decimal]],
) -> None:
    position = FLAT
    for side, qty, px in trades:
        position = position.after(side, qty, px)
    if position.net == 0:
        assert position.entry_px == 0
    else:
        traded = [px for _, _, px in trades]
        assert min(traded) - TINY <= position.entry_px <= max(traded) + TINY


@given(trades, quantities, prices)
def test_adding_realises_nothing_and_closing_keeps_the_entry(
    trades: list[tuple[Side, Decimal, Decimal]], qty: Decimal, px: Decimal
) -> None:
    position = FLAT
    for trade in trades:
        position = position.after(*trade)
    if position.net == 0:
        return
    with_it = Side.BUY if position.net > 0 else Side.SELL
    assert position.after(with_it, qty, px).realized_pnl == position.realized_pnl
    part = abs(position.net) / 2
    assert position.after(with_it.opposite, part, px).entry_px == position.entry_px


def test_turning_a_long_into_a_short() -> None:
    long = FLAT.after(Side.BUY, Decimal(2), Decimal(100))
    assert long.after(Side.SELL, Decimal(3), Decimal(110)) == Position(Decimal(-1), Decimal(110), Decimal(20))


def test_a_short_earns_when_the_price_falls() -> None:
    short = FLAT.after(Side.SELL, Decimal(2), Decimal(100))
    assert short.after(Side.BUY, Decimal(2), Decimal(90)) == Position(Decimal(0), Decimal(0), Decimal(20))
