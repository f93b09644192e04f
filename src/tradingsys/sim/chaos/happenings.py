"""What happens at a time, or for a time, to everybody at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from msgspec import structs

from tradingsys.sim.chaos.dice import Throw
from tradingsys.sim.chaos.episodes import Turn
from tradingsys.sim.chaos.faults import Fault
from tradingsys.sim.chaos.frames import Frames, Silence
from tradingsys.sim.chaos.levers import Levers
from tradingsys.sim.chaos.refusal import Refusal
from tradingsys.sim.faces.transport import CUT, Reply, Request, WsClose, WsOutput

__all__ = ["Happenings"]

_NS = 1_000_000_000
_GOING_AWAY = 1001
_FARTHEST_NS = 2 * _NS
"""How far the exchange's clock may be off."""
_STATUS = {Fault.TOO_MANY: 429, Fault.BAN: 418}


class Happenings:
    """Performs what the schedule says."""

    def __init__(self, levers: Levers, frames: Frames, counts: Counter[Fault]) -> None:
        self._levers, self._frames, self._counts = levers, frames, counts
        self.is_restarting = False
        self.is_announced = False
        """Whether websockets that can be told are told, and end last; meanwhile others of their kind can be opened."""
        self._leaving = frozenset[int]()
        self._shut_out_until_ns = self._shut_out_status = 0
        self._refusal: Refusal | None = None

    def stop(self) -> None:
        """Nothing lasts any longer."""
        self.is_restarting = False
        self._refusal = None
        if self._shut_out_until_ns:
            self._levers.shut_out(0, is_ban=False)
        self._shut_out_until_ns = 0

    def turn(
        self, turn: Turn, clients: Sequence[int], box_ns: int, now_ns: int
    ) -> tuple[list[WsClose], list[WsOutput]]:
        """Websockets that end, and what the exchange says meanwhile; ``clients`` are open, oldest first."""
        if turn.begins:
            self._counts[turn.fault] += 1
        match turn.fault:
            case Fault.RESTART:
                return self._restart(turn, clients, box_ns)
            case Fault.SOCKET_END if turn.begins and clients:
                conn_id = clients[int(turn.throw.place * len(clients))]
                return [WsClose(conn_id, _GOING_AWAY, "24 hours are over")], []
            case Fault.STREAM_END if turn.begins:
                return [], self._levers.end_streams(box_ns)
            case Fault.SILENCE:
                self._frames.silence = _silence(turn.throw, clients) if turn.begins else None
            case Fault.REFUSAL:
                self._refusal = Refusal(turn.throw) if turn.begins else None
            case Fault.TOO_MANY | Fault.BAN if turn.begins:
                self._shut_out_until_ns, self._shut_out_status = turn.ends_ns, _STATUS[turn.fault]
                self._levers.shut_out(box_ns + turn.ends_ns - now_ns, is_ban=turn.fault is Fault.BAN)
            case _:
                pass
        return [], []

    def _restart(self, turn: Turn, clients: Sequence[int], box_ns: int) -> tuple[list[WsClose], list[WsOutput]]:
        self.is_restarting = turn.begins
        told: list[WsOutput] = []
        if turn.begins:
            self.is_announced = turn.throw.which < 0.5
            told = self._levers.announce_end(box_ns) if self.is_announced else []
            self._leaving = frozenset(output.conn_id for output in told)
        code = CUT if turn.throw.place < 0.5 else _GOING_AWAY
        return [WsClose(each, code) for each in clients if (each in self._leaving) is not turn.begins], told

    def instead(self, request: Request) -> Reply | None:
        """What a question gets that is refused; None where it is answered."""
        return None if self._refusal is None else self._refusal.instead(request)

    def told(self, reply: Reply, now_ns: int) -> Reply:
        """An answer to somebody who is shut out says for how long, as the exchange's own front does.

        Whoever went on asking is banned for longer than that, and the exchange itself says so.
        """
        if reply.status != self._shut_out_status or now_ns >= self._shut_out_until_ns:
            return reply
        seconds = -((now_ns - self._shut_out_until_ns) // _NS)
        return structs.replace(reply, headers={**reply.headers, "Retry-After": str(seconds)})

    @staticmethod
    def offset_ns(throw: Throw) -> int:
        """How far the exchange's clock is off after a step."""
        return int((2 * throw.place - 1) * _FARTHEST_NS)


def _silence(throw: Throw, clients: Sequence[int]) -> Silence:
    """A third each: the market alone, the accounts alone, everything."""
    market, accounts = throw.place < 2 / 3, throw.place >= 1 / 3
    return Silence(frozenset(clients), market=market, accounts=accounts, answers=market and accounts)
