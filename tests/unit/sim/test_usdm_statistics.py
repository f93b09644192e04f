"""What the exchange tells of all accounts and symbols together."""

from __future__ import annotations

from tradingsys.sim.state import INSURANCE

from .face_rig import Client


def test_one_insurance_fund_stands_behind_all_symbols(client: Client) -> None:
    (fund,) = client.call("GET", "/fapi/v1/insuranceBalance", sign=False)
    balances = client.box.exchange.insurance()
    assert {row["asset"]: row["marginBalance"] for row in fund["assets"]} == {a: str(b) for a, b in balances.items()}
    assert "DOGEUSDT" in fund["symbols"]
    alone = client.call("GET", "/fapi/v1/insuranceBalance", sign=False, symbol="DOGEUSDT")
    assert alone["symbols"] == fund["symbols"]


def test_profits_are_in_danger_when_the_insurance_fund_is_empty(client: Client) -> None:
    path, doge = "/fapi/v1/symbolAdlRisk", {"symbol": "DOGEUSDT"}
    assert client.call("GET", path, sign=False, **doge)["adlRisk"] == "low"
    assert {row["symbol"] for row in client.call("GET", path, sign=False)} == set(client.box.exchange.venues)
    client.box.exchange.accounts[INSURANCE].wallet["USDT"] *= 0
    assert client.call("GET", path, sign=False, **doge)["adlRisk"] == "high"


def test_an_index_here_is_one_market_and_no_market_closes(client: Client) -> None:
    told = client.call("GET", "/fapi/v1/constituents", sign=False, symbol="DOGEUSDT")
    price = client.call("GET", "/fapi/v1/premiumIndex", sign=False, symbol="DOGEUSDT")["indexPrice"]
    assert [(row["symbol"], row["price"]) for row in told["constituents"]] == [("DOGEUSDT", price)]
    assert client.call("GET", "/fapi/v1/indexInfo", sign=False) == []
    assert client.call("GET", "/fapi/v1/tradingSchedule", sign=False)["marketSchedules"] == {}
