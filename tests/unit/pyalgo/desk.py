"""Strategies that trade one symbol at the bench."""

from __future__ import annotations

from pyalgo.order import Order
from pyalgo.tradable import DepthSubscription, Tradable
from pyalgo.words import OrderType, Side
from tests.unit.pyalgo.bench import Bench


def ready(trading: bool = True) -> tuple[Bench, DepthSubscription]:
    bench = Bench(trading)
    subscription = bench.context.open_subscription("DOGEUSDT", "depth")
    bench.settle()
    bench.client.start_delivery()
    assert isinstance(subscription, DepthSubscription)
    return bench, subscription


def buy(subscription: DepthSubscription, price: float = 0.6, quantity: float = 30) -> Order:
    order = subscription.add_order(price, quantity, Side.BUY, OrderType.LIMIT)
    assert order is not None
    return order


def methods(bench: Bench) -> list[str]:
    return [request.method for request in bench.gateway.received]


def of(bench: Bench) -> Tradable:  # type: ignore[type-arg]
    return bench.context.subscriptions["dogeusdt@depth"]
