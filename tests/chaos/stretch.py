"""One stretch: a world of its own, in which the gateway dies so many times, and in the end every book is judged."""

from __future__ import annotations

import shlex
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random

from msgspec import Struct, field

from tests.chaos.crash_points import BOOT_POINTS, POINTS, RARE_POINTS, SIDES, Crash, last_words
from tests.chaos.judge import judge, keep_evidence, left_in_logs
from tests.chaos.product import Setting
from tests.chaos.stage import Cast, Stage
from tests.chaos.troubles import TROUBLES
from tests.process.world import PATIENCE_S, Process, eventually

__all__ = ["Outcome", "Plan", "play"]

_TURN_S = 0.01
_PROFILES = ("calm", "lossy", "slow", "flaky", "stale", "silent", "clock", "partial", "restart", "storm")
_BORED_S = 5.0
"""A gateway that was to die at an instant which does not come dies anyway."""
_LOOK_S = 0.1
_NUMBERS = (1, 2, 5, 10, 30, 60)


class Plan(Struct, frozen=True):
    """What is played."""

    seed: int
    product: str
    kills: int
    cast: Cast = Cast()
    profile: str = ""
    """Of the exchange's chaos; empty: as the seed says."""
    mistakes: tuple[str, ...] = ()
    """What the gateway is broken by."""
    at: str = ""
    """Of the instants only the one after this."""
    troubles: float = 1.0
    """How many in one life of the gateway, on average."""
    patience_s: float = 2 * PATIENCE_S
    """How long what is wrong may stay as it is, once nothing goes wrong any more."""

    def again(self, seed: int, number: int) -> str:
        """The command that plays it again, where the campaign's ``seed`` and the stretch's ``number`` made its own."""
        words = [f"--seed={seed}", f"--stretch={number}", f"--per-stretch={self.kills}"]
        words += [f"--profile={self.profile}"] * bool(self.profile) + [f"--at={self.at}"] * bool(self.at)
        words += [f"--mistake={mistake}" for mistake in self.mistakes]
        # Quoted twice: make hands ARGS on to another shell.
        return shlex.join(["make", "chaos", "CHAOS=again", f"PRODUCT={self.product}", f"ARGS={shlex.join(words)}"])


class Outcome(Struct):
    """What happened, and what is wrong; nothing is, when all is well."""

    product: str
    profile: str
    violations: list[str] = field(default_factory=list)
    kills: Counter[str] = field(default_factory=Counter)
    """Of the gateway, by the instant."""
    faults: Counter[str] = field(default_factory=Counter)
    exchange_faults: Counter[str] = field(default_factory=Counter)
    """What the exchange's own chaos did."""
    ready_ms: list[int] = field(default_factory=list)
    """From each start to ready, after a kill."""
    ready_after_cut_ms: list[int] = field(default_factory=list)
    orders: int = 0
    executions: int = 0
    seconds: float = 0.0


def play(directory: Path, plan: Plan, is_over: Callable[[], bool] = lambda: False) -> Outcome:
    """Ends early, but with judgement, when ``is_over``."""
    random = Random(f"{plan.seed} {plan.product}")
    drawn = random.choice(_PROFILES)  # always, or what comes after it would be another stretch's
    profile = plan.profile or drawn
    outcome, began = Outcome(plan.product, profile), time.monotonic()
    setting = Setting(mistakes=plan.mistakes, small_segments=True)
    with Stage.built(directory, plan.product, plan.cast, plan.seed, profile, setting) as stage:
        try:
            _Play(stage, plan, random, outcome, is_over).run()
            stage.calm()
            outcome.violations += judge(stage, plan.patience_s)
        except AssertionError as error:
            outcome.violations.append(f"never over: {error}")
        outcome.violations += left_in_logs(stage)
        if outcome.violations:
            keep_evidence(stage)
        outcome.faults += stage.faults
        outcome.orders, outcome.executions = len(stage.ask("orders")), len(stage.ask("ledger"))
        outcome.exchange_faults += Counter(stage.world.admin("chaos")["counts"])
    outcome.seconds = time.monotonic() - began
    return outcome


class _End(Struct, frozen=True):
    """When a gateway dies at the latest."""

    at_most_s: float = 3 * PATIENCE_S
    after_ready_s: float = _BORED_S
    executions: int = 0
    """After being ready, if they come in time."""


class _Play:
    def __init__(self, stage: Stage, plan: Plan, random: Random, outcome: Outcome, is_over: Callable[[], bool]) -> None:
        self.stage, self.plan, self.random, self.outcome, self._is_over = stage, plan, random, outcome, is_over
        self._is_after_cut = False
        self._is_boot_next = False

    def run(self) -> None:
        stage = self.stage
        stage.world.wait_until_ready(stage.start_gateway())
        stage.start_strategies()
        eventually("the first executions", lambda: stage.executions > 5)
        self._live(None, _End(executions=30))
        while self.outcome.kills.total() < self.plan.kills and not self._is_over():
            crash = self._draw_crash()
            self._live(crash, self._draw_end() if crash is None else _End())

    def _draw_crash(self) -> Crash | None:
        """Some recoveries of a death die too, at an instant of their own."""
        if self.plan.at:
            return Crash(self.plan.at, SIDES[-1], self.random.choice(_NUMBERS))
        again = self._is_boot_next and self.random.random() < 0.2
        if not again and self.random.random() < 0.3:
            return None
        is_boot = again or self.random.random() < 0.15
        point = self.random.choice(sorted(BOOT_POINTS if is_boot else POINTS.keys() - BOOT_POINTS.keys()))
        number = 1 if is_boot else self.random.choice(_NUMBERS[: 2 if point in RARE_POINTS else None])
        return Crash(point, self.random.choice(SIDES), number)

    def _draw_end(self) -> _End:
        """When a gateway that nothing else kills is killed: half of them in the middle of trading."""
        choice = self.random.random()
        if choice < 0.2:
            return _End(at_most_s=self.random.uniform(0.0, 1.2))
        if choice < 0.4:
            return _End(after_ready_s=self.random.uniform(0.0, 3.0))
        return _End(executions=self.random.choice((1, 3, 10, 30)))

    def _live(self, crash: Crash | None, end: _End) -> None:
        """One life of the gateway, from its start to its death."""
        stage = self.stage
        began, gateway = time.monotonic(), stage.gateway
        if gateway is None or not gateway.is_running:
            gateway = stage.start_gateway(crash)
        self._plan_troubles()
        ends, looks = began + end.at_most_s, began
        wanted, was_ready = 0, gateway.is_running and " ready " in gateway.err
        while gateway.is_running and time.monotonic() < ends:
            stage.turn()
            if not was_ready and " ready " in gateway.err:
                was_ready = True
                took = self.outcome.ready_after_cut_ms if self._is_after_cut else self.outcome.ready_ms
                took.append(round(1_000 * (time.monotonic() - began)))
                ends = time.monotonic() + end.after_ready_s
            if was_ready and end.executions and looks < time.monotonic():
                wanted = wanted or stage.executions + end.executions
                if stage.executions >= wanted:
                    time.sleep(self.random.uniform(0.0, 0.05))
                    break
                looks = time.monotonic() + _LOOK_S
            time.sleep(_TURN_S)
        if crash is not None and crash.point == "checkpoint" and gateway.is_running:
            self._die_closing(gateway)
        self._bury(crash)
        self._is_after_cut = self.random.random() < 0.06
        if self._is_after_cut:
            stage.faults["power cut"] += 1
            stage.cut_power()

    @staticmethod
    def _die_closing(gateway: Process) -> None:
        """At its end it moves all pages, and dies at one of them."""
        gateway.popen.terminate()
        deadline = time.monotonic() + _BORED_S
        while gateway.is_running and time.monotonic() < deadline:
            time.sleep(_TURN_S)

    def _bury(self, crash: Crash | None) -> None:
        stage, gateway = self.stage, self.stage.gateway
        assert gateway is not None
        instant = ""
        if gateway.is_running:
            gateway.kill()
            instant = "anywhere"
        elif gateway.popen.returncode == -9:
            instant = last_words(gateway.err) or "anywhere"
        elif gateway.popen.returncode == 0 and crash is not None and crash.point == "checkpoint":
            stage.faults["gateway ended as asked"] += 1
        elif stage.disk_was_full:
            stage.faults["gateway ended by a full disk"] += 1
        else:
            last = gateway.err.splitlines()[-1:]
            self.outcome.violations.append(f"the gateway ended by itself ({gateway.popen.returncode}): {last}")
        if instant:
            self.outcome.kills[instant] += 1
        self._is_boot_next = bool(instant)

    def _plan_troubles(self) -> None:
        stage, random = self.stage, self.random
        left = random.expovariate(1 / self.plan.troubles) if self.plan.troubles else 0.0
        for _ in range(round(left)):
            name = random.choices([*TROUBLES], [weight for _, weight in TROUBLES.values()])[0]
            stage.later(random.uniform(0.0, 4.0), partial(self._begin, name))

    def _begin(self, name: str) -> None:
        self.stage.faults[name] += 1
        TROUBLES[name][0](self.stage)
