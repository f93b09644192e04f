"""Requests to the simulated exchange that are right but for one thing, so that they get far.

Bytes that broke on the way are refused at the door. Here each request is signed, on time, and for a call that there is;
of its parameters one, seldom two, says something odd.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random
from typing import Any

import msgspec
from msgspec import Struct

from tests.unit.sim.face_rig import KEY, Client
from tests.unit.sim.spot_face_rig import SpotClient
from tradingsys.core.enums import Side
from tradingsys.venues.binance.signing import sign_query

__all__ = ["FUTURES", "SPOT", "Face", "Refused", "answers", "requests", "samples"]

_MANY = 300
"""Requests to one box: its account runs out of money, and its lists grow long."""
_APART_MS = 120
_DAY_MS = 86_400_000
_VALUES: Mapping[str, Sequence[str]] = {
    "symbol": ("DOGEUSDT", "BTCUSDT", "ETHUSDT"),
    "side": ("BUY", "SELL"),
    "type": ("LIMIT", "MARKET", "STOP", "STOP_MARKET", "TAKE_PROFIT_MARKET", "STOP_LOSS_LIMIT", "LIMIT_MAKER"),
    "quantity": ("100", "20", "5000"),
    "price": ("0.59", "0.60", "0.61", "0.6001"),
    "stopPrice": ("0.58", "0.62"),
    "triggerPrice": ("0.58", "0.62"),
    "timeInForce": ("GTC", "IOC", "FOK", "GTX", "GTD"),
    "newClientOrderId": ("mine", "yours", "a-1"),
    "clientAlgoId": ("algo", "b-1"),
    "origClientOrderId": ("mine", "yours"),
    "orderId": ("1", "2", "3"),
    "algoId": ("1", "2"),
    "algoType": ("CONDITIONAL",),
    "orderListId": ("1",),
    "listClientOrderId": ("list",),
    "fromId": ("1",),
    "limit": ("5", "10", "100"),
    "interval": ("1m", "5m", "1h"),
    "period": ("5m", "1h"),
    "contractType": ("PERPETUAL",),
    "pair": ("DOGEUSDT",),
    "asset": ("USDT", "DOGE", "BTC"),
    "amount": ("10",),
    "leverage": ("5", "20"),
    "marginType": ("CROSSED", "ISOLATED"),
    "countdownTime": ("0", "60000"),
    "reduceOnly": ("true", "false"),
    "positionSide": ("BOTH",),
    "newOrderRespType": ("ACK", "RESULT", "FULL"),
    "selfTradePreventionMode": ("EXPIRE_TAKER", "NONE"),
    "callbackRate": ("1", "0.5"),
    "workingType": ("MARK_PRICE", "CONTRACT_PRICE"),
    "quoteOrderQty": ("50",),
    "icebergQty": ("20",),
    "newQty": ("50",),
    "sideEffectType": ("NO_SIDE_EFFECT", "MARGIN_BUY", "AUTO_REPAY"),
    "cancelReplaceMode": ("STOP_ON_FAILURE", "ALLOW_FAILURE"),
    "aboveType": ("LIMIT_MAKER", "STOP_LOSS"),
    "belowType": ("STOP_LOSS", "STOP_LOSS_LIMIT"),
    "abovePrice": ("0.70",),
    "belowStopPrice": ("0.50",),
    "priceMatch": ("QUEUE", "OPPONENT_5"),
}
"""What a parameter may say."""
_ODD = (
    "", "0", "-1", "1e9", "1E-9", "NaN", "0.000000001", "99999999999999999999", "9223372036854775807", "true", "TRUE",
    "null", "[]", "{}", "é", "\x00", " ", "a" * 40, "0x1", "1_0", "+1", "1,5", "0.6000000000", "1.", ".5", "DOGEUSDT ",
    "dogeusdt", "NOSUCHUSDT", "ALL", "%s", "1970", "9999999999999",
)  # fmt: skip

_Request = tuple[str, str, dict[str, str]]


class Refused(Exception):
    """The exchange says no."""


class Face(Struct, frozen=True):
    """One product's door."""

    client: Callable[[], Client]
    whole: tuple[_Request, ...]
    """Requests that are right as they stand; of other calls only some parameters are known."""


def _a_list(**more: str) -> dict[str, str]:
    kinds = {"aboveType": "LIMIT_MAKER", "belowType": "STOP_LOSS"}
    return {"symbol": "DOGEUSDT", "side": "SELL", "quantity": "100", "abovePrice": "0.70", "belowStopPrice": "0.50"} | (
        kinds | more
    )


_LIMIT: dict[str, Any] = {
    "symbol": "DOGEUSDT",
    "side": "BUY",
    "type": "LIMIT",
    "timeInForce": "GTC",
    "quantity": "100",
    "price": "0.59",
}
_MARKET: dict[str, Any] = {"symbol": "DOGEUSDT", "side": "SELL", "type": "MARKET", "quantity": "20"}
_STOP = {"symbol": "DOGEUSDT", "side": "SELL", "quantity": "100"}
_MINE = {"symbol": "DOGEUSDT", "origClientOrderId": "mine"}
_AMEND = _MINE | {"side": "BUY", "quantity": "50", "price": "0.58"}


def _futures() -> Client:
    made = Client()
    made.quote()
    made.call("POST", "/fapi/v1/order", **_LIMIT, newClientOrderId="mine")
    made.call("POST", "/fapi/v1/order", **_MARKET)
    return made


def _spot() -> Client:
    made = SpotClient()
    made.quote()
    for side, price in ((Side.BUY, "0.58"), (Side.SELL, "0.62")):
        made.crowd(side, "100000", price)
    made.call("POST", "/api/v3/order", **_LIMIT, newClientOrderId="mine")
    made.call("POST", "/api/v3/order", **_MARKET)
    return made


_ALGO = _STOP | {"algoType": "CONDITIONAL", "type": "STOP_MARKET", "triggerPrice": "0.55"}
FUTURES = Face(
    _futures,
    (
        ("POST", "/fapi/v1/order", _LIMIT),
        ("POST", "/fapi/v1/order", _LIMIT | {"newOrderRespType": "RESULT", "reduceOnly": "false"}),
        ("POST", "/fapi/v1/order", _MARKET),
        ("POST", "/fapi/v1/order", _MARKET | {"reduceOnly": "true", "newOrderRespType": "RESULT"}),
        ("POST", "/fapi/v1/algoOrder", _ALGO),
        ("POST", "/fapi/v1/algoOrder", _ALGO | {"type": "TRAILING_STOP_MARKET", "callbackRate": "1"}),
        ("PUT", "/fapi/v1/order", _AMEND),
        ("DELETE", "/fapi/v1/order", _MINE),
        ("GET", "/fapi/v1/order", _MINE),
        ("GET", "/fapi/v1/userTrades", {"symbol": "DOGEUSDT", "fromId": "1", "limit": "10"}),
        ("GET", "/fapi/v1/klines", {"symbol": "DOGEUSDT", "interval": "1m", "limit": "10"}),
        ("POST", "/fapi/v1/leverage", {"symbol": "DOGEUSDT", "leverage": "5"}),
        ("POST", "/fapi/v1/countdownCancelAll", {"symbol": "DOGEUSDT", "countdownTime": "60000"}),
    ),
)
_STOPPED = _STOP | {"type": "STOP_LOSS_LIMIT", "timeInForce": "GTC", "price": "0.57", "stopPrice": "0.58"}
SPOT = Face(
    _spot,
    (
        ("POST", "/api/v3/order", _LIMIT),
        ("POST", "/api/v3/order", _LIMIT | {"icebergQty": "50", "newOrderRespType": "FULL"}),
        ("POST", "/api/v3/order", _MARKET),
        ("POST", "/api/v3/order", _STOPPED),
        ("POST", "/api/v3/order/test", _LIMIT),
        ("POST", "/api/v3/orderList/oco", _a_list()),
        (
            "POST",
            "/api/v3/order/cancelReplace",
            _LIMIT | {"cancelOrigClientOrderId": "mine", "cancelReplaceMode": "ALLOW_FAILURE"},
        ),
        ("PUT", "/api/v3/order/amend/keepPriority", _MINE | {"newQty": "50"}),
        ("DELETE", "/api/v3/order", _MINE),
        ("GET", "/api/v3/order", _MINE),
        ("GET", "/api/v3/myTrades", {"symbol": "DOGEUSDT", "fromId": "1", "limit": "10"}),
        ("POST", "/sapi/v1/margin/order", _LIMIT),
        ("POST", "/sapi/v1/margin/order", _MARKET | {"sideEffectType": "MARGIN_BUY"}),
        ("POST", "/sapi/v1/margin/order", _LIMIT | {"sideEffectType": "AUTO_REPAY"}),
        (
            "POST",
            "/sapi/v1/margin/borrow-repay",
            {"asset": "DOGE", "isIsolated": "FALSE", "symbol": "", "amount": "10", "type": "BORROW"},
        ),
        ("GET", "/sapi/v1/margin/myTrades", {"symbol": "DOGEUSDT", "limit": "10"}),
    ),
)


def _calls(face: Face) -> list[tuple[str, str]]:
    """All there are."""
    box = face.client().box
    doors = (box.face._rest,) if face is FUTURES else (box.spot_face._rest, box.spot_face._sapi)
    return sorted({call for door in doors for call in door._routes})


def samples(face: Face) -> list[bytes]:
    """Right ones."""
    return [_encoded(*each) for each in face.whole]


def requests(face: Face, seed: str) -> Iterator[bytes]:
    """The same seed makes the same requests."""
    random = Random(seed)
    calls = _calls(face)
    while True:
        if random.random() < 0.75:
            method, path, params = random.choice(face.whole)
            params = dict(params)
        else:
            method, path = random.choice(calls)
            params = {
                name: random.choice(_VALUES[name]) for name in random.sample(sorted(_VALUES), random.randrange(5))
            }
            params["symbol"] = "DOGEUSDT"
        for _ in range(random.choice((0, 1, 1, 1, 1, 2))):
            _spoil(params, random)
        yield _encoded(method, path, params)


def _spoil(params: dict[str, str], random: Random) -> None:
    name = random.choice(sorted(params) or ["symbol"])
    match random.randrange(6):
        case 0:
            params.pop(name, None)
        case 1:
            more = random.choice(sorted(_VALUES))
            params[more] = random.choice(_VALUES[more])
        case 2 | 3 if name in _VALUES:
            params[name] = random.choice(_VALUES[name])
        case _:
            params[name] = random.choice(_ODD)


def _encoded(method: str, path: str, params: dict[str, str]) -> bytes:
    return json.dumps([method, path, params]).encode()


def answers(face: Face) -> Callable[[bytes], object]:
    """Sends a request, and returns what came of it; whatever it is, the exchange answers, and in its own form."""
    asked = 0
    client = face.client()

    def take(data: bytes) -> object:
        nonlocal asked, client
        asked += 1
        if asked % _MANY == 0:
            client = face.client()
        method, path, params = json.loads(data)
        client.now_ns += _APART_MS * 1_000_000
        query = sign_query(client.signer, {"timestamp": client.now_ms + 1, **params})
        reply = client.raw(method, path, query.encode(), key=KEY)
        body = msgspec.json.decode(reply.body) if reply.body else None
        assert reply.status < 500, f"{reply.status}: {reply.body!r}"
        if reply.status < 400:
            return method, path
        assert isinstance(body, dict) and isinstance(body["code"], int) and body["msg"], f"no refusal: {reply.body!r}"
        raise Refused(f"{body['code']} {method} {path}")

    return take
