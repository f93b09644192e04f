"""Market data of Binance: which channel carries a stream, and decoding on the hot path.

The names are the same on all products. What spot does not tell (which symbol a book is of, and when) the name of its
stream tells, or nobody: then the time is 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from tradingsys.core.errors import LocalProtocolError
from tradingsys.venues.binance import decode, messages
from tradingsys.venues.binance.product import Endpoints, Product
from tradingsys.venues.protocol import MarketEvent, Stream

__all__ = ["BinanceMarket", "announces_shutdown", "parse_stream_name", "stream_name"]

_INVALID_STREAM = -10004
_PREFIX = b'{"stream":"'
_MAX_KNOWN = 10_000

# Partial books of the usual depth, the exchange's deepest.
_DEPTH = "depth20"
# Once a second; the exchange's default is every three.
_MARK, _MARK_SPEED = "markPrice", "1s"

_Read = Callable[[bytes], Any]
_Convert = Callable[[Any], MarketEvent]
_Reading = tuple[Stream, _Read, _Convert]

_decode_control = msgspec.json.Decoder(messages.Combined[msgspec.Raw]).decode
_read_raw_shutdown = msgspec.json.Decoder(messages.spot.ServerShutdown).decode
_read_combined_shutdown = msgspec.json.Decoder(messages.Combined[messages.spot.ServerShutdown]).decode


def _of_any_symbol(convert: _Convert) -> Callable[[str], _Convert]:
    """For messages that say themselves which symbol they are about."""
    return lambda _symbol: convert


def _whole_depth(symbol: str) -> _Convert:
    return lambda message: decode.depth(message, symbol)


# By kind, in which shapes it comes: products differ in depth alone.
_SHAPES: dict[str, tuple[tuple[_Read, Callable[[str], _Convert]], ...]] = {
    "depth": (
        (msgspec.json.Decoder(messages.Combined[messages.DepthUpdate]).decode, _of_any_symbol(decode.depth_update)),
        (msgspec.json.Decoder(messages.Combined[messages.DepthSnapshot]).decode, _whole_depth),
    ),
    "bbo": ((msgspec.json.Decoder(messages.Combined[messages.BookTicker]).decode, _of_any_symbol(decode.book_ticker)),),
    "trade": ((msgspec.json.Decoder(messages.Combined[messages.AggTrade]).decode, _of_any_symbol(decode.agg_trade)),),
    "mark": (
        (msgspec.json.Decoder(messages.Combined[messages.MarkPriceUpdate]).decode, _of_any_symbol(decode.mark_price)),
    ),
    "kline": ((msgspec.json.Decoder(messages.Combined[messages.KlineUpdate]).decode, _of_any_symbol(decode.kline)),),
}


def stream_name(stream: Stream) -> str:
    """The exchange's name of a stream, such as ``btcusdt@depth20@100ms``. Only symbols change case: 1M is a month."""
    symbol = stream.symbol.lower()
    match stream.kind:
        case "depth":
            return f"{symbol}@{_DEPTH}@{stream.arg}" if stream.arg else f"{symbol}@{_DEPTH}"
        case "bbo":
            return f"{symbol}@bookTicker"
        case "trade":
            return f"{symbol}@aggTrade"
        case "mark":
            return f"{symbol}@{_MARK}@{_MARK_SPEED}"
        case "kline":
            return f"{symbol}@kline_{stream.arg}"
    raise LocalProtocolError(f"there is no stream {stream.kind!r}", code=_INVALID_STREAM)


def parse_stream_name(name: str) -> Stream | None:
    """The stream of one of the exchange's names, or None for those that `stream_name` never makes."""
    symbol, _, rest = name.partition("@")
    kind, _, arg = rest.partition("@")
    symbol = symbol.upper()
    if kind == _DEPTH:
        return Stream(symbol, "depth", arg)
    if kind == "bookTicker":
        return Stream(symbol, "bbo")
    if kind == "aggTrade":
        return Stream(symbol, "trade")
    if kind == _MARK and arg == _MARK_SPEED:
        return Stream(symbol, "mark")
    if kind.startswith("kline_"):
        return Stream(symbol, "kline", kind.removeprefix("kline_"))
    return None


def announces_shutdown(data: bytes) -> bool:
    """Whether a frame says that the server behind the connection will stop soon: connect anew, and close this one.

    Spot alone does; `BinanceMarket.decode` passes over it.
    """
    if b"serverShutdown" not in data:
        return False
    for read in (_read_combined_shutdown, _read_raw_shutdown):
        try:
            read(data)
        except messages.UNREADABLE:
            continue
        return True
    return False


class BinanceMarket:
    """Market data of one product; channels are the exchange's routes."""

    def __init__(self, product: Product, endpoints: Endpoints) -> None:
        self._product = product
        self._endpoints = endpoints
        self._known: dict[bytes, _Reading] = {}
        """Name → how to read it; only ever a memory of what `parse_stream_name` says."""

    def channel_of(self, stream: Stream) -> str:
        """The route that carries ``stream``: on a wrong one the exchange acknowledges it and stays silent.

        Raises LocalProtocolError (-10004) for a stream the exchange does not have.
        """
        allowed = {"depth": self._product.depth_speeds, "kline": self._product.kline_intervals}
        route = self._product.route_of(stream_name(stream))
        if route is None or stream.arg not in allowed.get(stream.kind, {""}):
            name = f"{stream.kind}:{stream.arg}" if stream.arg else stream.kind
            raise LocalProtocolError(f"{self._product.name} has no stream {name!r}", code=_INVALID_STREAM)
        return route

    def url_of(self, channel: str) -> str:
        """The address of a route's combined connection."""
        return f"{self._endpoints.streams}{self._product.stream_path(channel)}"

    def subscribe(self, streams: Iterable[Stream], request_id: int) -> bytes:
        """The frame that subscribes streams of one channel."""
        return self._control("SUBSCRIBE", streams, request_id)

    def unsubscribe(self, streams: Iterable[Stream], request_id: int) -> bytes:
        """The frame that unsubscribes streams of one channel."""
        return self._control("UNSUBSCRIBE", streams, request_id)

    def decode(self, data: bytes) -> tuple[Stream, MarketEvent] | None:
        """One frame as an event; None for acknowledgements and anything that is no market data.

        ``ts_event_ms`` is 0 where the exchange tells no time: depth and best bid and offer of spot.
        """
        name = data[len(_PREFIX) : data.find(b'"', len(_PREFIX))] if data.startswith(_PREFIX) else b""
        reading = self._known.get(name)
        if reading is None:
            return self._learn(name, data)
        stream, read, convert = reading
        try:
            return stream, convert(read(data).data)
        except messages.UNREADABLE:
            return None

    def announces_shutdown(self, data: bytes) -> bool:
        """See `announces_shutdown`, the function."""
        return announces_shutdown(data)

    def _learn(self, name: bytes, data: bytes) -> tuple[Stream, MarketEvent] | None:
        """Read a frame of an unknown name: the name says what it is, found the slow way when it does not come first."""
        try:
            stream = parse_stream_name(name.decode() if name else _decode_control(data).stream)
        except messages.UNREADABLE:
            return None
        if stream is None:
            return None
        for read, convert_for in _SHAPES[stream.kind]:
            convert = convert_for(stream.symbol)
            try:
                event = convert(read(data).data)
            except messages.UNREADABLE:
                continue
            if name and len(self._known) < _MAX_KNOWN:
                self._known[name] = (stream, read, convert)
            return stream, event
        return None

    def _control(self, method: str, streams: Iterable[Stream], request_id: int) -> bytes:
        names: list[str | bool] = [stream_name(stream) for stream in streams]
        return msgspec.json.encode(messages.ControlRequest(method=method, params=names, id=request_id))
