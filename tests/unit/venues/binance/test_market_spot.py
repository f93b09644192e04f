import json

import msgspec
import pytest
from hypothesis import given
from msgspec.structs import replace

from tests.shared_data import SHARED, requires_shared
from tests.unit.venues.binance import strategies as some
from tradingsys.core.errors import LocalProtocolError
from tradingsys.core.market import BestBidOffer, Depth, Kline, Trade
from tradingsys.venues.binance import encode, encode_assets, encode_market
from tradingsys.venues.binance.market import BinanceMarket, announces_shutdown, stream_name
from tradingsys.venues.binance.messages import Message, spot
from tradingsys.venues.binance.products import PRODUCTS, endpoints
from tradingsys.venues.protocol import MarketEvent, Stream

SPOT = PRODUCTS["spot"]
MARKET = BinanceMarket(SPOT, endpoints(SPOT))


def frame_of(event: MarketEvent) -> tuple[Stream, bytes]:
    message: Message
    match event:
        case Depth():
            stream, message = Stream(event.symbol, "depth", "100ms"), encode_market.spot_depth(event)
        case BestBidOffer():
            stream, message = Stream(event.symbol, "bbo"), encode_market.spot_book_ticker(event)
        case Trade():
            stream, message = Stream(event.symbol, "trade"), encode_market.spot_agg_trade(event)
        case Kline():
            stream, message = Stream(event.symbol, "kline", event.interval), encode_market.kline(event)
        case _:
            raise AssertionError(event)
    return stream, encode.combined(stream_name(stream), message)


@given(some.depths | some.best_bid_offers | some.trades | some.klines)
def test_every_event_arrives_as_it_was_sent_but_for_the_time_that_spot_does_not_tell(event: MarketEvent) -> None:
    if isinstance(event, Depth | BestBidOffer):
        event = replace(event, ts_event_ms=0)
    stream, data = frame_of(event)
    assert MARKET.decode(data) == (stream, event)
    assert MARKET.decode(data) == (stream, event)
    spaced = json.dumps({"odd": 1, **json.loads(data)}).encode()
    assert MARKET.decode(spaced) == (stream, event)


@pytest.mark.parametrize("kind", ["depth", "bbo", "trade", "kline"])
def test_one_broken_frame_is_passed_over_and_the_next_is_read(kind: str) -> None:
    market = BinanceMarket(SPOT, endpoints(SPOT))
    events: dict[str, MarketEvent] = {
        "depth": Depth("ETHUSDT", 0, [("1", "2")], [("3", "4")], 7),
        "bbo": BestBidOffer("ETHUSDT", 0, "1", "2", "3", "4", 7),
        "trade": Trade("ETHUSDT", 5, 7, "1", "2", True),
        "kline": Kline("ETHUSDT", "1s", 5, 1, 2, "1", "1", "1", "1", "1", "1", "1", "1", 3, 4, 5, False),
    }
    stream, data = frame_of(events[kind])
    assert market.decode(encode.combined(stream_name(stream), encode_assets.server_shutdown(5))) is None
    assert market.decode(data) == (stream, events[kind])
    assert market.decode(data[:-3]) is None
    assert market.decode(data) == (stream, events[kind])


def test_all_streams_of_spot_come_by_one_connection() -> None:
    channels = {
        MARKET.channel_of(Stream("ETHUSDT", kind, arg))
        for kind, arg in [
            ("depth", ""), ("depth", "100ms"), ("bbo", ""), ("trade", ""), ("kline", "1s"), ("kline", "1m"),
        ]
    }  # fmt: skip
    (channel,) = channels
    assert MARKET.url_of(channel) == "wss://stream.binance.com:9443/stream"


@pytest.mark.parametrize(
    "stream",
    [
        Stream("ETHUSDT", "mark"),
        Stream("ETHUSDT", "depth", "500ms"),
        Stream("ETHUSDT", "depth", "1000ms"),
        Stream("ETHUSDT", "kline", "1H"),
        Stream("ETHUSDT", "ticker"),
    ],
)
def test_streams_that_spot_does_not_have_are_refused(stream: Stream) -> None:
    with pytest.raises(LocalProtocolError) as refusal:
        MARKET.channel_of(stream)
    assert refusal.value.code == -10004


def test_a_shutdown_is_announced_in_three_shapes() -> None:
    event = encode_assets.server_shutdown(1_790_000_000_000)
    assert announces_shutdown(encode.to_bytes(event))
    assert announces_shutdown(encode.combined("!serverShutdown", event))
    frame = msgspec.json.decode(encode_assets.event_frame(event, None), type=spot.SocketFrame)
    assert (frame.id, frame.status, frame.subscription_id) == (msgspec.UNSET, msgspec.UNSET, msgspec.UNSET)
    assert msgspec.json.decode(encode_assets.event_frame(event, None), type=spot.UserEventFrame).event == event
    assert MARKET.decode(encode.combined("!serverShutdown", event)) is None
    for other in (b"", b"serverShutdown", b'{"stream":"ethusdt@bookTicker","data":{"s":"serverShutdown"}}'):
        assert not announces_shutdown(other)


@requires_shared
def test_a_stream_captured_in_2021_decodes() -> None:
    lines = (SHARED / "data" / "binance" / "captures" / "BINANCE.ws.1.0").read_bytes().splitlines()
    counts: dict[str, int] = {}
    for line in lines:
        _, _, data = line.partition(b": ")
        if data.startswith(b'{"stream"') and b"@depth@" not in data:
            decoded = MARKET.decode(data)
            assert decoded is not None, data
            stream, event = decoded
            assert event.symbol == stream.symbol
            counts[stream.kind] = counts.get(stream.kind, 0) + 1
    assert counts.keys() == {"bbo", "trade", "kline"}
