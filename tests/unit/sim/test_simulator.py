"""The whole box: the same log gives the same bytes, and the operator sees everything."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from decimal import Decimal
from random import Random
from typing import Any

import msgspec
import pytest

from tradingsys.core.enums import Side
from tradingsys.sim.faces.binance_usdm import ApiKey
from tradingsys.sim.faces.transport import Reply, Request, WsOutput
from tradingsys.sim.simulator import Simulator
from tradingsys.venues.auth import HmacSigner
from tradingsys.venues.binance.signing import sign_query, sign_ws_params

from .exchange_rig import MS, T0
from .face_rig import Client

SIGNER = HmacSigner("secret")
Step = tuple[int, Callable[[Simulator, int], Any]]


def box(seed: int) -> Simulator:
    return Simulator(
        now_ns=T0,
        accounts={"main": {"USDT": Decimal(10_000)}},
        keys=[ApiKey("key", "main", SIGNER.verifier())],
        flow=Random(seed),
    )


def http(method: str, path: str, now_ns: int, **params: str | int) -> Callable[[Simulator, int], Any]:
    query = sign_query(SIGNER, {**params, "timestamp": now_ns // MS}).encode()
    return lambda box, at_ns: box.http(Request(method, path, query, {"x-mbx-apikey": "key"}), at_ns)


def ws(conn_id: int, frame: dict[str, object]) -> Callable[[Simulator, int], Any]:
    return lambda box, at_ns: box.ws_frame(conn_id, msgspec.json.encode(frame), at_ns)


def opened(conn_id: int, target: str) -> Callable[[Simulator, int], Any]:
    return lambda box, at_ns: box.ws_open(conn_id, target, at_ns)


def recorded_log(listen_key: str) -> list[Step]:
    """Some seconds of a busy client."""
    rng = Random(99)
    log: list[Step] = [
        (T0, http("POST", "/fapi/v1/listenKey", T0)),
        (T0, opened(1, "/public/stream?streams=dogeusdt@depth20@100ms/btcusdt@depth/ethusdt@bookTicker")),
        (T0, opened(2, "/market/stream")),
        (T0, ws(2, {"method": "SUBSCRIBE", "params": ["dogeusdt@aggTrade", "btcusdt@kline_1m"], "id": 1})),
        (T0, opened(3, f"/private/ws/{listen_key}")),
        (T0, opened(4, "/ws-fapi/v1")),
    ]
    at_ns = T0
    for number in range(150):
        at_ns += rng.randrange(1, 60 * MS)
        order: dict[str, str | int] = {
            "symbol": "DOGEUSDT",
            "side": rng.choice(["BUY", "SELL"]),
            "type": "LIMIT",
            "timeInForce": rng.choice(["GTC", "IOC", "GTX"]),
            "quantity": str(rng.randrange(10, 3000)),
            "price": f"0.{rng.randrange(5995, 6006)}",
            "newClientOrderId": f"id-{number}",
        }
        match rng.randrange(4):
            case 0:
                log.append((at_ns, http("POST", "/fapi/v1/order", at_ns, **order)))
            case 1:
                params = sign_ws_params(SIGNER, {**order, "apiKey": "key", "timestamp": at_ns // MS})
                log.append((at_ns, ws(4, {"id": number, "method": "order.place", "params": params})))
            case 2:
                cancel = {"symbol": "DOGEUSDT", "origClientOrderId": f"id-{rng.randrange(number + 1)}"}
                log.append((at_ns, http("DELETE", "/fapi/v1/order", at_ns, **cancel)))
            case _:
                log.append((at_ns, Simulator.tick))
    return log


def replay(seed: int, log: list[Step]) -> bytes:
    """Every byte the box gave."""
    simulator = box(seed)
    lines: list[str] = []
    for at_ns, step in log:
        result = step(simulator, at_ns)
        reply: Reply | None
        outputs: list[WsOutput]
        reply, outputs = result if isinstance(result, tuple) else (None, result)
        lines += [repr(reply), *map(repr, outputs)]
    return "\n".join(lines).encode()


def test_the_same_log_gives_the_same_bytes() -> None:
    log = recorded_log(hashlib.sha256(b"key/1").hexdigest())
    first = replay(1, log)
    assert first == replay(1, log)
    assert first != replay(2, log)
    for expected in (b"ORDER_TRADE_UPDATE", b"ACCOUNT_UPDATE", b"aggTrade", b"kline", b"depthUpdate", b"rateLimits"):
        assert expected in first


def test_a_later_box_gives_larger_ids() -> None:
    client = Client()
    later = Simulator(now_ns=T0 + 10**9, accounts={}, keys=[], flow=None)
    client.quote()
    newest = max(client.box.exchange.venues["DOGEUSDT"].open)
    assert later.exchange.venues["DOGEUSDT"].order_id() > newest


# --- the operator's window


def admin(client: Client, method: str, path: str, body: object = None, **headers: str) -> tuple[int, Any]:
    client.now_ns += MS
    target, _, query = path.partition("?")
    data = b"" if body is None else msgspec.json.encode(body)
    request = Request(method, f"/admin/{target}", query.encode(), {"host": "localhost:8100", **headers}, data)
    reply, outputs = client.box.http(request, client.now_ns)
    client._take(outputs)
    return reply.status, msgspec.json.decode(reply.body)


def test_a_manual_trade_reaches_the_account_like_any_other() -> None:
    client = Client()
    client.quote()
    conn = client.listen()
    status, done = admin(client, "POST", "trade", {"symbol": "DOGEUSDT", "side": "BUY", "qty": "30"})
    assert status == 200
    assert (done["order"]["status"], done["order"]["type"]) == ("FILLED", "MARKET")
    assert done["order"]["client_order_id"].startswith("web_")
    assert [frame["e"] for frame in client.take(conn)][-1] == "ORDER_TRADE_UPDATE"
    _, (row,) = admin(client, "GET", "ledger")
    assert (row["account"], row["px"], row["qty"], row["fee"], row["is_maker"]) == (
        "main", "0.601000", "30", "0.00901500", False,
    )  # fmt: skip
    assert row["client_order_id"] == done["order"]["client_order_id"]
    _, (position,) = admin(client, "GET", "positions?account=main")
    assert (position["symbol"], position["net"]) == ("DOGEUSDT", "30")
    _, balances = admin(client, "GET", "balances?account=main")
    assert balances[0]["wallet"] == "99999.99098500"
    assert admin(client, "GET", "ledger?symbol=btcusdt") == (200, [])
    assert admin(client, "GET", "ledger?account=other") == (200, [])


def test_manual_orders_rest_and_are_cancelled() -> None:
    client = Client()
    body = {
        "account": "other",
        "symbol": "DOGEUSDT",
        "side": "SELL",
        "qty": "5",
        "price": "0.7",
        "client_order_id": "me",
    }
    status, done = admin(client, "POST", "trade", body)
    assert (status, done["order"]["status"], done["executions"]) == (200, "NEW", [])
    status, gone = admin(client, "POST", "cancel", {"account": "other", "symbol": "DOGEUSDT", "client_order_id": "me"})
    assert (status, gone["status"]) == (200, "CANCELED")
    _, (order,) = admin(client, "GET", "orders")
    assert (order["account"], order["status"]) == ("other", "CANCELED")
    assert client.box.exchange.venues["DOGEUSDT"].book.best(Side.SELL) is None


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "nothing", None, 404),
        ("GET", "ledger?colour=red", None, 400),
        ("POST", "trade", {"symbol": "DOGEUSDT"}, 400),
        ("POST", "trade", {"symbol": "NOPE", "side": "BUY", "qty": "1"}, 400),
        ("POST", "trade", {"symbol": "DOGEUSDT", "side": "BUY", "qty": "many"}, 400),
        ("POST", "trade", {"symbol": "DOGEUSDT", "side": "BUY", "qty": "1", "account": "nobody"}, 400),
        ("POST", "trade", {"symbol": "DOGEUSDT", "side": "BUY", "qty": "1", "account": "crowd"}, 400),
        ("POST", "cancel", {"symbol": "DOGEUSDT", "client_order_id": "x"}, 400),
    ],
)
def test_admin_mistakes(method: str, path: str, body: object, status: int) -> None:
    got, answer = admin(Client(), method, path, body)
    assert (got, list(answer)) == (status, ["error"])


def test_browsers_and_other_machines_are_refused() -> None:
    client = Client()
    assert admin(client, "GET", "status")[0] == 200
    assert admin(client, "GET", "status", origin="http://localhost:8100")[0] == 403
    assert admin(client, "GET", "status", host="evil.example:8100")[0] == 403
    assert admin(client, "GET", "status", host="127.0.0.1:8100")[0] == 200
    assert admin(client, "GET", "status", host="[::1]:8100")[0] == 200
