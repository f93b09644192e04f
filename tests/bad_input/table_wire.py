"""What strategies, strangers and browsers say at the local port that they should not."""

from __future__ import annotations

from typing import Any

from tests.bad_input.case import Case
from tests.bad_input.wire_place import WirePlace as Place
from tradingsys.wire.messages import ErrorCode as Code

__all__ = ["CASES"]


def _raw(name: str, data: bytes, *says: str, binary: bool = False) -> Case[Place]:
    return Case(f"no request: {name}", lambda place: place.raw(data, binary=binary), Code.BAD_REQUEST, says)


def _login(name: str, code: Code, changes: dict[str, Any], *says: str) -> Case[Place]:
    return Case(f"login: {name}", lambda place: place.stranger("login", **changes), code, says)


def _stranger(method: str, params: Any, code: Code, *says: str) -> Case[Place]:
    return Case(f"without login: {method}", lambda place: place.stranger(method, params), code, says)


def _watcher(method: str, params: Any) -> Case[Place]:
    says = ("trading=False",)
    return Case(f"without trading: {method}", lambda place: place.watcher(method, params), Code.NON_TRADING, says)


def _ask(method: str, params: Any, code: int, *says: str) -> Case[Place]:
    return Case(f"{method}: {str(params)[:120]}", lambda place: place.ask(method, params), code, says)


def _order(changes: dict[str, Any], code: Code, *says: str) -> Case[Place]:
    return Case(f"order: {str(changes)[:120]}", lambda place: place.order(**changes), code, says)


def _amend(changes: dict[str, Any], code: Code, *says: str) -> Case[Place]:
    return Case(f"amend: {str(changes)[:60]}", lambda place: place.amend(**changes), code, says)


_BAD, _ORDER, _STREAM = Code.BAD_REQUEST, Code.INVALID_ORDER, Code.INVALID_STREAM
_KLINES = {"symbol": "dogeusdt", "interval": "1m", "limit": 5}
_AT_MARKET = {"order_type": "MARKET", "price": None, "time_in_force": None}
_STOP = {**_AT_MARKET, "order_type": "STOP_MARKET", "side": "SELL"}
_TRAILING = {**_AT_MARKET, "order_type": "TRAILING_STOP_MARKET", "side": "SELL"}

CASES: tuple[Case[Place], ...] = (
    # First, before the gateway reads the rules anew and refuses such orders by itself.
    Case(
        "order: its symbol is settling",
        lambda place: place.with_status("SETTLING"),
        -4140,
        ("the symbol takes no new",),
    ),
    _raw("nothing", b"", "empty, or binary", "JSON object as text"),
    _raw("binary", b"\x00\x01", "JSON object as text", binary=True),
    _raw("garbage", b"\x00\xff\x13garbage", "malformed"),
    _raw("cut off", b"{", "truncated"),
    _raw("cut off later", b'{"id":1,"method":"login"', "truncated"),
    _raw("a list", b"[]", "Expected `object`"),
    _raw("no method", b'{"id":1}', "missing required field `method`"),
    _raw("id as text", b'{"id":"x","method":"login"}', "Expected `int`"),
    _raw("NaN", b'{"id":1,"method":"order","params":{"quantity":NaN}}', "malformed"),
    _raw("Infinity", b'{"id":1,"method":"order","params":{"quantity":Infinity}}', "malformed"),
    _raw("a huge id", b'{"id":1e999,"method":"order"}', "out of range"),
    _raw("very deep", b'{"id":' + b"[" * 30_000),
    _raw("not UTF-8", b'{"id":1,"method":"\xff\xfe"}'),
    Case("an oversized message", lambda place: place.oversized(), 1009, ("1009",)),
    Case(
        "a browser's Origin",
        lambda place: place.handshake("Host: localhost", "Origin: https://somewhere.example"),
        403,
        ("Origin", "web page", "by program"),
    ),
    Case(
        "another Host",
        lambda place: place.handshake("Host: somewhere.example"),
        403,
        ("Host", "ws://localhost"),
    ),
    Case("another path", lambda place: place.handshake("Host: localhost", path="/ws"), 404, ("without a path",)),
    Case("a flood", lambda place: place.flood(), Code.BAD_REQUEST, ("200 a second",)),
    _login("session below 0", _BAD, {"session_id": -1}, "0 to 65535"),
    _login("session above 65535", _BAD, {"session_id": 65_536}, "0 to 65535"),
    _login("session with decimals", _BAD, {"session_id": 1.5}, "session_id"),
    _login("session as text", _BAD, {"session_id": "1"}, "session_id"),
    _login("huge session", _BAD, {"session_id": 10**30}),
    _login("wrong token", Code.UNAUTHORIZED, {"token": "wrong"}, "token", "PYALGO_TOKEN"),
    _login("no token", Code.UNAUTHORIZED, {"token": None}, "token file"),
    _login("another protocol", _BAD, {"protocol": 2}, "protocol 1, not 2", "same version"),
    _login("second owner", Code.DUPLICATE_LOGIN, {"session_id": 2}, "session 2 is used by test", "in 5 s"),
    _login("a name that writes on terminals", _BAD, {"name": "\x1b[2J"}, "printable"),
    _stranger("fly", {}, _BAD, "unknown method 'fly'", "subscribe"),
    _stranger("op.status", {}, Code.UNAUTHORIZED, "operate"),
    _stranger("subscribe", ["dogeusdt@depth"], Code.LOGIN_FIRST, "login"),
    _stranger("get_klines", _KLINES, Code.LOGIN_FIRST, "login"),
    _watcher("order", None),
    _watcher("amend", {"client_order_id": "x"}),
    _watcher("cancel", {"client_order_id": "x"}),
    _watcher("set_leverage", {"symbol": "dogeusdt", "leverage": 5}),
    _ask("subscribe", ["nosuchusdt@depth"], Code.INVALID_SYMBOL, "nosuchusdt", "spelled"),
    _ask("subscribe", ["dogeusdt"], Code.INVALID_SYMBOL, "<symbol>@<stream>"),
    _ask("subscribe", ["dogeusdt@depths"], _STREAM, "depths", "kline:<interval>"),
    _ask("subscribe", ["dogeusdt@depth:7ms"], _STREAM, "depth:7ms"),
    _ask("subscribe", ["dogeusdt@kline:7m"], _STREAM, "'7m'", "1m, 3m, 5m"),
    _ask("subscribe", ["dogeusdt@kline"], _STREAM, "interval", "1m, 3m, 5m"),
    _ask("subscribe", "dogeusdt@depth", _BAD, "Expected `array`"),
    _ask("unsubscribe", ["nosuchusdt@depth"], Code.INVALID_SYMBOL, "nosuchusdt", "spelled"),
    _ask("get_klines", _KLINES | {"interval": "7m"}, _STREAM, "'7m'", "1m, 3m, 5m"),
    _ask("get_klines", _KLINES | {"limit": 5_000}, _BAD, "1 to 1500", "end_ms"),
    _ask("get_klines", _KLINES | {"symbol": "nosuchusdt"}, Code.INVALID_SYMBOL, "nosuchusdt", "spelled"),
    _ask("get_klines", _KLINES | {"end_ms": -1}, _BAD, "end_ms", "since 1970"),
    _ask("get_settings", {"symbol": "x"}, Code.INVALID_SYMBOL, "spelled"),
    _ask("set_leverage", {"symbol": "dogeusdt", "leverage": 1e99}, _BAD, "leverage"),
    _ask("set_leverage", {"symbol": "dogeusdt", "leverage": 0}, -4028, "Leverage 0", "choose a leverage"),
    _ask("set_leverage", {"symbol": "x", "leverage": 5}, Code.INVALID_SYMBOL, "spelled"),
    _ask("set_margin_type", {"symbol": "dogeusdt", "margin_type": "BOTH"}, _BAD, "BOTH"),
    _ask("cancel", {"client_order_id": "nosuch"}, Code.NO_SUCH_ORDER, "no such order"),
    _ask("cancel", {}, _BAD, "client_order_id"),
    _ask("amend", {"client_order_id": "nosuch"}, Code.NO_SUCH_ORDER, "no such order"),
    _ask("resolve", {"orders": [{}]}, _BAD, "missing required field"),
    Case(
        "login: twice on one connection",
        lambda place: place.ask("login", {"session_id": 9, "name": "x", "token": place.owner.token}),
        _BAD,
        ("session 1 already", "open another"),
    ),
    _order({"price": "0.060005"}, _ORDER, "tick", "0.00001", "round the price"),
    _order({"quantity": "200.5"}, _ORDER, "decimals in the quantity", "sub.lot"),
    _order({"quantity": "0.5"}, _ORDER, "in the quantity"),
    _order({"quantity": "10"}, _ORDER, "notional", "5"),
    _order({"quantity": "999999999999"}, _ORDER, "max"),
    _order({"price": "0.000001"}, _ORDER, "price"),
    _order({"price": "1000000"}, _ORDER, "price"),
    _order({"price": "NaN"}, _ORDER, "price is not a plain decimal number"),
    _order({"price": "Infinity"}, _ORDER, "price is not a plain decimal number"),
    _order({"price": "-0.06"}, _ORDER, "price"),
    _order({"price": "0"}, _ORDER, "price"),
    _order({"price": "1e-2"}, _ORDER, "price is not a plain decimal number"),
    _order({"price": ""}, _ORDER, "price"),
    _order({"price": " 0.06"}, _ORDER, "price"),
    _order({"quantity": "1e999"}, _ORDER, "quantity is not a plain decimal number"),
    _order({"quantity": "NaN"}, _ORDER, "quantity is not a plain decimal number"),
    _order({"quantity": "-200"}, _ORDER, "quantity"),
    _order({"quantity": "0"}, _ORDER, "quantity"),
    _order({"quantity": "9" * 500}, _ORDER, "quantity"),
    _order({"quantity": 200}, _BAD, "quantity"),
    _order({"quantity": 1e300}, _BAD, "quantity"),
    _order({"side": "HOLD"}, _BAD, "HOLD"),
    _order({"order_type": "ICEBERG"}, _BAD, "ICEBERG"),
    _order({"time_in_force": "GTX"}, _BAD, "GTX"),
    _order({"price_match": "BEST"}, _BAD, "BEST"),
    _order({"price": None}, _ORDER, "price"),
    _order({"time_in_force": "GTD"}, _ORDER, "good_till_ms"),
    _order({"time_in_force": "GTD", "good_till_ms": 1}, _ORDER, "600"),
    _order({"time_in_force": "IOC", "post_only": True}, _ORDER, "post"),
    _order({**_AT_MARKET, "price": "0.06"}, _ORDER, "MARKET", "has no price", "at a limit"),
    _order({**_STOP}, _ORDER, "stop_price"),
    _order({**_STOP, "stop_price": "0.0400001"}, _ORDER, "decimals in the price"),
    _order({**_TRAILING, "callback_rate": "99"}, _ORDER, "callback"),
    _order({**_TRAILING, "callback_rate": "NaN"}, _ORDER, "callback_rate is not a plain decimal number"),
    _order({"reduce_only": True}, _ORDER, "reduce"),
    _order({"symbol": "nosuchusdt"}, Code.INVALID_SYMBOL, "spelled"),
    _order({"symbol": "btcusdt"}, _ORDER, "subscribe btcusdt before"),
    _order({"seq": 10**30}, _BAD),
    _order({"seq": 10**9}, _BAD, "counts the orders of a login"),
    _order({"seq": 1}, Code.STALE_KEY, "used before", "resolve"),
    _order({"seq": ...}, _BAD, "seq"),
    _order({"login": 99}, Code.STALE_KEY, "resolve"),
    _order({"epoch": 5}, Code.STALE_KEY, "resolve"),
    _order({"lineage": "xxxxx"}, Code.STALE_KEY, "resolve"),
    _amend({"price": "0.060005"}, _ORDER, "tick"),
    _amend({"quantity": "NaN"}, _ORDER, "quantity is not a plain decimal number"),
    _amend({"quantity": "10"}, _ORDER, "notional"),
    _amend({}, _ORDER, "changes nothing", "another price or quantity"),
)
