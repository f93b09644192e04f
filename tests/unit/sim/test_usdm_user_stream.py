"""What an account hears: events in the exchange's order, listen keys, and ways to listen."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tests.shared_data import SHARED, requires_shared
from tradingsys.core.enums import Side

from .face_rig import Client
from .official import shape
from .test_usdm_rest import ORDER, place


def kinds(frames: list[Any]) -> list[str]:
    return [f"{frame['e']} {frame['o']['x']}" if "o" in frame else frame["e"] for frame in frames]


def test_the_order_of_account_events(client: Client) -> None:
    conn = client.listen()
    place(client, px="0.601", qty="6000", newClientOrderId="mine")
    frames = client.take(conn)
    assert kinds(frames) == [
        "ORDER_TRADE_UPDATE NEW",
        "TRADE_LITE",
        "ACCOUNT_UPDATE",
        "ORDER_TRADE_UPDATE TRADE",
    ]
    new, lite, account, trade = frames
    assert (new["o"]["X"], new["o"]["z"]) == ("NEW", "0")
    assert (trade["o"]["X"], trade["o"]["l"], trade["o"]["z"], trade["o"]["m"]) == (
        "PARTIALLY_FILLED", "5000", "5000", False,
    )  # fmt: skip
    assert (trade["o"]["n"], trade["o"]["N"]) == ("1.50250000", "USDT")
    assert (lite["t"], lite["c"], lite["i"]) == (trade["o"]["t"], "mine", trade["o"]["i"])
    assert account["a"]["m"] == "ORDER"
    held = account["a"]["P"][0]
    assert held["pa"] == "5000"
    mark = Decimal(client.call("GET", "/fapi/v1/premiumIndex", symbol="DOGEUSDT", sign=False)["markPrice"])
    assert Decimal(held["up"]) == round(5000 * (mark - Decimal(held["ep"])), 8) != 0
    client.crowd(Side.SELL, "400", "0.601")
    made = client.take(conn)[-1]["o"]
    assert (made["m"], made["l"], made["z"]) == (True, "400", "5400")
    client.call("DELETE", ORDER, symbol="DOGEUSDT", origClientOrderId="mine")
    (gone,) = client.take(conn)
    assert (gone["o"]["x"], gone["o"]["X"], gone["o"]["z"], gone["o"]["c"]) == ("CANCELED", "CANCELED", "5400", "mine")


@pytest.mark.parametrize(
    ("order", "status", "reason"),
    [
        ({"timeInForce": "IOC", "px": "0.60"}, "EXPIRED", "2"),
        ({"type": "MARKET", "timeInForce": "", "px": "", "qty": "6000"}, "EXPIRED", "9"),
        ({"px": "0.592", "side": "SELL", "selfTradePreventionMode": "EXPIRE_TAKER"}, "EXPIRED_IN_MATCH", "1"),
        (
            {"px": "0.592", "side": "SELL", "selfTradePreventionMode": "EXPIRE_TAKER", "timeInForce": "IOC"},
            "EXPIRED_IN_MATCH",
            "3",
        ),
    ],
)
def test_expiries_say_why(client: Client, order: dict[str, Any], status: str, reason: str) -> None:
    if status == "EXPIRED_IN_MATCH":
        place(client, px="0.5995", newClientOrderId="resting")
    conn = client.listen()
    place(client, **order)
    last = client.take(conn)[-1]["o"]
    assert (last["x"], last["X"], last["er"]) == ("EXPIRED", status, reason)


def test_a_resting_order_changes_no_balance(client: Client) -> None:
    conn = client.listen()
    place(client)
    assert kinds(client.take(conn)) == ["ORDER_TRADE_UPDATE NEW"]


def test_what_happens_while_nobody_listens_is_lost(client: Client) -> None:
    conn = client.listen()
    client.box.ws_closed(conn)
    place(client, px="0.601")
    assert client.take(conn) == []
    again = client.listen()
    assert client.take(again) == []
    place(client)
    assert len(client.take(again)) == 1


def test_listen_keys(client: Client) -> None:
    path = "/fapi/v1/listenKey"
    assert client.error("PUT", path, sign=False) == (400, -1125)
    key = client.call("POST", path, sign=False)["listenKey"]
    assert client.call("POST", path, sign=False)["listenKey"] == key
    conn = client.open(f"/private/ws/{key}")
    client.run(59 * 60_000)
    assert client.call("PUT", path, sign=False) == {"listenKey": key}
    client.run(59 * 60_000)
    assert client.take(conn) == []
    client.run(60_000)
    (expired,) = client.take(conn)
    assert (expired["e"], expired["listenKey"]) == ("listenKeyExpired", key)
    place(client)
    assert client.take(conn) == []
    fresh = client.call("POST", path, sign=False)["listenKey"]
    assert fresh != key
    assert client.call("DELETE", path, sign=False) == {}
    assert client.error("PUT", path, sign=False) == (400, -1125)


def test_ways_to_listen(client: Client) -> None:
    key = client.call("POST", "/fapi/v1/listenKey", sign=False)["listenKey"]
    raw = client.open(f"/private/ws?listenKey={key}&events=ORDER_TRADE_UPDATE/ACCOUNT_UPDATE")
    combined = client.open(f"/private/stream?listenKey=other&events=A&listenKey={key}&events=TRADE_LITE")
    everything = client.open(f"/private/stream?streams={key}")
    late = client.open("/private/ws")
    client.control(late, "SUBSCRIBE", [key])
    wrong = client.open("/private/ws/nonsense")
    place(client, px="0.601")
    assert kinds(client.take(raw)) == ["ORDER_TRADE_UPDATE NEW", "ACCOUNT_UPDATE", "ORDER_TRADE_UPDATE TRADE"]
    (frame,) = client.take(combined)
    assert (frame["stream"], frame["data"]["e"]) == (key, "TRADE_LITE")
    assert len(client.take(everything)) == len(client.take(late)) == 4
    assert client.take(wrong) == []


def test_nobody_hears_of_others(client: Client) -> None:
    conn = client.listen()
    client.crowd(Side.BUY, "10", "0.601")
    client.run(1000)
    assert client.take(conn) == []


@requires_shared
@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("ORDER_TRADE_UPDATE TRADE", "order_update_trade"),
        ("ACCOUNT_UPDATE", "account_update"),
        ("TRADE_LITE", "trade_lite"),
    ],
)
def test_account_events_have_the_recorded_fields(client: Client, name: str, file: str) -> None:
    path = SHARED / f"data/binance/payloads/futures/user_data_json/{file}.json"
    recorded = shape(msgspec.json.decode(path.read_bytes()))
    conn = client.listen()
    place(client, px="0.601")
    frames = client.take(conn)
    ours = shape(frames[kinds(frames).index(name)])
    if "o" in ours:
        # Those of trailing stops, and younger than the recording.
        assert {*recorded["o"]} - {*ours["o"]} == {"AP", "cr"}
        assert {*ours["o"]} - {*recorded["o"]} == {"pm", "gtd", "er"}
    else:
        assert ours == recorded
