"""A venue that announces the end of a connection: another one listens before, and nothing is missed or told twice."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.gateway.peers import RecordedPeer
from tests.unit.gateway.test_market_data import World
from tradingsys.core.io import Closed, CloseWs, Frame, Opened, OpenWs, WsFrame
from tradingsys.gateway.clients.sessions import Client
from tradingsys.gateway.market.market_data import MarketData
from tradingsys.venues.binance.market import BinanceMarket
from tradingsys.venues.binance.product import Endpoints
from tradingsys.venues.binance.spot import SPOT
from tradingsys.venues.protocol import Stream

DEPTH, TRADES = Stream("DOGEUSDT", "depth"), Stream("DOGEUSDT", "trade")
BARS = Stream("DOGEUSDT", "kline", "1m")


class SpotScene:
    """A subscriber of trades, and the connections that carry them."""

    def __init__(self) -> None:
        self.world, self.peer = World(), RecordedPeer()
        protocol = BinanceMarket(SPOT, Endpoints("http://sim", "ws://sim/api", "ws://sim"))
        self.market = MarketData(protocol, self.world, self.world, self.world)
        self.client = Client(self.peer, 0)
        self.first = f"market.{protocol.channel_of(TRADES)}"
        for stream in (TRADES, DEPTH, BARS):
            self.market.subscribe(self.client, stream)
        self.market.handle(Opened(self.first))
        self.later(1_000)

    def later(self, ms: int) -> None:
        end_ns = self.world.now_ns + ms * 1_000_000
        while (due_ns := self.market.next_deadline_ns) is not None and due_ns <= end_ns:
            self.world.now_ns = max(due_ns, self.world.now_ns)
            self.market.tick()
        self.world.now_ns = end_ns

    def says(self, connection: str, stream: str, data: dict[str, Any]) -> None:
        frame = {"stream": stream, "data": data}
        self.market.handle(Frame(connection, json.dumps(frame, separators=(",", ":")).encode()))

    def shut_down(self, connection: str) -> None:
        self.says(connection, "!serverShutdown", {"e": "serverShutdown", "E": 1})

    def trade(self, connection: str, number: int) -> None:
        data = {"e": "aggTrade", "E": 5, "s": "DOGEUSDT", "a": number, "p": "0.6", "q": "1", "f": 1, "l": 1, "T": 4}
        self.says(connection, "dogeusdt@aggTrade", {**data, "m": True, "M": True})

    def book(self, connection: str, number: int) -> None:
        self.says(connection, "dogeusdt@depth20", {"lastUpdateId": number, "bids": [["0.5", str(number)]], "asks": []})

    def opened(self) -> list[str]:
        return [each.channel for each in self.world.performed if isinstance(each, OpenWs)]

    def closed(self) -> list[str]:
        return [each.channel for each in self.world.performed if isinstance(each, CloseWs)]

    def frames(self, connection: str) -> list[dict[str, Any]]:
        sent = [each for each in self.world.performed if isinstance(each, WsFrame) and each.channel == connection]
        return [json.loads(each.data) for each in sent]

    def pushes(self, kind: str) -> list[dict[str, Any]]:
        return [push for push in map(json.loads, self.peer.sent) if push["type"] == kind]

    def trades(self) -> list[int]:
        return [push["trade_id"] for push in self.pushes("trade")]

    def books(self) -> list[int]:
        return [int(push["bids"][0][1]) for push in self.pushes("depth")]

    def is_up(self) -> bool:
        return self.market.is_up


@pytest.fixture
def scene() -> SpotScene:
    return SpotScene()


def test_another_connection_listens_before_the_old_one_ends(scene: SpotScene) -> None:
    scene.trade(scene.first, 1)
    scene.shut_down(scene.first)
    scene.shut_down(scene.first)
    [_, second] = scene.opened()
    scene.trade(scene.first, 2)
    scene.market.handle(Opened(second))
    [frame] = scene.frames(second)
    assert frame["method"] == "SUBSCRIBE"
    assert sorted(frame["params"]) == ["dogeusdt@aggTrade", "dogeusdt@depth20", "dogeusdt@kline_1m"]
    for number in (3, 4):
        scene.trade(scene.first, number)
        scene.trade(second, number)
        scene.book(second, number)
        scene.book(scene.first, number)
    scene.trade(second, 5)  # the old one would have told it a little later
    assert scene.trades() == [1, 2, 3, 4] and scene.is_up()
    scene.later(2_100)
    assert scene.closed() == [scene.first]
    scene.market.handle(Closed(scene.first, "closed"))
    scene.trade(second, 6)
    scene.book(second, 5)
    assert scene.trades() == [1, 2, 3, 4, 5, 6] and scene.books() == [3, 4, 5]
    assert scene.is_up() and scene.world.warnings == [] and len(scene.opened()) == 2


def test_a_connection_that_ends_before_its_time_is_followed_at_once(scene: SpotScene) -> None:
    scene.shut_down(scene.first)
    second = scene.opened()[-1]
    scene.market.handle(Opened(second))
    scene.trade(scene.first, 1)
    scene.trade(second, 1)
    scene.trade(second, 2)
    scene.market.handle(Closed(scene.first, "going away"))
    assert scene.trades() == [1, 2] and scene.is_up()
    scene.market.unsubscribe(scene.client, DEPTH)
    scene.later(1_000)
    assert scene.frames(second)[-1]["method"] == "UNSUBSCRIBE"
    scene.shut_down(second)
    third = scene.opened()[-1]
    assert len({scene.first, second, third}) == 3
    scene.market.handle(Opened(third))
    scene.later(2_100)
    assert scene.closed() == [second]
    scene.trade(third, 3)
    assert scene.trades() == [1, 2, 3]
    scene.market.handle(Closed(third, "lost"))
    assert not scene.is_up()
    scene.later(600)
    assert scene.opened()[-1] == third, "it is connected again as ever"


def test_a_successor_that_cannot_connect_is_tried_again(scene: SpotScene) -> None:
    scene.shut_down(scene.first)
    second = scene.opened()[-1]
    scene.market.handle(Closed(second, "refused"))
    scene.trade(scene.first, 1)
    scene.later(1_100)
    assert scene.opened() == [scene.first, second, second]
    scene.market.handle(Closed(scene.first, "going away"))
    assert not scene.is_up() and scene.trades() == [1]
    scene.market.handle(Opened(second))  # too late: the channel itself is about to connect again
    assert scene.closed() == [second]
    scene.later(600)
    assert scene.opened()[-1] == scene.first


def test_what_is_subscribed_meanwhile_is_on_both(scene: SpotScene) -> None:
    scene.shut_down(scene.first)
    second = scene.opened()[-1]
    scene.market.handle(Opened(second))
    scene.market.subscribe(scene.client, Stream("BTCUSDT", "trade"))
    scene.later(1_000)
    for connection in (scene.first, second):
        assert scene.frames(connection)[-1]["params"] == ["btcusdt@aggTrade"]


def test_closed_bars_are_told_once(scene: SpotScene) -> None:
    def bar(connection: str, open_ms: int, *, closed: bool) -> None:
        k = {"t": open_ms, "T": open_ms + 59_999, "s": "DOGEUSDT", "i": "1m", "f": 1, "L": 2, "o": "1", "c": "1"}
        k |= {"h": "1", "l": "1", "v": "1", "n": 1, "x": closed, "q": "1", "V": "1", "Q": "1", "B": "0"}
        scene.says(connection, "dogeusdt@kline_1m", {"e": "kline", "E": open_ms, "s": "DOGEUSDT", "k": k})

    scene.shut_down(scene.first)
    second = scene.opened()[-1]
    scene.market.handle(Opened(second))
    bar(scene.first, 0, closed=True)
    bar(second, 0, closed=True)
    bar(second, 60_000, closed=True)
    scene.later(2_100)
    bars = scene.pushes("kline")
    assert [(bar["start_ms"], bar["is_closed"]) for bar in bars] == [(0, True), (60_000, True)]
