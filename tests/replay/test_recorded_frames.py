"""Frames as the exchange really sent them are written again key for key and value for value."""

import gzip
import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from tests.shared_data import SHARED, requires_shared
from tradingsys.venues.binance import messages

BINANCE = SHARED / "data" / "binance"
FRAME = messages.Combined[
    messages.AggTrade | messages.BookTicker | messages.DepthUpdate | messages.KlineUpdate | messages.TradeTick
]
SPOT_TICKER = messages.Combined[messages.spot.BookTicker]
EVERY = 20


def recorded_2024(folder: str) -> Iterator[bytes]:
    for path in sorted((BINANCE / folder).glob("*.gz")):
        with gzip.open(path) as recording:
            for line in recording:
                yield line.partition(b" ")[2]


def captured_2021(file: str) -> Iterator[bytes]:
    for line in (BINANCE / "captures" / file).read_bytes().splitlines():
        yield line.partition(b": ")[2]


def is_spot_ticker(told: Any) -> bool:
    """The one event that spot sends without its name."""
    return "e" not in told["data"] and told["stream"].endswith("@bookTicker")


@requires_shared
@pytest.mark.parametrize(
    ("frames", "source", "every", "counts"),
    [
        (recorded_2024, "usdm_recording", EVERY, {"bookTicker": 20, "depthUpdate": 20, "trade": 20}),
        (recorded_2024, "spot_recording", EVERY, {"bookTicker": 3000, "depthUpdate": 300, "trade": 900}),
        (
            captured_2021,
            "BINANCE_FUTURES.ws.1.0",
            1,
            {"aggTrade": 20, "bookTicker": 20, "depthUpdate": 20, "kline": 20},
        ),
        (captured_2021, "BINANCE.ws.1.0", 1, {"aggTrade": 2, "bookTicker": 80, "depthUpdate": 170, "kline": 2}),
    ],
)
def test_recorded_frames_are_written_again_as_they_were(
    frames: Callable[[str], Iterator[bytes]], source: str, every: int, counts: dict[str, int]
) -> None:
    seen: Counter[str] = Counter()
    for number, frame in enumerate(frames(source)):
        if number % every or not frame.startswith(b'{"stream"'):
            continue
        told = json.loads(frame)
        kind: Any = SPOT_TICKER if is_spot_ticker(told) else FRAME
        assert json.loads(msgspec.json.encode(msgspec.json.decode(frame, type=kind))) == told
        seen[told["data"].get("e", "bookTicker")] += 1
    assert seen.keys() == counts.keys()
    assert all(seen[name] >= least for name, least in counts.items()), seen
