"""``python -m tests.chaos --kills 1000``: gateways are killed under load, in every way, until there are so many.

What was reached is kept in the directory: the same command goes on where Ctrl-C, or anything else, ended the last one.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import time
from pathlib import Path
from types import FrameType

import msgspec

from tests.chaos.crash_points import POINTS
from tests.chaos.mistakes import MISTAKES
from tests.chaos.stage import PRODUCTS
from tests.chaos.stretch import Plan, play
from tests.chaos.sums import Sums, Violation

_PRIME = 1_000_003


class _Patience:
    """The first Ctrl-C lets the stretch end early, and be judged; the second ends everything at once."""

    def __init__(self) -> None:
        self.is_over = False
        signal.signal(signal.SIGINT, self._interrupted)
        signal.signal(signal.SIGTERM, self._interrupted)

    def _interrupted(self, number: int, frame: FrameType | None) -> None:
        del frame
        if self.is_over:
            raise KeyboardInterrupt(number)
        self.is_over = True
        print("\nthis stretch is judged, then it is over; again to end now", file=sys.stderr, flush=True)


def main() -> int:
    """1 when anything was ever wrong."""
    options = _options()
    options.directory.mkdir(parents=True, exist_ok=True)
    state, patience = options.directory / "sums.json", _Patience()
    sums = Sums.of(state)
    if not sums.stretches:
        sums.seed = options.seed
    products = [*PRODUCTS] if options.product == "all" else [options.product]
    number = sums.stretches if options.stretch is None else options.stretch
    try:
        while not patience.is_over and (options.stretch is not None or sums.total < options.kills):
            began = time.monotonic()
            product = products[number % len(products)]
            kills = options.per_stretch if options.stretch is not None else min(
                options.per_stretch, options.kills - sums.total
            )  # fmt: skip
            seed = options.seed if options.stretch is not None else sums.seed
            plan = Plan(
                seed * _PRIME + number,
                product,
                kills,
                profile=options.profile,
                mistakes=tuple(options.mistake),
                at=options.at,
            )
            folder = options.directory / f"stretch-{number}"
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            outcome = play(folder, plan, lambda: patience.is_over)
            sums.add(outcome)
            if outcome.violations:
                sums.violations.append(Violation(outcome.violations, str(folder), plan.again(seed, number)))
            else:
                shutil.rmtree(folder)
            sums.keep(state)
            _tell(sums, outcome.kills.total() / (time.monotonic() - began) * 60, options.kills, outcome.violations)
            number += 1
            if options.stretch is not None or not outcome.kills:  # where nothing dies, the next would be no better
                break
    except KeyboardInterrupt:
        print("ended in the middle of a stretch, which does not count", file=sys.stderr)
    print(msgspec.json.encode(sums).decode() if options.json else sums.report())
    return 1 if sums.violations else 0


def _tell(sums: Sums, per_minute: float, wanted: int, violations: list[str]) -> None:
    print(f"of {wanted}: {sums.line}; {per_minute:.0f} kills a minute", file=sys.stderr, flush=True)
    for violation in violations[:10]:
        print(f"  VIOLATION {violation}", file=sys.stderr, flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("directory", type=Path, help="where the sums are, and everything of a stretch that went wrong")
    parser.add_argument("--kills", type=int, default=1_000, help="of gateways in all, those of earlier runs included")
    parser.add_argument("--seed", type=int, default=1, help="of a new directory: an old one has its own")
    parser.add_argument("--product", choices=(*PRODUCTS, "all"), default="all")
    parser.add_argument("--per-stretch", type=int, default=25, help="kills between two judgements")
    parser.add_argument("--profile", default="", help="of the exchange's chaos, instead of those that the seed draws")
    parser.add_argument("--stretch", type=int, help="play only the one of this number")
    parser.add_argument("--at", choices=sorted(POINTS), default="", help="kill only right after this")
    parser.add_argument(
        "--mistake", action="append", choices=sorted(MISTAKES), default=[], help="break the gateway: it must be noticed"
    )
    parser.add_argument("--json", action="store_true", help="print the sums as JSON")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
