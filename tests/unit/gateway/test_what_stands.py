"""Restrictions are told when they are durable, are never loosened by another one, and end only by what ends them."""

from __future__ import annotations

import pytest
from msgspec import structs

from tests.simulate.rig import Rig
from tests.unit.gateway.scene import Scene
from tests.unit.gateway.test_stopping import confirmed, operator
from tradingsys.core.commands import CancelOrder, OpenOrdersQuery, TradesQuery
from tradingsys.core.enums import OnDisconnect, OrderStatus, TradingState
from tradingsys.core.errors import StoreError
from tradingsys.core.order import Closed, Order
from tradingsys.core.records import HaltCause, HaltDuty, Record, Scope
from tradingsys.core.reports import OrderChanged, OrderRequest, Outcome, UserStreamState
from tradingsys.oms.halts import by_operator
from tradingsys.wire.messages import ErrorCode


def canceled(scene: Scene) -> list[str]:
    return [command.client_order_id for command in scene.venue.sent(CancelOrder)]


def test_what_is_not_in_the_book_is_told_nobody(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    save = scene.store.save_now

    def saved(records: list[Record]) -> None:
        assert not any("HALTED" in line or "allowed again" in line for line in scene.logged)
        save(records)

    monkeypatch.setattr(scene.store, "save_now", saved)
    scene.gateway.halting.impose(Scope(1), TradingState.HALTED, HaltCause.OPERATOR, "test")
    assert any("HALTED" in line for line in scene.logged)
    scene.logged.clear()
    scene.gateway.halting.lift(Scope(1))
    assert any("allowed again" in line for line in scene.logged)

    def fails(records: list[Record]) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(scene.store, "save_now", fails)
    scene.logged.clear()
    scene.gateway.halting.impose(Scope(2), TradingState.HALTED, HaltCause.OPERATOR, "test")
    assert scene.failures and not any("HALTED" in line for line in scene.logged)


def test_a_book_that_fails_at_the_stop_keeps_nobody_from_closing_the_rest(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = scene.client().order()

    def fails(records: list[Record]) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(scene.store, "save_now", fails)
    assert [left.client_order_id for left in scene.gateway.stop()] == [order]
    assert "the disk is full" in str(scene.failures[0])
    with pytest.raises(StoreError, match="closed"):
        scene.store.sync_journal()


def test_what_our_own_rules_refuse_for_another_reason_than_too_little_is_not_flat(scene: Scene) -> None:
    scene.holder(1, "30")
    scene.venue.why_not = "Quantity not increased by step size."
    desk = scene.operator()
    number = desk.result("op.flatten", {"session_id": 1})["number"]
    scene.run(30)
    view = desk.result("op.stopping", {"number": number})
    assert not view["confirmed"] and "not increased" in view["held"][0]
    assert len([line for line in scene.logged if "cannot be traded away" in line]) == 1, "told once"
    scene.venue.why_not = ""
    scene.run(1)
    assert "is open" in desk.result("op.stopping", {"number": number})["held"][0]


def test_a_halt_amid_a_flatten_leaves_the_flattening_and_its_number(scene: Scene) -> None:
    scene.holder(1, "30")
    desk = scene.operator()
    first = desk.result("op.flatten", {"session_id": 1})["number"]
    second = desk.result("op.halt", {"session_id": 1, "reason": "at once"})
    [row] = scene.gateway.book.halts
    assert (row.state, row.duty) == (TradingState.HALTED, HaltDuty.FLATTEN)
    assert desk.result("op.stopping", {"number": first})["scope"] == "session 1"
    assert "still traded away" in second["stands"]
    third = desk.result("op.halt", {"session_id": 1, "reducing": True, "keep_orders": True})
    assert [row.state for row in scene.gateway.book.halts] == [TradingState.HALTED]
    assert "HALTED" in third["stands"] and "resume" in third["stands"]


def test_whoever_keeps_the_orders_keeps_what_reducing_left(scene: Scene) -> None:
    client, desk = scene.holder(1, "30"), scene.operator()
    protects = client.order(side="SELL", quantity="30", price="0.7")
    adds = client.order(quantity="30", price="0.5")
    for order in (protects, adds):
        scene.accepts(order)
    desk.result("op.halt", {"session_id": 1, "reducing": True})
    told = desk.result("op.halt", {"session_id": 1, "keep_orders": True})
    scene.run(1)
    assert canceled(scene) == [adds]
    assert "orders that could add are canceled, as was asked for before" in told["stands"]


def test_resume_ends_a_cancel_that_is_not_confirmed(scene: Scene) -> None:
    client, desk = scene.client(), scene.operator()
    scene.accepts(client.order())
    number = desk.result("op.cancel", {"session_id": 1})["number"]
    desk.result("op.resume", {"session_id": 1})
    scene.run(1)
    assert "lifted meanwhile" in desk.error("op.stopping", {"number": number})[1]
    scene.restart()
    assert not len(scene.gateway.book.halts)
    code, text = scene.operator().error("op.resume", {"session_id": 1})
    assert code == ErrorCode.BAD_REQUEST and "is not halted" in text


def test_a_cancel_means_what_was_sent_before_it_by_a_clock_that_was_ahead(scene: Scene) -> None:
    client, desk = scene.client(), scene.operator()
    order = client.order()
    scene.accepts(order)
    clock = scene.venue.clock
    clock.set(scene.now_ms() - 40, scene.now_ns, scene.now_ns)
    assert scene.gateway.venue.venue_ms() < scene.tracked(order).placed_ms
    desk.result("op.cancel", {})
    assert canceled(scene) == [order]


def test_an_order_of_a_strategy_that_is_gone_may_turn_out_to_live_later(scene: Scene) -> None:
    client = scene.client(1, on_disconnect=OnDisconnect.CANCEL, grace_ms=1_000)
    late, other = client.order(), client.order(price="0.59")
    told = scene.accepts(other)
    scene.ends(late, OrderRequest.PLACE, Outcome.IN_DOUBT)
    scene.gateway.book.believe_absent(scene.tracked(late))
    scene.gateway.peer_closed(client.peer)
    scene.run(2)
    assert canceled(scene) == [other]
    closed = structs.replace(told, closed=Closed(OrderStatus.CANCELED, scene.now_ms()))
    scene.says(OrderChanged(closed, "DOGEUSDT", scene.now_ms()))
    scene.run(3)
    assert not len(scene.gateway.book.halts), "it is free again"
    command = next(each for each in scene.venue.placed() if each.client_order_id == late)
    scene.says(OrderChanged(Order((late,), "77", command.terms, accepted=True), "DOGEUSDT", scene.now_ms()))
    scene.run(2)
    assert late in canceled(scene)


def test_one_of_a_strategy_with_nothing_open_when_it_went_too(scene: Scene) -> None:
    client = scene.client(1, on_disconnect=OnDisconnect.CANCEL, grace_ms=1_000)
    late = client.order()
    scene.ends(late, OrderRequest.PLACE, Outcome.IN_DOUBT)
    scene.gateway.book.believe_absent(scene.tracked(late))
    scene.gateway.peer_closed(client.peer)
    scene.run(2)
    command = next(each for each in scene.venue.placed() if each.client_order_id == late)
    scene.says(OrderChanged(Order((late,), "77", command.terms, accepted=True), "DOGEUSDT", scene.now_ms()))
    scene.run(2)
    assert canceled(scene) == [late]


def test_a_stream_that_flaps_is_read_once_at_a_time(scene: Scene) -> None:
    del scene.venue.answers[OpenOrdersQuery]
    scene.venue.asked.clear()
    for _ in range(40):
        scene.says(UserStreamState(False, "gone"), UserStreamState(True))
    asked = scene.venue.asked
    assert sum(isinstance(query, OpenOrdersQuery) for query in asked) == 1
    scene.venue.answers[OpenOrdersQuery] = lambda _: ()
    scene.answer(OpenOrdersQuery, ())
    catching_up = [scene.gateway.recovery.is_catching_up]
    scene.run(10)
    assert sum(isinstance(query, OpenOrdersQuery) for query in asked) == 3, "once more for the last gap, and later"
    catching_up.append(scene.gateway.recovery.is_catching_up)
    assert catching_up == [True, False]
    assert any(isinstance(query, TradesQuery) for query in asked)


def test_a_book_that_cannot_be_read_ends_the_gateway_and_is_no_fault_of_the_program(scene: Scene) -> None:
    async def reads() -> None:
        raise StoreError("pos.db: malformed")

    scene.gateway.procedures.start(reads())
    assert "malformed" in str(scene.failures[0]) and not scene.gateway.is_ready
    assert not [line for line in scene.logged if "report it" in line]


def test_whatever_keeps_a_row_from_being_written_is_final(scene: Scene) -> None:
    with pytest.raises(StoreError, match="TypeError"):
        scene.store.save_now([object()])  # type: ignore[list-item]
    with pytest.raises(StoreError):
        scene.store.save_now([])


def test_a_halt_before_the_gateway_is_ready_has_a_number_and_is_confirmed_later(rig: Rig) -> None:
    client = rig.client()
    client.ask("order", client.order_params(price="0.55"))
    rig.gateway.kill("by a power cut")
    for path in (rig.folder / "shm").glob("*"):
        path.unlink()  # a power cut: it waits for its fence
    rig.start(until_ready=False)
    rig.run(3)
    desk = operator(rig)
    view = desk.ask("op.halt", {})["result"]
    assert view["number"] and not view["confirmed"] and "not ready" in view["problem"]
    rig.run(15)
    view = confirmed(desk, desk.ask("op.stopping", {"number": view["number"]})["result"])
    assert "problem" not in view and view["canceled"] == 1


def test_a_reason_is_shown_as_it_may_be_shown_anywhere() -> None:
    assert by_operator("\x1b[31mred\nline" + "x" * 500) == "by an operator: [31mredline" + "x" * 189
    assert by_operator(" \n") == "by an operator"


def test_sessions_that_are_cleared_at_once_share_their_proof(scene: Scene) -> None:
    clients = [scene.client(number, on_disconnect=OnDisconnect.CANCEL, grace_ms=1_000) for number in range(1, 21)]
    orders = [scene.accepts(client.order()) for client in clients]
    scene.venue.answers[OpenOrdersQuery] = lambda _: tuple(orders)
    scene.venue.asked.clear()
    for client in clients:
        scene.gateway.peer_closed(client.peer)
    scene.run(1.5)
    assert len(canceled(scene)) == 20
    for facts in orders:
        closed = structs.replace(facts, closed=Closed(OrderStatus.CANCELED, scene.now_ms()))
        scene.says(OrderChanged(closed, "DOGEUSDT", scene.now_ms()))
    scene.run(5)  # the answers are old for a while
    scene.venue.answers[OpenOrdersQuery] = lambda _: ()
    scene.run(9)
    assert not len(scene.gateway.book.halts), "all are free again"
    asked = [query for query in scene.venue.asked if isinstance(query, OpenOrdersQuery)]
    assert 2 <= len(asked) <= 6, "and not as many for each"
