from __future__ import annotations

from decimal import Decimal

from tradingsys.core.enums import Side
from tradingsys.matching.cross_margin import NO_DEBT_LEVEL, CrossMarginWallet
from tradingsys.matching.fees import SpotFees
from tradingsys.matching.locks import Locks
from tradingsys.matching.wallet import SpotWallet, floor8

D = Decimal


def test_what_is_locked_is_not_free() -> None:
    wallet, locks = SpotWallet("a", {"USDT": D(100)}), Locks()
    locks.open(wallet, 1, "USDT", D(30))
    locks.open(wallet, 2, "USDT", D(20))
    assert (wallet.free_of("USDT"), wallet.locked_of("USDT")) == (D(50), D(50))
    locks.change(1, D(10))
    locks.drop(2)
    assert (wallet.free_of("USDT"), wallet.locked_of("USDT"), wallet.total("USDT")) == (D(90), D(10), D(100))
    assert (locks.of(1), locks.of(2)) == (D(10), D(0))


def test_of_a_pair_the_larger_is_locked() -> None:
    wallet, locks = SpotWallet("a", {"USDT": D(100)}), Locks()
    locks.open(wallet, 1, "USDT", D(30), "pair")
    locks.open(wallet, 2, "USDT", D(45), "pair")
    assert wallet.locked_of("USDT") == locks.held("pair") == D(45)
    locks.only(1)
    assert wallet.locked_of("USDT") == D(30)
    locks.drop(2)
    locks.drop(1)
    assert wallet.locked_of("USDT") == locks.held("pair") == D(0)


def test_changed_assets_are_told_once() -> None:
    wallet = SpotWallet("a", {"USDT": D(100)})
    assert wallet.take_changed() == []
    wallet.earn("BTC", D(1))
    wallet.lock("USDT", D(5))
    wallet.earn("BTC", D(1))
    assert wallet.take_changed() == ["BTC", "USDT"]
    assert wallet.take_changed() == []


def test_interest_is_paid_back_first() -> None:
    wallet = CrossMarginWallet("a", {"USDT": D(100)})
    wallet.borrow("USDT", D(50))
    wallet.charge("USDT", D(2))
    assert (wallet.total("USDT"), wallet.debt("USDT"), wallet.net("USDT")) == (D(150), D(52), D(98))
    assert wallet.repay("USDT", D(10)) == (D(8), D(2))
    assert wallet.repay("USDT", D(1000)) == (D(42), D(0))
    assert (wallet.free_of("USDT"), wallet.owes) == (D(98), False)


def test_the_level_is_assets_over_debts() -> None:
    wallet = CrossMarginWallet("a", {"USDT": D(100)})
    prices = {"USDT": D(1), "BTC": D(50_000)}
    assert wallet.level(prices) == NO_DEBT_LEVEL
    wallet.borrow("BTC", D("0.004"))
    assert wallet.level(prices) == D("1.5")
    assert wallet.level({"USDT": D(1), "BTC": D(100_000)}) == D("1.25")


def test_amounts_lose_what_is_beyond_eight_decimals() -> None:
    assert floor8(D("0.123456789")) == D("0.12345678")
    assert floor8(D("-0.123456789")) == D("-0.12345678")


def test_buyers_and_sellers_rates_come_on_top() -> None:
    fees = SpotFees(maker=D("0.001"), taker=D("0.002"), buyer=D("0.0001"), seller=D("0.0003"))
    assert fees.rate(Side.BUY, is_maker=True) == D("0.0011")
    assert fees.rate(Side.SELL, is_maker=False) == D("0.0023")
