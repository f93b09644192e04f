"""Assets: what is held and owed, loans, and how far a margin account is from liquidation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pyalgo import Balance, Borrowable, Context, Engine, Event, EventType, MarginLevel, MarginState
from tests.unit.pyalgo.bench import Bench, desk
from tests.unit.pyalgo.desk import of
from tests.unit.pyalgo.scripted_gateway import ScriptedGateway
from tests.unit.pyalgo.spot_gateway import MarginGateway, SpotGateway
from tests.unit.pyalgo.ws_gateway import WsGateway
from tradingsys.wire.codec import decode_params, encode
from tradingsys.wire.messages import BalancePush, BalanceView, LoanParams, MarginPush, PositionPush, PositionView

pytestmark = pytest.mark.usefixtures("own_directory")


@pytest.fixture
def session() -> Iterator[tuple[Context, ScriptedGateway]]:
    with WsGateway(kind=MarginGateway) as running:
        engine = Engine()
        session = engine.make_session(running.addr, 1, "test", trading=True)
        session.subscribe("dogeusdt", "depth")
        yield session, running.gateway
        engine.close()


def told_of(bench: Bench, balance: BalanceView) -> Balance:
    bench.gateway.send(encode(BalancePush([balance])))
    bench.settle()
    return bench.context.balance[balance.asset]


def test_loans_are_asked_for_once_and_the_balance_shows_them(session: tuple[Context, ScriptedGateway]) -> None:
    context, gateway = session
    assert context.borrow("btc", 0.05) == "1"
    assert context.borrowable("BTC") == Borrowable(1.5, 60.0)
    btc = context.balance["BTC"]
    assert (btc.wallet, btc.borrowed, btc.net) == (0.05, 0.05, 0.0)
    assert context.repay("BTC", 0.3 - 0.28) == "2"
    assert context.margin() == MarginState(2.31, 1.5, 1.3, 1.1, 0.482, 0.2086)
    assert context.balance["BTC"].borrowed == 0.03
    asked = [decode_params(r, LoanParams) for r in gateway.received if r.method in ("borrow", "repay")]
    assert asked == [LoanParams("BTC", "0.05"), LoanParams("BTC", "0.02")]


def test_a_refused_loan_raises_with_the_exchanges_words(session: tuple[Context, ScriptedGateway]) -> None:
    context, _ = session
    with pytest.raises(ValueError, match=r"borrow 2000 USDT: Your borrow amount has exceed .* \(-3006\)"):
        context.borrow("USDT", 2000)


WRONG: list[tuple[str, Callable[[Any], object]]] = [
    ("amount is 0: it must be above 0", lambda s: s.borrow("BTC", 0)),
    ("amount is nan: it must be above 0", lambda s: s.repay("BTC", float("nan"))),
    ("amount is 'all': it must be above 0", lambda s: s.repay("BTC", "all")),
    ("asset is None: it is a text such as 'USDT'", lambda s: s.borrow(None, 1)),
    ("leverage and margin type are of futures: spot has neither", lambda s: s.set_leverage("dogeusdt", 5)),
    ("leverage and margin type are of futures", lambda s: s.margin_type("dogeusdt")),
]


@pytest.mark.parametrize(("why", "act"), WRONG)
def test_what_cannot_be_meant_is_not_asked(why: str, act: Callable[[Any], object]) -> None:
    bench = desk(MarginGateway, "dogeusdt")
    before = len(bench.gateway.received)
    with pytest.raises(ValueError, match=why):
        act(bench.context)
    assert len(bench.gateway.received) == before


@pytest.mark.parametrize("ask", [lambda s: s.borrow("BTC", 1), lambda s: s.borrowable("BTC"), lambda s: s.margin()])
def test_a_futures_account_borrows_nothing(bench: Bench, ask: Callable[[Context], object]) -> None:
    with pytest.raises(ValueError, match="a futures account borrows nothing: that is for margin accounts"):
        ask(bench.context)


def test_a_push_tells_the_wallet_and_what_is_owed_is_asked_for_in_a_moment() -> None:
    bench = desk(MarginGateway, "dogeusdt")
    bench.gateway.balances = [BalanceView("USDT", "500", "100", "300", "0.5")]
    bench.context.refresh_balance()
    bench.settle()
    assert bench.context.balance["USDT"] == Balance("USDT", 500.0, 100.0, 300.0, 0.5)
    assert bench.context.balance["USDT"].net == 199.5
    bench.gateway.balances = [BalanceView("USDT", "200", "150")]
    assert told_of(bench, BalanceView("USDT", "200")) == Balance("USDT", 200.0, None, 300.0, 0.5)
    told_of(bench, BalanceView("BNB", "1"))
    bench.advance(1_000)
    bench.settle()
    assert bench.context.balance["USDT"] == Balance("USDT", 200.0, 150.0)
    assert [r.method for r in bench.gateway.received].count("get_balances") == 3


def test_a_spot_account_owes_nothing_and_is_not_asked() -> None:
    bench = desk(SpotGateway, "dogeusdt")
    assert told_of(bench, BalanceView("USDT", "200", "150")) == Balance("USDT", 200.0, 150.0)
    bench.advance(2_000)
    bench.settle()
    assert [r.method for r in bench.gateway.received].count("get_balances") == 1


def test_a_debt_known_without_any_subscription_is_asked_for_too() -> None:
    bench = Bench(kind=MarginGateway)
    bench.settle()
    bench.gateway.balances = [BalanceView("USDT", "500", "100", "300", "0.5")]
    bench.context.refresh_balance()
    bench.settle()
    bench.gateway.balances = [BalanceView("USDT", "199", "100")]
    assert told_of(bench, BalanceView("USDT", "199")).borrowed == 300.0
    bench.advance(1_000)
    bench.settle()
    assert bench.context.balance["USDT"].borrowed == 0


def test_the_account_is_asked_again_after_a_break() -> None:
    bench = desk(MarginGateway, "dogeusdt")
    told_of(bench, BalanceView("USDT", "200"))
    bench.disconnect()
    bench.settle()
    told_of(bench, BalanceView("USDT", "201"))
    bench.advance(1_000)
    bench.settle()
    assert [r.method for r in bench.gateway.received].count("get_balances") == 3


def test_the_margin_level_is_told_when_it_comes_near() -> None:
    bench = desk(MarginGateway, "dogeusdt")
    levels: list[MarginLevel] = []
    events: list[Event] = []
    bench.context.on_margin, bench.context.on_event = levels.append, events.append
    bench.gateway.send(encode(MarginPush("1.28", "MARGIN_LEVEL_2", 1_700_000_000_123)))
    bench.settle()
    assert levels == [MarginLevel(1.28, "MARGIN_LEVEL_2", 1_700_000_000_123)]
    assert levels[0].datetime.isoformat() == "2023-11-15T06:13:20.123000+08:00"
    assert events == [Event(EventType.Margin, levels[0])]


def test_a_level_told_before_the_program_runs_waits_for_it() -> None:
    bench = Bench(kind=MarginGateway)
    bench.settle()
    bench.gateway.send(encode(MarginPush("1.28", "MARGIN_LEVEL_2", 1)))
    bench.settle()
    levels: list[MarginLevel] = []
    bench.context.on_margin = levels.append
    bench.client.start_delivery()
    assert [level.level for level in levels] == [1.28]


def test_a_spot_position_has_what_can_be_sold_and_what_was_executed() -> None:
    bench = desk(SpotGateway, "dogeusdt")
    gateway = bench.gateway
    gateway._event(
        lambda n: PositionPush(
            gateway.epoch, n, "dogeusdt", "99.9", "0.6", "0", {"DOGE": "0.1", "BNB": "0.00001"}, net_executed="100"
        )
    )
    bench.settle()
    position = of(bench).position
    assert (position.net, position.net_executed, of(bench).net) == (99.9, 100.0, 99.9)
    assert position.fees == {"DOGE": 0.1, "BNB": 0.00001}
    assert of(bench).floor_to_lot_size(of(bench).net) == 99.0
    assert Bench().context.position("dogeusdt").net_executed is None
    bench.client.history.take_positions([PositionView("dogeusdt", "1", net_executed="2")])
    assert of(bench).position.net_executed == 2.0
