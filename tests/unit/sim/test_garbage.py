"""Whatever a client sends, the faces answer; they never fail."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tradingsys.sim.faces.binance_spot.methods import METHODS
from tradingsys.sim.faces.binance_usdm.rest import _ROUTES
from tradingsys.sim.simulator import Product
from tradingsys.venues.binance.signing import sign_query, sign_ws_params

from .face_rig import KEY, Client
from .spot_face_rig import ORDER, SpotClient
from .test_usdm_rest import place

NAMES = [
    "symbol", "side", "type", "quantity", "price", "timeInForce", "newClientOrderId", "orderId", "origClientOrderId",
    "limit", "fromId", "startTime", "endTime", "interval", "newOrderRespType", "selfTradePreventionMode", "recvWindow",
    "returnRateLimits",
]  # fmt: skip
WORDS = [
    "DOGEUSDT", "BUY", "SELL", "LIMIT", "MARKET", "GTC", "FOK", "0.60", "10", "0", "-1", "1e9", "NaN", "true", "1M",
    "99999999999999999999", "9999999999999999999", "1790000900000", "é", "mine", "1.0000000000",
]  # fmt: skip


class Face(NamedTuple):
    """One product's: how a client of it is made, and what makes sense to it."""

    product: Product
    client: Callable[[], Client]
    routes: Sequence[tuple[str, str]]
    statuses: tuple[int, ...]
    ws_api: str
    methods: Sequence[str]
    streams: str
    names: Sequence[str]
    words: Sequence[str]

    @property
    def params(self) -> st.SearchStrategy[dict[str, str]]:
        """Names that it knows, with words that belong there or not."""
        values = st.one_of(st.sampled_from([*WORDS, *self.words]), st.text(max_size=5))
        return st.dictionaries(st.sampled_from([*NAMES, *self.names]), values, max_size=10)

    @property
    def json(self) -> st.SearchStrategy[Any]:
        """What could be a frame."""
        return st.recursive(
            st.none() | st.booleans() | st.integers() | st.sampled_from([*WORDS, *self.words]),
            lambda inner: (
                st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "method", "params"]), inner)
            ),
            max_leaves=6,
        )


def futures() -> Client:
    made = Client()
    made.quote()
    place(made, newClientOrderId="mine")
    return made


def spot() -> SpotClient:
    made = SpotClient()
    made.quote()
    made.call("POST", ORDER, **made.limit(newClientOrderId="mine"))
    return made


def spot_routes() -> list[tuple[str, str]]:
    face = spot().box.spot_face
    return sorted({*face._rest._routes, *face._sapi._routes})


FACES = [
    Face(
        product=Product.FUTURES,
        client=futures,
        routes=sorted(_ROUTES),
        statuses=(200, 400, 401),
        ws_api="/ws-fapi/v1",
        methods=["order.place", "order.cancel", "order.status", "session.logon", "depth", "ticker.book"],
        streams="/public/stream",
        names=["reduceOnly", "positionSide", "goodTillDate", "leverage", "dualSidePosition"],
        words=["GTD", "1m", "RESULT", "LONG", "EXPIRE_BOTH"],
    ),
    Face(
        product=Product.SPOT,
        client=spot,
        routes=spot_routes(),
        statuses=(200, 400, 401, 409, 410),
        ws_api="/ws-api/v3?timeUnit=MICROSECOND",
        methods=[
            *METHODS,
            "session.logon",
            "session.logout",
            "userDataStream.subscribe.signature",
            "userDataStream.unsubscribe",
        ],
        streams="/ws/dogeusdt@kline_1s/!miniTicker@arr",
        names=[
            "symbols", "quoteOrderQty", "stopPrice", "trailingDelta", "icebergQty", "newQty", "timeZone", "windowSize",
            "permissions", "cancelReplaceMode", "cancelOrderId", "cancelRestrictions", "orderListId", "aboveType",
            "belowType", "abovePrice", "belowStopPrice", "workingType", "workingSide", "workingPrice",
            "workingQuantity", "workingTimeInForce", "pendingType", "pendingSide", "pendingQuantity", "sideEffectType",
            "isIsolated", "asset", "amount", "validity", "subscriptionId", "preventedMatchId", "symbolStatus",
            "strategyType", "size", "current", "stopLimitPrice", "listenToken",
        ],
        words=[
            '["DOGEUSDT"]', "LIMIT_MAKER", "STOP_LOSS", "TAKE_PROFIT_LIMIT", "0.62", "0.58", "100", "1s", "8",
            "1790000000000001", "FULL", "ALLOW_FAILURE", "ONLY_NEW", "MARGIN_BUY", "BORROW", "MAIN_MARGIN", "USDT",
            "DOGE", "DECREMENT",
        ],
    ),
]  # fmt: skip
for_each_face = pytest.mark.parametrize("face", FACES, ids=["futures", "spot"])


@for_each_face
@settings(max_examples=200)
@given(st.data())
def test_http(face: Face, data: st.DataObject) -> None:
    route, params = data.draw(st.sampled_from(face.routes)), data.draw(face.params)
    box = face.client()
    query = sign_query(box.signer, {"symbol": "DOGEUSDT", **params, "timestamp": box.now_ms + 1}).encode()
    for sent in (b"", data.draw(st.binary(max_size=5))):
        reply = box.raw(*route, query, sent)
        assert reply.status in face.statuses
        msgspec.json.decode(reply.body)


@for_each_face
@settings(max_examples=150)
@given(st.data())
def test_websockets(face: Face, data: st.DataObject) -> None:
    method, params, frame = data.draw(st.sampled_from(face.methods)), data.draw(face.params), data.draw(face.json)
    box = face.client()
    api = box.open(face.ws_api)
    signed = sign_ws_params(box.signer, {**params, "apiKey": KEY, "timestamp": box.now_ms + 1})
    for sent in (
        msgspec.json.encode(frame),
        msgspec.json.encode({"id": 1, "method": method, "params": signed}),
        msgspec.json.encode({"id": 1, "method": method, "params": params}),
        msgspec.json.encode({"id": 1, "method": method, "params": frame}),
    ):
        box.send(api, sent)
        # After the answer there may be events of the account.
        answer, *events = box.take(api)
        assert "status" in answer
        assert all("event" in each for each in events)
    stream = box.open(face.streams)
    for sent in (msgspec.json.encode(frame), msgspec.json.encode({"id": 1, "method": "SUBSCRIBE", "params": frame})):
        box.send(stream, sent)
        assert len(box.take(stream)) == 1
    box.run(300)


@for_each_face
@given(st.text(max_size=20), st.text(max_size=20))
def test_addresses(face: Face, path: str, query: str) -> None:
    box = face.client()
    for target in (
        path,
        f"/public/ws/{path}?{query}",
        f"/private/stream?listenKey={query}&events={path}",
        f"/ws-api/v3?{query}",
        f"/ws/{path}",
        f"/stream?streams={path}",
        "/ws?" + query,
    ):
        if box.box.ws_refusal(target, box.now_ns, face.product) is None:
            box.open(target)
    box.raw("GET", "/" + path, query.encode())
    box.run(300)
