"""What reduce-only and close-position mean, for one session and beside others."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec import structs

from tests.unit.gateway.scene import Scene, SceneClient
from tests.unit.gateway.spot_venue import bought, spot_scene
from tests.unit.gateway.test_conditional_orders import STOP
from tradingsys.core.commands import CancelOrder, PlaceOrder, ReplaceOrder
from tradingsys.core.enums import OrderStatus
from tradingsys.core.errors import TransportError
from tradingsys.core.order import Closed, Order
from tradingsys.core.reports import OrderChanged, OrderRequest, Outcome
from tradingsys.wire.messages import ErrorCode

GUARD = STOP | {"reduce_only": True, "stop_price": "0.5"}


def sells_all(scene: Scene, client: SceneClient, qty: str) -> None:
    """By a plain order."""
    coid = client.order(side="SELL", quantity=qty)
    scene.accepts(coid)
    scene.fills_order(coid, qty)


def is_canceled(scene: Scene, client_order_id: str) -> None:
    """The venue says so."""
    canceled = Order((client_order_id,), closed=Closed(OrderStatus.CANCELED, scene.now_ms()))
    scene.says(OrderChanged(canceled, "DOGEUSDT", scene.now_ms()))


def test_a_waiting_order_may_not_reduce_more_than_the_session_holds(scene: Scene) -> None:
    client = scene.holder(1, "30")
    stop = STOP | {"stop_price": "0.5", "reduce_only": True}
    code, text = client.error("order", client.order_params(**stop, quantity="31"))
    assert code == ErrorCode.INVALID_ORDER and "the session holds 30, 0 of it" in text and "SELL 30 at most" in text
    code, text = client.error("order", client.order_params(**(stop | {"side": "BUY"}), quantity="1"))
    assert code == ErrorCode.INVALID_ORDER and "a BUY reduces nothing" in text
    client.order(**stop, quantity="30")
    assert scene.venue.sent(PlaceOrder)[-1].terms.reduce_only


def test_the_only_holder_may_have_a_stop_beside_a_take_profit(scene: Scene) -> None:
    client = scene.holder(1, "30")
    both = STOP | {"quantity": "30", "reduce_only": True}
    for coid in (client.order(**both, stop_price="0.5"), client.order(**both, stop_price="0.55")):
        scene.accepts(coid)
    resting = {"side": "SELL", "price": "0.7", "quantity": "30", "reduce_only": True}
    scene.accepts(client.order(**resting))
    assert all(command.terms.reduce_only for command in scene.venue.sent(PlaceOrder)[1:]), "the venue sees to it"
    why = client.error("order", client.order_params(**resting))[1]
    assert "30 of it being reduced already: cancel or amend the orders that do" in why and "other sessions" not in why


@pytest.mark.parametrize("is_first_to_rest", [False, True])
def test_a_stop_beside_a_take_profit_stays_alone(scene: Scene, is_first_to_rest: bool) -> None:
    """A second holder's position would let both of them execute, and the first session turn."""
    client, other = scene.holder(1, "30"), scene.client(2)
    both = STOP | {"quantity": "30", "reduce_only": True}
    stop = client.order(**both, stop_price="0.5")
    scene.accepts(stop)
    if is_first_to_rest:
        scene.accepts(other.order(price="0.3"))
        code, text = client.error("order", client.order_params(**both, stop_price="0.55"))
        assert code == ErrorCode.INVALID_ORDER and "a stop and a target count together" in text
        return
    target = client.order(**both, stop_price="0.55")
    scene.accepts(target)
    code, text = other.error("order", other.order_params())
    assert code == ErrorCode.INVALID_ORDER, text
    assert f"session 1 waits to SELL 60 dogeusdt of the 30 that it holds ({stop}, {target})" in text
    is_canceled(scene, target)
    assert other.order()


def test_among_several_holders_every_reducing_order_counts(scene: Scene) -> None:
    client = scene.holder(1, "30")
    scene.holder(2, "20")
    stop = STOP | {"stop_price": "0.5", "reduce_only": True}
    coid = client.order(**stop, quantity="20")
    assert not scene.venue.sent(PlaceOrder)[-1].terms.reduce_only, "at the venue the flag acts on both positions"
    scene.accepts(coid)
    assert client.last_order()["reduce_only"], "it is what was ordered"
    assert "20 of it being reduced" in client.error("order", client.order_params(**stop, quantity="11"))[1]
    client.order(**stop, quantity="10")
    why = client.error("order", client.order_params(**stop, quantity="10"))[1]
    assert "while other sessions hold the symbol too, a stop and a target count together" in why


def test_an_amend_of_a_reducing_order_stays_within_what_is_held(scene: Scene) -> None:
    client = scene.holder(1, "30")
    scene.holder(2, "20")
    coid = client.order(side="SELL", price="0.7", quantity="20", reduce_only=True)
    scene.accepts(coid)
    code, text = client.error("amend", {"client_order_id": coid, "quantity": "31"})
    assert code == ErrorCode.INVALID_ORDER and "the session holds 30, 0 of it" in text
    scene.fills_order(coid, "5", "0.7")
    client.result("amend", {"client_order_id": coid, "quantity": "30"})


def test_close_position_is_for_the_sole_holder(scene: Scene) -> None:
    client = scene.client(1)
    close = STOP | {"stop_price": "0.5", "close_position": True, "quantity": "0"}
    assert "closes nothing" in client.error("order", client.order_params(**close))[1]
    entry = client.order()
    scene.accepts(entry)
    scene.fills_order(entry, "30")
    assert "closes nothing" in client.error("order", client.order_params(**(close | {"side": "BUY"})))[1]
    other = scene.client(2)
    resting = other.order(price="0.5")
    scene.accepts(resting)
    code, text = client.error("order", client.order_params(**close))
    assert code == ErrorCode.INVALID_ORDER and "send reduce_only with a quantity" in text
    scene.fills_order(resting, "30")
    assert "send reduce_only with a quantity" in client.error("order", client.order_params(**close))[1]


def test_while_an_order_waits_to_close_everything_nobody_else_trades_the_symbol(scene: Scene) -> None:
    client = scene.holder(1, "30")
    close = STOP | {"stop_price": "0.5", "close_position": True, "quantity": "0"}
    coid = client.order(**close)
    terms = scene.venue.sent(PlaceOrder)[-1].terms
    assert (terms.close_position, terms.order_qty, terms.reduce_only) == (True, 0, False)
    scene.accepts(coid)
    assert client.last_order()["close_position"] and client.last_order()["quantity"] == "0"
    other = scene.client(2)
    code, text = other.error("order", other.order_params())
    assert code == ErrorCode.INVALID_ORDER and "session 1 has an order that closes" in text and coid in text
    client.order()  # its own session trades on
    facts = scene.tracked(coid).facts
    scene.restart()
    other, client = scene.client(2), scene.client(1)
    assert "session 1 has an order that closes" in other.error("order", other.order_params())[1], "also after a restart"
    closed = structs.replace(facts, closed=Closed(OrderStatus.CANCELED, scene.now_ms()))
    scene.says(OrderChanged(closed, "DOGEUSDT", scene.now_ms()))
    other.order()


def test_a_neighbours_stop_keeps_nobody_from_getting_out(scene: Scene) -> None:
    client = scene.holder(1, "30")
    scene.accepts(client.order(**GUARD, quantity="30"))
    other = scene.holder(2, "100")
    quote = client.order(side="SELL", price="0.7", quantity="1")  # its orders come to more than it holds
    scene.accepts(quote)
    text = other.error("order", other.order_params(price="0.5"))[1]
    assert "can add to a position" in text and "waits to SELL 31 dogeusdt of the 30" in text
    assert quote in text, "what is to go so that the stop may stay"
    target = other.order(side="SELL", price="0.7", quantity="60")
    scene.accepts(target)
    other.result("amend", {"client_order_id": target, "quantity": "50"})
    other.order(side="SELL", quantity="40")
    assert "can add to a position" in other.error("order", other.order_params(side="SELL", quantity="11"))[1]


def test_flattening_passes_a_neighbours_stop(scene: Scene) -> None:
    client = scene.holder(1, "30")
    scene.accepts(client.order(**GUARD, quantity="30"))
    scene.holder(2, "100")
    sells_all(scene, client, "1")
    before = len(scene.venue.sent(PlaceOrder))
    scene.operator().ask("op.flatten", {"session_id": 2, "reason": "enough"})
    scene.run(1)
    assert [command.terms.order_qty for command in scene.venue.sent(PlaceOrder)[before:]] == [100]


def test_nobody_makes_a_neighbours_stop_void(scene: Scene) -> None:
    """The exchange executes it only as long as the account is on the side of its session."""
    client, other = scene.holder(1, "30"), scene.client(2)
    stop = client.order(**GUARD, quantity="30")
    scene.accepts(stop)
    code, text = other.error("order", other.order_params(side="SELL", quantity="1"))
    assert code == ErrorCode.INVALID_ORDER
    assert f"session 1 waits to SELL 30 dogeusdt of the 30 that it holds ({stop})" in text
    other = scene.holder(2, "10")
    assert other.error("order", other.order_params(side="SELL", quantity="11"))[0] == ErrorCode.INVALID_ORDER
    other.order(side="SELL", quantity="10")


def test_what_the_exchange_does_not_know_to_reduce_counts_beside_what_it_does(scene: Scene) -> None:
    client = scene.holder(1, "30")
    other = scene.holder(2, "10")
    stop = client.order(**GUARD, quantity="30")
    assert not scene.venue.sent(PlaceOrder)[-1].terms.reduce_only
    sells_all(scene, other, "10")
    target = GUARD | {"order_type": "TAKE_PROFIT_MARKET", "stop_price": "0.7", "quantity": "30"}
    assert "30 of it being reduced already" in client.error("order", client.order_params(**target))[1]
    is_canceled(scene, stop)
    client.order(**target)
    assert scene.venue.sent(PlaceOrder)[-1].terms.reduce_only


def test_a_reduce_only_order_does_not_outlive_what_it_was_to_reduce(scene: Scene) -> None:
    client = scene.holder(1, "30")
    stop = client.order(**GUARD, quantity="30")
    scene.accepts(stop)
    scene.holder(2, "10")
    sells_all(scene, client, "20")
    scene.run(1)
    assert not scene.venue.sent(CancelOrder), "10 are left to reduce"
    sells_all(scene, client, "10")
    scene.run(1)
    assert [command.client_order_id for command in scene.venue.sent(CancelOrder)] == [stop]


def test_the_exchange_itself_sees_to_the_orders_of_the_only_holder(scene: Scene) -> None:
    client = scene.holder(1, "30")
    scene.accepts(client.order(**GUARD, quantity="30"))
    sells_all(scene, client, "30")
    scene.run(1)
    assert not scene.venue.sent(CancelOrder), "it may hold something again"


def test_where_assets_are_traded_a_stop_binds_nobody_else_and_does_not_outlive_what_is_held(tmp_path: Path) -> None:
    scene, venue = spot_scene(tmp_path)
    client, other = scene.client(1), scene.client(2)
    bought(scene, client, "30")
    stop = client.order(**GUARD, quantity="30")
    client.order(side="SELL", price="0.7", quantity="30")
    assert other.order()
    scene.accepts(stop)
    sells_all(scene, client, "30")
    scene.run(1)
    assert [command.client_order_id for command in venue.sent(CancelOrder)] == [stop]


def test_a_bid_for_another_price_keeps_no_stop_alive(scene: Scene) -> None:
    client = scene.holder(1, "30")
    scene.holder(2, "10")
    stop = client.order(**GUARD, quantity="30")
    scene.accepts(stop)
    scene.accepts(client.order(price="0.4", quantity="30"))
    sells_all(scene, client, "30")
    scene.run(1)
    assert [command.client_order_id for command in scene.venue.sent(CancelOrder)] == [stop]


def test_less_than_a_lot_keeps_no_stop_alive(tmp_path: Path) -> None:
    scene, venue = spot_scene(tmp_path)
    client = scene.client(1)
    bought(scene, client, "30", fee="0.03")
    stop = client.order(**GUARD, quantity="29")
    scene.accepts(stop)
    sells_all(scene, client, "29")
    scene.run(1)
    assert [command.client_order_id for command in venue.sent(CancelOrder)] == [stop]


def test_an_exit_gets_a_new_price_beside_a_neighbours_stop(scene: Scene) -> None:
    client = scene.holder(1, "30")
    scene.accepts(client.order(**GUARD, quantity="30"))
    other = scene.holder(2, "10")
    target = other.order(side="SELL", price="0.7", quantity="10")
    scene.accepts(target)
    other.result("amend", {"client_order_id": target, "price": "0.65"})


def test_nobody_makes_void_what_rests_with_the_exchanges_flag(scene: Scene) -> None:
    client, other = scene.holder(1, "30"), scene.client(2)
    scene.accepts(client.order(side="SELL", price="0.7", quantity="30", reduce_only=True))
    code, text = other.error("order", other.order_params(side="SELL", quantity="1"))
    assert code == ErrorCode.INVALID_ORDER and "session 1 waits to SELL 30" in text


@pytest.mark.parametrize(
    "changes", [{"quantity": "30"}, {"close_position": True, "quantity": "0", "reduce_only": False}]
)
def test_what_is_left_over_of_a_flat_session_goes_when_another_one_wants_to_trade(
    scene: Scene, changes: dict[str, object]
) -> None:
    client, other = scene.holder(1, "30"), scene.client(2)
    stop = client.order(**(GUARD | changes))
    scene.accepts(stop)
    sells_all(scene, client, "30")
    scene.run(1)
    assert not scene.venue.sent(CancelOrder), "alone, it may hold something again"
    assert f"session 1 has {stop} left over" in other.error("order", other.order_params())[1]
    scene.run(1)
    assert [command.client_order_id for command in scene.venue.sent(CancelOrder)] == [stop]
    is_canceled(scene, stop)
    other.order()


def test_all_that_is_left_over_goes_at_once(scene: Scene) -> None:
    client, other = scene.holder(1, "30"), scene.client(2)
    stops = [client.order(**GUARD, quantity="30") for _ in range(3)]
    for stop in stops[:2]:
        scene.accepts(stop)
    scene.ends(stops[2], OrderRequest.PLACE, Outcome.IN_DOUBT, TransportError("timeout", sent=True))
    sells_all(scene, client, "30")
    text = other.error("order", other.order_params())[1]
    assert all(stop in text for stop in stops) and "canceled as soon as the exchange has confirmed it" in text
    scene.run(1)
    assert {command.client_order_id for command in scene.venue.sent(CancelOrder)} == set(stops[:2])
    scene.accepts(stops[2])
    scene.run(1)
    for stop in stops:
        is_canceled(scene, stop)
    other.order()


def test_an_amend_puts_the_exchanges_flag_on_nothing(scene: Scene) -> None:
    """An order that was sent without it does not become one of which the exchange sees to it that it only reduces."""
    client, other = scene.holder(1, "30"), scene.holder(2, "10")
    target = client.order(side="SELL", price="0.7", quantity="1", reduce_only=True)
    scene.accepts(target)
    sells_all(scene, other, "10")
    scene.accepts(client.order(**GUARD, quantity="29"))
    assert [command.terms.reduce_only for command in scene.venue.sent(PlaceOrder)[-3:]] == [False, False, True]
    code, text = client.error("amend", {"client_order_id": target, "quantity": "30"})
    assert code == ErrorCode.INVALID_ORDER and "29 of it being reduced already: SELL 1 at most" in text
    client.result("amend", {"client_order_id": target, "price": "0.65"})


def test_an_amend_of_what_the_exchange_knows_to_reduce_may_be_as_large_as_the_position(scene: Scene) -> None:
    client = scene.holder(1, "30")
    scene.accepts(client.order(**GUARD, quantity="30"))
    target = client.order(side="SELL", price="0.7", quantity="10", reduce_only=True)
    scene.accepts(target)
    client.result("amend", {"client_order_id": target, "quantity": "30"})


def test_while_only_reducing_is_allowed_an_amend_counts_what_waits_beside_it(scene: Scene) -> None:
    client = scene.holder(1, "30")
    scene.accepts(client.order(**GUARD, quantity="30"))
    plain = client.order(side="SELL", price="0.7", quantity="10")
    scene.accepts(plain)
    scene.operator().result("op.halt", {"reducing": True, "keep_orders": True})
    code, text = client.error("amend", {"client_order_id": plain, "quantity": "30"})
    assert code == ErrorCode.HALTED and "30 of it being reduced already" in text
    assert not scene.venue.sent(ReplaceOrder)
    client.result("amend", {"client_order_id": plain, "quantity": "5"})


def test_while_only_reducing_is_allowed_a_stop_counts_the_plain_orders_beside_it(scene: Scene) -> None:
    """One that came after the stop would turn the position."""
    client = scene.holder(1, "30")
    plain = client.order(side="SELL", price="0.7", quantity="10")
    scene.accepts(plain)
    scene.operator().result("op.halt", {"reducing": True, "keep_orders": True})
    code, text = client.error("order", client.order_params(**GUARD, quantity="30"))
    assert code == ErrorCode.HALTED and "10 of it being reduced already: SELL 20 at most" in text
    scene.accepts(client.order(**GUARD, quantity="20"))
