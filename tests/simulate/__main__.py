"""``python -m tests.simulate --seeds 100``: live so many lives and judge each."""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.simulate.faults import Profile
from tests.simulate.life import Life
from tests.simulate.sometimes import never_met
from tests.simulate.spot_life import SpotLife

_ENOUGH = 100


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulate", description=__doc__)
    parser.add_argument("--seeds", type=int, default=100, help="how many lives")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--profile", type=Profile, choices=list(Profile), help="of all lives; default: by the seed")
    parser.add_argument(
        "--spot", choices=("wire", "plain", "margin"), help="lives on spot: over the wire, without it, or with loans"
    )
    parser.add_argument("--trace", action="store_true", help="print what happened in each life")
    options = parser.parse_args()
    logging.getLogger("pyalgo").setLevel(logging.CRITICAL)  # thousands of broken connections are the point here
    chosen = f" --profile {options.profile}" if options.profile else ""
    chosen += f" --spot {options.spot}" if options.spot else ""
    began, counts, failed = time.monotonic(), Counter[str](), 0
    for seed in range(options.first, options.first + options.seeds):
        with tempfile.TemporaryDirectory(dir=_fast_disk()) as folder:
            verdict = _life(seed, Path(folder), options.profile, options.spot).live()
        counts += verdict.counts
        if options.trace:
            print("\n".join(verdict.trace))
        if verdict.violations:
            failed += 1
            print(f"seed {seed}: replay with  python -m tests.simulate --first {seed} --seeds 1 --trace{chosen}")
            for violation in verdict.violations:
                print(f"    {violation}")
        elif seed % 20 == 19:
            print(f"{seed + 1 - options.first} lives, {failed} with violations, {time.monotonic() - began:.0f} s")
    print(f"{options.seeds} lives in {time.monotonic() - began:.0f} s met:")
    for what, count in sorted(counts.items()):
        print(f"{count:8} {what}")
    print(f"{failed} with violations" if failed else "0 violations")
    is_judged = options.profile is None and options.spot is None and options.seeds >= _ENOUGH
    seldom = list(never_met(counts, options.seeds)) if is_judged else []
    for what in seldom:
        print(f"too seldom to prove anything: {what}")
    return 1 if failed or seldom else 0


def _life(seed: int, folder: Path, profile: Profile | None, spot: str | None) -> Life | SpotLife:
    if spot is None:
        return Life(seed, folder, profile)
    return SpotLife(seed, folder, profile, wire=spot == "wire", margin=spot == "margin")


def _fast_disk() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


if __name__ == "__main__":
    sys.exit(main())
