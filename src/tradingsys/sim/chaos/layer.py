"""The layer between sockets and box: it passes everything on, and now and then something else."""

from __future__ import annotations

from collections import Counter

from tradingsys.sim.chaos.answers import Answers, Fate
from tradingsys.sim.chaos.dice import Dice
from tradingsys.sim.chaos.episodes import Episodes
from tradingsys.sim.chaos.faults import Fault
from tradingsys.sim.chaos.frames import Frames
from tradingsys.sim.chaos.happenings import Happenings
from tradingsys.sim.chaos.levers import Levers
from tradingsys.sim.chaos.operator import calls, summary
from tradingsys.sim.chaos.profiles import Profile
from tradingsys.sim.faces.transport import Reply, Request, WsOutput, WsRefuse, WsSend
from tradingsys.sim.simulator import Product, Simulator

__all__ = ["Chaos"]

_NS_PER_MS = 1_000_000


class Chaos:
    """A box to which things happen: to be used in the place of its `Simulator`, with the same calls and promises.

    Times are the caller's. The box's own clock is theirs, but for steps of a clock that goes wrong: it never goes
    back, and stands still instead until its time has come again.
    """

    def __init__(self, box: Simulator, profile: Profile, seed: int, now_ns: int) -> None:
        self._box = box
        self._levers = Levers(box)
        self._clients: dict[int, None] = {}
        self._offset_ns = 0
        self._now_ns = self._box_ns = now_ns
        self.is_on = False
        self.start(profile, seed)
        box.admin.add(calls(self))

    # --- by hand

    def start(self, profile: Profile, seed: int) -> list[WsOutput]:
        """Begin with another profile or seed: every kind of event is counted from one again."""
        outputs = self.stop() if self.is_on else []
        self.profile, self.seed = profile, seed
        self.counts: Counter[Fault] = Counter()
        """What went wrong, and how often."""
        self.dice = Dice(seed)
        self._answers = Answers(profile, self.dice)
        self._frames = Frames(profile, self.dice, self.counts, self._levers)
        self._happenings = Happenings(self._levers, self._frames, self.counts)
        self.resume()
        return outputs

    def stop(self) -> list[WsOutput]:
        """Nothing goes wrong from now on, and what was held is sent."""
        self.is_on = False
        self._offset_ns = 0
        self._happenings.stop()
        self._levers.release(queries_were_late=bool(self.profile.queries_late_ms))
        return self._frames.flush()

    def resume(self) -> None:
        """Go on after `stop`; what was to happen at a time is planned anew."""
        if self.is_on:
            return
        self.is_on = True
        self._frames.resume()
        self._episodes = Episodes(self.profile.episodes, self.dice, self._now_ns)
        part = self._part if self.profile.splits else None
        self._levers.pull(self._answers.order_fate, part, self.profile.queries_late_ms * _NS_PER_MS)

    def happen(self, fault: Fault) -> None:
        """Let something that happens at a time happen now; on the next `tick`, that is."""
        self.resume()
        self._episodes.begin(fault, self._now_ns)

    @property
    def summary(self) -> str:
        """What it did, in one line; nothing when it did nothing."""
        return summary(self)

    @property
    def lasting(self) -> dict[Fault, int]:
        """What lasts now, and until when."""
        return self._episodes.lasting if self.is_on else {}

    # --- as the simulator

    @property
    def next_deadline_ns(self) -> int | None:
        """When to call `tick` at the latest."""
        box_ns = self._box.next_deadline_ns
        deadlines = (
            None if box_ns is None else box_ns - self._offset_ns,
            self._frames.next_deadline_ns,
            self._episodes.next_deadline_ns if self.is_on else None,
        )
        return min((deadline for deadline in deadlines if deadline is not None), default=None)

    @property
    def is_over(self) -> bool:
        """Whether a recording has been played to its end."""
        return self._box.is_over

    def exchange_ns(self, now_ns: int) -> int:
        """What the exchange's clock shows."""
        return self._box.exchange_ns(self._time(now_ns))

    def tick(self, now_ns: int) -> list[WsOutput]:
        """Let time pass."""
        self._now_ns = now_ns
        outputs = self._turn(now_ns)
        outputs += self._frames.passed(self._box.tick(self._time(now_ns)), now_ns)
        return outputs + self._frames.ready(now_ns)

    def http(self, request: Request, now_ns: int) -> tuple[Reply, list[WsOutput]]:
        """Answer one HTTP request."""
        outputs = self.tick(now_ns)
        if not self.is_on or request.path.startswith("/admin/"):
            reply, caused = self._box.http(request, self._time(now_ns))
            return reply, outputs + self._frames.passed(caused, now_ns)
        name = f"{request.method} {request.path}"
        fate = self._answers.read_fate(name) if request.method == "GET" else None
        refused = self._happenings.instead(request)
        if refused is not None:
            return refused, outputs
        if fate is not None:
            instead = self._answers.instead(request, fate, now_ns)
            if instead is not None:
                self._count(fate)
                return instead, outputs
        reply, caused = self._box.http(request, self._time(now_ns))
        self._answers.keep(request, reply, now_ns)
        fate = fate or self._answers.order() or self._answers.read_fate(name)
        self._count_answer(fate)
        reply = self._happenings.told(self._answers.sent(reply, fate), now_ns)
        return reply, outputs + self._frames.passed(caused, now_ns)

    def ws_refusal(self, target: str, now_ns: int, product: Product = Product.FUTURES) -> WsRefuse | None:
        """Whether a websocket to ``target`` (path and query) is refused; if not, `ws_open` follows."""
        is_spared = self._happenings.is_announced and product is Product.SPOT
        if self._happenings.is_restarting and not is_spared:
            return WsRefuse(503, "Service Unavailable")
        return self._box.ws_refusal(target, self._time(now_ns), product)

    def ws_open(self, conn_id: int, target: str, now_ns: int, product: Product = Product.FUTURES) -> list[WsOutput]:
        """A websocket was opened."""
        outputs = self.tick(now_ns)
        self._clients[conn_id] = None
        caused = self._box.ws_open(conn_id, target, self._time(now_ns), product)
        return outputs + self._frames.passed(caused, now_ns)

    def ws_frame(self, conn_id: int, data: bytes, now_ns: int) -> list[WsOutput]:
        """A client sent one text frame."""
        outputs = self.tick(now_ns)
        caused = self._box.ws_frame(conn_id, data, self._time(now_ns))
        if not self.is_on:
            return outputs + self._frames.passed(caused, now_ns)
        # The box's time has passed already: the first that it has to say here is the answer.
        answer = next((each for each in caused if isinstance(each, WsSend) and each.conn_id == conn_id), None)
        caused = [each for each in caused if each is not answer]
        fate = self._answers.order()
        if fate is None and answer is not None and not self._levers.is_public(conn_id):
            fate = self._answers.read_fate("websocket")
        if fate is not None:
            self._count_answer(fate)
        outputs += self._answered(answer, fate, now_ns)
        return outputs + self._frames.passed(caused, now_ns)

    def ws_pong(self, conn_id: int) -> None:
        """A client sent a pong."""
        self._box.ws_pong(conn_id)

    def ws_closed(self, conn_id: int) -> None:
        """A websocket is gone."""
        self._clients.pop(conn_id, None)
        self._frames.forget(conn_id)
        self._box.ws_closed(conn_id)

    # --- what goes wrong

    def _answered(self, answer: WsSend | None, fate: Fate | None, now_ns: int) -> list[WsOutput]:
        if answer is None or self._frames.silences_answer(answer.conn_id):
            return []
        if fate is not None and fate.fault is Fault.ANSWER_MISSING:
            return []
        late_ns = 0 if fate is None else self._answers.late_ns(fate)
        if late_ns:
            self._frames.hold(answer, now_ns + late_ns)
            return []
        return [answer]

    def _turn(self, now_ns: int) -> list[WsOutput]:
        outputs: list[WsOutput] = []
        if not self.is_on:
            return outputs
        for turn in self._episodes.turns(now_ns):
            if turn.fault is Fault.CLOCK_STEP:
                if turn.begins:
                    self.counts[turn.fault] += 1
                    self._offset_ns = self._happenings.offset_ns(turn.throw)
                continue
            closing, told = self._happenings.turn(turn, list(self._clients), self._time(now_ns), now_ns)
            for each in closing:
                self.ws_closed(each.conn_id)
            outputs += self._frames.passed(told, now_ns)
            outputs += closing
        return outputs

    def _time(self, now_ns: int) -> int:
        self._box_ns = max(self._box_ns, now_ns + self._offset_ns)
        return self._box_ns

    def _part(self, lots: int) -> int:
        throw = self.dice.throw("match")
        if lots < 2 or throw.which >= self.profile.splits:
            return lots
        self.counts[Fault.FILL_SPLIT] += 1
        return max(1, int(lots * throw.size / 2))

    def _count_answer(self, fate: Fate) -> None:
        """Faults of questions that were answered with the truth after all are none."""
        if fate.fault not in (Fault.READ_BROKEN, Fault.READ_STALE):
            self._count(fate)

    def _count(self, fate: Fate) -> None:
        if fate.fault is not None:
            self.counts[fate.fault] += 1
