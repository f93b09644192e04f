"""``python -m tests.simulate --seeds 100``: live so many lives, judge each, and tell what they met.

Ends with 1 when something was wrong with a life, and with 3 when all were well and met too little to prove anything:
these, or with ``--append`` all that the file has figures of.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from tests.simulate.campaign import Group, Tally, run
from tests.simulate.faults import Profile
from tests.simulate.kinds import Kind
from tests.simulate.sometimes import mostly_idle, never_met, too_rare

_ENOUGH = 100
_PROGRESS_S = 10.0


def main() -> int:
    options = _options()
    tally, began_s, told_s = Tally(), time.monotonic(), time.monotonic()
    seeds = range(options.first, options.first + options.seeds)
    try:
        for verdict, cpu_s in run(seeds, options.kind, options.profile, options.jobs, trace=options.trace):
            one = Tally.of(verdict, options.kind, options.profile, cpu_s)
            tally.add(one)
            if options.trace:
                print("\n".join(verdict.trace))
            if options.digest:
                print(f"{verdict.seed} {verdict.digest}")
            for failure in one.failures:
                print(f"seed {failure.seed} ({', '.join(one.groups)}): replay with  {failure.replay}")
                print("\n".join(f"    {violation}" for violation in failure.violations), flush=True)
            if time.monotonic() - told_s > _PROGRESS_S:
                told_s = time.monotonic()
                _progress(tally, len(seeds), told_s - began_s)
    except KeyboardInterrupt:
        print(f"stopped after {tally.lives} lives")
    _print(tally, time.monotonic() - began_s)
    is_little = _is_too_little(tally, "these")
    if options.json is not None:
        tally.write(options.json)
    if options.append is not None:
        whole = tally.write(options.append, append=True)
        if whole.lives > tally.lives:
            is_little |= _is_too_little(whole, "all")
    return 1 if tally.failures else 3 if is_little else 0


def _is_too_little(tally: Tally, which: str) -> bool:
    """Whether so many lives met too little; says what, and what could not be demanded of them."""
    judged = max((counted.lives for counted in tally.demanded.values()), default=0)
    if judged < _ENOUGH:
        return False
    seldom = [*never_met(tally.demanded), *mostly_idle(tally.groups)]
    for what in seldom:
        print(f"too seldom in {which} {tally.lives} lives to prove anything: {what}")
    if rare := too_rare(tally.demanded):
        print(f"{len(rare)} things are too rare to be demanded of {which} {judged} lives: {', '.join(rare)}")
    if judged < tally.lives:
        print(f"{tally.lives - judged} of {which} {tally.lives} lives are of a chosen kind, or of before this was kept")
    return bool(seldom)


def _options() -> argparse.Namespace:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    parser = argparse.ArgumentParser(prog="python -m tests.simulate", description=__doc__)
    parser.add_argument("--seeds", type=int, default=100, help="how many lives")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--kind", "--spot", type=Kind, choices=list(Kind), help="of all lives; default: by the seed")
    parser.add_argument("--profile", type=Profile, choices=list(Profile), help="of all lives; default: by the seed")
    parser.add_argument("--jobs", type=int, default=cores, help="processes; default: one for each core")
    parser.add_argument("--trace", action="store_true", help="print what happened in each life")
    parser.add_argument("--digest", action="store_true", help="print a hash of what happened in each life")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--append", type=Path, help="add the figures to those in this file")
    options = parser.parse_args()
    if options.seeds == 1 or options.trace:
        options.jobs = 1
    return options


def _progress(tally: Tally, lives: int, seconds: float) -> None:
    per_s = tally.lives / seconds
    left_s = (lives - tally.lives) / per_s
    print(
        f"{tally.lives} of {lives} lives, {len(tally.failures)} with violations, "
        f"{per_s:.1f} a second, {left_s:.0f} s to go",
        flush=True,
    )


def _print(tally: Tally, seconds: float) -> None:
    print(
        f"{tally.lives} lives in {seconds:.0f} s ({tally.cpu_s:.1f} s of processor time): {tally.steps} steps, "
        f"{tally.virtual_s / 3600:.1f} hours of theirs"
    )
    for which in (0, 1):  # of "kind, profile"
        groups: dict[str, Group] = {}
        for names, group in tally.groups.items():
            name = names.split(", ")[which]
            groups[name] = groups.get(name, Group()) + group
        for name, group in sorted(groups.items()):
            print(
                f"{name:12}{group.lives:6} lives, {group.idle / group.lives:4.0%} without an order, "
                f"{group.orders / group.lives:4.0f} orders and {group.executions / group.lives:4.0f} executions in each"
            )
    for what, count in sorted(tally.met.items()):
        print(f"{count:9} {what}")
    print(f"{len(tally.failures)} with violations" if tally.failures else "0 violations")


if __name__ == "__main__":
    sys.exit(main())
