"""Limits at the gateway: what a strategy is told, what operators see, and what stops a session."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from msgspec import structs

from tests.unit.gateway.limited_scene import Json, denied, denied_request, limited, trades_at, used
from tests.unit.gateway.scene import SETTINGS, Scene
from tests.unit.gateway.spot_venue import SpotVenue
from tradingsys.core.commands import SetLeverage
from tradingsys.core.records import HaltCause
from tradingsys.core.reports import OrderRequest, Outcome
from tradingsys.gateway.configuration.products import ProductName
from tradingsys.gateway.configuration.session_config import UNLIMITED, SessionConfig
from tradingsys.oms.limits import AccountLimits
from tradingsys.wire.messages import ErrorCode


def test_a_denial_says_which_limit_what_it_allows_and_which_key_sets_it(tmp_path: Path) -> None:
    sessions = {2: SessionConfig(limits={"max_order_notional": 20})}
    scene = limited(tmp_path, sessions, max_order_notional=Decimal(10))
    trades_at(scene, "0.59")
    client, other = scene.client(1), scene.client(2)
    assert denied(client) == {
        "code": ErrorCode.DENIED,
        "msg": "denied by max_order_notional: it comes to 18 USDT, allowed 10 USDT "
        "(key limits: max_order_notional in the gateway's configuration)",
        "limit": "max_order_notional",
        "allowed": "10 USDT",
        "observed": "18 USDT",
    }
    other.order()
    assert "(key sessions: 2: limits: max_order_notional in" in denied(other, quantity="40")["msg"]
    assert len(scene.venue.placed()) == 1
    denied(client)
    assert [line for line in scene.logged if "denied by a limit" in line] == [
        line for line in scene.logged if "'limit': 'max_order_notional'" in line and "'so_far': 1" in line
    ], "the log has one in a while, not each"
    assert used(scene, "max_order_notional") == [("10", "", 2)]
    assert used(scene, "max_order_notional", 2) == [("20", "", 1)]


def test_a_session_that_may_not_trade_sends_nothing_and_cancels(tmp_path: Path) -> None:
    scene = Scene(tmp_path).ready()
    client = scene.client(3)
    resting = client.order()
    scene.accepts(resting)
    scene.settings = structs.replace(scene.settings, sessions={3: SessionConfig(trading=False)})
    scene.restart()
    client = scene.client(3)
    told = denied(client)
    assert told["msg"] == (
        "denied by trading: the session may not send orders (key sessions: 3: trading in the gateway's configuration)"
    )
    assert denied(client, "amend", client_order_id=resting, quantity="20")["limit"] == "trading"
    client.result("cancel", {"client_order_id": resting})
    assert used(scene, "trading", 3) == [("no", "", 2)]
    scene.client(4).order()


def test_a_position_is_bounded_whatever_is_under_way(tmp_path: Path) -> None:
    scene = limited(tmp_path, max_position_notional=Decimal(36), account=AccountLimits(max_gross_notional=Decimal(50)))
    trades_at(scene, "0.6", "0.6")
    trades_at(scene, "0.59999", "0.60001")
    client, other = scene.client(1), scene.client(2)
    first = client.order()
    scene.accepts(first)
    scene.fills_order(first, "20")
    second = client.order()
    scene.ends(second, OrderRequest.PLACE, Outcome.IN_DOUBT)
    assert denied(client, quantity="1")["observed"] == "36.6 USDT", "in doubt, and still in full"
    client.order(side="SELL", quantity="80")
    assert denied(client, side="SELL", quantity="1")["limit"] == "max_position_notional"
    assert denied(other, quantity="30")["limit"] == "account: max_gross_notional"
    assert used(scene, "max_position_notional") == [("36", "36", 2)]
    assert used(scene, "max_gross_notional", None) == [("50", "36", 1)]


def test_an_amend_passes_the_same_limits(tmp_path: Path) -> None:
    scene = limited(
        tmp_path, max_position_notional=Decimal(36), max_aggressive_pct=Decimal(5), max_orders_per_s=1, order_burst=6
    )
    trades_at(scene, "0.59999", "0.60001")
    client = scene.client()
    resting = client.order(price="0.59")
    scene.accepts(resting)
    assert denied(client, "amend", client_order_id=resting, quantity="61")["limit"] == "max_position_notional"
    assert denied(client, "amend", client_order_id=resting, price="0.7")["limit"] == "max_aggressive_pct"
    for quantity in ("60", "40", "20", "10", "9"):
        client.result("amend", {"client_order_id": resting, "quantity": quantity})
        scene.amends(resting)
    assert denied(client, "amend", client_order_id=resting, quantity="8")["limit"] == "max_orders_per_s"


def test_with_little_room_on_the_disk_only_what_reduces_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = [100 * 2**20]
    monkeypatch.setattr("tradingsys.store.store.free_bytes", lambda _: free[0])
    scene = limited(tmp_path, account=structs.replace(UNLIMITED.account, min_free_mib=200))
    scene.run(3)
    client = scene.client()
    code, text = client.error("order", client.order_params())
    assert code == ErrorCode.HALTED and "100 MiB are free on the disk of pos.db, needed 200 MiB" in text
    free[0] = 210 * 2**20
    scene.run(3)
    assert client.error("order", client.order_params())[0] == ErrorCode.HALTED, "not by every little file"
    free[0] = 230 * 2**20
    scene.run(3)
    client.order()


def test_a_strategy_sets_no_leverage_beyond_the_accounts_limit(tmp_path: Path) -> None:
    scene = limited(tmp_path, account=AccountLimits(max_leverage=5))
    client = scene.client()
    error = denied_request(client, "set_leverage", {"symbol": "dogeusdt", "leverage": 6})
    assert (error["limit"], error["allowed"], error["observed"]) == ("account: max_leverage", "5", "6")
    client.request("set_leverage", {"symbol": "dogeusdt", "leverage": 5})
    assert scene.venue.asked[-1] == SetLeverage("DOGEUSDT", 5)


def test_status_and_sessions_tell_what_is_nearly_used_up(tmp_path: Path) -> None:
    scene = limited(tmp_path, max_open_orders=4, max_open_orders_of_symbol=8)
    client = scene.client()
    for _ in range(3):
        client.order()
    desk = scene.operator()
    [session, _] = desk.result("op.sessions")
    assert [(view["limit"], view["used"], view["percent"]) for view in session["limits"]] == [
        ("max_open_orders", "3", 75),
        ("max_open_orders_of_symbol", "3", 37),
    ]
    assert not desk.result("op.status")["nearly"]
    client.order()
    assert [view["limit"] for view in desk.result("op.status")["nearly"]] == ["max_open_orders"]


def test_a_pace_that_nobody_can_reach_is_none(tmp_path: Path) -> None:
    scene = limited(tmp_path, max_orders_per_s=2 * 10**9)
    scene.client().order()
    assert used(scene, "max_orders_per_s") == [("2000000000", "1 of a burst of 100", 0)]


def test_what_the_disk_restricted_is_free_again_where_that_limit_is_taken_out(tmp_path: Path) -> None:
    scene = limited(tmp_path, account=structs.replace(UNLIMITED.account, min_free_mib=10**9))
    scene.run(3)
    assert [row.cause for row in scene.gateway.book.halts] == [HaltCause.STORE]
    scene.settings = structs.replace(SETTINGS, limits=UNLIMITED)
    scene.restart().run(3)
    assert not list(scene.gateway.book.halts)


def test_what_waits_for_another_order_of_its_list_may_be_far_from_today_s_market(tmp_path: Path) -> None:
    limits = structs.replace(UNLIMITED, max_aggressive_pct=Decimal(10))
    settings = structs.replace(SETTINGS, product=ProductName.SPOT, limits=limits)
    scene = Scene(tmp_path, settings, venue=SpotVenue()).ready()
    trades_at(scene, "0.6")
    client = scene.client()

    def entry_and_exit(px: str) -> Json:
        entry = client.order_params(price="0.5", quantity="60")
        return {"contingency": "OTO", "orders": [entry, client.order_params(side="SELL", price=px, quantity="60")]}

    far = denied_request(client, "order_list", entry_and_exit("0.4"))
    assert "it sells at 0.4, 20.00 % beyond 0.5" in far["msg"]
    client.result("order_list", entry_and_exit("0.52"))


def test_who_counts_sessions_up_is_held_by_what_is_configured_and_by_the_account(tmp_path: Path) -> None:
    account = structs.replace(UNLIMITED.account, max_orders_per_s=1, order_burst=3)
    scene = limited(tmp_path, account=account)
    clients = [scene.client(session) for session in range(1, 5)]
    for client in clients[:3]:
        client.order()
    error = denied(clients[3])
    assert (error["limit"], error["allowed"]) == ("account: max_orders_per_s", "3 at once, then 1 a second")
    assert used(scene, "max_orders_per_s", None) == [("1", "3 of a burst of 3", 1)]
    assert used(scene, "admit", None) == [("all", "", 0)]
    scene.run(2)
    clients[3].order()
    scene.settings = structs.replace(scene.settings, sessions={3: SessionConfig()}, admits_all=False)
    scene.restart().client(3).order()
    code, text = scene.client(None).error("login", {"session_id": 5, "name": "x", "trading": True, "token": "s3cret"})
    assert code == ErrorCode.DENIED and "session 5 is not admitted" in text
    assert used(scene, "admit", None) == [("configured", "", 0)]
