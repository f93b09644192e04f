"""The kill switch against the simulator's exchange: canceled, traded away, confirmed; and gone on with after a kill."""

from __future__ import annotations

from typing import Any

from msgspec import structs

from tests.simulate.life import SETTINGS
from tests.simulate.rig import Rig, WireClient
from tradingsys.core.enums import OnDisconnect, Side, TradingState
from tradingsys.core.records import HaltCause, HaltDuty, Scope
from tradingsys.gateway.configuration.session_config import SessionConfig
from tradingsys.store.kill_file import kill_path
from tradingsys.wire.messages import ErrorCode

SELL_HALF = {"side": "SELL", "quantity": "15", "price": "0.7"}


def operator(rig: Rig) -> WireClient:
    client = rig.client(None)
    assert "error" not in client.ask("operate", {})
    return client


def holder(rig: Rig, session: int, qty: int, side: Side = Side.BUY) -> WireClient:
    """A session that holds something, and whose market is deep enough to get rid of it."""
    client = rig.client(session, instance=f"i{session}")
    rig.house(side.opposite, qty, "0.6")
    client.ask("order", client.order_params(side=side, quantity=str(qty)))
    rig.run(1)
    assert rig.net(session) == qty * side.sign
    return client


def orders_there(rig: Rig) -> int:
    return len(rig.simulator.exchange.open_orders("account"))


def confirmed(client: WireClient, view: dict[str, Any], tries: int = 40) -> dict[str, Any]:
    """Ask until it is."""
    for _ in range(tries):
        if view["confirmed"]:
            return view
        view = client.ask("op.stopping", {"number": view["number"]})["result"]
    raise AssertionError(view)


def test_a_halt_cancels_what_is_open_in_its_scope_and_stands_over_restarts(rig: Rig) -> None:
    one, two = rig.client(1, instance="i1"), rig.client(2, instance="i2")
    for price in ("0.55", "0.56"):
        one.ask("order", one.order_params(price=price))
    two.ask("order", two.order_params(price="0.57"))
    assert orders_there(rig) == 3
    desk = operator(rig)
    view = confirmed(desk, desk.ask("op.halt", {"session_id": 1, "reason": "it runs away"})["result"])
    assert (view["scope"], view["canceled"], view.get("left")) == ("session 1", 2, None)
    assert orders_there(rig) == 1
    reply = one.ask("order", one.order_params())["error"]
    assert reply["code"] == ErrorCode.HALTED
    for told in ("session 1 is halted since", "it runs away", "tradingsys resume --session 1"):
        assert told in reply["msg"]
    two.ask("order", two.order_params(price="0.58"))
    assert orders_there(rig) == 2
    rig.restart()
    one, desk = rig.client(1), operator(rig)
    assert one.error("order", one.order_params()) == ErrorCode.HALTED
    [halt] = desk.ask("op.status")["result"]["halts"]
    assert (halt["session_id"], halt["state"], halt["cause"], halt["duty"]) == (1, "HALTED", "OPERATOR", "CANCEL")
    assert "error" in desk.ask("op.resume", {})
    assert "error" not in desk.ask("op.resume", {"session_id": 1})
    one.ask("order", one.order_params(price="0.55"))
    assert orders_there(rig) == 3


def test_a_kill_between_the_halt_and_its_cancels_goes_on_with_them(rig: Rig) -> None:
    client = rig.client()
    for price in ("0.55", "0.56", "0.57"):
        client.ask("order", client.order_params(price=price))
    gateway = rig.gateway.gateway
    assert gateway.halting.impose(Scope(), TradingState.HALTED, HaltCause.OPERATOR, "test", HaltDuty.CANCEL)
    rig.restart()
    rig.run(3)
    assert orders_there(rig) == 0 and not rig.gateway.gateway.book.open_orders()


def test_flatten_trades_each_session_away_also_when_they_are_opposite(rig: Rig) -> None:
    holder(rig, 1, 30)
    holder(rig, 2, 20, Side.SELL)
    three = rig.client(3, instance="i3")
    three.ask("order", three.order_params(price="0.55"))
    rig.house(Side.BUY, 100, "0.59")
    rig.house(Side.SELL, 100, "0.61")
    desk = operator(rig)
    view = confirmed(desk, desk.ask("op.flatten", {"reason": "enough"})["result"])
    assert not view.get("left") and not view.get("held")
    assert [(row["session_id"], row["side"], row["quantity"]) for row in view["traded"]] == [
        (1, "SELL", "30"),
        (2, "BUY", "20"),
    ]
    assert rig.nets(1, 2, 3) == [0, 0, 0] and orders_there(rig) == 0
    assert not rig.gateway.gateway.recovery.differences
    [halt] = desk.ask("op.status")["result"]["halts"]
    assert (halt["state"], halt["duty"]) == ("HALTED", "CANCEL"), "it stays halted, and trades nothing more away"
    assert "error" not in desk.ask("op.set_position", {"session_id": 1, "symbol": "dogeusdt", "net": "15"})
    rig.run(3)
    assert rig.net(1) == 15
    assert desk.ask("op.halt", {"reason": "again", "keep_orders": True})["result"]["number"], "it clears all the same"
    asked = {"session_id": 9, "reducing": True, "keep_orders": True}
    assert desk.ask("op.halt", asked)["result"]["confirmed"] is None, "the exchange was not asked"
    view = confirmed(desk, desk.ask("op.flatten", {"reason": "once more"})["result"])
    assert [(row["session_id"], row["quantity"]) for row in view["traded"]] == [(1, "15")], "not what was before"


def test_flatten_goes_on_after_a_kill_and_never_trades_the_same_away_twice(rig: Rig) -> None:
    holder(rig, 1, 60)
    rig.house(Side.BUY, 25, "0.59")
    gateway = rig.gateway.gateway
    gateway.halting.impose(Scope(1), TradingState.HALTED, HaltCause.OPERATOR, "test", HaltDuty.FLATTEN)
    rig.gateway.call(gateway.stopping.work)
    rig.gateway.kill("right after the bytes left")
    rig.start()
    rig.run(5)
    assert rig.net(1) == 35, "as much as the market took"
    rig.house(Side.BUY, 100, "0.58")
    rig.run(30)
    assert rig.net(1) == 0
    assert rig.simulator.exchange.position("account", "DOGEUSDT").net == 0


def test_reducing_lets_pass_what_reduces_the_sessions_own_position(rig: Rig) -> None:
    client = holder(rig, 1, 30)
    rig.client(2, instance="i2")
    kept = client.ask("order", client.order_params(**SELL_HALF))["result"]["client_order_id"]
    client.ask("order", client.order_params(price="0.5"))
    desk = operator(rig)
    confirmed(desk, desk.ask("op.halt", {"reducing": True, "symbol": "dogeusdt"})["result"])
    assert [order.client_order_id for order in rig.gateway.gateway.book.open_orders()] == [kept]
    assert client.error("order", client.order_params()) == ErrorCode.HALTED
    reply = client.ask("order", client.order_params(side="SELL", quantity="16", price="0.7"))["error"]
    assert reply["code"] == ErrorCode.HALTED and "dogeusdt is reducing" in reply["msg"] and "15" in reply["msg"]
    assert "error" not in client.ask("order", client.order_params(**SELL_HALF))
    assert client.error("amend", {"client_order_id": kept, "quantity": "16"}) == ErrorCode.HALTED
    assert "error" not in client.ask("amend", {"client_order_id": kept, "quantity": "14"})


def test_cancel_halts_nothing_and_leaves_what_comes_after_it(rig: Rig) -> None:
    client = rig.client()
    client.ask("order", client.order_params(price="0.55"))
    desk = operator(rig)
    view = desk.ask("op.cancel", {"symbol": "dogeusdt"})["result"]
    client.ask("order", client.order_params(price="0.56"))
    assert confirmed(desk, view)["canceled"] == 1
    rig.run(3)
    assert orders_there(rig) == 1
    assert not desk.ask("op.status")["result"]["halts"]


def test_a_kill_amid_a_cancel_goes_on_with_it_and_leaves_what_comes_after_it(rig: Rig) -> None:
    client = rig.client()
    for price in ("0.55", "0.56"):
        client.ask("order", client.order_params(price=price))
    gateway = rig.gateway.gateway
    assert gateway.halting.impose(Scope(1), TradingState.ACTIVE, HaltCause.CANCEL, "test", HaltDuty.CANCEL)
    rig.gateway.kill("before the first cancel left")
    rig.start()
    client, desk = rig.client(), operator(rig)
    later = client.ask("order", client.order_params(price="0.57"))["result"]["client_order_id"]
    assert [push["state"] for push in client.pushes("trading")] in ([], ["ACTIVE"])
    rig.run(3)
    assert [order.client_order_id for order in rig.simulator.exchange.open_orders("account")] == [later]
    assert not desk.ask("op.status")["result"]["halts"], "it is confirmed, and over"


def test_of_two_cancels_both_are_told_when_all_is_gone(rig: Rig) -> None:
    client, desk = rig.client(), operator(rig)
    client.ask("order", client.order_params(price="0.55"))
    first = desk.ask("op.cancel", {})["result"]
    client.ask("order", client.order_params(price="0.56"))
    second = desk.ask("op.cancel", {})["result"]
    assert confirmed(desk, second)["confirmed"] and confirmed(desk, first)["confirmed"]
    assert orders_there(rig) == 0


def test_the_kill_file_stops_the_account_until_it_is_gone_and_somebody_resumes(rig: Rig) -> None:
    client = rig.client()
    client.ask("order", client.order_params(price="0.55"))
    path = kill_path(rig.gateway.gateway.store._path)  # type: ignore[attr-defined]
    path.write_text("smoke in the machine room\nand more")
    rig.run(2)
    assert orders_there(rig) == 0
    reply = client.ask("order", client.order_params())["error"]
    assert reply["code"] == ErrorCode.HALTED and "smoke in the machine room" in reply["msg"]
    rig.restart()
    client, desk = rig.client(), operator(rig)
    assert client.error("order", client.order_params()) == ErrorCode.HALTED
    assert ".kill is there" in desk.ask("op.resume", {})["error"]["msg"]
    path.unlink()
    rig.run(1)
    assert client.error("order", client.order_params()) == ErrorCode.HALTED
    assert "error" not in desk.ask("op.resume", {})
    client.ask("order", client.order_params(price="0.55"))
    assert orders_there(rig) == 1


def test_a_strategy_that_is_gone_has_its_orders_canceled_after_the_grace_it_asked_for(rig: Rig) -> None:
    client = rig.client(1, on_disconnect="cancel", grace_ms=3_000)
    client.ask("order", client.order_params(price="0.55"))
    client._link.close()  # type: ignore[union-attr]
    rig.run(2)
    client = rig.client(1, on_disconnect="cancel", grace_ms=3_000)
    rig.run(5)
    assert orders_there(rig) == 1, "it came back in time"
    client._link.close()  # type: ignore[union-attr]
    rig.gateway.kill("while it is away")
    rig.start()
    rig.run(5)
    assert orders_there(rig) == 0
    assert not len(rig.gateway.gateway.book.halts), "it is free again"
    client = rig.client(1)
    client.ask("order", client.order_params(price="0.55"))
    client._link.close()  # type: ignore[union-attr]
    rig.run(20)
    assert orders_there(rig) == 1, "this one asked for nothing"


def test_the_configuration_may_ask_for_more_than_the_strategy(rig: Rig) -> None:
    sessions = {1: SessionConfig(on_disconnect=OnDisconnect.FLATTEN, grace_s=1)}
    rig.settings = structs.replace(SETTINGS, sessions=sessions)
    rig.restart()
    client = holder(rig, 1, 30)
    client.ask("order", client.order_params(**SELL_HALF))
    rig.house(Side.BUY, 100, "0.59")
    client._link.close()  # type: ignore[union-attr]
    rig.run(6)
    assert rig.net(1) == 0 and orders_there(rig) == 0 and not len(rig.gateway.gateway.book.halts)


def test_strategies_are_told_what_they_may_send(rig: Rig) -> None:
    one, two = rig.client(1, instance="i1"), rig.client(2, instance="i2")
    desk = operator(rig)
    desk.ask("op.halt", {"session_id": 1, "symbol": "dogeusdt", "reducing": True, "reason": "slowly"})
    [push] = one.pushes("trading")
    assert (push["state"], push["symbols"]) == ("ACTIVE", {"dogeusdt": "REDUCING"}) and "slowly" in push["text"]
    desk.ask("op.halt", {})
    assert [push["state"] for push in (one.pushes("trading")[-1], *two.pushes("trading"))] == ["HALTED", "HALTED"]
    rig.restart()
    one, desk = rig.client(1), operator(rig)
    assert [push["state"] for push in one.pushes("trading")] == ["HALTED"]
    desk.ask("op.resume", {})
    desk.ask("op.resume", {"session_id": 1, "symbol": "dogeusdt"})
    assert [push["state"] for push in one.pushes("trading")] == ["HALTED", "ACTIVE", "ACTIVE"]
    assert not one.pushes("trading")[-1].get("symbols") and not one.pushes("trading")[-1].get("text")


def test_the_exchange_itself_cancels_where_every_session_agreed(rig: Rig) -> None:
    sessions = {1: SessionConfig(countdown=True)}
    rig.settings = structs.replace(SETTINGS, sessions=sessions, countdown_s=8)
    rig.restart()
    client = rig.client(1, instance="i1")
    client.ask("order", client.order_params(price="0.55"))
    rig.run(20)
    assert orders_there(rig) == 1, "it is renewed"
    other = rig.client(2, instance="i2")
    other.ask("order", other.order_params(price="0.54"))
    rig.run(3)
    rig.gateway.kill("with an order of a session that did not agree")
    rig.run(20)
    assert orders_there(rig) == 2
    rig.start()
    other = rig.client(2, instance="i2")
    [coid] = [order.client_order_id for order in rig.gateway.gateway.book.open_orders(2)]
    assert "error" not in other.ask("cancel", {"client_order_id": coid})
    rig.run(3)
    rig.gateway.kill("for good")
    rig.run(6)
    assert orders_there(rig) == 1
    rig.run(6)
    assert orders_there(rig) == 0


def test_opposite_sessions_that_hold_less_than_an_order_may_be_worth_keep_it_and_the_duty_ends(rig: Rig) -> None:
    holder(rig, 1, 20)
    holder(rig, 2, 20, Side.SELL)
    for session, side in ((1, "SELL"), (2, "BUY")):  # down to 3 each, worth 1.8: the account holds nothing to reduce
        client = rig.client(session, instance=f"i{session}")
        rig.house(Side[side].opposite, 17, "0.6")
        client.ask("order", client.order_params(side=side, quantity="17"))
    rig.run(1)
    assert rig.nets(1, 2) == [3, -3]
    rig.house(Side.BUY, 100, "0.59")
    rig.house(Side.SELL, 100, "0.61")
    desk = operator(rig)
    view = confirmed(desk, desk.ask("op.flatten", {})["result"])
    assert all("less than the exchange takes an order for" in held for held in view["held"]), view
    assert rig.nets(1, 2) == [3, -3]
