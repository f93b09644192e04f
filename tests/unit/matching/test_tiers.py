"""Brackets, and what they make of margin."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradingsys.core.enums import Side
from tradingsys.matching.account import Account
from tradingsys.matching.margin import bankruptcy_px, cross_health, isolated_health, liquidation_px
from tradingsys.matching.tiers import Tiers

D = Decimal
BUY, SELL = Side.BUY, Side.SELL
TIERS = Tiers([(50, 1_000, D("0.01")), (20, 10_000, D("0.025")), (5, 100_000, D("0.1"))])


def test_each_value_has_a_bracket() -> None:
    assert [TIERS.tier(D(value)).number for value in (0, 1_000, 1_001, 10_000, 50_000, 10**9)] == [1, 1, 2, 2, 3, 3]
    assert [TIERS.cap(leverage) for leverage in (50, 20, 6, 5, 1)] == [1_000, 10_000, 10_000, 100_000, 100_000]
    assert TIERS.cap(51) == 0


@pytest.mark.parametrize("edge", [1_000, 10_000])
def test_maintenance_margin_has_no_jumps(edge: int) -> None:
    assert TIERS.maintenance(D(edge)) == pytest.approx(TIERS.maintenance(D(edge) + D("0.0001")), rel=D("1e-6"))


def account(net: int, px: str, wallet: str, *, isolated: bool = False) -> Account:
    mine = Account("a", {"USDT": D(wallet)})
    mine.isolate("X", isolated=isolated)
    mine.fill("X", BUY if net > 0 else SELL, D(abs(net)), D(px), D(0), "USDT")
    return mine


@given(
    net=st.integers(-500, 500).filter(bool),
    wallet=st.integers(100, 5_000).map(str),
    isolated=st.booleans(),
)
def test_at_the_liquidation_price_the_margin_is_used_up(net: int, wallet: str, isolated: bool) -> None:
    mine = account(net, "100", wallet, isolated=isolated)
    px = liquidation_px(mine, "X", "USDT", {"X": D(100)}, {"X": TIERS})
    if not px:
        assert net > 0  # so much money that no price takes it all
        return
    health = isolated_health(mine, "X", px, TIERS) if isolated else cross_health(mine, "USDT", {"X": px}, {"X": TIERS})
    assert abs(health.balance - health.required) < D("1e-15")


def test_at_the_bankruptcy_price_nothing_is_left() -> None:
    mine = account(10, "100", "50")
    health = cross_health(mine, "USDT", {"X": D(97)}, {"X": TIERS})
    px = bankruptcy_px(D(10), D(97), health.balance)
    assert px == 95
    assert mine.wallet["USDT"] + mine.profit("X", px) == 0


def test_an_isolated_position_takes_its_margin_along() -> None:
    mine = account(10, "100", "1000", isolated=True)
    mine.set_leverage("X", 10)
    assert mine.isolated["X"] == 50  # opened at the usual leverage of 20
    assert mine.cross_wallet("USDT") == 950
    mine.fill("X", BUY, D(10), D(200), D(0), "USDT")
    assert mine.isolated["X"] == 250
    mine.fill("X", SELL, D(5), D(200), D(0), "USDT")
    assert mine.isolated["X"] == D("187.5")
    mine.fill("X", SELL, D(20), D(200), D(0), "USDT")
    assert (mine.position("X").net, mine.isolated["X"]) == (D(-5), D(100))
    mine.fill("X", BUY, D(5), D(200), D(0), "USDT")
    assert mine.isolated["X"] == 0
    assert mine.cross_wallet("USDT") == mine.wallet["USDT"] == 2000


def test_what_is_isolated_is_not_available() -> None:
    marks = {"X": D(100)}
    crossed, isolated = account(10, "100", "1000"), account(10, "100", "1000", isolated=True)
    assert crossed.available("USDT", marks) == isolated.available("USDT", marks) == 950
    marks = {"X": D(90)}
    assert crossed.available("USDT", marks) == 855  # less the loss, and with less margin needed
    assert isolated.available("USDT", marks) == 950
