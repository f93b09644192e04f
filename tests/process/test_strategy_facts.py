"""What pyalgo tells a strategy, to the last digit what the exchange's own records say; across breaks too."""

from __future__ import annotations

import json
import urllib.request
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from pyalgo import BarSubscription, Engine, MarkPrice, Order, OrderType, Side, SmartOrder, Tif, Trade
from pyalgo.link import Stage
from pyalgo.market import MarketData
from tests.process.seat import SYMBOL, Seat, at_seat, in_directory
from tests.process.world import World
from tradingsys.core.ids import EXTERNAL
from tradingsys.net.token import token_path

FUNDING_S = 8 * 3600


@pytest.fixture
def seat(tmp_path: Path) -> Iterator[Seat]:
    with at_seat(tmp_path) as seat:
        yield seat


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seat]:
    """For what is no matter of who traded before, with limits beyond what its money is enough for."""
    limits = {"max_order_notional": 1_000_000, "max_position_notional": 1_000_000, "account": {"max_leverage": None}}
    with at_seat(tmp_path_factory.mktemp("shared"), limits) as seat:
        yield seat


def trade(seat: Seat, side: Side, quantity: float, order_type: OrderType = OrderType.MARKET) -> Order:
    order = seat.book.add_order(0, quantity, side, order_type)
    assert order is not None, seat.errors
    seat.until("a market order to end", lambda: not order.is_active)
    return order


def ledger_of(seat: Seat) -> list[tuple[str, str]]:
    return [(row["client_order_id"], str(row["exec_id"])) for row in seat.world.admin("ledger")]


def told_of(seat: Seat) -> list[tuple[str, str]]:
    return [(order.client_order_id, fill.id) for order, fill in seat.fills]


def assert_position_is_the_exchanges(seat: Seat) -> None:
    (row,) = seat.world.admin("positions")
    executions, income = seat.world.admin("ledger"), seat.world.admin("income")
    position = seat.book.position
    assert (position.symbol, position.net) == (SYMBOL, float(row["net"])) == (SYMBOL, seat.book.net)
    assert position.realized_pnl == float(row["realized_pnl"])
    if position.net:
        assert position.entry_price == float(row["entry_px"])
    paid = sum((Decimal(execution["fee"]) for execution in executions), Decimal(0))
    assert position.fees == {"USDT": float(paid)}
    settled = sum((Decimal(cash["amount"]) for cash in income if cash["kind"] == "FUNDING_FEE"), Decimal(0))
    assert position.funding == ({"USDT": float(settled)} if settled else {})
    (money,) = seat.world.admin("balances")
    assert seat.balance.wallet == float(money["wallet"])
    reckoned = sum((Decimal(cash["amount"]) for cash in income), Decimal(0))
    assert Decimal(money["wallet"]) == reckoned, "the exchange's own records agree"


def test_the_position_is_the_exchanges_to_the_last_digit(seat: Seat) -> None:
    mark = seat.session.subscribe(SYMBOL, "mark")
    for side, quantity in [
        ("BUY", 70),
        ("SELL", 30),
        ("SELL", 90),
        ("BUY", 20),
        ("SELL", 13),
        ("BUY", 333),
        ("SELL", 7),
    ]:
        trade(seat, Side(side), quantity)
        seat.until("the wallet", lambda: seat.balance.wallet == float(seat.world.admin("balances")[0]["wallet"]))
        assert_position_is_the_exchanges(seat)
        assert seat.positions[-1].net == seat.book.net
    seat.world.admin("advance", {"seconds": FUNDING_S})
    seat.until("funding", lambda: seat.book.position.funding and seat.positions[-1].funding)
    seat.until("the wallet", lambda: seat.balance.wallet == float(seat.world.admin("balances")[0]["wallet"]))
    assert_position_is_the_exchanges(seat)
    seat.until("a mark price", lambda: mark.mark_price)
    position = seat.book.position
    assert position.entry_price is not None
    (row,) = seat.world.admin("positions")
    profit = (Decimal(repr(mark.mark_price)) - Decimal(row["entry_px"])) * Decimal(row["net"])
    assert position.unrealized_pnl == float(profit)
    assert told_of(seat) == ledger_of(seat)
    reckoning = seat.world.assert_records_agree(1)
    assert not [line for line in reckoning.lines if line.session == EXTERNAL and line.net_booked]


def test_every_execution_is_told_once_across_breaks(seat: Seat) -> None:
    """The gateway dies while orders rest and execute; the session goes on where it was."""
    reasons: list[str] = []
    seat.session.on_disconnected = lambda _, reason: reasons.append(reason)
    connected: list[str] = []
    seat.session.on_connected = lambda session: connected.append(session.name)
    trade(seat, Side.BUY, 50)
    resting = [seat.book.add_order(seat.bid(at), 20, Side.BUY, OrderType.LIMIT) for at in (0.99, 0.98, 0.97)]
    orders = [order for order in resting if order is not None]
    seat.until("them to rest", lambda: all(order in seat.told for order in orders))
    for life, order in enumerate(orders):
        seat.gateway.kill()
        seat.until("the break", lambda life=life: len(reasons) > life)  # type: ignore[misc]
        seat.errors.clear()
        assert seat.book.add_order(0, 10, Side.BUY, OrderType.MARKET) is None, "never queued"
        assert "no connection to the gateway" in str(seat.errors[0])
        assert seat.session.client.stage is Stage.OFFLINE
        with pytest.raises(TimeoutError, match="no gateway at"):
            seat.session.wait_ready(timeout_s=0.3)
        seat.move_to(seat.book.round_price(order.price * 0.999))
        seat.gateway = seat.world.start_gateway()
        seat.world.wait_until_ready(seat.gateway)
        seat.session.wait_ready()
        assert seat.session.is_ready
        seat.until("what happened meanwhile", lambda order=order: not order.is_active)  # type: ignore[misc]
        assert (order.state, order.acc) == ("FILLED", 20)
        trade(seat, Side.BUY, 10)
    assert sorted(told_of(seat)) == sorted(ledger_of(seat))
    assert set(Counter(told_of(seat)).values()) == {1}
    assert seat.book.net == 50 + 3 * 20 + 3 * 10
    assert connected and set(connected) == {"seat"}
    assert len(seat.world.orders()) == 1 + 3 + 3
    seat.world.assert_records_agree(1)


def test_the_exchanges_pushes_break_off_and_nothing_is_told_twice(seat: Seat) -> None:
    turns = 0

    def on_data(_: object) -> None:
        side, at = (Side.BUY, seat.book.ask_prc(0)) if seat.book.net <= 0 else (Side.SELL, seat.book.bid_prc(0))
        smart.send(at, 10, side, OrderType.LIMIT, Tif.IOC)

    smart = SmartOrder(seat.book)
    seat.book.on_data = on_data
    for turns in range(3):
        seat.until("some executions", lambda turns=turns: len(seat.fills) >= 5 * (turns + 1))  # type: ignore[misc]
        seat.world.admin("drop", {"route": "private"} if turns else {})
    seat.until("some more", lambda: len(seat.fills) >= 20)
    seat.book.on_data = None
    seat.until("the last to end", lambda: not smart.is_active)
    seat.until("everything to be told", lambda: sorted(told_of(seat)) == sorted(ledger_of(seat)))
    assert set(Counter(told_of(seat)).values()) == {1}
    seat.world.assert_records_agree(1)


def test_two_gateways_of_two_exchanges_in_one_engine(seat: Seat, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    with World.running(elsewhere) as world:
        gateway = world.start_gateway()
        world.wait_until_ready(gateway)
        with in_directory(elsewhere):
            token = token_path(world.port).read_text().strip()
        other = seat.engine.make_session(f"ws://localhost:{world.port}", 1, "other", trading=True, token=token)
        third = seat.engine.make_session(f"ws://localhost:{seat.world.port}", 2, "third", trading=True)
        assert len(seat.engine.contexts) == 3
        books = [session.subscribe(SYMBOL, "depth:100ms") for session in (other, third)]
        seat.until("two more books", lambda: all(book.ask_level for book in books))
        told: list[tuple[str, str]] = []
        for session in (other, third):
            session.on_fill = lambda order, fill, session=session: told.append((session.name, fill.id))
        books[0].add_order(0, 40, Side.SELL, OrderType.MARKET)
        books[1].add_order(0, 60, Side.BUY, OrderType.MARKET)
        trade(seat, Side.BUY, 50)
        seat.until("all to execute", lambda: (books[0].net, books[1].net, seat.book.net) == (-40, 60, 50))
        seat.until("both to be told", lambda: {name for name, _ in told} == {"other", "third"})
        assert [row["net"] for row in world.admin("positions")] == ["-40"]
        assert [row["net"] for row in seat.world.admin("positions")] == ["110"]
        # One of them dies: the other's sessions do not notice.
        gateway.kill()
        seat.until("the break", lambda: not other.is_login)
        trade(seat, Side.SELL, 50)
        assert books[1].add_order(0, 10, Side.SELL, OrderType.MARKET) is not None
        assert books[0].add_order(0, 10, Side.BUY, OrderType.MARKET) is None
        seat.until("the order of the one that lives", lambda: books[1].net == 50)
        seat.world.assert_records_agree(1, 2)


def test_streams_as_typed_objects(shared: Seat) -> None:
    seat = shared
    trades = seat.session.subscribe(SYMBOL, "trade")
    mark = seat.session.subscribe(SYMBOL, "mark")
    sampled = seat.session.subscribe("ethusdt", "depth:100ms", sample=1.0)
    bars = seat.session.subscribe(SYMBOL, "kline:1m")
    heard: list[MarketData] = []
    for subscription in (trades, mark, sampled, bars):
        subscription.on_data = heard.append
    seat.until("one of each", lambda: len({type(each) for each in heard}) == 4)
    seat.engine.run(seconds=3)
    trade_ids = [each.id for each in heard if isinstance(each, Trade)]
    assert trade_ids == sorted(set(trade_ids))
    assert isinstance(mark.data, MarkPrice)
    assert mark.next_funding_time > mark.time and mark.data.next_funding_dt.utcoffset() == mark.datetime.utcoffset()
    moments = [each.ts_gateway_out_ns for each in heard if each.stream == "ethusdt@depth:100ms"]
    assert len(moments) <= 7, "once a second at most"
    assert isinstance(bars, BarSubscription)
    rest = json.loads((seat.world.directory / "usdt.json").read_text())["urls"]["rest"]
    with urllib.request.urlopen(f"{rest}/fapi/v1/klines?symbol=DOGEUSDT&interval=1m&limit=20") as reply:
        rows = json.loads(reply.read())
    history = {bar.start_time: bar for bar in bars.history(20)}
    assert list(history) == sorted(history) and all(bar.is_closed for bar in history.values())
    common = [row for row in rows[:-1] if row[0] in history]
    assert len(common) >= 15 or len(common) == len(rows) - 1
    for row in common:
        bar = history[row[0]]
        expected = [*map(float, row[1:6]), row[6], float(row[7]), row[8], float(row[9]), float(row[10])]
        assert [bar.open, bar.high, bar.low, bar.close, bar.volume, bar.time, bar.amount, bar.trade_count,
                bar.buy_volume, bar.buy_amount] == expected  # fmt: skip


def test_a_subscription_given_up_is_given_up_at_the_gateway(shared: Seat) -> None:
    seat = shared
    trades = seat.session.subscribe("btcusdt", "trade")
    seat.until("a trade", lambda: trades.data)
    trades.close()
    assert "btcusdt@trade" not in seat.session.subscriptions
    again = seat.session.subscribe("btcusdt", "trade")
    seat.until("a trade", lambda: again.data)
    again.close()


def test_what_the_exchange_does_not_have_is_refused_with_the_reason(shared: Seat) -> None:
    seat = shared
    session = seat.session
    for symbol, stream, why in [
        ("nosuchusdt", "depth", "nosuchusdt@depth: the gateway knows no such symbol: it is written like btcusdt"),
        ("BTC/USDT", "bbo", "btc/usdt@bbo: the gateway knows no such symbol"),
        ("btcusdt", "kline:1s", "btcusdt@kline:1s: usdm has no stream"),
        (SYMBOL.upper(), "depth:100ms", f"Duplicate subscribe {SYMBOL}@depth:100ms"),
    ]:
        with pytest.raises(ValueError, match=f"^{why}"):
            session.subscribe(symbol, stream)
    assert not {"nosuchusdt", "btc/usdt", "btcusdt"} & {stream.partition("@")[0] for stream in session.subscriptions}
    with pytest.raises(ValueError, match="Leverage 500 is not valid"):
        session.set_leverage(SYMBOL, 500)
    assert (session.set_leverage(SYMBOL, 7), session.leverage(SYMBOL)) == (7, 7)
    assert (session.set_margin_type(SYMBOL, "ISOLATED"), session.margin_type(SYMBOL)) == ("ISOLATED", "ISOLATED")
    for price, quantity, why in [
        (2.0, 20.0, "-4016: Limit price can't be higher"),
        (1.0, 1_500_000.0, "Margin is insu"),
        (1.0, 9_000_000.0, "denied by max_order_notional"),
    ]:
        seat.errors.clear()
        order_type = OrderType.LIMIT if price > 1 else OrderType.MARKET
        order = seat.book.add_order(seat.bid(price), quantity, Side.BUY, order_type)
        seat.until("the refusal", lambda: seat.errors)
        assert order is not None and why in order.reason and why in str(seat.errors[0])
    assert seat.world.ledger() == []


def test_an_engine_made_for_another_address_says_what_is_missing(tmp_path: Path) -> None:
    with in_directory(tmp_path):
        engine = Engine(level="warn")
        with pytest.raises(ValueError, match="it looks like ws://localhost:8111"):
            engine.make_session("localhost:8111", 1, "a")
        assert engine.contexts == {}
