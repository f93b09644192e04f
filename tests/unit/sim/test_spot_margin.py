"""Cross-margin accounts: what they may owe, what it costs, and how they lose everything."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

import pytest

from tradingsys.core.enums import Contingency, OrderStatus, OrderType, Side, SideEffect
from tradingsys.sim.asset_events import BalanceMoved, LiabilityChanged, LiabilityKind, MarginLevelChanged, MarginStatus
from tradingsys.sim.events import ChangeRefused, Executed, Expired, ExpiryReason, Refusal, Rejected
from tradingsys.sim.money import LoanKind
from tradingsys.sim.spot_exchange import MarginBars, MarginTerms

from .spot_rig import BTC, MARGIN, NS, T0, SpotRig, kinds, only, order

BUY, SELL = Side.BUY, Side.SELL
MARGIN_BUY, AUTO_REPAY = SideEffect.MARGIN_BUY, SideEffect.AUTO_REPAY
D = Decimal
FREE = MarginTerms(daily_rate=D(0))


def rig(deposit: str = "1000", terms: MarginTerms = FREE) -> SpotRig:
    made = SpotRig(terms=terms)
    made.exchange.open_margin("a", {"USDT": D(deposit)}, now_ns=T0)
    return made


def owed(made: SpotRig, asset: str) -> Decimal:
    return made.exchange.margin(MARGIN).debt(asset)


def test_the_account_is_beside_the_spot_wallet() -> None:
    made = rig()
    assert made.free("a", "USDT") == 100000
    assert made.free(MARGIN, "USDT") == 1000
    assert made.exchange.margin_level(MARGIN) == 999
    with pytest.raises(LookupError):
        made.exchange.margin("a")


def test_borrowing_goes_as_far_as_the_collateral() -> None:
    made = rig()
    assert made.exchange.borrowable(MARGIN, "USDT") == (D(2000), D(1_000_000))
    events = made.exchange.borrow(MARGIN, "BTC", D("0.02"), made.now_ns)
    assert kinds(events) == ["LiabilityChanged", "BalancesChanged"]
    told = only(events, LiabilityChanged)[0]
    assert (told.kind, told.principal, told.interest) == (LiabilityKind.BORROW, D("0.02"), D(0))
    assert made.exchange.margin_level(MARGIN) == D(2200) / D(1200) // D("1e-8") * D("1e-8")
    assert made.exchange.borrowable(MARGIN, "USDT")[0] == D(800)
    refused = made.exchange.borrow(MARGIN, "USDT", D(801), made.now_ns)
    assert refused == [ChangeRefused(MARGIN, "", Refusal.BORROW_LIMIT)]
    assert made.exchange.borrow(MARGIN, "EUR", D(1), made.now_ns) == [ChangeRefused(MARGIN, "", Refusal.NOT_BORROWABLE)]


def test_nothing_more_is_lent_at_the_normal_bar() -> None:
    made = rig(terms=MarginTerms(bars=MarginBars(normal=D("1.8"))))
    assert made.exchange.borrowable(MARGIN, "USDT")[0] == D(1250)
    made.exchange.borrow(MARGIN, "USDT", D(1250), made.now_ns)
    assert D("1.799") < made.exchange.margin_level(MARGIN) <= D("1.8")
    assert made.exchange.borrowable(MARGIN, "USDT")[0] == 0


def test_interest_is_owed_at_once_and_every_full_hour() -> None:
    made = rig(terms=MarginTerms(daily_rates={"USDT": D("0.0024")}))
    made.exchange.borrow(MARGIN, "USDT", D(1000), made.now_ns)
    assert owed(made, "USDT") == D("1000.1")
    hour = 3600 * NS
    assert made.exchange.next_deadline_ns is not None
    made.now_ns = (made.now_ns // hour + 2) * hour
    told = only(made.exchange.tick(made.now_ns), LiabilityChanged)
    assert [(event.kind, event.interest) for event in told] == [
        (LiabilityKind.INTEREST, D("0.2")),
        (LiabilityKind.INTEREST, D("0.3")),
    ]
    rows = made.exchange.ledger.interest
    assert [(row.interest, row.is_first) for row in rows] == [(D("0.1"), True), (D("0.1"), False), (D("0.1"), False)]
    assert rows[-1].ts_ns == made.now_ns
    events = made.exchange.repay(MARGIN, "USDT", D(500), made.now_ns)
    assert only(events, LiabilityChanged)[0].interest == 0
    assert owed(made, "USDT") == D("500.3")
    loans = [(loan.kind, loan.principal, loan.interest) for loan in made.exchange.ledger.loans]
    assert loans == [(LoanKind.BORROW, D(1000), D(0)), (LoanKind.REPAY, D("499.7"), D("0.3"))]
    refused = [ChangeRefused(MARGIN, "", Refusal.NO_DEBT)]
    assert made.exchange.repay(MARGIN, "USDT", D("500.31"), made.now_ns) == refused
    made.exchange.repay(MARGIN, "USDT", D("500.3"), made.now_ns)
    assert owed(made, "USDT") == 0
    assert made.exchange.repay(MARGIN, "USDT", D(1), made.now_ns) == refused
    made.exchange.tick(made.now_ns + hour)
    assert made.exchange.next_deadline_ns is None


def test_an_order_borrows_what_is_lacking() -> None:
    made = rig()
    refused = made.place(order(MARGIN, BUY, "0.03", "50000", symbol=BTC))[0]
    assert isinstance(refused, Rejected) and refused.refusal is Refusal.INSUFFICIENT_BALANCE
    too_much = made.place(order(MARGIN, BUY, "0.07", "50000", symbol=BTC, effect=MARGIN_BUY))[0]
    assert isinstance(too_much, Rejected) and too_much.refusal is Refusal.BORROW_LIMIT
    bid = made.rest(order(MARGIN, BUY, "0.03", "50000", symbol=BTC, effect=MARGIN_BUY))
    assert (bid.borrowed, bid.borrowed_asset, owed(made, "USDT")) == (D(500), "USDT", D(500))
    assert (made.free(MARGIN, "USDT"), made.locked(MARGIN, "USDT")) == (D(0), D(1500))
    assert made.exchange.ledger.loans[0].order_id == bid.order_id
    made.cancel(bid)
    assert (owed(made, "USDT"), made.free(MARGIN, "USDT")) == (D(0), D(1000))
    kept = made.rest(order(MARGIN, BUY, "0.03", "50000", symbol=BTC, effect=MARGIN_BUY, repay=False))
    made.cancel(kept)
    assert (owed(made, "USDT"), made.free(MARGIN, "USDT")) == (D(500), D(1500))


def test_a_short_sale_at_market_and_its_way_back() -> None:
    made = rig()
    made.quote(BUY, "1", "59000", BTC)
    made.quote(SELL, "1", "60000", BTC)
    sold = made.place(order(MARGIN, SELL, "0.02", symbol=BTC, effect=MARGIN_BUY))
    assert (owed(made, "BTC"), made.free(MARGIN, "BTC")) == (D("0.02"), D(0))
    assert made.free(MARGIN, "USDT") == D(1000) + D("1180") * D("0.999")
    assert kinds(sold)[:2] == ["Accepted", "LiabilityChanged"]
    made.place(order(MARGIN, BUY, "0.01", symbol=BTC, effect=AUTO_REPAY))
    assert (owed(made, "BTC"), made.free(MARGIN, "BTC")) == (D("0.01001"), D(0))
    made.place(order(MARGIN, BUY, "0.02", symbol=BTC, effect=AUTO_REPAY))
    assert (owed(made, "BTC"), made.free(MARGIN, "BTC")) == (D(0), D("0.00997"))


def test_a_pair_borrows_once() -> None:
    made = rig()
    stop = order(MARGIN, BUY, "2000", "0.8", OrderType.STOP_LIMIT, trigger="0.7", effect=MARGIN_BUY)
    limit = order(MARGIN, BUY, "2000", "0.55", maker=True, effect=MARGIN_BUY)
    made.place_list(Contingency.OCO, stop, limit)
    assert (owed(made, "USDT"), made.locked(MARGIN, "USDT"), made.free(MARGIN, "USDT")) == (D(600), D(1600), D(0))


def test_collateral_stays_while_something_is_owed() -> None:
    made = rig()
    made.exchange.borrow(MARGIN, "BTC", D("0.005"), made.now_ns)
    assert made.exchange.transferable(MARGIN, "USDT") == D(700)
    refused = made.exchange.transfer(MARGIN, "USDT", D(-701), made.now_ns)
    assert refused == [ChangeRefused(MARGIN, "", Refusal.DEBT_OUTSTANDING)]
    assert isinstance(made.exchange.transfer(MARGIN, "USDT", D(-700), made.now_ns)[0], BalanceMoved)
    assert made.exchange.margin_level(MARGIN) == 2


def test_the_level_is_told_when_it_means_something_else() -> None:
    made = rig()
    made.exchange.borrow(MARGIN, "BTC", D("0.02"), made.now_ns)
    made.quote(BUY, "1", "60000", BTC)
    made.place(order(MARGIN, SELL, "0.02", symbol=BTC))
    statuses = []
    for px in ("60000", "60000", "85000", "70000", "30000"):
        made.exchange.hear(BTC, D(px), made.now_ns, D(1))
        statuses += [event.status for event in only(made.wait(1), MarginLevelChanged)]
    assert statuses == [MarginStatus.NORMAL, MarginStatus.MARGIN_CALL, MarginStatus.NORMAL, MarginStatus.EXCESSIVE]


def explained(made: SpotRig) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in made.exchange.ledger.money(MARGIN):
        sums[row.asset] += row.amount
    return sums


def test_a_lost_short_is_bought_back() -> None:
    made = rig()
    made.quote(BUY, "1", "60000", BTC)
    made.place(order(MARGIN, SELL, "0.03", symbol=BTC, effect=MARGIN_BUY))
    waiting = made.rest(order(MARGIN, BUY, "0.001", "50000", symbol=BTC))
    made.quote(SELL, "1", "85000", BTC)
    made.exchange.hear(BTC, D(85000), made.now_ns, D(1))
    events = made.wait(1)
    assert made.now(waiting).expiry is ExpiryReason.LIQUIDATION
    bought = only(events, Executed)[0]
    assert (bought.order.forced, bought.order.side, bought.order.order_type) == ("liquidation", BUY, OrderType.MARKET)
    assert bought.order.client_order_id.startswith("autoclose-")
    assert owed(made, "BTC") == 0
    assert [event.status for event in only(events, MarginLevelChanged)] == [
        MarginStatus.FORCE_LIQUIDATION,
        MarginStatus.EXCESSIVE,
    ]
    left = made.free(MARGIN, "USDT")
    assert 0 < left < 1000 + 1800 - 85000 * D("0.03")
    assert left == explained(made)["USDT"]
    assert made.now(waiting).status is OrderStatus.EXPIRED


def test_who_owes_more_than_he_has_is_paid_out_by_the_insurance() -> None:
    made = rig()
    made.quote(BUY, "1", "60000", BTC)
    made.place(order(MARGIN, SELL, "0.03", symbol=BTC, effect=MARGIN_BUY))
    made.quote(SELL, "1", "120000", BTC)
    made.exchange.hear(BTC, D(120000), made.now_ns, D(1))
    made.wait(1)
    wallet = made.exchange.margin(MARGIN)
    assert not wallet.owes
    sums = explained(made)
    for asset in wallet.assets:
        assert wallet.total(asset) == sums[asset] >= 0
    assert wallet.total("USDT") < D("1.2")


def test_a_liquidation_waits_for_somebody_to_trade_with() -> None:
    made = rig()
    made.quote(BUY, "1", "60000", BTC)
    made.place(order(MARGIN, SELL, "0.03", symbol=BTC, effect=MARGIN_BUY))
    made.exchange.hear(BTC, D(85000), made.now_ns, D(1))
    events = made.wait(1)
    assert only(events, Expired)[0].order.expiry is ExpiryReason.NO_LIQUIDITY
    refused = made.place(order(MARGIN, BUY, "10", "0.5"))[0]
    assert isinstance(refused, Rejected) and refused.refusal is Refusal.IN_LIQUIDATION
    made.quote(SELL, "1", "85000", BTC)
    made.wait(1)
    assert owed(made, "BTC") == 0
    assert kinds(made.place(order(MARGIN, BUY, "10", "0.5")))[0] == "Accepted"
