"""Orders on the exchange of assets: what they lock, trade, cost, and how they end."""

from __future__ import annotations

import itertools
from decimal import Decimal

import pytest

from tradingsys.core.enums import OrderStatus, OrderType, Side, TimeInForce
from tradingsys.sim.asset_events import AssetBalance, BalanceMoved, BalancesChanged
from tradingsys.sim.events import (
    Accepted,
    BookChanged,
    Canceled,
    Executed,
    Expired,
    ExpiryReason,
    Refusal,
)

from .spot_rig import BTC, DOGE, ETHBTC, SpotRig, kinds, only, order, refusal

BUY, SELL = Side.BUY, Side.SELL
D = Decimal


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
    events = rig.place(request_)  # type: ignore[arg-type]
    assert refusal(events) is refused  # type: ignore[arg-type]
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
