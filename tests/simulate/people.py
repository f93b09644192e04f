"""People who use the account on the exchange's own pages: they trade, and change what sessions have open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tests.simulate.venue import Venue
from tests.simulate.world import World
from tradingsys.core.enums import Side
from tradingsys.core.ids import OrderKey, encode_client_order_id

__all__ = ["People"]

_ANOTHER_BOOK = "zzzzz"


class People:
    """With one account."""

    def __init__(
        self,
        world: World,
        venue: Venue,
        counts: Counter[str],
        account: str,
        symbols: Sequence[str],
        sessions: Sequence[int],
        what: str = "orders",
    ) -> None:
        """``what`` they change, as it is counted."""
        self._world, self._venue, self._counts = world, venue, counts
        self._account, self._symbols, self._sessions = account, symbols, sessions
        self._what = what
        self._orders = 0

    def trade(self) -> None:
        """At market."""
        self._orders += 1
        self._counts["manual trades"] += 1
        rng = self._world.rng
        symbol, side, qty = rng.choice(self._symbols).upper(), rng.choice(list(Side)), rng.randint(10, 40)
        self._venue.order(self._account, symbol, side, qty, None, self._foreign_id())

    def change(self) -> None:
        """Cancel, or amend, one of the account's orders."""
        if self._world.chance(0.6):
            self._counts[f"{self._what} canceled by hand"] += self._venue.cancel_by_hand()
        else:
            self._counts[f"{self._what} amended by hand"] += self._venue.amend_by_hand()

    def _foreign_id(self) -> str:
        """Nobody's of ours, though it may be of another pos.db, or look like one of ours and be none."""
        rng = self._world.rng
        key = OrderKey(rng.choice(self._sessions), _ANOTHER_BOOK, self._world.now_ns // 1_000_000, 1, self._orders)
        ours = encode_client_order_id(key)
        nearly = f"{ours[:-1]}{'0' if ours[-1] != '0' else '1'}"
        chosen = rng.choice((f"web_{self._orders}", f"web_{self._orders}", ours, nearly))
        self._counts[f"{self._what} with ids that nearly are ours"] += chosen in (ours, nearly)
        return chosen
