"""What becomes of requests and their answers."""

from __future__ import annotations

from urllib.parse import parse_qsl

from msgspec import Struct, structs

from tradingsys.sim.chaos.dice import Dice, Throw, pick
from tradingsys.sim.chaos.faults import Fault
from tradingsys.sim.chaos.levers import Asked, Trouble
from tradingsys.sim.chaos.profiles import Profile, Span
from tradingsys.sim.faces.transport import Reply, Request

__all__ = ["Answers", "Fate", "within_ns"]

_NS_PER_MS = 1_000_000
_NEVER_NS = 15_000 * _NS_PER_MS
"""A client that is given no answer at all has given up before its connection ends."""
_TROUBLES = {
    Fault.ANSWER_TIMEOUT: Trouble.TIMEOUT,
    Fault.ANSWER_UNKNOWN: Trouble.UNKNOWN,
    Fault.ANSWER_DROPPED: Trouble.DROP,
    Fault.REQUEST_CUT: Trouble.CUT,
    Fault.UNAVAILABLE: Trouble.UNAVAILABLE,
    Fault.OVERLOADED: Trouble.OVERLOADED,
    Fault.INTERNAL: Trouble.INTERNAL,
}
_BROKEN = Reply(
    502, b"<html><head><title>502 Bad Gateway</title></head><body></body></html>", {"Content-Type": "text/html"}
)
_OF_THE_MOMENT = frozenset({"timestamp", "signature", "recvWindow"})
"""What differs between two askings of one question."""
_MOST_KEPT = 200

_Question = tuple[str, tuple[tuple[str, str], ...], str]


class Fate(Struct, frozen=True):
    """What one request meets."""

    fault: Fault | None
    throw: Throw


class _Kept(Struct, frozen=True):
    at_ns: int
    reply: Reply


class Answers:
    """Decides about each request by its own number among those of its kind."""

    def __init__(self, profile: Profile, dice: Dice) -> None:
        self._profile, self._dice = profile, dice
        self._kept: dict[_Question, _Kept] = {}
        self._order: Fate | None = None

    def order_fate(self, asked: Asked, reduces: bool) -> Trouble:
        """What the next request of this kind meets inside of the exchange; `order` tells the rest."""
        throw = self._dice.throw(asked)
        fault = pick(self._profile.orders, throw)
        if fault is Fault.OVERLOADED and (reduces or asked is not Asked.PLACE):  # the exchange lets these through
            fault = None
        self._order = Fate(fault, throw)
        return Trouble.NONE if fault is None else _TROUBLES.get(fault, Trouble.NONE)

    def order(self) -> Fate | None:
        """What the request met that was just answered, if it was about an order."""
        fate, self._order = self._order, None
        return fate

    def read_fate(self, name: str) -> Fate:
        """What the next request of this name meets, if it turns out to be about no order."""
        throw = self._dice.throw(name)
        return Fate(pick(self._profile.reads, throw), throw)

    def instead(self, request: Request, fate: Fate, now_ns: int) -> Reply | None:
        """What is answered without asking the exchange."""
        if request.method != "GET":
            return None
        if fate.fault is Fault.READ_BROKEN:
            return _BROKEN
        if fate.fault is Fault.READ_STALE:
            kept = self._kept.get(_question(request))
            if kept is not None and now_ns - kept.at_ns <= self._profile.stale_ms * _NS_PER_MS:
                return kept.reply
        return None

    def keep(self, request: Request, reply: Reply, now_ns: int) -> None:
        """An answer that may come a second time, if it tells of an account."""
        if not self._profile.reads.get(Fault.READ_STALE) or request.method != "GET" or reply.status != 200:
            return
        if b"signature=" in request.query:
            self._kept.pop(_question(request), None)
            self._kept[_question(request)] = _Kept(now_ns, reply)
            if len(self._kept) > _MOST_KEPT:
                del self._kept[next(iter(self._kept))]

    def late_ns(self, fate: Fate) -> int:
        """How long an answer is on its way."""
        match fate.fault:
            case Fault.ANSWER_LATE:
                return within_ns(self._profile.answers_late_ms, fate.throw)
            case Fault.READ_LATE:
                return within_ns(self._profile.reads_late_ms, fate.throw)
            case _:
                return 0

    def sent(self, reply: Reply, fate: Fate) -> Reply:
        """An answer by HTTP as it goes out."""
        if fate.fault is Fault.ANSWER_MISSING:
            return Reply(0, b"", late_ns=_NEVER_NS)
        late_ns = self.late_ns(fate)
        return structs.replace(reply, late_ns=late_ns) if late_ns else reply


def within_ns(span_ms: Span, throw: Throw) -> int:
    """A time of that span, by the size of the throw."""
    least, most = span_ms
    return int((least + (most - least) * throw.size) * _NS_PER_MS)


def _question(request: Request) -> _Question:
    given = sorted(pair for pair in parse_qsl(request.query.decode("latin-1")) if pair[0] not in _OF_THE_MOMENT)
    return request.path, tuple(given), request.headers.get("x-mbx-apikey", "")
