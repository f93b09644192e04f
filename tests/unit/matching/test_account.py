from __future__ import annotations

from decimal import Decimal

from tradingsys.core.enums import Side
from tradingsys.matching.account import Account
from tradingsys.matching.fees import FeeSchedule

D = Decimal
BUY, SELL = Side.BUY, Side.SELL


def test_a_round_trip_moves_profit_less_fees_into_the_wallet() -> None:
    account = Account("a", {"USDT": D(1000)})
    assert account.fill("X", BUY, D(2), D(100), D("0.1"), "USDT") == 0
    assert account.fill("X", SELL, D(2), D(110), D("0.2"), "USDT") == 20
    assert account.wallet["USDT"] == D("1019.7")
    assert account.fees_paid["USDT"] == D("0.3")
    assert account.position("X").net == 0


def test_available_counts_open_profit_and_margin() -> None:
    account = Account("a", {"USDT": D(1000)})
    account.set_leverage("X", 10)
    account.fill("X", BUY, D(2), D(100), D(0), "USDT")
    marks = {"X": D(150)}
    assert account.unrealized(marks) == 100
    assert account.position_margin("X", D(150)) == 30
    assert account.available("USDT", marks) == 1070


def test_only_the_worse_direction_of_open_orders_needs_margin() -> None:
    account = Account("a", {"USDT": D(1000)})
    account.set_leverage("X", 10)
    account.lock("X", BUY, D(500))
    account.lock("X", SELL, D(400))
    assert account.initial_margin("X", D(100)) == 50
    account.lock("X", BUY, D(-500))
    assert account.initial_margin("X", D(100)) == 40


def affords(account: Account, side: Side, value: str) -> bool:
    px = D(100)
    growth = account.exposure("X", px, side, D(value)) - account.exposure("X", px)
    return account.can_afford("X", growth, "USDT", {"X": px})


def test_a_reducing_order_needs_no_margin_even_without_money() -> None:
    account = Account("a", {"USDT": D(10)})
    assert affords(account, BUY, "200")
    assert not affords(account, BUY, "201")
    account.fill("X", BUY, D(2), D(100), D(10), "USDT")
    assert not affords(account, BUY, "1")
    assert affords(account, SELL, "200")
    assert affords(account, SELL, "400")
    assert not affords(account, SELL, "401")


def test_a_house_account_has_credit() -> None:
    assert affords(Account("house", is_house=True), BUY, str(10**12))


def test_fees_have_eight_decimals() -> None:
    fees = FeeSchedule(D("0.0002"), D("0.0005"))
    assert str(fees.fee(D("123.4567891"), is_maker=True)) == "0.02469136"
    assert str(fees.fee(D("123.4567891"), is_maker=False)) == "0.06172839"
