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
