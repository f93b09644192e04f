"""What is under `/futures/data/`."""

from __future__ import annotations

from decimal import Decimal
from random import Random
from typing import Any

import pytest

from tradingsys.core.enums import Side

from .face_rig import Client

D = Decimal
HOUR_MS = 3_600_000


@pytest.fixture(scope="module")
def lively() -> Client:
    return Client(flow=Random(5))


def ask(client: Client, name: str, **params: Any) -> Any:
    return client.call("GET", f"/futures/data/{name}", sign=False, **params)


def test_what_takers_bought_and_sold_is_that_of_the_bars(lively: Client) -> None:
    rows = ask(lively, "takerlongshortRatio", symbol="BTCUSDT", period="1h", limit=3)
    path = "/fapi/v1/klines"
    bars = lively.call(
        "GET", path, sign=False, symbol="BTCUSDT", interval="1h", startTime=rows[0]["timestamp"], limit=3
    )
    assert [row["timestamp"] for row in rows] == [bar[0] for bar in bars]
    assert rows[-1]["timestamp"] + HOUR_MS <= lively.now_ms < rows[-1]["timestamp"] + 2 * HOUR_MS
    for row, bar in zip(rows, bars, strict=True):
        assert (D(row["buyVol"]), D(row["buyVol"]) + D(row["sellVol"])) == (D(bar[9]), D(bar[5]))
        assert D(row["buySellRatio"]) == (D(row["buyVol"]) / D(row["sellVol"])).quantize(D("0.0001"))


def test_the_basis_is_between_the_price_and_its_index(lively: Client) -> None:
    asked = {"pair": "ETHUSDT", "contractType": "PERPETUAL", "period": "5m"}
    rows = ask(lively, "basis", **asked)
    assert len(rows) == 30
    for row in rows:
        assert D(row["basis"]) == D(row["futuresPrice"]) - D(row["indexPrice"])
    later = ask(lively, "basis", startTime=rows[10]["timestamp"], limit=2, **asked)
    assert later == rows[10:12]
    assert ask(lively, "basis", **{**asked, "contractType": "CURRENT_QUARTER"}) == []
    assert ask(lively, "delivery-price", pair="ETHUSDT") == []


def test_who_holds_what_is_told_as_it_is() -> None:
    client = Client()
    asked = {"symbol": "DOGEUSDT", "period": "5m"}
    assert ask(client, "globalLongShortAccountRatio", **asked) == []
    client.crowd(Side.SELL, "100", "0.60")
    client.call("POST", "/fapi/v1/order", **client.limit(px="0.60"))
    (row,) = ask(client, "openInterestHist", **asked)
    assert row["sumOpenInterest"] == "100"
    for name in ("globalLongShortAccountRatio", "topLongShortAccountRatio", "topLongShortPositionRatio"):
        (row,) = ask(client, name, **asked)
        assert (row["longAccount"], row["shortAccount"], row["longShortRatio"]) == ("0.5000", "0.5000", "1.0000")
        assert row["timestamp"] % 300_000 == 0


@pytest.mark.parametrize(
    ("params", "code"), [({"period": "3m"}, -1130), ({}, -1102), ({"period": "5m", "limit": 501}, -1130)]
)
def test_mistakes(lively: Client, params: dict[str, Any], code: int) -> None:
    for name in ("takerlongshortRatio", "openInterestHist"):
        path = f"/futures/data/{name}"
        assert lively.error("GET", path, sign=False, symbol="BTCUSDT", **params) == (400, code)


def test_nothing_to_tell_of_other_assets_and_of_behaviour() -> None:
    client = Client()
    assert client.call("GET", "/fapi/v1/assetIndex", sign=False) == []
    assert client.error("GET", "/fapi/v1/assetIndex", sign=False, symbol="ADAUSD") == (400, -1121)
    assert client.call("GET", "/fapi/v1/apiTradingStatus")["indicators"] == {}
