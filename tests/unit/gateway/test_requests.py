"""The gateway's answers, word for word: the whole gateway against the simulator's exchange, without sockets."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import apsw
import pytest

from tests.simulate.life import signer
from tests.simulate.rig import Rig
from tradingsys.core.enums import Side
from tradingsys.core.ids import EXTERNAL
from tradingsys.gateway.requests import order_requests
from tradingsys.sim.faces.transport import Request
from tradingsys.venues.binance.signing import sign_query
from tradingsys.wire import codec
from tradingsys.wire.messages import ErrorCode


def test_everything_needs_a_login_first(rig: Rig) -> None:
    client = rig.client(None)
    for method, params in {
        "subscribe": ["dogeusdt@depth"],
        "unsubscribe": ["dogeusdt@depth"],
        "get_positions": [],
        "order": {},
        "cancel": {"client_order_id": "x"},
        "resolve": {"orders": []},
    }.items():
        assert client.error(method, params) == ErrorCode.LOGIN_FIRST, method


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe",
        b"{",
        b"[]",
        b"null",
        b'"login"',
        b'{"id":1}',
        b'{"id":"one","method":"login"}',
        b'{"id":1,"method":"fly"}',
        b'{"id":1,"method":"login"}',
        b'{"id":1,"method":"login","params":[]}',
        b'{"id":1,"method":"login","params":{"session_id":"1"}}',
        b'{"id":1,"method":"login","params":{"session_id":1e400}}',
        b'{"id":99999999999999999999,"method":"login"}',
        b'{"id":1,"method":"subscribe","params":"dogeusdt@depth"}',
        b"[" * 2_000,
    ],
)
def test_nonsense_gets_an_error_and_loses_nothing(rig: Rig, data: bytes) -> None:
    client = rig.client()
    client.messages.clear()
    client.send_raw(data)
    errors = [message for message in client.messages if "error" in message]
    assert len(errors) == 1 and errors[0]["error"]["code"] == ErrorCode.BAD_REQUEST
    assert "result" in client.ask("get_positions", [])


@pytest.mark.parametrize(
    ("stream", "code"),
    [
        ("nosuchusdt@depth", ErrorCode.INVALID_SYMBOL),
        ("dogeusdt", ErrorCode.INVALID_SYMBOL),
        ("@depth", ErrorCode.INVALID_SYMBOL),
        ("dogeusdt@", ErrorCode.INVALID_STREAM),
        ("dogeusdt@depths", ErrorCode.INVALID_STREAM),
        ("dogeusdt@depth:7ms", ErrorCode.INVALID_STREAM),
        ("dogeusdt@kline:1s", ErrorCode.INVALID_STREAM),
        ("dogeusdt@kline", ErrorCode.INVALID_STREAM),
        ("dogeusdt@bbo:1", ErrorCode.INVALID_STREAM),
    ],
)
def test_a_stream_that_does_not_exist_is_refused(rig: Rig, stream: str, code: int) -> None:
    assert rig.client().error("subscribe", [stream]) == code


def test_a_session_without_trading_sees_data_and_cannot_trade(rig: Rig) -> None:
    watcher = rig.client(1, trading=False)
    rig.house(Side.BUY, 50, "0.599")
    rig.run(1)
    assert watcher.pushes("depth")[-1]["bids"][0][0] == "0.599000"
    watcher.login_result |= {"lineage": "x", "epoch": 1, "login": 1}
    assert watcher.error("order", watcher.order_params()) == ErrorCode.NON_TRADING
    assert watcher.error("cancel", {"client_order_id": "x"}) == ErrorCode.NON_TRADING


def test_an_order_from_request_to_position(rig: Rig) -> None:
    client = rig.client()
    client_order_id = client.ask("order", client.order_params())["result"]["client_order_id"]
    assert client.last_order()["status"] == "NEW" and client.last_order()["client_order_id"] == client_order_id
    rig.house(Side.SELL, 4, "0.6")
    first, completed = (push["order"] for push in client.pushes("order")[-2:])
    (fill,) = first["fills"]
    assert (first["status"], first["cum_qty"], fill["making"], "fee" in fill) == ("PARTIALLY_FILLED", "4", True, False)
    assert "fills" not in completed, "told once"
    (fill,) = completed["completed_fills"]
    assert (fill["exec_id"], fill["fee_asset"]) == (first["fills"][0]["exec_id"], "USDT")
    events = [(event["type"], event.get("net") or event["order"].get("cum_qty", "0")) for event in client.events]
    moved = events.index(("position", "4"))
    assert moved < events.index(("order", "4")), "the position is told before the order that moved it"
    assert client.pushes("position")[-1]["net"] == "4"
    assert "error" not in client.ask("cancel", {"client_order_id": client_order_id})
    assert client.last_order()["status"] == "CANCELED" and client.last_order()["cum_qty"] == "4"
    counts = [message["n"] for message in client.events]
    assert counts == list(range(1, len(counts) + 1)), "gap-free"


def test_a_fill_is_told_once_although_the_exchange_tells_it_twice(rig: Rig) -> None:
    client = rig.client()
    client.ask("order", client.order_params())
    rig.house(Side.SELL, 10, "0.6")
    fills = [fill["exec_id"] for push in client.pushes("order") for fill in push["order"].get("fills", [])]
    assert len(fills) == len(set(fills)) == 1
    assert rig.net(1) == 10


def test_sessions_do_not_reach_each_other(rig: Rig) -> None:
    one, two = rig.client(1, instance="a"), rig.client(2, instance="b")
    client_order_id = one.ask("order", one.order_params())["result"]["client_order_id"]
    rig.house(Side.SELL, 10, "0.6")
    assert not two.pushes("order") and not two.pushes("position")
    assert two.error("cancel", {"client_order_id": client_order_id}) == ErrorCode.NO_SUCH_ORDER
    item = two.order_params(client_order_id=client_order_id)
    assert two.error("resolve", {"orders": [item]}) == ErrorCode.NO_SUCH_ORDER
    assert two.ask("get_positions", [])["result"] == []
    (position,) = one.ask("get_positions", [])["result"]
    assert (position["symbol"], position["net"]) == ("dogeusdt", "10")


@pytest.mark.parametrize(
    "changes",
    [
        {"price": "0.600001"},
        {"price": "-0.6"},
        {"price": "0"},
        {"price": "NaN"},
        {"price": "Infinity"},
        {"price": "1e-400"},
        {"price": "1E+999999999"},
        {"quantity": "1E+999999999"},
        {"quantity": "9" * 60_000},
        {"price": "0." + "1" * 60_000},
        {"price": "0_0.6"},
        {"price": " 0.6"},
        {"price": ""},
        {"price": "abc"},
        {"price": None},
        {"quantity": "0"},
        {"quantity": "0.5"},
        {"quantity": "-10"},
        {"quantity": "1"},
        {"quantity": "1e30"},
        {"quantity": "99999999999"},
        {"order_type": "STOP_MARKET"},
        {"time_in_force": "GTD"},
        {"post_only": True, "time_in_force": "IOC"},
        {"reduce_only": True},
    ],
)
def test_an_order_that_makes_no_sense_is_refused_and_uses_its_number_up(rig: Rig, changes: dict[str, object]) -> None:
    client = rig.client()
    params = client.order_params(**changes)
    assert client.error("order", params) == ErrorCode.INVALID_ORDER
    assert not client.pushes("order")
    assert client.error("order", client.order_params(seq=params["seq"])) == ErrorCode.STALE_KEY, "it was told its fate"
    assert "result" in client.ask("order", client.order_params())


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"symbol": "nosuchusdt"}, ErrorCode.INVALID_SYMBOL),
        ({"symbol": "adausdt"}, ErrorCode.INVALID_ORDER),  # not subscribed: nobody accounts for it yet
        ({"side": "HOLD"}, ErrorCode.BAD_REQUEST),
        ({"seq": -1}, ErrorCode.STALE_KEY),
        ({"epoch": 1}, ErrorCode.STALE_KEY),
        ({"epoch": 9_999_999_999_999}, ErrorCode.STALE_KEY),
        ({"lineage": "zzzzz"}, ErrorCode.STALE_KEY),
        ({"login": 99}, ErrorCode.STALE_KEY),
    ],
)
def test_orders_with_another_name_are_refused(rig: Rig, changes: dict[str, object], code: int) -> None:
    client = rig.client()
    assert client.error("order", client.order_params(**changes)) == code
    assert not rig.simulator.exchange.open_orders("account")


def test_a_key_is_used_once(rig: Rig) -> None:
    client = rig.client()
    params = client.order_params()
    client.ask("order", params)
    assert client.error("order", params) == ErrorCode.STALE_KEY
    assert client.error("order", params | {"price": "0.5"}) == ErrorCode.STALE_KEY
    assert len(rig.simulator.exchange.open_orders("account")) == 1


def test_what_the_exchange_refuses_is_told_with_its_reason(rig: Rig) -> None:
    rig.house(Side.SELL, 50, "0.6")
    client = rig.client()
    client.ask("order", client.order_params(post_only=True))
    order = client.last_order()
    assert order["status"] == "REJECTED" and order["code"] == -5022 and "Post Only" in order["reason"]


def test_a_manual_trade_is_external_exactly(rig: Rig) -> None:
    rig.client()
    rig.house(Side.SELL, 50, "0.6")
    rig.by_hand(Side.BUY, 17)
    assert rig.nets(EXTERNAL, 1) == [17, 0]
    rig.restart()
    assert rig.nets(EXTERNAL, 1) == [17, 0]


def test_what_the_account_held_before_is_external(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.house(Side.SELL, 50, "0.6")
    rig.by_hand(Side.BUY, 17)
    assert rig.net(EXTERNAL) == 0, "nobody accounts for the symbol yet"
    client = rig.client()
    assert rig.net(EXTERNAL) == 17
    client.ask("order", client.order_params())
    rig.run(1)
    assert rig.nets(1, EXTERNAL) == [10, 17]
    assert rig.simulator.exchange.position("account", "DOGEUSDT").net == 27


def test_reduce_only_means_the_sessions_own_position(rig: Rig) -> None:
    one, two = rig.client(1, instance="a"), rig.client(2, instance="b")
    rig.house(Side.SELL, 100, "0.6")
    one.ask("order", one.order_params(quantity="30"))
    two.ask("order", two.order_params(quantity="20"))
    rig.house(Side.BUY, 200, "0.59")
    sell = {"side": "SELL", "price": "0.7", "reduce_only": True}
    assert one.error("order", one.order_params(quantity="31", **sell)) == ErrorCode.INVALID_ORDER
    assert one.error("order", one.order_params(quantity="10", side="BUY", reduce_only=True)) == ErrorCode.INVALID_ORDER
    assert "result" in one.ask("order", one.order_params(quantity="20", **sell))
    assert one.error("order", one.order_params(quantity="11", **sell)) == ErrorCode.INVALID_ORDER
    [at_venue] = [order for order in rig.simulator.exchange.open_orders("account") if order.side is Side.SELL]
    assert not at_venue.reduce_only, "at the venue the flag would act on both sessions' position"


def test_hedge_mode_is_refused_with_its_remedy(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.gateway.stop()
    now_ms = rig.world.now_ns // 1_000_000
    query = sign_query(signer(), {"dualSidePosition": "true", "timestamp": now_ms})
    request = Request("POST", "/fapi/v1/positionSide/dual", query.encode(), {"x-mbx-apikey": "key"})
    assert rig.simulator.http(request, rig.world.now_ns)[0].status == 200
    rig.start(until_ready=False)
    rig.run(6)
    assert not rig.gateway.gateway.is_ready
    assert "One-way" in str(rig.gateway.failure)


def test_an_edit_by_sql_moves_between_session_and_external(rig: Rig) -> None:
    client = rig.client()
    rig.house(Side.SELL, 10, "0.6")
    client.ask("order", client.order_params())
    rig.run(1)
    rig.gateway.stop()
    conn = apsw.Connection(str(rig.folder / "pos.db"))
    conn.execute("UPDATE positions SET net = 4 WHERE session_id = 1 AND symbol = 'dogeusdt'")
    conn.close()
    rig.start()
    assert rig.nets(1, EXTERNAL) == [4, 6]
    assert rig.gateway.gateway.recovery.differences == {}
    rig.restart()
    assert rig.nets(1, EXTERNAL) == [4, 6]


def test_an_edit_of_a_row_that_also_traded_stops_the_start(rig: Rig) -> None:
    client = rig.client()
    client.ask("order", client.order_params())
    rig.run(1)
    rig.gateway.stop()
    rig.house(Side.SELL, 10, "0.6")
    conn = apsw.Connection(str(rig.folder / "pos.db"))
    conn.execute("INSERT INTO positions(session_id, symbol, net) VALUES (1, 'dogeusdt', '5')")
    conn.close()
    rig.start(until_ready=False)
    rig.run(6)
    told = str(rig.gateway.failure)
    assert "0 to 5" in told and "net is 10" in told and "UPDATE positions SET net = '5'" in told
    rig.gateway.stop()
    rig.start()
    assert rig.net(1) == 10, "the fill is booked, the edit is not"


def test_the_status_says_what_is_missing(rig: Rig) -> None:
    client = rig.client()
    assert client.pushes("status")[-1] | {"text": ""} == {
        "type": "status",
        "ready": True,
        "trading": True,
        "market": True,
        "text": "",
    }


def test_decimals_keep_every_digit(rig: Rig) -> None:
    client = rig.client()
    client.ask("order", client.order_params(price="0.59999", quantity="12"))
    assert client.last_order()["price"] == "0.59999" and client.last_order()["quantity"] == "12"
    rig.house(Side.SELL, 12, "0.59")
    assert client.last_order()["avg_px"] == "0.59999"
    item = client.order_params(client_order_id=client.last_order()["client_order_id"])
    [order] = client.ask("resolve", {"orders": [item]})["result"]["orders"]
    assert Decimal(order["fills"][0]["fee"]) == Decimal("0.00143998"), "as the exchange rounds it"


def test_what_is_too_much_for_one_answer_is_told_in_parts_and_one_order_always(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = rig.client()
    items = []
    for _ in range(3):
        client.ask("order", client.order_params(quantity="20"))
        items.append(client.order_params(client_order_id=client.last_order()["client_order_id"]))
        for _ in range(2):
            rig.house(Side.SELL, 10, "0.59")
    monkeypatch.setattr(codec, "_MAX_ANSWER_BYTES", 600)
    for most, told in ((1, 1), (2, 1), (4, 2), (5, 2), (6, 3)):
        monkeypatch.setattr(order_requests, "_MOST_EXECUTIONS", most)
        orders = client.ask("resolve", {"orders": items})["result"]["orders"]
        assert [order["client_order_id"] for order in orders] == [item["client_order_id"] for item in items[:told]]
        assert {len(order["fills"]) for order in orders} == {2}


def test_orders_before_one_that_nothing_can_be_said_of_are_told(rig: Rig) -> None:
    client = rig.client()
    client.ask("order", client.order_params())
    mine = client.order_params(client_order_id=client.last_order()["client_order_id"])
    foreign = client.order_params(client_order_id="mine")
    [order] = client.ask("resolve", {"orders": [mine, foreign, mine]})["result"]["orders"]
    assert order["client_order_id"] == mine["client_order_id"]
    assert client.error("resolve", {"orders": [foreign, mine]}) == ErrorCode.NO_SUCH_ORDER
