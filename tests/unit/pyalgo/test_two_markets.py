"""One strategy at a spot and a futures gateway: symbols of one name on both never mix."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyalgo import Depth, DepthSubscription, Engine, Order, OrderType, Side
from tests.unit.pyalgo.bench import Bench, Executions
from tests.unit.pyalgo.pushes import depth
from tests.unit.pyalgo.scripted_gateway import ScriptedGateway
from tests.unit.pyalgo.spot_gateway import SpotGateway
from tests.unit.pyalgo.ws_gateway import WsGateway
from tradingsys.wire.codec import encode

pytestmark = pytest.mark.usefixtures("own_directory")


def test_one_engine_trades_the_same_symbol_at_two_gateways() -> None:
    """Both have session 1 and dogeusdt; what one gateway does is the other's business nowhere."""

    def fill_and_quote(price: str) -> object:
        def on_request(gateway: ScriptedGateway) -> None:
            match gateway.received[-1].method:
                case "subscribe":
                    gateway.send(encode(depth("dogeusdt", price, "0.7")))
                case "order":
                    gateway.fill(gateway.sent_to_venue[-1], "10", price)

        return on_request

    with (
        WsGateway(on_request=fill_and_quote("0.61"), kind=SpotGateway) as spot_side,  # type: ignore[arg-type]
        WsGateway(on_request=fill_and_quote("0.62")) as futures_side,  # type: ignore[arg-type]
    ):
        engine = Engine()
        spot = engine.make_session(spot_side.addr, 1, "pair", trading=True).subscribe("dogeusdt", "depth")
        perpetual = engine.make_session(futures_side.addr, 1, "pair", trading=True).subscribe("dogeusdt", "depth")
        assert (spot.is_spot, perpetual.is_spot) == (True, False)
        assert not perpetual.order_support(OrderType.STOP_LOSS) and spot.order_support(OrderType.STOP_LOSS)
        heard: list[tuple[str, float]] = []

        def on_data(sub: DepthSubscription, name: str, side: Side) -> None:
            def hear(book: Depth) -> None:
                heard.append((name, book.bid_prc(0)))
                sub.add_order(0.5, 10, side, OrderType.LIMIT)

            def done(order: Order) -> None:
                heard.append((name, order.acc))
                if spot.net and perpetual.net:
                    engine.stop()

            sub.on_data, sub.on_order = hear, done

        on_data(spot, "spot", Side.BUY)
        on_data(perpetual, "perpetual", Side.SELL)
        engine.run(10)
        assert (spot.net, perpetual.net) == (10.0, -10.0)
        assert {entry for entry in heard if entry[1] < 1} >= {("spot", 0.61), ("perpetual", 0.62)}
        assert [order.trade_price for order in (*_orders(spot), *_orders(perpetual))] == [0.61, 0.62]
        assert len(spot_side.gateway.sent_to_venue) == len(futures_side.gateway.sent_to_venue) == 1


def _orders(subscription: DepthSubscription) -> list[Order]:
    return list(subscription._trader.client.history.orders.known())  # type: ignore[attr-defined]


HAPPENINGS = st.lists(
    st.tuples(st.booleans(), st.sampled_from(["order", "fill", "break", "settle", "restart"]), st.integers(1, 9)),
    max_size=40,
)


@settings(max_examples=60, deadline=None)
@given(HAPPENINGS)
def test_whatever_happens_on_one_market_the_other_keeps_its_own(happenings: list[tuple[bool, str, int]]) -> None:
    benches = {True: Bench(kind=SpotGateway), False: Bench()}
    told = {True: Executions(), False: Executions()}
    for is_spot, bench in benches.items():
        bench.context.open_subscription("dogeusdt", "depth").on_order = told[is_spot]
        bench.settle()
        bench.client.start_delivery()
    for is_spot, what, number in happenings:
        bench = benches[is_spot]
        sub = bench.context.subscriptions["dogeusdt@depth"]
        open_ids = [o.client_order_id for o in bench.gateway.orders.values() if o.status.is_open]
        match what:
            case "order":
                sub.add_order(0.6, 10, Side.BUY if is_spot else Side.SELL, OrderType.LIMIT)
            case "fill" if open_ids:
                order = bench.gateway.orders[open_ids[number % len(open_ids)]]
                leaves = int(order.quantity) - int(order.cum_qty)
                bench.gateway.fill(order.client_order_id, str(min(number, leaves)))
            case "break" if bench.link is not None:
                bench.disconnect()
            case "restart":
                if bench.link is not None:
                    bench.disconnect()
                bench.gateway.restart()
            case _:
                bench.settle()
    for is_spot, bench in benches.items():
        bench.settle()
        net = bench.context.net("dogeusdt")
        assert net == float(bench.gateway.positions.get("dogeusdt", 0))
        assert net >= 0 if is_spot else net <= 0
        executed = {client_order_id for client_order_id, times in told[is_spot].times.items() if times}
        assert executed == {order.client_order_id for order in bench.gateway.orders.values() if order.fills}
