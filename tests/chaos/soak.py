"""``python -m tests.chaos.soak --minutes 60``: does a gateway that trades for long use more and more of anything?

One gateway and twenty sessions of strategies, under load, with time that runs ten times as fast for gateway and
exchange, so that an hour has ten: hourly backups, daily marks (midnight UTC is in the middle), the log's next day,
listen keys, rules, checks of every half minute. Memory grows until as many settled orders are in it as may be, which
takes some ten minutes, and as many events for strategies that come back, which takes up to half an hour. Connections
break, strategies die, processes freeze, and the exchange does what each of its profiles says, in turns. In the end
everything is judged by the exchange's own ledger.

Needs Linux: memory and descriptors are read from ``/proc``. Ends with 1 when a promise is broken, with 3 when none is
and the time was too short to tell whether memory grows.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from statistics import median

import msgspec
from msgspec import Struct, field

from tests.chaos.clocks import Haste
from tests.chaos.gauge import EVERY_S, read_gauge
from tests.chaos.judge import judge, keep_evidence, left_in_logs
from tests.chaos.product import Setting
from tests.chaos.samples import Sample, Slope, slope, take
from tests.chaos.stage import GAUGE, PRODUCTS, Cast, Stage
from tests.chaos.troubles import TROUBLES
from tests.process.world import PATIENCE_S, Process, eventually
from tradingsys.oms.order_index import ENDED_KEPT

__all__ = ["Report", "soak"]

_SAMPLE_S = 10.0
_TELL_S = 60.0
_PROFILE_S = 120.0
_TROUBLE_S = 15.0
"""Between two, on average."""
_TURN_S = 0.05
_LOOKS = 2
"""That find nothing to wait for in a row."""
_PROFILES = ("calm", "lossy", "slow", "flaky", "stale", "silent", "clock", "partial", "restart", "storm")
_LASTING = {name: weight for name, (_, weight) in TROUBLES.items() if name not in ("disk full", "clock step")}
"""What a gateway outlives; its clock is not the machine's here."""
_DAY_NS = 86_400 * 10**9
_MOST_PER_HOUR = 1.0
_MOST_WAL = 65.0
"""SQLite cuts its log to 64 MiB, and a commit may stand behind that."""
_MOST_JOURNAL = 3 * 8.0
_ALMOST_ALL = 0.95
"""Of the events kept: now and then a session's are told by a snapshot, and begin anew."""
_FEW = {"descriptors": 8, "threads": 0, "tasks": 4}
"""So many more at the median than in the first half are no growth: connections come and go. A storm has its peaks, and
what leaks stays.
"""


class Report(Struct):
    """What was seen."""

    product: str
    speed: float
    samples: list[Sample] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    exchange_faults: Counter[str] = field(default_factory=Counter)
    orders: int = 0
    executions: int = 0
    own: Slope = Slope(0.0, 0.0)
    rss: Slope = Slope(0.0, 0.0)
    objects: Slope = Slope(0.0, 0.0)

    @property
    def was_full(self) -> bool:
        """Whether in the second half there was always as much in memory as may be."""
        if not self.samples:
            return False
        half = self.samples[len(self.samples) // 2].gauge
        replay = max(each.gauge.replay for each in self.samples)
        return half.orders >= ENDED_KEPT and half.replay >= _ALMOST_ALL * replay

    @property
    def is_proof(self) -> bool:
        """Whether memory surely grows by no more than it may."""
        return self.was_full and self.own.per_hour + self.own.off < _MOST_PER_HOUR

    def __str__(self) -> str:
        if not self.samples:
            return "\n".join(["no sample", *self.violations])
        hours = self.samples[-1].at_s / 3_600
        lines = [
            f"{hours:.2f} h, {hours * self.speed:.1f} h of the exchange's: {self.executions} executions of "
            f"{self.orders} orders, {self.faults.total()} faults, {self.exchange_faults.total()} of the exchange",
            f"second half, by the hour: memory of its own {self.own} MiB, resident {self.rss} MiB, "
            f"objects {self.objects}" + ("" if self.was_full else "; memory was not full yet"),
            f"first {_line(self.samples[0])}",
            f"half  {_line(self.samples[len(self.samples) // 2])}",
            f"last  {_line(self.samples[-1])}",
            *(f"VIOLATION {each}" for each in self.violations),
        ]
        return "\n".join(lines)


def soak(directory: Path, product: str, minutes: float, cast: Cast, seed: int, speed: float) -> Report:
    """Everything of it is in the directory."""
    now_ns, lasts_ns = time.monotonic_ns(), round(minutes * 60 * speed * 10**9)
    midnight_ns = -(-time.time_ns() // _DAY_NS) * _DAY_NS
    haste, report = Haste(speed, now_ns, midnight_ns - lasts_ns // 2), Report(product, speed)
    with Stage.built(directory, product, cast, seed, "calm", Setting(), haste) as stage:
        try:
            stage.world.wait_until_ready(stage.start_gateway())
            stage.start_strategies()
            eventually("the first executions", lambda: stage.executions > 5)
            eventually("the first count", (directory / GAUGE).exists)
            _live(stage, report, minutes * 60)
            report.exchange_faults += Counter(stage.world.admin("chaos")["counts"])
            stage.calm()
            _wait_out_ban(stage)
            report.violations += judge(stage, 2 * PATIENCE_S)
        except AssertionError as error:
            report.violations.append(f"never over: {error}")
        report.violations += left_in_logs(stage)
        report.faults = stage.faults
        report.orders, report.executions = len(stage.ask("orders")), stage.executions
        _judge_growth(report)
        if report.violations:
            keep_evidence(stage)
    return report


def _live(stage: Stage, report: Report, lasts_s: float) -> None:
    began, gateway = time.monotonic(), stage.gateway
    assert gateway is not None
    profiles = 0
    due = dict.fromkeys(("sample", "tell", "profile", "trouble"), 0.0)
    while (at_s := time.monotonic() - began) < lasts_s:
        assert gateway.is_running, f"the gateway ended: {gateway.err.splitlines()[-1:]}"
        stage.turn()
        stage.start_strategies()
        if due["profile"] <= at_s:
            due["profile"] = at_s + _PROFILE_S
            report.exchange_faults += Counter(stage.world.admin("chaos")["counts"])
            stage.world.admin("chaos", {"profile": _PROFILES[profiles % len(_PROFILES)], "seed": profiles, "on": True})
            profiles += 1
        if due["trouble"] <= at_s:
            due["trouble"] = at_s + stage.random.expovariate(1 / _TROUBLE_S)
            _trouble(stage)
        if due["sample"] <= at_s:
            due["sample"] = at_s + _SAMPLE_S
            report.samples.append(_sample(stage, gateway, at_s))
        if due["tell"] <= at_s:
            due["tell"] = at_s + _TELL_S
            print(f"{at_s / 60:5.1f} min: {_line(report.samples[-1])}", file=sys.stderr, flush=True)
        time.sleep(_TURN_S)


def _wait_out_ban(stage: Stage) -> None:
    """A gateway that was told of a ban asks nothing until it is over, although the exchange is calm now.

    One that was told of it in the last moment has not written so yet.
    """
    path, free, is_told = stage.world.directory / GAUGE, 0, False
    while free < _LOOKS:
        time.sleep(EVERY_S)
        left_s = read_gauge(path).left_alone_s
        if left_s > 0 and not is_told:
            print(f"the exchange wants to be left alone for {left_s:.0f} s of its time", file=sys.stderr, flush=True)
        is_told, free = left_s > 0, 0 if left_s > 0 else free + 1


def _trouble(stage: Stage) -> None:
    (name,) = stage.random.choices([*_LASTING], [*_LASTING.values()])
    stage.faults[name] += 1
    TROUBLES[name][0](stage)


def _sample(stage: Stage, gateway: Process, at_s: float) -> Sample:
    return take(gateway.popen.pid, at_s, stage.db, stage.world.directory / GAUGE, stage.executions)


def _line(sample: Sample) -> str:
    gauge = sample.gauge
    return (
        f"{sample.executions} executions; own {sample.own:.1f} MiB, rss {sample.rss:.1f}; "
        f"{sample.descriptors} descriptors, {sample.threads} threads, {gauge.tasks} tasks, "
        f"{gauge.procedures} procedures, {gauge.orders} orders, {gauge.objects} objects, "
        f"{gauge.replay:.1f} MiB of events; "
        f"wal {sample.wal:.1f}, journal {sample.journal:.1f}, book {sample.book:.1f} MiB"
    )


def _judge_growth(report: Report) -> None:
    half = len(report.samples) // 2
    first, second = report.samples[:half], report.samples[half:]
    if len(first) < 2:
        return
    of = partial(slope, [each.at_s for each in second])
    report.own = of([each.own for each in second])
    report.rss = of([each.rss for each in second])
    report.objects = of([each.gauge.objects for each in second])
    if report.was_full and report.own.per_hour - report.own.off > _MOST_PER_HOUR:
        report.violations.append(f"memory grows by {report.own} MiB an hour")
    for what, few in _FEW.items():
        before, after = (median(_count(each, what) for each in samples) for samples in (first, second))
        if after > before + few:
            report.violations.append(f"{what}: {before:g} at the median of the first half, then {after:g}")
    for what, most in (("wal", _MOST_WAL), ("journal", _MOST_JOURNAL)):
        if (size := max(float(getattr(each, what)) for each in report.samples)) > most:
            report.violations.append(f"{what}: {size:.1f} MiB")


def _count(sample: Sample, what: str) -> int:
    found: int = sample.gauge.tasks if what == "tasks" else getattr(sample, what)
    return found


def main() -> int:
    """Soak and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--product", choices=[*PRODUCTS], default="usdm")
    parser.add_argument("--per-second", type=float, default=40.0, help="requests of all sessions together")
    parser.add_argument("--speed", type=float, default=10.0, help="of gateway's and exchange's time")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--directory", type=Path, help="keep everything there; else it is gone afterwards")
    parser.add_argument("--json", action="store_true", help="print everything as JSON, samples included")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what was started ends, however this ends
    place = tempfile.TemporaryDirectory() if options.directory is None else nullcontext(options.directory)
    try:
        with place as directory:
            cast = Cast(per_second=options.per_second)
            report = soak(Path(directory), options.product, options.minutes, cast, options.seed, options.speed)
    except KeyboardInterrupt:
        print("ended before its time: nothing was judged", file=sys.stderr)
        return 130
    print(msgspec.json.encode(report).decode() if options.json else report)
    if report.violations:
        return 1
    return 0 if report.is_proof else 3


if __name__ == "__main__":
    raise SystemExit(main())
