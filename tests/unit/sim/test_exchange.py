"""The exchange's rules one by one, and what no sequence of requests may break."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tradingsys.core.enums import OrderStatus, SelfTradePrevention, Side, TimeInForce
from tradingsys.sim.events import (
    Accepted,
    AccountChanged,
    BookChanged,
    Canceled,
    Executed,
    Expired,
    ExpiryReason,
    Refusal,
    Rejected,
)
from tradingsys.sim.funding import next_funding_ms

from .exchange_rig import BTC, DOGE, MS, NS, Rig, kinds

D = Decimal
BUY, SELL = Side.BUY, Side.SELL


def refusal(events: Sequence[object]) -> Refusal:
    (event,) = events
    assert isinstance(event, Rejected)
    return event.refusal


def last_expiry(events: Sequence[object]) -> Expired:
    return [event for event in events if isinstance(event, Expired)][-1]


def test_a_trade_tells_everything_in_order() -> None:
    rig = Rig()
    assert kinds(rig.place("a", SELL, "100", "0.60", cid="maker")) == ["Accepted", "BookChanged"]
    events = rig.place("b", BUY, "40", "0.61", cid="taker")
    assert kinds(events) == [
        "Accepted", "Traded", "AccountChanged", "Executed", "AccountChanged", "Executed", "BookChanged",
    ]  # fmt: skip
    maker, taker = [event for event in events if isinstance(event, Executed)]
    assert (maker.execution.is_maker, maker.execution.client_order_id, maker.order.status) == (
        True, "maker", OrderStatus.PARTIALLY_FILLED,
    )  # fmt: skip
    assert (taker.execution.px, taker.execution.qty, taker.order.status) == (D("0.60"), D(40), OrderStatus.FILLED)
    assert (maker.execution.fee, taker.execution.fee) == (D("0.00480000"), D("0.01200000"))
    assert maker.execution.exec_id == taker.execution.exec_id
    changes = [event for event in events if isinstance(event, AccountChanged)]
    assert [change.wallet for change in changes] == [D("99999.99520000"), D("99999.98800000")]
    assert (rig.net("a"), rig.net("b")) == (D(-40), D(40))
    assert rig.exchange.ledger.executions == [maker.execution, taker.execution]


def test_ids_grow_per_symbol_and_update_ids_have_gaps() -> None:
    rig = Rig()
    orders, updates = [], []
    for px in ("0.50", "0.51", "0.52"):
        for event in rig.place("a", BUY, "10", px):
            if isinstance(event, Accepted):
                orders.append(event.order.order_id)
            elif isinstance(event, BookChanged):
                updates.append(event.update_id)
    assert orders == [orders[0], orders[0] + 1, orders[0] + 2]
    assert all(later > earlier + 1 for earlier, later in itertools.pairwise(updates))


def test_client_ids_are_unique_among_open_orders_only() -> None:
    rig = Rig()
    rig.place("a", BUY, "10", "0.50", cid="x")
    assert refusal(rig.place("a", BUY, "10", "0.50", cid="x")) is Refusal.DUPLICATE_CLIENT_ORDER_ID
    assert kinds(rig.place("b", BUY, "10", "0.50", cid="x"))[0] == "Accepted"
    assert kinds(rig.exchange.cancel("a", DOGE, rig.now_ns, client_order_id="x"))[0] == "Canceled"
    first = rig.exchange.ledger.order("a", DOGE, client_order_id="x")
    assert kinds(rig.place("a", BUY, "11", "0.50", cid="x"))[0] == "Accepted"
    again = rig.exchange.ledger.order("a", DOGE, client_order_id="x")
    assert first is not None
    assert again is not None
    assert (first.status, again.qty) == (OrderStatus.CANCELED, D(11))
    assert len(list(rig.exchange.ledger.orders("a", DOGE))) == 2


def test_an_order_without_a_client_id_gets_one_of_its_own() -> None:
    rig = Rig()
    placed = [rig.place("a", BUY, "10", "0.50"), rig.place("a", BUY, "0.01", "50000", symbol=BTC)]
    ids = {(event.order.order_id, event.order.client_order_id) for (event, *_) in placed if isinstance(event, Accepted)}
    assert len({order_id for order_id, _ in ids}) == 1, "order ids are of their symbol"
    assert len({name for _, name in ids}) == 2


def test_an_order_is_cancelled_by_its_own_account_only() -> None:
    rig = Rig()
    (accepted, _) = rig.place("a", BUY, "10", "0.50", cid="x")
    assert isinstance(accepted, Accepted)
    order_id = accepted.order.order_id
    assert kinds(rig.exchange.cancel("b", DOGE, rig.now_ns, order_id=order_id)) == ["CancelRefused"]
    assert kinds(rig.exchange.cancel("b", DOGE, rig.now_ns, client_order_id="x")) == ["CancelRefused"]
    canceled = rig.exchange.cancel("a", DOGE, rig.now_ns, order_id=order_id)[0]
    assert isinstance(canceled, Canceled)
    assert kinds(rig.exchange.cancel("a", DOGE, rig.now_ns, order_id=order_id)) == ["CancelRefused"]
    assert rig.exchange.open_orders("a") == []


def test_post_only_refuses_to_take() -> None:
    rig = Rig()
    rig.place("a", SELL, "10", "0.60")
    assert refusal(rig.place("b", BUY, "10", "0.60", post_only=True)) is Refusal.WOULD_TAKE
    assert kinds(rig.place("b", BUY, "10", "0.59", post_only=True))[0] == "Accepted"


def test_fill_or_kill_is_all_or_nothing() -> None:
    rig = Rig()
    rig.place("a", SELL, "10", "0.60")
    assert refusal(rig.place("b", BUY, "11", "0.60", tif=TimeInForce.FOK)) is Refusal.NOT_FILLABLE
    assert rig.net("b") == 0
    rig.place("b", BUY, "10", "0.60", tif=TimeInForce.FOK)
    assert rig.net("b") == 10


def test_immediate_or_cancel_expires_its_rest() -> None:
    rig = Rig()
    rig.place("a", SELL, "10", "0.60")
    expired = last_expiry(rig.place("b", BUY, "15", "0.60", tif=TimeInForce.IOC))
    assert (expired.order.cum_qty, expired.order.expiry) == (D(10), ExpiryReason.UNFILLED_IMMEDIATE)
    assert rig.exchange.open_orders("b") == []


def test_a_market_order_walks_the_book_within_its_bound() -> None:
    rig = Rig()
    for px in ("0.60", "0.61", "0.70"):
        rig.place("a", SELL, "10", px)
    expired = last_expiry(rig.place("b", BUY, "30", None))
    assert (expired.order.cum_qty, expired.order.expiry) == (D(20), ExpiryReason.UNFILLED_MARKET)
    assert expired.order.avg_px == D("0.605")


@pytest.mark.parametrize(
    ("mode", "expired"),
    [
        (SelfTradePrevention.EXPIRE_TAKER, ["taker"]),
        (SelfTradePrevention.EXPIRE_MAKER, ["maker"]),
        (SelfTradePrevention.EXPIRE_BOTH, ["maker", "taker"]),
    ],
)
def test_self_trade_prevention(mode: SelfTradePrevention, expired: list[str]) -> None:
    rig = Rig()
    rig.place("a", SELL, "10", "0.60", cid="maker")
    events = rig.place("a", BUY, "10", "0.60", cid="taker", stp=mode)
    gone = [event.order for event in events if isinstance(event, Expired)]
    assert [order.client_order_id for order in gone] == expired
    assert {order.status for order in gone} == {OrderStatus.EXPIRED_IN_MATCH}
    assert rig.exchange.ledger.executions == []


def test_a_self_trade_has_one_id_and_two_rows() -> None:
    rig = Rig()
    rig.place("a", SELL, "10", "0.60")
    rig.place("a", BUY, "10", "0.60")
    one, two = rig.exchange.ledger.executions
    assert one.exec_id == two.exec_id
    assert one.order_id != two.order_id
    assert rig.net("a") == 0


def test_reduce_only_never_turns_a_position() -> None:
    rig = Rig()
    assert refusal(rig.place("b", SELL, "10", "0.60", reduce_only=True)) is Refusal.REDUCE_ONLY
    rig.place("a", SELL, "10", "0.60")
    rig.place("b", BUY, "10", "0.60")
    assert refusal(rig.place("b", BUY, "1", "0.50", reduce_only=True)) is Refusal.REDUCE_ONLY
    assert refusal(rig.place("b", SELL, "11", "0.70", reduce_only=True)) is Refusal.REDUCE_ONLY_EXCEEDS
    rig.place("a", BUY, "50", "0.55")
    expired = last_expiry(rig.place("b", SELL, "25", None, reduce_only=True))
    assert (expired.order.cum_qty, expired.order.expiry) == (D(10), ExpiryReason.REDUCE_ONLY)
    assert rig.net("b") == 0


def test_resting_reduce_only_orders_go_when_the_position_shrinks() -> None:
    rig = Rig()
    rig.place("a", SELL, "10", "0.60")
    rig.place("b", BUY, "10", "0.60")
    rig.place("b", SELL, "6", "0.70", reduce_only=True, cid="keep")
    rig.place("b", SELL, "4", "0.71", reduce_only=True, cid="drop")
    rig.place("a", BUY, "3", "0.55")
    events = rig.place("b", SELL, "3", "0.55")
    assert last_expiry(events).order.client_order_id == "drop"
    assert [order.client_order_id for order in rig.exchange.open_orders("b")] == ["keep"]


def test_margin_is_checked() -> None:
    rig = Rig(deposit="100")
    assert refusal(rig.place("b", BUY, "10000", "0.60")) is Refusal.INSUFFICIENT_MARGIN
    assert kinds(rig.place("b", BUY, "3000", "0.60"))[0] == "Accepted"
    assert refusal(rig.place("b", BUY, "1000", "0.60")) is Refusal.INSUFFICIENT_MARGIN


def test_off_grid_and_unknown_are_refused() -> None:
    rig = Rig()
    assert refusal(rig.place("a", BUY, "10", "0.600001")) is Refusal.OFF_GRID
    assert refusal(rig.place("a", BUY, "10.5", "0.60")) is Refusal.OFF_GRID
    assert refusal(rig.place("a", BUY, "0", "0.60")) is Refusal.OFF_GRID
    assert refusal(rig.place("a", BUY, "10", "0.60", symbol="NOPE")) is Refusal.UNKNOWN_SYMBOL


def test_too_many_open_orders_are_refused() -> None:
    rig = Rig()
    for _ in range(200):
        rig.place("a", BUY, "10", "0.50")
    assert refusal(rig.place("a", BUY, "10", "0.50")) is Refusal.TOO_MANY_ORDERS


def test_no_order_lives_longer_than_a_year() -> None:
    rig = Rig()
    rig.place("a", BUY, "10", "0.50")
    year_ns = 365 * 86_400 * NS
    assert not [event for event in rig.exchange.tick(rig.now_ns + year_ns - 1) if isinstance(event, Expired)]
    assert last_expiry(rig.exchange.tick(rig.now_ns + year_ns)).order.expiry is ExpiryReason.GOOD_TILL
    assert rig.exchange.open_orders("a") == []


def test_an_order_with_an_end_expires_at_it() -> None:
    rig = Rig()
    end_ms = rig.now_ns // MS + 1000
    rig.place("a", BUY, "10", "0.50", tif=TimeInForce.GTD, good_till_ms=end_ms)
    assert rig.exchange.next_deadline_ns == end_ms * MS
    assert rig.exchange.tick(end_ms * MS - 1) == []
    events = rig.exchange.tick(end_ms * MS)
    assert last_expiry(events).order.expiry is ExpiryReason.GOOD_TILL
    assert rig.exchange.next_deadline_ns == next_funding_ms(end_ms) * MS


def test_the_mark_price_follows_the_middle_smoothly() -> None:
    rig = Rig()
    assert rig.exchange.marks()[DOGE] == D("0.6")
    rig.place("a", BUY, "10", "0.62")
    rig.place("b", SELL, "10", "0.64")
    rig.exchange.tick(rig.now_ns)
    rig.exchange.tick(rig.now_ns + 2 * NS)
    assert rig.exchange.marks()[DOGE] == D("0.615")
    rig.exchange.tick(rig.now_ns + 2000 * NS)
    assert D("0.6299") < rig.exchange.marks()[DOGE] < D("0.63")


prices = st.integers(58, 62).map(lambda cents: f"0.{cents}")
placements = st.fixed_dictionaries(
    {
        "account": st.sampled_from(["a", "b", "c"]),
        "side": st.sampled_from(list(Side)),
        "qty": st.integers(1, 50).map(str),
        "px": st.one_of(prices, st.none()),
        "tif": st.sampled_from([TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK]),
        "post_only": st.booleans(),
        "reduce_only": st.booleans(),
        "stp": st.sampled_from(list(SelfTradePrevention)),
        "cid": st.sampled_from(["", "1", "2", "3"]),
    }
)
cancels = st.tuples(st.sampled_from(["a", "b", "c"]), st.sampled_from(["1", "2", "3"]))


@settings(max_examples=150)
@given(st.lists(st.one_of(placements, cancels), max_size=50))
def test_nothing_is_made_or_lost(requests: list[dict[str, object] | tuple[str, str]]) -> None:
    rig = Rig("a", "b", "c", deposit="1000")
    exchange = rig.exchange
    levels: dict[tuple[Side, int], int] = {}
    for request in requests:
        if isinstance(request, tuple):
            events = exchange.cancel(request[0], DOGE, rig.now_ns, client_order_id=request[1])
        else:
            events = rig.place(**request)  # type: ignore[arg-type]
        for event in events:
            if isinstance(event, BookChanged):
                levels |= {(BUY, px): qty for px, qty in event.bids} | {(SELL, px): qty for px, qty in event.asks}
        book = exchange.venues[DOGE].book
        bid, ask = book.best(BUY), book.best(SELL)
        assert bid is None or ask is None or bid < ask
        for side in Side:
            told = {px: qty for (told_side, px), qty in levels.items() if told_side is side and qty}
            assert dict(book.levels(side, 1000)) == told
        for account in exchange.accounts.values():
            opened = exchange.open_orders(account.name, DOGE)
            for side in Side:
                locked = sum((row.leaves * (row.px or 0) for row in opened if row.side is side), D(0))
                assert account.open_notional(DOGE, side) == locked
            reducing = sum((row.leaves for row in opened if row.reduce_only), D(0))
            assert reducing <= abs(rig.net(account.name))
    accounts = exchange.accounts.values()
    rows = exchange.ledger.executions
    assert sum(account.position(DOGE).net for account in accounts) == 0
    assert sum(row.side.sign * row.qty for row in rows) == 0
    assert sum(row.side.sign * row.qty * row.px for row in rows) == 0
    for account in accounts:
        mine = [row for row in rows if row.account == account.name]
        assert account.position(DOGE).net == sum(row.side.sign * row.qty for row in mine)
        assert account.wallet["USDT"] == 1000 + sum(row.realized_pnl - row.fee for row in mine)
    worth = sum((account.wallet["USDT"] + account.unrealized(exchange.marks()) for account in accounts), D(0))
    # Money is counted to eight decimals, so each row may be half of the last one off.
    assert abs(worth + sum((row.fee for row in rows), D(0)) - 3000) <= len(rows) * D("0.5e-8") + D("1e-20")
