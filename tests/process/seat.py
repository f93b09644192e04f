"""A strategy in the test's own process, at a real gateway and a real simulator."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

import pyalgo
from pyalgo import Balance, Context, DepthSubscription, Engine, Fill, Order, Position
from tests.process.world import PATIENCE_S, Process, World
from tradingsys.core.errors import LocalProtocolError

__all__ = ["SYMBOL", "Seat", "at_seat", "in_directory"]

SYMBOL = "dogeusdt"


class Seat:
    """One session with everything it was told, and the exchange's own records beside it."""

    def __init__(self, world: World, gateway: Process, engine: Engine, session: Context) -> None:
        self.world, self.gateway, self.engine, self.session = world, gateway, engine, session
        self.errors: list[LocalProtocolError] = []
        self.told: list[Order] = []
        self.fills: list[tuple[Order, Fill]] = []
        self.positions: list[Position] = []
        session.on_error = self.errors.append
        session.on_fill = lambda order, fill: self.fills.append((order, fill))
        session.on_position = self.positions.append
        self.book: DepthSubscription = session.subscribe(SYMBOL, "depth:100ms")
        self.book.on_order = self.told.append
        self.until("a book", lambda: self.book.bid_level > 0 and self.book.ask_level > 0)

    def until(self, what: str, done: Callable[[], object]) -> None:
        """Let the strategy run until something is so."""
        deadline = time.monotonic() + PATIENCE_S
        while not done():
            self.engine.run(seconds=0.05)
            assert time.monotonic() < deadline, f"waited {PATIENCE_S:.0f} s for {what}; told of {self.errors}"

    def bid(self, factor: float = 1.0) -> float:
        """The best bid times a factor, on the tick."""
        return self.book.round_price(self.book.bid_prc(0) * factor)

    def move_to(self, price: float) -> None:
        """Let the market trade at a price."""
        self.world.admin("price", {"symbol": SYMBOL.upper(), "price": f"{price:.5f}"})

    def lay(self, side: str, price: float, qty: int) -> None:
        """A stranger's limit order."""
        order = {"symbol": SYMBOL.upper(), "side": side, "qty": str(qty), "price": f"{price:.5f}"}
        self.world.admin("trade", order)

    def row(self, order: Order) -> dict[str, Any] | None:
        """The exchange's record of an order, if it has one."""
        rows = [row for row in self.world.orders() if row["client_order_id"] == order.client_order_id]
        return rows[0] if rows else None

    def condition(self, order: Order) -> dict[str, Any]:
        """The exchange's record of a conditional order."""
        (row,) = [row for row in self.world.admin("algos") if row["client_algo_id"] == order.client_order_id]
        found: dict[str, Any] = row
        return found

    def sweep(self) -> None:
        """No order left."""
        for order in self.book.open_orders:
            self.book.cancel(order.id)
        self.until("all orders to end", lambda: not self.book.open_orders)

    @property
    def balance(self) -> Balance:
        """Of USDT."""
        return self.session.balance["USDT"]


@contextlib.contextmanager
def in_directory(directory: Path) -> Iterator[None]:
    """This process finds tokens, and writes logs, where those of the world do."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(directory)
        patch.setenv("XDG_CONFIG_HOME", str(directory))
        yield
    pyalgo.log.close()


@contextlib.contextmanager
def at_seat(directory: Path, limits: Mapping[str, object] = MappingProxyType({})) -> Iterator[Seat]:
    """Session 1 at a gateway that is ready."""
    with in_directory(directory), World.running(directory, limits=limits) as world:
        gateway = world.start_gateway()
        world.wait_until_ready(gateway)
        engine = Engine(level="warn")
        try:
            session = engine.make_session(f"ws://localhost:{world.port}", 1, "seat", trading=True)
            yield Seat(world, gateway, engine, session)
        finally:
            engine.close()
