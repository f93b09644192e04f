"""What the exchange does to the account by itself: liquidations, deleveragings, and a symbol that is delisted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from tests.simulate.venue import Venue
from tests.simulate.world import World, s

__all__ = ["Forces"]


class Forces:
    """Of one life."""

    def __init__(self, world: World, venue: Venue, counts: Counter[str]) -> None:
        self.trades: list[tuple[str, int]] = []
        """When the exchange traded by itself, by symbol."""
        self._world, self._venue, self._counts = world, venue, counts

    def strike(self) -> None:
        """A position is lost to a liquidation, or to somebody else's."""
        symbol, is_part = self._world.rng.choice(self._venue.symbols), self._world.chance(0.3)
        if self._venue.deleverage(symbol) if is_part else self._venue.liquidate(symbol):
            self._note("deleverages" if is_part else "liquidates", symbol)
            self._counts["deleveragings" if is_part else "liquidations"] += 1

    def settle_after(self, seconds: float, state: Callable[[], str], kill: Callable[[], object]) -> None:
        """Delist a symbol then, while the gateway is in whatever ``state``; it often dies right before or after."""
        symbol, moment = self._world.rng.choice(self._venue.symbols), self._world.rng.random()

        def settle() -> None:
            if moment < 0.3:
                kill()
            self._counts[f"symbols settled while {state()}"] += 1
            if self._venue.settle(symbol):
                self._note("settles", symbol)
                self._counts["positions settled"] += 1
            if moment > 0.7:
                kill()

        self._world.after(s(seconds), settle)

    def _note(self, what: str, symbol: str) -> None:
        self._world.note(f"the exchange {what} {symbol}")
        self.trades.append((symbol, self._world.now_ns))
