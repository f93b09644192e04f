"""A simulator in a process of its own, as other people's clients and its operator see it."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

from tests.process.world import PATIENCE_S, World

__all__ = [
    "FUTURES",
    "HMAC_KEY",
    "HMAC_SECRET",
    "MARGIN",
    "PATIENCE_S",
    "SPOT",
    "Box",
    "Row",
    "eventually",
    "exactly",
    "soon",
]

FUTURES, SPOT, MARGIN = "futures", "spot", "margin"
"""Products: futures have an exchange of their own, margin trades on spot's."""

_ACCOUNTS = {FUTURES: "main", SPOT: "main", MARGIN: "main/margin"}
"""Whose keys they are."""

HMAC_KEY = HMAC_SECRET = "sim"
"""The key that every box knows."""

_CONFIG_NAMES = {FUTURES: "usdt.json", SPOT: "spot.json", MARGIN: "margin.json"}
_EXCHANGES = {FUTURES: FUTURES, SPOT: SPOT, MARGIN: SPOT}
_MARKETS = {FUTURES: "/fapi/v1", SPOT: "/api/v3", MARGIN: "/api/v3"}

_SHORTEST_PAUSE_S, _LONGEST_PAUSE_S = 0.01, 0.3
"""Between two looks: asking for ever costs weight."""

Row = dict[str, Any]

T = TypeVar("T")


async def eventually(what: str, look: Callable[[], Any]) -> Any:
    """What ``look`` gives, or promises, as soon as that is something; a failure when it never is."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            pause_s = _SHORTEST_PAUSE_S
            while True:
                found = look()
                if isinstance(found, Awaitable):
                    found = await found
                if found:
                    return found
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
    except TimeoutError:
        raise AssertionError(f"waited {PATIENCE_S:.0f} s for {what}") from None


async def soon(answer: Awaitable[T]) -> T:
    """The answer; a failure when it does not come."""
    return await asyncio.wait_for(answer, PATIENCE_S)


def exactly(text: str | int | Decimal | None) -> float | None:
    """What a client that computes with floats makes of the exchange's decimal text."""
    return None if text is None else float(Decimal(text))


class Box:
    """Addresses, keys, and the operator's window, against which everything that a client says is held.

    It is one product's: of futures, and `spot` and `margin` for the exchange of assets beside it.
    """

    def __init__(self, world: World, product: str = FUTURES) -> None:
        self._world = world
        self.product = product
        self.account = _ACCOUNTS[product]
        config = json.loads((world.directory / _CONFIG_NAMES[product]).read_text())
        self.rest: str = config["urls"]["rest"]
        self.streams: str = config["urls"]["streams"]
        self.ws_api: str = config["urls"]["ws_api"]
        self.api_key: str = config["apikey"]
        self.private_key: str = (world.directory / config["pem"]).read_text()
        """Ed25519, PEM."""

    @classmethod
    @contextmanager
    def running(cls, directory: Path) -> Iterator[Box]:
        """A box on free ports of this machine."""
        with World.running(directory) as world:
            yield cls(world)

    @property
    def spot(self) -> Box:
        """The same machine's exchange of assets."""
        return Box(self._world, SPOT)

    @property
    def margin(self) -> Box:
        """The same machine's exchange of assets, for those who borrow."""
        return Box(self._world, MARGIN)

    def admin(self, what: str, body: dict[str, Any] | None = None) -> Any:
        """What the operator sees, or does."""
        product = _EXCHANGES[self.product]
        if body is not None:
            return self._world.admin(what, {"product": product, **body})
        return self._world.admin(f"{what}{'&' if '?' in what else '?'}product={product}")

    def public(self, path: str, **params: object) -> Any:
        """A public answer as it is on the wire."""
        with urllib.request.urlopen(f"{self.rest}{path}?{urlencode(params)}") as reply:
            return json.loads(reply.read())

    def market(self, name: str, **params: object) -> Any:
        """The same, where all products have it: ``depth``, ``ticker/24hr``."""
        return self.public(f"{_MARKETS[self.product]}/{name}", **params)

    def order(self, symbol: str, order_id: int | str) -> Row:
        """One order, as the exchange has it; ids are of their symbol."""
        (row,) = (row for row in self.orders(symbol) if row["order_id"] == int(order_id))
        return row

    def orders(self, symbol: str = "") -> list[Row]:
        """Every order, oldest first."""
        rows: list[Row] = self.admin(f"orders?account={self.account}&symbol={symbol}")
        return rows

    def executions(self, symbol: str = "", *, order_id: int | str | None = None) -> list[Row]:
        """Every execution, oldest first, or an order's."""
        rows: list[Row] = self.admin(f"ledger?account={self.account}&symbol={symbol}")
        return [row for row in rows if order_id is None or row["order_id"] == int(order_id)]

    def balance(self) -> Row:
        """The account's money."""
        (row,) = self.admin("balances")
        assert isinstance(row, dict)
        return row

    def wallet(self) -> dict[str, Row]:
        """The account's assets."""
        return {row["asset"]: row for row in self.admin(f"balances?account={self.account}")}

    def loans(self, asset: str = "") -> list[Row]:
        """What was borrowed and paid back, oldest first."""
        return [row for row in self.admin(f"loans?account={self.account}") if asset in ("", row["asset"])]

    def interest(self, asset: str = "") -> list[Row]:
        """What borrowing cost, oldest first."""
        return [row for row in self.admin(f"interest?account={self.account}") if asset in ("", row["asset"])]

    def level(self) -> Decimal:
        """What the margin account has, in what it owes."""
        (row,) = self.admin(f"margin?account={self.account}")
        return Decimal(row["level"])

    def position(self, symbol: str) -> Row:
        """The account's position; of zero when it never had one."""
        rows: list[Row] = self.admin(f"positions?symbol={symbol}")
        return rows[0] if rows else {"symbol": symbol, "net": "0", "entry_px": None, "realized_pnl": "0"}
