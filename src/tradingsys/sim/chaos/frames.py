"""What becomes of the events that the box sends."""

from __future__ import annotations

from collections import Counter
from heapq import heappop, heappush

from tradingsys.sim.chaos.answers import within_ns
from tradingsys.sim.chaos.dice import Dice, pick
from tradingsys.sim.chaos.faults import Fault
from tradingsys.sim.chaos.levers import Levers
from tradingsys.sim.chaos.lines import Line
from tradingsys.sim.chaos.profiles import Profile
from tradingsys.sim.faces.transport import WsClose, WsOutput, WsPing, WsSend

__all__ = ["Frames", "Silence"]

_LOST = frozenset({Fault.EVENT_LOST, Fault.MARKET_LOST})
_TWICE = frozenset({Fault.EVENT_TWICE, Fault.MARKET_TWICE})
_SWAPPED = frozenset({Fault.EVENT_SWAPPED, Fault.MARKET_SWAPPED})


class Silence:
    """Which websockets say nothing, and what of theirs is not said."""

    def __init__(self, conn_ids: frozenset[int], *, market: bool, accounts: bool, answers: bool) -> None:
        self.conn_ids = conn_ids
        self.market, self.accounts, self.answers = market, accounts, answers


class Frames:
    """Every websocket's way out."""

    def __init__(self, profile: Profile, dice: Dice, counts: Counter[Fault], levers: Levers) -> None:
        self._profile, self._dice, self._counts, self._levers = profile, dice, counts, levers
        self._lines: dict[int, Line] = {}
        self._late: list[tuple[int, int, WsSend]] = []
        """Answers: they may overtake each other, and events."""
        self._held = 0
        self.silence: Silence | None = None
        self._touches = bool(profile.account or profile.market)

    @property
    def next_deadline_ns(self) -> int | None:
        """When `ready` has something."""
        deadlines = [line.next_deadline_ns for line in self._lines.values()]
        deadlines += [due_ns for due_ns, _, _ in self._late[:1]]
        return min((deadline for deadline in deadlines if deadline is not None), default=None)

    def passed(self, outputs: list[WsOutput], now_ns: int) -> list[WsOutput]:
        """What goes out now of what the box has to say."""
        if not (self._touches or self._lines or self.silence):
            return outputs
        sent: list[WsOutput] = []
        for output in outputs:
            sent += self._sent(output, now_ns)
        return sent

    def hold(self, answer: WsSend, due_ns: int) -> None:
        """Send an answer later, past whatever else is sent."""
        self._held += 1
        heappush(self._late, (due_ns, self._held, answer))

    def ready(self, now_ns: int) -> list[WsOutput]:
        """What was held long enough."""
        sent: list[WsOutput] = []
        while self._late and self._late[0][0] <= now_ns:
            sent.append(heappop(self._late)[2])
        for conn_id, line in list(self._lines.items()):
            sent += line.ready(now_ns)
            if line.is_empty:
                del self._lines[conn_id]
        return sent

    def flush(self) -> list[WsOutput]:
        """Everything that is held, and from now on nothing."""
        sent: list[WsOutput] = [answer for _, _, answer in sorted(self._late)]
        for line in self._lines.values():
            sent += line.all()
        self._late.clear()
        self._lines.clear()
        self._touches, self.silence = False, None
        return sent

    def resume(self) -> None:
        """Go on after `flush`."""
        self._touches = bool(self._profile.account or self._profile.market)

    def forget(self, conn_id: int) -> None:
        """A websocket is gone."""
        self._lines.pop(conn_id, None)

    def silences_answer(self, conn_id: int) -> bool:
        """Whether answers to this client are not sent."""
        return self.silence is not None and self.silence.answers and conn_id in self.silence.conn_ids

    def _sent(self, output: WsOutput, now_ns: int) -> list[WsOutput]:
        line = self._lines.get(output.conn_id)
        if isinstance(output, WsPing):
            return [] if self.silences_answer(output.conn_id) else [output]
        if isinstance(output, WsClose):  # what was said before comes before
            if line is None:
                return [output]
            line.put(output, now_ns)
            return []
        is_public = self._levers.is_public(output.conn_id)
        if self._is_silent(output.conn_id, is_public):
            return []
        throw = self._dice.throw("market" if is_public else "account")
        fault = pick(self._profile.market if is_public else self._profile.account, throw)
        if fault is None and line is None:
            return [output]
        if fault is not None:
            self._counts[fault] += 1
            if fault in _LOST:
                return []
        if line is None:
            line = self._lines[output.conn_id] = Line()
        if fault in _SWAPPED:
            line.swap(output, now_ns)
        else:
            late = fault is not None and fault not in _TWICE
            span = self._profile.market_late_ms if is_public else self._profile.account_late_ms
            due_ns = now_ns + within_ns(span, throw) if late else now_ns
            for _ in range(2 if fault in _TWICE else 1):
                line.put(output, due_ns)
        return line.ready(now_ns)

    def _is_silent(self, conn_id: int, is_public: bool) -> bool:
        silence = self.silence
        if silence is None or conn_id not in silence.conn_ids:
            return False
        return silence.market if is_public else silence.accounts
