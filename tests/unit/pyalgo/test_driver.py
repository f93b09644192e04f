"""Sessions over real websockets: blocking calls, running, stopping, reconnecting."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pyalgo import Depth, DepthSubscription, Engine, Order, OrderType, Side, State, log
from tests.unit.pyalgo.pushes import depth
from tests.unit.pyalgo.scripted_gateway import ScriptedGateway
from tests.unit.pyalgo.ws_gateway import WsGateway
from tradingsys.net.token import create_token
from tradingsys.wire.codec import encode
from tradingsys.wire.messages import ErrorCode

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def own_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("PYALGO_TOKEN", raising=False)
    yield
    log.close()


def send_depth(gateway: ScriptedGateway, bid: str = "0.6") -> None:
    gateway.send(encode(depth("dogeusdt", bid, "0.7")))


def when_subscribed(gateway: ScriptedGateway) -> None:
    if gateway.received[-1].method == "subscribe":
        send_depth(gateway)


@pytest.fixture
def gateway() -> Iterator[WsGateway]:
    with WsGateway(on_request=when_subscribed) as running:
        yield running


@pytest.mark.parametrize("interval", [0.001, 0])
def test_makes_a_session_and_runs_until_stopped(gateway: WsGateway, interval: float) -> None:
    engine = Engine(interval)
    session = engine.make_session(addr=gateway.addr, session_id=1, name="test", trading=True)
    subscription = session.subscribe("dogeusdt", "depth")
    logged_in = [session.is_login]
    seen: list[Depth] = []

    def on_data(book: Depth) -> None:
        seen.append(book)
        engine.stop()

    subscription.on_data = on_data
    assert seen == []
    engine.start()
    assert seen[0].bid_prc(0) == 0.6
    assert not engine.active
    logged_in.append(session.is_login)
    assert logged_in == [True, False]
    assert gateway.wait_for_goodbye().startswith("closed by peer: 1000")


def test_the_same_session_is_made_once(gateway: WsGateway) -> None:
    engine = Engine()
    first = engine.make_session(gateway.addr, 1, "test")
    assert engine.make_session(gateway.addr, 1, "test") is first
    assert len(gateway.logins) == 1
    assert len(gateway.logins[0].instance) == 16
    engine.close()
    engine.close()


def test_a_session_asked_for_again_in_another_way_stays_and_says_so(
    gateway: WsGateway, caplog: pytest.LogCaptureFixture
) -> None:
    engine = Engine()
    first = engine.make_session(gateway.addr, 1, "first")
    assert engine.make_session(gateway.addr, 1, "second", trading=True) is first
    assert not first.trading
    assert "is there already, as 'first' with trading=False, and stays so: choose another session_id" in caplog.text
    engine.close()


def test_subscribing_twice_or_what_does_not_exist_is_an_error(gateway: WsGateway) -> None:
    engine = Engine()
    session = engine.make_session(gateway.addr, 1, "test")
    session.subscribe("dogeusdt", "depth")
    session.subscribe("dogeusdt", "kline:1m")
    session.subscribe("dogeusdt", "kline:1M")
    session.subscribe("dogeusdt", "bbo")
    with pytest.raises(ValueError, match="Duplicate subscribe dogeusdt@depth"):
        session.subscribe("DOGEUSDT", "depth")
    with pytest.raises(ValueError, match="there are depth, depth:100ms, bbo, kline:1s, "):
        session.subscribe("dogeusdt", "trades")
    for _ in range(2):
        with pytest.raises(ValueError, match="nosuch@depth"):
            session.subscribe("nosuch", "depth")
    assert "nosuch@depth" not in session.subscriptions
    engine.close()


def test_an_order_goes_out_and_comes_back(gateway: WsGateway) -> None:
    engine = Engine()
    session = engine.make_session(gateway.addr, 1, "test", True)
    subscription = session.subscribe("dogeusdt", "depth")
    states: list[str] = []

    def on_order(order: Order) -> None:
        states.append(order.state)
        if order.state == State.FILLED:
            engine.stop()

    def fill_orders(scripted: ScriptedGateway) -> None:
        if scripted.received[-1].method == "order":
            scripted.fill(scripted.sent_to_venue[-1], "30")

    gateway.on_request = fill_orders
    subscription.on_order = on_order
    subscription.on_data = lambda book: subscription.add_order(book.bid_prc(0), 30, Side.BUY, OrderType.LIMIT)
    engine.run()
    assert states == [State.NEW, State.FILLED]
    assert subscription.net == 30.0


def test_reconnects_and_subscribes_again_by_itself(gateway: WsGateway) -> None:
    engine = Engine()
    session = engine.make_session(gateway.addr, 1, "test", True)
    subscription = session.subscribe("dogeusdt", "depth")
    books: list[Depth] = []

    def on_data(book: Depth) -> None:
        books.append(book)
        if len(books) == 1:
            gateway.call(gateway.drop_connection)
        else:
            engine.stop()

    subscription.on_data = on_data
    engine.run()
    assert len(gateway.logins) == 2
    assert gateway.logins[1].cursor == (gateway.gateway.epoch, 0)
    assert gateway.logins[0].instance == gateway.logins[1].instance


def test_waits_for_a_gateway_that_is_not_there_yet(caplog: pytest.LogCaptureFixture) -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
    late = WsGateway(port)
    threading.Timer(1.3, late.__enter__).start()
    engine = Engine()
    session = engine.make_session(late.addr, 1, "test")
    assert session.is_login
    assert "is it running?" in caplog.text
    engine.close()
    late.__exit__()


def test_waits_until_the_gateway_is_ready(gateway: WsGateway, caplog: pytest.LogCaptureFixture) -> None:
    gateway.gateway.ready = False
    gateway.later(1.2, gateway.gateway.become_ready)
    engine = Engine()
    session = engine.make_session(gateway.addr, 1, "test", True)
    assert session.client.is_ready
    assert f"{gateway.addr}: scanning" in caplog.text
    engine.close()


def test_finds_the_token_and_hides_it(gateway: WsGateway, tmp_path: Path) -> None:
    gateway.gateway.token = token = create_token(gateway.port)
    engine = Engine()
    engine.make_session(gateway.addr, 1, "test")
    engine.close()
    log.info(f"the token is {token}")
    log.close()
    (written,) = (tmp_path / "log").glob("*.log")
    assert "the token is ***" in written.read_text()
    assert token not in written.read_text()


def test_a_given_token_counts_more_than_the_file(gateway: WsGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    create_token(gateway.port)
    engine = Engine()
    engine.make_session(gateway.addr, 1, "test", token="given")
    monkeypatch.setenv("PYALGO_TOKEN", "from the environment")
    engine.make_session(gateway.addr, 2, "test")
    assert [login.token for login in gateway.logins] == ["given", "from the environment"]
    engine.close()


def test_works_inside_a_running_loop(gateway: WsGateway) -> None:
    async def notebook() -> float:
        engine = Engine()
        session = engine.make_session(gateway.addr, 1, "test")
        subscription = session.subscribe("dogeusdt", "depth")
        assert isinstance(subscription, DepthSubscription)
        subscription.on_data = lambda _: engine.stop()
        engine.run()
        return subscription.bid_prc(0)

    assert asyncio.run(notebook()) == 0.6


def test_waiting_inside_a_callback_is_an_error(gateway: WsGateway) -> None:
    engine = Engine()
    session = engine.make_session(gateway.addr, 1, "test")
    subscription = session.subscribe("dogeusdt", "depth")
    errors: list[str] = []

    def on_data(_: Depth) -> None:
        try:
            session.subscribe("btcusdt", "depth")
        except RuntimeError as error:
            errors.append(str(error))
        engine.stop()

    subscription.on_data = on_data
    engine.run()
    assert errors == [
        "a callback cannot wait for an answer: make sessions, subscribe, borrow and the like before eng.run()"
    ]
    assert list(session.subscriptions) == ["dogeusdt@depth"]


def test_exit_in_a_callback_ends_the_program(gateway: WsGateway) -> None:
    engine = Engine()
    subscription = engine.make_session(gateway.addr, 1, "test").subscribe("dogeusdt", "depth")
    subscription.on_data = lambda _: sys.exit(3)
    with pytest.raises(SystemExit) as exit_:
        engine.run()
    assert exit_.value.code == 3
    assert gateway.wait_for_goodbye().startswith("closed by peer: 1000")


def test_a_refused_login_does_not_end_the_strategy(gateway: WsGateway, caplog: pytest.LogCaptureFixture) -> None:
    gateway.gateway.refuse_login = (ErrorCode.DUPLICATE_LOGIN, "duplicate login")

    def relent() -> None:
        gateway.gateway.refuse_login = None

    gateway.later(0.3, relent)
    engine = Engine()
    engine.make_session(gateway.addr, 1, "test", True)
    assert "choose another session_id" in caplog.text
    engine.close()


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_stop_a_program(gateway: WsGateway, tmp_path: Path, number: signal.Signals) -> None:
    program = tmp_path / "strategy.py"
    program.write_text(
        "from pyalgo import *\n"
        "eng = Engine(0)\n"
        f"session = eng.make_session(addr='{gateway.addr}', session_id=1, name='x', trading=True)\n"
        "sub = session.subscribe('dogeusdt', 'depth')\n"
        "sub.on_data = lambda x: print(x, flush=True)\n"
        "eng.run()\n"
        "print('stopped')\n"
    )
    process = subprocess.Popen(
        [sys.executable, str(program)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONWARNINGS": "error"},
    )
    assert process.stdout is not None
    assert "bid 100 @ 0.6 | ask 100 @ 0.7" in process.stdout.readline()
    started = time.monotonic()
    process.send_signal(number)
    out, err = process.communicate(timeout=10)
    assert time.monotonic() - started < 2
    assert process.returncode == 0, err
    assert out == "stopped\n"
    assert len(list((tmp_path / "log").glob("strategy_*.log"))) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_an_interrupted_wait_says_what_was_waited_for(tmp_path: Path) -> None:
    program = tmp_path / "strategy.py"
    program.write_text("from pyalgo import *\nEngine().make_session('ws://localhost:1', 1, 'lonely')\n")
    process = subprocess.Popen([sys.executable, str(program)], stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    assert "is it running?" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=10)
    assert err.splitlines()[-1] == "KeyboardInterrupt: session 1 (lonely) logs in"
    assert "uvloop" not in err


def test_the_interval_cannot_be_negative() -> None:
    with pytest.raises(ValueError, match="negative"):
        Engine(-1)
