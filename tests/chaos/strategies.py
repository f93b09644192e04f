"""Strategies that trade at random until they are told to stop, each with a durable record of what it was told.

``python -m tests.chaos.strategies ADDRESS PRODUCT FIRST_SESSION SESSIONS PER_SECOND SEED``: odd sessions lean to
buying, even ones to selling, all of them on the same symbols. While there is a file ``quiet`` they cancel what is open.
At SIGTERM each tells, as one line of JSON, what it believes.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from random import Random
from typing import Any

from pyalgo import Context, Engine, Fill, Order, OrderType, Side
from tests.campaign.asset_strategy import AssetMonkey
from tests.campaign.strategy import Monkey

__all__ = ["QUIET", "SYMBOLS", "record_path"]

QUIET = Path("quiet")
SYMBOLS = {"usdm": ("dogeusdt", "xrpusdt"), "spot": ("dogeusdt", "ethbtc")}
_LEANS = 0.25
"""So often an order follows no whim but the session's direction."""
_MOST_DOUBTS = 3
"""Nobody goes on for ever without hearing what became of all that."""
_CLEAN_UP_S = 1.0
_RUNNING = {"running": True}


class _Futures(Monkey):
    symbols = SYMBOLS["usdm"]


class _Coins(AssetMonkey):
    symbols = SYMBOLS["spot"]


_KINDS: dict[str, type[Monkey]] = {"usdm": _Futures, "spot": _Coins}


def record_path(directory: Path, session: int) -> Path:
    """Where a session's record is."""
    return directory / f"record-{session}.jsonl"


class Record:
    """What a session held when it began, and then every execution that it was told of: written before it goes on."""

    def __init__(self, session: Context, symbols: tuple[str, ...]) -> None:
        self._fd = os.open(record_path(Path(), session.id), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._say({"begin": {symbol: _held(session, symbol) for symbol in symbols}})
        session.on_fill = self._told

    def _told(self, order: Order, fill: Fill) -> None:
        self._say(
            {
                "fill": fill.id,
                "order": order.client_order_id,
                "symbol": order.symbol,
                "side": order.side.name,
                "qty": fill.quantity,
                "px": fill.price,
            }
        )

    def _say(self, line: dict[str, Any]) -> None:
        os.write(self._fd, json.dumps(line).encode() + b"\n")


class Seat:
    """One session: its whims, its direction, its record."""

    def __init__(self, session: Context, kind: type[Monkey], random: Random) -> None:
        self.record = Record(session, kind.symbols)
        self.monkey = kind(session, random)
        self._random, self._side = random, Side.BUY if session.id % 2 else Side.SELL

    def act(self) -> None:
        """One request."""
        book = self.monkey.books[0]
        if sum(order.in_doubt for each in self.monkey.books for order in each.open_orders) > _MOST_DOUBTS:
            return
        if self._random.random() < _LEANS and book.bid_prc(0):
            book.add_order(0, self.monkey._quantity(book), self._side, OrderType.MARKET)
        else:
            self.monkey.act()

    def report(self) -> dict[str, Any]:
        """What it believes of its positions and of each order that it knows."""
        known = self.monkey.session.client.history.orders.known()
        orders = {order.client_order_id: [order.is_active, order.acc] for order in known}
        return {**self.monkey.report(), "orders": orders}


def _held(session: Context, symbol: str) -> float:
    position = session.position(symbol)
    return position.net if position.net_executed is None else position.net_executed


def main(address: str, product: str, first: int, sessions: int, per_second: float, seed: int) -> None:
    random, engine = Random(seed), Engine(0.001, "warn")
    contexts = [
        engine.make_session(address, number, f"chaos-{number}", trading=True)
        for number in range(first, first + sessions)
    ]
    seats = [Seat(context, _KINDS[product], random) for context in contexts]

    def act() -> None:
        seat = random.choice(seats)
        if seat.monkey.session.is_ready and not QUIET.exists():
            seat.act()

    def clean_up() -> None:
        if QUIET.exists():
            for seat in seats:
                if seat.monkey.session.is_ready:
                    seat.monkey.clean_up()

    engine.every(1 / per_second, act)
    engine.every(_CLEAN_UP_S, clean_up)
    print(json.dumps(_RUNNING), flush=True)
    engine.run()
    print(json.dumps([seat.report() for seat in seats]), flush=True)


if __name__ == "__main__":
    given = sys.argv[1:]
    main(given[0], given[1], int(given[2]), int(given[3]), float(given[4]), int(given[5]))
