"""Names of parameters: what a call of spot does not read is refused, before anything is done."""

from __future__ import annotations

from typing import Any

import pytest

from tradingsys.sim.faces.binance_spot.parameters import PARAMETERS
from tradingsys.sim.faces.binance_spot.rest import ROUTES
from tradingsys.venues.binance.signing import sign_query

from .spot_face_rig import ORDER, SpotClient


def test_every_call_says_what_it_reads() -> None:
    gone = {(verb, "/api/v3/userDataStream") for verb in ("POST", "PUT", "DELETE")}
    assert set(PARAMETERS) == set(ROUTES) - gone


@pytest.mark.parametrize(
    ("more", "read"),
    [
        ({"created": "1613138460000"}, 8),  # as in ccxt's issue 8450
        ({"reduceOnly": "true"}, 8),  # ccxt's issue 7082
        ({"timeInForce": "", "timeInforce": "GTC"}, 7),  # issue 172 of the venue's own client
    ],
)
def test_an_order_with_a_name_that_is_none(spot_client: SpotClient, more: dict[str, str], read: int) -> None:
    wish = {name: value for name, value in spot_client.limit(**more).items() if value}
    text = f"Not all sent parameters were read; read '{read}' parameter(s) but was sent '{read + 1}'."
    assert spot_client.refusal("POST", ORDER, **wish) == (-1104, text)
    assert spot_client.call("GET", "/api/v3/openOrders") == []


def test_more_than_there_are(spot_client: SpotClient) -> None:
    """Issue 236 of the venue's collection for Postman: a new order, by GET."""
    wish = spot_client.limit(strategyId="1")
    text = "Too many parameters; expected '6' and received '9'."
    assert spot_client.refusal("GET", ORDER, **wish) == (-1101, text)
    assert spot_client.error("GET", "/api/v3/ping", sign=False, depth=1) == (400, -1101)


def test_one_given_twice(spot_client: SpotClient) -> None:
    """Seen on the exchange: issue 507 of sieblyio/binance."""
    reply = spot_client.raw("GET", "/api/v3/ticker", b"symbols[]=BTCUSDT&symbols[]=ETHUSDT&windowSize=5m", key=None)
    assert reply.body == b'{"code":-1101,"msg":"Duplicate values for parameter \'symbols[]\'."}'
    query = sign_query(spot_client.signer, {"timestamp": spot_client.now_ms, "omitZeroBalances": "true"})
    both = query.encode(), b"omitZeroBalances=false"
    assert spot_client.raw("GET", "/api/v3/account", *both).status == 400  # the body is signed too
    assert spot_client.raw("GET", "/api/v3/depth", b"symbol=BTCUSDT", b"symbol=NONE", key=None).status == 200


@pytest.mark.parametrize("name", ["newClientOrderId", "symbol", "price"])
def test_one_without_a_value(spot_client: SpotClient, name: str) -> None:
    wish: dict[str, Any] = {**spot_client.limit(), name: ""}
    assert spot_client.refusal("POST", ORDER, **wish) == (-1105, f"Parameter '{name}' was empty.")


def test_by_the_ws_api_they_are_not_looked_at(spot_client: SpotClient) -> None:
    conn = spot_client.open("/ws-api/v3")
    order = spot_client.limit(stopLossPrice="0.5")  # as ccxt sends it
    assert spot_client.ws_call(conn, "order.place", **order)["status"] == 200


def test_what_margin_does_with_them_nobody_knows(spot_client: SpotClient) -> None:
    assert spot_client.call("GET", "/sapi/v1/margin/account", created="1")["marginLevel"]
