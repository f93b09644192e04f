"""Streams of market data as strategies write them."""

from __future__ import annotations

from tradingsys.core.errors import LocalProtocolError
from tradingsys.venues.protocol import Stream
from tradingsys.wire.messages import ErrorCode

__all__ = ["parse_stream", "stream_text"]


def parse_stream(text: str) -> Stream:
    """``btcusdt@depth:100ms`` as a stream.

    Raises LocalProtocolError (-10003) when there is no symbol, (-10004) when there is no stream.
    """
    symbol, at, name = text.partition("@")
    if not at or not symbol:
        raise LocalProtocolError(
            f"invalid symbol {text}: write <symbol>@<stream>, such as btcusdt@depth", code=ErrorCode.INVALID_SYMBOL
        )
    kind, _, arg = name.partition(":")
    if not kind:
        raise LocalProtocolError(f"invalid stream {text}", code=ErrorCode.INVALID_STREAM)
    return Stream(symbol.upper(), kind, arg)


def stream_text(stream: Stream) -> str:
    """The stream as strategies write it."""
    return f"{stream.symbol.lower()}@{stream.kind}" + (f":{stream.arg}" if stream.arg else "")
