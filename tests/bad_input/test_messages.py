"""Requests of every method with every field wrong in every way: each is answered as one that cannot be read.

They are made from the examples of docs/protocol.md; the gateway is the real one, in a world of its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from tests.simulate.rig import Rig, WireClient
from tests.unit.wire.examples_in_doc import read_examples
from tradingsys.wire import messages, operator
from tradingsys.wire.messages import ErrorCode

_PARAMS: dict[str, type[msgspec.Struct]] = {
    "login": messages.LoginParams,
    "get_products": messages.SymbolsParams,
    "get_positions": messages.SymbolsParams,
    "order": messages.OrderParams,
    "cancel": messages.CancelParams,
    "amend": messages.AmendParams,
    "resolve": messages.ResolveParams,
    "get_klines": messages.KlinesParams,
    "get_settings": messages.SymbolParams,
    "set_leverage": messages.LeverageParams,
    "set_margin_type": messages.MarginTypeParams,
    "operate": operator.OperateParams,
    "op.orders": operator.Selection,
    "op.fills": operator.Selection,
    "op.positions": operator.Selection,
    "op.set_position": operator.SetPositionParams,
    "op.explain": operator.ExplainParams,
}
_LISTS = ("subscribe", "unsubscribe")
_WRONG: tuple[Any, ...] = (None, True, 0, 1.5, 10**30, 1e300, "x", "", [], [None], [[[]]], {}, {"a": 1}, "9" * 5_000)
_NOT_EVEN_PARAMS: tuple[Any, ...] = (5, "x", True, 1.5, [1], [[]], {"a": 1}, [{"symbol": 1}])
_EXAMPLES = {each.type_name: json.loads(each.text) for each in reversed(read_examples())}

_GARBAGE = (
    b"",
    b" ",
    b"\n",
    b"null",
    b"true",
    b"5",
    b'"login"',
    b"[]",
    b"{}",
    b"[{}]",
    b"{",
    b"}",
    b'{"id"',
    b'{"id":',
    b'{"id":1',
    b'{"id":1,',
    b'{"id":1}',
    b'{"id":1,"method"}',
    b'{"method":"login"}',
    b'{"id":null,"method":"login"}',
    b'{"id":"1","method":"login"}',
    b'{"id":1.5,"method":"login"}',
    b'{"id":[1],"method":"login"}',
    b'{"id":1e400,"method":"login"}',
    b'{"id":9223372036854775808,"method":"login"}',
    b'{"id":-9223372036854775809,"method":"login"}',
    b'{"id":' + b"9" * 5_000 + b',"method":"login"}',
    b'{"id":01,"method":"login"}',
    b'{"id":+1,"method":"login"}',
    b'{"id":0x1,"method":"login"}',
    b'{"id":1,"method":null}',
    b'{"id":1,"method":5}',
    b'{"id":1,"method":["login"]}',
    b'{"id":1,"method":"login"}}',
    b'{"id":1,"method":"login"}{"id":2,"method":"login"}',
    b'{"id":1,"method":"login",}',
    b"{'id':1,'method':'login'}",
    b'{id:1,method:"login"}',
    b'{"id":1,"id":2,"method":"login"}',
    b'{"id":1,"method":"login","method":"order"}',
    b'{"id":1,"method":"login","params":{},"params":{}}',
    b'{"id":1,"method":"login","params":{"session_id":1,"session_id":2}}',
    b'{"id":1,"method":"login","params":{"session_id":1,"session\\u005fid":2}}',
    b'{"id":1,"method":"login","params":NaN}',
    b'{"id":1,"method":"login","params":-Infinity}',
    b'{"id":1,"method":"login","params":{"session_id":NaN}}',
    b'{"id":1,"method":"login","params":' + b"[" * 8 + b"]" * 8 + b"}",
    b'{"id":1,"method":"login","params":' + b"[" * 30_000,
    b'{"a":' * 10_000,
    b'{"id":1,"method":"login"} // comment',
    b'{"id":1,/**/"method":"login"}',
    b'\xef\xbb\xbf{"id":1,"method":"login"}',
    b'{"id":1,"method":"\xff"}',
    b'{"id":1,"method":"\xc0\xaf"}',
    b'{"id":1,"method":"\xed\xa0\x80"}',
    b'{"id":1,"method":"\\ud800"}',
    b'{"id":1,"method":"\\x41"}',
    b'{"id":1,"method":"a\x00b"}',
    b'{"id":1,"method":"login"\x00}',
    '{"id":1,"method":"login"}'.encode("utf-16"),
    b"\x82\xa2id\x01\xa6method\xa5login",
    b"GET / HTTP/1.1\r\n\r\n",
    b"<login/>",
    b"id=1&method=login",
    bytes(range(256)),
    b"\x00" * 60_000,
    b'"' * 60_000,
)


def _bad_params(method: str) -> Iterator[Any]:
    """Everything that the method's type does not take."""
    kind = _PARAMS[method]
    good = _EXAMPLES[kind.__name__]
    msgspec.convert(good, kind)
    tried = [good | {name: wrong} for name in kind.__struct_encode_fields__ for wrong in _WRONG]
    tried += [{name: value for name, value in good.items() if name != left_out} for left_out in good]
    for params in (*tried, *_NOT_EVEN_PARAMS):
        try:
            msgspec.json.decode(msgspec.json.encode(params), type=kind)
        except msgspec.MsgspecError:
            yield params


_BAD = {
    **{method: list(_bad_params(method)) for method in _PARAMS},
    **{method: [None, 5, "x", {}, [1], [None], ["a", 1], [["a"]], {"streams": []}] for method in _LISTS},
}


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Rig:
    return Rig(tmp_path_factory.mktemp("messages"))


@pytest.fixture(scope="module")
def owner(rig: Rig) -> WireClient:
    return rig.client(1)


@pytest.fixture(scope="module")
def operators(rig: Rig) -> WireClient:
    client = rig.client(None)
    assert "result" in client.ask("operate", {})
    return client


def trades(rig: Rig, client: WireClient) -> None:
    """It is as well served as ever."""
    sent = client.ask("order", client.order_params())["result"]["client_order_id"]
    assert client.last_order()["client_order_id"] == sent and client.last_order()["status"] == "NEW"
    client.ask("cancel", {"client_order_id": sent})
    assert client.last_order()["status"] == "CANCELED"


@pytest.mark.parametrize("method", _BAD)
def test_each_field_wrong(method: str, rig: Rig, owner: WireClient, operators: WireClient) -> None:
    for_operators = method.startswith("op")
    client = operators if for_operators else rig.client(None) if method == "login" else owner
    orders = len(rig.gateway.gateway.book.orders) if hasattr(rig.gateway, "gateway") else None
    for params in _BAD[method]:
        reply = client.ask(method, params, wait_s=0.5 if method == "login" else 0)  # so often, and not more
        assert reply.get("error", {}).get("code") == ErrorCode.BAD_REQUEST, (params, reply)
        assert method in reply["error"]["msg"] or "64 bits" in reply["error"]["msg"], (params, reply)
    if orders is not None:
        assert len(rig.gateway.gateway.book.orders) == orders
    trades(rig, owner)


@pytest.mark.parametrize("data", _GARBAGE, ids=lambda data: repr(data[:40]))
def test_no_request_at_all(data: bytes, rig: Rig, owner: WireClient) -> None:
    client = rig.client(None)
    client.send_raw(data)
    [reply] = client.messages
    assert reply["error"]["code"] in (ErrorCode.BAD_REQUEST, ErrorCode.UNAUTHORIZED), reply
    assert reply["error"]["msg"].startswith(("not a request", "unknown method", "login")) and not client.is_closed
    assert len(reply["error"]["msg"]) < 400
    assert "result" in owner.ask("get_positions", {"symbols": []}, wait_s=0)


def test_there_are_many_of_them() -> None:
    assert sum(map(len, _BAD.values())) >= 400
    assert all(len(wrong) >= 8 for wrong in _BAD.values())
