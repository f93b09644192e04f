"""A strategy in the test's own process, turned by hand: what it did and was told can be looked at at any time."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import TypeVar, Unpack

from pyalgo import Context, DepthSubscription, Order, OrderType, Side, State, Tif
from pyalgo.options import OrderOptions
from tests.process.world import World, eventually
from tradingsys.core.errors import LocalProtocolError

__all__ = ["Strategist"]

T = TypeVar("T")


class Strategist:
    """One session with one symbol's book."""

    def __init__(self, world: World, session: int, *, trading: bool = True, symbol: str = "dogeusdt") -> None:
        token = (world.directory / "tradingsys" / f"token-{world.port}").read_text().strip()
        self.context = Context(f"ws://localhost:{world.port}", session, f"hand {session}", trading, token=token)
        self.errors: list[LocalProtocolError] = []
        self.context.on_error = self.errors.append
        self.context.connect()
        self.sub: DepthSubscription = self.context.subscribe(symbol, "depth")
        self.told: list[Order] = []
        self.sub.on_order = self.told.append
        self.until("a book", lambda: self.sub.bid_prc(0))

    def __enter__(self) -> Strategist:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.context.close()

    @property
    def net(self) -> float:
        """What it holds."""
        return self.sub.net

    def turn(self) -> None:
        """Let arrive what is there."""
        while self.context.process() is not None:
            pass

    def until(self, what: str, look: Callable[[], T | None]) -> T:
        """What ``look`` returns, as soon as that is something."""

        def turned() -> T | None:
            self.turn()
            return look()

        return eventually(what, turned)

    def buy(self, quantity: float) -> Order:
        """At the market, until it is done."""
        order = self.sub.add_order(0, quantity, Side.BUY, OrderType.MARKET)
        assert order is not None, self.errors
        self.until("the purchase", lambda: not order.is_active)
        assert order.acc == quantity, order
        return order

    def rest(self, quantity: float, tif: Tif = Tif.GTC, **options: Unpack[OrderOptions]) -> Order:
        """A bid far below the market, confirmed by the exchange; 0.9 of the best one's price."""
        price = 0.0 if options.get("price_match") else self.sub.round_price(self.sub.bid_prc(0) * 0.9)
        order = self.sub.add_order(price, quantity, Side.BUY, OrderType.LIMIT, tif, **options)
        assert order is not None, self.errors
        self.until("the order's confirmation", lambda: order in self.told)
        assert order.is_active, order
        return order

    def cancel(self, order: Order) -> None:
        """Until it is gone; asked again when it was refused, as after a jump of the exchange's clock."""

        def is_gone() -> bool:
            self.sub.cancel(order.id)  # nothing is sent while one is under way
            return order.state is State.CANCELED

        self.until("the cancel", is_gone)

    def refused(self) -> LocalProtocolError:
        """The error of a small purchase that must not come about."""
        known = len(self.errors)
        order = self.sub.add_order(0, 20, Side.BUY, OrderType.MARKET)
        if order is not None:  # the strategy may still hear of something else before the answer
            self.until("a refusal", lambda: not order.is_active)
            assert (order.state, order.acc) == (State.REJECTED, 0), order
        assert len(self.errors) > known
        return self.errors[-1]
