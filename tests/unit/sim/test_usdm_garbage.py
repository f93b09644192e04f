"""Whatever a client sends, the face answers; it never fails."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from tradingsys.sim.faces.binance_usdm.rest import _ROUTES
from tradingsys.venues.binance.signing import sign_query, sign_ws_params

from .face_rig import KEY, Client
from .test_usdm_rest import place

NAMES = [
    "symbol", "side", "type", "quantity", "price", "timeInForce", "newClientOrderId", "orderId", "origClientOrderId",
    "reduceOnly", "positionSide", "goodTillDate", "limit", "fromId", "startTime", "endTime", "interval", "leverage",
    "dualSidePosition", "newOrderRespType", "selfTradePreventionMode", "recvWindow", "returnRateLimits",
]  # fmt: skip
WORDS = st.sampled_from(
    [
        "DOGEUSDT",
        "BUY",
        "SELL",
        "LIMIT",
        "MARKET",
        "GTC",
        "GTD",
        "FOK",
        "0.60",
        "10",
        "0",
        "-1",
        "1e9",
        "NaN",
        "true",
        "1m",
        "1M",
        "99999999999999999999",
        "9999999999999999999",
        "1790000900000",
        "RESULT",
        "LONG",
        "EXPIRE_BOTH",
        "é",
        "mine",
        "1.0000000000",
    ]
)
PARAMS = st.dictionaries(st.sampled_from(NAMES), st.one_of(WORDS, st.text(max_size=5)), max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "method", "params"]), inner),
    max_leaves=6,
)


def client() -> Client:
    made = Client()
    made.quote()
    place(made, newClientOrderId="mine")
    return made


@settings(max_examples=300)
@given(st.sampled_from(sorted(_ROUTES)), PARAMS, st.binary(max_size=5))
def test_http(route: tuple[str, str], params: dict[str, str], body: bytes) -> None:
    box = client()
    query = sign_query(box.signer, {"symbol": "DOGEUSDT", **params, "timestamp": box.now_ms + 1}).encode()
    for sent in (b"", body):
        reply = box.raw(*route, query, sent)
        assert reply.status in (200, 400, 401)
        msgspec.json.decode(reply.body)


@settings(max_examples=300)
@given(
    st.sampled_from(["order.place", "order.cancel", "order.status", "session.logon", "depth", "ticker.book"]),
    PARAMS,
    JSON,
)
def test_websockets(method: str, params: dict[str, str], frame: Any) -> None:
    box = client()
    api = box.open("/ws-fapi/v1")
    signed = sign_ws_params(box.signer, {**params, "apiKey": KEY, "timestamp": box.now_ms + 1})
    for data in (
        msgspec.json.encode(frame),
        msgspec.json.encode({"id": 1, "method": method, "params": signed}),
        msgspec.json.encode({"id": 1, "method": method, "params": params}),
        msgspec.json.encode({"id": 1, "method": method, "params": frame}),
    ):
        box.send(api, data)
    assert len(box.take(api)) == 4
    stream = box.open("/public/stream")
    box.send(stream, msgspec.json.encode(frame))
    box.send(stream, msgspec.json.encode({"id": 1, "method": "SUBSCRIBE", "params": frame}))
    assert len(box.take(stream)) == 2
    box.run(300)


@given(st.text(max_size=20), st.text(max_size=20))
def test_addresses(path: str, query: str) -> None:
    box = client()
    for target in (
        path,
        f"/public/ws/{path}?{query}",
        f"/private/stream?listenKey={query}&events={path}",
        "/ws?" + query,
    ):
        if box.box.ws_refusal(target, box.now_ns) is None:
            box.open(target)
    box.raw("GET", "/" + path, query.encode())
    box.run(300)
