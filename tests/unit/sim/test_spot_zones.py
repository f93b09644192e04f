"""Bars and trading days that begin at midnight somewhere else."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from .exchange_rig import MS
from .spot_face_rig import ORDER, SpotClient

D = Decimal
KLINES = "/api/v3/klines"
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


@pytest.fixture(scope="module")
def lively() -> SpotClient:
    """Nine hours of a market that trades every twenty minutes."""
    client = SpotClient()
    client.quote()
    for number in range(27):
        client.call("POST", ORDER, **client.limit(px="0.601", qty=str(20 + number)))
        client.now_ns += 20 * 60_000 * MS
    return client


def rows(client: SpotClient, interval: str, **params: Any) -> list[list[Any]]:
    told: list[list[Any]] = client.call(
        "GET", KLINES, sign=False, symbol="DOGEUSDT", interval=interval, limit=1000, **params
    )
    return told


@pytest.mark.parametrize(
    ("zone", "minutes"), [("8", 480), ("+05:45", 345), ("-3:00", -180), ("14", 840), ("-12", -720)]
)
@pytest.mark.parametrize("interval", ["1d", "4h", "1h", "30m"])
def test_bars_begin_by_the_clocks_of_the_zone(lively: SpotClient, zone: str, minutes: int, interval: str) -> None:
    length_ms = {"1d": DAY_MS, "4h": 4 * HOUR_MS, "1h": HOUR_MS, "30m": HOUR_MS // 2}[interval]
    bars = rows(lively, interval, timeZone=zone)
    assert {(bar[0] + minutes * 60_000) % length_ms for bar in bars} == {0}
    assert {bar[6] - bar[0] + 1 for bar in bars} == {length_ms}
    assert bars[-1][0] <= lively.now_ms <= bars[-1][6]
    minute = rows(lively, "1m", startTime=bars[-1][0])
    assert sum(D(bar[5]) for bar in minute) == D(bars[-1][5])
    assert (minute[0][1], max(D(bar[2]) for bar in minute)) == (bars[-1][1], D(bars[-1][2]))
    assert rows(lively, interval, timeZone=zone, startTime=bars[-1][0])[0] == bars[-1]


def test_utc_is_what_is_usual(lively: SpotClient) -> None:
    for interval in ("1d", "1w", "1M", "5m"):
        assert (
            rows(lively, interval, timeZone="0") == rows(lively, interval) == rows(lively, interval, timeZone="-00:00")
        )
    assert rows(lively, "5m", timeZone="8") == rows(lively, "5m")


@pytest.mark.parametrize("zone", ["14:01", "-12:15", "x", "1:5", "8:60", "Europe/Vienna"])
def test_zones_that_nobody_has(lively: SpotClient, zone: str) -> None:
    for path, more in ((KLINES, {"interval": "1d"}), ("/api/v3/ticker/tradingDay", {})):
        given: dict[str, Any] = {"symbol": "DOGEUSDT", "timeZone": zone, **more}
        assert lively.error("GET", path, sign=False, **given) == (400, -1130)


def test_a_trading_day_begins_at_its_own_midnight(spot_client: SpotClient) -> None:
    def day(**params: Any) -> dict[str, Any]:
        told: dict[str, Any] = spot_client.call(
            "GET", "/api/v3/ticker/tradingDay", sign=False, symbol="DOGEUSDT", **params
        )
        return told

    spot_client.now_ns += (DAY_MS - spot_client.now_ms % DAY_MS - 60_000) * MS
    spot_client.call("POST", ORDER, **spot_client.limit(px="0.601"))
    spot_client.now_ns += 120_000 * MS
    assert (day()["count"], day(timeZone="8")["count"], day(timeZone="-1")["count"]) == (0, 1, 1)


@pytest.mark.parametrize("interval", ["1d", "1w", "1M", "6h", "15m"])
def test_bars_of_the_stream_begin_by_the_clocks_of_utc_8(lively: SpotClient, interval: str) -> None:
    name = f"dogeusdt@kline_{interval}@+08:00"
    conn = lively.open(f"/stream?streams={name}")
    lively.call("POST", ORDER, **lively.limit(px="0.601", qty="33"))
    lively.run(2000)
    frame = lively.take(conn)[-1]
    assert frame["stream"] == name
    bar, (row,) = frame["data"]["k"], rows(lively, interval, timeZone="8")[-1:]
    assert [bar[key] for key in "tTohlcvqn"] == [row[place] for place in (0, 6, 1, 2, 3, 4, 5, 7, 8)]
    assert (bar["i"], bar["x"]) == (interval, False)


def test_a_bar_of_the_stream_ends_at_midnight_in_utc_8(spot_client: SpotClient) -> None:
    midnight_ms = spot_client.now_ms // DAY_MS * DAY_MS + DAY_MS + 16 * HOUR_MS
    spot_client.run(midnight_ms - spot_client.now_ms - 1500)
    conn = spot_client.open("/ws/dogeusdt@kline_1d@+08:00")
    spot_client.call("POST", ORDER, **spot_client.limit(px="0.601"))
    spot_client.run(1600)
    spot_client.call("POST", ORDER, **spot_client.limit(px="0.601"))
    spot_client.run(2000)
    bars = [frame["k"] for frame in spot_client.take(conn)]
    ended, begun = next(bar for bar in bars if bar["x"]), bars[-1]
    assert (ended["T"] + 1, ended["t"], ended["n"]) == (midnight_ms, midnight_ms - DAY_MS, 1)
    assert (begun["t"], begun["x"], begun["n"]) == (midnight_ms, False, 1)
