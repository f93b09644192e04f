"""Whatever a client sends, the face of spot and margin answers; it never fails."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from tradingsys.sim.faces.binance_spot.methods import METHODS
from tradingsys.venues.binance.signing import sign_query, sign_ws_params

from .spot_face_rig import KEY, ORDER, SpotClient
from .test_usdm_garbage import JSON

NAMES = [
    "symbol", "symbols", "side", "type", "quantity", "quoteOrderQty", "price", "stopPrice", "trailingDelta",
    "icebergQty", "timeInForce", "newClientOrderId", "orderId", "origClientOrderId", "newQty", "limit", "fromId",
    "startTime", "endTime", "interval", "timeZone", "windowSize", "newOrderRespType", "selfTradePreventionMode",
    "recvWindow", "permissions", "cancelReplaceMode", "cancelOrderId", "cancelRestrictions", "orderListId",
    "aboveType", "belowType", "abovePrice", "belowStopPrice", "workingType", "workingSide", "workingPrice",
    "workingQuantity", "workingTimeInForce", "pendingType", "pendingSide", "pendingQuantity", "sideEffectType",
    "isIsolated", "asset", "amount", "validity", "subscriptionId", "preventedMatchId", "symbolStatus",
    "strategyType", "size", "current", "stopLimitPrice", "listenToken", "returnRateLimits",
]  # fmt: skip
WORDS = st.sampled_from(
    [
        "DOGEUSDT",
        '["DOGEUSDT"]',
        "BUY",
        "SELL",
        "LIMIT",
        "MARKET",
        "LIMIT_MAKER",
        "STOP_LOSS",
        "TAKE_PROFIT_LIMIT",
        "GTC",
        "FOK",
        "0.60",
        "0.62",
        "0.58",
        "100",
        "10",
        "0",
        "-1",
        "1e9",
        "NaN",
        "true",
        "1s",
        "1M",
        "8",
        "99999999999999999999",
        "9999999999999999999",
        "1790000900000",
        "1790000000000001",
        "FULL",
        "ALLOW_FAILURE",
        "ONLY_NEW",
        "MARGIN_BUY",
        "BORROW",
        "MAIN_MARGIN",
        "USDT",
        "DOGE",
        "DECREMENT",
        "é",
        "mine",
        "1.0000000000",
    ]
)
PARAMS = st.dictionaries(st.sampled_from(NAMES), st.one_of(WORDS, st.text(max_size=5)), max_size=10)


def client() -> SpotClient:
    made = SpotClient()
    made.quote()
    made.call("POST", ORDER, **made.limit(newClientOrderId="mine"))
    return made


def routes() -> list[tuple[str, str]]:
    face = client().box.spot_face
    return sorted({*face._rest._routes, *face._sapi._routes})


@settings(max_examples=200)
@given(st.sampled_from(routes()), PARAMS, st.binary(max_size=5))
def test_http(route: tuple[str, str], params: dict[str, str], body: bytes) -> None:
    box = client()
    query = sign_query(box.signer, {"symbol": "DOGEUSDT", **params, "timestamp": box.now_ms + 1}).encode()
    for sent in (b"", body):
        reply = box.raw(*route, query, sent)
        assert reply.status in (200, 400, 401, 409, 410)
        msgspec.json.decode(reply.body)


@settings(max_examples=150)
@given(
    st.sampled_from(
        [
            *METHODS,
            "session.logon",
            "session.logout",
            "userDataStream.subscribe.signature",
            "userDataStream.unsubscribe",
        ]
    ),
    PARAMS,
    JSON,
)
def test_websockets(method: str, params: dict[str, str], frame: Any) -> None:
    box = client()
    api = box.open("/ws-api/v3?timeUnit=MICROSECOND")
    signed = sign_ws_params(box.signer, {**params, "apiKey": KEY, "timestamp": box.now_ms + 1})
    for data in (
        msgspec.json.encode(frame),
        msgspec.json.encode({"id": 1, "method": method, "params": signed}),
        msgspec.json.encode({"id": 1, "method": method, "params": params}),
    ):
        box.send(api, data)
        assert box.frames[api]
        assert "status" in box.frames[api].pop(0)
        box.take(api)
    stream = box.open("/ws/dogeusdt@kline_1s/!miniTicker@arr")
    box.send(stream, msgspec.json.encode(frame))
    assert box.frames[stream]
