"""The simulator as its users start it: a process with real sockets."""

from __future__ import annotations

import asyncio
import gzip
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.process.world import Process
from tradingsys.core.io import HttpFailed, HttpReply, HttpRequest
from tradingsys.net import ws
from tradingsys.net.http import HttpClient
from tradingsys.sim import server
from tradingsys.sim.simulator import Simulator
from tradingsys.venues.auth import HmacSigner, load_signer
from tradingsys.venues.binance.signing import sign_query, sign_ws_params

_START_S = 20.0
_STOP_S = 5.0


def start(*arguments: str, cwd: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tradingsys", "sim", *arguments]
    return subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.fixture
def sim(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, Any]]]:
    process = start("--port=0", "--seed=1", "--write-config=.", "--json", cwd=tmp_path)
    try:
        assert process.stdout is not None
        yield process, msgspec.json.decode(process.stdout.readline())
    finally:
        process.kill()
        process.communicate()


async def get(http: HttpClient, url: str, method: str = "GET", body: bytes = b"", key: str = "sim") -> Any:
    reply = await http.send(HttpRequest(0, method, url, {"X-MBX-APIKEY": key}, body))
    assert isinstance(reply, HttpReply), reply
    assert reply.status == 200, reply
    return msgspec.json.decode(reply.body)


class Collector:
    def __init__(self) -> None:
        self.frames: asyncio.Queue[Any] = asyncio.Queue()

    def opened(self, conn: ws.Connection) -> None:
        self.conn = conn

    def frame(self, data: bytes, is_text: bool) -> None:
        self.frames.put_nowait(msgspec.json.decode(data))

    def closed(self, reason: str) -> None:
        self.frames.put_nowait(reason)

    async def next(self) -> Any:
        return await asyncio.wait_for(self.frames.get(), _START_S)

    async def close(self) -> None:
        self.conn.close()
        while not isinstance(await self.next(), str):
            pass


def test_trading_over_real_sockets(sim: tuple[subprocess.Popen[bytes], dict[str, Any]], tmp_path: Path) -> None:
    _, urls = sim
    config = msgspec.json.decode((tmp_path / "usdt.json").read_bytes())
    signer = load_signer(pem_text=(tmp_path / config["pem"]).read_text())
    assert config["urls"] == {name: urls[name] for name in ("rest", "ws_api", "streams")}

    async def scenario() -> None:
        http = HttpClient()
        rest = urls["rest"]
        market, user, api = Collector(), Collector(), Collector()
        await ws.connect(f"{urls['streams']}/public/stream?streams=dogeusdt@depth5@100ms", market)
        assert (await market.next())["stream"] == "dogeusdt@depth5@100ms"
        key = (await get(http, f"{rest}/fapi/v1/listenKey", "POST", key=config["apikey"]))["listenKey"]
        await ws.connect(f"{urls['streams']}/private/ws/{key}", user)
        session = await ws.connect(urls["ws_api"], api)
        server_ms = (await get(http, f"{rest}/fapi/v1/time"))["serverTime"]
        logon = sign_ws_params(signer, {"apiKey": config["apikey"], "timestamp": server_ms})
        session.send(msgspec.json.encode({"id": 1, "method": "session.logon", "params": logon}))
        assert (await api.next())["result"]["apiKey"] == config["apikey"]
        order = {
            "symbol": "DOGEUSDT", "side": "BUY", "type": "MARKET", "quantity": "50", "newClientOrderId": "mine",
            "timestamp": server_ms,
        }  # fmt: skip
        session.send(msgspec.json.encode({"id": 2, "method": "order.place", "params": order}))
        assert (await api.next())["status"] == 200
        states = [(await user.next()).get("o", {}).get("X") for _ in range(4)]
        assert states[0] == "NEW"
        executions = await get(http, f"{urls['admin']}/ledger")
        assert {row["client_order_id"] for row in executions} == {"mine"}
        assert sum(int(row["qty"]) for row in executions) == 50
        query = sign_query(HmacSigner("sim"), {"symbol": "DOGEUSDT", "timestamp": server_ms})
        trades = await get(http, f"{rest}/fapi/v1/userTrades?{query}")
        assert [row["id"] for row in trades] == [row["exec_id"] for row in executions]
        for collector in (market, user, api):
            await collector.close()
        await http.close()

    asyncio.run(scenario())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_stop_it_at_once(sim: tuple[subprocess.Popen[bytes], dict[str, Any]], number: signal.Signals) -> None:
    process, _ = sim
    process.send_signal(number)
    assert process.wait(_STOP_S) == 0
    assert process.stderr is not None
    assert process.stderr.read() == b""


def write_recording(path: Path, seconds: int) -> None:
    """A book that stands still, and a sale of one lot at its best bid every 100 ms."""
    bids, asks = [["0.60000", "50"]], [["0.60100", "500"]]
    messages: list[dict[str, Any]] = [{"lastUpdateId": 1, "E": 1, "T": 1, "bids": bids, "asks": asks}]
    for number in range(1, seconds * 10):
        print_ = {"e": "trade", "E": number, "T": number + 1, "s": "DOGEUSDT", "t": number, "p": "0.60000", "q": "1"}
        change = {"e": "depthUpdate", "E": number, "T": number, "s": "DOGEUSDT", "U": number, "u": number}
        messages.append({"stream": "dogeusdt@trade", "data": {**print_, "X": "MARKET", "m": True}})
        diff = {**change, "pu": number - 1, "b": [], "a": [["0.60200", str(number)]]}
        messages.append({"stream": "dogeusdt@depth@100ms", "data": diff})
    with gzip.open(path, "wb") as file:
        for number, message in enumerate(messages):
            file.write(b"%d %s\n" % (10**18 + number * 50_000_000, msgspec.json.encode(message)))


def test_a_recording_is_played_and_fills_an_order(tmp_path: Path) -> None:
    write_recording(tmp_path / "doge.gz", seconds=60)
    process = start("--port=0", "--replay=doge.gz", "--speed=10", "--json", cwd=tmp_path)
    assert process.stdout is not None
    told = msgspec.json.decode(process.stdout.readline())
    assert told["recording"] == {"file": "doge.gz", "symbols": ["DOGEUSDT"]}

    async def scenario() -> list[Any]:
        http = HttpClient()
        rest = told["rest"]
        (symbol,) = (await get(http, f"{rest}/fapi/v1/exchangeInfo"))["symbols"]
        assert symbol["symbol"] == "DOGEUSDT"
        server_ms = (await get(http, f"{rest}/fapi/v1/time"))["serverTime"]
        order = {
            "symbol": "DOGEUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "20",
            "price": "0.6", "recvWindow": 60_000, "timestamp": server_ms,
        }  # fmt: skip
        query = sign_query(HmacSigner("sim"), order)
        assert (await get(http, f"{rest}/fapi/v1/order?{query}", "POST"))["status"] == "NEW"
        rows: list[Any] = []
        while sum(int(row["qty"]) for row in rows) < 20:
            await asyncio.sleep(0.1)
            rows = await get(http, f"{told['admin']}/ledger")
        status = await get(http, f"{told['admin']}/status")
        assert status["market"]["kind"] == "recording"
        await http.close()
        return rows

    rows = asyncio.run(asyncio.wait_for(scenario(), _START_S))
    assert {(row["px"], row["is_maker"]) for row in rows} == {("0.600000", True)}
    _, errors = process.communicate(timeout=_START_S)
    assert process.returncode == 0
    assert errors.decode() == "tradingsys: the recording is over; --loop plays it again and again\n"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--replay=nothing.gz"], "nothing.gz: --replay: cannot be read: No such file"),
        (["--replay=empty"], "empty: holds no recorded market"),
        (["--replay=doge.gz", "--symbol=btcusdt"], "--symbol: does not hold BTCUSDT, but DOGEUSDT"),
        (["--loop"], "--loop: only a recording has that"),
        (["--speed=0"], "--speed"),
        (["--activity=101"], "--activity"),
    ],
)
def test_what_cannot_be_played_is_told(tmp_path: Path, arguments: list[str], text: str) -> None:
    (tmp_path / "empty").write_bytes(b"")
    write_recording(tmp_path / "doge.gz", seconds=1)
    sim = Process("sim", tmp_path, ["-m", "tradingsys", "sim", "--port=0", *arguments])
    assert sim.popen.wait(_START_S) == 2
    assert text in sim.err
    assert "Traceback" not in sim.err


def test_levers_over_real_sockets(sim: tuple[subprocess.Popen[bytes], dict[str, Any]]) -> None:
    _, urls = sim

    async def scenario() -> None:
        http = HttpClient()
        market = Collector()
        await ws.connect(f"{urls['streams']}/market/ws/btcusdt@kline_1h", market)
        before = (await get(http, f"{urls['rest']}/fapi/v1/time"))["serverTime"]
        await get(http, f"{urls['admin']}/advance", "POST", b'{"seconds": 7200}')
        assert (await get(http, f"{urls['rest']}/fapi/v1/time"))["serverTime"] >= before + 7_200_000
        while not (await market.next())["k"]["x"]:
            pass
        moved = await get(http, f"{urls['admin']}/price", "POST", b'{"symbol": "BTCUSDT", "price": "50000"}')
        assert abs(float(moved["last_px"]) - 50_000) < 100
        assert await get(http, f"{urls['admin']}/drop", "POST", b'{"route": "market"}') == {"dropped": 1}
        while not isinstance(reason := await market.next(), str):
            pass
        assert "1001" in reason
        await http.close()

    asyncio.run(scenario())


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = start(f"--port={port}", cwd=tmp_path)
        _, errors = process.communicate(timeout=_START_S)
    assert process.returncode == 1
    assert f"cannot listen on ports {port} to {port + 2}" in errors.decode()
    assert "Traceback" not in errors.decode()


def test_the_addresses_are_printed_for_people(tmp_path: Path) -> None:
    process = start("--port=0", cwd=tmp_path)
    try:
        assert process.stdout is not None
        lines = [process.stdout.readline().decode() for _ in range(7)]
        assert [line.split()[0] for line in lines[1:6]] == ["REST", "futures", "spot", "admin", "key"]
    finally:
        process.terminate()
        process.communicate(timeout=_STOP_S)
    assert list(tmp_path.iterdir()) == []


def test_time_runs_faster_on_request() -> None:
    class HandClock:
        now_ns = 5_000_000_000

        def monotonic_ns(self) -> int:
            return self.now_ns

        def wall_ns(self) -> int:
            return 1_790_000_000_000_000_000

    async def scenario() -> None:
        clock = HandClock()
        running = await server.start(
            lambda now_ns: Simulator(now_ns=now_ns, accounts={}, keys=[], flow=None), port=0, speed=60, clock=clock
        )
        http = HttpClient()
        clock.now_ns += 1_000_000_000
        assert await get(http, f"{running.urls.rest}/fapi/v1/time") == {"serverTime": 1_790_000_060_000}
        reply = await http.send(HttpRequest(1, "GET", f"{running.urls.rest}/fapi/v1/time", {}))
        assert isinstance(reply, HttpReply)
        assert reply.headers["date"] == "Mon, 21 Sep 2026 14:14:20 GMT", "how long a ban lasts is reckoned from it"
        await http.close()
        await running.close()

    asyncio.run(scenario())


def test_what_an_exchange_may_do_one_way_or_another_is_an_option(tmp_path: Path) -> None:
    process = start(
        "--port=0", "--foreign-child-ids", "--insurance=0", "--orders-per-minute=40", "--json", cwd=tmp_path
    )
    try:
        assert process.stdout is not None
        urls = msgspec.json.decode(process.stdout.readline())

        async def scenario() -> None:
            http = HttpClient()
            stop = {
                "algoType": "CONDITIONAL", "symbol": "DOGEUSDT", "side": "BUY", "type": "STOP_MARKET", "quantity": "20",
                "triggerPrice": "0.9", "clientAlgoId": "stop", "recvWindow": 60_000,
                "timestamp": (await get(http, f"{urls['rest']}/fapi/v1/time"))["serverTime"],
            }  # fmt: skip
            await get(http, f"{urls['rest']}/fapi/v1/algoOrder?{sign_query(HmacSigner('sim'), stop)}", "POST")
            await get(http, f"{urls['admin']}/price", "POST", b'{"symbol": "DOGEUSDT", "price": "0.95"}')
            (waited,) = await get(http, f"{urls['admin']}/algos")
            (order,) = await get(http, f"{urls['admin']}/orders")
            assert (waited["client_algo_id"], waited["order_id"]) == ("stop", order["order_id"])
            assert order["client_order_id"] != "stop"
            assert (await get(http, f"{urls['admin']}/status"))["insurance"] == {"USDT": "0"}
            limits = (await get(http, f"{urls['rest']}/fapi/v1/exchangeInfo"))["rateLimits"]
            assert [each["limit"] for each in limits if each["rateLimitType"] == "ORDERS"] == [40, 10]
            await http.close()

        asyncio.run(scenario())
    finally:
        process.kill()
        process.communicate()


def test_an_order_is_executed_and_nobody_says_so(sim: tuple[subprocess.Popen[bytes], dict[str, Any]]) -> None:
    _, urls = sim

    async def scenario() -> None:
        http = HttpClient()
        await get(http, f"{urls['admin']}/faults", "POST", b'{"answer": "drop"}')
        order = {
            "symbol": "DOGEUSDT", "side": "BUY", "type": "MARKET", "quantity": "50", "newClientOrderId": "mine",
            "timestamp": (await get(http, f"{urls['rest']}/fapi/v1/time"))["serverTime"],
        }  # fmt: skip
        url = f"{urls['rest']}/fapi/v1/order?{sign_query(HmacSigner('sim'), order)}"
        reply = await http.send(HttpRequest(0, "POST", url, {"X-MBX-APIKEY": "sim"}, b""))
        assert isinstance(reply, HttpFailed)
        assert reply.sent
        (row,) = await get(http, f"{urls['admin']}/orders")
        assert (row["client_order_id"], row["status"]) == ("mine", "FILLED")
        await http.close()

    asyncio.run(scenario())
