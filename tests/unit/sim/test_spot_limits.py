"""What clients of spot may use beside weight and orders: requests, and connections."""

from __future__ import annotations

import msgspec
import pytest

from tradingsys.sim.simulator import Product

from .exchange_rig import MS
from .spot_face_rig import SpotClient

FIVE_MINUTES_MS = 300_000
PING = "/api/v3/ping"


@pytest.fixture
def fresh(spot_client: SpotClient) -> SpotClient:
    """At the beginning of five minutes of the clock."""
    spot_client.run(FIVE_MINUTES_MS - spot_client.now_ms % FIVE_MINUTES_MS)
    return spot_client


def test_requests_of_any_weight_are_counted_together(fresh: SpotClient, monkeypatch: pytest.MonkeyPatch) -> None:
    info = fresh.call("GET", "/api/v3/exchangeInfo", sign=False)
    raw = {"rateLimitType": "RAW_REQUESTS", "interval": "MINUTE", "intervalNum": 5, "limit": 300_000}
    assert raw in info["rateLimits"]
    monkeypatch.setattr("tradingsys.sim.faces.binance_spot.limits._MAX_RAW", 3)
    few = SpotClient()
    few.run(FIVE_MINUTES_MS - few.now_ms % FIVE_MINUTES_MS)
    api = few.open("/ws-api/v3")
    few.call("GET", PING, sign=False)
    assert few.ws_call(api, "ping", sign=False)["status"] == 200
    few.call("GET", PING, sign=False)
    late = few.reply("GET", PING, sign=False)
    assert (late.status, msgspec.json.decode(late.body)["code"]) == (429, -1003)
    assert 0 < int(late.headers["Retry-After"]) <= 300
    told = few.ws_call(api, "ping", sign=False)
    assert (told["status"], told["error"]["code"], "retryAfter" in told["error"]["data"]) == (429, -1003, True)
    few.run(FIVE_MINUTES_MS)
    few.call("GET", PING, sign=False)


@pytest.mark.parametrize(("target", "other"), [("/ws", "/ws-api/v3"), ("/ws-api/v3", "/stream")])
def test_three_hundred_connections_in_five_minutes(fresh: SpotClient, target: str, other: str) -> None:
    for _ in range(300):
        fresh.box.ws_closed(fresh.open(target))
        fresh.now_ns += 500 * MS
    refusal = fresh.box.ws_refusal(target, fresh.now_ns, Product.SPOT)
    assert refusal is not None
    assert refusal.status == 429
    fresh.open(other)
    fresh.run(FIVE_MINUTES_MS)
    fresh.open(target)
