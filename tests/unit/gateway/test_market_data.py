"""One subscription at the venue, however many strategies; a slow one gets the latest and holds up nobody."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.gateway.peers import RecordedPeer
from tradingsys.core.errors import LocalProtocolError
from tradingsys.core.io import Closed, CloseWs, Frame, Opened, OpenWs, Transmission, WsFrame
from tradingsys.gateway.clients.sessions import Client
from tradingsys.gateway.market import market_data
from tradingsys.gateway.market.market_data import MarketData
from tradingsys.gateway.market.stream_names import parse_stream, stream_text
from tradingsys.venues.binance.market import BinanceMarket, stream_name
from tradingsys.venues.binance.product import Endpoints
from tradingsys.venues.binance.usdm import USDM
from tradingsys.venues.protocol import Stream

DEPTH = Stream("DOGEUSDT", "depth")
BARS = Stream("DOGEUSDT", "kline", "1m")
TRADES = Stream("DOGEUSDT", "trade")
MARK = Stream("DOGEUSDT", "mark")
PUBLIC, MARKET = "market.public", "market.market"


class World:
    """Clock, transport and log of one test."""

    def __init__(self) -> None:
        self.now_ns = 10**12
        self.performed: list[Transmission] = []
        self.warnings: list[str] = []

    def monotonic_ns(self) -> int:
        return self.now_ns

    def wall_ns(self) -> int:
        return 1_780_000_000_000_000_000 + self.now_ns

    def perform(self, transmission: Transmission) -> None:
        self.performed.append(transmission)

    def debug(self, event: str, /, **fields: object) -> None: ...

    def info(self, event: str, /, **fields: object) -> None: ...

    def warning(self, event: str, /, **fields: object) -> None:
        self.warnings.append(event)

    def error(self, event: str, /, **fields: object) -> None: ...


class Scene:
    def __init__(self) -> None:
        self.world = World()
        self.market = MarketData(
            BinanceMarket(USDM, Endpoints("http://sim", "ws://sim/api", "ws://sim")), self.world, self.world, self.world
        )

    def client(self) -> tuple[Client, RecordedPeer]:
        peer = RecordedPeer()
        return Client(peer, 0), peer

    def later(self, ms: int) -> None:
        self.world.now_ns += ms * 1_000_000
        due = self.market.next_deadline_ns
        if due is not None and due <= self.world.now_ns:
            self.market.tick()

    def controls(self) -> list[tuple[str, list[str]]]:
        frames = [json.loads(each.data) for each in self.world.performed if isinstance(each, WsFrame)]
        return [(frame["method"], frame["params"]) for frame in frames]

    def says(self, stream: Stream, **data: Any) -> None:
        channel = PUBLIC if stream.kind == "depth" else MARKET
        frame = {"stream": stream_name(stream), "data": data}
        self.market.handle(Frame(channel, json.dumps(frame, separators=(",", ":")).encode()))

    def book(self, bid: str) -> None:
        self.says(
            DEPTH,
            e="depthUpdate",
            E=5,
            T=4,
            s="DOGEUSDT",
            U=1,
            u=2,
            pu=1,
            b=[[bid, "10"]],
            a=[["0.7", "5"]],
            ps="",
            st=1,
        )

    def bar(self, close: str, *, closed: bool) -> None:
        k = {"t": 0, "T": 59_999, "s": "DOGEUSDT", "i": "1m", "f": 1, "L": 2, "o": "1", "c": close, "h": "1", "l": "1"}
        k |= {"v": "1", "n": 1, "x": closed, "q": "1", "V": "1", "Q": "1", "B": "0"}
        self.says(BARS, e="kline", E=5, s="DOGEUSDT", k=k)

    def mark(self, px: str) -> None:
        data = {"p": px, "ap": px, "i": "0.6", "P": "0.5", "r": "0.0001", "T": 28_800_000, "st": 1}
        self.says(MARK, e="markPriceUpdate", E=5, s="DOGEUSDT", **data)

    def trade(self, number: int) -> None:
        self.says(TRADES, e="aggTrade", E=5, s="DOGEUSDT", a=number, p="0.6", q="1", f=1, l=1, T=4, m=True)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_streams_are_read_and_written_the_same() -> None:
    for text in ("btcusdt@depth", "btcusdt@depth:100ms", "btcusdt@bbo", "btcusdt@kline:1M", "btcusdt@kline:1m"):
        assert stream_text(parse_stream(text)) == text
    assert parse_stream("BTCusdt@depth") == Stream("BTCUSDT", "depth")
    with pytest.raises(LocalProtocolError):
        parse_stream("btcusdt")


def test_who_comes_later_is_told_at_once_what_is_still_true(scene: Scene) -> None:
    (early, _), (late, peer), (later, other) = scene.client(), scene.client(), scene.client()
    for stream in (DEPTH, MARK, TRADES, BARS):
        scene.market.subscribe(early, stream)
    for name in (PUBLIC, MARKET):
        scene.market.handle(Opened(name))
    for bid in ("0.5", "0.6"):
        scene.book(bid)
    scene.mark("0.61")
    scene.trade(1)
    scene.bar("0.6", closed=True)
    for _ in range(2):
        for stream in (DEPTH, MARK, TRADES, BARS):
            scene.market.subscribe(late, stream)
    told = [json.loads(push) for push in peer.sent]
    assert [push["stream"] for push in told] == ["dogeusdt@depth", "dogeusdt@mark"]
    assert told[0]["bids"] == [["0.6", "10"]]
    scene.market.handle(Closed(PUBLIC, "the network is gone"))
    scene.market.subscribe(later, DEPTH)
    assert not other.sent, "nobody knows what the book is now"


def test_an_only_follower_that_comes_back_before_the_venue_was_told_is_told_what_is_true(scene: Scene) -> None:
    client, peer = scene.client()
    scene.market.subscribe(client, DEPTH)
    scene.market.handle(Opened(PUBLIC))
    scene.book("0.5")
    scene.market.unsubscribe(client, DEPTH)
    scene.book("0.6")
    assert len(peer.sent) == 1
    scene.market.subscribe(client, DEPTH)
    scene.later(1_000)
    assert len(scene.controls()) == 1, "the subscription never ended, so the venue tells nothing until the book changes"
    assert [json.loads(push)["bids"] for push in peer.sent] == [[["0.5", "10"]], [["0.6", "10"]]]
    assert str(scene.market.reference_px("DOGEUSDT")) == "0.65"


@pytest.mark.parametrize("how", ["the venue was told", "the connection was lost"])
def test_what_was_told_before_everybody_left_is_told_to_nobody(scene: Scene, how: str) -> None:
    (one, _), (two, peer), (three, other) = scene.client(), scene.client(), scene.client()
    scene.market.subscribe(one, DEPTH)
    scene.market.handle(Opened(PUBLIC))
    scene.book("0.5")
    scene.market.unsubscribe(one, DEPTH)
    if how == "the connection was lost":
        scene.market.handle(Closed(PUBLIC, "lost"))
    else:
        scene.later(400)
    scene.market.subscribe(two, DEPTH)
    scene.later(1_000)
    scene.market.subscribe(three, DEPTH)
    assert not peer.sent and not other.sent and scene.market.reference_px("DOGEUSDT") is None


def test_what_was_under_way_when_a_subscription_ended_is_not_what_is_true_in_the_next(scene: Scene) -> None:
    (one, peer), (two, other) = scene.client(), scene.client()
    scene.market.subscribe(one, DEPTH)
    scene.market.handle(Opened(PUBLIC))
    scene.later(400)
    scene.market.unsubscribe(one, DEPTH)
    scene.later(1)
    assert scene.controls()[-1][0] == "UNSUBSCRIBE"
    scene.market.subscribe(one, DEPTH)
    scene.book("0.5")
    assert len(peer.sent) == 1
    scene.later(400)
    assert scene.controls()[-1][0] == "SUBSCRIBE"
    scene.market.subscribe(two, DEPTH)
    assert not other.sent, "it may have changed between the two"


def test_many_subscribers_are_one_subscription(scene: Scene) -> None:
    (one, _), (two, peer) = scene.client(), scene.client()
    scene.market.subscribe(one, DEPTH)
    scene.market.subscribe(two, DEPTH)
    assert scene.world.performed == [OpenWs(PUBLIC, "ws://sim/public/stream")]
    scene.market.handle(Opened(PUBLIC))
    assert scene.controls() == [("SUBSCRIBE", ["dogeusdt@depth20"])]
    scene.book("0.6")
    [push] = peer.sent
    told = json.loads(push)
    assert (told["symbol"], told["stream"], told["bids"]) == ("dogeusdt", "dogeusdt@depth", [["0.6", "10"]])
    assert told["ts_venue_ms"] == 4 and told["ts_gateway_in_ns"] <= told["ts_gateway_out_ns"]
    scene.market.unsubscribe(one, DEPTH)
    scene.later(1_000)
    assert len(scene.controls()) == 1, "somebody still listens"
    scene.market.drop(two)
    scene.later(1_000)
    assert scene.controls()[-1] == ("UNSUBSCRIBE", ["dogeusdt@depth20"])


def test_subscriptions_in_quick_succession_share_a_frame(scene: Scene) -> None:
    client, _ = scene.client()
    scene.market.subscribe(client, DEPTH)
    scene.market.handle(Opened(PUBLIC))
    for symbol in ("BTCUSDT", "ETHUSDT", "XRPUSDT"):
        scene.market.subscribe(client, Stream(symbol, "bbo"))
    assert len(scene.controls()) == 1, "venues drop connections that send too many frames"
    scene.later(300)
    assert scene.controls()[1] == ("SUBSCRIBE", ["btcusdt@bookTicker", "ethusdt@bookTicker", "xrpusdt@bookTicker"])


def test_a_lost_channel_comes_back_with_everything(scene: Scene) -> None:
    client, peer = scene.client()
    scene.market.subscribe(client, DEPTH)
    scene.market.handle(Opened(PUBLIC))
    scene.market.handle(Closed(PUBLIC, "reset"))
    assert scene.world.warnings and [scene.market.is_up] == [False]
    scene.later(400)
    assert len([each for each in scene.world.performed if isinstance(each, OpenWs)]) == 1
    scene.later(200)
    assert len([each for each in scene.world.performed if isinstance(each, OpenWs)]) == 2
    scene.market.handle(Closed(PUBLIC, "refused"))
    scene.later(900)
    assert len([each for each in scene.world.performed if isinstance(each, OpenWs)]) == 2, "each try waits longer"
    scene.later(200)
    scene.market.handle(Opened(PUBLIC))
    assert scene.controls()[-1] == ("SUBSCRIBE", ["dogeusdt@depth20"]) and scene.market.is_up
    scene.book("0.6")
    assert len(peer.sent) == 1


def test_a_channel_that_falls_silent_is_opened_anew(scene: Scene) -> None:
    client, _ = scene.client()
    scene.market.subscribe(client, DEPTH)
    scene.market.handle(Opened(PUBLIC))
    scene.later(29_000)
    scene.book("0.6")
    scene.later(29_000)
    assert CloseWs(PUBLIC) not in scene.world.performed
    scene.later(2_000)
    assert scene.world.performed[-1] == CloseWs(PUBLIC)


def test_a_channel_that_nobody_listened_to_is_not_taken_for_silent(scene: Scene) -> None:
    client, _ = scene.client()
    scene.market.subscribe(client, DEPTH)
    scene.market.handle(Opened(PUBLIC))
    scene.book("0.6")
    scene.market.unsubscribe(client, DEPTH)
    scene.later(700_000)
    scene.market.subscribe(client, DEPTH)
    scene.later(1_000)
    assert CloseWs(PUBLIC) not in scene.world.performed
    assert scene.controls()[-1] == ("SUBSCRIBE", ["dogeusdt@depth20"])
    scene.later(30_000)
    assert scene.world.performed[-1] == CloseWs(PUBLIC)


def test_a_talkative_stream_beside_a_quiet_one_has_its_own_time_to_begin(scene: Scene) -> None:
    client, _ = scene.client()
    scene.market.subscribe(client, TRADES)
    scene.market.handle(Opened(MARKET))
    scene.later(300_000)
    scene.market.subscribe(client, MARK)
    scene.later(29_000)
    assert CloseWs(MARKET) not in scene.world.performed
    scene.later(2_000)
    assert scene.world.performed[-1] == CloseWs(MARKET)


def test_a_slow_subscriber_gets_the_latest_and_others_everything(scene: Scene) -> None:
    (slow, slow_peer), (quick, quick_peer) = scene.client(), scene.client()
    for client in (slow, quick):
        scene.market.subscribe(client, DEPTH)
        scene.market.subscribe(client, BARS)
    scene.market.handle(Opened(PUBLIC))
    scene.market.handle(Opened(MARKET))
    slow_peer.pending_bytes = 10**6
    for n in range(5):
        scene.book(f"0.6{n}")
        scene.bar(f"{n}", closed=n == 2)
    assert len(quick_peer.sent) == 10 and not slow_peer.sent
    scene.later(50)
    assert not slow_peer.sent and scene.market.is_behind
    slow_peer.pending_bytes = 0
    scene.later(50)
    books = [json.loads(push)["bids"][0][0] for push in slow_peer.sent if b'"depth"' in push]
    bars = [(json.loads(push)["close"], json.loads(push)["is_closed"]) for push in slow_peer.sent if b"kline" in push]
    assert books == ["0.64"], "of a book only the latest counts"
    assert bars == [("2", True), ("4", False)], "a closed bar is never lost"
    scene.book("0.7")
    assert json.loads(slow_peer.sent[-1])["bids"][0][0] == "0.7" and not scene.market.is_behind


def test_of_mark_prices_a_slow_reader_gets_the_latest(scene: Scene) -> None:
    client, peer = scene.client()
    scene.market.subscribe(client, MARK)
    scene.market.handle(Opened(MARKET))
    peer.pending_bytes = 10**6
    for px in ("0.61", "0.62", "0.63"):
        scene.mark(px)
    peer.pending_bytes = 0
    scene.later(50)
    [push] = [json.loads(data) for data in peer.sent]
    assert (push["type"], push["mark_px"], push["stream"]) == ("mark", "0.63", "dogeusdt@mark")
    assert (push["index_px"], push["settle_px"], push["funding_rate"]) == ("0.6", "0.5", "0.0001")
    assert push["next_funding_ms"] == 28_800_000


def test_the_mark_price_is_the_reference_while_it_is_followed(scene: Scene) -> None:
    client, _ = scene.client()
    for stream in (DEPTH, MARK):
        scene.market.subscribe(client, stream)
    scene.market.handle(Opened(PUBLIC))
    scene.market.handle(Opened(MARKET))
    scene.book("0.6")
    scene.mark("0.61")
    scene.book("0.6")
    assert str(scene.market.reference_px("DOGEUSDT")) == "0.61"
    scene.market.unsubscribe(client, MARK)
    scene.later(1_000)
    assert str(scene.market.reference_px("DOGEUSDT")) == "0.65"


def test_every_trade_is_told_once_and_in_order_however_slow_the_reader(scene: Scene) -> None:
    client, peer = scene.client()
    scene.market.subscribe(client, TRADES)
    scene.market.handle(Opened(MARKET))
    scene.trade(1)
    peer.pending_bytes = 10**6
    for number in range(2, 50):
        scene.trade(number)
    assert len(peer.sent) == 1
    peer.pending_bytes = 0
    scene.later(50)
    scene.trade(50)
    pushes = [json.loads(push) for push in peer.sent]
    assert [push["trade_id"] for push in pushes] == list(range(1, 51))
    assert pushes[0] | {"ts_gateway_in_ns": 0, "ts_gateway_out_ns": 0} == {
        "type": "trade",
        "symbol": "dogeusdt",
        "stream": "dogeusdt@trade",
        "ts_venue_ms": 4,
        "ts_gateway_in_ns": 0,
        "ts_gateway_out_ns": 0,
        "trade_id": 1,
        "px": "0.6",
        "qty": "1",
        "buyer_is_maker": True,
    }


def test_who_lets_too_many_trades_wait_is_disconnected_and_nobody_else(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(market_data, "_MAX_HELD_BYTES", 3_000)
    (slow, slow_peer), (quick, quick_peer) = scene.client(), scene.client()
    for client in (slow, quick):
        scene.market.subscribe(client, TRADES)
    scene.market.handle(Opened(MARKET))
    slow_peer.pending_bytes = 10**6
    for number in range(20):
        scene.trade(number)
    assert "too slow" in slow_peer.closed and not quick_peer.closed
    slow_peer.pending_bytes = 0
    scene.later(50)
    assert not slow_peer.sent and len(quick_peer.sent) == 20, "half of the trades would be a lie"
    scene.market.drop(slow)
    scene.later(50)
    assert not scene.market.is_behind


def test_a_stream_that_may_be_quiet_is_not_opened_anew(scene: Scene) -> None:
    client, _ = scene.client()
    scene.market.subscribe(client, TRADES)
    scene.market.handle(Opened(MARKET))
    scene.later(300_000)
    assert CloseWs(MARKET) not in scene.world.performed
    scene.later(301_000)
    assert scene.world.performed[-1] == CloseWs(MARKET)


def test_a_connection_has_room_for_so_many_streams(scene: Scene) -> None:
    (greedy, _), (other, _) = scene.client(), scene.client()
    many = [Stream(f"S{number}USDT", "depth") for number in range(256)]
    scene.market.check_room(greedy, [*many, *many])
    for stream in many:
        scene.market.subscribe(greedy, stream)
    scene.market.check_room(greedy, many)
    with pytest.raises(LocalProtocolError, match="256 streams, and this one would have 257"):
        scene.market.check_room(greedy, [TRADES])
    scene.market.check_room(other, [TRADES])
    for number in range(256, 1_000):
        scene.market.subscribe(scene.client()[0], Stream(f"S{number}USDT", "depth"))
    with pytest.raises(LocalProtocolError, match="all strategies together"):
        scene.market.check_room(other, [DEPTH])
    scene.market.check_room(other, [many[0]])


def test_garbage_and_strangers_are_ignored(scene: Scene) -> None:
    client, peer = scene.client()
    scene.market.subscribe(client, DEPTH)
    scene.market.handle(Opened(PUBLIC))
    for data in (
        b"",
        b"{",
        b'{"result":null,"id":1}',
        b'{"stream":"x@depth20","data":{}}',
        b'{"stream":"dogeusdt@depth20"}',
    ):
        scene.market.handle(Frame(PUBLIC, data))
    assert not peer.sent
    scene.book("0.6")
    assert len(peer.sent) == 1


def test_the_middle_of_the_last_book_is_the_reference(scene: Scene) -> None:
    client, _ = scene.client()
    assert scene.market.reference_px("DOGEUSDT") is None
    scene.market.subscribe(client, DEPTH)
    scene.market.handle(Opened(PUBLIC))
    scene.book("0.6")
    assert str(scene.market.reference_px("DOGEUSDT")) == "0.65"
    scene.market.handle(Closed(PUBLIC, "lost"))
    assert scene.market.reference_px("DOGEUSDT") is None, "a price nobody follows measures nothing"
    scene.market.handle(Opened(PUBLIC))
    scene.book("0.6")
    scene.market.unsubscribe(client, DEPTH)
    scene.later(1_000)
    assert scene.market.reference_px("DOGEUSDT") is None
