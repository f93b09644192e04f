"""Position, money and what may still execute."""

from __future__ import annotations

from msgspec import structs

from pyalgo import Fill, Order, OrderType, Position, Side, Unfilled
from tests.unit.pyalgo.bench import Bench
from tests.unit.pyalgo.desk import of
from tests.unit.pyalgo.pushes import depth, kline, mark, trade
from tradingsys.core.enums import OrderStatus
from tradingsys.wire.codec import encode
from tradingsys.wire.messages import BalancePush, BalanceView, FillView, OrderPush, PositionPush


def buy(bench: Bench, quantity: float = 30) -> Order:
    order = of(bench).add_order(0.6, quantity, Side.BUY, OrderType.LIMIT)
    assert order is not None
    bench.settle()
    return order


def push_position(bench: Bench, net: str, entry_px: str | None = "0.6", realized: str = "1.5") -> None:
    gateway = bench.gateway
    gateway._event(
        lambda n: PositionPush(
            gateway.epoch, n, "dogeusdt", net, entry_px, realized, {"USDT": "0.02", "BNB": "-0.001"}, {"USDT": "-0.3"}
        )
    )
    bench.settle()


def test_a_position_has_what_was_made_of_it(bench: Bench) -> None:
    told: list[Position] = []
    everywhere: list[Position] = []
    of(bench).on_position, bench.context.on_position = told.append, everywhere.append
    assert of(bench).position == Position("dogeusdt", 0.0, None, 0.0, 0.0, {}, {})
    push_position(bench, "-100")
    bench.gateway.send(encode(depth("dogeusdt", "0.57", "0.59")))
    bench.settle()
    fees, funding = {"USDT": 0.02, "BNB": -0.001}, {"USDT": -0.3}
    assert told == everywhere == [Position("dogeusdt", -100.0, 0.6, 1.5, None, fees, funding)]
    position = of(bench).position
    assert (position.net, position.unrealized_pnl) == (-100.0, 2.0)
    push_position(bench, "0", None)
    assert (of(bench).position.unrealized_pnl, of(bench).position.realized_pnl) == (0.0, 1.5)
    push_position(bench, "5", None)
    assert of(bench).position.unrealized_pnl is None


def test_the_best_known_price_values_a_position(bench: Bench) -> None:
    for stream in ("mark", "trade", "kline:1m"):
        bench.context.open_subscription("dogeusdt", stream)
    push_position(bench, "100")
    values = []
    for push in (kline(), trade("0.62"), depth("dogeusdt", "0.63", "0.65"), mark("0.7")):
        bench.gateway.send(encode(push))
        bench.settle()
        values.append(of(bench).position.unrealized_pnl)
    assert values == [5.0, 2.0, 4.0, 10.0]


def test_executions_are_told_after_the_order_with_their_fee_when_known(bench: Bench) -> None:
    told: list[str] = []
    fills: list[tuple[Order, Fill]] = []
    sub, context = of(bench), bench.context
    sub.on_position = lambda position: told.append(f"position {position.net}")
    sub.on_order = lambda order: told.append(f"order {order.acc}")
    sub.on_fill = lambda order, fill: told.append(f"fill {fill.quantity} of {order.acc}")
    context.on_fill = lambda order, fill: fills.append((order, fill))
    order = buy(bench)
    bench.gateway.fill(order.client_order_id, "10", "0.59")
    bench.gateway.fill(order.client_order_id, "5")
    bench.settle()
    assert told == [
        "order 0.0",
        "position 10.0",
        "order 10.0",
        "fill 10.0 of 10.0",
        "position 15.0",
        "order 15.0",
        "fill 5.0 of 15.0",
    ]
    assert [fill for _, fill in fills] == order.fills
    (_, first), _ = fills
    assert (first.price, first.quantity, first.making, first.fee, first.id) == (0.59, 10.0, True, None, "1")
    assert first.datetime.isoformat().endswith("+08:00")
    view = bench.gateway.orders[order.client_order_id]
    late = structs.replace(view.fills[0], fee="0.0118", fee_asset="USDT")
    bench.gateway._event(lambda n: OrderPush(bench.gateway.epoch, n, structs.replace(view, fills=[late])))
    bench.settle()
    assert (first.fee, first.fee_asset, len(fills)) == (0.0118, "USDT", 2)
    assert "10.0 @ 0.59, making, fee 0.0118 USDT" in str(first)


def test_unfilled_counts_by_side_and_in_doubt_in_full(bench: Bench) -> None:
    first = buy(bench)
    bench.gateway.fill(first.client_order_id, "10")
    bench.gateway.new_order_status = OrderStatus.UNKNOWN
    sell = of(bench).add_order(0.7, 50, Side.SELL, OrderType.LIMIT)
    assert sell is not None
    bench.settle()
    assert of(bench).unfilled == Unfilled(20.0, 50.0)
    assert (of(bench).unfilled.buy, of(bench).unfilled.sell) == (20.0, 50.0)
    bench.gateway.set_status(sell.client_order_id, OrderStatus.ABSENT)
    bench.settle()
    assert of(bench).unfilled == (20.0, 0.0)
    bench.gateway.set_status(sell.client_order_id, OrderStatus.NEW)
    bench.gateway.set_status(first.client_order_id, OrderStatus.CANCELED)
    bench.settle()
    assert of(bench).unfilled == (0.0, 50.0)


def test_unfilled_counts_an_order_before_the_gateway_has_answered(bench: Bench) -> None:
    of(bench).add_order(0.6, 30, Side.BUY, OrderType.LIMIT)
    assert of(bench).unfilled.buy == 30.0


def test_what_the_exchange_has_executed_and_not_yet_told_counts_until_it_is_told(bench: Bench) -> None:
    order = buy(bench)
    view = structs.replace(bench.gateway.orders[order.client_order_id], cum_qty="12", status=OrderStatus.CANCELED)
    bench.gateway.orders[order.client_order_id] = view
    bench.gateway._order_event(order.client_order_id, [])
    bench.settle()
    assert (of(bench).net, of(bench).unfilled.buy, order.is_active) == (0.0, 12.0, False)
    bench.gateway.orders[order.client_order_id] = structs.replace(view, cum_qty="0")
    bench.gateway.fill(order.client_order_id, "12")
    bench.settle()
    assert (of(bench).net, of(bench).unfilled.buy) == (12.0, 0.0)


def test_a_new_process_counts_what_the_snapshot_says_is_on_its_way() -> None:
    bench = Bench()
    ended = bench.gateway.leave_open(1)
    bench.gateway.set_status(ended, OrderStatus.CANCELED)
    bench.gateway.leave_open(2)
    bench.gateway.unbooked["dogeusdt"] = ("7", "0")
    sub = bench.context.open_subscription("dogeusdt", "depth")
    bench.client.start_delivery()
    bench.settle()
    assert sub.unfilled == (37.0, 0.0)
    bench.gateway.fill(ended, "7")
    bench.settle()
    assert (sub.net, sub.unfilled.buy) == (7.0, 30.0)
    bench.disconnect()
    bench.gateway.unbooked.clear()
    bench.gateway.restart()
    bench.settle()
    assert (sub.net, sub.unfilled.buy) == (7.0, 30.0)


def test_open_orders_are_found_among_many_that_ended(bench: Bench) -> None:
    orders = [buy(bench, 10) for _ in range(20)]
    for order in orders[1:-1]:
        of(bench).cancel(order.id)
    bench.settle()
    assert of(bench).open_orders == [orders[0], orders[-1]]
    bench.gateway.set_status(orders[5].client_order_id, OrderStatus.CANCELED)
    bench.settle()
    assert of(bench).unfilled == (20.0, 0.0)


def test_balances_are_the_accounts(bench: Bench) -> None:
    usdt = bench.context.balance["USDT"]
    assert (usdt.asset, usdt.wallet, usdt.available) == ("USDT", 1000.5, 900.25)
    bench.gateway.send(encode(BalancePush([BalanceView("USDT", "1001"), BalanceView("BNB", "2")])))
    bench.settle()
    assert (bench.context.balance["USDT"].wallet, bench.context.balance["USDT"].available) == (1001.0, None)
    assert bench.context.balance["BNB"].wallet == 2.0
    bench.context.refresh_balance()
    bench.settle()
    assert bench.context.balance["USDT"].available == 900.25


def test_an_execution_of_an_order_nobody_knew_is_told(bench: Bench) -> None:
    fills: list[Fill] = []
    of(bench).on_fill = lambda _, fill: fills.append(fill)
    unknown = bench.gateway.leave_open(3)
    view = bench.gateway.orders[unknown]
    fill = FillView("77", "0.6", "30", 1, False)
    filled = structs.replace(view, fills=[fill], cum_qty="30", status=OrderStatus.FILLED)
    bench.gateway._event(lambda n: OrderPush(bench.gateway.epoch, n, filled))
    bench.settle()
    assert [fill.id for fill in fills] == ["77"]


def push_of(bench: Bench, order: Order, **changes: object) -> None:
    """What the gateway tells of an order beside what a script of it says."""
    view = structs.replace(bench.gateway.orders[order.client_order_id], **changes)
    bench.gateway._event(lambda n: OrderPush(bench.gateway.epoch, n, view))
    bench.settle()


def test_what_comes_later_of_an_execution_completes_it_and_its_fee_is_told_once(bench: Bench) -> None:
    told: list[str] = []
    of(bench).on_order = lambda order: told.append(f"order {order.acc}")
    of(bench).on_fill = lambda order, fill: told.append(f"fill {fill.fee} {fill.making}")
    of(bench).on_fee = lambda order, fill: told.append(f"fee {fill.fee} {fill.fee_asset} {fill.making}")
    bench.context.on_fee = lambda order, fill: told.append("and for all")
    order = buy(bench)
    told.clear()
    thin = FillView("9", "0.6", "10", 5)
    push_of(bench, order, fills=[thin], cum_qty="10", status=OrderStatus.PARTIALLY_FILLED)
    taken = structs.replace(thin, making=False)
    push_of(bench, order, completed_fills=[taken], cum_qty="10", status=OrderStatus.PARTIALLY_FILLED)
    assert (order.making, order.fills[0].making, order.fills[0].fee) == (False, False, None)
    whole = structs.replace(taken, fee="0.006", fee_asset="USDT")
    for _ in range(2):
        push_of(bench, order, completed_fills=[whole], cum_qty="10", status=OrderStatus.PARTIALLY_FILLED)
    assert told == ["order 10.0", "fill None None", "fee 0.006 USDT False", "and for all"]
    told.clear()
    whole = FillView("10", "0.6", "20", 6, True, "0.012", "USDT")
    push_of(bench, order, fills=[whole], cum_qty="30", status=OrderStatus.FILLED)
    assert told == ["order 30.0", "fill 0.012 True", "fee 0.012 USDT True", "and for all"]


def test_of_an_order_that_ended_before_this_process_began_a_late_fee_is_no_execution(bench: Bench) -> None:
    told: list[object] = []
    bench.context.on_fill = bench.context.on_fee = lambda order, fill: told.append(fill)
    of(bench).on_order = told.append
    ended = bench.gateway.leave_open(1)
    whole = FillView("9", "0.6", "10", 5, False, "0.006", "USDT")
    view = structs.replace(bench.gateway.orders.pop(ended), status=OrderStatus.FILLED, completed_fills=[whole])
    bench.gateway._event(lambda n: OrderPush(bench.gateway.epoch, n, view))
    bench.settle()
    assert told == [] and of(bench).open_orders == []


def test_a_push_of_balances_tells_what_is_available_where_it_is_known(bench: Bench) -> None:
    bench.gateway.send(encode(BalancePush([BalanceView("USDT", "990", "400.5"), BalanceView("DOGE", "5")])))
    bench.settle()
    balance = bench.context.balance
    assert (balance["USDT"].wallet, balance["USDT"].available, balance["DOGE"].available) == (990.0, 400.5, None)
