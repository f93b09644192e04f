"""Orders that the exchange refuses: with its codes, in its words."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tradingsys.core.enums import Side

from .face_rig import Client
from .test_usdm_rest import ORDER, place


def refused(client: Client, **params: Any) -> int:
    status, code = client.error("POST", ORDER, **client.limit(**params))
    assert status == 400
    return code


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"symbol": ""}, -1102),
        ({"symbol": "NOPEUSDT"}, -1121),
        ({"side": "UP"}, -1117),
        ({"type": "BET"}, -1116),
        ({"type": "STOP_MARKET", "stopPrice": "0.5"}, -4120),
        ({"type": "TRAILING_STOP_MARKET"}, -4120),
        ({"timeInForce": ""}, -1102),
        ({"timeInForce": "SOON"}, -1115),
        ({"px": ""}, -1102),
        ({"type": "MARKET", "timeInForce": ""}, -1106),
        ({"qty": "abc"}, -1100),
        ({"positionSide": "LONG"}, -4061),
        ({"positionSide": "UP"}, -4060),
        ({"reduceOnly": "maybe"}, -1130),
        ({"timeInForce": "GTE_GTC"}, -1115),
        ({"timeInForce": "RPI"}, -1115),
        ({"newClientOrderId": "x" * 37}, -4015),
        ({"newClientOrderId": "no space"}, -1100),
        ({"selfTradePreventionMode": "MAYBE"}, -5039),
        ({"priceMatch": "QUEUE"}, -1106),
        ({"priceMatch": "OPPONENT_10", "px": ""}, -5037),
        ({"priceMatch": "QUEUE_5", "px": ""}, -5041),
        ({"newOrderRespType": "FULL"}, -1136),
        ({"px": "0.590001"}, -4014),
        ({"px": "0.5900001"}, -1111),
        ({"qty": "100.5"}, -1111),
        ({"qty": "0"}, -4003),
        ({"qty": "8", "px": "0.59"}, -4164),
        ({"qty": "400000000"}, -4005),
        ({"px": "0.001"}, -4013),
        ({"px": "31"}, -4002),
        ({"px": "0.67"}, -4016),
        ({"side": "SELL", "px": "0.53"}, -4024),
        ({"qty": "9000000", "px": "0.59"}, -2019),
        ({"reduceOnly": "true"}, -2022),
        ({"timeInForce": "GTX", "px": "0.601"}, -5022),
        ({"timeInForce": "FOK", "qty": "5001", "px": "0.601"}, -5021),
        ({"timeInForce": "GTD"}, -1102),
        ({"timeInForce": "GTD", "goodTillDate": 1}, -5040),
    ],
)
def test_refusals(client: Client, params: dict[str, Any], code: int) -> None:
    assert refused(client, **params) == code
    assert client.call("GET", "/fapi/v1/allOrders", symbol="DOGEUSDT") == []


def test_quantities_must_be_whole_steps() -> None:
    client = Client()
    params = {"symbol": "XRPUSDT", "px": "2.0", "qty": "10.05"}
    assert refused(client, **params) == -1111  # more digits than the symbol has
    client.crowd(Side.SELL, "10", "2.2", symbol="XRPUSDT")
    assert client.error(
        "POST", ORDER, symbol="XRPUSDT", side="BUY", type="MARKET", quantity="3000000"
    ) == (400, -4005)  # fmt: skip


def test_a_market_order_meets_the_price_band() -> None:
    client = Client()
    client.crowd(Side.SELL, "100", "0.67")
    params = {"type": "MARKET", "timeInForce": "", "px": "", "qty": "100"}
    assert refused(client, **params) == -4131


def test_a_client_id_is_free_again_when_its_order_is_done(client: Client) -> None:
    place(client, newClientOrderId="mine")
    assert refused(client, newClientOrderId="mine") == -4116
    client.call("DELETE", ORDER, symbol="DOGEUSDT", origClientOrderId="mine")
    again = place(client, newClientOrderId="mine")
    assert client.call("GET", ORDER, symbol="DOGEUSDT", origClientOrderId="mine")["orderId"] == again["orderId"]


def test_reduce_only_orders_together_do_not_exceed_the_position(client: Client) -> None:
    place(client, px="0.601", qty="100")
    place(client, side="SELL", qty="60", px="0.61", reduceOnly="true")
    assert refused(client, side="SELL", qty="41", px="0.61", reduceOnly="true") == -4118
    place(client, side="SELL", qty="40", px="0.61", reduceOnly="true")


def test_too_many_open_orders(client: Client) -> None:
    for _ in range(200):
        place(client)
    assert refused(client) == -2025


def test_hedge_mode_stops_trading_and_needs_a_flat_account(client: Client) -> None:
    dual = "/fapi/v1/positionSide/dual"
    assert client.call("GET", dual) == {"dualSidePosition": False}
    assert client.error("POST", dual, dualSidePosition="false") == (400, -4059)
    order = place(client)
    assert client.error("POST", dual, dualSidePosition="true") == (400, -4067)
    client.call("DELETE", ORDER, symbol="DOGEUSDT", orderId=order["orderId"])
    place(client, px="0.601")
    assert client.error("POST", dual, dualSidePosition="true") == (400, -4068)
    client.call("POST", ORDER, symbol="DOGEUSDT", side="SELL", type="MARKET", quantity="100", reduceOnly="true")
    assert client.call("POST", dual, dualSidePosition="true") == {"code": 200, "msg": "success"}
    assert client.call("GET", "/fapi/v1/accountConfig")["dualSidePosition"] is True
    assert refused(client) == -4061
    assert refused(client, positionSide="UP") == -4060
    assert refused(client, positionSide="LONG", reduceOnly="true") == -1106
    assert refused(client, positionSide="LONG") == -4084
    waiting = {"algoType": "CONDITIONAL", "type": "STOP_MARKET", "triggerPrice": "0.7"}
    assert client.error("POST", "/fapi/v1/algoOrder", **client.limit(px="", **waiting)) == (400, -4061)


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({"newClientOrderId": "no space"}, r"legal range is '^[\.A-Z\:/a-z0-9_-]{1,36}$'."),
        ({"newClientOrderId": "x" * 37}, "Client order id length should not be more than 36 chars"),
        ({"qty": "1e5"}, r"legal range is '^([0-9]{1,20})(\.[0-9]{1,20})?$'."),
        ({"selfTradePreventionMode": "MAYBE"}, "Invalid self trade prevention mode"),
    ],
)
def test_refusals_speak_as_the_exchange_does(client: Client, params: dict[str, Any], text: str) -> None:
    reply = client.reply("POST", ORDER, **client.limit(**params))
    assert msgspec.json.decode(reply.body)["msg"].endswith(text)
