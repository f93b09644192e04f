"""What waits for an answer: history, leverage, margin type, being ready; timers and limits of an engine that runs."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest
from msgspec import structs

from pyalgo import BarSubscription, Depth, Engine, MarginType
from tests.unit.pyalgo.pushes import depth, kline
from tests.unit.pyalgo.scripted_gateway import ScriptedGateway
from tests.unit.pyalgo.ws_gateway import WsGateway
from tradingsys.wire.codec import decode_params, encode
from tradingsys.wire.messages import KlinesParams, KlineView

pytestmark = pytest.mark.usefixtures("own_directory")

MINUTE_MS = 60_000


@pytest.fixture
def gateway() -> Iterator[WsGateway]:
    with WsGateway() as running:
        yield running


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = Engine()
    yield engine
    engine.close()


def bars(count: int) -> list[KlineView]:
    """The last one is open."""
    push = kline()
    fields = {name: getattr(push, name) for name in KlineView.__struct_fields__}
    return [
        KlineView(
            **{**fields, "start_ms": i * MINUTE_MS, "close_ms": (i + 1) * MINUTE_MS - 1, "is_closed": i < count - 1}
        )
        for i in range(count)
    ]


@pytest.mark.parametrize(("there", "n", "expected"), [(2600, 2500, 2500), (5, 3, 3), (5, 4, 4), (5, 100, 4), (1, 5, 0)])
def test_history_is_of_closed_bars_oldest_first(
    gateway: WsGateway, engine: Engine, there: int, n: int, expected: int
) -> None:
    gateway.gateway.bars = bars(there)
    sub = engine.make_session(gateway.addr, 1, "test").subscribe("dogeusdt", "kline:1m")
    assert isinstance(sub, BarSubscription)
    history = sub.history(n)
    assert [bar.start_time // MINUTE_MS for bar in history] == list(range(there - 1 - expected, there - 1))
    assert all(bar.is_closed for bar in history)
    asked = [decode_params(r, KlinesParams) for r in gateway.gateway.received if r.method == "get_klines"]
    assert all(params.limit <= 1000 and params.interval == "1m" for params in asked)
    if history:
        bar = history[-1]
        assert (bar.symbol, bar.stream, bar.interval) == ("dogeusdt", "dogeusdt@kline:1m", "1m")
        assert (bar.open, bar.close, bar.volume, bar.time - bar.start_time) == (0.6, 0.65, 1000.0, MINUTE_MS - 1)


def test_history_is_not_for_callbacks(gateway: WsGateway, engine: Engine) -> None:
    def when_subscribed(scripted: ScriptedGateway) -> None:
        if scripted.received[-1].method == "subscribe":
            scripted.send(encode(kline()))

    gateway.on_request = when_subscribed
    session = engine.make_session(gateway.addr, 1, "test")
    sub = session.subscribe("dogeusdt", "kline:1m")
    errors: list[str] = []

    def on_bar(_: object) -> None:
        for ask in (lambda: sub.history(3), lambda: session.set_leverage("dogeusdt", 3), session.wait_ready):
            try:
                ask()
            except RuntimeError as error:
                errors.append(str(error))
        engine.stop()

    sub.on_data = on_bar
    engine.run()
    assert (
        errors
        == ["a callback cannot wait for an answer: make sessions, subscribe, borrow and the like before eng.run()"] * 3
    )
    with pytest.raises(ValueError, match="at least one bar"):
        sub.history(0)


def test_settings_of_the_account(gateway: WsGateway, engine: Engine) -> None:
    session = engine.make_session(gateway.addr, 1, "test", True)
    assert (session.leverage("DOGEUSDT"), session.margin_type("dogeusdt")) == (20, MarginType.CROSSED)
    assert session.set_leverage("dogeusdt", 5) == 5
    assert session.set_margin_type("dogeusdt", "ISOLATED") is MarginType.ISOLATED
    assert gateway.gateway.settings.leverage == 5
    with pytest.raises(ValueError, match=r"set_leverage dogeusdt: Leverage 500 is not valid \(-4028\)"):
        session.set_leverage("dogeusdt", 500)
    with pytest.raises(ValueError, match="PORTFOLIO"):
        session.set_margin_type("dogeusdt", "PORTFOLIO")


def test_waiting_ends(gateway: WsGateway, engine: Engine) -> None:
    session = engine.make_session(gateway.addr, 1, "test", True)
    session.wait_ready()
    gateway.gateway.ready = False
    gateway.call(gateway.gateway.restart)
    gateway.gateway.ready = False
    gateway.call(gateway.drop_connection)
    while session.is_ready:
        session.process()
    with pytest.raises(TimeoutError, match=r"session 1 \(test\) logs in: gave up after 0.3 s"):
        session.wait_ready(0.3)
    gateway.call(gateway.gateway.become_ready)
    session.wait_ready(5)
    assert session.is_ready


def test_the_balance_is_there_when_a_session_is(gateway: WsGateway, engine: Engine) -> None:
    gateway.gateway.balances = [structs.replace(gateway.gateway.balances[0], wallet="12.5")]
    session = engine.make_session(gateway.addr, 1, "test", True)
    session.subscribe("dogeusdt", "depth")
    assert session.balance["USDT"].wallet == 12.5


def test_timers_run_while_the_engine_runs(gateway: WsGateway, engine: Engine) -> None:
    engine.make_session(gateway.addr, 1, "test")
    called: list[float] = []
    late: list[float] = []

    def tick() -> None:
        called.append(time.monotonic())
        if len(called) == 2:
            engine.every(0.01, lambda: late.append(time.monotonic()))
        if len(called) == 4:
            engine.stop()
        if len(called) == 1:
            raise ValueError("a mistake stops nothing")

    engine.every(0.05, tick)
    began = time.monotonic()
    assert called == []
    engine.run(seconds=20)
    assert len(called) == 4
    assert time.monotonic() - began < 10
    assert called[3] - began >= 0.19
    assert len(late) >= 3


def test_a_run_may_have_an_end(gateway: WsGateway, engine: Engine) -> None:
    engine.make_session(gateway.addr, 1, "test")
    for _ in range(2):
        began = time.monotonic()
        engine.run(seconds=0.05)
        assert 0.04 <= time.monotonic() - began < 5


def test_one_engine_has_sessions_at_several_gateways(gateway: WsGateway, engine: Engine) -> None:
    def when_subscribed(scripted: ScriptedGateway) -> None:
        if scripted.received[-1].method == "subscribe":
            bid = "0.1" if scripted is gateway.gateway else "0.2"
            scripted.send(encode(depth("dogeusdt", bid, "0.9")))

    gateway.on_request = when_subscribed
    with WsGateway(on_request=when_subscribed) as other:
        seen: dict[tuple[int, str], float] = {}
        for session_id, name, addr in ((1, "a", gateway.addr), (1, "b", other.addr), (2, "c", other.addr)):
            sub = engine.make_session(addr, session_id, name).subscribe("dogeusdt", "depth")

            def on_data(book: Depth, key: tuple[int, str] = (session_id, name)) -> None:
                seen[key] = book.bid_prc(0)
                if len(seen) == 3:
                    engine.stop()

            sub.on_data = on_data
        engine.run(seconds=10)
        assert seen == {(1, "a"): 0.1, (1, "b"): 0.2, (2, "c"): 0.2}
        assert set(engine.contexts) == {(gateway.addr, 1), (other.addr, 1), (other.addr, 2)}


def test_a_callback_over_its_budget_is_named(caplog: pytest.LogCaptureFixture, gateway: WsGateway) -> None:
    engine = Engine(callback_budget_ms=5)

    def when_subscribed(scripted: ScriptedGateway) -> None:
        if scripted.received[-1].method == "subscribe":
            scripted.send(encode(depth("dogeusdt", "0.1", "0.9")))

    gateway.on_request = when_subscribed
    sub = engine.make_session(gateway.addr, 3, "test").subscribe("dogeusdt", "depth")

    def slow(_: Depth) -> None:
        time.sleep(0.02)
        engine.stop()

    sub.on_data = slow
    engine.run(seconds=10)
    (line,) = [record.getMessage() for record in caplog.records if "took" in record.getMessage()]
    assert line.startswith("session 3: ") and re.search(r"slow took \d+ ms", line) and "the budget is 5 ms" in line


@pytest.mark.parametrize("bad", [{"interval": -1}, {"callback_budget_ms": 0}, {"level": "loud"}])
def test_an_engine_refuses_what_makes_no_sense(bad: dict[str, float]) -> None:
    with pytest.raises(ValueError):
        Engine(**bad)  # type: ignore[arg-type]


def test_a_timer_needs_an_interval(engine: Engine) -> None:
    with pytest.raises(ValueError, match="above 0"):
        engine.every(0, print)
