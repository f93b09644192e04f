"""Our orders in the queue of a recorded price level: they trade when those before them have.

What is known is the level's quantity at each recorded change, and the trades. Trades eat the queue from its front.
A level that shrinks without a trade lost orders at its back, behind ours, as far as there were any: the cautious guess.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from tradingsys.matching.order_book import BookOrder

__all__ = ["RecordedQueue"]


class _Place(Struct, eq=False):
    order: BookOrder
    ahead: int
    """Recorded lots that trade before it; our own orders between do not count."""
    absorbed: int = 0
    """By how much the last change of the level brought it forward: trades told of later may be the cause."""


class RecordedQueue:
    """Our orders at one price, first come first served."""

    def __init__(self) -> None:
        self._places: dict[int, _Place] = {}

    def __bool__(self) -> bool:
        return bool(self._places)

    def __iter__(self) -> Iterator[BookOrder]:
        return (place.order for place in self._places.values())

    def join(self, order: BookOrder, ahead: int) -> None:
        """Stand behind everything that is there."""
        self._places[order.order_id] = _Place(order, ahead)

    def leave(self, order_id: int) -> None:
        """Leave the queue."""
        self._places.pop(order_id, None)

    def ahead_of(self, order_id: int) -> int:
        """Recorded lots that trade before an order."""
        return self._places[order_id].ahead

    def level_changed(self, lots: int) -> None:
        """The recorded quantity is this now: nobody can have more than all of it ahead."""
        for place in self._places.values():
            place.absorbed = max(0, place.ahead - lots)
            place.ahead -= place.absorbed

    def traded(self, lots: int, *, is_late: bool) -> list[tuple[BookOrder, int]]:
        """A trade at this price: who of us gets how much of it.

        A late trade is one that the level's last change knew already: it takes nobody forward a second time.
        """
        fills: list[tuple[BookOrder, int]] = []
        eaten = absorbed = 0
        for place in self._places.values():
            if is_late:
                known = min(lots, max(0, place.absorbed - absorbed))
                absorbed += known
                lots -= known
                if place.ahead:
                    break
            else:
                before = min(lots, max(0, place.ahead - eaten))
                eaten += before
                lots -= before
            fill = min(lots, place.order.leaves)
            if not fill:
                break
            fills.append((place.order, fill))
            lots -= fill
        for place in self._places.values():
            place.ahead = max(0, place.ahead - eaten)
            place.absorbed = max(0, place.absorbed - absorbed)
        return fills

    def passed(self, lots: int) -> list[tuple[BookOrder, int]]:
        """A trade at a worse price: nobody recorded can be left ahead. Who of us gets how much of it."""
        fills: list[tuple[BookOrder, int]] = []
        for place in self._places.values():
            place.ahead = place.absorbed = 0
            fill = min(lots, place.order.leaves)
            if fill:
                fills.append((place.order, fill))
                lots -= fill
        return fills
