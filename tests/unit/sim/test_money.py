"""Funding, transfers, leverage and margin, and a ledger that adds up."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tradingsys.core.enums import MarginType, Side
from tradingsys.sim.events import (
    AccountChanged,
    ChangeRefused,
    ExchangeEvent,
    Executed,
    FundingSettled,
    MarginCalled,
    OrderRecord,
    Refusal,
)
from tradingsys.sim.exchange import Exchange
from tradingsys.sim.funding import FUNDING_MS, RATE_CAP, next_funding_ms
from tradingsys.sim.markets import load_markets
from tradingsys.sim.money import CashKind
from tradingsys.sim.state import INSURANCE, Options

from .exchange_rig import DOGE, MS, NS, Rig, kinds

D = Decimal
BUY, SELL = Side.BUY, Side.SELL


def refusal(events: list[ExchangeEvent]) -> Refusal:
    (event,) = events
    assert isinstance(event, ChangeRefused)
    return event.refusal


def long_and_short(rig: Rig, qty: str = "1000", px: str = "0.60") -> None:
    rig.place("b", SELL, qty, px)
    rig.place("a", BUY, qty, px)


def move_mark(rig: Rig, px: str) -> list[ExchangeEvent]:
    """A market of one tick around a price, until the mark price is there."""
    rig.exchange.cancel_all("house", DOGE, rig.now_ns)
    rig.place("house", BUY, "100000", str(D(px) - D("0.00001")))
    rig.place("house", SELL, "100000", str(D(px) + D("0.00001")))
    events: list[ExchangeEvent] = []
    for _ in range(60):
        rig.now_ns += NS
        events += rig.exchange.tick(rig.now_ns)
    return events


def with_house(*accounts: str, deposit: str = "100000", options: Options | None = None) -> Rig:
    rig = Rig()
    rig.exchange = Exchange((each.listing for each in load_markets()), options=options)
    for name in accounts:
        rig.exchange.open_account(name, {"USDT": D(deposit)}, now_ns=rig.now_ns)
    rig.exchange.open_account("house", {}, is_house=True)
    return rig


# --- funding


def test_funding_is_settled_three_times_a_day() -> None:
    rig = Rig()
    long_and_short(rig)
    rig.exchange.tick(rig.now_ns)
    due_ms = next_funding_ms(rig.now_ns // MS)
    assert rig.exchange.venues[DOGE].next_funding_ms == due_ms
    assert rig.exchange.next_deadline_ns == due_ms * MS
    assert rig.exchange.tick(due_ms * MS - 1) == []
    events = rig.exchange.tick(due_ms * MS)
    assert [event.record.symbol for event in events if isinstance(event, FundingSettled)] == ["BTCUSDT", DOGE]
    paid, received = [event for event in events if isinstance(event, AccountChanged)]
    rate, mark = rig.exchange.ledger.funding[1].rate, rig.exchange.ledger.funding[1].mark_px
    assert rate == D("0.0001")  # mark is index: interest alone
    assert (paid.account, paid.change, paid.position, paid.reason) == ("a", -1000 * mark * rate, None, "FUNDING_FEE")
    assert (received.account, received.change, received.symbol) == ("b", 1000 * mark * rate, DOGE)
    assert rig.exchange.tick((due_ms + FUNDING_MS) * MS)[0] == FundingSettled(rig.exchange.ledger.funding[2])


def test_an_isolated_position_pays_from_its_own_margin() -> None:
    rig = Rig()
    rig.exchange.set_margin_type("a", DOGE, MarginType.ISOLATED, rig.now_ns)
    long_and_short(rig)
    rig.exchange.tick(rig.now_ns)
    own, cross = rig.exchange.accounts["a"].isolated[DOGE], rig.exchange.accounts["a"].cross_wallet("USDT")
    events = rig.exchange.tick(next_funding_ms(rig.now_ns // MS) * MS)
    (paid,) = [event for event in events if isinstance(event, AccountChanged) and event.account == "a"]
    assert paid.position is not None
    assert paid.isolated_wallet == own + paid.change
    assert rig.exchange.accounts["a"].cross_wallet("USDT") == cross


def test_a_premium_makes_the_longs_pay_within_a_cap() -> None:
    rig = with_house("a")
    move_mark(rig, "0.60")
    events = move_mark(rig, "0.66")
    assert not [event for event in events if isinstance(event, FundingSettled)]
    assert D("0.0005") < rig.exchange.venues[DOGE].funding_rate <= RATE_CAP


# --- money in and out, and what the ledger says of it


def test_transfers_are_told_and_kept() -> None:
    rig = with_house("a", deposit="100")
    (event,) = rig.exchange.transfer("a", "USDT", D(50), rig.now_ns)
    assert isinstance(event, AccountChanged)
    assert (event.reason, event.wallet, event.change, event.position) == ("DEPOSIT", D(150), D(50), None)
    (event,) = rig.exchange.transfer("a", "USDT", D(-150), rig.now_ns)
    assert isinstance(event, AccountChanged)
    assert (event.reason, event.wallet) == ("WITHDRAW", D(0))
    assert refusal(rig.exchange.transfer("a", "USDT", D(-1), rig.now_ns)) is Refusal.CROSS_BALANCE
    assert [row.amount for row in rig.exchange.ledger.money("a")] == [D(100), D(50), D(-150)]


trades = st.tuples(st.sampled_from(["a", "b", "c"]), st.sampled_from(list(Side)), st.integers(1, 4000))
steps = st.lists(st.one_of(trades, st.integers(40, 80), st.sampled_from(["deposit", "funding"])), max_size=25)


@settings(max_examples=60, deadline=None)
@given(steps, st.sampled_from(["0", "20"]), st.booleans())
def test_every_wallet_is_the_sum_of_its_ledger(
    moves: list[tuple[str, Side, int] | int | str], insurance: str, isolated: bool
) -> None:
    rig = with_house("a", "b", "c", deposit="150", options=Options(insurance=D(insurance)))
    exchange = rig.exchange
    if isolated:
        exchange.set_margin_type("a", DOGE, MarginType.ISOLATED, rig.now_ns)
    move_mark(rig, "0.60")
    for move in moves:
        if isinstance(move, int):
            move_mark(rig, f"0.{move}")
        elif move == "deposit":
            exchange.transfer("a", "USDT", D("12.5"), rig.now_ns)
        elif move == "funding":
            rig.now_ns = next_funding_ms(rig.now_ns // MS) * MS
            exchange.tick(rig.now_ns)
        elif isinstance(move, tuple):
            rig.place(move[0], move[1], str(move[2]), None)
        ids = [row.row_id for name in ("a", "b", "c") for row in exchange.ledger.money(name)]
        assert len(ids) == len(set(ids))
        for name in ("a", "b", "c"):
            account = exchange.accounts[name]
            assert account.wallet["USDT"] == sum((row.amount for row in exchange.ledger.money(name)), D(0))
            assert account.wallet["USDT"] >= 0 or account.position(DOGE).net
            assert all(own == 0 or account.position(symbol).net for symbol, own in account.isolated.items())
        assert sum(account.position(DOGE).net for account in exchange.accounts.values()) == 0
        for account in exchange.accounts.values():
            for side in Side:
                opened = exchange.open_orders(account.name, DOGE)
                locked = sum((row.leaves * (row.px or 0) for row in opened if row.side is side), D(0))
                assert account.open_notional(DOGE, side) == locked


# --- settings


def test_leverage_has_bounds() -> None:
    rig = Rig(deposit="100")
    exchange = rig.exchange
    assert kinds(exchange.set_leverage("a", DOGE, 75, rig.now_ns)) == ["LeverageChanged"]
    assert refusal(exchange.set_leverage("a", DOGE, 76, rig.now_ns)) is Refusal.INVALID_LEVERAGE
    assert refusal(exchange.set_leverage("a", DOGE, 0, rig.now_ns)) is Refusal.INVALID_LEVERAGE
    exchange.set_leverage("a", DOGE, 20, rig.now_ns)
    long_and_short(rig, "3000")
    assert refusal(exchange.set_leverage("a", DOGE, 10, rig.now_ns)) is Refusal.LEVERAGE_NEEDS_MARGIN
    assert exchange.accounts["a"].leverage(DOGE) == 20


def test_a_bracket_bounds_the_position() -> None:
    rig = Rig(deposit="1000000")
    rig.exchange.set_leverage("a", DOGE, 75, rig.now_ns)
    (event,) = rig.place("a", BUY, "40000", "0.60")
    assert getattr(event, "refusal", None) is Refusal.MAX_POSITION
    rig.exchange.set_leverage("a", DOGE, 50, rig.now_ns)
    assert kinds(rig.place("a", BUY, "40000", "0.60"))[0] == "Accepted"
    assert refusal(rig.exchange.set_leverage("a", DOGE, 75, rig.now_ns)) is Refusal.MAX_POSITION


def test_margin_types_change_when_nothing_is_open() -> None:
    rig = Rig()
    exchange = rig.exchange
    rig.place("a", BUY, "10", "0.50")
    assert refusal(exchange.set_margin_type("a", DOGE, MarginType.ISOLATED, rig.now_ns)) is Refusal.OPEN_ORDERS
    exchange.cancel_all("a", DOGE, rig.now_ns)
    long_and_short(rig)
    assert refusal(exchange.set_margin_type("a", DOGE, MarginType.ISOLATED, rig.now_ns)) is Refusal.OPEN_POSITION
    assert refusal(exchange.move_margin("a", DOGE, D(1), rig.now_ns)) is Refusal.NOT_ISOLATED


def test_margin_moves_between_account_and_position() -> None:
    rig = Rig(deposit="100")
    exchange = rig.exchange
    exchange.set_margin_type("a", DOGE, MarginType.ISOLATED, rig.now_ns)
    assert refusal(exchange.move_margin("a", DOGE, D(1), rig.now_ns)) is Refusal.NO_POSITION
    long_and_short(rig)
    (event,) = exchange.move_margin("a", DOGE, D(20), rig.now_ns)
    assert isinstance(event, AccountChanged)
    assert (event.isolated_wallet, event.change, event.reason) == (D(50), D(-20), "MARGIN_TRANSFER")
    assert event.cross_wallet == event.wallet - 50
    assert refusal(exchange.move_margin("a", DOGE, D(90), rig.now_ns)) is Refusal.CROSS_BALANCE
    assert refusal(exchange.move_margin("a", DOGE, D(-21), rig.now_ns)) is Refusal.ISOLATED_BALANCE
    exchange.move_margin("a", DOGE, D(-20), rig.now_ns)
    assert refusal(exchange.set_leverage("a", DOGE, 10, rig.now_ns)) is Refusal.LEVERAGE_LOWERED


# --- liquidation


def forced(rig: Rig, account: str) -> list[OrderRecord]:
    return [order for order in rig.exchange.ledger.orders(account, DOGE) if order.forced]


def test_a_warning_comes_before_the_end() -> None:
    rig = with_house("a", deposit="40")
    move_mark(rig, "0.60")
    rig.place("a", BUY, "1000", None)
    rig.place("a", BUY, "10", "0.30", cid="resting")
    assert not forced(rig, "a")
    called = [event for event in move_mark(rig, "0.5643") if isinstance(event, MarginCalled)]
    assert [event.symbols for event in called] == [(DOGE,)]
    assert rig.net("a") == 1000
    events = move_mark(rig, "0.562")
    assert not [event for event in events if isinstance(event, MarginCalled)]
    assert rig.net("a") == 0
    (order,) = forced(rig, "a")
    assert (order.forced, order.side, order.cum_qty) == ("liquidation", SELL, D(1000))
    assert order.client_order_id.startswith("autoclose-")
    resting = rig.exchange.ledger.order("a", DOGE, client_order_id="resting")
    assert resting is not None
    assert resting.expiry is not None
    assert resting.expiry.value == "the account was liquidated"
    rows = list(rig.exchange.ledger.money("a"))
    assert [row.kind for row in rows][-1] is CashKind.INSURANCE_CLEAR
    assert rows[-1].amount < 0
    assert rig.exchange.accounts["a"].wallet["USDT"] >= 0


def crash(rig: Rig) -> None:
    """The price falls through everything at once: nobody buys."""
    rig.exchange.cancel_all("house", DOGE, rig.now_ns)
    rig.exchange.venues[DOGE].mark.set(D("0.40"))
    rig.now_ns += 2 * NS
    rig.exchange.tick(rig.now_ns)


def test_the_insurance_fund_takes_what_nobody_buys() -> None:
    rig = with_house("a", "b", deposit="40")
    long_and_short(rig)
    crash(rig)
    assert (rig.net("a"), rig.net("b")) == (D(0), D(-1000))
    assert rig.exchange.accounts[INSURANCE].position(DOGE).net == 1000
    assert rig.exchange.accounts["a"].wallet["USDT"] == 0
    assert [order.cum_qty for order in forced(rig, "a")] == [0, 1000]


def test_without_insurance_the_most_successful_are_deleveraged() -> None:
    rig = with_house("a", "b", "c", deposit="40", options=Options(insurance=D(0)))
    rig.place("c", SELL, "700", "0.61")
    rig.place("b", SELL, "600", "0.60")
    rig.place("a", BUY, "1000", "0.61")
    rig.exchange.cancel_all("c", DOGE, rig.now_ns)
    rig.place("a", SELL, "1", "0.70", cid="own")
    assert rig.exchange.deleveraging_queue(DOGE, SELL) == ["c", "b"]
    crash(rig)
    assert (rig.net("a"), rig.net("c"), rig.net("b")) == (D(0), D(0), D(0))
    (adl,) = forced(rig, "c")
    assert (adl.client_order_id, adl.forced, adl.side, adl.cum_qty) == (
        "adl_autoclose", "auto-deleveraging", BUY, D(400),
    )  # fmt: skip
    assert INSURANCE not in rig.exchange.accounts or not rig.exchange.accounts[INSURANCE].position(DOGE).net


@pytest.mark.parametrize("spare", ["0", "1000"])
def test_an_isolated_position_goes_alone(spare: str) -> None:
    rig = with_house("a", deposit="2000")
    rig.exchange.set_margin_type("a", DOGE, MarginType.ISOLATED, rig.now_ns)
    move_mark(rig, "0.60")
    rig.place("a", BUY, "1000", None)
    if D(spare):
        rig.exchange.move_margin("a", DOGE, D(spare), rig.now_ns)
    cross = rig.exchange.accounts["a"].cross_wallet("USDT")
    move_mark(rig, "0.50")
    if D(spare):
        assert rig.net("a") == 1000
        assert not forced(rig, "a")
    else:
        assert rig.net("a") == 0
        assert rig.exchange.accounts["a"].cross_wallet("USDT") >= cross


def test_forced_trades_of_insurance_are_no_public_trades() -> None:
    rig = with_house("a", "b", deposit="40")
    long_and_short(rig)
    rig.exchange.venues[DOGE].mark.set(D("0.40"))
    rig.now_ns += 2 * NS
    events = rig.exchange.tick(rig.now_ns)
    assert "Traded" not in kinds(events)
    (mine,) = [event.execution for event in events if isinstance(event, Executed)]
    assert (mine.account, mine.fee) == ("a", D(0))
