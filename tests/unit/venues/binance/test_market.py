import json
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.shared_data import SHARED, requires_shared
from tests.unit.venues.binance import strategies as some
from tradingsys.core.errors import ConfigError, LocalProtocolError
from tradingsys.core.market import BestBidOffer, Depth, Kline, MarkPrice, Trade
from tradingsys.venues.binance import encode, encode_market, messages
from tradingsys.venues.binance.market import BinanceMarket, parse_stream_name, stream_name
from tradingsys.venues.binance.usdm import USDM, endpoints, route_of
from tradingsys.venues.protocol import MarketEvent, MarketProtocol, Stream

MARKET = BinanceMarket(USDM, endpoints())

ROUTES = [
    (Stream("BTCUSDT", "depth"), "public", "btcusdt@depth20"),
    (Stream("BTCUSDT", "depth", "100ms"), "public", "btcusdt@depth20@100ms"),
    (Stream("BTCUSDT", "depth", "500ms"), "public", "btcusdt@depth20@500ms"),
    (Stream("BTCUSDT", "bbo"), "public", "btcusdt@bookTicker"),
    (Stream("BTCUSDT", "trade"), "market", "btcusdt@aggTrade"),
    (Stream("BTCUSDT", "kline", "1m"), "market", "btcusdt@kline_1m"),
    (Stream("BTCUSDT", "kline", "1M"), "market", "btcusdt@kline_1M"),
]


@pytest.mark.parametrize(("stream", "route", "name"), ROUTES)
def test_every_stream_has_its_route_and_name(stream: Stream, route: str, name: str) -> None:
    assert MARKET.channel_of(stream) == route
    assert stream_name(stream) == name
    assert parse_stream_name(name) == stream
    assert MARKET.url_of(route) == f"wss://fstream.binance.com/{route}/stream"


@pytest.mark.parametrize(
    ("route", "names"),
    [
        ("public", "btcusdt@bookTicker !bookTicker btcusdt@depth btcusdt@depth5@500ms btcusdt@rpiDepth@500ms"),
        (
            "market",
            "btcusdt@aggTrade btcusdt@markPrice btcusdt@markPrice@1s !markPrice@arr@1s btcusdt@kline_1M "
            "btcusdt_perpetual@continuousKline_1m btcusdt@miniTicker !miniTicker@arr btcusdt@ticker !ticker@arr "
            "btcusdt@forceOrder !forceOrder@arr !contractInfo !assetIndex@arr btcusd@assetIndex tradingSession "
            "defiusdt@compositeIndex",
        ),
        (None, "btcusdt@trade btcusdt@riddle @ @@ !"),
    ],
)
def test_the_exchange_s_own_names_have_routes(route: str | None, names: str) -> None:
    for name in names.split():
        assert route_of(name) == route, name


@pytest.mark.parametrize(
    "stream",
    [
        Stream("BTCUSDT", "kline", "1s"),
        Stream("BTCUSDT", "kline", "1H"),
        Stream("BTCUSDT", "kline"),
        Stream("BTCUSDT", "depth", "250ms"),
        Stream("BTCUSDT", "bbo", "100ms"),
        Stream("BTCUSDT", "ticker"),
        Stream("BTCUSDT", "mark", "3s"),
        Stream("BTCUSDT", "trade", "100ms"),
    ],
)
def test_streams_that_futures_do_not_have_are_refused(stream: Stream) -> None:
    with pytest.raises(LocalProtocolError) as refusal:
        MARKET.channel_of(stream)
    assert refusal.value.code == -10004


def test_streams_are_named_in_control_frames() -> None:
    streams = [Stream("BTCUSDT", "bbo"), Stream("ETHUSDT", "depth", "100ms")]
    assert json.loads(MARKET.subscribe(streams, 7)) == {
        "method": "SUBSCRIBE", "params": ["btcusdt@bookTicker", "ethusdt@depth20@100ms"], "id": 7
    }  # fmt: skip
    assert json.loads(MARKET.unsubscribe(streams[:1], 8)) == {
        "method": "UNSUBSCRIBE", "params": ["btcusdt@bookTicker"], "id": 8
    }  # fmt: skip
    with pytest.raises(LocalProtocolError):
        MARKET.subscribe([Stream("BTCUSDT", "riddle")], 9)


def frame_of(event: MarketEvent) -> tuple[Stream, bytes]:
    match event:
        case Depth():
            stream = Stream(event.symbol, "depth", "100ms")
            message: object = encode_market.depth_update(event, first_id=1, previous_id=0)
        case BestBidOffer():
            stream, message = Stream(event.symbol, "bbo"), encode_market.book_ticker(event)
        case Trade():
            stream, message = Stream(event.symbol, "trade"), encode_market.agg_trade(event)
        case Kline():
            stream, message = Stream(event.symbol, "kline", event.interval), encode_market.kline(event)
        case MarkPrice():
            stream, message = Stream(event.symbol, "mark"), encode_market.mark_price_update(event)
    assert isinstance(message, messages.Message)
    return stream, encode.combined(stream_name(stream), message)


@given(some.depths | some.best_bid_offers | some.trades | some.klines | some.mark_prices)
def test_every_event_arrives_as_it_was_sent(event: MarketEvent) -> None:
    stream, data = frame_of(event)
    assert MARKET.decode(data) == (stream, event)
    spaced = json.dumps({"odd": 1, **json.loads(data)}).encode()
    assert MARKET.decode(spaced) == (stream, event)


@pytest.mark.parametrize(
    "data",
    [
        b'{"result":null,"id":1}',
        b'{"error":{"code":2,"msg":"Invalid request"},"id":1}',
        b'{"stream":"btcusdt@ticker","data":{}}',
        b'{"stream":"btcusdt@markPrice","data":{"e":"markPriceUpdate","E":1,"s":"BTCUSDT","p":"1"}}',
        b'{"stream":"btcusdt@markPrice@1s","data":{"e":"markPriceUpdate"}}',
        b'{"stream":"btcusdt@bookTicker","data":{"e":"bookTicker"}}',
        b'{"stream":"btcusdt@bookTicker","data":{"e":"aggTrade"}}',
        b'{"stream":"',
        b'{"stream":"\xff"}',
        b"",
        b"[]",
    ],
)
def test_anything_else_is_no_event(data: bytes) -> None:
    assert MARKET.decode(data) is None


@given(st.binary(max_size=60), st.sampled_from(["btcusdt@bookTicker", "btcusdt@depth20", "x@kline_1m", "é@aggTrade"]))
def test_no_frame_raises(noise: bytes, name: str) -> None:
    MARKET.decode(noise)
    MARKET.decode(b'{"stream":"' + name.encode() + b'","data":' + noise)


@requires_shared
def test_a_recorded_stream_decodes() -> None:
    lines = (SHARED / "data" / "binance" / "captures" / "BINANCE_FUTURES.ws.1.0").read_bytes().splitlines()
    counts: dict[str, int] = {}
    for line in lines:
        _, _, data = line.partition(b": ")
        if data.startswith(b'{"stream"') and b"@depth@" not in data:
            decoded = MARKET.decode(data)
            assert decoded is not None, data
            counts[decoded[0].kind] = counts.get(decoded[0].kind, 0) + 1
    assert counts.keys() == {"bbo", "trade", "kline"}
    assert min(counts.values()) > 10, counts


def test_a_contract_without_funding_has_an_empty_rate() -> None:
    told = MARKET.decode(
        b'{"stream":"btcusdt_261225@markPrice@1s","data":{"e":"markPriceUpdate","E":1,"s":"BTCUSDT_261225","p":"2",'
        b'"r":"","T":0}}'
    )
    assert told == (Stream("BTCUSDT_261225", "mark"), MarkPrice("BTCUSDT_261225", 1, "2", "", "", "", 0))


def test_trades_and_mark_prices_come_by_the_market_route() -> None:
    assert MARKET.channel_of(Stream("BTCUSDT", "trade")) == "market"
    assert MARKET.channel_of(Stream("BTCUSDT", "mark")) == "market"
    assert stream_name(Stream("BTCUSDT", "mark")) == "btcusdt@markPrice@1s"


def test_an_environment_has_addresses_and_explicit_ones_replace_them() -> None:
    assert endpoints().rest == "https://fapi.binance.com"
    assert endpoints("testnet", rest="http://localhost:1/").rest == "http://localhost:1"
    assert endpoints("testnet", rest="http://localhost:1").streams == USDM.endpoints["testnet"].streams
    assert endpoints().sapi == "https://api.binance.com"
    assert endpoints("testnet").sapi is None
    assert endpoints("live", rest="http://localhost:1/").sapi == "http://localhost:1"
    addresses = endpoints("sim", rest="http://a", ws_api="ws://b", streams="ws://c/")
    assert (addresses.rest, addresses.ws_api, addresses.streams) == ("http://a", "ws://b", "ws://c")
    with pytest.raises(ConfigError, match="sim"):
        endpoints("sim", rest="http://a")


def test_the_market_codec_fulfils_the_contract() -> None:
    checked: Callable[[MarketProtocol], MarketProtocol] = lambda market: market  # noqa: E731
    assert checked(MARKET) is MARKET
    assert msgspec.json.decode(MARKET.subscribe([], 1)) == {"method": "SUBSCRIBE", "params": [], "id": 1}
