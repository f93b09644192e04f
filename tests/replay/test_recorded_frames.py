"""Frames as the exchange really sent them are written again key for key and value for value."""

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from tests.shared_data import SHARED, requires_shared
from tradingsys.venues.binance import messages

BINANCE = SHARED / "data" / "binance"
FRAME = messages.Combined[
    messages.AggTrade | messages.BookTicker | messages.DepthUpdate | messages.KlineUpdate | messages.TradeTick
]
EVERY = 20


def recorded_2024() -> Iterator[bytes]:
    for path in sorted((BINANCE / "usdm_recording").glob("*.gz")):
        with gzip.open(path) as recording:
            for line in recording:
                yield line.partition(b" ")[2]


def captured_2021() -> Iterator[bytes]:
    for line in (BINANCE / "captures" / "BINANCE_FUTURES.ws.1.0").read_bytes().splitlines():
        yield line.partition(b": ")[2]


@requires_shared
@pytest.mark.parametrize(
    ("frames", "every", "kinds"),
    [
        (recorded_2024, EVERY, {"bookTicker", "depthUpdate", "trade"}),
        (captured_2021, 1, {"aggTrade", "bookTicker", "depthUpdate", "kline"}),
    ],
)
def test_recorded_frames_are_written_again_as_they_were(frames: Any, every: int, kinds: set[str]) -> None:
    seen: Counter[str] = Counter()
    for number, frame in enumerate(frames()):
        if number % every or not frame.startswith(b'{"stream"'):
            continue
        told = json.loads(frame)
        assert json.loads(msgspec.json.encode(msgspec.json.decode(frame, type=FRAME))) == told
        seen[told["data"]["e"]] += 1
    assert seen.keys() == kinds
    assert min(seen.values()) > 20
