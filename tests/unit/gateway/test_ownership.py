"""Whose a session is, and what who comes back is told."""

from __future__ import annotations

from typing import Any

from msgspec import structs

from tests.simulate.faults import Faults
from tests.simulate.rig import Rig
from tradingsys.core.enums import Side
from tradingsys.core.ids import OrderKey, encode_client_order_id
from tradingsys.wire.messages import ErrorCode


def _nets(positions: list[dict[str, Any]]) -> dict[str, str]:
    return {position["symbol"]: position["net"] for position in positions}


def test_a_killed_strategy_finds_its_position_and_open_orders(rig: Rig) -> None:
    client = rig.client()
    client.ask("order", client.order_params())
    rig.house(Side.SELL, 4, "0.6")
    second = rig.client(None)
    refused = second.ask("login", {"session_id": 1, "trading": True, "instance": "another"})
    assert refused["error"]["code"] == ErrorCode.DUPLICATE_LOGIN
    assert client._link is not None
    client._link.close()
    rig.run(0.5)
    snapshot = second.login(1, instance="another")["snapshot"]
    assert _nets(snapshot["positions"]) == {"dogeusdt": "4"}
    [order] = snapshot["orders"]
    assert (order["status"], order["cum_qty"], len(order["fills"])) == ("PARTIALLY_FILLED", "4", 1)
    assert "error" not in second.ask("cancel", {"client_order_id": order["client_order_id"]})
    assert second.last_order()["status"] == "CANCELED"


def test_a_dead_owner_is_replaced_after_five_seconds(rig: Rig) -> None:
    owner, other = rig.client(1, instance="a"), rig.client(None)
    assert owner._link is not None
    owner._link.ping = lambda: None  # type: ignore[attr-defined]  # its network is gone: no pong, no close
    assert other.error("login", {"session_id": 1, "trading": True, "instance": "b"}) == ErrorCode.DUPLICATE_LOGIN
    rig.run(5.5)
    assert other.login(1, instance="b")["login"] > owner.login_result["login"]
    assert owner.error("order", owner.order_params()) == ErrorCode.LOGIN_FIRST if not owner.is_closed else True


def test_whatever_still_arrives_from_an_evicted_connection_is_refused(rig: Rig) -> None:
    older, newer = rig.client(1, instance="a"), rig.client(None)
    client_order_id = older.ask("order", older.order_params())["result"]["client_order_id"]
    assert older._link is not None
    older._link.close = lambda *_: None  # type: ignore[method-assign]  # its end of the close is long on its way
    newer.login(1, instance="a")
    again = {"session_id": 1, "name": "test", "trading": True, "instance": "a"}
    for method, params in {
        "login": again,
        "order": older.order_params(),
        "cancel": {"client_order_id": client_order_id},
    }.items():
        assert older.error(method, params) == ErrorCode.LOGIN_FIRST, method
    assert "error" not in newer.ask("cancel", {"client_order_id": client_order_id})


def test_no_position_is_told_before_the_books_are_read(rig: Rig) -> None:
    rig.client()
    rig.gateway.kill("by the test")
    rig.house(Side.SELL, 10, "0.6")
    rig.faults = Faults(refuse_connection=1.0)
    rig.start(until_ready=False)
    while not rig.gateway.accepting:
        rig.run(0.1)
    client = rig.client(None)
    client.login(1)
    assert client.error("get_positions", []) == ErrorCode.NOT_READY


def test_who_comes_back_gets_exactly_what_it_missed(rig: Rig) -> None:
    client = rig.client()
    client.ask("order", client.order_params())
    seen = max(message["n"] for message in client.events)
    assert client._link is not None
    client._link.close()
    rig.house(Side.SELL, 10, "0.6")
    again = rig.client(None)
    result = again.login(1, cursor=[client.login_result["epoch"], seen])
    assert result["resumed"] and "snapshot" not in result
    missed = again.events
    assert [message["n"] for message in missed] == list(range(seen + 1, seen + 1 + len(missed)))
    assert missed[0]["net"] == "10" and missed[-1].get("net", "10") == "10"
    assert [message["order"]["status"] for message in missed if message["type"] == "order"][-1] == "FILLED"


def test_after_the_gateways_death_the_cursor_is_old_and_a_snapshot_comes(rig: Rig) -> None:
    client = rig.client()
    client_order_id = client.ask("order", client.order_params())["result"]["client_order_id"]
    old_params = client.order_params()
    rig.gateway.kill("by the test")
    rig.house(Side.SELL, 10, "0.6")
    rig.start()
    again = rig.client(None)
    result = again.login(1, cursor=[client.login_result["epoch"], 1])
    assert result["epoch"] > client.login_result["epoch"]
    assert _nets(result["snapshot"]["positions"]) == {"dogeusdt": "10"}
    [found] = again.ask("resolve", {"orders": [old_params | {"client_order_id": client_order_id}]})["result"]["orders"]
    assert found["status"] == "FILLED" and len(found["fills"]) == 1
    assert again.error("order", old_params) == ErrorCode.STALE_KEY, "an order of another epoch is never sent"


def test_resolve_says_absent_of_what_was_never_sent(rig: Rig) -> None:
    client = rig.client()
    now = client.login_result
    never = encode_client_order_id(OrderKey(1, now["lineage"], now["epoch"], now["login"], 77))
    [view] = client.ask("resolve", {"orders": [client.order_params(client_order_id=never)]})["result"]["orders"]
    assert view["status"] == "ABSENT"
    rig.restart()
    client = rig.client()
    [view] = client.ask("resolve", {"orders": [client.order_params(client_order_id=never)]})["result"]["orders"]
    assert view["status"] == "ABSENT", "that epoch's journal is complete and does not hold it"


def test_resolve_goes_on_another_time_where_only_the_disk_can_tell(rig: Rig) -> None:
    """Everybody's orders wait meanwhile."""
    client = rig.client()
    then = client.login_result
    rig.restart()
    client = rig.client()
    keys = [OrderKey(1, then["lineage"], then["epoch"], 1, number) for number in range(1_000, 1_100)]
    items = [client.order_params(client_order_id=encode_client_order_id(key)) for key in keys]
    for number in range(0, 24, 8):
        views = client.ask("resolve", {"orders": items[number:]})["result"]["orders"]
        assert [view["client_order_id"] for view in views] == [
            item["client_order_id"] for item in items[number : number + 8]
        ]
    assert rig.gateway.gateway.book.recalling.lookups == 24
    now = OrderKey(1, then["lineage"], client.login_result["epoch"], 1, 1)
    items = [
        client.order_params(client_order_id=encode_client_order_id(structs.replace(now, seq=n))) for n in range(50)
    ]
    assert len(client.ask("resolve", {"orders": items})["result"]["orders"]) == 50, "memory has all of its own"


def test_resolve_claims_nothing_about_an_order_of_another_book(rig: Rig) -> None:
    client = rig.client()
    client_order_id = client.ask("order", client.order_params())["result"]["client_order_id"]
    params = client.order_params()
    rig.gateway.kill("by a power cut")
    for path in (*rig.folder.glob("pos.db*"), *(rig.folder / "shm").glob("*")):
        path.unlink()  # not even the book is left; only the strategy remembers
    rig.start()
    again = rig.client()
    question = {"orders": [params | {"client_order_id": client_order_id}]}
    assert again.error("resolve", question) == ErrorCode.NO_SUCH_ORDER, "it lives, but in another book"
