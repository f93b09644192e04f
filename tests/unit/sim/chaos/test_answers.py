"""Orders meet their fate by number, whatever else is asked; what is answered is never a lie about what was done."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tradingsys.sim.chaos.faults import Fault
from tradingsys.sim.chaos.profiles import PROFILES
from tradingsys.sim.faces.transport import NO_ANSWER

from .rig import ASK, EVERY_PRODUCT, SpotTroubled, Troubled, always, profile

MS = 1_000_000
BY_WEBSOCKET = pytest.mark.parametrize("product", [Troubled, SpotTroubled])
"""Those whose orders may come by websocket."""


@EVERY_PRODUCT
@pytest.mark.parametrize(
    ("fault", "status", "acts"),
    [
        (Fault.ANSWER_LATE, 200, True),
        (Fault.ANSWER_MISSING, NO_ANSWER, True),
        (Fault.ANSWER_TIMEOUT, 408, True),
        (Fault.ANSWER_UNKNOWN, 503, True),
        (Fault.ANSWER_DROPPED, NO_ANSWER, True),
        (Fault.REQUEST_CUT, NO_ANSWER, False),
        (Fault.UNAVAILABLE, 503, False),
        (Fault.OVERLOADED, 503, False),
        (Fault.INTERNAL, 503, False),
    ],
)
def test_an_order_by_http(product: type[Troubled], fault: Fault, status: int, acts: bool) -> None:
    client = product(profile(orders=always(fault), answers_late_ms=(100, 200)))
    user = client.listen()
    reply = client.reply("POST", client.order, **client.limit(newClientOrderId="mine"))
    assert reply.status == client.says.get(fault, status)
    assert client.live() == (["mine"] if acts else [])
    assert client.heard(user) == client.live()
    assert client.counts() == {fault: 1}
    if fault is Fault.ANSWER_LATE:
        assert 100 * MS <= reply.late_ns <= 200 * MS
    else:
        assert (reply.late_ns > 10_000 * MS) is (fault is Fault.ANSWER_MISSING)


@BY_WEBSOCKET
@pytest.mark.parametrize(
    ("fault", "answer", "acts"),
    [
        (Fault.ANSWER_LATE, 200, True),
        (Fault.ANSWER_MISSING, None, True),
        (Fault.ANSWER_TIMEOUT, 408, True),
        (Fault.ANSWER_UNKNOWN, 503, True),
        (Fault.ANSWER_DROPPED, "closed", True),
        (Fault.REQUEST_CUT, "closed", False),
        (Fault.OVERLOADED, 503, False),
    ],
)
def test_an_order_by_websocket(product: type[Troubled], fault: Fault, answer: Any, acts: bool) -> None:
    client = product(profile(orders=always(fault), answers_late_ms=(100, 200)))
    api = client.open(client.ws_api)
    client.ask(api, "order.place", **client.limit(newClientOrderId="mine"))
    at_once = client.take(api)
    assert bool(at_once) is (answer in (408, 503))
    client.run(20_000)
    answers = [frame["status"] for frame in [*at_once, *client.take(api)]]
    assert answers == ([client.says.get(fault, answer)] if isinstance(answer, int) else [])
    assert client.closed == ({api: 1001} if answer == "closed" else {})
    assert client.live() == (["mine"] if acts else [])


def fates(product: type[Troubled], seed: int, *, busy: bool) -> list[int]:
    """The answers to forty orders, with other requests between them or without."""
    client = product(PROFILES["flaky"], seed)
    answers = []
    for number in range(40):
        answers.append(client.place(f"n{number}"))
        if busy:
            client.reply("GET", client.open_orders)
            client.cancel(f"n{number}")
            client.run(300)
    return answers


@EVERY_PRODUCT
def test_the_same_seed_gives_the_nth_order_the_same_fate(product: type[Troubled]) -> None:
    alone = fates(product, 7, busy=False)
    assert fates(product, 7, busy=False) == alone
    assert fates(product, 7, busy=True) == alone
    assert fates(product, 8, busy=False) != alone
    # Done, not done, nothing said, and what leaves it open: on futures one status says two of these.
    assert set(alone) == {
        200,
        503,
        NO_ANSWER,
        product.says.get(Fault.INTERNAL, 503),
        product.says[Fault.ANSWER_UNKNOWN],
    }


@BY_WEBSOCKET
def test_it_does_not_matter_by_which_way_an_order_comes(product: type[Troubled]) -> None:
    wanted = profile(orders={Fault.UNAVAILABLE: 0.5})
    by_http = product(wanted)
    statuses = [by_http.place(f"n{number}") for number in range(12)]
    by_ws = product(wanted)
    api = by_ws.open(by_ws.ws_api)
    placed = [
        by_ws.ws_call(api, "order.place", **by_ws.limit(newClientOrderId=f"n{number}"))["status"]
        for number in range(12)
    ]
    assert placed == statuses
    assert set(statuses) == {200, 503}


@EVERY_PRODUCT
def test_a_request_that_is_refused_for_itself_is_no_order(product: type[Troubled]) -> None:
    client = product(profile(orders=always(Fault.UNAVAILABLE)))
    reply = client.reply("POST", client.order, sign=False, **client.limit())
    assert reply.status == 400
    assert client.admin("chaos")["events"] == {f"POST {client.order}": 1}


def test_what_only_reduces_and_what_cancels_passes_an_overloaded_exchange() -> None:
    client = Troubled(profile())
    client.place("position", px=ASK)
    client.place("resting")
    client.box.start(profile(orders=always(Fault.OVERLOADED)), 1)
    assert client.place("reducing", side="SELL", px="0.7", reduceOnly="true") == 200
    assert client.cancel("resting") == 200
    assert client.counts() == {}
    assert client.place("other") == 503
    assert client.counts() == {"overloaded": 1}


def test_what_the_operator_plans_comes_first() -> None:
    client = Troubled(profile(orders=always(Fault.UNAVAILABLE)))
    client.admin("faults", answer="timeout")
    assert [client.place("a"), client.place("b")] == [408, 503]
    assert client.live() == ["a"]
    assert client.counts() == {"unavailable": 1}


@EVERY_PRODUCT
def test_a_broken_read_never_reaches_the_exchange_and_others_are_let_be(product: type[Troubled]) -> None:
    client = product(profile(reads=always(Fault.READ_BROKEN)))
    reply = client.reply("GET", client.open_orders)
    assert (reply.status, reply.headers["Content-Type"]) == (502, "text/html")
    assert client.place("mine") == 200
    assert client.raw("POST", "/fapi/v1/listenKey").status == 200
    assert client.counts() == {"read_broken": 1}


@EVERY_PRODUCT
def test_a_late_read_is_that_of_the_moment_it_was_asked(product: type[Troubled]) -> None:
    client = product(profile(reads=always(Fault.READ_LATE), reads_late_ms=(300, 400)))
    reply = client.reply("GET", client.open_orders)
    assert 300 * MS <= reply.late_ns <= 400 * MS
    api = client.open(client.ws_api)
    client.send(api, b'{"id": 1, "method": "ping"}')
    assert client.take(api) == []
    client.run(400)
    assert len(client.take(api)) == 1


@EVERY_PRODUCT
def test_a_stale_read_repeats_what_was_true_a_moment_ago(product: type[Troubled]) -> None:
    client = product(profile(reads=always(Fault.READ_STALE), stale_ms=200))
    client.place("mine")
    assert client.open_ids() == ["mine"]
    assert client.cancel("mine") == 200
    assert client.open_ids() == ["mine"]
    client.run(200)
    assert client.open_ids() == []
    assert client.counts() == {"read_stale": 1}


def test_only_what_tells_of_an_account_is_stale() -> None:
    client = Troubled(profile(reads=always(Fault.READ_STALE), stale_ms=10_000))
    first = client.call("GET", "/fapi/v1/time", sign=False)["serverTime"]
    client.run(100)
    assert client.call("GET", "/fapi/v1/time", sign=False)["serverTime"] > first


def test_another_question_has_another_answer() -> None:
    client = Troubled(profile(reads=always(Fault.READ_STALE), stale_ms=10_000))
    client.place("mine")
    assert client.call("GET", "/fapi/v1/openOrders", symbol="BTCUSDT") == []
    assert len(client.call("GET", "/fapi/v1/openOrders", symbol="DOGEUSDT")) == 1


@EVERY_PRODUCT
def test_new_orders_are_unknown_for_a_while(product: type[Troubled]) -> None:
    client = product(profile(queries_late_ms=150))
    client.place("mine", px=ASK)
    named: dict[str, Any] = {"symbol": "DOGEUSDT", "origClientOrderId": "mine"}
    assert client.error("GET", client.order, **named) == (400, -2013)
    client.run(150)
    reply = client.reply("GET", client.order, **named)
    assert msgspec.json.decode(reply.body)["status"] == "FILLED"
