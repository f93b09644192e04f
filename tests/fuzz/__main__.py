"""``python -m tests.fuzz --runs 100000``: feed every parser so many wrong inputs; ends with 1 when one went wrong."""

from __future__ import annotations

import argparse
import logging
import sys
import time

from tests.fuzz.run import fuzz
from tests.fuzz.targets import TARGETS


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--runs", type=int, default=100_000, help="inputs for each parser")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="parsers with this in their name")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    is_well = True
    for target in TARGETS:
        if options.only not in target.name:
            continue
        began_s = time.process_time()
        outcome = fuzz(target, options.runs, options.seed)
        print(
            f"{target.name:44} {outcome.runs:8} inputs, {outcome.refused:8} refused, "
            f"{len(outcome.reached):4} kinds of answers, {len(outcome.findings)} wrong, "
            f"longest {outcome.longest_s * 1000:.0f} ms, {time.process_time() - began_s:.0f} s of CPU",
            flush=True,
        )
        for finding in outcome.findings:
            is_well = False
            print(f"{finding.data[:300]!r}\n{finding.what}", flush=True)
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main())
