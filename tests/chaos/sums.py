"""What all stretches came to, over any number of runs: one file, written whole after each."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import msgspec
from msgspec import Struct, field

from tests.chaos.stretch import Outcome

__all__ = ["Sums", "Violation", "percentile"]


class Violation(Struct):
    """A stretch that did not end well."""

    what: list[str]
    directory: str
    """Where everything of it is kept."""
    command: str
    """What repeats it."""


class Sums(Struct):
    """Since the first run with this directory."""

    seed: int = 1
    stretches: int = 0
    kills: dict[str, int] = field(default_factory=dict)
    """Of gateways, by the instant."""
    faults: dict[str, int] = field(default_factory=dict)
    exchange_faults: dict[str, int] = field(default_factory=dict)
    profiles: dict[str, int] = field(default_factory=dict)
    """Stretches by product and by what the exchange was set to."""
    orders: int = 0
    executions: int = 0
    seconds: float = 0.0
    ready_ms: list[int] = field(default_factory=list)
    ready_after_cut_ms: list[int] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)

    @classmethod
    def of(cls, path: Path) -> Sums:
        """What the file has; nothing yet when there is none."""
        return msgspec.json.decode(path.read_bytes(), type=cls) if path.exists() else cls()

    def keep(self, path: Path) -> None:
        """Whole or not at all."""
        draft = path.with_suffix(".new")
        draft.write_bytes(msgspec.json.format(msgspec.json.encode(self)))
        draft.replace(path)

    def add(self, outcome: Outcome) -> None:
        """One stretch more; of violations the caller knows where they are."""
        self.stretches += 1
        self.kills = dict(Counter(self.kills) + outcome.kills)
        self.faults = dict(Counter(self.faults) + outcome.faults)
        self.exchange_faults = dict(Counter(self.exchange_faults) + outcome.exchange_faults)
        self.profiles = dict(Counter(self.profiles) + Counter([f"{outcome.product} {outcome.profile}"]))
        self.orders += outcome.orders
        self.executions += outcome.executions
        self.seconds += outcome.seconds
        self.ready_ms += outcome.ready_ms
        self.ready_after_cut_ms += outcome.ready_after_cut_ms

    @property
    def total(self) -> int:
        """Kills of gateways."""
        return sum(self.kills.values())

    @property
    def line(self) -> str:
        """All in one line."""
        return (
            f"{self.total} kills, {sum(self.faults.values())} other faults, {self.executions} executions of "
            f"{self.orders} orders in {self.stretches} stretches, {self.seconds / 3600:.1f} h, "
            f"{len(self.violations)} with violations"
        )

    def report(self) -> str:
        """Everything, for people."""
        parts = [self.line]
        for title, counts in (
            ("kills", self.kills),
            ("faults", self.faults),
            ("faults of the exchange", self.exchange_faults),
            ("stretches", self.profiles),
        ):
            parts.append(f"\n{title}: {sum(counts.values())}")
            parts += [f"  {count:6}  {name}" for name, count in Counter(counts).most_common()]
        for title, took in (("a kill", self.ready_ms), ("a power cut", self.ready_after_cut_ms)):
            if took:
                p50, p99 = percentile(took, 50), percentile(took, 99)
                parts.append(f"\nfrom start to ready after {title}: p50 {p50} ms, p99 {p99} ms of {len(took)} starts")
        for violation in self.violations:
            parts.append(f"\nVIOLATION, kept in {violation.directory}; again: {violation.command}")
            parts += [f"  {each}" for each in violation.what[:20]]
        return "\n".join(parts)


def percentile(values: list[int], percent: int) -> int:
    """Nearest rank."""
    ranked = sorted(values)
    return ranked[max(0, -(-len(ranked) * percent // 100) - 1)]
