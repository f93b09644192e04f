"""What a session lost today, and what it earned since ever."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from msgspec import structs

from tradingsys.core.enums import TradingState
from tradingsys.core.position import SessionPosition
from tradingsys.core.records import DayRecord
from tradingsys.oms.day_loss import DayLoss, Verdict
from tradingsys.oms.earnings import Earned, Earnings, Holding
from tradingsys.oms.limits import AccountLimits, Limits

DAY = 86_400_000
NOON = 20_000 * DAY + DAY // 2
LIMITS = Limits(max_daily_loss=Decimal(100))


def earned(day: DayLoss, amount: int, at_ms: int = NOON) -> DayRecord | None:
    return day.earned(Decimal(amount), at_ms)


def test_a_loss_restricts_and_twice_as_much_halts() -> None:
    day = DayLoss(1, LIMITS, None)
    assert earned(day, 500) == DayRecord(1, 20_000 * DAY, Decimal(500), Decimal(500))
    assert earned(day, 401) is None and day.verdict() is None
    earned(day, 400)
    assert day.verdict() == Verdict(TradingState.REDUCING, "max_daily_loss", Decimal(100), Decimal(100))
    earned(day, 300)
    assert day.verdict() == Verdict(TradingState.HALTED, "max_daily_loss", Decimal(100), Decimal(200))
    earned(day, 301)
    assert day.verdict() == Verdict(TradingState.REDUCING, "max_daily_loss", Decimal(100), Decimal(199))


def test_a_restart_forgives_nothing_and_a_new_day_everything() -> None:
    kept = earned(DayLoss(1, LIMITS, None), 500)
    day = DayLoss(1, LIMITS, kept)
    earned(day, 390)
    assert day.loss == 110 and day.verdict() is not None
    assert earned(day, 380, NOON + DAY) == DayRecord(1, 20_001 * DAY, Decimal(380), Decimal(380))
    assert day.loss == 0 and day.verdict() is None
    assert earned(day, 370, NOON) is None and day.loss == 10, "a clock that goes back begins no other day"


def test_a_person_lets_it_lose_as_much_again() -> None:
    day = DayLoss(1, LIMITS, None)
    earned(day, 0)
    earned(day, -150)
    kept = day.forgive()
    assert day.verdict() is None
    assert earned(day, -151) == DayRecord(1, 20_000 * DAY, Decimal(-151), Decimal(-151))
    assert earned(DayLoss(1, LIMITS, kept), -151) is not None, "over a restart too"
    earned(day, -250)
    assert day.verdict() is None
    earned(day, -251)
    assert day.verdict() is not None
    assert DayLoss(2, LIMITS, None).forgive() is None


def test_a_drawdown_is_from_the_best_of_the_day() -> None:
    day = DayLoss(1, Limits(max_daily_loss=None, max_drawdown=Decimal(50)), None)
    earned(day, 0)
    assert earned(day, 200) == DayRecord(1, 20_000 * DAY, Decimal(0), Decimal(200)), "kept: a restart forgives nothing"
    earned(day, 150)
    assert day.loss == 0 and day.drawdown == 50
    assert day.verdict() == Verdict(TradingState.REDUCING, "max_drawdown", Decimal(50), Decimal(50))


def held(
    net: str, entry: str | None = None, realized: str = "0", px: str | None = None, quote: str = "USDT", **money: str
) -> Holding:
    fees = {asset: Decimal(amount) for asset, amount in money.items() if asset != "funding"}
    funding = {"USDT": Decimal(money["funding"])} if "funding" in money else {}
    position = SessionPosition(
        Decimal(net), None if entry is None else Decimal(entry), Decimal(realized), fees, funding
    )
    return Holding(position, quote, None if px is None else Decimal(px), "X")


def total(earnings: Earnings, *holdings: Holding, rates: Mapping[str, Decimal] | None = None) -> Decimal:
    """Where nothing is missing in it."""
    told = earnings.total(holdings, (RATES if rates is None else rates).get)
    assert not told.lacks
    return told.amount


RATES: Mapping[str, Decimal] = {"USDT": Decimal(1), "BTC": Decimal(100_000), "BNB": Decimal(600)}


def test_earnings_are_realised_and_valued_less_fees_with_funding() -> None:
    holdings = [
        held("2", "100", "7", "110", USDT="1.5", funding="-0.5"),
        held("-1", "0.05", "0.001", "0.06", "BTC"),
        held("0", None, "3"),
    ]
    assert total(Earnings(), *holdings) == 7 + 20 - Decimal("1.5") - Decimal("0.5") + 100 - 1_000 + 3


def test_what_was_paid_in_other_assets_is_valued_when_it_is_first_seen() -> None:
    earnings = Earnings()
    assert total(earnings, held("0", BNB="5")) == 0, "by an earlier process"
    assert total(earnings, held("0", BNB="5.1")) == -60
    assert total(earnings, held("0", BNB="5.1"), rates={**RATES, "BNB": Decimal(900)}) == -60
    assert total(earnings, held("0", BNB="5.2", ETH="1"), rates={"USDT": Decimal(1)}) == -60
    assert total(earnings, held("0", BNB="5.2", ETH="1")) == -120, "once a price is known"


def test_what_is_known_counts_while_a_price_is_not() -> None:
    known = held("1", "100", "-5", "90")
    for unknown in (held("1", "100", "-2", px=None), held("1", "100", "-2", px="101", quote="EUR")):
        of_it = 0 if unknown.quote_asset == "EUR" else -2
        assert Earnings().total([known, unknown], RATES.get) == Earned(Decimal(-15 + of_it), ("X",))
    assert total(Earnings(), held("0", quote="EUR"), held("0", None, "3")) == 3, "where it matters"


def test_what_has_no_cost_is_held_from_its_edit_on() -> None:
    """Of 4 bought at 100 and 6 set at 90, which were worth that then, 5 are sold at 80."""
    position = SessionPosition(Decimal(5), None, Decimal(3), uncosted=Decimal(-400 + 400 - 540))
    assert total(Earnings(), Holding(position, "USDT", Decimal(80))) == 3 - 80 - 60
    untold = structs.replace(position, uncosted=Decimal(0), unvalued=Decimal(6))
    assert total(Earnings(), Holding(untold, "USDT", Decimal(80))) == 3 - 80, "it brings nothing as long as nobody told"
    assert Earnings().total([Holding(untold, "USDT", None, "X")], RATES.get) == Earned(Decimal(3), ("X",))
    sold = structs.replace(untold, net=Decimal(0))
    assert Earnings().total([Holding(sold, "USDT", None, "X")], RATES.get) == Earned(Decimal(3), ("X",))


def test_what_is_paid_in_other_assets_counts_while_it_is_not_known_what_was_earned() -> None:
    earnings = Earnings()
    for paid, cost in (("5", 0), ("6", 600)):
        told = earnings.total([held("1", "100", px=None, BNB=paid)], RATES.get)
        assert told == Earned(Decimal(-cost), ("X",))
    assert total(earnings, held("0", BNB="6")) == -600, "but for what had been paid at the first look"


def test_the_accounts_day_is_as_a_sessions() -> None:
    day = DayLoss(None, AccountLimits(max_daily_loss=Decimal(100), max_drawdown=Decimal(150)), None)
    assert earned(day, 50) == DayRecord(None, 20_000 * DAY, Decimal(50), Decimal(50))
    assert earned(day, 120) is not None
    earned(day, -50)
    verdict = day.verdict()
    assert verdict is not None and (verdict.state, verdict.limit) == (TradingState.REDUCING, "max_daily_loss")
    assert not DayLoss(None, AccountLimits(), None).is_limited
