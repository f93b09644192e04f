"""Orders on the exchange of assets: what they lock, trade, cost, and how they end."""

from __future__ import annotations

import itertools
from decimal import Decimal

import pytest

from tradingsys.core.enums import OrderStatus, OrderType, SelfTradePrevention, Side, TimeInForce
from tradingsys.sim.asset_events import AssetBalance, BalanceMoved, BalancesChanged, Prevented
from tradingsys.sim.events import (
    Accepted,
    Amended,
    BookChanged,
    Canceled,
    ChangeRefused,
    Executed,
    Expired,
    ExpiryReason,
    Refusal,
    Rejected,
)

from .spot_rig import BTC, DOGE, ETHBTC, SpotRig, kinds, only, order

BUY, SELL = Side.BUY, Side.SELL
D = Decimal


def refusal(events: list[object]) -> Refusal:
    first = events[0]
    assert isinstance(first, Rejected | ChangeRefused), first
    return first.refusal


def test_a_resting_order_locks_its_value_and_a_cancel_frees_it() -> None:
    rig = SpotRig()
    bid = rig.rest(order("a", BUY, "100", "0.5"))
    assert (rig.free("a", "USDT"), rig.locked("a", "USDT")) == (D(99950), D(50))
    ask = rig.rest(order("a", SELL, "7", "0.7"))
    assert (rig.free("a", "DOGE"), rig.locked("a", "DOGE")) == (D(99993), D(7))
    assert kinds(rig.cancel(bid)) == ["Canceled", "BookChanged", "BalancesChanged"]
    told = only(rig.cancel(ask), BalancesChanged)
    assert told[0].balances == (AssetBalance("DOGE", D(100000), D(0)),)
    assert rig.locked("a", "USDT") == 0


def test_fees_are_taken_from_what_is_received() -> None:
    rig = SpotRig()
    rig.rest(order("a", SELL, "100", "0.5"))
    events = rig.place(order("b", BUY, "100", "0.6"))
    assert kinds(events) == [
        "Accepted",
        "Traded",
        "Executed",
        "Executed",
        "BookChanged",
        "BalancesChanged",
        "BalancesChanged",
    ]
    sold, bought = (event.execution for event in only(events, Executed))
    assert (sold.fee, sold.fee_asset, sold.quote_qty, sold.is_maker) == (D("0.05"), "USDT", D(50), True)
    assert (bought.fee, bought.fee_asset, bought.quote_qty, bought.is_maker) == (D("0.1"), "DOGE", D(50), False)
    assert rig.free("a", "USDT") == D("100049.95")
    assert rig.free("b", "DOGE") == D("100099.9")
    assert (rig.free("b", "USDT"), rig.locked("b", "USDT")) == (D(99950), D(0))


def test_fees_in_bnb_at_a_discount_as_long_as_there_are_some() -> None:
    rig = SpotRig(deposits={"USDT": "1000", "DOGE": "1000", "BNB": "0.0001"})
    rig.exchange.burn_bnb("b", on=True)
    rig.rest(order("a", SELL, "500", "0.5"))
    first = only(rig.place(order("b", BUY, "100", "0.5")), Executed)[1].execution
    # 50 USDT × 0.1 % × 0.75 at 600 USDT
    assert (first.fee, first.fee_asset) == (D("0.00006250"), "BNB")
    second = only(rig.place(order("b", BUY, "100", "0.5")), Executed)[1].execution
    assert (second.fee, second.fee_asset) == (D("0.1"), "DOGE")
    assert rig.free("b", "BNB") == D("0.0000375")


def test_quote_amounts_have_eight_decimals() -> None:
    rig = SpotRig(deposits={"BTC": "1", "ETH": "1"})
    rig.rest(order("a", SELL, "0.0013", "0.03251", symbol=ETHBTC))
    fill = only(rig.place(order("b", BUY, "0.0013", "0.03251", symbol=ETHBTC)), Executed)[1]
    assert fill.execution.quote_qty == fill.order.cum_quote == D("0.00004226")
    assert rig.free("b", "BTC") == D("0.99995774")


def test_a_better_price_gives_the_difference_back() -> None:
    rig = SpotRig()
    rig.quote(SELL, "100", "0.4")
    rig.place(order("a", BUY, "150", "0.5"))
    assert (rig.free("a", "USDT"), rig.locked("a", "USDT")) == (D(100000) - 40 - 25, D(25))


@pytest.mark.parametrize(
    ("request_", "refused"),
    [
        (order("a", BUY, "300000", "0.5"), Refusal.INSUFFICIENT_BALANCE),
        (order("a", SELL, "100001", "0.7"), Refusal.INSUFFICIENT_BALANCE),
        (order("a", BUY, "1.5", "0.5"), Refusal.OFF_GRID),
        (order("a", BUY, "1", "0.5", symbol="NOUSDT"), Refusal.UNKNOWN_SYMBOL),
        (order("a", SELL, "10", "0.55", maker=True), Refusal.WOULD_TAKE),
        (order("a", BUY, "10", None, OrderType.STOP_MARKET, trigger="0.5"), Refusal.WOULD_TRIGGER),
        (order("a", SELL, "10", "0.7", OrderType.TAKE_PROFIT_LIMIT, trigger="0.6"), Refusal.WOULD_TRIGGER),
        (order("a", BUY, "0", None, quote="100001"), Refusal.INSUFFICIENT_BALANCE),
        (order("a", BUY, "200000"), Refusal.INSUFFICIENT_BALANCE),
    ],
)
def test_what_is_refused_leaves_no_trace(request_: object, refused: Refusal) -> None:
    rig = SpotRig()
    rig.quote(BUY, "100", "0.55")
    rig.quote(SELL, "200000", "0.65")
    assert not isinstance(request_, str)
    before = repr(rig.exchange.accounts["a"].free)
    would = rig.exchange.refused(request_)  # type: ignore[arg-type]
    events = rig.place(request_)  # type: ignore[arg-type]
    assert refusal(events) is refused  # type: ignore[arg-type]
    assert would == events[0]
    assert repr(rig.exchange.accounts["a"].free) == before
    assert not rig.exchange.open_orders("a")


def test_a_client_id_is_refused_only_while_its_order_is_open() -> None:
    rig = SpotRig()
    first = rig.rest(order("a", BUY, "10", "0.5", cid="mine"))
    assert refusal(list(rig.place(order("a", BUY, "10", "0.5", cid="mine")))) is Refusal.DUPLICATE_CLIENT_ORDER_ID
    assert isinstance(rig.place(order("b", BUY, "10", "0.5", cid="mine"))[0], Accepted)
    rig.cancel(first)
    second = rig.rest(order("a", BUY, "10", "0.5", cid="mine"))
    found = rig.exchange.ledger.order("a", DOGE, client_order_id="mine")
    assert found is not None and found.order_id == second.order_id


def test_a_market_order_takes_what_is_there_and_the_rest_expires() -> None:
    rig = SpotRig()
    rig.quote(SELL, "40", "0.61")
    rig.quote(SELL, "40", "0.62")
    events = rig.place(order("a", BUY, "100"))
    assert kinds(events)[-3:] == ["Expired", "BookChanged", "BalancesChanged"]
    ended = only(events, Expired)[0].order
    assert (ended.status, ended.cum_qty, ended.expiry) == (OrderStatus.EXPIRED, D(80), ExpiryReason.NO_LIQUIDITY)
    assert rig.free("a", "USDT") == D(100000) - D("24.4") - D("24.8")


def test_a_market_order_for_an_amount_of_quote() -> None:
    rig = SpotRig()
    rig.quote(SELL, "40", "0.61")
    rig.quote(SELL, "400", "0.62")
    filled = only(rig.place(order("a", BUY, "0", None, quote="30")), Executed)[-1].order
    # 24.4 for the first forty, then nine at 0.62: 5.58
    assert (filled.status, filled.qty, filled.cum_quote) == (OrderStatus.FILLED, D(49), D("29.98"))
    assert rig.free("a", "USDT") == D("99970.02")
    rig.quote(BUY, "1000", "0.5")
    sold = only(rig.place(order("a", SELL, "0", None, quote="30.3")), Executed)[-1].order
    assert (sold.status, sold.cum_qty) == (OrderStatus.FILLED, D(60))


def test_immediate_and_all_or_nothing() -> None:
    rig = SpotRig()
    rig.quote(SELL, "40", "0.61")
    kill = rig.place(order("a", BUY, "50", "0.62", tif=TimeInForce.FOK))
    assert kinds(kill) == ["Accepted", "Expired", "BalancesChanged"]
    assert only(kill, Expired)[0].order.expiry is ExpiryReason.UNFILLED_FOK
    rest = only(rig.place(order("a", BUY, "50", "0.62", tif=TimeInForce.IOC)), Expired)[0].order
    assert (rest.cum_qty, rest.expiry) == (D(40), ExpiryReason.UNFILLED_IMMEDIATE)
    assert rig.locked("a", "USDT") == 0


def test_an_iceberg_shows_its_visible_part() -> None:
    rig = SpotRig()
    iceberg = rig.rest(order("a", SELL, "100", "0.61", iceberg="30"))
    assert only(rig.events, BookChanged)[-1].asks == [(61000, 30)]
    rig.place(order("b", BUY, "40", "0.61"))
    assert only(rig.events, BookChanged)[-1].asks == [(61000, 20)]
    assert (rig.now(iceberg).leaves, rig.locked("a", "DOGE")) == (D(60), D(60))


def test_update_ids_follow_each_other() -> None:
    rig = SpotRig()
    for px in ("0.5", "0.51", "0.52"):
        rig.place(order("a", BUY, "10", px))
    rig.place(order("b", SELL, "25", "0.5"))
    told = only(rig.events, BookChanged)
    assert [change.update_id - change.first_update_id for change in told] == [0, 0, 0, 2]
    assert all(later.first_update_id == earlier.update_id + 1 for earlier, later in itertools.pairwise(told))


# --- self-trade prevention


def test_decrement_takes_from_both_orders() -> None:
    rig = SpotRig()
    maker = rig.rest(order("a", BUY, "6", "0.5"))
    events = rig.place(order("a", SELL, "2", "0.5", stp=SelfTradePrevention.DECREMENT))
    first, second = only(events, Prevented)
    assert (first.order.order_id, first.order.status, first.order.prevented_qty) == (
        maker.order_id,
        OrderStatus.NEW,
        D(2),
    )
    assert (second.order.status, second.order.prevented_qty, second.last_qty) == (
        OrderStatus.EXPIRED_IN_MATCH,
        D(2),
        D(2),
    )
    assert (rig.locked("a", "USDT"), rig.locked("a", "DOGE")) == (D(2), D(0))
    match = rig.exchange.ledger.prevented[0]
    assert (match.taker_qty, match.maker_qty, match.mode, match.px) == (
        D(2),
        D(2),
        SelfTradePrevention.DECREMENT,
        D("0.5"),
    )
    assert not only(events, Executed)
    filled = only(rig.place(order("b", SELL, "4", "0.5")), Executed)[0].order
    assert (filled.status, filled.cum_qty) == (OrderStatus.FILLED, D(4))


def test_transfer_within_an_account_is_a_decrement_and_the_mode_says_whose_word_counted() -> None:
    rig = SpotRig()
    rig.rest(order("a", BUY, "6", "0.5", stp=SelfTradePrevention.EXPIRE_TAKER))
    rig.place(order("a", SELL, "2", "0.5", stp=SelfTradePrevention.TRANSFER))
    rig.rest(order("a", BUY, "6", "0.5", stp=SelfTradePrevention.TRANSFER))
    rig.place(order("a", SELL, "6", "0.5", stp=SelfTradePrevention.TRANSFER))
    modes = [match.mode.value for match in rig.exchange.ledger.prevented]
    assert modes == ["DECREMENT", "DECREMENT", "TRANSFER"]


@pytest.mark.parametrize(
    ("mode", "maker_ends", "taker_ends"),
    [
        (SelfTradePrevention.EXPIRE_TAKER, False, True),
        (SelfTradePrevention.EXPIRE_MAKER, True, False),
        (SelfTradePrevention.EXPIRE_BOTH, True, True),
    ],
)
def test_expiring_counts_the_rest_as_prevented(mode: SelfTradePrevention, maker_ends: bool, taker_ends: bool) -> None:
    rig = SpotRig()
    maker = rig.rest(order("a", BUY, "6", "0.5"))
    taker = rig.rest(order("a", SELL, "2", "0.5", stp=mode))
    ends = {True: (OrderStatus.EXPIRED_IN_MATCH,), False: (OrderStatus.NEW,)}
    assert (rig.now(maker).status,) == ends[maker_ends]
    assert (rig.now(taker).status,) == ends[taker_ends]
    assert rig.now(maker).prevented_qty == (6 if maker_ends else 0)
    assert rig.now(taker).prevented_qty == (2 if taker_ends else 0)
    assert rig.locked("a", "USDT") == (0 if maker_ends else 3)


# --- orders that wait


def test_a_stop_works_under_its_own_id() -> None:
    rig = SpotRig()
    rig.quote(BUY, "100", "0.55")
    stop = rig.rest(order("a", SELL, "10", None, OrderType.STOP_MARKET, trigger="0.58"))
    assert (stop.status, stop.is_working, stop.working_ns) == (OrderStatus.NEW, False, 0)
    assert rig.locked("a", "DOGE") == 10
    assert rig.trade_at("0.59") == []
    events = rig.trade_at("0.58")
    assert kinds(events) == ["Triggered", "Traded", "Executed", "BookChanged", "BalancesChanged"]
    done = rig.now(stop)
    assert (done.order_id, done.status, done.is_working) == (stop.order_id, OrderStatus.FILLED, True)
    assert done.working_ns == rig.now_ns
    assert rig.free("a", "USDT") == D(100000) + D("5.5") - D("0.0055")


def test_a_stop_limit_rests_once_triggered() -> None:
    rig = SpotRig()
    stop = rig.rest(order("a", BUY, "10", "0.65", OrderType.STOP_LIMIT, trigger="0.62"))
    assert not only(rig.events, BookChanged)
    assert rig.locked("a", "USDT") == D("6.5")
    rig.trade_at("0.63")
    assert only(rig.events, BookChanged)[-1].bids == [(65000, 10)]
    assert kinds(rig.cancel(stop)) == ["Canceled", "BookChanged", "BalancesChanged"]


def test_a_triggered_market_order_buys_what_can_be_paid() -> None:
    rig = SpotRig(deposits={"USDT": "10"})
    stop = rig.rest(order("a", BUY, "10", None, OrderType.STOP_MARKET, trigger="0.7"))
    assert (rig.free("a", "USDT"), rig.locked("a", "USDT")) == (D(3), D(7))
    rig.quote(SELL, "100", "1.5")
    rig.trade_at("0.7")
    done = rig.now(stop)
    assert (done.status, done.cum_qty, rig.free("a", "USDT")) == (OrderStatus.EXPIRED, D(6), D(1))


@pytest.mark.parametrize(
    ("side", "kind", "trigger", "bps", "path", "fires_at"),
    [
        # The scenarios A to E of Binance's questions and answers on trailing stops, at a hundred-thousandth.
        (BUY, OrderType.STOP_LIMIT, "0.44", 500, "0.37 0.43 0.44 0.45 0.46 0.42 0.44099 0.441", "0.441"),
        (SELL, OrderType.STOP_LIMIT, "0.39", 1000, "0.415 0.39 0.37 0.41 0.36901 0.369", "0.369"),
        (BUY, OrderType.TAKE_PROFIT_LIMIT, "0.38", 850, "0.42 0.38 0.37 0.39 0.38 0.40144 0.40145", "0.40145"),
        (SELL, OrderType.TAKE_PROFIT_LIMIT, "0.42", 750, "0.415 0.39 0.42 0.45 0.44 0.465 0.43013 0.43012", "0.43012"),
        (SELL, OrderType.STOP_LIMIT, None, 700, "0.42 0.395 0.455 0.42316 0.42315", "0.42315"),
    ],
)
def test_trailing_stops(side: Side, kind: OrderType, trigger: str | None, bps: int, path: str, fires_at: str) -> None:
    rig = SpotRig()
    rig.trade_at("0.40")
    stop = rig.rest(order("a", side, "10", "0.41", kind, trigger=trigger, bps=bps))
    assert (stop.trailing_ns > 0) is (trigger is None)
    for px in path.split():
        rig.trade_at(px)
        assert rig.now(stop).is_working is (px == fires_at), px
    assert rig.now(stop).trailing_ns > 0


def test_a_canceled_stop_never_fires() -> None:
    rig = SpotRig()
    stop = rig.rest(order("a", SELL, "10", None, OrderType.STOP_MARKET, trigger="0.58"))
    rig.cancel(stop)
    assert rig.locked("a", "DOGE") == 0
    assert kinds(rig.trade_at("0.5")) == []


def test_only_so_many_conditional_orders() -> None:
    rig = SpotRig()
    for _ in range(5):
        rig.rest(order("a", SELL, "10", None, OrderType.STOP_MARKET, trigger="0.58"))
    fifth = rig.place(order("a", SELL, "10", None, OrderType.STOP_MARKET, trigger="0.58"))
    assert refusal(list(fifth)) is Refusal.TOO_MANY_CONDITIONS


# --- amends


def test_an_amended_order_keeps_its_place_and_gets_a_name() -> None:
    rig = SpotRig()
    first = rig.rest(order("a", BUY, "10", "0.5", cid="one"))
    rig.rest(order("b", BUY, "10", "0.5"))
    events = rig.amend(first, "6")
    assert kinds(events) == ["Amended", "BookChanged", "BalancesChanged"]
    amended = only(events, Amended)[0]
    assert (amended.order.order_id, amended.order.qty, amended.order.amends) == (first.order_id, D(6), 1)
    assert amended.order.client_order_id not in ("", "one")
    assert amended.amendment is not None
    row = rig.exchange.ledger.amendments[0]
    assert (row.client_order_id, row.new_client_order_id) == ("one", amended.order.client_order_id)
    assert (row.qty_before, row.qty) == (D(10), D(6))
    assert rig.locked("a", "USDT") == 3
    fills = only(rig.place(order("house", SELL, "8", "0.5")), Executed)
    assert [(fill.order.account, fill.execution.qty) for fill in fills] == [("a", D(6)), ("b", D(2))]
    found = rig.exchange.ledger.order("a", DOGE, client_order_id=amended.order.client_order_id)
    assert found is not None and found.order_id == first.order_id


def test_an_amend_may_keep_the_name_and_must_make_it_smaller() -> None:
    rig = SpotRig()
    mine = rig.rest(order("a", BUY, "30", "0.5", cid="one"))
    other = rig.rest(order("a", BUY, "30", "0.5", cid="two"))
    assert rig.amend(mine, "29", "one") and rig.now(mine).client_order_id == "one"
    assert refusal(list(rig.amend(mine, "29"))) is Refusal.NOT_SMALLER
    assert refusal(list(rig.amend(mine, "40"))) is Refusal.NOT_SMALLER
    assert refusal(list(rig.amend(mine, "20", "two"))) is Refusal.CLIENT_ID_IN_USE
    for number in range(9):
        assert kinds(rig.amend(mine, str(28 - number), "one"))[0] == "Amended"
    assert refusal(list(rig.amend(mine, "5", "one"))) is Refusal.TOO_MANY_AMENDS
    rig.cancel(other)
    assert refusal(list(rig.amend(other, "20"))) is Refusal.UNKNOWN_ORDER


def test_an_amend_that_leaves_nothing_ends_the_order() -> None:
    rig = SpotRig()
    mine = rig.rest(order("a", BUY, "30", "0.5"))
    rig.place(order("b", SELL, "20", "0.5"))
    ended = only(rig.amend(mine, "20"), Expired)[0].order
    assert (ended.status, ended.expiry, ended.cum_qty) == (OrderStatus.EXPIRED, ExpiryReason.AMENDED, D(20))
    assert rig.locked("a", "USDT") == 0


# --- money and states


def test_transfers_move_what_is_free() -> None:
    rig = SpotRig()
    rig.rest(order("a", BUY, "100000", "0.5"))
    assert refusal(list(rig.exchange.transfer("a", "USDT", D(-50001), rig.now_ns))) is Refusal.CROSS_BALANCE
    events = rig.exchange.transfer("a", "USDT", D(-50000), rig.now_ns)
    moved = events[0]
    assert isinstance(moved, BalanceMoved) and moved.delta == D(-50000)
    assert only(events, BalancesChanged)[0].balances == (AssetBalance("USDT", D(0), D(50000)),)
    assert sum(row.amount for row in rig.exchange.ledger.money("a") if row.asset == "USDT") == D(50000)


def test_a_symbol_can_be_only_for_cancels() -> None:
    rig = SpotRig()
    mine = rig.rest(order("a", BUY, "10", "0.5"))
    rig.exchange.set_status(DOGE, "CANCEL_ONLY", rig.now_ns)
    assert refusal(list(rig.place(order("a", BUY, "10", "0.5")))) is Refusal.CANCEL_ONLY
    assert isinstance(rig.cancel(mine)[0], Canceled)
    rig.exchange.set_status(DOGE, "HALT", rig.now_ns)
    assert refusal(list(rig.place(order("a", BUY, "10", "0.5")))) is Refusal.NOT_TRADING
    rig.exchange.set_status(DOGE, "TRADING", rig.now_ns)
    assert isinstance(rig.place(order("a", BUY, "10", "0.5"))[0], Accepted)


def test_the_average_price_forgets_after_minutes() -> None:
    rig = SpotRig()
    assert rig.exchange.average_px(BTC, rig.now_ns) == D(60000)
    rig.exchange.hear(BTC, D(50000), rig.now_ns, D(1))
    rig.exchange.hear(BTC, D(56000), rig.now_ns, D(2))
    assert rig.exchange.average_px(BTC, rig.now_ns) == D(54000)
    assert rig.exchange.average_px(BTC, rig.now_ns + 301 * 10**9) == D(56000)


def test_assets_are_worth_what_their_markets_say() -> None:
    rig = SpotRig()
    prices = rig.exchange.prices("BTC")
    assert prices["USDT"] == 1 / D(60000)
    assert prices["ETH"] == D("0.04167")
    assert prices["DOGE"] == D("0.6") / 60000
