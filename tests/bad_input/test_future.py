"""New fields and words of the exchange's, over real sockets: read or named, and every execution is booked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from tests.bad_input.conftest import start_gateway
from tests.bad_input.exchange import ACCOUNT, Exchange, Loop
from tests.bad_input.launcher import Launched, Launcher
from tests.bad_input.line import Line
from tests.bad_input.table_future import WORDS, FutureWord, changed, with_new_elements, with_new_fields
from tradingsys.core.enums import Side
from tradingsys.sim.faces.transport import Reply, Request

AT_MARKET = {"order_type": "MARKET", "price": None, "time_in_force": None}
WAITING = {**AT_MARKET, "order_type": "STOP_MARKET", "side": "SELL", "stop_price": "0.04"}
STREAMS = ["depth", "depth:100ms", "bbo", "trade", "mark", "kline:1m"]


class FuturePlace:
    """A gateway that trades while a word of the exchange's is another one."""

    def __init__(self, exchange: Exchange, gateway: Launched, line: Line) -> None:
        self.exchange, self.gateway, self.line = exchange, gateway, line
        self.word: tuple[FutureWord, str] | None = None
        exchange.box.on_send = self._on_send
        exchange.house(Side.SELL, 10_000_000, "0.0601")
        exchange.house(Side.BUY, 10_000_000, "0.0595")

    def net(self) -> Decimal:
        [row] = self.line.result("get_positions", ["dogeusdt"]) or [{"net": "0"}]
        return Decimal(row["net"])

    def held(self) -> Decimal:
        """What the exchange says."""
        return sum((Decimal(row["net"]) for row in self.exchange.admin(f"positions?account={ACCOUNT}")), Decimal(0))

    def buys(self) -> None:
        """An execution, which must be booked: with its order, its position, and nothing left in doubt."""
        client_order_id = self.line.order(**AT_MARKET)
        filled = self.line.order_that("is filled", client_order_id, lambda order: order["status"] == "FILLED")
        assert filled["cum_qty"] == "200"
        self.line.wait_for("the position", lambda: self.net() == self.held())
        executed = {fill["exec_id"] for order in self.line.orders(client_order_id) for fill in order.get("fills", ())}
        assert len(executed) == 1

    def waits_and_cancels(self) -> None:
        """A conditional order comes and goes."""
        client_order_id = self.line.order(**WAITING)
        self.line.order_that("waits", client_order_id, lambda order: order["status"] == "NEW")
        self.line.result("cancel", {"client_order_id": client_order_id})
        self.line.order_that("is canceled", client_order_id, lambda order: order["status"] == "CANCELED")

    def _on_send(self, data: bytes) -> bytes | None:
        if self.word is None:
            return data
        future, word = self.word
        told = json.loads(data)
        kind = told.get("e", "reply" if "result" in told else "") if isinstance(told, dict) else ""
        if kind in future.kind.split():
            path = future.path.removeprefix("o.") if kind == "TRADE_LITE" else future.path
            changed(told["result"] if kind == "reply" else told, path, word)
            return json.dumps(told).encode()
        return data


@pytest.fixture(scope="module")
def place(loop: Loop, launcher: Launcher, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FuturePlace]:
    folder = tmp_path_factory.mktemp("future") / "gateway"
    folder.mkdir()
    exchange = loop.exchange()
    config = exchange.config(folder, symbols=["dogeusdt"])
    gateway = start_gateway(launcher, folder)
    place = FuturePlace(exchange, gateway, Line(loop, config).login(1))
    yield place
    place.word = None
    place.buys()
    assert gateway.stop() == 0
    assert "Traceback" not in gateway.err and "HALT" not in gateway.err


@pytest.mark.parametrize("number", range(len(WORDS)), ids=lambda number: f"{WORDS[number].kind}.{WORDS[number].path}")
def test_words_of_the_future(place: FuturePlace, number: int) -> None:
    future, word = WORDS[number], f"FUTURE_{number}"
    place.word = (future, word)
    place.buys()
    place.waits_and_cancels()
    place.word = None
    if future.is_named:
        place.gateway.says(word)


def test_new_fields_and_elements_everywhere(loop: Loop, launcher: Launcher, tmp_path: Any) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    exchange = loop.exchange()
    kinds: set[str] = set()

    def sent(data: bytes) -> bytes:
        told = json.loads(data)
        if isinstance(told, dict):
            kinds.add(str(told.get("e") or told.get("data", {}).get("e") or "reply"))
        return with_new_fields(data)

    def replied(request: Request, reply: Reply) -> Reply:
        body = with_new_elements(reply.body) if request.path == "/fapi/v1/exchangeInfo" else reply.body
        return Reply(reply.status, with_new_fields(body), reply.headers)

    exchange.box.on_send, exchange.box.on_reply = sent, replied
    config = exchange.config(folder, symbols=["dogeusdt"])
    gateway = start_gateway(launcher, folder)
    line = Line(loop, config).login(1)
    place = FuturePlace(exchange, gateway, line)
    exchange.box.on_send = sent
    line.result("subscribe", [f"dogeusdt@{stream}" for stream in STREAMS])
    place.buys()
    place.waits_and_cancels()
    resting = line.order()
    line.order_that("rests", resting, lambda order: order["status"] == "NEW")
    line.result("amend", {"client_order_id": resting, "price": "0.055"})
    line.order_that("is amended", resting, lambda order: order["price"] == "0.055")
    place.buys()
    assert line.result("get_balances") and line.result("get_settings", {"symbol": "dogeusdt"})
    for kind in ("depth", "trade", "kline", "mark"):
        line.wait_for(kind, partial(line.pushes, kind))
    assert gateway.stop() == 0
    assert {"ORDER_TRADE_UPDATE", "ACCOUNT_UPDATE", "ALGO_UPDATE", "depthUpdate", "aggTrade", "kline"} <= kinds
    assert "odd message" not in gateway.err and "Traceback" not in gateway.err
