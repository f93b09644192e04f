"""What a strategy says that it sent, and no journal has: it stops nobody, and keeps neither disk nor exchange busy."""

from __future__ import annotations

from itertools import count

import msgspec
import pytest

from tests.simulate.rig import Json, Rig, WireClient
from tests.unit.gateway.test_stopping import confirmed, operator
from tradingsys.core.ids import OrderKey, encode_client_order_id
from tradingsys.core.records import Intent
from tradingsys.gateway.views import terms_of
from tradingsys.wire.messages import ErrorCode, ResolveItem

_seqs = count(50)


@pytest.fixture
def past(rig: Rig) -> int:
    """An epoch whose journal is not complete: the machine's memory went with it."""
    epoch: int = rig.client().login_result["epoch"]
    rig.gateway.kill("by a power cut")
    for path in (rig.folder / "shm").glob("*"):
        path.unlink()
    rig.start(until_ready=False)
    rig.run(15)
    assert rig.gateway.gateway.is_ready
    return epoch


def made_up(client: WireClient, epoch: int, session: int = 1, **changes: str) -> Json:
    key = OrderKey(session, client.login_result["lineage"], epoch, 1, next(_seqs))
    return client.order_params(client_order_id=encode_client_order_id(key), **changes)


def test_an_epoch_before_the_first_was_never_one_of_ours(rig: Rig) -> None:
    client = rig.client()
    [view] = client.ask("resolve", {"orders": [made_up(client, 1, quantity="9999999999")]})["result"]["orders"]
    assert view["status"] == "ABSENT"
    assert not rig.gateway.gateway.book.open_orders()


def test_what_cannot_have_been_is_refused_and_keeps_no_halt_from_being_confirmed(rig: Rig, past: int) -> None:
    client = rig.client()
    for changes, code, words in (
        ({"symbol": "nosuchusdt"}, ErrorCode.NO_SUCH_ORDER, "--scan nosuchusdt"),
        ({"quantity": "9999999999"}, ErrorCode.BAD_REQUEST, "no order of that quantity"),
        ({"price": "9999999999"}, ErrorCode.BAD_REQUEST, "no order of that quantity or price"),
    ):
        error = client.ask("resolve", {"orders": [made_up(client, past, 1, **changes)]})["error"]
        assert error["code"] == code and words in error["msg"]
    assert not rig.gateway.gateway.book.open_orders()
    desk = operator(rig)
    assert confirmed(desk, desk.ask("op.halt", {})["result"])["confirmed"]


def test_so_many_are_in_doubt_at_a_time(rig: Rig, past: int) -> None:
    client = rig.client()
    assert "error" not in client.ask("resolve", {"orders": [made_up(client, past) for _ in range(100)]})
    assert client.error("resolve", {"orders": [made_up(client, past)]}) == ErrorCode.DENIED
    assert client.error("resolve", {"orders": [made_up(client, past) for _ in range(101)]}) == ErrorCode.BAD_REQUEST
    rig.run(40)
    assert not rig.gateway.gateway.book.open_orders(), "the exchange knows none of them"
    assert "error" not in client.ask("resolve", {"orders": [made_up(client, past)]})


def test_a_doubt_about_what_nobody_can_be_asked_about_ends_with_a_start(rig: Rig, past: int) -> None:
    """As books may have it that an earlier version kept."""
    gateway = rig.gateway.gateway
    client = rig.client()
    item = msgspec.convert(made_up(client, past, symbol="nosuchusdt"), ResolveItem)
    order = gateway.book.track(Intent(item.client_order_id, 1, terms_of(item), 0, 0))
    gateway.book.doubt(order)
    gateway.flush()
    rig.restart()
    [order] = [each for each in rig.gateway.gateway.book.orders.values() if each.symbol == "NOSUCHUSDT"]
    assert order.absent and not order.is_open


def test_the_disk_is_not_asked_about_what_a_session_cannot_have_sent(rig: Rig, past: int) -> None:
    client, book = rig.client(), rig.gateway.gateway.book
    find, asked = rig.gateway.gateway.store.find_order, list[str]()

    def noted(client_order_id: str) -> object:
        asked.append(client_order_id)
        return find(client_order_id)

    book._recalling._recall = noted  # type: ignore[assignment]
    for order in (made_up(client, past, 2), made_up(client, 1)):
        assert client.error("cancel", {"client_order_id": order["client_order_id"]}) == ErrorCode.NO_SUCH_ORDER
        client.ask("resolve", {"orders": [order]})
    assert not asked
    mine = made_up(client, past)
    assert client.error("cancel", {"client_order_id": mine["client_order_id"]}) == ErrorCode.NO_SUCH_ORDER
    assert asked == [mine["client_order_id"]]
