"""REST: security, errors, limits, and what calls answer."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from tests.shared_data import SHARED, requires_shared
from tradingsys.venues.auth import Ed25519Signer, HmacSigner, RsaSigner, Signer
from tradingsys.venues.binance.signing import sign_query

from .face_rig import Client

ORDER = "/fapi/v1/order"


def place(client: Client, **params: Any) -> Any:
    return client.call("POST", ORDER, **client.limit(**params))


# --- security


@pytest.mark.parametrize(
    "signer",
    [
        HmacSigner("s"),
        Ed25519Signer(Ed25519PrivateKey.generate()),
        RsaSigner(generate_private_key(public_exponent=65537, key_size=2048)),
    ],
    ids=lambda signer: signer.kind,
)
def test_every_kind_of_key_signs(signer: Signer) -> None:
    client = Client(signer=signer)
    assert client.call("GET", "/fapi/v1/openOrders") == []


def test_the_signature_covers_query_and_body_as_they_came(client: Client) -> None:
    text = f"symbol=DOGEUSDT&timestamp={client.now_ms}"
    signature = client.signer.sign(text.encode())
    for query, body in (
        (f"{text}&signature={signature}", ""),
        (f"signature={signature}&{text}", ""),
        ("", f"{text}&signature={signature}"),
        ("symbol=DOGEUSDT", f"&timestamp={client.now_ms}&signature={signature}"),
    ):
        expected = 400 if body.startswith("&") else 200
        reply = client.raw("GET", "/fapi/v1/openOrders", query.encode(), body.encode())
        assert reply.status == expected, (query, body, reply.body)
    halves = client.signer.sign(b"symbol=DOGEUSDT" + f"timestamp={client.now_ms}".encode())
    split = f"timestamp={client.now_ms}&signature={halves}".encode()
    assert client.raw("GET", "/fapi/v1/openOrders", b"symbol=DOGEUSDT", split).status == 200


def code_of(client: Client, query: str, key: str | None = "key") -> tuple[int, int]:
    reply = client.raw("GET", "/fapi/v1/openOrders", query.encode(), key=key)
    return reply.status, msgspec.json.decode(reply.body)["code"]


def test_keys_and_signatures_are_checked(client: Client) -> None:
    good = sign_query(client.signer, {"timestamp": client.now_ms})
    assert code_of(client, good, key=None) == (401, -2014)
    assert code_of(client, good, key="nobody") == (401, -2015)
    assert code_of(client, good, key="other") == (400, -1022)
    assert code_of(client, good.replace("timestamp", "recvWindow=9000&timestamp")) == (400, -1022)
    assert code_of(client, f"timestamp={client.now_ms}") == (400, -1102)
    raw = f"symbol=１&timestamp={client.now_ms}"
    assert code_of(client, f"{raw}&signature={client.signer.sign(raw.encode())}") == (400, -1022)
    assert client.raw("GET", "/fapi/v1/openOrders", good.encode()).status == 200


@pytest.mark.parametrize(
    ("offset_ms", "window_ms", "is_good"),
    [(999, 5000, True), (1000, 5000, False), (-5000, 5000, True), (-5001, 5000, False), (-100, 99, False)],
)
def test_timestamps_have_a_window(client: Client, offset_ms: int, window_ms: int, is_good: bool) -> None:
    stamp_ms = client.now_ms + 1 + offset_ms
    params: dict[str, Any] = {"timestamp": stamp_ms, "recvWindow": window_ms}
    if is_good:
        assert client.call("GET", "/fapi/v1/openOrders", **params) == []
    else:
        assert client.error("GET", "/fapi/v1/openOrders", **params) == (400, -1021)


def test_a_signed_call_needs_a_timestamp(client: Client) -> None:
    assert client.error("GET", "/fapi/v1/openOrders", timestamp="") == (400, -1102)


# --- answers about orders


def test_placing_answers_new_without_averages(client: Client) -> None:
    reply = client.reply("POST", ORDER, **client.limit(px="0.601", newClientOrderId="mine"))
    order = msgspec.json.decode(reply.body)
    assert (order["status"], order["executedQty"], order["clientOrderId"]) == ("NEW", "0", "mine")
    assert not order.keys() & {"avgPrice", "cumQuote", "time"}
    assert (reply.headers["X-MBX-ORDER-COUNT-10S"], reply.headers["X-MBX-ORDER-COUNT-1M"]) == ("1", "1")
    queried = client.call("GET", ORDER, symbol="DOGEUSDT", orderId=order["orderId"])
    assert (queried["status"], queried["avgPrice"], queried["cumQuote"]) == ("FILLED", "0.601", "60.100000")


def test_result_tells_how_an_immediate_order_ended(client: Client) -> None:
    market: dict[str, Any] = {"symbol": "DOGEUSDT", "side": "BUY", "type": "MARKET", "quantity": "100"}
    assert client.call("POST", ORDER, **market)["status"] == "NEW"
    assert client.call("POST", ORDER, **market, newOrderRespType="RESULT")["status"] == "FILLED"
    ioc = place(client, timeInForce="IOC", px="0.60", newOrderRespType="RESULT")
    assert ioc["status"] == "EXPIRED"


def test_prices_and_quantities_have_the_symbols_digits(client: Client) -> None:
    order = place(client, px="0.59", qty="100.0")
    assert (order["price"], order["origQty"]) == ("0.590000", "100")


def test_cancel_and_queries(client: Client) -> None:
    order = place(client, newClientOrderId="mine")
    by_id = {"symbol": "DOGEUSDT", "orderId": order["orderId"]}
    assert client.call("GET", "/fapi/v1/openOrder", **by_id)["clientOrderId"] == "mine"
    assert [row["orderId"] for row in client.call("GET", "/fapi/v1/openOrders")] == [order["orderId"]]
    assert client.call("DELETE", ORDER, **by_id)["status"] == "CANCELED"
    assert client.error("DELETE", ORDER, **by_id) == (400, -2011)
    assert client.error("GET", "/fapi/v1/openOrder", **by_id) == (400, -2013)
    assert client.call("GET", ORDER, **by_id)["status"] == "CANCELED"
    assert client.error("GET", ORDER, symbol="DOGEUSDT", origClientOrderId="never") == (400, -2013)
    assert client.error("GET", ORDER, symbol="DOGEUSDT") == (400, -1102)
    assert client.error("DELETE", ORDER, symbol="DOGEUSDT", origClientOrderId="never") == (400, -2011)


def test_cancel_all(client: Client) -> None:
    place(client)
    place(client)
    answer = client.call("DELETE", "/fapi/v1/allOpenOrders", symbol="DOGEUSDT")
    assert answer == {"code": 200, "msg": "The operation of cancel all open order is done."}
    assert client.call("GET", "/fapi/v1/openOrders", symbol="DOGEUSDT") == []


def test_all_orders_pages_by_id(client: Client) -> None:
    ids = [place(client)["orderId"] for _ in range(5)]

    def got(**params: Any) -> list[int]:
        return [row["orderId"] for row in client.call("GET", "/fapi/v1/allOrders", **params)]

    assert got() == ids
    assert got(symbol="DOGEUSDT", orderId=ids[1], limit=2) == ids[1:3]
    assert got(symbol="DOGEUSDT", limit=2) == ids[3:]
    week_ms = 7 * 24 * 3_600_000
    too_long: dict[str, Any] = {"startTime": client.now_ms - week_ms - 1, "endTime": client.now_ms}
    assert client.error("GET", "/fapi/v1/allOrders", **too_long) == (400, -1127)


def test_user_trades_page_inclusively_and_ascending(client: Client) -> None:
    for _ in range(4):
        place(client, px="0.601")

    def got(**params: Any) -> list[int]:
        return [row["id"] for row in client.call("GET", "/fapi/v1/userTrades", symbol="DOGEUSDT", **params)]

    ids = got()
    assert ids == sorted(ids)
    assert len(ids) == 4
    assert got(fromId=ids[1], limit=2) == ids[1:3]
    assert got(limit=3) == ids[1:]
    assert got(startTime=client.now_ms - 60_000, limit=3) == ids[:3]
    assert got(startTime=client.now_ms + 1) == []
    both: dict[str, Any] = {"fromId": 1, "startTime": 1}
    assert client.error("GET", "/fapi/v1/userTrades", symbol="DOGEUSDT", **both) == (400, -1128)
    assert client.error("GET", "/fapi/v1/userTrades") == (400, -1102)


def test_accounts_see_only_their_own(client: Client) -> None:
    order = place(client, px="0.601")
    other = HmacSigner("other")
    for path in ("/fapi/v1/allOrders", "/fapi/v3/positionRisk", "/fapi/v1/openOrders"):
        query = sign_query(other, {"timestamp": client.now_ms})
        assert client.raw("GET", path, query.encode(), key="other").body == b"[]"
    query = sign_query(other, {"symbol": "DOGEUSDT", "orderId": order["orderId"], "timestamp": client.now_ms})
    assert client.raw("GET", ORDER, query.encode(), key="other").status == 400


def test_positions_and_money(client: Client) -> None:
    place(client, px="0.601", qty="1000")
    place(client, px="0.55", qty="100")
    (row,) = client.call("GET", "/fapi/v3/positionRisk")
    assert (row["positionAmt"], row["entryPrice"], row["bidNotional"]) == ("1000", "0.601", "55.000000")
    (balance,) = client.call("GET", "/fapi/v3/balance")
    assert balance["balance"] == "99999.69950000"
    account = client.call("GET", "/fapi/v3/account")
    assert [each["symbol"] for each in account["positions"]] == ["DOGEUSDT"]
    assert account["totalWalletBalance"] == "99999.69950000"
    assert client.call("POST", "/fapi/v1/leverage", symbol="DOGEUSDT", leverage=5)["leverage"] == 5
    (config,) = client.call("GET", "/fapi/v1/symbolConfig", symbol="DOGEUSDT")
    assert (config["leverage"], config["marginType"]) == (5, "CROSSED")
    assert client.error("POST", "/fapi/v1/leverage", symbol="DOGEUSDT", leverage=126) == (400, -4028)


# --- public answers


def test_the_book(client: Client) -> None:
    book = client.call("GET", "/fapi/v1/depth", sign=False, symbol="DOGEUSDT", limit=5)
    assert book["bids"] == [["0.599000", "5000"]]
    assert book["asks"] == [["0.601000", "5000"]]
    assert client.error("GET", "/fapi/v1/depth", sign=False, symbol="DOGEUSDT", limit=7) == (400, -4021)
    ticker = client.call("GET", "/fapi/v1/ticker/bookTicker", sign=False, symbol="DOGEUSDT")
    assert (ticker["bidPrice"], ticker["askQty"]) == ("0.599000", "5000")


def test_trades_and_bars(client: Client) -> None:
    place(client, px="0.601", qty="10")
    client.run(150)
    place(client, px="0.601", qty="20")
    client.run(60_000)
    trades = client.call("GET", "/fapi/v1/trades", sign=False, symbol="DOGEUSDT")
    assert [(row["qty"], row["isBuyerMaker"]) for row in trades] == [("10", False), ("20", False)]
    aggregates = client.call("GET", "/fapi/v1/aggTrades", sign=False, symbol="DOGEUSDT")
    assert [row["q"] for row in aggregates] == ["10", "20"]
    bars = client.call("GET", "/fapi/v1/klines", sign=False, symbol="DOGEUSDT", interval="1m")
    assert [(row[1], row[4], row[5], row[8]) for row in bars] == [
        ("0.601000", "0.601000", "30", 2),
        ("0.601000", "0.601000", "0", 0),
    ]
    (day,) = client.call("GET", "/fapi/v1/klines", sign=False, symbol="DOGEUSDT", interval="1d")
    assert day[5] == "30"
    for interval in ("1s", "7m"):
        assert client.error("GET", "/fapi/v1/klines", sign=False, symbol="DOGEUSDT", interval=interval) == (400, -1120)


def test_prices(client: Client) -> None:
    assert len(client.call("GET", "/fapi/v1/premiumIndex", sign=False)) == 5
    one = client.call("GET", "/fapi/v1/premiumIndex", sign=False, symbol="DOGEUSDT")
    assert one["markPrice"].startswith("0.6")
    assert one["nextFundingTime"] % (8 * 3_600_000) == 0
    assert client.call("GET", "/fapi/v1/ticker/price", sign=False, symbol="DOGEUSDT")["price"] == "0.600000"
    assert client.call("GET", "/fapi/v1/ping", sign=False) == {}
    assert client.call("GET", "/fapi/v1/time", sign=False) == {"serverTime": client.now_ms}


def test_unknown_paths(client: Client) -> None:
    assert client.error("GET", "/fapi/v1/nothing") == (404, -5000)


# --- limits


def used(client: Client) -> int:
    return int(client.raw("GET", "/fapi/v1/ping").headers["X-MBX-USED-WEIGHT-1M"])


def test_weight_is_counted_per_minute_of_the_clock(client: Client) -> None:
    before = used(client)
    client.call("GET", "/fapi/v1/depth", sign=False, symbol="DOGEUSDT", limit=1000)
    client.call("GET", "/fapi/v1/openOrders")
    place(client)
    assert used(client) == before + 20 + 40 + 0 + 1
    client.run(60_000 - client.now_ms % 60_000)
    assert used(client) == 1


def test_too_much_weight_is_429_and_then_418(client: Client) -> None:
    while used(client) <= 2400 - 40:
        client.call("GET", "/fapi/v1/openOrders")
    statuses = [client.reply("GET", "/fapi/v1/openOrders").status for _ in range(13)]
    assert statuses == [429] * 10 + [418] * 3
    assert client.error("GET", "/fapi/v1/ping", sign=False) == (418, -1003)
    client.run(119_000)
    assert client.error("GET", "/fapi/v1/ping", sign=False) == (418, -1003)
    client.run(2_000)
    assert used(client) == 1


def test_questions_about_funding_have_a_limit_of_their_own(client: Client) -> None:
    paths = ("fundingRate", "fundingInfo")
    replies = [client.reply("GET", f"/fapi/v1/{paths[number % 2]}", sign=False) for number in range(501)]
    assert [reply.status for reply in replies] == [200] * 500 + [429]
    client.run(300_000)
    assert client.reply("GET", "/fapi/v1/fundingRate", sign=False).status == 200


def test_too_many_orders_are_429(client: Client) -> None:
    client.run(10_000 - client.now_ms % 10_000)
    codes = []
    for _ in range(301):
        reply = client.reply("POST", ORDER, **client.limit(timeInForce="IOC", px="0.59"))
        codes.append(reply.status)
    assert codes == [200] * 300 + [429]
    assert client.error("POST", ORDER, **client.limit()) == (429, -1015)
    client.call("GET", "/fapi/v1/openOrders")
    client.run(10_000)
    place(client)


@requires_shared
def test_exchange_info_equals_the_recorded_one() -> None:
    recorded = msgspec.json.decode((SHARED / "data/binance/exchange_info_2026.json").read_bytes())["usdm"]
    ours = {each["symbol"]: each for each in Client().call("GET", "/fapi/v1/exchangeInfo", sign=False)["symbols"]}
    assert ours.keys() == {"BTCUSDT", "ETHUSDT", "DOGEUSDT", "XRPUSDT", "ADAUSDT"}
    for theirs in recorded:
        if theirs["symbol"] in ours:
            assert as_text(ours[theirs["symbol"]]) == as_text(theirs)


def as_text(value: Any) -> Any:
    """The recording has numbers as text, and filters in no order."""
    if isinstance(value, dict):
        return {key: as_text(each) for key, each in value.items()}
    if isinstance(value, list):
        rows = [as_text(each) for each in value]
        return sorted(rows, key=lambda row: row["filterType"]) if rows and isinstance(rows[0], dict) else rows
    return str(value)


@pytest.mark.parametrize("limit", [0, 1001])
def test_a_limit_that_is_too_high_is_refused_not_cut(client: Client, limit: int) -> None:
    assert client.error("GET", "/fapi/v1/trades", sign=False, symbol="DOGEUSDT", limit=limit) == (400, -1130)
    assert client.error("GET", "/fapi/v1/userTrades", symbol="DOGEUSDT", limit=limit) == (400, -1130)
