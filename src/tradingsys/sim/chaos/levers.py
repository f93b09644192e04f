"""What chaos needs of the box's inside: the faces' troubles, the books' matches, and what only an exchange can do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from tradingsys.matching.order_book import BookOrder
from tradingsys.sim.faces.binance.face import Face
from tradingsys.sim.faces.binance.troubles import Asked, Trouble
from tradingsys.sim.faces.transport import WsOutput
from tradingsys.sim.simulator import Simulator

__all__ = ["Asked", "Levers", "Trouble"]


class _Account(Protocol):
    """Whoever trades."""

    @property
    def is_house(self) -> bool:
        """Whether it is one of the background traders."""


def _truth(_asked: Asked, _reduces: bool) -> Trouble:
    return Trouble.NONE


class Levers:
    """One hand on everything in the box that can be made to go wrong."""

    def __init__(self, box: Simulator) -> None:
        self._box = box

    @property
    def _faces(self) -> tuple[Face[Any], ...]:
        return (self._box.face, self._box.spot_face)

    def pull(
        self,
        fate: Callable[[Asked, bool], Trouble],
        part: Callable[[int], int] | None,
        queries_late_ns: int,
    ) -> None:
        """``fate`` is asked about each order request that nobody planned for, ``part`` about each match of an account.

        ``fate`` also hears whether an order can only reduce a position. Orders and executions younger than
        ``queries_late_ns`` are not found.
        """
        for face in self._faces:
            face.troubles.fate = fate
            if queries_late_ns:
                face.troubles.queries_late_ns = queries_late_ns
        if part is not None:
            self._split(part)

    def release(self, *, queries_were_late: bool) -> None:
        """Let everything be as it should."""
        for face in self._faces:
            face.troubles.fate = _truth
            if queries_were_late:
                face.troubles.queries_late_ns = 0
        for part in self._box.parts.values():
            for venue in part.exchange.venues.values():
                venue.book.part = None

    def shut_out(self, until_ns: int, *, is_ban: bool) -> None:
        """Refuse whoever asks, until then."""
        for face in self._faces:
            face.shut_out(until_ns, is_ban=is_ban)

    def end_streams(self, now_ns: int) -> list[WsOutput]:
        """Let every account's stream end."""
        return [output for face in self._faces for output in face.end_streams(now_ns)]

    def announce_end(self, now_ns: int) -> list[WsOutput]:
        """Tell websockets that they will end soon, where the exchange does that."""
        return self._box.spot_face.shut_down(now_ns)

    def is_public(self, conn_id: int) -> bool:
        """Whether a websocket carries the public market alone."""
        return any(face.is_public(conn_id) for face in self._faces)

    def _split(self, part: Callable[[int], int]) -> None:
        for exchange in (each.exchange for each in self._box.parts.values()):
            parted = _of_accounts(part, exchange.accounts)
            for venue in exchange.venues.values():
                venue.book.part = parted


_Part = Callable[[BookOrder, BookOrder, int], int]


def _of_accounts(part: Callable[[int], int], accounts: Mapping[str, _Account]) -> _Part:
    """What strangers trade with each other stays whole."""

    def parted(taker: BookOrder, maker: BookOrder, lots: int) -> int:
        is_strangers = accounts[taker.account].is_house and accounts[maker.account].is_house
        return lots if is_strangers else part(lots)

    return parted
