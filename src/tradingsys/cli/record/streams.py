"""Names of streams: our words or the exchange's own, and what each needs."""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct

from tradingsys.core.errors import ConfigError
from tradingsys.gateway.configuration.products import ProductName
from tradingsys.venues.binance.products import PRODUCTS

__all__ = ["SPEEDS", "Recorded", "parse_streams"]

_SPOT_SPEEDS = ("100ms", "1000ms")
SPEEDS = {
    ProductName.USDM: ("0ms", "100ms", "250ms", "500ms"),
    ProductName.SPOT: _SPOT_SPEEDS,
    ProductName.MARGIN: _SPOT_SPEEDS,
}
"""Of the diff depth."""
_UNNAMED = ("250ms", "1000ms")
"""What the exchange gives without a name."""

_WORDS = {"bbo": "bookTicker", "trade": "aggTrade", "mark": "markPrice@1s"}
_NAME = re.compile(r"(?:(?P<symbol>[^\s@!/]{2,40})@|(?=!))(?P<rest>[!A-Za-z][^\s/]*)")
_DIFF_DEPTH = re.compile(r"depth(@[0-9]+ms)?")
_KLINE = re.compile(r"kline_(?P<interval>[0-9A-Za-z]+)")


class Recorded(Struct, frozen=True):
    """One stream to record."""

    name: str
    """As the exchange calls it."""
    route: str
    symbol: str
    """Upper case; empty for streams of all symbols."""
    is_diff_depth: bool
    """Worth nothing without a snapshot of the book to begin from."""


def parse_streams(names: Sequence[str], product: ProductName, speed: str) -> list[Recorded]:
    """The streams that ``names`` mean, each once; ``speed`` is that of ``@depth`` without one.

    Raises ConfigError for a name that is none.
    """
    if not names:
        raise ConfigError("name at least one stream", hint="such as btcusdt@depth btcusdt@trade")
    return list({stream.name: stream for stream in (_parse(name, product, speed) for name in names)}.values())


def _parse(text: str, product: ProductName, speed: str) -> Recorded:
    found = _NAME.fullmatch(text)
    if found is None:
        raise ConfigError(f"{text!r} is no stream", hint="write it like btcusdt@depth")
    symbol, rest = (found["symbol"] or "").lower(), found["rest"]
    word, _, arg = rest.partition(":")
    if word == "depth" and ("@" not in rest):
        rest = _depth(arg or speed, product, text)
    elif word == "kline" and arg:
        rest = f"kline_{arg}"
    elif word in _WORDS and not arg:
        rest = _WORDS[word]
    name = f"{symbol}@{rest}" if symbol else rest
    known = PRODUCTS[product]
    route = known.route_of(name)
    kline = _KLINE.fullmatch(rest)
    if route is None or (kline and kline["interval"] not in known.kline_intervals):
        words = "depth, bbo, trade, mark" if product is ProductName.USDM else "depth, bbo, trade"
        raise ConfigError(
            f"the exchange has no stream {text!r} for {product.trade}",
            hint=f"{words} and kline:INTERVAL, or its own names such as btcusdt@aggTrade",
        )
    return Recorded(name, route, symbol.upper(), bool(_DIFF_DEPTH.fullmatch(rest)))


def _depth(speed: str, product: ProductName, text: str) -> str:
    if speed not in SPEEDS[product]:
        raise ConfigError(f"{text!r}: there is no depth of {speed}", hint=f"one of {', '.join(SPEEDS[product])}")
    return "depth" if speed in _UNNAMED else f"depth@{speed}"
