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
from tests.simulate.verdict import Verdict

__all__ = ["Failure", "Tally", "command", "run"]

_AT_ONCE = 4
"""So many lives are handed to a process together."""


class Failure(Struct, frozen=True):
    """A life that something was wrong with."""

    seed: int
    replay: str
    violations: list[str]


class Tally(Struct):
    """What lives came to."""

    lives: int = 0
    steps: int = 0
    virtual_s: float = 0.0
    cpu_s: float = 0.0
    by_kind: dict[str, int] = field(default_factory=dict)
    by_profile: dict[str, int] = field(default_factory=dict)
    seeds: list[tuple[int, int]] = field(default_factory=list)
    """First and last of each run."""
    met: dict[str, int] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """What another run came to."""
        self.lives += other.lives
        self.steps += other.steps
        self.virtual_s += other.virtual_s
        self.cpu_s += other.cpu_s
        self.seeds += other.seeds
        self.failures += other.failures
        for mine, theirs in (
            (self.by_kind, other.by_kind),
            (self.by_profile, other.by_profile),
            (self.met, other.met),
        ):
            for what, count in theirs.items():
                mine[what] = mine.get(what, 0) + count

    def write(self, path: Path, *, append: bool = False) -> None:
        """As JSON; with ``append`` on top of what the file has."""
        whole = Tally()
        if append and path.exists():
            whole = msgspec.json.decode(path.read_bytes(), type=Tally)
        whole.add(self)
        path.write_text(json.dumps(msgspec.to_builtins(whole), indent=1, sort_keys=True) + "\n")


def command(seed: int, kind: Kind | None, profile: Profile | None) -> str:
    """What replays a life."""
    chosen = (f" --kind {kind}" if kind else "") + (f" --profile {profile}" if profile else "")
    return f"python -m tests.simulate --first {seed} --seeds 1 --trace{chosen}"


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
