"""Settings, money and history of an account, and the events about them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from tradingsys.core.enums import Side
from tradingsys.sim.faces.binance_usdm import ApiKey
from tradingsys.sim.funding import next_funding_ms
from tradingsys.sim.simulator import Simulator
from tradingsys.venues.auth import HmacSigner

from .exchange_rig import MS, NS, T0
from .face_rig import Client
from .test_usdm_rest import ORDER, place

D = Decimal
DOGE = "DOGEUSDT"
DAY_MS = 24 * 3_600_000
LEVERAGE, MARGIN_TYPE, MARGIN = "/fapi/v1/leverage", "/fapi/v1/marginType", "/fapi/v1/positionMargin"


def taken(client: Client, conn: int, kind: str) -> list[Any]:
    return [frame for frame in client.take(conn) if frame["e"] == kind]


# --- settings


def test_leverage_is_told_and_bounded(client: Client) -> None:
    conn = client.listen()
    answer = client.call("POST", LEVERAGE, symbol=DOGE, leverage=50)
    assert answer == {"leverage": 50, "maxNotionalValue": "250000", "symbol": DOGE}
    (event,) = taken(client, conn, "ACCOUNT_CONFIG_UPDATE")
    assert event["ac"] == {"s": DOGE, "l": 50}
    assert client.error("POST", LEVERAGE, symbol=DOGE, leverage=76) == (400, -4028)
    assert client.error("POST", LEVERAGE, symbol=DOGE, leverage=0) == (400, -4028)
    (brackets,) = client.call("GET", "/fapi/v1/leverageBracket", symbol=DOGE)
    assert brackets["brackets"][0] == {
        "bracket": 1, "initialLeverage": 75, "notionalCap": 20000, "notionalFloor": 0, "maintMarginRatio": 0.006,
        "cum": 0,
    }  # fmt: skip
    assert {each["symbol"] for each in client.call("GET", "/fapi/v1/leverageBracket")} >= {DOGE, "BTCUSDT"}


def test_margin_types(client: Client) -> None:
    def set_type(word: str) -> dict[str, Any]:
        return {"symbol": DOGE, "marginType": word}

    conn = client.listen()
    assert client.error("POST", MARGIN_TYPE, **set_type("CROSSED")) == (400, -4046)
    assert client.error("POST", MARGIN_TYPE, **set_type("NONE")) == (400, -1130)
    place(client, newClientOrderId="x")
    assert client.error("POST", MARGIN_TYPE, **set_type("ISOLATED")) == (400, -4047)
    client.call("DELETE", ORDER, symbol=DOGE, origClientOrderId="x")
    assert client.call("POST", MARGIN_TYPE, **set_type("ISOLATED"))["msg"] == "success"
    place(client, px="0.601", qty="1000")
    assert client.error("POST", MARGIN_TYPE, **set_type("CROSSED")) == (400, -4048)
    (changed, traded) = taken(client, conn, "ACCOUNT_UPDATE")
    assert changed["a"]["m"] == "MARGIN_TYPE_CHANGE"
    (position,), (balance,) = traded["a"]["P"], traded["a"]["B"]
    assert (position["mt"], position["iw"]) == ("isolated", "30.05000000")
    assert D(balance["wb"]) - D(balance["cw"]) == D("30.05")


def test_margin_of_a_position(client: Client) -> None:
    def move(amount: str, kind: int) -> dict[str, Any]:
        return {"symbol": DOGE, "amount": amount, "type": kind}

    assert client.error("POST", MARGIN, **move("1", 1)) == (400, -4049)
    client.call("POST", MARGIN_TYPE, symbol=DOGE, marginType="ISOLATED")
    assert client.error("POST", MARGIN, **move("1", 1)) == (400, -4054)
    place(client, px="0.601", qty="1000")
    assert client.error("POST", MARGIN, **move("0", 1)) == (400, -4055)
    assert client.error("POST", MARGIN, **move("1", 3)) == (400, -1130)
    assert client.error("POST", MARGIN, **move("1000000", 1)) == (400, -4050)
    assert client.call("POST", MARGIN, **move("9.95", 1))["amount"] == 9.95
    assert client.error("POST", MARGIN, **move("11", 2)) == (400, -4051)
    (row,) = client.call("GET", "/fapi/v3/positionRisk")
    assert (row["isolatedWallet"], row["notional"]) == ("40.00000000", "600.00000000")
    assert 0 < D(row["liquidationPrice"]) < D("0.6")
    (moved,) = client.call("GET", "/fapi/v1/positionMargin/history", symbol=DOGE, type=1)
    assert (moved["amount"], moved["type"]) == ("9.95", 1)
    assert client.error("POST", LEVERAGE, symbol=DOGE, leverage=10) == (400, -4161)


def test_modes(client: Client) -> None:
    conn = client.listen()
    path = "/fapi/v1/multiAssetsMargin"
    assert client.error("POST", path, multiAssetsMargin="false") == (400, -4171)
    assert client.call("POST", path, multiAssetsMargin="true")["code"] == 200
    assert client.call("GET", path) == {"multiAssetsMargin": True}
    assert client.error("POST", MARGIN_TYPE, symbol=DOGE, marginType="ISOLATED") == (400, -4168)
    (event,) = taken(client, conn, "ACCOUNT_CONFIG_UPDATE")
    assert event["ai"] == {"j": True}
    place(client)
    assert client.error("POST", path, multiAssetsMargin="false") == (400, -4170)
    client.call("POST", "/fapi/v1/feeBurn", feeBurn="true")
    assert client.call("GET", "/fapi/v1/feeBurn") == {"feeBurn": True}


def test_isolated_symbols_forbid_multi_assets(client: Client) -> None:
    client.call("POST", MARGIN_TYPE, symbol=DOGE, marginType="ISOLATED")
    assert client.error("POST", "/fapi/v1/multiAssetsMargin", multiAssetsMargin="true") == (400, -4167)


def test_what_keys_may_do() -> None:
    signer = HmacSigner("secret")
    client = Client(signer=signer)
    keys = [ApiKey("key", "main", signer.verifier(), can_withdraw=True, can_transfer=True)]
    for wanted in (False, True):
        if wanted:
            client.box = Simulator(now_ns=T0, accounts={"main": {}}, keys=keys, flow=None)
        answer = client.call("GET", "/sapi/v1/account/apiRestrictions")
        assert (answer["enableWithdrawals"], answer["permitsUniversalTransfer"]) == (wanted, wanted)
        assert answer["enableFutures"] is True


# --- positions


def test_older_answers_name_every_symbol(client: Client) -> None:
    place(client, px="0.601", qty="1000")
    rows = {row["symbol"]: row for row in client.call("GET", "/fapi/v2/positionRisk")}
    assert (rows[DOGE]["positionAmt"], rows[DOGE]["leverage"], rows[DOGE]["marginType"]) == ("1000", "20", "cross")
    assert rows["BTCUSDT"]["positionAmt"] == "0"
    account = client.call("GET", "/fapi/v2/account")
    assert len(account["positions"]) == len(rows)
    assert account["totalMaintMargin"] == "3.60000000"
    assert client.call("GET", "/fapi/v1/adlQuantile") == [
        {"symbol": DOGE, "adlQuantile": {"LONG": 0, "SHORT": 0, "BOTH": 4}}
    ]


# --- money


def test_funding_is_told_and_kept(client: Client) -> None:
    place(client, px="0.601", qty="1000")
    due_ms = next_funding_ms(client.now_ms)
    client.run(due_ms - client.now_ms - 1_000)
    conn = client.listen()
    client.run(1_000)
    events = taken(client, conn, "ACCOUNT_UPDATE")
    (event,) = [each["a"] for each in events if each["a"]["m"] == "FUNDING_FEE"]
    assert (event["S"], event["P"], event["B"][0]["bc"]) == (DOGE, [], "-0.06000000")
    (row,) = client.call("GET", "/fapi/v1/income", incomeType="FUNDING_FEE")
    assert (row["symbol"], row["income"], row["time"], row["tradeId"]) == (DOGE, "-0.06000000", due_ms, "")


def test_income_is_everything_that_moved_the_balance(client: Client) -> None:
    place(client, px="0.601", qty="1000")
    client.call("POST", ORDER, symbol=DOGE, side="SELL", type="MARKET", quantity="1000")
    rows = client.call("GET", "/fapi/v1/income", limit=1000)
    kinds = [row["incomeType"] for row in rows]
    assert kinds == ["TRANSFER", "COMMISSION", "REALIZED_PNL", "COMMISSION"]
    (balance,) = client.call("GET", "/fapi/v3/balance")
    assert sum(D(row["income"]) for row in rows) == D(balance["balance"])
    assert len({(row["incomeType"], row["tranId"]) for row in rows}) == 4
    (trade, _) = client.call("GET", "/fapi/v1/userTrades", symbol=DOGE)
    assert rows[1]["tradeId"] == str(trade["id"])

    def got(**params: Any) -> list[str]:
        return [row["incomeType"] for row in client.call("GET", "/fapi/v1/income", **params)]

    assert got(symbol=DOGE) == kinds[1:]
    assert got(incomeType="COMMISSION") == ["COMMISSION", "COMMISSION"]
    assert got(limit=3) == kinds[1:]
    assert got(limit=3, page=2) == kinds[:1]
    assert got(limit=3, startTime=T0 // MS) == kinds[:3]
    assert got(limit=3, startTime=T0 // MS, page=2) == kinds[3:]
    assert got(startTime=client.now_ms + 1_000, endTime=client.now_ms + 2_000) == []
    assert client.error("GET", "/fapi/v1/income", startTime=2, endTime=1) == (400, -1023)


# --- what is forgotten


def test_old_orders_and_trades_are_forgotten(client: Client) -> None:
    filled = place(client, px="0.601", newClientOrderId="filled")
    canceled = place(client, newClientOrderId="canceled")
    client.call("DELETE", ORDER, symbol=DOGE, orderId=canceled["orderId"])
    stop: dict[str, Any] = {
        "algoType": "CONDITIONAL",
        "symbol": DOGE,
        "side": "BUY",
        "type": "STOP_MARKET",
        "quantity": "100",
    }
    client.call("POST", "/fapi/v1/algoOrder", **stop, triggerPrice="0.7", clientAlgoId="gone")
    client.call("DELETE", "/fapi/v1/algoOrder", clientAlgoId="gone")
    place(client, newClientOrderId="open")

    def known() -> list[str]:
        rows = client.call("GET", "/fapi/v1/allOrders", symbol=DOGE, orderId=filled["orderId"])
        return [row["clientOrderId"] for row in rows]

    client.now_ns += 3 * DAY_MS * MS - NS
    assert known() == ["filled", "canceled", "open"]
    client.now_ns += NS
    assert known() == ["filled", "open"]
    assert client.error("GET", ORDER, symbol=DOGE, orderId=canceled["orderId"]) == (400, -2013)
    assert client.error("GET", "/fapi/v1/algoOrder", clientAlgoId="gone") == (400, -2013)
    client.now_ns += 87 * DAY_MS * MS
    assert known() == ["open"]
    assert client.call("GET", "/fapi/v1/userTrades", symbol=DOGE, fromId=1) == []
    assert client.call("GET", "/fapi/v1/income", startTime=T0 // MS, limit=1000, incomeType="COMMISSION") == []


def test_windows_are_checked(client: Client) -> None:
    for path in ("/fapi/v1/allOrders", "/fapi/v1/userTrades", "/fapi/v1/allAlgoOrders"):
        assert client.error("GET", path, symbol=DOGE, startTime=2, endTime=1) == (400, -1023)
        assert client.error("GET", path, symbol=DOGE, startTime=1, endTime=8 * DAY_MS) == (400, -1127)


# --- the venue's own orders


def test_a_liquidation_is_told_like_any_trade() -> None:
    client = Client(deposit="40")
    client.quote()
    place(client, px="0.601", qty="1000")
    conn = client.listen()
    client.box.exchange.cancel_all("crowd", DOGE, client.now_ns)
    client.crowd(Side.BUY, "5000", "0.5629")
    client.crowd(Side.SELL, "5000", "0.5631")
    client.run(60_000)
    frames = client.take(conn)
    assert [frame["p"][0]["s"] for frame in frames if frame["e"] == "MARGIN_CALL"] == [DOGE]
    updates = [frame["o"] for frame in frames if frame["e"] == "ORDER_TRADE_UPDATE"]
    assert [(each["x"], each["X"]) for each in updates] == [("NEW", "NEW"), ("CALCULATED", "FILLED")]
    assert updates[0]["c"].startswith("autoclose-")
    reasons = [frame["a"]["m"] for frame in frames if frame["e"] == "ACCOUNT_UPDATE"]
    assert reasons == ["ORDER", "INSURANCE_CLEAR"]
    (order,) = client.call("GET", "/fapi/v1/forceOrders", symbol=DOGE, autoCloseType="LIQUIDATION")
    assert (order["clientOrderId"], order["status"]) == (updates[0]["c"], "FILLED")
    assert client.call("GET", "/fapi/v1/forceOrders", autoCloseType="ADL") == []
    assert client.error("GET", "/fapi/v1/forceOrders", autoCloseType="BAD") == (400, -1130)
    assert client.call("GET", "/fapi/v3/positionRisk") == []
    assert D(client.call("GET", "/fapi/v3/balance")[0]["balance"]) >= 0


def test_the_same_requests_give_the_same_bytes() -> None:
    def run() -> bytes:
        client = Client()
        client.quote()
        conn = client.listen()
        stop: dict[str, Any] = {
            "algoType": "CONDITIONAL",
            "symbol": DOGE,
            "side": "BUY",
            "type": "STOP_MARKET",
            "quantity": "100",
        }
        client.call("POST", "/fapi/v1/algoOrder", **stop, triggerPrice="0.601")
        place(client, px="0.601", newClientOrderId="x")
        client.run(9 * 3_600_000)
        return msgspec.json.encode([client.take(conn), client.call("GET", "/fapi/v1/income")])

    assert run() == run()
