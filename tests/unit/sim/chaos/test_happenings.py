"""What happens at a time, or for a time."""

from __future__ import annotations

import pytest

from tradingsys.sim.chaos.faults import Fault
from tradingsys.sim.chaos.profiles import Episode
from tradingsys.sim.faces.transport import NO_ANSWER, WsRefuse

from .rig import EVERY_PRODUCT, Troubled, profile

S = 1_000
TIME = "/fapi/v1/time"
QUIET = profile()


@pytest.fixture
def client() -> Troubled:
    return Troubled(QUIET)


def server_ms(client: Troubled) -> int:
    return int(client.call("GET", TIME, sign=False)["serverTime"])


def test_a_restart_ends_all_websockets_and_lets_nobody_in_for_a_while(client: Troubled) -> None:
    user, market, api = client.listen(), client.open("/public/ws"), client.open("/ws-fapi/v1")
    client.place("before")
    assert client.admin("chaos", now="restart")["lasting"] == []
    client.run(1)
    assert set(client.closed) == {user, market, api}
    assert set(client.closed.values()) <= {1001, 1006}
    assert client.admin("chaos")["lasting"] == ["restart"]
    refusal = client.box.ws_refusal("/public/ws", client.now_ns)
    assert isinstance(refusal, WsRefuse) and refusal.status == 503
    assert client.place("meanwhile") == 200
    client.run(6 * S)
    assert client.admin("chaos")["lasting"] == []
    again = client.listen()
    client.place("after")
    assert [event["o"]["c"] for event in client.take(again)] == ["after"]
    ids = [row["order_id"] for row in client.admin("orders")]
    assert ids == sorted(ids)
    assert [event["o"]["c"] for event in client.take(user)] == ["before"]


@EVERY_PRODUCT
@pytest.mark.parametrize(("fault", "status"), [(Fault.TOO_MANY, 429), (Fault.BAN, 418)])
def test_who_is_shut_out_is_told_for_how_long(product: type[Troubled], fault: Fault, status: int) -> None:
    client = product(QUIET)
    client.admin("chaos", now=fault)
    reply = client.reply("GET", client.open_orders)
    assert reply.status == status
    assert client.place("mine") == status
    assert client.live() == []
    seconds = int(reply.headers["Retry-After"])
    assert 1 <= seconds <= 31
    client.run((seconds - 1) * S - 100)
    assert client.reply("GET", client.open_orders).status == status
    client.run(S + 100)
    assert client.place("mine") == 200


@EVERY_PRODUCT
def test_who_goes_on_asking_while_shut_out_is_not_told_to_come_back_before_the_ban_ends(
    product: type[Troubled],
) -> None:
    client = product(QUIET)
    client.admin("chaos", now="too_many")
    replies = [client.reply("GET", client.open_orders) for _ in range(12)]
    assert [reply.status for reply in replies] == [429] * 10 + [418] * 2
    assert int(replies[0].headers["Retry-After"]) <= 31
    assert int(replies[-1].headers.get("Retry-After", "120")) >= 119


def test_a_ban_ends_with_chaos(client: Troubled) -> None:
    client.admin("chaos", now="ban")
    assert client.place("mine") == 418
    client.admin("chaos", on=False)
    assert client.place("mine") == 200


def _refused(product: type[Troubled], seed: int) -> tuple[Troubled, dict[str, int]]:
    """What questions get while some are refused, by their names; orders are taken all the while."""
    client = product(QUIET, seed)
    assert client.place("before") == 200
    client.admin("chaos", now="refusal")
    client.run(1)
    assert client.place("mine") == 200
    assert client.reply("GET", client.order.replace("order", "time"), sign=False).status in (200, 404)
    trades = client.open_orders.replace("openOrders", "userTrades" if product is Troubled else "myTrades")
    asked = {
        "open orders": client.reply("GET", client.open_orders, symbol="DOGEUSDT"),
        "an order": client.reply("GET", client.order, symbol="DOGEUSDT", origClientOrderId="mine"),
        "executions": client.reply("GET", trades, symbol="DOGEUSDT"),
        "executions of another symbol": client.reply("GET", trades, symbol="BTCUSDT"),
    }
    assert client.counts() == {"refusal": 1}
    return client, {name: reply.status for name, reply in asked.items()}


@EVERY_PRODUCT
def test_questions_are_refused_of_one_kind_or_all_and_of_a_symbol_or_all(product: type[Troubled]) -> None:
    seen, statuses = set(), set()
    for seed in range(60):
        client, told = _refused(product, seed)
        refused = {name for name, status in told.items() if status != 200}
        seen.add(frozenset(refused))
        statuses |= {told[name] for name in refused}
        client.run(241 * S)
        assert client.reply("GET", client.open_orders, symbol="DOGEUSDT").status == 200
        assert client.reply("GET", client.order, symbol="DOGEUSDT", origClientOrderId="mine").status == 200
    assert seen == {
        frozenset(),
        frozenset({"open orders"}),
        frozenset({"an order"}),
        frozenset({"executions"}),
        frozenset({"executions", "executions of another symbol"}),
        frozenset({"open orders", "an order", "executions", "executions of another symbol"}),
    }
    assert statuses == {400, 403, 429, 503, NO_ANSWER}


def test_a_refusal_ends_with_chaos() -> None:
    client = next(client for client, told in map(_on_futures, range(60)) if told["open orders"] != 200)
    client.admin("chaos", on=False)
    assert client.reply("GET", client.open_orders, symbol="DOGEUSDT").status == 200


def _on_futures(seed: int) -> tuple[Troubled, dict[str, int]]:
    return _refused(Troubled, seed)


@EVERY_PRODUCT
def test_one_websocket_ends_as_after_a_day(product: type[Troubled]) -> None:
    client = product(QUIET)
    opened = [client.watch() for _ in range(4)]
    client.admin("chaos", now="socket_end")
    client.run(1)
    ((conn_id, code),) = client.closed.items()
    assert conn_id in opened and code == 1001
    assert {row["id"] for row in client.admin_rows("connections")} == set(opened) - {conn_id}


def test_no_websocket_is_there_to_end(client: Troubled) -> None:
    client.admin("chaos", now="socket_end")
    client.run(1)
    assert client.closed == {}


@EVERY_PRODUCT
def test_streams_end_and_their_websockets_stay(product: type[Troubled]) -> None:
    client = product(QUIET)
    user = client.listen()
    client.admin("chaos", now="stream_end")
    client.run(1)
    client.place("mine")
    (last,) = client.take(user)
    assert last.get("event", last)["e"] in ("listenKeyExpired", "eventStreamTerminated")
    assert client.closed == {}
    again = client.listen()
    client.place("other")
    assert client.heard(again) == ["other"]


@EVERY_PRODUCT
def test_silence_holds_for_those_who_are_there_and_takes_turns(product: type[Troubled]) -> None:
    heard = set()
    for seed in range(12):
        client = product(QUIET, seed)
        user, market, api = client.listen(), client.watch(), client.open(client.ws_api)
        client.admin("chaos", now="silence")
        client.run(1)
        newcomer = client.watch()
        client.place("mine", px="0.6")
        client.send(api, b'{"id": 1, "method": "ping"}')
        told = tuple(bool(client.take(each)) for each in (user, market, api))
        heard.add(told)
        assert client.take(newcomer)
        assert client.closed == {}
        client.run(61 * S)
        client.place("later", px="0.6005")
        client.send(api, b'{"id": 1, "method": "ping"}')
        assert all(client.take(each) for each in (user, market, api))
    assert heard == {(True, False, True), (False, True, True), (False, False, False)}


def test_what_was_silenced_is_lost_and_not_late() -> None:
    client = Troubled(QUIET, 1)
    user = client.listen()
    while True:
        client.admin("chaos", now="silence")
        client.run(1)
        client.place("mine")
        if not client.take(user):
            break
        client.run(61 * S)
    client.admin("chaos", on=False)
    client.run(S)
    assert client.take(user) == []


STEPPING = profile(episodes=(Episode(Fault.CLOCK_STEP, (2, 4)),))


def test_the_clock_steps_and_never_goes_back() -> None:
    client = Troubled(STEPPING)
    last_ms, offs = 0, set()
    for _ in range(150):
        client.run(500)
        now_ms = server_ms(client)
        assert now_ms >= last_ms
        last_ms = now_ms
        offs.add(now_ms - client.now_ms)
    assert all(abs(off) <= 2_000 for off in offs)
    assert min(offs) < -1_000 and max(offs) > 1_000
    assert client.counts()["clock_step"] >= 15
    client.admin("chaos", on=False)
    client.run(4 * S)
    assert abs(server_ms(client) - client.now_ms) <= 1


def test_timestamps_are_held_against_the_clock_as_it_is() -> None:
    client = Troubled(STEPPING)
    verdicts = set()
    for number in range(80):
        client.run(400)
        verdicts.add(client.place(f"n{number}"))
    assert verdicts == {200, 400}  # -1021: ahead by more than a second


def test_nothing_is_overdue_while_the_clock_stands_still() -> None:
    client = Troubled(STEPPING, 3)
    client.open("/public/ws/dogeusdt@bookTicker")
    calls = 0
    end_ns = client.now_ns + 60_000 * 1_000_000
    while client.now_ns < end_ns:
        deadline_ns = client.box.next_deadline_ns
        assert deadline_ns is not None
        client.now_ns = max(client.now_ns, deadline_ns)
        client._take(client.box.tick(client.now_ns))
        calls += 1
        assert calls < 5_000, "it never gets on"
