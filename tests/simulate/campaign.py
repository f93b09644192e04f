"""Thousands of lives on all cores, and what they came to: added up, over several runs if wanted."""

from __future__ import annotations

import json
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import msgspec
from msgspec import Struct, field

from tests.simulate.faults import Profile
from tests.simulate.kinds import Kind, live
from tests.simulate.quiet import quiet
from tests.simulate.sometimes import DEMANDED
from tests.simulate.verdict import Verdict

__all__ = ["Counted", "Failure", "Group", "Tally", "command", "run"]

_AT_ONCE = 4
"""So many lives are handed to a process together."""


class Failure(Struct, frozen=True):
    """A life that something was wrong with."""

    seed: int
    replay: str
    violations: list[str]


class Group(Struct):
    """Lives of one kind and profile."""

    lives: int = 0
    idle: int = 0
    """In which the exchange took no order of any session."""
    orders: int = 0
    """That it took."""
    executions: int = 0
    """Of sessions."""

    def __add__(self, other: Group) -> Group:
        return Group(
            self.lives + other.lives,
            self.idle + other.idle,
            self.orders + other.orders,
            self.executions + other.executions,
        )


class Counted(Struct):
    """How often lives met something that is demanded of them."""

    lives: int = 0
    """In which it was counted."""
    times: int = 0

    def __add__(self, other: Counted) -> Counted:
        return Counted(self.lives + other.lives, self.times + other.times)


class Tally(Struct):
    """What lives came to."""

    lives: int = 0
    steps: int = 0
    virtual_s: float = 0.0
    cpu_s: float = 0.0
    groups: dict[str, Group] = field(default_factory=dict)
    """By kind and profile: "futures, normal"."""
    seeds: list[tuple[int, int]] = field(default_factory=list)
    """First and last of each range that was lived."""
    met: dict[str, int] = field(default_factory=dict)
    demanded: dict[str, Counted] = field(default_factory=dict)
    """By lives whose kind and profile were those of their seeds. What was not counted yet when a life was lived, or was
    demanded of none then, is not held against it.
    """
    failures: list[Failure] = field(default_factory=list)

    @classmethod
    def of(cls, verdict: Verdict, kind: Kind | None, profile: Profile | None, cpu_s: float) -> Tally:
        """One life, of the kind and the profile that the seed has unless they were chosen."""
        seed, met = verdict.seed, verdict.counts
        orders = met["orders accepted"]
        return cls(
            1,
            verdict.steps,
            verdict.virtual_s,
            cpu_s,
            {
                f"{kind or Kind.of(seed)}, {profile or Profile.of(seed)}": Group(
                    1, int(not orders), orders, met["executions of sessions"]
                )
            },
            [(seed, seed)],
            dict(met),
            {what: Counted(1, met[what]) for what in DEMANDED} if kind is None and profile is None else {},
            [Failure(seed, command(seed, kind, profile), verdict.violations)] if verdict.violations else [],
        )

    def add(self, other: Tally) -> None:
        """What others came to."""
        self.lives += other.lives
        self.steps += other.steps
        self.virtual_s += other.virtual_s
        self.cpu_s += other.cpu_s
        self.seeds = _merged([*self.seeds, *other.seeds])
        self.failures += other.failures
        for name, group in other.groups.items():
            self.groups[name] = self.groups.get(name, Group()) + group
        for what, count in other.met.items():
            self.met[what] = self.met.get(what, 0) + count
        for what, counted in other.demanded.items():
            self.demanded[what] = self.demanded.get(what, Counted()) + counted

    def write(self, path: Path, *, append: bool = False) -> Tally:
        """As JSON; with ``append`` on top of what the file has. What it has now."""
        whole = Tally()
        if append and path.exists():
            whole = msgspec.json.decode(path.read_bytes(), type=Tally)
        whole.add(self)
        path.write_text(json.dumps(msgspec.to_builtins(whole), indent=1, sort_keys=True) + "\n")
        return whole


def _merged(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = merged[-1][0], max(last, merged[-1][1])
        else:
            merged.append((first, last))
    return merged


def command(seed: int, kind: Kind | None, profile: Profile | None) -> str:
    """What replays a life, also where all that it needs is in a virtual environment that make keeps."""
    chosen = (f" --kind {kind}" if kind else "") + (f" --profile {profile}" if profile else "")
    return f'make simulate SEEDS=1 ARGS="--first {seed} --trace{chosen}"'


def run(
    seeds: range, kind: Kind | None, profile: Profile | None, jobs: int, *, trace: bool = False
) -> Iterator[tuple[Verdict, float]]:
    """Every life as soon as it is over, with the seconds of processor time that it took; in order on one core."""
    if jobs == 1:
        for seed in seeds:
            yield _live(seed, kind, profile)
        return
    batches = [seeds[at : at + _AT_ONCE] for at in range(0, len(seeds), _AT_ONCE)]
    with ProcessPoolExecutor(jobs) as pool:
        under_way = [pool.submit(_live_all, batch, kind, profile, trace) for batch in batches]
        for done in as_completed(under_way):
            yield from done.result()


def _live_all(
    seeds: Iterable[int], kind: Kind | None, profile: Profile | None, trace: bool
) -> list[tuple[Verdict, float]]:
    lived = [_live(seed, kind, profile) for seed in seeds]
    for verdict, _ in lived:
        verdict.trace = verdict.trace if trace else []
    return lived


@quiet()
def _live(seed: int, kind: Kind | None, profile: Profile | None) -> tuple[Verdict, float]:
    began_s = time.process_time()
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        try:
            verdict = live(seed, Path(folder), kind, profile)
        except Exception:  # noqa: BLE001 - a life that ends so is a violation, and the others go on
            verdict = Verdict(seed, [f"the life broke:\n{traceback.format_exc()}"], Counter(), [])
    return verdict, time.process_time() - began_s
