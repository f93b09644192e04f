"""New fields and words of the exchange's, over real sockets: read or named, and every execution is booked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest

from tests.bad_input.conftest import start_gateway
from tests.bad_input.exchange import ACCOUNT, SEGMENTS, Exchange, Loop
from tests.bad_input.launcher import Launched, Launcher
from tests.bad_input.line import Line
from tests.bad_input.table_future import WORDS, FutureWord, changed, with_new_elements, with_new_fields
from tests.bad_input.venue_place import ACCOUNTS
from tradingsys.core.enums import Side
from tradingsys.sim.faces.transport import Reply, Request

AT_MARKET = {"order_type": "MARKET", "price": None, "time_in_force": None}
WAITING = {**AT_MARKET, "order_type": "STOP_MARKET", "side": "SELL"}
STREAMS = ["depth", "depth:100ms", "bbo", "trade", "kline:1m"]


class FuturePlace:
    """A gateway that trades while a word of the exchange's is another one."""

    def __init__(self, exchange: Exchange, gateway: Launched, line: Line, account: str) -> None:
        self.exchange, self.gateway, self.line = exchange, gateway, line
        self.account, self.segment = account, SEGMENTS[account]
        self.is_of_assets = account != "usdt"
        self.word: tuple[FutureWord, str] | None = None
        self.kinds: set[str] = set()
        """Of all messages that were sent."""
        scale = 10 if self.is_of_assets else 1
        self.ask, self.bid, self.stop, self.target = (
            str(Decimal(px) * scale) for px in ("0.0601", "0.0595", "0.04", "0.07")
        )
        exchange.box.on_send, exchange.box.on_reply = self._on_send, self._on_reply
        exchange.house(Side.SELL, 1_000_000, self.ask, self.segment)
        exchange.house(Side.BUY, 1_000_000, self.bid, self.segment)
        self._held_at_first = self._wallet()
        line.result("subscribe", [f"dogeusdt@{stream}" for stream in STREAMS])

    def net(self) -> Decimal:
        [row] = self.line.result("get_positions", ["dogeusdt"]) or [{"net": "0"}]
        return Decimal(row["net"])

    def held(self) -> Decimal:
        """What the exchange says."""
        return self._wallet() - self._held_at_first

    def _wallet(self) -> Decimal:
        if self.is_of_assets:
            rows = self.exchange.admin(f"balances?product=spot&account={ACCOUNTS[self.account].holder}")
            return sum((Decimal(row["total"]) for row in rows if row["asset"] == "DOGE"), Decimal(0))
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
        """A conditional order comes and goes, and where there are lists, one of them."""
        waiting = {**WAITING, "stop_price": self.stop}
        orders = [self.line.order(**waiting)]
        if self.is_of_assets:
            orders += self.line.order_list("OCO", {"side": "SELL", "price": self.target}, waiting)
        for client_order_id in orders:
            self.line.order_that("waits", client_order_id, lambda order: order["status"] == "NEW")
        for client_order_id in orders[:2]:  # cancelling one of a list cancels the list
            self.line.result("cancel", {"client_order_id": client_order_id})
        for client_order_id in orders:
            self.line.order_that("is canceled", client_order_id, lambda order: order["status"] == "CANCELED")

    def _on_send(self, data: bytes) -> bytes | None:
        told = json.loads(data)
        if not isinstance(told, dict):
            return data
        event = next((told[key] for key in ("event", "data") if key in told), told)
        kind = str(event.get("e", "reply" if "result" in told else ""))
        self.kinds.add(kind)
        if self.word is None or kind not in self.word[0].kind.split():
            return data
        self._change(told["result"] if kind == "reply" else event, kind)
        return json.dumps(told).encode()

    def _on_reply(self, request: Request, reply: Reply) -> Reply:
        """Of spot and margin many answers come by REST, of margin all."""
        is_about_orders = request.path.rpartition("/")[2] in ORDER_PATHS
        if self.word is None or "reply" not in self.word[0].kind or not (self.is_of_assets and is_about_orders):
            return reply
        told = json.loads(reply.body)
        for each in told if isinstance(told, list) else [told]:
            self._change(each, "reply")
        return Reply(reply.status, json.dumps(told).encode(), reply.headers)

    def _change(self, message: object, kind: str) -> None:
        assert self.word is not None
        future, word = self.word
        changed(message, future.path.removeprefix("o.") if kind == "TRADE_LITE" else future.path, word)


SOON_PROVEN = {"engine_margin_ms": 500, "staleness_ms": 300}
"""What became of an order is known the sooner the less late an exchange may act and answer."""
ORDER_PATHS = {"order", "openOrders", "allOrders", "myTrades", "orderList", "oco", "oto", "otoco"}


@pytest.fixture(scope="module")
def places(
    loop: Loop, launcher: Launcher, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, FuturePlace]]:
    started = {}
    for account in WORDS:
        folder = tmp_path_factory.mktemp("future") / "gateway"
        folder.mkdir()
        exchange = loop.exchange()
        config = exchange.config(folder, account, symbols=["dogeusdt"], **SOON_PROVEN)
        command = "usdt" if account == "usdt" else "spot"
        started[account] = (exchange, config, launcher.start(folder, command, f"-c={account}.json", "-l=info"))
    places = {}
    for account, (exchange, config, gateway) in started.items():
        gateway.says(" ready")
        places[account] = FuturePlace(exchange, gateway, Line(loop, config).login(1), account)
    yield places
    for place in places.values():
        place.word = None
        del place.line.messages[:]
        place.buys()
        for kind in ("depth", "trade", "kline"):
            place.line.wait_for(kind, partial(place.line.pushes, kind))
        assert place.gateway.stop() == 0
        assert not [word for word in ("Traceback", "HALT", "difference") if word in place.gateway.err]


ROWS = [(account, number) for account, words in WORDS.items() for number in range(len(words))]


def _named(row: tuple[str, int]) -> str:
    return f"{row[0]}: {WORDS[row[0]][row[1]].kind}.{WORDS[row[0]][row[1]].path}"


@pytest.mark.parametrize("row", ROWS, ids=_named)
def test_words_of_the_future(places: dict[str, FuturePlace], row: tuple[str, int]) -> None:
    account, number = row
    place = places[account]
    future, word = WORDS[account][number], f"FUTURE_{number}"
    place.word = (future, word)
    place.buys()
    place.waits_and_cancels()
    place.word = None
    if future.is_named:
        place.gateway.says(word)


@pytest.mark.parametrize("account", WORDS)
def test_new_fields_and_elements_everywhere(loop: Loop, launcher: Launcher, tmp_path: Path, account: str) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    exchange = loop.exchange()

    def replied(request: Request, reply: Reply) -> Reply:
        body = with_new_elements(reply.body) if request.path.endswith("/exchangeInfo") else reply.body
        return Reply(reply.status, with_new_fields(body), reply.headers)

    exchange.box.on_send, exchange.box.on_reply = with_new_fields, replied
    config = exchange.config(folder, account, symbols=["dogeusdt"])
    gateway = start_gateway(launcher, folder, account)
    line = Line(loop, config).login(1)
    place = FuturePlace(exchange, gateway, line, account)

    def sent(data: bytes) -> bytes | None:
        place._on_send(data)
        return with_new_fields(data)

    exchange.box.on_send, exchange.box.on_reply = sent, replied
    place.buys()
    place.waits_and_cancels()
    resting = line.order()
    line.order_that("rests", resting, lambda order: order["status"] == "NEW")
    for name, value in ACCOUNTS[account].amended.items():
        value = "150" if name == "quantity" else value
        line.result("amend", {"client_order_id": resting, name: value})
        line.order_that("is amended", resting, partial(_has, name, value))
    place.buys()
    assert line.result("get_balances")
    if account == "usdt":
        assert line.result("get_settings", {"symbol": "dogeusdt"})
        line.result("subscribe", ["dogeusdt@mark"])
        line.wait_for("mark", partial(line.pushes, "mark"))
    if account == "margin":
        assert line.result("borrow", {"asset": "usdt", "amount": "5"}) and line.result("get_margin")
        assert line.result("get_borrowable", {"asset": "usdt"})
        assert line.result("repay", {"asset": "usdt", "amount": "5"})
    for kind in ("depth", "trade", "kline"):
        line.wait_for(kind, partial(line.pushes, kind))
    assert gateway.stop() == 0
    assert EVENTS[account] | {"aggTrade", "kline"} <= place.kinds
    assert not [word for word in ("odd message", "Traceback", "HALT", "difference") if word in gateway.err]


def _has(name: str, value: str, order: dict[str, object]) -> bool:
    return order[name] == value


_EVENTS_OF_ASSETS = {"executionReport", "outboundAccountPosition", "listStatus"}
EVENTS = {
    "usdt": {"ORDER_TRADE_UPDATE", "ACCOUNT_UPDATE", "ALGO_UPDATE", "depthUpdate"},
    "spot": _EVENTS_OF_ASSETS,
    "margin": _EVENTS_OF_ASSETS,
}
