"""Whoever asks for too much, or says it too fast, waits, is told so, and loses nothing but that."""

from __future__ import annotations

import json
from enum import Enum
from typing import get_args, get_type_hints

import pytest

from tests.simulate.rig import Rig
from tradingsys.wire.messages import ErrorCode
from tradingsys.wire.messages.orders import OrderParams


def test_who_is_late_because_of_what_it_asked_before_is_told_so_and_nothing_is_done(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, gateway = rig.client(), rig.gateway.gateway
    [peer] = gateway.clients
    monkeypatch.setattr(type(peer), "is_late", True)
    params = client.order_params()
    reply = client.ask("order", params)
    assert reply["error"]["code"] == ErrorCode.DENIED and "waited" in reply["error"]["msg"]
    assert not gateway.book.orders and gateway.clients[peer].ignored.count(gateway.now_ns()) == 1
    monkeypatch.undo()
    assert "result" in client.ask("order", params), "its key was not used"
    monkeypatch.setattr(type(peer), "is_late", True)
    assert "result" in client.ask("cancel", {"client_order_id": next(iter(gateway.book.orders))}), (
        "late is not too late"
    )


def test_only_orders_of_a_session_that_trades_owe_the_others_nothing(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    client, forgiven = rig.client(), []
    [peer] = rig.gateway.gateway.clients
    monkeypatch.setattr(type(peer), "forgive", lambda each: forgiven.append(each))
    client.error("order", {"padding": [{}] * 2_000})
    rig.client(None).error("order", {})
    assert not forgiven
    client.ask("order", client.order_params())
    assert forgiven == [peer]


def test_the_longest_list_of_orders_owes_the_others_nothing(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three orders with every field written out, as programs write them that leave spaces; nothing but an order."""
    client, forgiven = rig.client(), []
    [peer] = rig.gateway.gateway.clients
    monkeypatch.setattr(type(peer), "forgive", lambda each: forgiven.append(each))
    order = {name: _longest(kind) for name, kind in get_type_hints(OrderParams).items()}
    client.error("order_list", {"contingency": "OTOCO", "orders": [order] * 3})
    assert forgiven == [peer]


def _longest(kind: object) -> object:
    """The longest value that a field of an order may have."""
    for each in get_args(kind) or (kind,):
        if isinstance(each, type) and issubclass(each, Enum):
            return max((str(value.value) for value in each), key=len)
    of = {str: "9" * 28, int: 2**53, bool: False}
    return next(value for each, value in of.items() if each in (kind, *get_args(kind)))


def test_a_flooding_client_is_told_so(rig: Rig) -> None:
    client = rig.client()
    assert client._link is not None
    client.messages.clear()
    for number in range(600):
        client._link.send(json.dumps({"id": 10_000 + number, "method": "get_positions", "params": []}).encode())
    rig.run(1)  # it is heard in shares
    codes = [message.get("error", {}).get("code") for message in client.messages if "id" in message]
    assert len(codes) == 600, "every request gets an answer"
    assert codes.count(ErrorCode.DENIED) > 90
    rig.run(3)
    assert "result" in client.ask("get_positions", [])


@pytest.mark.parametrize("data", [b"junk", b'{"id":1,"method":"get_products","params":[]}'])
def test_a_client_that_never_stops_flooding_is_not_heard_then_cut_and_its_session_is_free(
    rig: Rig, data: bytes
) -> None:
    client, other = rig.client(), rig.client(2)
    assert client._link is not None
    for _ in range(3_000):
        client._link.send(data)
    rig.run(6)  # it is heard in shares
    assert "result" in other.ask("get_positions", [])
    said = len(client.messages)
    client._link.send(b'{"id":1,"method":"get_products","params":[]}')
    rig.run(3)
    assert len(client.messages) == said and not client.is_closed
    assert rig.client(None).login(1, instance="another")["trading"]
    rig.run(3)
    assert client.is_closed
