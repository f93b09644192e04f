"""What the exchange itself does wrong: answers that prove nothing, refusals, bans, restarts, streams that end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from tests.simulate.faults import Faults
from tests.simulate.world import World, s
from tradingsys.sim.faces.binance.face import Face
from tradingsys.sim.faces.binance.troubles import Asked, Trouble
from tradingsys.sim.faces.transport import WsOutput

__all__ = ["Troubles"]

_PROVE_NOTHING = (Trouble.TIMEOUT, Trouble.UNKNOWN, Trouble.DROP)
_PROVE_FAILURE = (Trouble.UNAVAILABLE, Trouble.OVERLOADED, Trouble.INTERNAL, Trouble.CUT)
_PLACING = (b'"order.place"', b'"orderList.place', b'"algoOrder.place"', b"/order?", b"/algoOrder?", b"/orderList/")
_REFUSALS = (-2010, -2019, -1015)
"""Refused by the matching engine, for lack of margin, for too many orders."""


class Troubles:
    """One hand on an exchange's face; an exchange without one does nothing wrong."""

    def __init__(self, world: World, face: Face[Any] | None, counts: Counter[str]) -> None:
        self.faults: Callable[[], Faults] = Faults.none
        self._world = world
        self._face = face
        self._counts = counts
        self._codes: list[int] = []
        if face is not None:
            face.troubles.fate = self._fate
            self._codes = [code for code in _REFUSALS if _has(face, code)]

    @property
    def has_face(self) -> bool:
        """Whether it speaks as exchanges do."""
        return self._face is not None

    def order_comes(self, data: bytes) -> None:
        """A request arrives: one that places an order may be refused for no fault of its own."""
        if self._face is None or not any(method in data for method in _PLACING):
            return
        if self._world.chance(self.faults().refuse_order):
            code = self._world.rng.choice(self._codes)
            self._face.troubles.plan(Asked.PLACE, Trouble.REFUSED, 1, code)
            self._counts[f"orders refused by code {code}"] += 1

    def shut_out(self, seconds: float, *, is_ban: bool) -> bool:
        """Whoever asks is told to come back later, or banned."""
        if self._face is not None:
            self._face.shut_out(self._world.now_ns + s(seconds), is_ban=is_ban)
        return self._face is not None

    @property
    def shuts_out(self) -> bool:
        """Whether the exchange answers nothing now, as too much was asked."""
        if self._face is None:
            return False
        limits = self._face._state.limits
        until_ms: int = max(limits._banned_until_ms, limits._shut_out_until_ms)
        return self._world.now_ns // 1_000_000 < until_ms

    def end_streams(self) -> list[WsOutput]:
        """The account's streams end, and their connections stay."""
        return [] if self._face is None else self._face.end_streams(self._world.now_ns)

    def announce_end(self) -> list[WsOutput]:
        """Connections are told that they will end, where the exchange does that."""
        announce = getattr(self._face, "shut_down", None)
        return [] if announce is None else list(announce(self._world.now_ns))

    def be_good(self) -> None:
        """Nothing goes wrong any more, and a ban runs out."""
        if self._face is not None:
            self._face.troubles.plan(Asked.PLACE, Trouble.NONE, 0)

    def _fate(self, asked: Asked, reduces: bool) -> Trouble:
        faults = self.faults()
        if self._world.chance(faults.answer_unknown):
            self._counts["executed, and answered that nobody knows"] += 1
            return self._world.rng.choice(_PROVE_NOTHING)
        if not self._world.chance(faults.answer_failed):
            return Trouble.NONE
        trouble = self._world.rng.choice(_PROVE_FAILURE)
        if trouble is Trouble.OVERLOADED and (reduces or asked is not Asked.PLACE):
            return Trouble.NONE
        self._counts["not executed, and answered so"] += 1
        return trouble


def _has(face: Face[Any], code: int) -> bool:
    try:
        face.troubles.refusal(code)
    except KeyError:
        return False
    return True
